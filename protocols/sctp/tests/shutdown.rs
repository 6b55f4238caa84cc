//! How an association ends when all is delivered (RFC 9260 section 9.2).

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use icelab_sans_io::testing::{LinkModel, Passing};
use icelab_sans_io::{Instant, Protocol};
use icelab_sctp::packet::Tsn;
use icelab_sctp::packet::chunk::{
    Chunk, ChunkType, GapBlock, Heartbeat, Sack, Shutdown, ShutdownAck, ShutdownComplete,
};
use icelab_sctp::{CloseReason, Config, Event, Rto, SendError};

use crate::by_hand::ByHand;
use crate::ends::{Ends, connected, ends, message, millis, payloads, read};

fn rfc() -> Config {
    Config { rto: Rto::RFC, heartbeat: None, ..Config::default() }
}

const OVER: Event = Event::Closed { reason: CloseReason::Shutdown };

fn shutdown(tsn: Tsn) -> Chunk<'static> {
    Chunk::Shutdown(Shutdown { cumulative_tsn_ack: tsn })
}

const ACK: Chunk<'static> = Chunk::ShutdownAck(ShutdownAck);

/// The end has sent SHUTDOWN.
fn sent_shutdown(config: Config) -> ByHand {
    let mut hand = ByHand::answered(config);
    let now = hand.now;
    hand.end.shutdown(now);
    let sent = hand.only();
    let Chunk::Shutdown(shutdown) = sent.only() else { panic!("{sent:?}") };
    assert_eq!(shutdown.cumulative_tsn_ack, hand.first.previous());
    hand
}

/// The end has got SHUTDOWN and sent SHUTDOWN ACK.
fn sent_ack(config: Config) -> ByHand {
    let mut hand = ByHand::answered(config);
    let last = hand.end_first.previous();
    hand.say(&[shutdown(last)]);
    assert_eq!(hand.kinds(), [[ChunkType::SHUTDOWN_ACK]]);
    assert_eq!(hand.events(), [Event::PeerShutdown]);
    hand
}

#[test]
fn an_association_ends_in_three_packets() {
    // A -> SHUTDOWN -> Z, A <- SHUTDOWN ACK <- Z, A -> SHUTDOWN COMPLETE -> Z
    let mut hand = sent_shutdown(rfc());
    hand.say(&[ACK]);
    let sent = hand.only();
    let complete = ShutdownComplete { is_tag_reflected: false };
    assert_eq!((sent.only(), sent.tag()), (Chunk::ShutdownComplete(complete), hand.tag));
    assert_eq!(hand.events(), [OVER]);
    assert_eq!(hand.end.poll_timeout(), None);

    let mut hand = sent_ack(rfc());
    hand.say(&[Chunk::ShutdownComplete(complete)]);
    hand.nothing();
    assert_eq!(hand.events(), [OVER]);
    assert_eq!(hand.end.poll_timeout(), None);
}

#[test]
fn a_shutdown_survives_the_loss_of_any_packet() {
    for lost in 0..3 {
        let mut pair = connected(LinkModel::delayed(millis(50)), 1);
        pair.drive_for(millis(500));
        let count = Rc::new(Cell::new(0));
        pair.filter(move |_, _, _| {
            let number = count.replace(count.get() + 1);
            if number == lost { Passing::Lost } else { Passing::Pass }
        });
        let now = pair.now();
        pair.a.shutdown(now);
        pair.drive_for(millis(3000));
        assert_eq!(pair.events_a().last(), Some(&OVER), "{lost}");
        assert_eq!(pair.events_z().last(), Some(&OVER), "{lost}");
    }
}

#[test]
fn what_was_given_before_is_delivered_and_nothing_is_taken_after() {
    let mut pair = connected(LinkModel::delayed(millis(50)), 1);
    let now = pair.now();
    for number in 0..20 {
        pair.a.send(message(0, vec![number; 3000]), now).unwrap();
        pair.z.send(message(0, vec![number; 3000]), now).unwrap();
    }
    pair.a.shutdown(now);
    assert_eq!(pair.a.send(message(0, "late"), now), Err(SendError::Closed));
    pair.drive_for(millis(5000));
    assert_eq!(pair.events_a().last(), Some(&OVER));
    let events = pair.events_z();
    assert!(events.contains(&Event::PeerShutdown) && events.contains(&OVER));
    let now = pair.now();
    assert_eq!(read(&mut pair.z, now).len(), 20);
    assert_eq!(read(&mut pair.a, now).len(), 20);
    assert_eq!(pair.z.send(message(0, "late"), now), Err(SendError::Closed));
}

