//! Messages that are given up (RFC 3758 sections 3.5 and 4.1): what the sender does, and what it tells.

use icelab_sctp::packet::chunk::ChunkType;
use icelab_sctp::packet::{Ppid, StreamId};
use icelab_sctp::{Event, Message, Reliability};

use crate::ends::{message, millis};
use crate::script::{Offer, RTT, Script, Seen, data_of, rfc};

const WINDOW: u32 = 1 << 20;
/// What a packet of 1200 bytes has room for,
const FULL: usize = 1172;
/// and what that makes under way.
const CHUNK: usize = 1188;
/// A FORWARD TSN that says nothing new, to get an answer.
const QUESTION: Seen = Seen::Forward { to: 0, skipped: Vec::new() };

fn script() -> Script {
    Script::new(rfc(), &Offer::default())
}

/// A message that is not sent again.
fn once(stream: u16, length: usize) -> Message {
    let reliability = Reliability::Retransmissions(0);
    Message { reliability, ..message(stream, vec![1; length]) }
}

/// A message that lasts so long.
fn lasting(life: u64, length: usize) -> Message {
    Message { reliability: Reliability::Lifetime(millis(life)), ..message(0, vec![1; length]) }
}

fn forward(to: u32, skipped: &[(u16, bool, u32)]) -> Seen {
    Seen::Forward { to, skipped: skipped.to_vec() }
}

/// The FORWARD TSNs among chunks.
fn forwards(chunks: &[Seen]) -> Vec<Seen> {
    chunks.iter().filter(|chunk| matches!(chunk, Seen::Forward { .. })).cloned().collect()
}

/// The events since the last call, but for those of the buffer.
fn news(script: &mut Script) -> Vec<Event> {
    let mut events = script.events();
    events.retain(|event| !matches!(event, Event::BufferedAmountLow { .. }));
    events
}

fn given_up(stream: u16) -> Event {
    Event::GivenUp { stream: StreamId(stream), ppid: Ppid(51) }
}

#[test]
fn a_message_whose_time_is_over_before_it_leaves_gets_no_tsn() {
    let mut script = script();
    script.send(message(0, vec![1; 4 * FULL]));
    script.send(lasting(50, 100));
    script.send(message(0, vec![2; 10]));
    // A -> DATA(1) to DATA(4) -> peer
    assert_eq!(script.tsns(), [[1], [2], [3], [4]]);
    script.wait(RTT);
    // A <- SACK(4) <- peer
    // A -> DATA(5), the next message -> peer
    script.sack(4, WINDOW, &[]);
    let chunks = script.chunks();
    assert_eq!(forwards(&chunks), []);
    let data = data_of(chunks);
    assert_eq!(data.len(), 1);
    assert_eq!((data[0].tsn, data[0].number, &data[0].payload[..]), (5, 1, &[2; 10][..]));
    assert_eq!(news(&mut script), [given_up(0)]);
}

#[test]
fn until_its_time_is_over_a_message_is_repeated_like_any_other() {
    let mut script = script();
    script.send(lasting(3500, 100));
    assert_eq!(script.tsns(), [[1]]);
    script.wait(millis(3400));
    let chunks = script.chunks();
    assert_eq!(forwards(&chunks), []);
    let data = data_of(chunks);
    assert!(data.len() >= 2 && data.iter().all(|data| data.tsn == 1), "{data:?}");
    assert_eq!(news(&mut script), []);
    // A /lost/ all of them
    script.wait(millis(20_000));
    let chunks = script.chunks();
    assert_eq!(forwards(&chunks).first(), Some(&forward(1, &[(0, false, 0)])));
    assert_eq!(data_of(chunks), []);
    assert_eq!(news(&mut script), [given_up(0)]);
}

#[test]
fn nothing_is_repeated_when_its_time_is_over_not_even_to_get_an_answer() {
    let mut script = script();
    script.send(lasting(50, 100));
    assert_eq!(script.tsns(), [[1]]);
    script.wait(millis(3000));
    let chunks = script.chunks();
    assert_eq!(forwards(&chunks)[..2], [QUESTION, forward(1, &[(0, false, 0)])]);
    assert_eq!(data_of(chunks), []);
    assert_eq!(news(&mut script), [given_up(0)]);
}

