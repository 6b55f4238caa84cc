//! RTP: packets, their extensions, what protects them, and frames cut up and put together again.

use core::fmt::Debug;
use std::time::Duration;

use icelab_rtp::extension::{
    AbsoluteSendTime, AudioLevel, Extension, ExtensionId, Mid, RepairedRid, Rid,
    TransmissionOffset, TransportSequence, VideoOrientation,
};
use icelab_rtp::payload::h264::{self, AccessUnit};
use icelab_rtp::payload::{FrameLimit, Pushed, audio, g711, opus, vp8};
use icelab_rtp::protection::{
    FlexFec, FlexFecPacket, Pattern, Recovery, Red, Retransmission, Ulpfec,
};
use icelab_rtp::{Packet, PacketBuilder, PayloadType, Ssrc};
use icelab_wire::{DecodeError, Serial16, Serial32, Writer};

use crate::input::Input;

/// The first byte says what is done with the others.
pub fn rtp(data: &[u8]) {
    let mut input = Input::new(data);
    match input.u8() % 6 {
        0 => packet(input.rest()),
        1 => header(&mut input),
        2 => payload(&mut input),
        3 => stream(&mut input),
        4 => frames(&mut input),
        _ => parity(&mut input),
    }
}

/// A packet is built again as it was, whatever its padding held.
fn packet(bytes: &[u8]) {
    let Ok(packet) = Packet::parse(bytes) else { return };
    let again = PacketBuilder::like(&packet).padding(packet.padding).build(packet.payload);
    assert_eq!(Packet::parse(&again), Ok(packet));
    let padding = usize::from(packet.padding);
    assert_eq!(again.len(), bytes.len());
    assert_eq!(again[..again.len() - padding], bytes[..bytes.len() - padding]);
    for element in packet.extension.iter().flat_map(|extension| extension.elements()).flatten() {
        value(element.value);
        let _ = packet.extension::<Mid<'_>>(element.id);
        let _ = packet.extension::<TransportSequence>(element.id);
    }
}

/// The value of an element as each of the extensions there are.
fn value(bytes: &[u8]) {
    macro_rules! round_trip {
        ($($kind:ident)+) => {$(
            if let Ok(value) = $kind::decode(bytes) {
                let mut writer = Writer::new();
                value.encode(&mut writer);
                assert_eq!($kind::decode(writer.as_slice()), Ok(value));
            }
        )+};
    }
    round_trip! {
        Mid Rid RepairedRid AudioLevel AbsoluteSendTime TransmissionOffset TransportSequence
        VideoOrientation
    }
}

/// An extension of any bytes.
#[derive(Debug, PartialEq)]
struct Any<'a>(&'a [u8]);

impl<'a> Extension<'a> for Any<'a> {
    const URI: &'static str = "any";

    fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Ok(Self(bytes))
    }

    fn encode(&self, writer: &mut Writer) {
        writer.bytes(self.0);
    }
}

/// Whatever extensions a header is given, it has, and their order.
fn header(input: &mut Input<'_>) {
    let mut builder = builder(input);
    let mut given = Vec::new();
    for _ in 0..input.below(24) {
        let Some(id) = ExtensionId::new(input.u8()) else { continue };
        let value = input.piece();
        builder = builder.extension(id, &Any(value));
        given.push((id, value));
    }
    let bytes = builder.build(input.rest());
    let packet = Packet::parse(&bytes).expect("what was built can be read");
    let elements = packet.extension.iter().flat_map(|extension| extension.elements());
    let elements = elements.map(|element| element.expect("what was built can be read"));
    assert!(elements.map(|element| (element.id, element.value)).eq(given));
    self::packet(&bytes);
}

/// A packet's first fields.
fn builder(input: &mut Input<'_>) -> PacketBuilder {
    let (flags, kind) = (input.u8(), PayloadType::from_low_bits(input.u8()));
    let (sequence, timestamp) = (Serial16(input.u16()), Serial32(input.u32()));
    let mut builder = PacketBuilder::new(kind, sequence, timestamp, Ssrc(input.u8().into()))
        .marker(flags & 1 != 0)
        .padding(flags >> 5 << 2);
    for source in 0..flags >> 1 & 15 {
        builder = builder.contributing_source(Ssrc(source.into()));
    }
    builder
}

