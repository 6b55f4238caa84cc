//! RTCP: what is read is written and read again the same, to the byte where the format leaves no
//! choice; and what is built of any values is read as they were.

use core::time::Duration;

use icelab_rtp::rtcp::feedback::{
    Arrival, ArrivalOffset, CongestionFeedback, EcnMark, Feedback, Message, Nack, PacketReport,
    RateLimit, ReceiverRate, StreamReport, TransportFeedback, TransportFeedbackBuilder,
};
use icelab_rtp::rtcp::{
    Compound, CompoundBuilder, Item, ItemKind, RawPacket, ReportBlock, Rtcp, SenderInfo,
};
use icelab_rtp::{BitRate, CompactNtp, NtpTime, ShortInterval, Ssrc};
use icelab_wire::{Serial16, Serial32};

use crate::input::Input;

/// The first byte says what is done with the others.
pub fn rtcp(data: &[u8]) {
    let mut input = Input::new(data);
    match input.u8() % 5 {
        0 => compound(input.rest()),
        1 => transport(&mut input),
        2 => congestion(&mut input),
        3 => reports(&mut input),
        _ => rates(&mut input),
    }
}

/// A datagram of any bytes.
fn compound(bytes: &[u8]) {
    let Ok(compound) = Compound::parse(bytes) else { return };
    let mut whole = CompoundBuilder::new();
    let (mut length, mut padding) = (0, 0);
    for packet in compound {
        whole = whole.raw(&packet);
        (length, padding) = (length + 4 + packet.body.len(), usize::from(packet.padding));
        if let Ok(read) = packet.decode() {
            round_trip(&packet, &read);
        }
    }
    assert_eq!(length + padding, bytes.len());
    let again = whole.finish();
    assert_eq!(again.len(), length);
    let is_as_it_was = |(index, byte): (usize, &u8)| {
        let was = bytes.get(index).copied().unwrap_or(0);
        *byte == was || padding > 0
    };
    assert!(again.iter().enumerate().all(is_as_it_was));
    assert_eq!(
        Compound::parse(&again).map(|it| it.is_reduced_size()),
        Ok(compound.is_reduced_size())
    );
}

/// The one packet of a datagram.
fn only(datagram: &[u8]) -> RawPacket<'_> {
    let mut packets = Compound::parse(datagram).expect("what was built can be read").packets();
    let first = packets.next().expect("there is one");
    assert_eq!(packets.next(), None);
    first
}

/// What was read is written, read again the same, and written again to the byte.
fn round_trip(packet: &RawPacket<'_>, read: &Rtcp<'_>) {
    let Some(written) = write(read) else { return };
    let again = only(&written);
    let read_again = again.decode().expect("what was written can be read");
    assert_eq!(write(&read_again).as_ref(), Some(&written), "it is written the same again");
    assert_eq!((again.kind, again.count), (packet.kind, packet.count));
    // A description and a goodbye are read in place, zeros at their ends included.
    match (read, &read_again) {
        (Rtcp::Description(was), Rtcp::Description(is)) => {
            assert!(was.chunks().eq(is.chunks()) && again.body.len() <= packet.body.len());
            for chunk in was.chunks() {
                assert_eq!(was.cname(chunk.source), is.cname(chunk.source));
                let _ = chunk.items().filter_map(|item| item.private()).count();
            }
        }
        (Rtcp::SenderReport(was), Rtcp::SenderReport(is)) => {
            assert_eq!((was.sender, was.info, was.blocks), (is.sender, is.info, is.blocks));
            assert!(packet.body.starts_with(again.body) && packet.body.ends_with(was.extension));
        }
        (Rtcp::ReceiverReport(was), Rtcp::ReceiverReport(is)) => {
            assert_eq!((was.sender, was.blocks), (is.sender, is.blocks));
            assert!(packet.body.starts_with(again.body) && packet.body.ends_with(was.extension));
        }
        // Its padding is the datagram's.
        (Rtcp::Unknown(was), Rtcp::Unknown(is)) => assert_eq!(was.body, is.body),
        // A rate beyond all numbers is sent as the highest that can be said of those that are.
        (Rtcp::Feedback(was), Rtcp::Feedback(_)) if says_too_much(&was.message) => {}
        (was, is) => assert_eq!(was, is),
    }
    let has_one_encoding = match read {
        Rtcp::Application(_) | Rtcp::Unknown(_) => true,
        Rtcp::Feedback(feedback) => {
            matches!(feedback.message, Message::Nack(_) | Message::Other { .. })
        }
        // Bits that say nothing may be set: those of packets that have not arrived, and fillings.
        Rtcp::Congestion(_) => {
            assert_eq!(again.body.len(), packet.body.len());
            let words = again.body.as_chunks::<2>().0.iter().zip(packet.body.as_chunks::<2>().0);
            words.for_each(|(is, was)| assert!(is == was || *is == [0, 0]));
            false
        }
        _ => false,
    };
    assert!(!has_one_encoding || again.body == packet.body);
}

