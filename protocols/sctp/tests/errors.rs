//! What is not known or not allowed, and how it is answered: once, in one packet (RFC 9260 sections 3.2,
//! 3.2.2, 3.3.10, 6.2, 12.4).

use icelab_sctp::packet::Tsn;
use icelab_sctp::packet::VerificationTag;
use icelab_sctp::packet::cause::Cause;
use icelab_sctp::packet::chunk::{
    Chunk, ChunkType, CookieAck, CookieEcho, Data, GapBlock, Heartbeat, Init, InitAck,
    OperationError, Sack,
};
use icelab_sctp::packet::parameter::Parameter;
use icelab_sctp::{CloseReason, Config, Discard, Event, Rto, StreamId};

use crate::by_hand::{ByHand, Sent};
use crate::ends::{message, millis};

fn rfc() -> Config {
    Config { rto: Rto::RFC, heartbeat: None, ..Config::default() }
}

/// A HEARTBEAT without padding.
const BEAT: [u8; 12] = [4, 0, 0, 12, 0, 1, 0, 8, 1, 2, 3, 4];

/// Unknown chunks with their two highest bits: whether they end the packet, and whether they are
/// reported.
const UNKNOWN: [(u8, bool, bool); 4] =
    [(0x3E, true, false), (0x7E, true, true), (0xBE, false, false), (0xFE, false, true)];

#[test]
fn an_unknown_chunk_is_treated_as_its_type_says() {
    for (kind, stops, is_reported) in UNKNOWN {
        let mut hand = ByHand::connected(rfc());
        let unknown = [kind, 0x55, 0, 7, 1, 2, 3, 0];
        hand.say_raw(hand.end_tag, &[&unknown[..], &BEAT].concat());
        let mut expected = Vec::new();
        if is_reported {
            expected.push(ChunkType::ERROR);
        }
        if !stops {
            expected.push(ChunkType::HEARTBEAT_ACK);
        }
        let sent = hand.sent();
        let kinds: Vec<_> = sent.iter().flat_map(Sent::kinds).collect();
        assert_eq!(kinds, expected, "{kind}");
        if is_reported {
            let causes = [Cause::UnrecognizedChunkType(&unknown[..7])];
            let error = OperationError { causes: causes.as_slice().into() };
            assert_eq!(sent[0].chunks()[0], Chunk::Error(error));
        }
        assert_eq!(hand.end.discards().count(Discard::UnknownChunk), 1);
    }
}

/// RFC 9260 section 5.1 C: nothing leaves before COOKIE ACK has come.
#[test]
fn an_unknown_chunk_in_a_setup_is_not_reported() {
    let mut hand = ByHand::echoed(rfc());
    hand.say_raw(hand.end_tag, &[0xFE, 0, 0, 4]);
    hand.nothing();
}

/// Unknown parameters in the same four ways: what is reported, up to where.
#[test]
fn unknown_parameters_of_an_init_are_reported_in_its_answer() {
    let mut hand = ByHand::closed(rfc());
    let fixed = [1, 0, 0, 60, 0, 0, 0, 1, 0, 1, 0, 0, 0, 9, 0, 9, 0, 0, 0, 1];
    let skipped = [0x9F, 0xFF, 0, 4];
    let reported = [0xDF, 0xFF, 0, 5, 1, 0, 0, 0];
    let also = [0xDF, 0xFE, 0, 4];
    let stop = [0x5F, 0xFF, 0, 8, 5, 6, 7, 8];
    let behind = [0xDF, 0xFD, 0, 16, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3];
    let bytes = [&fixed[..], &skipped, &reported, &also, &stop, &behind].concat();
    assert_eq!(bytes.len(), 60);
    hand.say_raw(VerificationTag(0), &bytes);
    let sent = hand.only();
    let Chunk::InitAck(InitAck(ack)) = sent.only() else { panic!("{sent:?}") };
    let unknown: Vec<_> = ack
        .parameters
        .iter()
        .filter_map(|one| {
            if let Parameter::UnrecognizedParameter(bytes) = one { Some(bytes) } else { None }
        })
        .collect();
    assert_eq!(unknown, [&reported[..5], &also, &stop]);
}