/// A payload in every format that there is.
fn payload(input: &mut Input<'_>) {
    let sources = input.u8() & 15;
    let bytes = input.rest();
    if let Ok(red) = Red::decode(bytes) {
        assert_eq!(red.encode().as_deref(), Ok(bytes));
    }
    if let Ok(again) = Retransmission::decode(bytes) {
        assert_eq!(again.encode(), bytes);
    }
    if let Ok(parity) = Ulpfec::decode(bytes) {
        let other = PacketBuilder::new(PayloadType::PCMU, Serial16(0), Serial32(0), Ssrc(1));
        let other = other.build(bytes);
        for first in [0, 1] {
            let received = |sequence: Serial16| {
                (sequence != parity.base.plus(first)).then_some(other.as_slice())
            };
            let _ = parity.recover(Ssrc(1), received);
        }
        assert!(parity.levels.iter().all(|level| level.packets(parity.base).count() <= 48));
    }
    let mut builder = PacketBuilder::new(PayloadType::PCMU, Serial16(0), Serial32(0), Ssrc(1));
    for source in 0..sources {
        builder = builder.contributing_source(Ssrc(source.into()));
    }
    let repair = builder.build(bytes);
    let repair = Packet::parse(&repair).expect("what was built can be read");
    if let Ok(FlexFecPacket::Repair(parity)) = FlexFecPacket::decode(&repair) {
        let again = builder.build(&parity.encode());
        let again = Packet::parse(&again).expect("what was built can be read");
        assert_eq!(FlexFecPacket::decode(&again), Ok(FlexFecPacket::Repair(parity.clone())));
        let _ = parity.recover(|_, _| Some(&again.payload[..again.payload.len().min(40)]));
        let _ = parity.recover(|_, _| None);
    }
    if let Ok((descriptor, rest)) = vp8::Descriptor::decode(bytes) {
        let mut writer = Writer::new();
        descriptor.encode(&mut writer);
        assert!(writer.len() <= vp8::Descriptor::LONGEST);
        writer.bytes(rest);
        assert_eq!(vp8::Descriptor::decode(writer.as_slice()), Ok((descriptor, rest)));
    }
    let _ = vp8::KeyFrame::decode(bytes);
    if let Ok(samples) = opus::samples(bytes) {
        assert!((120..=5760).contains(&samples));
        assert!(opus::duration(bytes).is_ok_and(|it| it <= Duration::from_millis(120)));
    }
    let units: usize = h264::units(bytes).map(|unit| unit.len() + 3).sum();
    assert!(units <= bytes.len());
}

/// Packets in any order at every depacketiser.
fn stream(input: &mut Input<'_>) {
    let limit = FrameLimit(usize::from(input.u8()) * 4);
    let mut sequence = Serial16(input.u16());
    let mut timestamp = Serial32(0);
    let mut vp8 = vp8::Depacketiser::new(limit);
    let mut h264 = h264::Depacketiser::new(limit);
    let mut audio = audio::Depacketiser::new();
    while !input.is_empty() {
        let step = input.u8();
        // Mostly the next packet, sometimes an earlier one or one after a gap.
        sequence = match step & 7 {
            0 => sequence.plus(input.u16()),
            1 => sequence.plus(u16::MAX),
            2 => sequence,
            3 => sequence.plus(2),
            _ => sequence.plus(1),
        };
        timestamp = timestamp.plus(u32::from(step >> 3 & 1));
        let bytes = PacketBuilder::new(PayloadType::PCMU, sequence, timestamp, Ssrc(1))
            .marker(step & 16 != 0)
            .build(input.piece());
        let packet = Packet::parse(&bytes).expect("what was built can be read");
        for frame in check(vp8.push(&packet), 2) {
            assert!(frame.data.len() <= limit.0 && !frame.data.is_empty());
            assert!(frame.last.since(frame.first) >= 0);
            let _ = (frame.is_key(), vp8::KeyFrame::decode(&frame.data));
        }
        for unit in check(h264.push(&packet), 2) {
            let length: usize = unit.units().map(<[u8]>::len).sum();
            assert!(length <= limit.0 && unit.units().all(|unit| !unit.is_empty()));
            assert_eq!(unit.to_byte_stream().len(), length + 4 * unit.units().count());
            let _ = unit.is_key();
        }
        for frame in check(audio.push(&packet), 1) {
            assert_eq!(frame.data, packet.payload);
        }
    }
}

/// What holds of every push.
fn check<F: Debug>(pushed: Pushed<F>, most: usize) -> Vec<F> {
    assert!(pushed.frames.len() <= most && pushed.dropped.len() <= 2);
    assert!(pushed.gap.is_none_or(|gap| gap.count > 0));
    pushed.frames
}

/// What becomes of a packet on its way.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Arrives,
    ArrivesTwice,
    IsLost,
}

/// Frames through packetiser and depacketiser, over a link that loses and repeats. What comes out
/// was put in; where nothing is lost, all of it.
fn frames(input: &mut Input<'_>) {
    let setup = input.u8();
    let longest = usize::from(input.u8());
    let sequence = Serial16(input.u16());
    match setup & 3 {
        0 => vp8_frames(input, longest, sequence),
        1 => h264_frames(input, setup, longest, sequence),
        _ => audio_frames(input, setup, sequence),
    }
}

