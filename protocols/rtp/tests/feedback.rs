//! Feedback (RFC 4585, RFC 5104, RFC 8888, REMB, transport-wide).

use core::time::Duration;

use icelab_rtp::rtcp::feedback::{
    Arrival, ArrivalOffset, CongestionFeedback, EcnMark, Feedback, FullIntraEntry, Message, Nack,
    NackPair, NotAdded, PacketReport, RateLimit, ReceiverRate, StreamReport, TransportFeedback,
    TransportFeedbackBuilder,
};
use icelab_rtp::rtcp::{Compound, CompoundBuilder, RawPacket, Rtcp};
use icelab_rtp::{BitRate, CompactNtp, Ssrc};
use icelab_wire::{DecodeError, Serial16};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

const SENDER: Ssrc = Ssrc(0x1111_1111);
const MEDIA: Ssrc = Ssrc(0x2222_2222);

/// The bytes of feedback from `SENDER` about `MEDIA`.
pub(crate) fn packet(first: u8, kind: u8, information: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first, kind, 0, 2 + (information.len() / 4) as u8];
    bytes.extend([0x11; 4]);
    bytes.extend([0x22; 4]);
    bytes.extend(information);
    bytes
}

fn decode(bytes: &[u8]) -> Result<Rtcp<'_>, DecodeError> {
    Compound::parse(bytes)
        .expect("it was made here")
        .packets()
        .next()
        .expect("it was made here")
        .decode()
}

/// `message` is read from `bytes` and written as them; every shorter body is an error, or another
/// message.
fn both_ways(bytes: &[u8], message: Message<'_>) {
    let feedback = Feedback { sender: SENDER, media: MEDIA, message };
    assert_eq!(CompoundBuilder::new().feedback(&feedback).finish(), bytes);
    let raw = Compound::parse(bytes)
        .expect("it was made here")
        .packets()
        .next()
        .expect("it was made here");
    for length in 0..raw.body.len() {
        let body = raw.body.get(..length).expect("it is shorter");
        let cut = RawPacket { body, ..raw }.decode();
        assert_ne!(cut, Ok(Rtcp::Feedback(feedback.clone())), "{length}");
        assert!(length >= 8 || cut.is_err(), "{length}");
    }
    assert_eq!(decode(bytes), Ok(Rtcp::Feedback(feedback)));
}

/// The picture of RFC 4585 section 6.2.1: 100, 101, 116, and 65535, 0, 15.
#[test]
fn lost_packets_are_named_in_pairs() {
    let bytes = packet(0x81, 205, &[0, 100, 0x80, 0x01, 0xFF, 0xFF, 0x80, 0x01]);
    let lost = [100, 101, 116, 65535, 0, 15].map(Serial16);
    let nack = Nack::from_lost(lost);
    let first = NackPair { first: Serial16(100), following: 0x8001 };
    assert_eq!(nack.pairs, [first, NackPair { first: Serial16(65535), following: 0x8001 }]);
    assert!(nack.lost().eq(lost));
    both_ways(&bytes, Message::Nack(nack));
    assert!(decode(&packet(0x81, 205, &[])).is_err());
}

#[test]
fn a_packet_named_twice_is_lost_once() {
    let nack = Nack::from_lost([5, 5, 6, 6].map(Serial16));
    assert_eq!(nack.pairs, [NackPair { first: Serial16(5), following: 1 }]);
}

/// No list of lost packets makes a packet longer than its length field can say.
#[test]
fn what_does_not_fit_one_packet_is_left_out() {
    let far_apart = (0..100_000_u32).map(|n| Serial16((n * 40) as u16));
    let nack = Nack::from_lost(far_apart);
    assert_eq!(nack.pairs.len(), 65_533);
    let feedback = Feedback { sender: SENDER, media: MEDIA, message: Message::Nack(nack) };
    assert_eq!(CompoundBuilder::new().feedback(&feedback).finish().len(), 4 * 65_536);
}

/// RFC 4585 section 6.3.1: a picture loss has no parameters.
#[test]
fn a_lost_picture_needs_no_words() {
    both_ways(&packet(0x81, 206, &[]), Message::PictureLoss);
}

