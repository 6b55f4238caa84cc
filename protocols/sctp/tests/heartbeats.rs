//! HEARTBEAT, its answers, and what comes of those that are not answered (RFC 9260 sections 8.1, 8.3).

use std::time::Duration;

use icelab_sans_io::testing::{LinkModel, Passing};
use icelab_sans_io::{Instant, Protocol};
use icelab_sctp::packet::chunk::{
    Chunk, ChunkType, Heartbeat, HeartbeatAck, Sack, Shutdown, ShutdownAck,
};
use icelab_sctp::{CloseReason, Config, Event, Rto};

use crate::by_hand::{ByHand, Sent};
use crate::ends::{connected, ends_with, message, millis};

fn beating(interval: Duration) -> Config {
    Config { rto: Rto::RFC, heartbeat: Some(interval), ..Config::default() }
}

const HALF_MINUTE: Duration = Duration::from_secs(30);

fn beat(info: &[u8]) -> Chunk<'_> {
    Chunk::Heartbeat(Heartbeat { info })
}

#[test]
fn a_heartbeat_is_answered_at_once_with_all_that_it_holds() {
    for stage in [ByHand::echoed, ByHand::connected, ByHand::answered] {
        let mut hand = stage(beating(HALF_MINUTE));
        for length in [0, 1, 8, 1000, 5000] {
            let info = vec![7; length];
            hand.say(&[beat(&info)]);
            let sent = hand.only();
            assert_eq!(sent.only(), Chunk::HeartbeatAck(HeartbeatAck { info: &info }));
            assert_eq!(sent.tag(), hand.tag);
        }
        // A parameter that nobody knows goes back with it.
        let value = [0, 1, 0, 6, 5, 6, 0, 0, 0x80, 0x99, 0, 5, 9, 0, 0, 0];
        let mut bytes = vec![4, 0, 0, 20];
        bytes.extend(value);
        hand.say_raw(hand.end_tag, &bytes);
        let sent = hand.only();
        bytes[0] = 5;
        assert_eq!(sent.bytes[12..], bytes);
    }
}

#[test]
fn a_heartbeat_before_the_association_is_not_answered() {
    let mut hand = ByHand::asked(beating(HALF_MINUTE));
    hand.say(&[beat(b"info")]);
    hand.nothing();
}

/// Until SHUTDOWN is sent, or SHUTDOWN ACK.
#[test]
fn a_heartbeat_is_answered_while_the_end_is_waited_for() {
    let mut hand = ByHand::connected(beating(HALF_MINUTE));
    let now = hand.now;
    hand.end.send(message(0, "not acknowledged"), now).unwrap();
    hand.end.shutdown(now);
    hand.sent();
    hand.say(&[beat(b"pending")]);
    assert_eq!(hand.kinds(), [[ChunkType::HEARTBEAT_ACK]]);
    let shutdown = Shutdown { cumulative_tsn_ack: hand.end_first.previous() };
    hand.say(&[Chunk::Shutdown(shutdown)]);
    hand.say(&[beat(b"received")]);
    assert_eq!(hand.kinds(), [[ChunkType::HEARTBEAT_ACK]]);
}

/// Once in a retransmission timeout and the interval, give or take half of the timeout.
#[test]
fn an_idle_path_is_asked_again_and_again() {
    let mut hand = ByHand::connected(beating(HALF_MINUTE));
    let mut gaps = Vec::new();
    let mut before = hand.now;
    let mut nonces = Vec::new();
    for _ in 0..100 {
        let sent = loop {
            hand.pass(millis(10));
            let mut sent = hand.sent();
            if let Some(sent) = sent.pop() {
                break sent;
            }
        };
        gaps.push(sent.at - before);
        before = sent.at;
        let Chunk::Heartbeat(Heartbeat { info }) = sent.only() else { panic!("{sent:?}") };
        nonces.push(info.to_vec());
        hand.say(&[Chunk::HeartbeatAck(HeartbeatAck { info })]);
    }
    assert!(gaps.iter().all(|gap| (millis(30_500)..=millis(31_500)).contains(gap)), "{gaps:?}");
    let (least, most) = (gaps.iter().min().unwrap(), gaps.iter().max().unwrap());
    assert!(*most - *least > millis(800), "{least:?} to {most:?}");
    assert!(nonces.iter().all(|nonce| nonce.len() >= 8));
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 100);
}

