//! The receiver's window: what it lets in, what it lets out (RFC 9260 sections 6.1 A and 6.2).

use std::time::Duration;

use icelab_sctp::packet::chunk::Chunk;
use icelab_sctp::{Config, Discard, Event};

use crate::ends::{message, millis};
use crate::script::{NO_TSNS, Offer, RTT, Script, Seen, data, rfc};

/// An end with room for three messages of 1000 bytes.
fn small() -> Script {
    let config = Config { receive_buffer: 3000, reordering_buffer: 1000, ..Config::default() };
    Script::new(config, &Offer::default())
}

fn put_kilobytes(script: &mut Script, tsns: impl IntoIterator<Item = u32>) {
    for tsn in tsns {
        script.put(&[Chunk::Data(data(tsn, 0, tsn as u16 - 1, &[tsn as u8; 1000]))]);
    }
}

/// The cumulative TSN and the window of each SACK since the last call.
fn windows(script: &mut Script) -> Vec<(u32, u32)> {
    let window = |chunk| match chunk {
        Seen::Sack { cumulative, window, .. } => Some((cumulative, window)),
        _ => None,
    };
    script.chunks().into_iter().filter_map(window).collect()
}

#[test]
fn the_window_shrinks_by_what_waits_and_grows_by_what_is_read() {
    let mut script = small();
    put_kilobytes(&mut script, [1, 2]);
    assert_eq!(windows(&mut script), [(2, 1000)]);
    assert_eq!(script.read().len(), 2);
    put_kilobytes(&mut script, [3]);
    script.wait(millis(200));
    assert_eq!(windows(&mut script).last(), Some(&(3, 2000)));
}

#[test]
fn a_closed_window_takes_nothing_new_and_says_so_at_once() {
    let mut script = small();
    put_kilobytes(&mut script, [1, 2, 3]);
    script.wait(millis(200));
    assert_eq!(windows(&mut script).last(), Some(&(3, 0)));
    // A <- DATA(4) <- peer
    // A -> SACK(3, window 0) -> peer
    put_kilobytes(&mut script, [4]);
    assert_eq!(windows(&mut script), [(3, 0)]);
    assert_eq!(script.end.discards().count(Discard::NoRoom), 1);
    // It counts as lost, not as received.
    script.read();
    assert_eq!(windows(&mut script).last(), Some(&(3, 2000)));
    put_kilobytes(&mut script, [4, 5]);
    assert_eq!(windows(&mut script), [(5, 1000)]);
    assert_eq!(script.read().len(), 2);
}

#[test]
fn what_fills_a_gap_is_taken_by_a_closed_window() {
    let mut script = small();
    put_kilobytes(&mut script, [2, 3, 4, 5]);
    script.take();
    put_kilobytes(&mut script, [6]);
    let Some(Seen::Sack { cumulative: 0, window: 0, gaps, .. }) = script.chunks().pop() else {
        panic!("a SACK")
    };
    assert_eq!(gaps, [(2, 5)], "6 was not taken");
    put_kilobytes(&mut script, [1]);
    assert_eq!(windows(&mut script), [(5, 0)]);
    assert_eq!(script.read().len(), 5);
}

#[test]
fn a_window_that_opens_is_told_in_few_steps() {
    let config = Config { receive_buffer: 100_000, reordering_buffer: 0, ..Config::default() };
    let mut script = Script::new(config, &Offer::default());
    for tsn in 1..=1000 {
        script.put(&[Chunk::Data(data(tsn, 0, tsn as u16 - 1, &[1; 100]))]);
    }
    script.wait(millis(200));
    assert_eq!(windows(&mut script).last(), Some(&(1000, 0)));
    let mut told = Vec::new();
    for _ in 0..1000 {
        script.end.receive(script.now).expect("a message");
        told.extend(windows(&mut script));
    }
    assert_eq!(told, [(1000, 25_000)], "and the sender can go on");
}

#[test]
fn a_window_too_small_for_a_packet_is_told_when_it_grows() {
    let mut script = small();
    // 1000 bytes are left: too few for a packet, and more than a quarter.
    put_kilobytes(&mut script, [1, 2]);
    assert_eq!(windows(&mut script), [(2, 1000)]);
    script.end.receive(script.now).expect("a message");
    assert_eq!(windows(&mut script), [(2, 2000)]);
}