/// The picture of RFC 5104 section 4.3.1.1.
#[test]
fn a_full_picture_is_wanted_with_a_number() {
    let bytes = packet(0x84, 206, &[0, 0, 0, 5, 7, 0, 0, 0, 0, 0, 0, 6, 8, 0, 0, 0]);
    let entries = vec![
        FullIntraEntry { source: Ssrc(5), command: 7 },
        FullIntraEntry { source: Ssrc(6), command: 8 },
    ];
    both_ways(&bytes, Message::FullIntra(entries));
}

/// RFC 5104 sections 4.2.1 and 4.3.1: whoever asks names somebody. Section 4.2.2: no limits may hold.
#[test]
fn a_request_to_nobody_is_none() {
    for (first, kind) in [(0x83, 205), (0x84, 206)] {
        let read = decode(&packet(first, kind, &[])).unwrap_err();
        assert_eq!(read, DecodeError::Length { field: "FCI" });
    }
    both_ways(&packet(0x84, 205, &[]), Message::RateNotification(Vec::new()));
}

/// The picture of RFC 5104 section 4.2.1.1: 65537 * 2^3 bit/s, 40 bytes of headers.
#[test]
fn a_limit_has_mantissa_and_exponent() {
    let limit = RateLimit { source: Ssrc(5), rate: BitRate(0x1_0001 << 3), overhead: 40 };
    let word = (3_u32 << 26 | 0x1_0001 << 9 | 40).to_be_bytes();
    let bytes = [[0, 0, 0, 5], word].concat();
    both_ways(&packet(0x83, 205, &bytes), Message::RateRequest(vec![limit]));
    both_ways(&packet(0x84, 205, &bytes), Message::RateNotification(vec![limit]));
}

/// RFC 5104 section 4.2.1.1: rates go up to 131071 * 2^63.
#[test]
fn a_rate_beyond_all_numbers_is_the_highest() {
    let word = (63_u32 << 26 | 0x1_FFFF << 9).to_be_bytes();
    let bytes = packet(0x83, 205, &[[0, 0, 0, 5], word].concat());
    let Ok(Rtcp::Feedback(Feedback { message: Message::RateRequest(limits), .. })) = decode(&bytes)
    else {
        panic!();
    };
    assert_eq!(limits[0].rate, BitRate(u64::MAX));
}

/// draft-alvestrand-rmcat-remb-03 section 2.2: 1 Mbit/s for two streams.
#[test]
fn a_receivers_rate_is_read_as_drawn() {
    let mut information = b"REMB\x02".to_vec();
    // 1,000,000 = 0xF4240: 20 bits, so an exponent of 2 and a mantissa of 0x3D090.
    information.extend([2 << 2 | 0x3, 0xD0, 0x90]);
    information.extend([0, 0, 0, 5, 0, 0, 0, 6]);
    let rate = ReceiverRate { rate: BitRate(1_000_000), sources: vec![Ssrc(5), Ssrc(6)] };
    both_ways(&packet(0x8F, 206, &information), Message::ReceiverRate(rate));
    information[4] = 3;
    assert!(decode(&packet(0x8F, 206, &information)).is_err());
    information[4] = 1;
    assert!(decode(&packet(0x8F, 206, &information)).is_err());
}

/// SLI (RFC 4585 section 6.3.2), RPSI (6.3.3), and an application's own that is no REMB.
#[test]
fn other_feedback_keeps_its_bytes() {
    for (format, is_about_payload) in [(2, true), (3, true), (15, true), (2, false), (31, false)] {
        let kind = if is_about_payload { 206 } else { 205 };
        let information = &[1, 2, 3, 4][..];
        let message = Message::Other { is_about_payload, format, information };
        both_ways(&packet(0x80 | format, kind, information), message);
    }
}

/// draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1: a list of single bits (5 came, 6
/// is missing, 7 came ...), a list of pairs, a run; small, large and negative deltas.
#[test]
fn transport_feedback_is_read_as_drawn() {
    let information = [
        0,
        5,
        0,
        31, // from 5 on, 31 packets
        0xFF,
        0xFF,
        0xFE,
        9, // reference -2 (-128 ms), the ninth
        0b1010_0000,
        0b0000_0001, // bits: 5, and 18
        0b1101_1000,
        0, // pairs: 19 small, 20 large
        0b0100_0000,
        0b0000_1010, // a run of ten large: 26 to 35
        4,
        255,
        1, // 5, 18, 19
        0x01,
        0, // 20: 256
        0xFF,
        0xFF,
        0,
        1,
        0,
        1,
        0,
        1,
        0,
        1,
        0,
        1,
        0,
        1,
        0,
        1,
        0,
        1,
        0x7F,
        0xFF, // 26 to 35
        0,    // padding
    ];
    let bytes = packet(0x8F, 205, &information);
    let Ok(Rtcp::Feedback(Feedback { message: Message::Transport(feedback), .. })) = decode(&bytes)
    else {
        panic!("{:?}", decode(&bytes));
    };
    assert_eq!((feedback.base, feedback.count), (Serial16(5), 31));
    assert_eq!((feedback.reference, feedback.number), (-2, 9));
    let arrivals: Vec<_> =
        feedback.arrivals().iter().map(|arrival| (arrival.sequence.0, arrival.delta)).collect();
    let first = [(5, 4), (18, 255), (19, 1), (20, 256), (26, -1)];
    assert_eq!(arrivals[..5], first);
    assert_eq!(arrivals[13], (35, i16::MAX));
    assert_eq!(arrivals.len(), 14);
    let times: Vec<_> = feedback.times().take(5).map(|(_, ticks)| ticks + 512).collect();
    assert_eq!(times, [4, 259, 260, 516, 515]);
    let missing: Vec<_> = feedback.missing().map(|sequence| sequence.0).collect();
    assert_eq!(missing, (6..18).chain(21..26).collect::<Vec<_>>());
    let raw = Compound::parse(&bytes).unwrap().packets().next().unwrap();
    for length in 0..raw.body.len() - 1 {
        let cut = RawPacket { body: &raw.body[..length], ..raw };
        assert!(cut.decode().is_err(), "{length}");
    }
}

#[test]
fn transport_feedback_that_contradicts_itself_is_an_error() {
    let read = |information: &[u8]| decode(&packet(0x8F, 205, information)).err();
    let value = |field| Some(DecodeError::Value { field });
    // A run of the reserved status, a pair of it, a run of nothing, bytes left over.
    let reserved = "packet status symbol";
    assert_eq!(read(&[0, 5, 0, 1, 0, 0, 0, 0, 0x60, 1, 0, 0]), value(reserved));
    assert_eq!(read(&[0, 5, 0, 1, 0, 0, 0, 0, 0xF0, 0, 0, 0]), value(reserved));
    assert_eq!(read(&[0, 5, 0, 1, 0, 0, 0, 0, 0x20, 0, 0, 0]), value("run length"));
    let left = [0, 5, 0, 1, 0, 0, 0, 0, 0x20, 1, 7, 0, 0, 0, 0, 0];
    assert_eq!(read(&left), Some(DecodeError::Trailing { left: 5 }));
}

/// A list may have room for more packets than there are: what it says of them does not matter.
#[test]
fn symbols_beyond_the_count_are_not_read() {
    let bytes = packet(0x8F, 205, &[0, 5, 0, 1, 0, 0, 0, 0, 0xBF, 0xFF, 7, 0]);
    let Ok(Rtcp::Feedback(Feedback { message: Message::Transport(feedback), .. })) = decode(&bytes)
    else {
        panic!();
    };
    assert_eq!(feedback.arrivals(), [Arrival { sequence: Serial16(5), delta: 7 }]);
}

/// Times go through 250 us and 64 ms, and what is lost by rounding does not add up.
#[test]
fn transport_feedback_is_built_from_times() {
    let start = Duration::from_millis(1000);
    let mut builder = TransportFeedbackBuilder::new(Serial16(65_534), 3, start);
    assert!(builder.is_empty());
    let step = Duration::from_micros(1_130);
    for place in 0..100_u16 {
        let sequence = Serial16(65_535).plus(place);
        builder.add(sequence, start + step * u32::from(place)).unwrap();
    }
    assert_eq!(builder.add(Serial16(3), start), Err(NotAdded::OutOfOrder));
    assert_eq!(builder.add(Serial16(200), start * 11), Err(NotAdded::TooFar));
    let longest = builder.longest();
    let feedback = builder.finish();
    assert_eq!((feedback.reference, feedback.count), (15, 101));
    for (place, (sequence, ticks)) in feedback.times().enumerate() {
        assert_eq!(sequence, Serial16(65_535).plus(place as u16));
        assert_eq!(ticks as u128, (start + step * place as u32).as_micros() / 250);
    }
    assert!(feedback.missing().eq([Serial16(65_534)]));
    let message = Message::Transport(feedback);
    let written = Feedback { sender: SENDER, media: MEDIA, message };
    let bytes = CompoundBuilder::new().feedback(&written).finish();
    assert!(bytes.len() <= longest, "{} of {longest}", bytes.len());
    assert_eq!(decode(&bytes), Ok(Rtcp::Feedback(written)));
    assert_eq!(TransportFeedback::TICK * 256, TransportFeedback::REFERENCE_UNIT);
}