/// Section 12.4: the answer is no longer than a packet.
#[test]
fn an_init_of_nothing_but_unknown_parameters_has_a_short_answer() {
    for length in [4_u16, 40, 4000] {
        let mut hand = ByHand::closed(rfc());
        let mut bytes = vec![1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 9, 0, 9, 0, 0, 0, 1];
        while bytes.len() < 60_000 {
            bytes.extend([0xDF, 0xFF]);
            bytes.extend(length.to_be_bytes());
            bytes.resize(bytes.len() + usize::from(length) - 4, 7);
        }
        let whole = u16::try_from(bytes.len()).unwrap();
        bytes[2..4].copy_from_slice(&whole.to_be_bytes());
        hand.say_raw(VerificationTag(0), &bytes);
        let sent = hand.only();
        assert!(sent.bytes.len() <= 1200, "{}", sent.bytes.len());
        assert_eq!(sent.kinds(), [ChunkType::INIT_ACK]);
        assert!(length > 40 || sent.bytes.len() > 1100, "{}", sent.bytes.len());
    }
}

#[test]
fn unknown_parameters_of_an_init_ack_are_reported_with_each_cookie() {
    let mut hand = ByHand::asked(rfc());
    let mut bytes = vec![2, 0, 0, 0, 0x0A, 0x0A, 0x0A, 0x0A, 0, 1, 0, 0, 0, 9, 0, 9, 0, 0, 0, 1];
    bytes.extend([0, 7, 0, 8, 1, 2, 3, 4]);
    bytes.extend([0xDF, 0xFF, 0, 4]);
    bytes.extend([0x9F, 0xFF, 0, 4]);
    bytes.extend([0x5F, 0xFF, 0, 4]);
    bytes.extend([0xDF, 0xFE, 0, 4]);
    bytes[3] = u8::try_from(bytes.len()).unwrap();
    hand.say_raw(hand.end_tag, &bytes);
    for _ in 0..3 {
        let sent = hand.only();
        let first = [Cause::UnrecognizedParameters(&[0xDF, 0xFF, 0, 4])];
        let second = [Cause::UnrecognizedParameters(&[0x5F, 0xFF, 0, 4])];
        assert_eq!(
            sent.chunks(),
            [
                Chunk::CookieEcho(CookieEcho { cookie: &[1, 2, 3, 4] }),
                Chunk::Error(OperationError { causes: first.as_slice().into() }),
                Chunk::Error(OperationError { causes: second.as_slice().into() }),
            ]
        );
        hand.pass(hand.end.stats().rto);
    }
}

/// Section 12.4: however many chunks of a packet ask for an answer.
#[test]
fn a_packet_is_answered_by_one_packet() {
    let beat = Chunk::Heartbeat(Heartbeat { info: b"12345678" });
    let mut hand = ByHand::connected(rfc());
    hand.say(&[beat; 60]);
    let sent = hand.only();
    assert!(sent.kinds().iter().all(|kind| *kind == ChunkType::HEARTBEAT_ACK));
    assert!(sent.kinds().len() > 40 && sent.bytes.len() <= 1200);
    // Unknown chunks, without number.
    let unknown: Vec<u8> = [0xFE, 0, 0, 4].into_iter().cycle().take(4 * 290).collect();
    hand.say_raw(hand.end_tag, &unknown);
    let sent = hand.only();
    assert!(sent.kinds().iter().all(|kind| *kind == ChunkType::ERROR));
    assert!(sent.bytes.len() <= 1200);
    // Data for streams that there are not: errors and the acknowledgement.
    let stray = |number: u32| {
        Chunk::Data(Data {
            is_immediate: false,
            is_unordered: false,
            is_beginning: true,
            is_ending: true,
            tsn: hand.first.plus(number),
            stream: StreamId(10),
            ssn: icelab_sctp::packet::Ssn(0),
            ppid: icelab_sctp::Ppid(0),
            payload: b"stray",
        })
    };
    let all: Vec<_> = (0..50).map(stray).collect();
    hand.say(&all);
    let sent = hand.only();
    assert_eq!(sent.kinds().last(), Some(&ChunkType::SACK));
    assert_eq!(sent.kinds().len(), 51);
    let causes = [Cause::InvalidStreamIdentifier(StreamId(10))];
    let error = Chunk::Error(OperationError { causes: causes.as_slice().into() });
    assert_eq!(sent.chunks()[0], error);
    assert!(matches!(sent.chunks()[50], Chunk::Sack(sack)
        if sack.cumulative_tsn_ack == hand.first.plus(49)));
    // All at once, with the cookie.
    let mut hand = ByHand::closed(rfc());
    let cookie = hand.ask();
    hand.say(&[Chunk::CookieEcho(CookieEcho { cookie: &cookie }), beat, beat, hand.data(0)]);
    let expected = [
        ChunkType::COOKIE_ACK,
        ChunkType::HEARTBEAT_ACK,
        ChunkType::HEARTBEAT_ACK,
        ChunkType::SACK,
    ];
    assert_eq!(hand.kinds(), [expected]);
}