#[test]
fn a_message_that_may_not_be_repeated_leaves_once() {
    let mut script = script();
    script.send(once(0, 100));
    assert_eq!(script.tsns(), [[1]]);
    script.wait(millis(900));
    assert_eq!(script.tsns(), crate::script::NO_TSNS);
    script.wait(millis(2000));
    let chunks = script.chunks();
    assert_eq!(forwards(&chunks).first(), Some(&forward(1, &[(0, false, 0)])));
    assert_eq!(data_of(chunks), []);
}

#[test]
fn all_pieces_of_a_message_are_given_up_together() {
    let mut script = script();
    script.grow(10);
    let last = script.end_last();
    script.send(once(1, 6 * FULL));
    // A -> DATA: four pieces, and then two -> peer
    script.wait(millis(50));
    script.sack(last, WINDOW, &[]);
    assert_eq!(script.tsns().len(), 6);
    script.wait(millis(50));
    // A <- SACK: the second piece is lost, the last one is under way <- peer
    // A -> FORWARD TSN: beyond all of them -> peer
    script.sack(last + 1, WINDOW, &[(2, 4)]);
    assert_eq!(script.chunks(), [forward(last + 6, &[(1, false, 0)])]);
    assert_eq!(news(&mut script), [given_up(1)]);
    assert_eq!(script.end.stats().in_flight, 0);
}

#[test]
fn a_message_of_which_all_that_left_has_arrived_is_given_up_with_a_tsn_for_the_rest() {
    let mut script = script();
    script.send(lasting(150, 10 * FULL));
    script.send(message(0, vec![2; 10]));
    assert_eq!(script.tsns(), [[1], [2], [3], [4]]);
    // A <- SACK(4) <- peer, later than the message lasts
    script.wait(millis(200));
    script.sack(4, WINDOW, &[]);
    // A -> FORWARD TSN(5) -> peer, or it would wait for the fifth piece for ever
    let chunks = script.chunks();
    assert_eq!(forwards(&chunks), [forward(5, &[(0, false, 0)])]);
    let data = data_of(chunks);
    assert_eq!(data.len(), 1);
    assert_eq!((data[0].tsn, data[0].number, &data[0].payload[..]), (6, 1, &[2; 10][..]));
    assert_eq!(news(&mut script), [given_up(0)]);
    script.sack(6, WINDOW, &[]);
    script.wait(millis(10_000));
    assert_eq!(script.chunks(), []);
}

#[test]
fn a_chunk_that_is_given_up_is_no_longer_under_way_and_earns_no_window() {
    let mut script = script();
    script.send(once(0, FULL));
    assert_eq!(script.end.stats().in_flight, CHUNK);
    assert_eq!(script.end.stats().congestion_window, 4404);
    // The timer expires: the loss counts as any other does.
    script.wait(millis(1100));
    assert_eq!(script.end.stats().in_flight, 0);
    assert_eq!(script.end.stats().congestion_window, CHUNK);
    let first = script.chunks();
    assert_eq!(forwards(&first), [QUESTION, forward(1, &[(0, false, 0)])]);
    // A <- SACK(1) <- peer
    script.sack(1, WINDOW, &[]);
    assert_eq!(script.end.stats().congestion_window, CHUNK);
    script.wait(millis(10_000));
    assert_eq!(script.chunks(), []);
}

#[test]
fn the_peer_is_told_until_it_says_that_it_knows() {
    let mut script = script();
    script.send(once(0, 100));
    script.wait(millis(1100));
    assert_eq!(forwards(&script.chunks()), [QUESTION, forward(1, &[(0, false, 0)])]);
    // A -> FORWARD TSN(1) /lost/ peer: the retransmission timer runs.
    assert!(script.wait_for_packet(millis(2500)).is_some());
    assert_eq!(script.chunks(), [forward(1, &[(0, false, 0)])]);
    // A <- SACK(0) <- peer, a round trip later: it does not know yet.
    script.wait(2 * RTT);
    script.sack(0, WINDOW, &[]);
    assert_eq!(script.chunks(), [forward(1, &[(0, false, 0)])]);
    script.sack(1, WINDOW, &[]);
    script.wait(millis(100_000));
    assert_eq!(script.chunks(), []);
}

