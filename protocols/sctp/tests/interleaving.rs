//! I-DATA and I-FORWARD-TSN (RFC 8260 section 2): who uses them when, and how messages are put together.

use std::collections::BTreeMap;
use std::time::Duration;

use icelab_sans_io::Instant;
use icelab_sans_io::testing::LinkModel;
use icelab_sctp::packet::chunk::{
    Chunk, ChunkType, ForwardTsn, Fragment, IData, IForwardTsn, ReConfig, SkippedMid,
};
use icelab_sctp::packet::parameter::{
    OutgoingReset, Parameter, ReconfigurationResponse, ReconfigurationResult,
};
use icelab_sctp::packet::{Fsn, Mid, Ppid, RequestNumber, StreamId};
use icelab_sctp::{CloseReason, Config, Event, Extensions, Message, Reliability, Scheduling};

use crate::ends::{ends_with, message, millis};
use crate::script::{Offer, Script, Seen, SeenData, data, data_of, rfc, tsn, whole};

const WINDOW: u32 = 1 << 20;
/// What an I-DATA chunk has room for in a packet of 1200 bytes.
const FULL: usize = 1168;

fn config() -> Config {
    let extensions = Extensions { interleaving: true, ..Extensions::default() };
    Config { extensions, ..rfc() }
}

fn offer(chunks: &[ChunkType]) -> Offer {
    Offer { extensions: chunks.to_vec(), ..Offer::default() }
}

/// What a peer lists that has all of it.
const ALL: [ChunkType; 4] =
    [ChunkType::FORWARD_TSN, ChunkType::RE_CONFIG, ChunkType::I_DATA, ChunkType::I_FORWARD_TSN];

fn script() -> Script {
    Script::new(config(), &offer(&ALL))
}

/// A fragment of a message on stream 1.
fn piece(number: u32, mid: u32, fsn: u32, is_ending: bool, payload: &[u8]) -> IData<'_> {
    let fragment = if fsn == 0 { Fragment::First(Ppid(51)) } else { Fragment::Later(Fsn(fsn)) };
    IData { is_ending, mid: Mid(mid), fragment, ..whole(&data(number, 1, 0, payload)) }
}

fn put(script: &mut Script, data: IData<'_>) {
    script.put(&[Chunk::IData(data)]);
}

/// Which of the two kinds of chunks with data the packets since the last call hold.
fn kinds(script: &mut Script) -> Vec<u8> {
    script.take_bytes().iter().map(|packet| packet[12]).collect()
}

fn is_violation(script: &mut Script) -> bool {
    let has_abort = script.chunks().contains(&Seen::Other(ChunkType::ABORT));
    let closed = Event::Closed { reason: CloseReason::ProtocolViolation };
    has_abort && script.events().contains(&closed)
}

#[test]
fn i_data_is_used_where_both_list_it_and_data_elsewhere() {
    for (is_wanted, chunks, kind) in [
        (true, &ALL[..], ChunkType::I_DATA),
        (true, &ALL[..2], ChunkType::DATA),
        (false, &ALL[..], ChunkType::DATA),
    ] {
        let extensions = Extensions { interleaving: is_wanted, ..Extensions::default() };
        let mut script = Script::new(Config { extensions, ..rfc() }, &offer(chunks));
        assert_eq!(script.end_extensions.contains(&ChunkType::I_DATA), is_wanted);
        assert_eq!(script.end_extensions.contains(&ChunkType::I_FORWARD_TSN), is_wanted);
        script.send(message(0, vec![1; 10]));
        script.send(Message { is_unordered: true, ..message(1, vec![1; 3000]) });
        let kinds = kinds(&mut script);
        assert!(kinds.len() >= 3 && kinds.iter().all(|one| *one == kind.0), "{kinds:?}");
    }
}

#[test]
fn nobody_interleaves_who_was_not_told_to() {
    assert!(!Config::default().extensions.interleaving);
}

#[test]
fn two_associations_of_one_process_may_differ() {
    let mut scripts = [script(), Script::new(rfc(), &Offer::default())];
    for (script, kind) in scripts.iter_mut().zip([ChunkType::I_DATA, ChunkType::DATA]) {
        script.send(message(0, vec![1; 10]));
        assert_eq!(kinds(script), [kind.0]);
    }
}

#[test]
fn the_chunk_of_the_other_kind_ends_the_association() {
    let mut with = script();
    with.put(&[Chunk::Data(data(1, 0, 0, b"x"))]);
    assert!(is_violation(&mut with));
    let mut without = Script::new(rfc(), &Offer::default());
    put(&mut without, piece(1, 0, 0, true, b"x"));
    assert!(is_violation(&mut without));
}

