//! Whatever bytes come, nothing panics; and what is read is bounded by what has come.

use icelab_rtp::extension::{ExtensionId, Mid};
use icelab_rtp::payload::{FrameLimit, audio, h264, vp8};
use icelab_rtp::protection::{FlexFecPacket, Recovery, Red, Retransmission, Ulpfec};
use icelab_rtp::rtcp::feedback::Message;
use icelab_rtp::rtcp::{Compound, CompoundBuilder, Rtcp};
use icelab_rtp::{Packet, PacketBuilder, PayloadType, Ssrc};
use icelab_wire::{Serial16, Serial32};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::{feedback, packet, reports};

/// Reads `bytes` as whatever they may be.
fn read_all(bytes: &[u8]) {
    if let Ok(packet) = Packet::parse(bytes) {
        let _ = packet.extension::<Mid<'_>>(ExtensionId::new(1).expect("it was made here"));
        assert!(packet.contributing_sources().len() <= 15);
        if let Ok(FlexFecPacket::Repair(fec)) = FlexFecPacket::decode(&packet) {
            let _ = fec.recover(|_, number| number.0.is_multiple_of(7).then_some(packet::PACKET));
            let _ = fec.encode();
        }
        let _ = Retransmission::restore(&packet, PayloadType::PCMU, Ssrc(1));
        let _ = PacketBuilder::like(&packet).padding(packet.padding).build(packet.payload);
    }
    if let Ok(compound) = Compound::parse(bytes) {
        for raw in compound {
            read_rtcp(raw.decode());
        }
    }
    let _ = Red::decode(bytes).map(|red| red.encode());
    if let Ok(fec) = Ulpfec::decode(bytes) {
        let most = |number: Serial16| (number != fec.base).then_some(packet::PACKET);
        if let Recovery::Recovered(packet) = fec.recover(Ssrc(1), most) {
            assert!(packet.len() <= bytes.len() + 12);
        }
    }
}

/// What has been read is written and read again as it was, its padding apart.
fn read_rtcp(read: Result<Rtcp<'_>, icelab_wire::DecodeError>) {
    let written = match read {
        Ok(Rtcp::Feedback(feedback)) => {
            // Feedback on more packets than came bytes is as short as what came.
            if let Message::Transport(transport) = &feedback.message {
                assert!(transport.arrivals().len() <= 2000);
            }
            CompoundBuilder::new().feedback(&feedback).finish()
        }
        Ok(Rtcp::Congestion(feedback)) => CompoundBuilder::new().congestion(&feedback).finish(),
        Ok(Rtcp::Description(description)) => {
            let items: Vec<(Ssrc, Vec<_>)> =
                description.chunks().map(|chunk| (chunk.source, chunk.items().collect())).collect();
            let chunks: Vec<_> =
                items.iter().map(|(source, items)| (*source, items.as_slice())).collect();
            CompoundBuilder::new().description(&chunks).finish()
        }
        Ok(Rtcp::Goodbye(goodbye)) => {
            let sources: Vec<_> = goodbye.sources().collect();
            CompoundBuilder::new().goodbye(&sources, goodbye.reason).finish()
        }
        Ok(_) | Err(_) => return,
    };
    if !written.is_empty() {
        let again = Compound::parse(&written)
            .expect("it was made here")
            .packets()
            .next()
            .expect("it was made here");
        assert!(again.decode().is_ok(), "{again:?}");
    }
}

/// Eight chunks say that 65,535 packets are missing: nothing is allocated for them.
#[test]
fn feedback_on_missing_packets_is_as_small_as_its_bytes() {
    let mut information = vec![0, 0, 0xFF, 0xFF, 0, 0, 0, 0];
    for _ in 0..9 {
        information.extend([0x1F, 0xFF]);
    }
    information.extend([0, 0]);
    let bytes = feedback::packet(0x8F, 205, &information);
    let raw = Compound::parse(&bytes).unwrap().packets().next().unwrap();
    let Ok(Rtcp::Feedback(read)) = raw.decode() else { panic!() };
    let Message::Transport(transport) = read.message else { panic!() };
    assert_eq!((transport.count, transport.arrivals().len()), (65_535, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..200)) {
        read_all(&bytes);
    }

    #[test]
    fn no_bytes_after_a_good_header_panic(
        first in 0x80..0xC0_u8,
        kind in prop_oneof![Just(96_u8), 200..208_u8],
        words in 0..40_u8,
        body in vec(any::<u8>(), 160),
    ) {
        let mut bytes = vec![first, kind, 0, words];
        bytes.extend(&body[..4 * usize::from(words)]);
        read_all(&bytes);
    }

    #[test]
    fn no_mutation_panics(
        which in 0..2_usize,
        changes in vec((any::<Index>(), any::<u8>()), 1..6),
        cut in any::<Index>(),
        is_cut: bool,
    ) {
        let mut bytes = [packet::PACKET, reports::COMPOUND][which].to_vec();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        read_all(&bytes);
    }

    /// Payloads of any bytes, in any order: no frame is longer than allowed, or larger than what
    /// has come.
    #[test]
    fn no_payloads_panic(
        packets in vec(
            (0..4_u16, 0..3_u32, any::<bool>(), prop_oneof![
                vec(any::<u8>(), 0..40),
                (prop_oneof![Just(0x7C_u8), Just(0x78), Just(0x10), Just(0x65)], vec(any::<u8>(), 0..20))
                    .prop_map(|(first, mut rest)| { rest.insert(0, first); rest }),
            ]),
            1..40,
        ),
    ) {
        let limit = FrameLimit(100);
        let (mut vp8, mut h264) = (vp8::Depacketiser::new(limit), h264::Depacketiser::new(limit));
        let mut audio = audio::Depacketiser::new();
        let (mut sequence, mut time) = (Serial16(65_500), 0);
        for (step, later, marker, payload) in packets {
            sequence = sequence.plus(step);
            time += later / 2;
            let bytes = PacketBuilder::new(PayloadType::PCMU, sequence, Serial32(time), Ssrc(1))
                .marker(marker)
                .build(&payload);
            let packet = Packet::parse(&bytes).unwrap();
            for frame in vp8.push(&packet).frames {
                prop_assert!((1..=100).contains(&frame.data.len()));
                prop_assert!(frame.descriptor.is_frame_start());
            }
            for unit in h264.push(&packet).frames {
                prop_assert!(unit.units().map(<[u8]>::len).sum::<usize>() <= 100);
                prop_assert!(unit.units().all(|unit| !unit.is_empty()) && unit.units().count() > 0);
            }
            prop_assert!(audio.push(&packet).frames.len() <= 1);
        }
    }
}