#[test]
fn no_path_is_asked_where_that_is_not_wanted() {
    let mut hand = ByHand::connected(Config { heartbeat: None, ..beating(HALF_MINUTE) });
    hand.pass(Duration::from_secs(10_000));
    hand.nothing();
    assert!(hand.end.is_connected());
}

#[test]
fn a_path_with_data_on_it_is_not_asked() {
    let mut pair = connected(LinkModel::delayed(millis(20)), 1);
    pair.filter(|_, packet, _| {
        let sent = Sent { at: Instant::START, bytes: packet.clone() };
        assert!(!sent.kinds().contains(&ChunkType::HEARTBEAT));
        Passing::Pass
    });
    for _ in 0..100 {
        let now = pair.now();
        pair.a.send(message(0, "data"), now).unwrap();
        pair.z.send(message(0, "data"), now).unwrap();
        pair.drive_for(Duration::from_secs(10));
    }
}

/// Section 8.1: eleven in a row, each waited for as long as the one before and as long again.
#[test]
fn a_peer_that_answers_no_heartbeat_is_given_up() {
    let mut hand = ByHand::connected(beating(HALF_MINUTE));
    hand.pass(Duration::from_secs(3600));
    let sent = hand.sent();
    assert!(sent.iter().all(|packet| packet.kinds() == [ChunkType::HEARTBEAT]));
    assert_eq!(sent.len(), 11);
    assert_eq!(hand.events(), [Event::Closed { reason: CloseReason::PeerSilent }]);
    // RTO.Max at last: 30 seconds and 60, give or take 30.
    let last = sent[10].at - sent[9].at;
    assert!((Duration::from_secs(60)..=Duration::from_secs(120)).contains(&last), "{last:?}");
    let first = sent[1].at - sent[0].at;
    assert!((millis(30_500)..=millis(31_500)).contains(&first), "{first:?}");
    hand.pass(Duration::from_secs(3600));
    hand.nothing();
}

#[test]
fn an_answer_forgets_the_failures_before_it_even_where_it_comes_late() {
    for lateness in [millis(100), Duration::from_secs(20)] {
        let mut hand = ByHand::connected(beating(HALF_MINUTE));
        for _ in 0..5 {
            let mut asked = Vec::new();
            while asked.len() < 8 {
                hand.pass(millis(100));
                asked.extend(hand.sent());
            }
            hand.pass(lateness);
            let Chunk::Heartbeat(Heartbeat { info }) = asked[7].only() else { panic!() };
            hand.say(&[Chunk::HeartbeatAck(HeartbeatAck { info })]);
            hand.sent();
            assert!(hand.end.is_connected());
        }
    }
}

/// The counter is reset by an answer to data too, and only by that.
#[test]
fn failures_in_a_row_are_those_since_data_was_acknowledged() {
    let mut hand = ByHand::connected(beating(HALF_MINUTE));
    for number in 0..4 {
        let now = hand.now;
        hand.end.send(message(0, "anybody?"), now).unwrap();
        // Ten timeouts: 1, 2, 4, 8, 16, 32, 60, 60, 60, 60 seconds at most.
        let before = hand.end.stats().timeouts;
        while hand.end.stats().timeouts < before + 10 {
            hand.pass(millis(500));
            assert!(hand.end.is_connected(), "{number}");
        }
        let sack = Sack {
            cumulative_tsn_ack: hand.end_first.plus(number),
            window: 10_000,
            ..Sack::default()
        };
        hand.say(&[Chunk::Sack(sack)]);
        assert_eq!(hand.end.stats().in_flight, 0);
    }
    let now = hand.now;
    hand.end.send(message(0, "anybody?"), now).unwrap();
    hand.pass(Duration::from_secs(2000));
    assert_eq!(hand.events().last(), Some(&Event::Closed { reason: CloseReason::PeerSilent }));
    hand.sent();
    hand.pass(Duration::from_secs(2000));
    hand.nothing();
}

#[test]
fn an_answer_measures_the_round_trip() {
    let mut hand = ByHand::connected(beating(HALF_MINUTE));
    hand.pass(Duration::from_secs(32));
    let asked = hand.only();
    // It was sent between 30.5 and 31.5 seconds after the start.
    let Chunk::Heartbeat(Heartbeat { info }) = asked.only() else { panic!("{asked:?}") };
    let round = hand.now - asked.at;
    hand.say(&[Chunk::HeartbeatAck(HeartbeatAck { info })]);
    // The setup has measured nothing at all: an eighth of this.
    assert_eq!(hand.end.stats().smoothed_rtt, round / 8);
}

