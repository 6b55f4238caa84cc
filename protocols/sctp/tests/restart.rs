//! The peer begins anew while this end knows the old association (RFC 9260 sections 5.2.2, 5.2.4).

use icelab_sans_io::Rng;
use icelab_sans_io::testing::LinkModel;
use icelab_sctp::packet::cause::Cause;
use icelab_sctp::packet::chunk::{
    Chunk, ChunkType, CookieEcho, Heartbeat, OperationError, Sack, Shutdown, ShutdownAck,
    ShutdownComplete,
};
use icelab_sctp::packet::{Tsn, VerificationTag};
use icelab_sctp::{Association, CloseReason, Config, Event, Rto};

use crate::by_hand::ByHand;
use crate::ends::{Ends, connected, message, millis, payloads, read};

fn rfc() -> Config {
    Config { rto: Rto::RFC, heartbeat: None, ..Config::default() }
}

const NEW: VerificationTag = VerificationTag(0x0E0E_0E0E);

/// The peer that `hand` is forgets everything and asks again. The cookie.
fn ask_anew(hand: &mut ByHand) -> Vec<u8> {
    (hand.tag, hand.first) = (NEW, Tsn(9000));
    hand.ask()
}

fn echo(hand: &mut ByHand, cookie: &[u8]) {
    hand.say(&[Chunk::CookieEcho(CookieEcho { cookie })]);
}

#[test]
fn an_init_to_an_association_is_answered_with_a_new_tag_and_changes_nothing() {
    for mut hand in [ByHand::connected(rfc()), ByHand::answered(rfc())] {
        let now = hand.now;
        hand.end.send(message(0, "under way"), now).unwrap();
        hand.sent();
        let (old_tag, old_first) = (hand.end_tag, hand.end_first);
        let mut tags = vec![old_tag];
        for number in 0..100 {
            hand.tag = VerificationTag(1 + number);
            hand.ask();
            tags.push(hand.end_tag);
        }
        tags.sort_unstable();
        tags.dedup();
        assert_eq!(tags.len(), 101);
        // The old association goes on.
        (hand.tag, hand.end_tag) = (VerificationTag(0x0A0A_0A0A), old_tag);
        hand.say(&[hand.data(0)]);
        let sent = hand.only();
        assert_eq!((sent.tag(), sent.kinds()), (hand.tag, vec![ChunkType::SACK]));
        hand.say(&[Chunk::Sack(Sack {
            cumulative_tsn_ack: old_first,
            window: 1000,
            ..Sack::default()
        })]);
        assert_eq!(hand.events().len(), 2, "readable, and nothing waits");
        assert!(hand.end.is_connected());
    }
}

/// The tie-tags are not the tags: those are known to the two ends alone.
#[test]
fn a_cookie_does_not_tell_the_tags_of_the_association() {
    for stage in [ByHand::connected, ByHand::answered] {
        let mut hand = stage(rfc());
        let (peers, own) = (hand.tag.0.to_be_bytes(), hand.end_tag.0.to_be_bytes());
        let cookie = ask_anew(&mut hand);
        assert!(!cookie.windows(4).any(|four| four == peers || four == own));
    }
}

#[test]
fn a_peer_that_began_anew_is_met_anew() {
    for stage in [ByHand::connected, ByHand::answered] {
        let mut hand = stage(rfc());
        let initial = hand.end.stats();
        let now = hand.now;
        for _ in 0..200 {
            hand.end.send(message(0, vec![0; 1000]), now).unwrap();
        }
        hand.say(&[hand.data(1)]);
        hand.pass(millis(5000));
        assert_ne!(hand.end.stats().congestion_window, initial.congestion_window);
        hand.sent();
        hand.events();

        let cookie = ask_anew(&mut hand);
        echo(&mut hand, &cookie);
        let sent = hand.only();
        assert_eq!((sent.tag(), sent.kinds()), (NEW, vec![ChunkType::COOKIE_ACK]));
        let events = hand.events();
        let up = Event::Connected { outgoing: 10, incoming: 10 };
        assert_eq!(
            events.iter().filter(|event| **event == Event::Restarted || **event == up).count(),
            2
        );
        let stats = hand.end.stats();
        assert_eq!(stats.congestion_window, initial.congestion_window);
        assert_eq!((stats.in_flight, stats.timeouts), (0, 0));
        assert_eq!(hand.end.buffered_amount(icelab_sctp::StreamId(0)), 0);
        // Numbers begin at zero.
        let now = hand.now;
        hand.end.send(message(0, "new"), now).unwrap();
        let sent = hand.only();
        let Chunk::Data(data) = sent.only() else { panic!("{sent:?}") };
        assert_eq!((data.tsn, data.ssn.0), (hand.end_first, 0));
        hand.say(&[hand.data(0)]);
        let now = hand.now;
        assert_eq!(payloads(read(&mut hand.end, now)), ["data"]);
    }
}

