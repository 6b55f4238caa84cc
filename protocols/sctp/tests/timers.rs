//! The retransmission timer and the round trips that it is made of (RFC 9260 section 6.3).

use std::time::Duration;

use icelab_sans_io::{Instant, Protocol, Rng};
use icelab_sctp::{Association, CloseReason, Config, Event, Rto};

use crate::ends::{message, millis};
use crate::script::{NO_TSNS, Offer, RTT, Script, rfc};

const WINDOW: u32 = 1 << 20;

fn script() -> Script {
    Script::new(rfc(), &Offer::default())
}

/// The end sends so many packets with a chunk of 1172 bytes each.
fn send_packets(script: &mut Script, count: usize) {
    for _ in 0..count {
        script.send(message(0, vec![1; 1172]));
    }
}

/// When data leaves next, and which.
fn next(script: &mut Script) -> (Duration, Vec<u32>) {
    let start = script.now;
    loop {
        script.wait_for_packet(Duration::from_secs(200)).expect("a packet");
        let tsns = script.tsns().concat();
        if !tsns.is_empty() {
            return (script.now - start, tsns);
        }
    }
}

#[test]
fn what_is_not_answered_is_sent_again_after_a_timeout_that_doubles() {
    let mut script = script();
    send_packets(&mut script, 1);
    script.take();
    // After two round trips the last chunk is sent to get an answer, which is not the timer.
    assert_eq!(next(&mut script), (millis(400), vec![1]));
    assert_eq!(script.end.stats().timeouts, 0);
    let waits: Vec<_> = (0..8).map(|_| next(&mut script).0.as_secs()).collect();
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(script.end.stats().timeouts, 8);
}

#[test]
fn a_peer_that_never_answers_is_given_up() {
    let mut script = Script::new(Config { max_retransmissions: 4, ..rfc() }, &Offer::default());
    send_packets(&mut script, 1);
    script.wait(Duration::from_secs(200));
    let closed = Event::Closed { reason: CloseReason::PeerSilent };
    assert!(script.events().contains(&closed));
    // One that is not answered is too many: the fifth.
    assert_eq!(script.tsns().len(), 1 + 1 + 4);
}

#[test]
fn the_timer_stops_when_all_is_acknowledged() {
    let mut script = script();
    send_packets(&mut script, 2);
    script.wait(millis(100));
    script.take();
    script.sack(2, WINDOW, &[]);
    assert_eq!(script.wait_for_packet(Duration::from_secs(1000)), None);
}

#[test]
fn an_acknowledgement_of_the_earliest_chunk_starts_the_timer_anew() {
    let mut script = script();
    send_packets(&mut script, 3);
    assert_eq!(script.tsns(), [[1], [2], [3]]);
    script.wait(millis(300));
    // A <- SACK(1): the timer runs from here.
    script.sack(1, WINDOW, &[]);
    // The last chunk is sent to get an answer: the timer goes on.
    assert_eq!(next(&mut script), (millis(450), vec![3]));
    assert_eq!(next(&mut script), (millis(550), vec![2]));
    assert_eq!(script.end.stats().timeouts, 1);
}

#[test]
fn the_timer_starts_anew_when_the_earliest_chunk_is_sent_again() {
    let mut script = script();
    send_packets(&mut script, 4);
    assert_eq!(script.tsns(), [[1], [2], [3], [4]]);
    script.wait(millis(900));
    script.take();
    // A <- SACK(0, gap 2-4): 1 is lost.
    script.sack(0, WINDOW, &[(2, 4)]);
    assert_eq!(script.tsns(), [[1]]);
    let (wait, tsns) = next(&mut script);
    assert_eq!((wait, tsns), (millis(1000), vec![1]));
    assert_eq!(script.end.stats().timeouts, 1);
}

#[test]
fn the_timer_goes_on_when_a_later_chunk_is_sent_again() {
    let mut script = script();
    let last = script.grow(10);
    send_packets(&mut script, 8);
    script.wait(RTT);
    script.take();
    // The first is lost, and sent again: the timer runs from here.
    script.sack(last, WINDOW, &[(2, 4)]);
    assert_eq!(script.tsns(), [[last + 1]]);
    script.wait(millis(10));
    script.sack(last, WINDOW, &[(2, 4), (6, 8)]);
    assert_eq!(script.tsns(), [[last + 5]]);
    // It leaves once more to get an answer, and the timer still goes on.
    let (probed, tsns) = next(&mut script);
    assert_eq!(tsns, [last + 5]);
    assert_eq!(next(&mut script), (millis(990) - probed, vec![last + 1]));
    assert_eq!(script.end.stats().timeouts, 1);
}