/// What has arrived is the reader's, however the association ended.
#[test]
fn what_has_arrived_can_be_read_after_the_end() {
    let mut hand = ByHand::answered(rfc());
    hand.say(&[hand.data(0), hand.data(1), hand.data(3)]);
    let last = hand.end_first.previous();
    hand.say(&[shutdown(last)]);
    hand.say(&[Chunk::ShutdownComplete(ShutdownComplete { is_tag_reflected: false })]);
    assert_eq!(hand.events(), [Event::Readable, Event::PeerShutdown, OVER]);
    let now = hand.now;
    assert_eq!(payloads(read(&mut hand.end, now)), ["data", "data"]);
    assert_eq!(hand.end.receive(now), None);
}

#[test]
fn nothing_is_taken_from_the_moment_that_the_peer_ends() {
    let mut hand = ByHand::answered(rfc());
    let now = hand.now;
    hand.end.send(message(0, "not acknowledged"), now).unwrap();
    let before = hand.end_first.previous();
    hand.say(&[shutdown(before)]);
    let now = hand.now;
    assert_eq!(hand.end.send(message(0, "late"), now), Err(SendError::Closed));
    let mut hand = sent_ack(rfc());
    let now = hand.now;
    assert_eq!(hand.end.send(message(0, "late"), now), Err(SendError::Closed));
}

/// SHUTDOWN-RECEIVED: data goes on, also by retransmission; the user's own wish changes nothing.
#[test]
fn what_is_under_way_when_the_peer_ends_is_delivered_first() {
    let mut hand = ByHand::answered(rfc());
    let now = hand.now;
    for _ in 0..3 {
        hand.end.send(message(0, vec![1; 1000]), now).unwrap();
    }
    let count = hand.kinds().len();
    assert_eq!(count, 3);
    let first = hand.end_first;
    hand.say(&[shutdown(first.previous())]);
    assert!(!hand.kinds().concat().contains(&ChunkType::SHUTDOWN_ACK));
    let now = hand.now;
    hand.end.shutdown(now);
    assert!(!hand.kinds().concat().contains(&ChunkType::SHUTDOWN));
    hand.pass(millis(1500));
    let again = hand.sent();
    assert!(!again.is_empty());
    assert!(again.iter().all(|packet| packet.kinds() == [ChunkType::DATA]));
    // It answers each SHUTDOWN: first in part, then in whole.
    hand.say(&[shutdown(first)]);
    assert_eq!(hand.end.stats().in_flight, 2 * 1016);
    hand.sent();
    hand.say(&[shutdown(first.plus(2))]);
    assert_eq!(hand.kinds(), [[ChunkType::SHUTDOWN_ACK]]);
}

/// SHUTDOWN says nothing of the window, and does not shrink it.
#[test]
fn a_shutdown_leaves_the_window_as_it_was() {
    let mut hand = ByHand::answered(rfc());
    let now = hand.now;
    for _ in 0..3 {
        hand.end.send(message(0, vec![1; 1000]), now).unwrap();
    }
    let first = hand.end_first;
    for number in 0..3 {
        hand.say(&[shutdown(first.plus(number))]);
        assert_eq!(hand.end.stats().peer_window, 97_000);
    }
}

/// SHUTDOWN has no gap blocks: that takes nothing back.
#[test]
fn a_shutdown_does_not_take_back_what_a_sack_has_told() {
    let mut hand = ByHand::answered(rfc());
    let now = hand.now;
    for _ in 0..3 {
        hand.end.send(message(0, vec![1; 1000]), now).unwrap();
    }
    let before = hand.end_first.previous();
    let gaps = [GapBlock { start: 2, end: 3 }];
    let sack = Sack {
        cumulative_tsn_ack: before,
        window: 97_000,
        gaps: gaps.as_slice().into(),
        ..Sack::default()
    };
    hand.say(&[Chunk::Sack(sack)]);
    assert_eq!(hand.end.stats().in_flight, 1016);
    for _ in 0..5 {
        hand.say(&[shutdown(before)]);
        assert_eq!(hand.end.stats().in_flight, 1016);
    }
}

/// A SHUTDOWN that acknowledges what was never sent is answered as such a SACK is.
#[test]
fn a_shutdown_that_acknowledges_what_was_never_sent_ends_the_association() {
    let mut hand = ByHand::answered(rfc());
    let first = hand.end_first;
    hand.say(&[shutdown(first)]);
    assert_eq!(hand.kinds(), [[ChunkType::ABORT]]);
    let closed = Event::Closed { reason: CloseReason::ProtocolViolation };
    assert_eq!(hand.events(), [closed]);
}

