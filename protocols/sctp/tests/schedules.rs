//! Whose turn it is among the streams (RFC 8260 section 3).

use icelab_sctp::packet::chunk::ChunkType;
use icelab_sctp::{Config, Extensions, Scheduling};

use crate::ends::{message, millis};
use crate::script::{Offer, Script, data_of, rfc};

/// Stream and payload length of the chunks in the order in which they leave: of these messages, given
/// before any can leave.
fn order(
    scheduling: Scheduling,
    interleaving: bool,
    priorities: &[(u16, u16)],
    given: &[(u16, usize)],
) -> Vec<(u16, usize)> {
    let extensions = Extensions { interleaving, ..Extensions::default() };
    let chunks = [ChunkType::FORWARD_TSN, ChunkType::I_DATA, ChunkType::I_FORWARD_TSN];
    let offer = Offer { extensions: chunks.to_vec(), ..Offer::default() };
    let mut script = Script::new(Config { scheduling, extensions, ..rfc() }, &offer);
    for (stream, priority) in priorities {
        script.end.set_priority(icelab_sctp::StreamId(*stream), *priority);
    }
    script.sack(0, 0, &[]);
    for (stream, length) in given {
        script.send(message(*stream, vec![1; *length]));
    }
    let mut order = Vec::new();
    for _ in 0..60 {
        let last = script.end_last();
        script.sack(last, 1 << 20, &[]);
        let data = data_of(script.chunks());
        order.extend(data.iter().map(|data| (data.stream, data.payload.len())));
        script.wait(millis(100));
        let until = data.last().map_or(last, |data| data.tsn);
        script.sack(until, 0, &[]);
    }
    order
}

fn streams(order: &[(u16, usize)]) -> Vec<u16> {
    order.iter().map(|(stream, _)| *stream).collect()
}

fn bytes(order: &[(u16, usize)], stream: u16) -> usize {
    order.iter().filter(|(one, _)| *one == stream).map(|(_, bytes)| bytes).sum()
}

/// Three messages of two packets each on every stream, stream by stream.
fn three_each(ids: &[u16]) -> Vec<(u16, usize)> {
    ids.iter().flat_map(|id| [(*id, 2 * 1172); 3]).collect()
}

#[test]
fn first_come_is_first_served() {
    let given = [(3, 900), (1, 900), (3, 900), (2, 900)];
    let order = order(Scheduling::FirstComeFirstServed, false, &[], &given);
    assert_eq!(streams(&order), [3, 1, 3, 2]);
}

#[test]
fn streams_take_turns_by_messages_or_with_interleaving_by_fragments() {
    let given = three_each(&[1, 2]);
    let by_messages = streams(&order(Scheduling::RoundRobin, false, &[], &given));
    assert_eq!(by_messages[..8], [1, 1, 2, 2, 1, 1, 2, 2]);
    let by_fragments = streams(&order(Scheduling::RoundRobin, true, &[], &given));
    assert_eq!(by_fragments[..6], [1, 2, 1, 2, 1, 2]);
}

#[test]
fn the_stream_of_the_highest_priority_goes_first() {
    let given = three_each(&[1, 2, 3]);
    let order = order(Scheduling::Priority, false, &[(1, 128), (2, 512), (3, 256)], &given);
    let mut streams = streams(&order);
    streams.dedup();
    assert_eq!(streams, [2, 3, 1]);
}

#[test]
fn streams_with_messages_of_any_length_get_as_many_bytes() {
    let given: Vec<_> = (0..60).map(|_| (1, 300)).chain((0..15).map(|_| (2, 1100))).collect();
    let order = order(Scheduling::FairCapacity, false, &[(1, 1024), (2, 128)], &given);
    let half = &order[..order.len() / 2];
    let (one, two) = (bytes(half, 1), bytes(half, 2));
    assert!(one.abs_diff(two) <= 1200, "{one} and {two}");
}

#[test]
fn streams_get_bytes_in_proportion_to_their_priorities() {
    for interleaving in [false, true] {
        let given: Vec<_> = (0..40).map(|_| (1, 500)).chain((0..40).map(|_| (2, 1000))).collect();
        let order = order(Scheduling::WeightedFair, interleaving, &[(1, 256), (2, 512)], &given);
        let part = &order[..30];
        let (one, two) = (bytes(part, 1), bytes(part, 2));
        assert!(two.abs_diff(2 * one) <= 2 * 1100, "{one} and {two}");
    }
    assert_eq!(Config::default().scheduling, Scheduling::WeightedFair);
}