/// The packets of the payloads of a frame, with their fates.
fn send(
    payloads: &[Vec<u8>],
    sequence: &mut Serial16,
    timestamp: Serial32,
    input: &mut Input<'_>,
) -> Vec<(Vec<u8>, Fate)> {
    let mut packets = Vec::new();
    for (index, payload) in payloads.iter().enumerate() {
        let packet = PacketBuilder::new(PayloadType::PCMA, *sequence, timestamp, Ssrc(1))
            .marker(index + 1 == payloads.len())
            .build(payload);
        *sequence = sequence.plus(1);
        let fate = match input.u8() {
            255 => Fate::IsLost,
            254 => Fate::ArrivesTwice,
            _ => Fate::Arrives,
        };
        packets.push((packet, fate));
    }
    packets
}

/// Hands packets over. Says whether all of them arrived.
fn receive<F: Debug>(
    packets: &[(Vec<u8>, Fate)],
    frames: &mut Vec<F>,
    mut push: impl FnMut(&Packet<'_>) -> Pushed<F>,
) -> bool {
    for (bytes, fate) in packets {
        let packet = Packet::parse(bytes).expect("what was built can be read");
        let times = match fate {
            Fate::IsLost => 0,
            Fate::Arrives => 1,
            Fate::ArrivesTwice => 2,
        };
        for _ in 0..times {
            frames.extend(check(push(&packet), 2));
        }
    }
    packets.iter().all(|(_, fate)| *fate != Fate::IsLost)
}

fn vp8_frames(input: &mut Input<'_>, longest: usize, mut sequence: Serial16) {
    let Ok((descriptor, _)) = vp8::Descriptor::decode(input.take(6)) else { return };
    let mut receiver = vp8::Depacketiser::new(FrameLimit::default());
    let (mut sent, mut received, mut is_whole) = (Vec::new(), Vec::new(), true);
    for time in 0..8 {
        let (timestamp, data) = (Serial32(time), input.long_piece());
        let payloads = vp8::packetise(data, &descriptor, longest);
        assert!(payloads.iter().all(|payload| payload.len() <= longest));
        if !payloads.is_empty() {
            sent.push((timestamp, data));
        }
        let packets = send(&payloads, &mut sequence, timestamp, input);
        is_whole &= receive(&packets, &mut received, |packet| receiver.push(packet));
    }
    let received: Vec<_> =
        received.iter().map(|frame| (frame.timestamp, frame.data.as_slice())).collect();
    assert!(received.iter().all(|frame| sent.contains(frame)));
    assert!(!is_whole || received == sent);
}

fn h264_frames(input: &mut Input<'_>, setup: u8, longest: usize, mut sequence: Serial16) {
    let mode = if setup & 4 == 0 { h264::Mode::NonInterleaved } else { h264::Mode::SingleUnit };
    let packetiser = h264::Packetiser { mode, longest };
    let mut receiver = h264::Depacketiser::new(FrameLimit::default());
    let (mut sent, mut received, mut is_whole) = (Vec::new(), Vec::new(), true);
    for time in 0..8 {
        let timestamp = Serial32(time);
        // Without a delimiter nobody could tell whether the first unit is one's first.
        let mut units: Vec<&[u8]> = if time == 0 { vec![&[9, 16]] } else { Vec::new() };
        for _ in 0..=input.below(5) {
            units.push(input.long_piece());
        }
        let Ok(payloads) = packetiser.packetise(&units) else { continue };
        assert!(payloads.iter().all(|payload| payload.len() <= longest));
        let packets = send(&payloads, &mut sequence, timestamp, input);
        is_whole &= receive(&packets, &mut received, |packet| receiver.push(packet));
        sent.push((timestamp, units));
    }
    let begins = sent.first().is_some_and(|(timestamp, _)| timestamp.0 == 0);
    for unit in &received {
        let mut of_time = sent.iter().filter(|(timestamp, _)| *timestamp == unit.timestamp);
        let (_, units) = of_time.next().expect("it was sent");
        // Where the first packet is lost, a later one may look like the first.
        assert!(units.ends_with(&unit.units().collect::<Vec<_>>()));
    }
    if is_whole && begins {
        let came = received.iter().map(|unit: &AccessUnit| unit.units().collect::<Vec<_>>());
        assert!(came.eq(sent.into_iter().map(|(_, units)| units)));
    }
}

fn audio_frames(input: &mut Input<'_>, setup: u8, mut sequence: Serial16) {
    let mut opus = opus::Packetiser::new(Serial32(0));
    let packet_time = Duration::from_millis(u64::from(input.u8()));
    let mut g711 = g711::Packetiser::new(packet_time, Serial32(0));
    let mut receiver = audio::Depacketiser::new();
    let (mut sent, mut received, mut is_whole) = (Vec::new(), Vec::new(), true);
    for _ in 0..8 {
        let data = input.long_piece();
        let payloads: Vec<_> = if setup & 4 == 0 {
            opus.packetise(data).into_iter().collect()
        } else {
            g711.packetise(data).collect()
        };
        for payload in payloads {
            let part = [payload.payload.to_vec()];
            let packets = send(&part, &mut sequence, payload.timestamp, input);
            is_whole &= receive(&packets, &mut received, |packet| receiver.push(packet));
            sent.push((payload.timestamp, payload.payload));
        }
        if input.u8() & 1 != 0 {
            opus.pause(960);
            g711.pause(160);
        }
    }
    let received: Vec<_> =
        received.iter().map(|frame| (frame.timestamp, frame.data.as_slice())).collect();
    assert!(received.iter().all(|frame| sent.contains(frame)));
    assert!(!is_whole || received == sent);
}

/// Any one packet that is protected with others comes back out of their parity.
fn parity(input: &mut Input<'_>) {
    let setup = input.u8();
    let mut sequence = Serial16(input.u16());
    let mut packets: Vec<(Serial16, Ssrc, Vec<u8>)> = Vec::new();
    for _ in 0..=input.below(20) {
        let step = input.u8();
        sequence = sequence.plus(if setup & 1 == 0 { 1 } else { u16::from(step >> 4) });
        let ssrc = Ssrc(u32::from(step & if setup & 2 == 0 { 0 } else { 3 }));
        let place = |packet: &(Serial16, Ssrc, Vec<u8>)| (packet.0, packet.1) == (sequence, ssrc);
        if !packets.iter().any(place) {
            let built = builder(input).place(PayloadType::PCMA, sequence, ssrc);
            packets.push((sequence, ssrc, built.build(input.piece())));
        }
    }
    let whole: Vec<&[u8]> = packets.iter().map(|packet| packet.2.as_slice()).collect();
    let find = |lost: usize, sequence, ssrc| {
        let place = |packet: &(Serial16, Ssrc, Vec<u8>)| (packet.0, packet.1) == (sequence, ssrc);
        let found = packets.iter().position(place).filter(|index| *index != lost)?;
        packets.get(found).map(|packet| packet.2.as_slice())
    };
    if let Ok(payload) = Ulpfec::protect(&whole) {
        let parity = Ulpfec::decode(&payload).expect("what was written can be read");
        for (lost, (_, ssrc, bytes)) in packets.iter().enumerate() {
            let recovered = parity.recover(*ssrc, |sequence| find(lost, sequence, *ssrc));
            assert_eq!(recovered, Recovery::Recovered(bytes.clone()));
        }
    }
    let rows = Pattern::Row { columns: packets.len() as u8, has_columns: setup & 4 != 0 };
    let columns = Pattern::Column { columns: 1 + (setup >> 4), rows: packets.len() as u8 };
    let several = [FlexFec::protect(&whole), FlexFec::protect_pattern(&whole, rows)];
    for parity in several.into_iter().chain([FlexFec::protect_pattern(&whole, columns)]).flatten() {
        let mut repair = PacketBuilder::new(PayloadType::PCMU, Serial16(0), Serial32(0), Ssrc(9));
        for stream in &parity.streams {
            repair = repair.contributing_source(stream.source);
        }
        let bytes = repair.build(&parity.encode());
        let packet = Packet::parse(&bytes).expect("what was built can be read");
        let decoded = FlexFecPacket::decode(&packet).expect("what was written can be read");
        let FlexFecPacket::Repair(decoded) = decoded else { panic!("it is parity") };
        for (lost, (_, _, bytes)) in packets.iter().enumerate() {
            let recovered = decoded.recover(|ssrc, sequence| find(lost, sequence, ssrc));
            assert_eq!(recovered, Recovery::Recovered(bytes.clone()));
        }
        assert_eq!(parity, decoded);
    }
    for (sequence, ssrc, bytes) in &packets {
        let packet = Packet::parse(bytes).expect("what was built can be read");
        let other = PayloadType::from_low_bits(setup);
        let wrapped = Retransmission::wrap(&packet, other, sequence.plus(7), Ssrc(8));
        let wrapped = Packet::parse(&wrapped).expect("what was built can be read");
        let restored = Retransmission::restore(&wrapped, packet.payload_type, *ssrc);
        let plain = PacketBuilder::like(&packet).build(packet.payload);
        assert_eq!(restored, Ok(plain));
    }
}
