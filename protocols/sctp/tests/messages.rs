//! Messages: cut into chunks, put together, put in order (RFC 9260 sections 3.3.1, 6.5, 6.6 and 6.9).

use icelab_sctp::packet::chunk::{Chunk, Data};
use icelab_sctp::packet::{Ppid, Ssn};
use icelab_sctp::{Config, Message};

use crate::ends::{message, millis};
use crate::script::{Offer, Script, SeenData, data, data_of, rfc};

/// What a packet of 1200 bytes has room for.
const FULL: usize = 1172;

fn script() -> Script {
    Script::new(rfc(), &Offer::default())
}

fn unordered(message: Message) -> Message {
    Message { is_unordered: true, ..message }
}

/// A piece of a message on stream 0.
fn piece(number: u32, ssn: u16, is_beginning: bool, is_ending: bool) -> Chunk<'static> {
    Chunk::Data(Data { is_beginning, is_ending, ..data(number, 0, ssn, b"piece") })
}

#[test]
fn a_long_message_is_cut_into_chunks_with_tsns_in_a_row_and_one_number() {
    for is_unordered in [false, true] {
        let mut script = script();
        script.send(Message { is_unordered, ..message(7, vec![1; 3 * FULL]) });
        script.send(message(7, vec![1; FULL]));
        let data = data_of(script.chunks());
        let seen = |data: &SeenData| {
            (data.tsn, data.is_first, data.is_last, data.is_unordered, data.payload.len())
        };
        let pieces: Vec<_> = data[..3].iter().map(seen).collect();
        let expected = [
            (1, true, false, is_unordered, FULL),
            (2, false, false, is_unordered, FULL),
            (3, false, true, is_unordered, FULL),
        ];
        assert_eq!(pieces, expected);
        assert!(data[..3].iter().all(|data| (data.stream, data.number) == (7, 0)));
        assert_eq!(seen(&data[3]), (4, true, true, false, FULL));
        assert_eq!(data[3].number, u32::from(!is_unordered), "unordered ones do not count");
    }
}

#[test]
fn each_piece_says_what_the_message_is() {
    let mut script = script();
    script.send(Message { ppid: Ppid(0x0102_0304), ..message(7, vec![1; 3 * FULL]) });
    let packets = script.take_bytes();
    // The common header, type, flags, length, TSN, stream, number.
    assert_eq!(packets.len(), 3);
    assert!(packets.iter().all(|packet| packet[24..28] == [1, 2, 3, 4]));
}

#[test]
fn ordered_messages_of_a_stream_are_counted_from_zero_and_the_count_wraps() {
    let mut script = script();
    for expected in 0..65_540 {
        script.send(message(3, vec![1]));
        let data = data_of(script.chunks());
        assert_eq!((data[0].tsn, data[0].number), (expected + 1, expected % 65_536));
        script.sack(expected + 1, 1 << 20, &[]);
    }
    for number in 0..3 {
        script.send(unordered(message(4, vec![1])));
        script.send(message(4, vec![1]));
        let data = data_of(script.chunks());
        assert_eq!(data.last().map(|data| data.number), Some(number), "each has its own");
    }
}

#[test]
fn no_more_is_under_way_than_numbers_can_tell_apart() {
    // Long packets open the window fast; a chunk with a byte counts as 20 bytes.
    let config = Config { mtu: 60_000, largest_mtu: 60_000, ..rfc() };
    let mut script = Script::new(config, &Offer::window(u32::MAX));
    script.send(message(0, vec![1; 20_000_000]));
    let mut acked = 0;
    while acked < script.end_last() {
        script.wait(millis(100));
        for tsn in acked + 1..=script.end_last() {
            script.sack(tsn, u32::MAX, &[]);
            acked = tsn;
        }
    }
    assert!(script.end.stats().congestion_window > 20 * 70_000);
    for _ in 0..70_000 {
        script.send(message(3, vec![1]));
    }
    assert_eq!(script.end_last() - acked, 65_535);
    script.sack(acked + 5, u32::MAX, &[]);
    assert_eq!(script.end_last() - acked, 65_535 + 5);
}