/// SHUTDOWN-SENT: each packet with data is answered at once, and T2 begins anew.
#[test]
fn data_after_shutdown_is_acknowledged_at_once_with_shutdown() {
    let mut hand = sent_shutdown(rfc());
    for number in [0, 1] {
        hand.pass(millis(900));
        hand.nothing();
        hand.say(&[hand.data(number)]);
        let sent = hand.only();
        assert_eq!(sent.kinds(), [ChunkType::SHUTDOWN, ChunkType::SACK]);
        assert_eq!(sent.chunks()[0], shutdown(hand.first.plus(number)));
    }
    // A gap, and a duplicate.
    hand.say(&[hand.data(3), hand.data(1)]);
    let sent = hand.only();
    let Chunk::Sack(sack) = sent.chunks()[1] else { panic!("{sent:?}") };
    assert_eq!(sent.chunks()[0], shutdown(hand.first.plus(1)));
    assert_eq!(sack.gaps.iter().collect::<Vec<_>>(), [GapBlock { start: 2, end: 2 }]);
    assert_eq!(sack.duplicates.iter().collect::<Vec<_>>(), [hand.first.plus(1)]);
    let now = hand.now;
    assert_eq!(read(&mut hand.end, now).len(), 2);
}

/// T2-shutdown, by the rules of the retransmission timer: it doubles, and SHUTDOWN says what is new.
#[test]
fn shutdown_is_repeated_and_given_up() {
    for (make, kind) in [
        (sent_shutdown as fn(Config) -> ByHand, ChunkType::SHUTDOWN),
        (sent_ack, ChunkType::SHUTDOWN_ACK),
    ] {
        let mut hand = make(Config { max_retransmissions: 5, ..rfc() });
        let start = hand.now;
        hand.pass(Duration::from_secs(1000));
        let sent = hand.sent();
        let at: Vec<_> = sent.iter().map(|packet| (packet.at - start).as_secs()).collect();
        assert_eq!(at, [1, 3, 7, 15, 31]);
        assert!(sent.iter().all(|packet| packet.kinds() == [kind]));
        assert_eq!(hand.events(), [Event::Closed { reason: CloseReason::PeerSilent }]);
        assert_eq!(hand.end.poll_timeout(), None);
    }
}

/// T5-shutdown-guard: five times RTO.Max.
#[test]
fn an_end_that_does_not_come_is_forced() {
    let mut hand = sent_shutdown(rfc());
    // The peer has always something more to send.
    for number in 0..600 {
        hand.pass(millis(500));
        hand.say(&[hand.data(number)]);
        let now = hand.now;
        while hand.end.receive(now).is_some() {}
    }
    let sent = hand.sent();
    assert_eq!(sent.last().map(|packet| packet.kinds()), Some(vec![ChunkType::ABORT]));
    let closed = Event::Closed { reason: CloseReason::PeerSilent };
    assert_eq!(hand.events().last(), Some(&closed));
    // Also where the peer shuts down too, which begins no new guard.
    let mut hand = sent_shutdown(Config { max_retransmissions: 100, ..rfc() });
    hand.pass(Duration::from_secs(250));
    let last = hand.end_first.previous();
    hand.say(&[shutdown(last)]);
    hand.pass(Duration::from_secs(51));
    assert_eq!(hand.sent().last().map(|packet| packet.kinds()), Some(vec![ChunkType::ABORT]));
}

/// Whatever comes from the peer shows that it lives.
#[test]
fn a_peer_that_lives_is_not_given_up_while_it_is_asked_to_end() {
    let mut hand = sent_shutdown(Config { max_retransmissions: 2, ..rfc() });
    for _ in 0..20 {
        hand.pass(Duration::from_secs(5));
        hand.say(&[Chunk::Heartbeat(Heartbeat { info: b"I live" })]);
    }
    assert!(!hand.end.is_closed());
}

#[test]
fn two_that_end_at_once_both_end() {
    // A -> SHUTDOWN -> Z and A <- SHUTDOWN <- Z, A -> SHUTDOWN ACK -> Z and A <- SHUTDOWN ACK <- Z
    let mut hand = sent_shutdown(rfc());
    let last = hand.end_first.previous();
    hand.say(&[shutdown(last)]);
    assert_eq!(hand.kinds(), [[ChunkType::SHUTDOWN_ACK]]);
    hand.say(&[shutdown(last)]);
    assert_eq!(hand.kinds(), [[ChunkType::SHUTDOWN_ACK]]);
    hand.say(&[ACK]);
    assert_eq!(hand.kinds(), [[ChunkType::SHUTDOWN_COMPLETE]]);
    assert_eq!(hand.events(), [OVER]);
}