#[test]
fn no_more_is_sent_than_the_peer_has_room_for() {
    let mut script = Script::new(rfc(), &Offer::window(2500));
    for _ in 0..4 {
        script.send(message(0, vec![1; 1000]));
    }
    // A third message does not fit into 500 bytes, and is not cut to.
    assert_eq!(script.tsns(), [[1], [2]]);
    // A <- SACK(1): 1500 of 2500 are free beside what is under way
    script.sack(1, 2500, &[]);
    assert_eq!(script.tsns(), [[3]]);
    script.sack(3, 999, &[]);
    assert_eq!(script.tsns(), NO_TSNS);
    script.sack(3, 1000, &[]);
    assert_eq!(script.tsns(), [[4]]);
}

#[test]
fn a_closed_window_is_probed_after_a_timeout_and_then_ever_more_rarely() {
    let mut script = Script::new(rfc(), &Offer::default());
    script.send(message(0, "first"));
    script.sack(1, 0, &[]);
    script.take();
    script.send(message(0, "second"));
    script.send(message(0, "third"));
    assert_eq!(script.tsns(), NO_TSNS, "the window is closed");
    let mut waits = Vec::new();
    for _ in 0..8 {
        waits.push(script.wait_for_packet(Duration::from_secs(100)).expect("a probe").as_secs());
        // One chunk, always the same.
        assert_eq!(script.tsns(), [[2]]);
        // A -> DATA(2) -> peer, which has no room for it
        // A <- SACK(1, window 0) <- peer
        script.sack(1, 0, &[]);
    }
    assert_eq!(waits, [1, 1, 2, 4, 8, 16, 32, 60]);
    // A <- SACK(1, window) <- peer
    script.wait(RTT);
    script.sack(1, 5000, &[]);
    assert_eq!(script.tsns().concat(), [2, 3], "at once");
}

#[test]
fn a_peer_that_keeps_its_window_closed_and_answers_is_not_given_up() {
    let mut script = Script::new(rfc(), &Offer::default());
    script.send(message(0, "first"));
    script.sack(1, 0, &[]);
    script.send(message(0, "second"));
    for _ in 0..40 {
        script.take();
        script.wait_for_packet(Duration::from_secs(100)).expect("a probe");
        script.sack(1, 0, &[]);
    }
    assert!(script.end.is_connected());
    script.sack(2, 1000, &[]);
    assert!(script.end.is_connected());
}

#[test]
fn a_peer_that_keeps_its_window_closed_and_falls_silent_is_given_up() {
    let mut script = Script::new(rfc(), &Offer::default());
    script.send(message(0, "first"));
    script.sack(1, 0, &[]);
    script.send(message(0, "second"));
    script.wait(Duration::from_secs(1000));
    assert!(script.events().iter().any(|event| matches!(event, Event::Closed { .. })));
}

#[test]
fn probes_of_a_closed_window_leave_the_congestion_window_alone() {
    let mut script = Script::new(rfc(), &Offer::default());
    for tsn in (2..=20).step_by(2) {
        script.send(message(0, vec![1; 4500]));
        script.sack(tsn, 1 << 20, &[]);
    }
    while script.end.stats().in_flight > 0 {
        let last = script.tsns().concat().into_iter().max().expect("data");
        script.sack(last, 1 << 20, &[]);
    }
    let before = script.end.stats().congestion_window;
    assert!(before > 10_000, "{before}");
    let last = script.end_last();
    script.sack(last, 0, &[]);
    script.send(message(0, vec![1; 1000]));
    for _ in 0..3 {
        script.take();
        script.wait_for_packet(Duration::from_secs(100)).expect("a probe");
        script.sack(last, 0, &[]);
    }
    // Time without data halves it down to four packets (section 7.2.1), no further.
    assert!(script.end.stats().congestion_window >= 4 * 1188);
}

#[test]
fn no_probe_leaves_while_something_is_under_way() {
    let mut script = Script::new(rfc(), &Offer::window(1500));
    script.send(message(0, vec![1; 1500]));
    script.send(message(0, "next"));
    assert_eq!(script.tsns(), [[1], [2]]);
    // The second packet is under way, and its timer runs.
    script.sack(1, 328, &[]);
    script.wait(millis(999));
    assert!(script.tsns().concat().iter().all(|tsn| *tsn < 3));
}

#[test]
fn a_window_that_never_holds_a_packet_is_used_after_a_timeout() {
    let mut script = Script::new(rfc(), &Offer::default());
    script.send(message(0, "first"));
    script.sack(1, 100, &[]);
    script.take();
    script.send(message(0, vec![1; 1000]));
    assert_eq!(script.tsns(), NO_TSNS);
    assert_eq!(script.wait_for_packet(Duration::from_secs(10)), Some(millis(1000)));
    let [Seen::Data(data)] = &script.chunks()[..] else { panic!("one chunk") };
    assert_eq!(data.payload.len(), 100);
}