#[test]
fn what_could_be_read_is_told_anew_after_a_restart() {
    let mut hand = ByHand::answered(rfc());
    hand.say(&[hand.data(0)]);
    assert_eq!(hand.events(), [Event::Readable]);
    hand.sent();
    let cookie = ask_anew(&mut hand);
    echo(&mut hand, &cookie);
    hand.events();
    hand.say(&[hand.data(0)]);
    assert_eq!(hand.events(), [Event::Readable]);
}

#[test]
fn data_beside_the_new_cookie_belongs_to_the_new_association() {
    let mut hand = ByHand::answered(rfc());
    let cookie = ask_anew(&mut hand);
    hand.say(&[Chunk::CookieEcho(CookieEcho { cookie: &cookie }), hand.data(0)]);
    assert_eq!(hand.kinds(), [[ChunkType::COOKIE_ACK, ChunkType::SACK]]);
    let now = hand.now;
    assert_eq!(payloads(read(&mut hand.end, now)), ["data"]);
}

/// Table 12: neither tag is known, and the tie-tags are those of an association that is gone.
#[test]
fn a_cookie_with_the_ties_of_an_older_association_is_ignored() {
    let mut hand = ByHand::answered(rfc());
    (hand.tag, hand.first) = (VerificationTag(1), Tsn(1));
    let first = hand.ask();
    let first_tag = hand.end_tag;
    let second = ask_anew(&mut hand);
    echo(&mut hand, &second);
    assert_eq!(hand.kinds(), [[ChunkType::COOKIE_ACK]]);
    hand.events();
    hand.say_with(first_tag, &[Chunk::CookieEcho(CookieEcho { cookie: &first })]);
    hand.nothing();
    assert_eq!(hand.events(), []);
    // The association that there is goes on.
    hand.say(&[hand.data(0)]);
    assert_eq!(hand.kinds(), [[ChunkType::SACK]]);
}

/// Section 9.2: it has not heard that all is over.
#[test]
fn a_peer_that_begins_anew_while_the_end_is_agreed_on_hears_of_it() {
    let mut hand = ByHand::answered(rfc());
    let (old_tag, old_end, first) = (hand.tag, hand.end_tag, hand.end_first);
    let cookie = ask_anew(&mut hand);
    let new_end = hand.end_tag;
    let shutdown = Chunk::Shutdown(Shutdown { cumulative_tsn_ack: first.previous() });
    hand.say_with(old_end, &[shutdown]);
    assert_eq!(hand.kinds(), [[ChunkType::SHUTDOWN_ACK]]);
    // INIT
    hand.say_init(&[]);
    let sent = hand.only();
    assert_eq!((sent.tag(), sent.kinds()), (old_tag, vec![ChunkType::SHUTDOWN_ACK]));
    // and COOKIE ECHO.
    hand.say_with(new_end, &[Chunk::CookieEcho(CookieEcho { cookie: &cookie }), hand.data(0)]);
    let sent = hand.only();
    let causes = [Cause::CookieReceivedWhileShuttingDown];
    let error = Chunk::Error(OperationError { causes: causes.as_slice().into() });
    assert_eq!(sent.tag(), old_tag);
    assert_eq!(sent.chunks(), [Chunk::ShutdownAck(ShutdownAck), error]);
    // The new peer answers what it does not know; then it may begin.
    let complete = ShutdownComplete { is_tag_reflected: true };
    hand.say_with(old_tag, &[Chunk::ShutdownComplete(complete)]);
    assert_eq!(hand.events().last(), Some(&Event::Closed { reason: CloseReason::Shutdown }));
}