#[test]
fn a_shutdown_in_a_setup_is_ignored() {
    for stage in [ByHand::asked, ByHand::echoed] {
        let mut hand = stage(rfc());
        let before = hand.state_without_discards();
        let last = hand.end_first.previous();
        hand.say(&[shutdown(last)]);
        hand.nothing();
        assert_eq!(hand.state_without_discards(), before);
    }
}

/// The peer has not got SHUTDOWN COMPLETE, and asks anew from the same ports.
#[test]
fn an_init_while_the_end_is_acknowledged_is_answered_by_shutdown_ack() {
    let mut hand = sent_ack(rfc());
    let tag = hand.tag;
    hand.tag = icelab_sctp::packet::VerificationTag(0x0B0B_0B0B);
    for _ in 0..3 {
        hand.say_init(&[]);
        let sent = hand.only();
        assert_eq!((sent.kinds(), sent.tag()), (vec![ChunkType::SHUTDOWN_ACK], tag));
    }
}

#[test]
fn a_shutdown_ack_that_nobody_waits_for_is_ignored() {
    let mut hand = ByHand::answered(rfc());
    hand.say(&[ACK]);
    hand.nothing();
    assert!(hand.end.is_connected());
}

#[test]
fn an_end_that_is_wanted_before_the_beginning_comes_after_it() {
    let mut pair = ends(LinkModel::delayed(millis(50)), 1);
    pair.a.send(message(0, "hello and goodbye"), Instant::START).unwrap();
    pair.a.shutdown(Instant::START);
    pair.drive_for(millis(1000));
    let events = pair.events_a();
    assert!(matches!(events[..], [.., Event::Closed { reason: CloseReason::Shutdown }]));
    let now = pair.now();
    assert_eq!(payloads(read(&mut pair.z, now)), ["hello and goodbye"]);
    assert_eq!(pair.events_z().last(), Some(&OVER));
    // Before anything was asked there is nothing to end.
    let mut hand = ByHand::closed(rfc());
    let now = hand.now;
    hand.end.shutdown(now);
    assert_eq!(hand.events(), [OVER]);
    hand.end.connect(now);
    hand.nothing();
}

#[test]
fn chunks_that_ask_for_the_same_answer_get_one() {
    let mut hand = ByHand::answered(rfc());
    let last = hand.end_first.previous();
    hand.say(&[shutdown(last), shutdown(last), shutdown(last)]);
    assert_eq!(hand.kinds(), [[ChunkType::SHUTDOWN_ACK]]);
    hand.say(&[shutdown(last), shutdown(last)]);
    assert_eq!(hand.kinds(), [[ChunkType::SHUTDOWN_ACK]]);
    hand.say(&[ACK, ACK]);
    assert_eq!(hand.kinds(), [[ChunkType::SHUTDOWN_COMPLETE]]);
}

/// Both ends have data under way, and want to end.
fn ending(model: LinkModel, seed: u64) -> Ends {
    let mut pair = connected(model, seed);
    let now = pair.now();
    for number in 0..30 {
        pair.a.send(message(0, vec![number; 2500]), now).unwrap();
        pair.z.send(message(0, vec![number; 2500]), now).unwrap();
    }
    pair.a.shutdown(now);
    pair.z.shutdown(now);
    pair
}

#[test]
fn two_that_end_at_once_deliver_all_on_the_worst_link() {
    for (seed, delay) in (1..=10).flat_map(|seed| [(seed, 20), (seed, 2000)]) {
        let mut pair = ending(LinkModel::terrible(millis(delay)), seed);
        // One of them may have to give up, where the other's last packets are lost: RFC 9260 has no
        // way to know. What was sent has arrived all the same.
        let limit = pair.now() + Duration::from_secs(3000);
        pair.drive(limit);
        let now = pair.now();
        assert!(pair.a.is_closed() && pair.z.is_closed(), "seed {seed}, {delay} ms");
        assert_eq!(read(&mut pair.z, now).len(), 30, "seed {seed}, {delay} ms");
        assert_eq!(read(&mut pair.a, now).len(), 30, "seed {seed}, {delay} ms");
        let (a, z) = (pair.events_a(), pair.events_z());
        assert_eq!((a.last(), z.last()), (Some(&OVER), Some(&OVER)), "seed {seed}, {delay} ms");
    }
}