#[test]
fn data_without_data_ends_the_association() {
    for stage in [ByHand::connected, ByHand::answered] {
        let mut hand = stage(rfc());
        let mut bytes = vec![0, 3, 0, 16];
        bytes.extend(hand.first.0.to_be_bytes());
        bytes.extend([0; 8]);
        hand.say_raw(hand.end_tag, &bytes);
        let sent = hand.only();
        let Chunk::Abort(abort) = sent.only() else { panic!("{sent:?}") };
        assert_eq!(abort.causes.iter().collect::<Vec<_>>(), [Cause::NoUserData(hand.first)]);
        let closed = Event::Closed { reason: CloseReason::ProtocolViolation };
        assert_eq!(hand.events(), [closed]);
    }
}

/// Section 12.4: cumulatively or by a gap block.
#[test]
fn an_acknowledgement_of_what_was_never_sent_ends_the_association() {
    let block = |start, end| GapBlock { start, end };
    let cases: [(u32, Vec<GapBlock>, bool); 7] = [
        (3, vec![], false),
        (4, vec![], true),
        (100, vec![], true),
        (1, vec![block(2, 2)], false),
        (1, vec![block(2, 3)], true),
        (1, vec![block(2, 2), block(40, 41)], true),
        (1, vec![block(40, 41), block(2, 2)], true),
    ];
    for (acknowledged, gaps, ends) in cases {
        let mut hand = ByHand::connected(rfc());
        let now = hand.now;
        for _ in 0..3 {
            hand.end.send(message(0, vec![0; 1000]), now).unwrap();
        }
        hand.sent();
        let sack = Sack {
            cumulative_tsn_ack: Tsn(hand.end_first.0.wrapping_add(acknowledged).wrapping_sub(1)),
            window: 10_000,
            gaps: gaps.as_slice().into(),
            ..Sack::default()
        };
        hand.say(&[Chunk::Sack(sack)]);
        assert_eq!(hand.end.is_closed(), ends, "{acknowledged} {gaps:?}");
        let kinds = hand.kinds();
        assert_eq!(kinds.contains(&vec![ChunkType::ABORT]), ends);
    }
}

#[test]
fn a_chunk_that_runs_past_its_packet_ends_it() {
    let mut hand = ByHand::connected(rfc());
    let mut bytes = BEAT.to_vec();
    bytes.extend([4, 0, 0, 200, 0, 1, 0, 196]);
    hand.say_raw(hand.end_tag, &bytes);
    assert_eq!(hand.kinds(), [[ChunkType::HEARTBEAT_ACK]]);
    for bytes in [vec![], vec![4], vec![4, 0, 0], vec![4, 0, 0, 3], vec![4, 0, 0, 0]] {
        hand.say_raw(hand.end_tag, &bytes);
        hand.nothing();
    }
    assert_eq!(hand.end.discards().count(Discard::Chunk), 6);
    hand.give(vec![0; 11]);
    hand.give(vec![]);
    assert_eq!(hand.end.discards().count(Discard::Malformed), 2);
}