#[test]
fn ordered_messages_wait_for_their_turn_and_those_of_other_streams_do_not() {
    let mut script = script();
    for (tsn, stream, ssn) in [(3, 0, 2), (2, 0, 1), (5, 1, 0), (4, 0, 3)] {
        script.put(&[Chunk::Data(data(tsn, stream, ssn, &[ssn as u8 + 10 * stream as u8]))]);
    }
    assert_eq!(script.read_bytes(), [[10]]);
    script.put(&[Chunk::Data(data(1, 0, 0, &[0]))]);
    assert_eq!(script.read_bytes(), [[0], [1], [2], [3]]);
}

#[test]
fn numbers_of_the_peer_wrap() {
    let mut script = script();
    for number in 1..=65_540_u32 {
        let ssn = Ssn((number - 1) as u16);
        script.put(&[Chunk::Data(Data { ssn, ..data(number, 0, 0, b"x") })]);
    }
    script.wait(millis(200));
    assert_eq!(script.read_bytes().len(), 65_540);
}

#[test]
fn unordered_messages_do_not_wait_and_their_number_says_nothing() {
    let mut script = script();
    let loose = |number, ssn, payload| {
        Chunk::Data(Data { is_unordered: true, ..data(number, 0, ssn, payload) })
    };
    script.put(&[loose(4, 9, b"four")]);
    script.put(&[loose(3, 9, b"three"), Chunk::Data(data(2, 0, 1, b"waits"))]);
    assert_eq!(script.read_bytes(), [&b"four"[..], b"three"]);
    script.put(&[Chunk::Data(data(1, 0, 0, b"zero"))]);
    assert_eq!(script.read_bytes(), [&b"zero"[..], b"waits"]);
    // In pieces they do not wait either.
    let part = |number, is_beginning| {
        let part = Data {
            is_unordered: true,
            is_beginning,
            is_ending: !is_beginning,
            ..data(number, 0, 77, b"part")
        };
        Chunk::Data(part)
    };
    script.put(&[part(7, false)]);
    script.put(&[part(6, true)]);
    assert_eq!(script.read_bytes(), [b"partpart"]);
}

#[test]
fn pieces_are_put_together_in_any_order_and_bundled_or_not() {
    let mut script = script();
    script.put(&[piece(3, 0, false, true), piece(5, 1, false, false)]);
    script.put(&[piece(1, 0, true, false), piece(2, 0, false, false), piece(4, 1, true, false)]);
    assert_eq!(script.read_bytes(), [b"piecepiecepiece"]);
    script.put(&[piece(6, 1, false, true), piece(7, 2, true, true)]);
    assert_eq!(script.read_bytes(), [&b"piecepiecepiece"[..], b"piece"]);
}

#[test]
fn chunks_leave_in_the_order_of_their_tsns() {
    let mut script = script();
    for _ in 0..40 {
        script.send(message(0, vec![1; 50]));
    }
    script.wait(millis(100));
    // Some are lost, and leave again before the next ones.
    let last = script.end_last();
    script.sack(1, 1 << 20, &[(3, 3), (5, 12)]);
    script.wait(millis(100));
    for message in 0..30 {
        script.send(crate::ends::message(1, vec![message; 50]));
    }
    let packets = script.tsns();
    assert!(packets.iter().flatten().any(|tsn| *tsn <= last), "{packets:?}");
    for tsns in packets {
        assert!(tsns.is_sorted(), "{tsns:?}");
    }
}

#[test]
fn a_packet_is_full_with_whole_chunks_and_no_longer() {
    let mut script = Script::new(Config { mtu: 500, largest_mtu: 500, ..rfc() }, &Offer::default());
    script.put_messages([1]);
    // A -> SACK, DATA -> peer: both fit, as do what follows.
    for length in [470, 471, 472, 473, 1, 2, 3, 900] {
        script.send(message(0, vec![1; length]));
    }
    let packets = script.take_bytes();
    assert!(packets.iter().all(|packet| packet.len() <= 500 && packet.len() % 4 == 0));
    assert!(packets.len() >= 3);
}