/// Whether a rate is higher than 64 bits can say.
fn says_too_much(message: &Message<'_>) -> bool {
    let is_highest = |rate: BitRate| rate.0 == u64::MAX;
    match message {
        Message::RateRequest(limits) | Message::RateNotification(limits) => {
            limits.iter().any(|limit| is_highest(limit.rate))
        }
        Message::ReceiverRate(rate) => is_highest(rate.rate),
        _ => false,
    }
}

/// The datagram of one packet; `None` where the builder has no such packet.
fn write(read: &Rtcp<'_>) -> Option<Vec<u8>> {
    let builder = CompoundBuilder::new();
    let builder = match read {
        Rtcp::SenderReport(report) => {
            let blocks: Vec<_> = report.blocks.iter().collect();
            builder.sender_report(report.sender, &report.info, &blocks)
        }
        Rtcp::ReceiverReport(report) => {
            builder.receiver_report(report.sender, &report.blocks.iter().collect::<Vec<_>>())
        }
        Rtcp::Description(description) => {
            let chunks: Vec<(Ssrc, Vec<Item<'_>>)> =
                description.chunks().map(|chunk| (chunk.source, chunk.items().collect())).collect();
            let chunks: Vec<_> =
                chunks.iter().map(|(source, items)| (*source, items.as_slice())).collect();
            builder.description(&chunks)
        }
        Rtcp::Goodbye(goodbye) => {
            builder.goodbye(&goodbye.sources().collect::<Vec<_>>(), goodbye.reason)
        }
        Rtcp::Application(application) => builder.application(application),
        Rtcp::Feedback(feedback) => builder.feedback(feedback),
        Rtcp::Congestion(feedback) => builder.congestion(feedback),
        Rtcp::Unknown(packet) => builder.raw(packet),
    };
    // A description or goodbye of nobody is not written.
    (!builder.is_empty()).then(|| builder.finish())
}

/// Feedback of one message there and back.
fn feedback<'a>(message: Message<'a>, datagram: &'a mut Vec<u8>) -> Message<'a> {
    let feedback = Feedback { sender: Ssrc(1), media: Ssrc(2), message };
    *datagram = CompoundBuilder::new().feedback(&feedback).finish();
    let Ok(Rtcp::Feedback(read)) = only(datagram).decode() else { panic!("it is feedback") };
    assert_eq!((read.sender, read.media), (Ssrc(1), Ssrc(2)));
    read.message
}

/// Arrivals of any packets at any times: all that are taken come out, when they arrived.
fn transport(input: &mut Input<'_>) {
    let (base, number) = (Serial16(input.u16()), input.u8());
    let mut now = Duration::from_micros(u64::from(input.u32()) * 1000);
    let mut builder = TransportFeedbackBuilder::new(base, number, now);
    let mut sequence = base;
    let mut taken = Vec::new();
    while !input.is_empty() {
        let step = input.u8();
        sequence = sequence.plus(match step {
            0 => input.u16(),
            step if step & 15 == 0 => u16::from(input.u8()) << 3,
            step => u16::from(step & 15),
        });
        now = match step >> 4 {
            0 => now.saturating_sub(Duration::from_micros(u64::from(input.u32()))),
            1 => now + Duration::from_micros(u64::from(input.u32())),
            few => now + Duration::from_micros(250 * u64::from(few - 2)),
        };
        if builder.add(sequence, now).is_ok() {
            taken.push((sequence, (now.as_micros() / 250) as i64));
        }
    }
    assert_eq!(builder.is_empty(), taken.is_empty());
    let longest = builder.longest();
    let made = builder.finish();
    // The reference wraps after 2^24 units of 64 ms, of which 256 ticks make one.
    let wrapped = |ticks: i64| ticks.rem_euclid(1 << 32);
    let times: Vec<_> = made.times().map(|(it, ticks)| (it, wrapped(ticks))).collect();
    assert!(times.iter().copied().eq(taken.iter().map(|(it, ticks)| (*it, wrapped(*ticks)))));
    assert_eq!(made.missing().count() + taken.len(), usize::from(made.count));
    let mut datagram = Vec::new();
    let Message::Transport(read) = feedback(Message::Transport(made.clone()), &mut datagram) else {
        panic!("it is transport-wide")
    };
    assert_eq!(read, made);
    assert!(datagram.len() <= longest);
    let arrivals: &[Arrival] = read.arrivals();
    assert_eq!(arrivals.len(), taken.len());
    let _ = TransportFeedback::TICK;
}

/// Reports of RFC 8888 on any packets.
fn congestion(input: &mut Input<'_>) {
    let mut streams = Vec::new();
    for _ in 0..input.below(6) {
        let (source, begin) = (Ssrc(input.u32()), Serial16(input.u16()));
        let count = input.long_piece();
        let packets = count.chunks(3).map(|chunk| {
            let [kind, high, low] = *chunk else { return None };
            let ecn = match kind & 3 {
                0 => EcnMark::NotEct,
                1 => EcnMark::Ect0,
                2 => EcnMark::Ect1,
                _ => EcnMark::Ce,
            };
            let units = u16::from_be_bytes([high, low]);
            let offset = match kind >> 2 & 7 {
                0 => return None,
                1 => ArrivalOffset::OverRange,
                2 => ArrivalOffset::Unavailable,
                3 => ArrivalOffset::from_duration(Duration::from_micros(u64::from(units) * 200)),
                _ => ArrivalOffset::Before(units % (ArrivalOffset::MOST + 1)),
            };
            if let Some(duration) = offset.duration() {
                assert_eq!(ArrivalOffset::from_duration(duration), offset);
            }
            Some(PacketReport { ecn, offset })
        });
        streams.push(StreamReport { source, begin, packets: packets.collect() });
    }
    let timestamp = CompactNtp(input.u32());
    let made = CongestionFeedback { sender: Ssrc(input.u32()), streams, timestamp };
    let datagram = CompoundBuilder::new().congestion(&made).finish();
    assert_eq!(only(&datagram).decode(), Ok(Rtcp::Congestion(made.clone())));
    for stream in &made.streams {
        assert_eq!(stream.packets().count(), stream.packets.len());
    }
}

/// Reports, descriptions and goodbyes of any values in one datagram, padded or not.
fn reports(input: &mut Input<'_>) {
    let blocks: Vec<ReportBlock> = (0..input.below(70)).map(|_| block(input)).collect();
    let info = SenderInfo {
        ntp: NtpTime(u64::from(input.u32()) << 32 | u64::from(input.u32())),
        timestamp: Serial32(input.u32()),
        packets: input.u32(),
        octets: input.u32(),
    };
    assert_eq!(NtpTime::from_elapsed(info.ntp.elapsed()).elapsed(), info.ntp.elapsed());
    let sender = Ssrc(input.u32());
    let builder = if input.u8() & 1 == 0 {
        CompoundBuilder::new().sender_report(sender, &info, &blocks)
    } else {
        CompoundBuilder::new().receiver_report(sender, &blocks)
    };
    let items: Vec<Vec<Item<'_>>> = (0..input.below(40))
        .map(|_| {
            let item = |_| Item::new(ItemKind(input.u8()), input.piece());
            (0..2).filter_map(item).collect()
        })
        .collect();
    let chunks: Vec<_> = items.iter().map(|items| (sender, items.as_slice())).collect();
    let sources: Vec<Ssrc> = (0..input.below(70)).map(|index| Ssrc(index as u32)).collect();
    let reason = input.piece();
    let reason = (!reason.is_empty()).then_some(reason);
    let padding = input.u8();
    let datagram = builder.description(&chunks).goodbye(&sources, reason).finish_padded(padding);
    assert!(padding == 0 || padding % 4 != 0 || datagram.len() % usize::from(padding) == 0);
    let compound = Compound::parse(&datagram).expect("what was built can be read");
    assert!(!compound.is_reduced_size());
    let (mut blocks_read, mut chunks_read, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for packet in compound {
        match packet.decode().expect("what was built can be read") {
            Rtcp::SenderReport(report) => {
                assert_eq!((report.sender, report.info), (sender, info));
                blocks_read.extend(report.blocks.iter());
            }
            Rtcp::ReceiverReport(report) => blocks_read.extend(report.blocks.iter()),
            Rtcp::Description(description) => {
                let items = description.chunks().map(|chunk| chunk.items().collect::<Vec<_>>());
                chunks_read.extend(items);
            }
            Rtcp::Goodbye(goodbye) => {
                assert_eq!(goodbye.reason, reason);
                gone.extend(goodbye.sources());
            }
            other => panic!("nobody wrote {other:?}"),
        }
    }
    assert_eq!((blocks_read, chunks_read, gone), (blocks, items, sources));
}

fn block(input: &mut Input<'_>) -> ReportBlock {
    let block = ReportBlock {
        source: Ssrc(input.u32()),
        fraction_lost: input.u8(),
        cumulative_lost: (input.u32().cast_signed()) >> 8,
        highest_sequence: input.u32(),
        jitter: input.u32(),
        last_sender_report: CompactNtp(input.u32()),
        delay: ShortInterval(input.u32()),
    };
    let _ = block.round_trip(CompactNtp(input.u32()));
    block
}

/// Losses and rates: a rate never grows on its way, and loses less than its last bits.
fn rates(input: &mut Input<'_>) {
    let mut datagram = Vec::new();
    let mut sequence = Serial16(input.u16());
    let lost: Vec<Serial16> = (0..1 + input.below(60))
        .map(|_| {
            sequence = sequence.plus(1 + u16::from(input.u8() & 31));
            sequence
        })
        .collect();
    let nack = Message::Nack(Nack::from_lost(lost.iter().copied()));
    let Message::Nack(read) = feedback(nack, &mut datagram) else { panic!("it is a NACK") };
    assert!(read.lost().eq(lost));
    let rate = |input: &mut Input<'_>| {
        let wide = u64::from(input.u32()) << 32 | u64::from(input.u32());
        BitRate(wide >> (input.u8() & 63))
    };
    let is_close =
        |is: BitRate, was: BitRate, bits: u32| is <= was && was.0 - is.0 <= was.0 >> (bits - 1);
    let sent = ReceiverRate {
        rate: rate(input),
        sources: (0..input.u8()).map(|index| Ssrc(index.into())).collect(),
    };
    let message = feedback(Message::ReceiverRate(sent.clone()), &mut datagram);
    let Message::ReceiverRate(read) = message else { panic!("it is a rate") };
    assert!(read.sources == sent.sources && is_close(read.rate, sent.rate, 18));
    let mut limit = || RateLimit {
        source: Ssrc(input.u32()),
        rate: rate(input),
        overhead: input.u16() & 0x1FF,
    };
    let sent = vec![limit(), limit()];
    let message = feedback(Message::RateRequest(sent.clone()), &mut datagram);
    let Message::RateRequest(read) = message else { panic!("it is a limit") };
    assert_eq!(read.len(), sent.len());
    for (is, was) in read.iter().zip(&sent) {
        assert_eq!((is.source, is.overhead), (was.source, was.overhead));
        assert!(is_close(is.rate, was.rate, 17));
    }
}
