//! What the peer gives up: FORWARD TSN as it arrives (RFC 3758 section 3.6).

use icelab_sctp::packet::chunk::{Chunk, ChunkType, Data, ForwardTsn, SkippedSsn};
use icelab_sctp::packet::{Ssn, StreamId};
use icelab_sctp::{Config, Discard, Extensions, Part};

use crate::ends::millis;
use crate::script::{Offer, Script, Seen, data, tsn};

fn script() -> Script {
    Script::new(Config::default(), &Offer::default())
}

/// FORWARD TSN, with a stream and a number for each message that is skipped.
fn forward(script: &mut Script, to: u32, skipped: &[(u16, u16)]) {
    let skipped: Vec<_> = skipped
        .iter()
        .map(|(stream, ssn)| SkippedSsn { stream: StreamId(*stream), ssn: Ssn(*ssn) })
        .collect();
    let skipped = skipped.as_slice().into();
    script.put(&[Chunk::ForwardTsn(ForwardTsn { new_cumulative_tsn: tsn(to), skipped })]);
}

fn piece(number: u32, ssn: u16, is_first: bool, is_last: bool) -> Data<'static> {
    Data { is_beginning: is_first, is_ending: is_last, ..data(number, 0, ssn, b"piece") }
}

/// The cumulative TSN and the gaps of each SACK since the last call.
fn sacks(script: &mut Script) -> Vec<(u32, Vec<(u16, u16)>)> {
    let told = |chunk| match chunk {
        Seen::Sack { cumulative, gaps, .. } => Some((cumulative, gaps)),
        _ => None,
    };
    script.chunks().into_iter().filter_map(told).collect()
}

/// The window that the last SACK tells.
fn window(script: &mut Script) -> Option<u32> {
    let told = |chunk| if let Seen::Sack { window, .. } = chunk { Some(window) } else { None };
    script.chunks().into_iter().rev().find_map(told)
}

/// An end whose window shrinks by whatever waits.
fn narrow() -> Script {
    let config = Config { receive_buffer: 10_000, reordering_buffer: 0, ..Config::default() };
    Script::new(config, &Offer::default())
}

#[test]
fn what_is_skipped_counts_as_received_and_what_has_arrived_behind_it_too() {
    let mut script = script();
    // A <- DATA(1), DATA(3), DATA(4), DATA(6) <- peer
    script.put_messages([1, 3, 4, 6]);
    assert_eq!(sacks(&mut script).last(), Some(&(1, vec![(2, 3), (5, 5)])));
    // A <- FORWARD TSN(2) <- peer
    // A -> SACK(4), and 6 -> peer
    forward(&mut script, 2, &[(0, 1)]);
    assert_eq!(sacks(&mut script), [(4, vec![(2, 2)])]);
    forward(&mut script, 5, &[(0, 4)]);
    assert_eq!(sacks(&mut script), [(6, vec![])]);
    assert_eq!(script.read_bytes(), [1_u32, 3, 4, 6].map(|tsn| tsn.to_be_bytes()));
    // What was skipped and comes all the same is a duplicate.
    script.put_messages([2]);
    assert_eq!(script.end.discards().count(Discard::Duplicate), 1);
    assert_eq!(script.read_bytes().len(), 0);
}

#[test]
fn an_old_forward_tsn_changes_nothing_and_is_answered() {
    let mut script = script();
    script.put_messages([1, 2, 3, 5]);
    script.chunks();
    for to in [0, 2, 3] {
        forward(&mut script, to, &[(0, 9)]);
        assert_eq!(sacks(&mut script), [(3, vec![(2, 2)])], "{to}");
    }
    script.put_messages([4]);
    assert_eq!(script.read_bytes().len(), 5);
}