#[test]
fn the_forward_tsn_of_the_other_kind_ends_the_association() {
    let mut with = script();
    let forward = ForwardTsn { new_cumulative_tsn: tsn(1), skipped: [].as_slice().into() };
    with.put(&[Chunk::ForwardTsn(forward)]);
    assert!(is_violation(&mut with));
    let mut without = Script::new(rfc(), &Offer::default());
    let forward = IForwardTsn { new_cumulative_tsn: tsn(1), skipped: [].as_slice().into() };
    without.put(&[Chunk::IForwardTsn(forward)]);
    assert!(is_violation(&mut without));
}

#[test]
fn the_first_piece_is_marked_and_the_last_and_each_has_its_number() {
    let mut script = script();
    script.send(message(1, vec![1; 2 * FULL + 100]));
    script.send(Message { is_unordered: true, ..message(1, vec![2; 10]) });
    script.send(message(1, vec![3; 10]));
    let seen = |data: SeenData| {
        (data.tsn, data.number, data.fragment, data.is_first, data.is_last, data.is_unordered)
    };
    let data: Vec<_> = data_of(script.chunks()).into_iter().map(seen).collect();
    let expected = [
        (1, 0, 0, true, false, false),
        (2, 0, 1, false, false, false),
        (3, 0, 2, false, true, false),
        (4, 0, 0, true, true, true),
        (5, 1, 0, true, true, false),
    ];
    assert_eq!(data, expected);
}

#[test]
fn a_stream_sends_one_message_at_a_time_and_streams_take_turns() {
    let mut script = script();
    for stream in [1, 1, 2] {
        script.send(message(stream, vec![1; 5 * FULL]));
    }
    let mut data = Vec::new();
    for _ in 0..10 {
        data.extend(data_of(script.chunks()));
        script.wait(millis(100));
        let last = data.last().map_or(0, |data: &SeenData| data.tsn);
        script.sack(last, WINDOW, &[]);
    }
    let first: Vec<_> = data.iter().filter(|data| data.stream == 1).collect();
    let order: Vec<_> = first.iter().map(|data| (data.number, data.fragment)).collect();
    let expected: Vec<_> = (0..2).flat_map(|mid| (0..5).map(move |fsn| (mid, fsn))).collect();
    assert_eq!(order, expected);
    let switches = data.windows(2).filter(|two| two[0].stream != two[1].stream).count();
    assert!(switches >= 8, "{switches}");
}

#[test]
fn windows_hold_for_i_data_too() {
    let mut script = Script::new(config(), &Offer { window: 3000, ..offer(&ALL) });
    script.send(message(1, vec![1; 20 * FULL]));
    let sent: usize = data_of(script.chunks()).iter().map(|data| data.payload.len()).sum();
    assert!(sent <= 3000, "{sent}");
    let mut script = self::script();
    script.send(message(1, vec![1; 20 * FULL]));
    assert_eq!(script.tsns().len(), 4);
}

#[test]
fn a_message_is_put_together_by_its_numbers_whatever_the_tsns_are() {
    let mut script = script();
    // Two ordered messages and an unordered one alternate on one stream, and TSNs go backwards.
    let chunks = [
        piece(9, 0, 0, false, b"a"),
        piece(8, 0, 1, false, b"b"),
        piece(7, 1, 0, false, b"x"),
        IData { is_unordered: true, ..piece(6, 0, 1, true, b"2") },
        piece(5, 0, 2, true, b"c"),
        IData { is_unordered: true, ..piece(4, 0, 0, false, b"1") },
        piece(3, 1, 1, true, b"y"),
    ];
    for chunk in chunks {
        put(&mut script, chunk);
    }
    assert_eq!(script.read_bytes(), [&b"abc"[..], b"12", b"xy"]);
}

#[test]
fn streams_do_not_wait_for_each_other() {
    let mut script = script();
    put(&mut script, piece(1, 0, 0, false, b"a"));
    put(&mut script, IData { stream: StreamId(2), ..piece(2, 0, 0, true, b"z") });
    put(&mut script, IData { is_unordered: true, ..piece(3, 0, 0, true, b"u") });
    assert_eq!(script.read_bytes(), [b"z", b"u"]);
}