/// One end is replaced by a new one, with data under way in both directions.
fn replace(pair: &mut Ends, seed: u64) {
    let now = pair.now();
    let mut anew = Association::new(Config::default(), Rng::from_u64(seed).fork("anew", 0));
    anew.connect(now);
    anew.send(message(0, "I am new"), now).unwrap();
    pair.a = anew;
}

#[test]
fn a_restart_with_data_under_way_ends_well_on_the_worst_link() {
    for (seed, delay) in (1..=10).flat_map(|seed| [(seed, 20), (seed, 2000)]) {
        let mut pair = connected(LinkModel::terrible(millis(delay)), seed);
        let now = pair.now();
        for number in 0..50 {
            pair.a.send(message(0, vec![number; 3000]), now).unwrap();
            pair.z.send(message(0, vec![number; 3000]), now).unwrap();
        }
        pair.drive_for(millis(4 * delay));
        // What the old one had sent is out of the way before the new one's messages are read.
        replace(&mut pair, seed);
        pair.events_z();
        let mut is_restarted = false;
        let limit = pair.now() + millis(400_000);
        while !is_restarted && pair.now() < limit {
            pair.drive_for(millis(10));
            is_restarted |= pair.events_z().contains(&Event::Restarted);
            if !is_restarted {
                let now = pair.now();
                read(&mut pair.z, now);
            }
        }
        assert!(is_restarted, "seed {seed}, {delay} ms");
        pair.drive_for(millis(60_000));
        let now = pair.now();
        pair.z.send(message(0, "welcome"), now).unwrap();
        pair.drive_for(millis(120_000));
        let now = pair.now();
        assert!(pair.a.is_connected() && pair.z.is_connected(), "seed {seed}, {delay} ms");
        assert_eq!(payloads(read(&mut pair.z, now)), ["I am new"], "seed {seed}, {delay} ms");
        assert_eq!(payloads(read(&mut pair.a, now)), ["welcome"], "seed {seed}, {delay} ms");
    }
}

/// The new peer does not ask, but what the old association sends to it comes out of the blue.
#[test]
fn a_peer_that_forgot_everything_ends_the_association_by_an_abort() {
    let mut pair = connected(LinkModel::delayed(millis(20)), 1);
    pair.a = Association::new(Config::default(), Rng::from_u64(1).fork("anew", 0));
    let now = pair.now();
    pair.z.send(message(0, "anybody there?"), now).unwrap();
    pair.drive_for(millis(100));
    let closed = pair.events_z();
    assert!(
        matches!(closed.last(), Some(Event::Closed { reason: CloseReason::PeerAborted { .. } })),
        "{closed:?}"
    );
}

/// It was asked for before the peer began anew.
#[test]
fn an_end_that_was_asked_for_comes_after_the_restart() {
    let mut hand = ByHand::answered(rfc());
    let now = hand.now;
    hand.end.send(message(0, "under way"), now).unwrap();
    hand.end.shutdown(now);
    assert_eq!(hand.kinds(), [[ChunkType::DATA]]);
    let cookie = ask_anew(&mut hand);
    echo(&mut hand, &cookie);
    assert_eq!(hand.kinds(), [[ChunkType::COOKIE_ACK, ChunkType::SHUTDOWN]]);
}

#[test]
fn an_old_packet_is_not_taken_for_one_of_the_new_association() {
    let mut hand = ByHand::answered(rfc());
    let old = hand.packet(hand.end_tag, &[hand.data(0)]);
    let beat = hand.packet(hand.end_tag, &[Chunk::Heartbeat(Heartbeat { info: b"old" })]);
    let cookie = ask_anew(&mut hand);
    echo(&mut hand, &cookie);
    hand.sent();
    hand.give(old);
    hand.give(beat);
    hand.nothing();
}