#[test]
fn an_answer_to_what_nobody_asked_is_ignored() {
    let mut hand = ByHand::connected(beating(HALF_MINUTE));
    hand.pass(Duration::from_secs(32));
    hand.sent();
    let before = hand.state_without_discards();
    hand.say(&[Chunk::HeartbeatAck(HeartbeatAck { info: b"another1" })]);
    hand.say(&[Chunk::HeartbeatAck(HeartbeatAck { info: b"" })]);
    assert_eq!(hand.state_without_discards(), before);
}

/// Section 8.3: not after SHUTDOWN or SHUTDOWN ACK.
#[test]
fn the_path_is_not_asked_while_the_end_is_agreed_on() {
    let config = Config { largest_mtu: 9000, ..beating(millis(500)) };
    let mut hand = ByHand::connected(config.clone());
    let now = hand.now;
    hand.end.shutdown(now);
    hand.pass(Duration::from_secs(200));
    assert!(hand.kinds().iter().all(|kinds| *kinds == [ChunkType::SHUTDOWN]));
    let mut hand = ByHand::connected(config);
    let shutdown = Shutdown { cumulative_tsn_ack: hand.end_first.previous() };
    hand.say(&[Chunk::Shutdown(shutdown)]);
    hand.pass(Duration::from_secs(200));
    assert!(hand.kinds().iter().all(|kinds| *kinds == [ChunkType::SHUTDOWN_ACK]));
    hand.say(&[Chunk::ShutdownAck(ShutdownAck)]);
}

#[test]
fn twenty_minutes_of_silence_on_a_lossy_path_break_nothing() {
    let model = LinkModel { loss_ppb: 200_000_000, ..LinkModel::delayed(millis(100)) };
    let config = beating(HALF_MINUTE);
    let mut pair = ends_with(config.clone(), config, model, 7);
    pair.a.connect(Instant::START);
    pair.drive_for(Duration::from_secs(1200));
    assert!(pair.a.is_connected() && pair.z.is_connected());
    let now = pair.now();
    pair.a.send(message(0, "still there?"), now).unwrap();
    pair.drive_for(Duration::from_secs(20));
    assert!(pair.z.receive(Instant::from_secs(1220)).is_some());
}

/// A peer that asks without end gets an answer each time, and nothing grows.
#[test]
fn a_flood_of_heartbeats_leaves_no_trace() {
    let mut hand = ByHand::connected(beating(HALF_MINUTE));
    let before = hand.state();
    for _ in 0..10_000 {
        hand.say(&[beat(b"info")]);
    }
    let sent = hand.sent();
    assert_eq!(sent.len(), 10_000);
    assert_eq!(hand.state(), before);
}

/// The next timer may be the heartbeat's while data waits for its answer.
#[test]
fn an_end_is_at_rest_where_only_heartbeats_are_to_come() {
    let mut hand = ByHand::closed(beating(millis(500)));
    assert!(hand.end.is_at_rest());
    hand = ByHand::asked(beating(millis(500)));
    assert!(!hand.end.is_at_rest(), "INIT waits for its answer");
    hand = ByHand::connected(beating(millis(500)));
    assert!(hand.end.is_at_rest());

    // A -> DATA /lost/, again and again
    let now = hand.now;
    hand.end.send(message(0, "anybody?"), now).unwrap();
    let mut is_heartbeat_next = false;
    while hand.end.stats().timeouts < 5 {
        assert!(!hand.end.is_at_rest());
        is_heartbeat_next |= hand.end.poll_timeout().unwrap().timer == "sctp.heartbeat";
        hand.pass(millis(100));
    }
    assert!(is_heartbeat_next, "it never came before the retransmission");
    // A <- SACK
    let cumulative_tsn_ack = hand.end_first;
    hand.say(&[Chunk::Sack(Sack { cumulative_tsn_ack, window: 10_000, ..Sack::default() })]);
    assert!(hand.end.is_at_rest());

    // A <- DATA; A -> SACK; A <- DATA; A -> SACK, after a while
    hand.say(&[hand.data(0)]);
    assert!(hand.end.is_at_rest());
    hand.say(&[hand.data(1)]);
    assert!(!hand.end.is_at_rest(), "a SACK is owed");
    hand.pass(millis(200));
    assert!(hand.end.is_at_rest());

    // A -> SHUTDOWN
    let now = hand.now;
    hand.end.shutdown(now);
    assert!(!hand.end.is_at_rest(), "SHUTDOWN waits for its answer");
    hand.end.abort(now);
    assert!(hand.end.is_at_rest(), "it is over");
}