#[test]
fn a_sack_that_lags_behind_what_was_given_up_is_read() {
    let mut script = script();
    script.send(once(0, 100));
    script.wait(millis(1100));
    assert_eq!(forwards(&script.chunks()), [QUESTION, forward(1, &[(0, false, 0)])]);
    script.send(message(0, vec![1; 100]));
    assert_eq!(script.tsns(), [[2]]);
    // A <- SACK(0, and 2) <- peer, before FORWARD TSN(1) has come to it
    script.sack(0, WINDOW, &[(2, 2)]);
    assert_eq!(script.end.stats().in_flight, 0);
    // An older one is one with a lower cumulative TSN than the last.
    script.sack(2, WINDOW, &[]);
    script.sack(1, 0, &[]);
    assert_eq!(script.end.stats().peer_window, WINDOW as usize);
}

#[test]
fn the_last_ordered_message_of_each_stream_is_named_and_no_unordered_one() {
    let mut script = script();
    for message in [once(1, 10), once(3, 10), once(1, 10)] {
        script.send(message);
    }
    script.send(Message { is_unordered: true, ..once(5, 10) });
    script.send(Message { is_unordered: true, ..once(1, 10) });
    script.wait(millis(1100));
    let expected = forward(5, &[(1, false, 1), (3, false, 0)]);
    assert_eq!(forwards(&script.chunks()), [QUESTION, expected]);
}

#[test]
fn nothing_is_given_up_where_the_peer_cannot_be_told() {
    let offer = Offer { extensions: vec![ChunkType::RE_CONFIG], ..Offer::default() };
    let mut script = Script::new(rfc(), &offer);
    script.send(once(0, 100));
    script.send(lasting(1, 100));
    script.wait(millis(30_000));
    let chunks = script.chunks();
    assert_eq!(forwards(&chunks), []);
    let data = data_of(chunks);
    assert!(data.iter().filter(|data| data.tsn == 1).count() > 3);
    assert!(data.iter().filter(|data| data.tsn == 2).count() > 3);
    assert_eq!(news(&mut script), []);
}

#[test]
fn a_message_that_is_to_arrive_is_never_given_up() {
    let mut script = script();
    script.send(message(0, vec![1; 100]));
    script.wait(millis(60_000));
    let chunks = script.chunks();
    assert_eq!(forwards(&chunks), []);
    assert!(data_of(chunks).len() > 4);
}

#[test]
fn the_peer_is_told_at_once_and_again_while_it_does_not_know() {
    let mut script = script();
    script.grow(10);
    let last = script.end_last();
    script.send(once(1, FULL));
    for _ in 0..4 {
        script.send(message(2, vec![1; FULL]));
    }
    script.end_last();
    script.wait(RTT);
    script.sack(last, WINDOW, &[(2, 5)]);
    assert_eq!(script.chunks(), [forward(last + 1, &[(1, false, 0)])]);
    // With a lower cumulative TSN the peer hears it again, within 200 ms.
    for _ in 0..5 {
        script.wait(millis(200));
        script.sack(last, WINDOW, &[(2, 5)]);
        assert_eq!(script.chunks(), [forward(last + 1, &[(1, false, 0)])]);
    }
}

#[test]
fn on_a_long_path_the_peer_is_told_again_within_half_a_second() {
    let mut script = script();
    let mut last = script.grow(10);
    while script.end.stats().smoothed_rtt < millis(700) {
        script.send(message(0, vec![1; 10]));
        script.wait(script.end.stats().smoothed_rtt * 3 / 2);
        last = script.end_last();
        script.sack(last, WINDOW, &[]);
    }
    script.chunks();
    script.send(once(1, FULL));
    for _ in 0..3 {
        script.send(message(2, vec![1; FULL]));
    }
    script.end_last();
    script.wait(millis(700));
    script.sack(last, WINDOW, &[(2, 4)]);
    assert_eq!(script.chunks(), [forward(last + 1, &[(1, false, 0)])]);
    script.wait(millis(300));
    script.sack(last, WINDOW, &[(2, 4)]);
    assert_eq!(script.chunks(), [forward(last + 1, &[(1, false, 0)])]);
}