#[test]
fn a_chunk_with_a_fault_in_it_is_passed_over() {
    let mut hand = ByHand::connected(rfc());
    // A SACK without its fixed fields.
    let bytes = [&[3, 0, 0, 8, 0, 0, 0, 0][..], &BEAT].concat();
    hand.say_raw(hand.end_tag, &bytes);
    assert_eq!(hand.kinds(), [[ChunkType::HEARTBEAT_ACK]]);
}

/// What pads chunks and parameters is not looked at.
#[test]
fn padding_may_be_anything() {
    let mut hand = ByHand::connected(rfc());
    let bytes = [4, 0, 0, 11, 0, 1, 0, 7, 1, 2, 3, 0xFF, 4, 0, 0, 12, 0, 1, 0, 8, 5, 6, 7, 8];
    hand.say_raw(hand.end_tag, &bytes);
    let sent = hand.only();
    assert_eq!(sent.kinds(), [ChunkType::HEARTBEAT_ACK, ChunkType::HEARTBEAT_ACK]);
    assert_eq!(sent.bytes[12..24], [5, 0, 0, 11, 0, 1, 0, 7, 1, 2, 3, 0]);
}

#[test]
fn an_error_of_the_peer_is_told_and_ends_nothing() {
    let mut hand = ByHand::connected(rfc());
    let causes = [
        Cause::InvalidStreamIdentifier(StreamId(3)),
        Cause::ProtocolViolation(b"odd"),
        Cause::StaleCookie(millis(1)),
    ];
    hand.say(&[Chunk::Error(OperationError { causes: causes.as_slice().into() })]);
    hand.nothing();
    let events = hand.events();
    assert_eq!(events.len(), 2);
    assert!(matches!(&events[1], Event::PeerError { cause: 13, information }
        if information.as_ref() == b"odd"));
    assert!(hand.end.is_connected());
}

/// Whoever sends these without end is answered at most once each, and nothing grows.
#[test]
fn floods_leave_no_trace() {
    let causes = [Cause::ProtocolViolation(b"again")];
    let error = Chunk::Error(OperationError { causes: causes.as_slice().into() });
    let stale = [Cause::StaleCookie(millis(1))];
    let stale = Chunk::Error(OperationError { causes: stale.as_slice().into() });
    let mut hand = ByHand::closed(rfc());
    let cookie = hand.ask();
    let own = hand.end_tag;
    hand.say(&[Chunk::CookieEcho(CookieEcho { cookie: &cookie })]);
    hand.sent();
    hand.events();
    let init = Chunk::Init(Init(hand.initiation(&[])));
    let ack = Chunk::InitAck(InitAck(hand.initiation(&[])));
    let packets = [
        hand.packet(VerificationTag(0), &[init]),
        hand.packet(own, &[Chunk::CookieEcho(CookieEcho { cookie: &cookie })]),
        hand.packet(own, &[error]),
        hand.packet(own, &[stale]),
        hand.packet(own, &[ack]),
        hand.packet(own, &[Chunk::CookieAck(CookieAck)]),
        hand.packet(own, &[Chunk::Heartbeat(Heartbeat { info: b"info" })]),
        hand.packet(VerificationTag(own.0 ^ 1), &[error]),
    ];
    for packet in packets {
        hand.give(packet.clone());
        hand.sent();
        let before = hand.state_without_discards().len();
        for _ in 0..2000 {
            hand.give(packet.clone());
            assert!(hand.sent().len() <= 1);
            hand.events();
        }
        // Numbers have more or fewer digits; a list would have thousands of entries.
        let after = hand.state_without_discards().len();
        assert!(after.abs_diff(before) < 200, "{before} and then {after}");
    }
    assert!(hand.end.is_connected());
}