/// The picture of RFC 8888 section 3.1: a stream of three packets, and one of none.
#[test]
fn congestion_feedback_is_read_as_drawn() {
    let bytes = [
        0x8B, 205, 0, 8, 0x11, 0x11, 0x11, 0x11, // from 0x11111111
        0x22, 0x22, 0x22, 0x22, 0xFF, 0xFF, 0, 3, // three packets from 65535 on
        0x82, 0, 0, 0, 0xFF, 0xFE, 0, 0, // half a second, missing, CE and over range; padding
        0, 0, 0, 7, 0, 9, 0, 0, // none from 9 on
        1, 2, 3, 4, // report timestamp
    ];
    let packets = vec![
        Some(PacketReport { ecn: EcnMark::NotEct, offset: ArrivalOffset::Before(512) }),
        None,
        Some(PacketReport { ecn: EcnMark::Ce, offset: ArrivalOffset::OverRange }),
    ];
    let feedback = CongestionFeedback {
        sender: SENDER,
        streams: vec![
            StreamReport { source: MEDIA, begin: Serial16(65_535), packets },
            StreamReport { source: Ssrc(7), begin: Serial16(9), packets: vec![] },
        ],
        timestamp: CompactNtp(0x0102_0304),
    };
    assert_eq!(decode(&bytes), Ok(Rtcp::Congestion(feedback.clone())));
    assert_eq!(CompoundBuilder::new().congestion(&feedback).finish(), bytes);
    let numbers: Vec<_> = feedback.streams[0].packets().map(|(number, _)| number.0).collect();
    assert_eq!(numbers, [65_535, 0, 1]);
    let raw = Compound::parse(&bytes).unwrap().packets().next().unwrap();
    for length in 0..raw.body.len() {
        let cut = RawPacket { body: &raw.body[..length], ..raw }.decode();
        assert_ne!(cut, Ok(Rtcp::Congestion(feedback.clone())), "{length}");
        // Cut after the first stream's header it is feedback on other streams, or none at all.
        assert_eq!(cut.is_ok(), length == 8 || length == 24, "{length}");
    }
}

/// RFC 8888 section 3.1: no block is about more than 16,384 packets.
#[test]
fn no_stream_report_is_about_more_than_a_quarter_of_the_numbers() {
    let stream = StreamReport { source: MEDIA, begin: Serial16(0), packets: vec![None; 20_000] };
    let feedback =
        CongestionFeedback { sender: SENDER, streams: vec![stream], timestamp: CompactNtp(0) };
    let mut bytes = CompoundBuilder::new().congestion(&feedback).finish();
    let Ok(Rtcp::Congestion(read)) = decode(&bytes) else { panic!() };
    assert_eq!(read.streams[0].packets.len(), StreamReport::MOST);
    bytes[15] = 1;
    assert_eq!(decode(&bytes), Err(DecodeError::Length { field: "num_reports" }));
}

/// RFC 8888 section 3.1: 0x1FFE says over range, 0x1FFF not available.
#[test]
fn arrival_offsets_are_1024ths_of_a_second() {
    let offset = |micros| ArrivalOffset::from_duration(Duration::from_micros(micros));
    assert_eq!(offset(500_000), ArrivalOffset::Before(512));
    assert_eq!(offset(500_000).duration(), Some(Duration::from_millis(500)));
    assert_eq!(offset(7_997_070), ArrivalOffset::Before(ArrivalOffset::MOST));
    assert_eq!(offset(7_998_047), ArrivalOffset::OverRange);
    assert_eq!(ArrivalOffset::OverRange.duration(), None);
    assert_eq!(ArrivalOffset::Unavailable.duration(), None);
}