#[test]
fn the_timer_runs_for_forward_tsn_where_nothing_else_is_under_way() {
    let mut script = script();
    script.send(lasting(150, 10 * FULL));
    script.wait(millis(200));
    script.end_last();
    script.sack(4, WINDOW, &[]);
    assert_eq!(script.chunks(), [forward(5, &[(0, false, 0)])]);
    // A -> FORWARD TSN(5) /lost/ peer
    assert!(script.wait_for_packet(millis(1100)).is_some());
    assert_eq!(script.chunks(), [forward(5, &[(0, false, 0)])]);
}

/// Nothing may be sent again to get an answer, and nothing new waits: a FORWARD TSN that is out of date is
/// answered too (RFC 3758 section 3.6).
#[test]
fn where_nothing_may_be_repeated_a_question_tells_what_is_lost() {
    // Which of three messages have arrived, and what the peer is told then.
    let cases = [
        (vec![(2, 2)], forward(1, &[(0, false, 0)]), 2),
        (vec![(3, 3)], forward(2, &[(0, false, 1)]), 2),
        (vec![], forward(3, &[(0, false, 2)]), 3),
    ];
    for (gaps, told, lost) in cases {
        let mut script = script();
        for _ in 0..3 {
            script.send(once(0, 100));
        }
        // A -> DATA(1), DATA(2), DATA(3) -> peer, whose SACKs are lost
        assert_eq!(script.tsns(), [[1], [2], [3]]);
        // A -> FORWARD TSN(0) -> peer, after two round trips
        assert_eq!(script.wait_for_packet(millis(1000)), Some(millis(400)));
        assert_eq!(script.chunks(), [QUESTION]);
        assert_eq!(news(&mut script), []);
        // A <- SACK <- peer
        script.wait(RTT);
        script.sack(0, WINDOW, &gaps);
        // A -> FORWARD TSN: beyond what is lost -> peer
        assert_eq!(script.chunks(), [told]);
        assert_eq!(news(&mut script), vec![given_up(0); lost]);
        assert_eq!(script.end.stats().timeouts, 0);
    }
}

#[test]
fn a_sack_that_comes_too_soon_is_no_answer_to_a_question() {
    let mut script = script();
    script.send(once(0, 100));
    script.send(once(0, 100));
    script.chunks();
    script.wait(millis(400));
    assert_eq!(script.chunks(), [QUESTION]);
    // A <- SACK(1) <- peer, sent before it was asked
    script.wait(millis(50));
    script.sack(1, WINDOW, &[]);
    assert_eq!(script.chunks(), []);
    // A <- SACK(2) <- peer
    script.wait(millis(50));
    script.sack(2, WINDOW, &[]);
    script.wait(millis(10_000));
    assert_eq!(script.chunks(), []);
    assert_eq!(news(&mut script), []);
}

#[test]
fn where_nothing_may_be_repeated_new_data_asks_although_the_window_is_full() {
    let mut script = script();
    for _ in 0..6 {
        script.send(once(0, FULL));
    }
    assert_eq!(script.tsns(), [[1], [2], [3], [4]]);
    assert_eq!(script.wait_for_packet(millis(1000)), Some(millis(400)));
    assert_eq!(script.tsns(), [[5]]);
    // A <- SACK(0, gap 5) <- peer
    script.wait(RTT);
    script.sack(0, WINDOW, &[(5, 5)]);
    assert_eq!(forwards(&script.chunks()), [forward(4, &[(0, false, 3)])]);
    assert_eq!(script.end.stats().timeouts, 0);
}

/// Nothing new may leave either, where the peer has no room.
#[test]
fn a_full_peer_is_asked_too() {
    let mut script = Script::new(rfc(), &Offer::window(2 * FULL as u32));
    for _ in 0..3 {
        script.send(once(0, FULL));
    }
    assert_eq!(script.tsns(), [[1], [2]]);
    assert_eq!(script.wait_for_packet(millis(1000)), Some(millis(400)));
    assert_eq!(script.chunks(), [QUESTION]);
}