#[test]
fn reserved_bits_do_not_matter() {
    let mut script = script();
    let mut packet = script.packet(&[Chunk::IData(piece(1, 0, 0, true, b"x"))]);
    // Behind the common header: type, flags, length, TSN, stream, reserved.
    packet[13] |= 0xF0;
    packet[22..24].fill(0xFF);
    script.put_bytes(Script::with_checksum(packet));
    assert_eq!(script.read_bytes(), [b"x"]);
    let skipped = [SkippedMid { stream: StreamId(1), is_unordered: false, mid: Mid(1) }];
    let skipped = skipped.as_slice().into();
    let forward = IForwardTsn { new_cumulative_tsn: tsn(2), skipped };
    let mut packet = script.packet(&[Chunk::IForwardTsn(forward)]);
    // Type, flags, length, TSN, stream, reserved and the U bit.
    packet[13] = 0xFF;
    packet[22..24].copy_from_slice(&[0xFF, 0xFE]);
    script.put_bytes(Script::with_checksum(packet));
    put(&mut script, piece(3, 2, 0, true, b"y"));
    assert_eq!(script.read_bytes(), [b"y"]);
}

#[test]
fn reserved_bits_are_zero() {
    let mut script = script();
    script
        .send(Message { reliability: Reliability::Retransmissions(0), ..message(1, vec![1; 10]) });
    let sent = script.take_bytes();
    assert_eq!(sent[0][13] & 0xF0, 0);
    assert_eq!(sent[0][22..24], [0, 0]);
    script.wait(millis(1100));
    let sent = script.take_bytes();
    let forward = sent.iter().rfind(|packet| packet[12] == ChunkType::I_FORWARD_TSN.0).unwrap();
    assert_eq!((forward[13], &forward[22..24]), (0, &[0, 0][..]));
}

#[test]
fn what_is_given_up_is_told_by_i_forward_tsn_for_ordered_and_unordered_messages_apart() {
    let mut script = script();
    let once = Message { reliability: Reliability::Retransmissions(0), ..message(1, vec![1; 10]) };
    script.send(once.clone());
    script.send(Message { is_unordered: true, ..once.clone() });
    script.send(Message { is_unordered: true, ..once });
    script.wait(millis(1100));
    let packets = script.take_bytes();
    assert!(packets.iter().all(|packet| packet[12] != ChunkType::FORWARD_TSN.0));
    script.wait(millis(2100));
    let expected = Seen::Forward { to: 3, skipped: vec![(1, false, 0), (1, true, 1)] };
    assert_eq!(script.chunks(), [expected]);
}

#[test]
fn nothing_is_given_up_where_the_peer_interleaves_and_knows_no_i_forward_tsn() {
    let chunks = [ChunkType::FORWARD_TSN, ChunkType::I_DATA];
    let mut script = Script::new(config(), &offer(&chunks));
    script
        .send(Message { reliability: Reliability::Retransmissions(0), ..message(1, vec![1; 10]) });
    script.wait(millis(5000));
    let kinds = kinds(&mut script);
    assert!(kinds.len() > 2 && kinds.iter().all(|kind| *kind == ChunkType::I_DATA.0), "{kinds:?}");
    // Where nobody interleaves, FORWARD TSN is enough.
    let chunks = [ChunkType::FORWARD_TSN];
    let mut script = Script::new(config(), &offer(&chunks));
    script
        .send(Message { reliability: Reliability::Retransmissions(0), ..message(1, vec![1; 10]) });
    script.wait(millis(1100));
    assert!(self::kinds(&mut script).contains(&ChunkType::FORWARD_TSN.0));
}

#[test]
fn what_the_peer_skips_is_skipped_for_ordered_and_unordered_messages_apart() {
    let mut script = script();
    let unordered = |piece| IData { is_unordered: true, ..piece };
    put(&mut script, piece(1, 0, 0, false, b"a"));
    put(&mut script, unordered(piece(2, 0, 0, false, b"1")));
    put(&mut script, piece(5, 1, 0, true, b"next"));
    let skip = |is_unordered| SkippedMid { stream: StreamId(1), is_unordered, mid: Mid(0) };
    let skipped = [skip(false)];
    let skipped = skipped.as_slice().into();
    script.put(&[Chunk::IForwardTsn(IForwardTsn { new_cumulative_tsn: tsn(3), skipped })]);
    assert_eq!(script.read_bytes(), [b"next"]);
    // The unordered message was not skipped.
    put(&mut script, unordered(piece(4, 0, 1, true, b"2")));
    assert_eq!(script.read_bytes(), [b"12"]);
    put(&mut script, unordered(piece(6, 5, 0, false, b"1")));
    put(&mut script, unordered(piece(8, 5, 2, true, b"3")));
    let skipped = [SkippedMid { mid: Mid(5), ..skip(true) }];
    let skipped = skipped.as_slice().into();
    script.put(&[Chunk::IForwardTsn(IForwardTsn { new_cumulative_tsn: tsn(7), skipped })]);
    put(&mut script, piece(9, 2, 0, true, b"last"));
    assert_eq!(script.read_bytes(), [b"last"]);
}