fn report() -> impl Strategy<Value = Option<PacketReport>> {
    let ecn = prop_oneof![
        Just(EcnMark::NotEct),
        Just(EcnMark::Ect0),
        Just(EcnMark::Ect1),
        Just(EcnMark::Ce)
    ];
    let offset = prop_oneof![
        (0..=ArrivalOffset::MOST).prop_map(ArrivalOffset::Before),
        Just(ArrivalOffset::OverRange),
        Just(ArrivalOffset::Unavailable)
    ];
    proptest::option::of((ecn, offset).prop_map(|(ecn, offset)| PacketReport { ecn, offset }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn lost_packets_survive_the_round_trip(base: u16, places in btree_set(0..30_000_u16, 1..60)) {
        let lost: Vec<_> = places.iter().map(|place| Serial16(base).plus(*place)).collect();
        let nack = Nack::from_lost(lost.iter().copied());
        prop_assert!(nack.lost().eq(lost.iter().copied()));
        let feedback = Feedback { sender: SENDER, media: MEDIA, message: Message::Nack(nack) };
        let bytes = CompoundBuilder::new().feedback(&feedback).finish();
        prop_assert_eq!(decode(&bytes), Ok(Rtcp::Feedback(feedback)));
    }

    /// A rate is never sent too high, and by less than its last bit too low.
    #[test]
    fn rates_survive_the_round_trip(rate: u64, shift in 0..64, overhead in 0..512_u16) {
        let rate = BitRate(rate >> shift);
        let limit = RateLimit { source: MEDIA, rate, overhead };
        let remb = ReceiverRate { rate, sources: vec![MEDIA] };
        for (message, bits) in
            [(Message::RateRequest(vec![limit]), 16), (Message::ReceiverRate(remb), 17)]
        {
            let feedback = Feedback { sender: SENDER, media: MEDIA, message };
            let bytes = CompoundBuilder::new().feedback(&feedback).finish();
            let read = match decode(&bytes) {
                Ok(Rtcp::Feedback(Feedback { message: Message::RateRequest(limits), .. })) => {
                    prop_assert_eq!(limits[0].overhead, overhead);
                    limits[0].rate
                }
                Ok(Rtcp::Feedback(Feedback { message: Message::ReceiverRate(rate), .. })) => rate.rate,
                other => panic!("{other:?}"),
            };
            prop_assert!(read <= rate && rate.0 - read.0 <= rate.0 >> bits);
        }
    }

    #[test]
    fn transport_feedback_survives_the_round_trip(
        base: u16,
        number: u8,
        start in 0..100_000_u64,
        steps in vec((prop_oneof![Just(1_u16), 1..4_u16, 1..300_u16], -30_000..300_000_i64), 1..120),
    ) {
        let mut builder =
            TransportFeedbackBuilder::new(Serial16(base), number, Duration::from_millis(start));
        let mut sequence = Serial16(base).plus(u16::MAX);
        let mut time = start as i64 * 1000;
        let mut times = Vec::new();
        for (step, micros) in steps {
            sequence = sequence.plus(step);
            time = (time + micros).max(0);
            if builder.add(sequence, Duration::from_micros(time as u64)).is_err() {
                break;
            }
            times.push((sequence, time / 250));
        }
        let longest = builder.longest();
        let feedback = builder.finish();
        prop_assert!(feedback.times().eq(times));
        let missing = feedback.missing().count();
        prop_assert_eq!(missing + feedback.arrivals().len(), usize::from(feedback.count));
        let message = Message::Transport(feedback);
        let feedback = Feedback { sender: SENDER, media: MEDIA, message };
        let bytes = CompoundBuilder::new().feedback(&feedback).finish();
        prop_assert!(bytes.len() <= longest);
        prop_assert_eq!(decode(&bytes), Ok(Rtcp::Feedback(feedback)));
    }

    #[test]
    fn congestion_feedback_survives_the_round_trip(
        streams in vec((any::<u32>(), any::<u16>(), vec(report(), 0..50)), 0..4),
        timestamp: u32,
    ) {
        let streams = streams.into_iter().map(|(source, begin, packets)| StreamReport {
            source: Ssrc(source),
            begin: Serial16(begin),
            packets,
        });
        let timestamp = CompactNtp(timestamp);
        let feedback = CongestionFeedback { sender: SENDER, streams: streams.collect(), timestamp };
        let bytes = CompoundBuilder::new().congestion(&feedback).finish();
        prop_assert_eq!(decode(&bytes), Ok(Rtcp::Congestion(feedback)));
    }
}