#[test]
fn what_waits_behind_a_skipped_message_is_handed_over_at_once() {
    let mut script = script();
    script.put(&[Chunk::Data(data(2, 0, 1, b"two")), Chunk::Data(data(4, 7, 3, b"four"))]);
    script.put(&[Chunk::Data(data(6, 7, 5, b"six"))]);
    assert_eq!(script.read_bytes().len(), 0);
    // On stream 0 message 0 is skipped, on stream 7 all up to message 3: that one has arrived.
    forward(&mut script, 3, &[(0, 0), (7, 3)]);
    assert_eq!(script.read_bytes(), [b"two".to_vec(), b"four".to_vec()]);
    forward(&mut script, 5, &[(7, 4)]);
    assert_eq!(script.read_bytes(), [b"six".to_vec()]);
    assert_eq!(sacks(&mut script).last(), Some(&(6, vec![])));
}

#[test]
fn a_message_that_lacks_a_piece_is_thrown_away() {
    let mut script = narrow();
    script.put(&[Chunk::Data(piece(1, 0, true, false))]);
    script.put(&[Chunk::Data(piece(3, 0, false, true))]);
    let before = window(&mut script).unwrap();
    // A <- FORWARD TSN(3) <- peer
    forward(&mut script, 3, &[(0, 0)]);
    assert!(before < 10_000);
    assert_eq!(window(&mut script), Some(10_000));
    script.put(&[Chunk::Data(piece(4, 1, true, false))]);
    assert_eq!(script.read_bytes().len(), 0);
    script.put(&[Chunk::Data(piece(5, 1, false, true))]);
    assert_eq!(script.read_bytes(), [b"piecepiece"]);
}

#[test]
fn a_message_without_order_that_lacks_a_piece_is_thrown_away() {
    let mut script = narrow();
    let piece = |number, is_first, is_last| {
        Chunk::Data(Data { is_unordered: true, ..piece(number, 0, is_first, is_last) })
    };
    script.put(&[piece(1, true, false)]);
    script.put(&[piece(4, true, false)]);
    forward(&mut script, 3, &[]);
    // A <- DATA(5), the end of the second message <- peer
    script.put(&[piece(5, false, true)]);
    assert_eq!(script.read_bytes(), [b"piecepiece"]);
    // What would have ended the first one is of no use, and nothing of that one is kept.
    script.put(&[piece(2, false, true)]);
    assert_eq!(script.read_bytes().len(), 0);
    assert_eq!(window(&mut script), Some(10_000));
}

#[test]
fn what_was_read_of_a_message_that_is_skipped_is_void() {
    let config = Config { partial_delivery: 4, ..Config::default() };
    let mut script = Script::new(config, &Offer::default());
    script.put(&[Chunk::Data(piece(1, 0, true, false))]);
    let read = script.read();
    assert_eq!((read.len(), read[0].part), (1, Part::First));
    forward(&mut script, 2, &[(0, 0)]);
    let read = script.read();
    assert_eq!((read.len(), read[0].part), (1, Part::Void));
    script.put(&[Chunk::Data(data(3, 0, 1, b"next"))]);
    assert_eq!(script.read_bytes(), [b"next"]);
}

#[test]
fn a_forward_tsn_is_acknowledged_once_like_data() {
    let mut script = script();
    // Alone, and with data in its packet.
    forward(&mut script, 1, &[(0, 0)]);
    script.wait(millis(200));
    assert_eq!(sacks(&mut script), [(1, vec![])]);
    let skip = ForwardTsn { new_cumulative_tsn: tsn(2), skipped: [].as_slice().into() };
    script.put(&[Chunk::ForwardTsn(skip), Chunk::Data(data(3, 1, 0, b"x"))]);
    script.wait(millis(200));
    assert_eq!(sacks(&mut script), [(3, vec![])]);
}

#[test]
fn what_was_not_agreed_on_is_reported_and_changes_nothing() {
    let config = Config { extensions: Extensions::NONE, ..Config::default() };
    let mut script = Script::new(config, &Offer::default());
    script.put_messages([1]);
    // A <- FORWARD TSN(5) <- peer
    // A -> ERROR -> peer
    forward(&mut script, 5, &[(0, 4)]);
    assert!(script.chunks().contains(&Seen::Other(ChunkType::ERROR)));
    script.put_messages([2]);
    script.wait(millis(200));
    assert_eq!(sacks(&mut script), [(2, vec![])]);
    assert_eq!(script.read_bytes().len(), 2);
}