#[test]
fn both_counts_begin_at_zero_after_a_reset() {
    let mut script = script();
    let both = [message(1, vec![1; 10]), Message { is_unordered: true, ..message(1, vec![1; 10]) }];
    both.iter().for_each(|message| script.send(message.clone()));
    script.end.reset_streams(&[StreamId(1)], script.now).unwrap();
    script.chunks();
    let request = RequestNumber(script.end_tsn(1).0);
    let answer = ReconfigurationResponse {
        response: request,
        result: ReconfigurationResult::PERFORMED,
        next_tsns: None,
    };
    re_config(&mut script, Parameter::ReconfigurationResponse(answer));
    both.iter().for_each(|message| script.send(message.clone()));
    let numbers: Vec<_> = data_of(script.chunks()).iter().map(|data| data.number).collect();
    assert_eq!(numbers, [0, 0]);
    // So do those of the peer's.
    put(&mut script, piece(1, 0, 0, true, b"a"));
    put(&mut script, IData { is_unordered: true, ..piece(2, 7, 0, true, b"b") });
    let streams = [StreamId(1)];
    let reset = OutgoingReset {
        request: RequestNumber(tsn(0).0),
        response: request,
        last_assigned_tsn: tsn(2),
        streams: streams.as_slice().into(),
    };
    re_config(&mut script, Parameter::OutgoingReset(reset));
    put(&mut script, piece(3, 0, 0, true, b"c"));
    put(&mut script, IData { is_unordered: true, ..piece(4, 0, 0, false, b"d") });
    put(&mut script, IData { is_unordered: true, ..piece(5, 0, 1, true, b"e") });
    assert_eq!(script.read_bytes(), [&b"a"[..], b"b"]);
    assert_eq!(script.read_bytes(), [&b"c"[..], b"de"]);
}

fn re_config(script: &mut Script, parameter: Parameter<'_>) {
    let parameters = [parameter];
    let chunk = ReConfig { parameters: parameters.as_slice().into() };
    script.put(&[Chunk::ReConfig(chunk)]);
}

#[test]
fn parts_of_several_messages_may_be_read_in_turn() {
    let mut script = Script::new(Config { partial_delivery: 4, ..config() }, &offer(&ALL));
    put(&mut script, piece(1, 0, 0, false, b"one "));
    put(&mut script, IData { stream: StreamId(2), ..piece(2, 0, 0, false, b"two ") });
    put(&mut script, piece(3, 0, 1, true, b"end"));
    put(&mut script, IData { stream: StreamId(2), ..piece(4, 0, 1, true, b"end") });
    let read: Vec<_> =
        script.read().iter().map(|part| (part.stream.0, part.payload.len())).collect();
    assert_eq!(read, [(1, 4), (2, 4), (1, 3), (2, 3)]);
}

/// Beginnings of so many messages that there is no room for the end of any: they are handed over in parts
/// (RFC 9260 section 6.9), though each is short.
#[test]
fn messages_that_fill_the_window_together_are_handed_over_in_parts() {
    for is_unordered in [false, true] {
        let sender = Config { scheduling: Scheduling::RoundRobin, ..config() };
        let reader = Config { receive_buffer: 12_000, reordering_buffer: 1000, ..config() };
        let mut pair = ends_with(sender, reader, LinkModel::delayed(millis(25)), 1);
        pair.a.connect(Instant::START);
        pair.drive_for(Duration::from_secs(1));
        // A -> I-DATA: a packet of each message, and another, and another -> Z
        let now = pair.now();
        for stream in 0..8 {
            let one = message(stream, vec![stream as u8; 5000]);
            pair.a.send(Message { is_unordered, ..one }, now).unwrap();
        }
        let mut read = BTreeMap::<_, Vec<u8>>::new();
        for _ in 0..100 {
            pair.drive_for(millis(100));
            let now = pair.now();
            while let Some(received) = pair.z.receive(now) {
                let bytes = received.payload.into_bytes();
                read.entry(received.stream).or_default().extend_from_slice(&bytes);
            }
        }
        let expected = (0..8).map(|stream| (StreamId(stream), vec![stream as u8; 5000]));
        assert!(read.into_iter().eq(expected), "unordered: {is_unordered}");
    }
}