#[test]
fn after_a_timeout_the_earliest_chunks_leave_in_one_packet_and_the_rest_as_answers_come() {
    let mut script = script();
    // Ten of these fit into a packet.
    for _ in 0..35 {
        script.send(message(0, vec![1; 100]));
    }
    script.take();
    script.wait_for_packet(millis(1000));
    script.take();
    let (_, tsns) = next(&mut script);
    assert_eq!(script.end.stats().timeouts, 1);
    assert_eq!(tsns, Vec::from_iter(1..=10));
    assert_eq!(script.tsns(), NO_TSNS, "a single packet is under way");
    // A -> DATA(1..10) -> peer; A <- SACK(10) <- peer
    script.wait(RTT);
    script.sack(10, WINDOW, &[]);
    let tsns = script.tsns();
    assert_eq!(tsns.concat(), Vec::from_iter(11..=31), "as many again, and a little more");
}

#[test]
fn only_one_packet_is_under_way_after_a_timeout() {
    let mut script = script();
    send_packets(&mut script, 4);
    script.take();
    while script.end.stats().timeouts == 0 {
        script.wait_for_packet(Duration::from_secs(2));
        assert_eq!(script.take().len(), 1);
    }
    // What is new does not leave either.
    send_packets(&mut script, 2);
    script.send(message(0, "short"));
    assert_eq!(script.tsns(), NO_TSNS);
}

#[test]
fn a_new_measurement_ends_the_doubling() {
    let mut script = script();
    send_packets(&mut script, 1);
    while script.end.stats().rto < Duration::from_secs(8) {
        next(&mut script);
    }
    // The answer to a repeated chunk measures nothing (Karn).
    script.wait(millis(50));
    script.sack(1, WINDOW, &[]);
    assert_eq!(script.end.stats().rto, Duration::from_secs(8));
    assert_eq!(script.end.stats().smoothed_rtt, RTT);
    send_packets(&mut script, 1);
    script.wait(RTT);
    script.sack(2, WINDOW, &[]);
    assert_eq!(script.end.stats().rto, Duration::from_secs(1));
}

#[test]
fn each_round_trip_with_data_is_measured_and_none_twice() {
    let mut script = script();
    assert_eq!(script.end.stats().smoothed_rtt, RTT);
    send_packets(&mut script, 3);
    script.wait(millis(180));
    script.sack(1, WINDOW, &[]);
    assert_eq!(script.end.stats().smoothed_rtt, millis(110));
    script.wait(millis(20));
    script.sack(3, WINDOW, &[]);
    assert_eq!(script.end.stats().smoothed_rtt, millis(110), "the same round trip");
    send_packets(&mut script, 1);
    script.wait(millis(190));
    script.sack(4, WINDOW, &[]);
    assert_eq!(script.end.stats().smoothed_rtt, millis(120));
}

/// What the peer takes back may be lost, and the timer sees to it (rule R4).
#[test]
fn the_timer_runs_for_what_the_peer_has_taken_back() {
    let mut script = script();
    send_packets(&mut script, 2);
    script.wait(millis(100));
    script.sack(0, WINDOW, &[(2, 2)]);
    // A <- SACK(1): 2 is named no longer.
    script.wait(millis(20));
    script.take();
    script.sack(1, WINDOW, &[]);
    let mut sent_again = false;
    while script.wait_for_packet(Duration::from_secs(5)).is_some() && !sent_again {
        sent_again = script.tsns().concat().contains(&2);
    }
    assert!(sent_again);
}

/// webrtc-rs/rtc#225: three seconds pass before anything is sent again for the first time.
#[test]
fn the_first_timeout_is_as_long_as_the_path_and_not_three_seconds() {
    let first = |config: Config| {
        let mut end = Association::new(config, Rng::from_u64(1));
        end.connect(Instant::START);
        end.poll_timeout().expect("INIT is sent again").at.since_start()
    };
    assert_eq!(first(Config::default()), millis(500));
    assert_eq!(first(Config { rtt_hint: Some(millis(60)), ..Config::default() }), millis(180));
    assert_eq!(first(Config { rto: Rto::RFC, ..Config::default() }), millis(1000));
    // And where the round trip is known, data waits no longer than the least.
    let mut script = Script::new(Config::default(), &Offer::default());
    assert_eq!(script.end.stats().rto, millis(400));
    script.send(message(0, "x"));
    script.take();
    assert!(next(&mut script).0 <= millis(400));
}
