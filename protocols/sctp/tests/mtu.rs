//! How long packets may be: found out by padded heartbeats (RFC 8899; RFC 8261 sections 4 and 6.2).

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use icelab_sans_io::testing::{LinkModel, Passing};
use icelab_sans_io::{Instant, Protocol};
use icelab_sctp::packet::chunk::{
    Chunk, ChunkType, CookieAck, CookieEcho, Heartbeat, HeartbeatAck, Sack,
};
use icelab_sctp::{Config, Event, Rto, StreamId};

use crate::by_hand::{ByHand, Sent};
use crate::ends::{Ends, ends_with, message, millis, payloads, read};

fn searching(largest_mtu: usize) -> Config {
    Config { largest_mtu, rto: Rto::RFC, heartbeat: None, ..Config::default() }
}

/// An end that is just up, and has sent its first probe.
fn probing() -> ByHand {
    let mut hand = ByHand::echoed(searching(1500));
    hand.say(&[Chunk::CookieAck(CookieAck)]);
    hand.events();
    hand
}

/// Two ends that look for longer packets, on a path that carries `limit` bytes.
fn ends_on(limit: usize, largest: usize, model: LinkModel, seed: u64) -> Ends {
    let mut pair = ends_with(searching(largest), searching(largest), model, seed);
    pair.filter(move |_, packet, _| pass(packet, limit));
    pair.a.connect(Instant::START);
    pair
}

fn pass(packet: &[u8], limit: usize) -> Passing {
    if packet.len() > limit { Passing::Lost } else { Passing::Pass }
}

#[test]
fn nothing_is_tried_where_that_is_not_wanted() {
    let mut hand = ByHand::connected(searching(1200));
    hand.pass(Duration::from_secs(3600));
    hand.nothing();
}

/// RFC 8261 section 6.2.
#[test]
fn a_probe_is_a_heartbeat_with_padding() {
    let mut hand = probing();
    let sent = hand.only();
    assert_eq!(sent.kinds(), [ChunkType::HEARTBEAT, ChunkType::PAD]);
    assert_eq!((sent.bytes.len(), sent.tag()), (1500, hand.tag));
    let Chunk::Heartbeat(Heartbeat { info }) = sent.chunks()[0] else { panic!() };
    assert_eq!(hand.end.stats().mtu, 1200);
    hand.say(&[Chunk::HeartbeatAck(HeartbeatAck { info })]);
    assert_eq!(hand.end.stats().mtu, 1500);
    // Data uses what was found.
    let now = hand.now;
    hand.end.send(message(0, vec![0; 5000]), now).unwrap();
    assert_eq!(hand.sent()[0].bytes.len(), 1500);
}

#[test]
fn the_longest_packet_that_passes_is_found() {
    for limit in [1200, 1204, 1215, 1216, 1217, 1300, 1399, 1456, 1499, 1500, 5000, 9000, 10_000] {
        let mut pair = ends_on(limit, 9000, LinkModel::delayed(millis(20)), 1);
        pair.drive_for(Duration::from_secs(120));
        for (found, end) in [(pair.a.stats().mtu, &pair.a), (pair.z.stats().mtu, &pair.z)] {
            assert!(end.is_connected(), "a probe that is lost is no failure");
            assert!(found <= limit.min(9000), "{limit}: {found}");
            assert!(found + 16 >= limit.min(9000), "{limit}: {found}");
        }
    }
}

#[test]
fn the_search_ends_near_the_truth_on_the_worst_link() {
    for (seed, delay) in (1..=5).flat_map(|seed| [(seed, 20), (seed, 1000)]) {
        let mut pair = ends_on(1400, 1500, LinkModel::terrible(millis(delay)), seed);
        // A size that was found too long by bad luck is tried again after ten minutes.
        pair.drive_for(Duration::from_secs(7200));
        let (a, z) = (pair.a.stats().mtu, pair.z.stats().mtu);
        assert!((1300..=1400).contains(&a) && (1300..=1400).contains(&z), "{a} {z}");
        assert!(pair.a.is_connected() && pair.z.is_connected());
    }
}

/// RFC 8899 section 5.1.2: three times, and with one number: an answer to any of them will do.
#[test]
fn a_probe_is_repeated_twice_and_its_answer_may_come_late() {
    let mut hand = probing();
    hand.pass(millis(2500));
    let sent = hand.sent();
    assert_eq!(sent.iter().map(|packet| packet.bytes.len()).collect::<Vec<_>>(), [1500; 3]);
    assert!(sent.iter().all(|packet| packet.bytes == sent[0].bytes));
    let Chunk::Heartbeat(Heartbeat { info }) = sent[0].chunks()[0] else { panic!() };
    hand.say(&[Chunk::HeartbeatAck(HeartbeatAck { info })]);
    assert_eq!(hand.end.stats().mtu, 1500);
    // After the third it is too long, and half of the way is tried.
    let mut hand = probing();
    hand.pass(millis(3001));
    let sent = hand.sent();
    assert_eq!(sent.last().map(|packet| packet.bytes.len()), Some(1348));
}

/// RFC 8899 section 4.3: where long packets stop passing, short ones go on.
#[test]
fn a_path_that_becomes_shorter_is_noticed_by_data() {
    let limit = Rc::new(RefCell::new(1500));
    let mut pair = ends_with(searching(1500), searching(1500), LinkModel::delayed(millis(20)), 1);
    let now_limit = Rc::clone(&limit);
    pair.filter(move |_, packet, _| pass(packet, *now_limit.borrow()));
    pair.a.connect(Instant::START);
    pair.drive_for(Duration::from_secs(5));
    assert_eq!(pair.a.stats().mtu, 1500);
    *limit.borrow_mut() = 1300;
    let now = pair.now();
    // What has already been cut for long packets is lost: RFC 9260 section 7.3 leaves it to IP. New
    // messages get through once it has been given up, so this one is short.
    pair.a.send(message(0, "short"), now).unwrap();
    pair.drive_for(Duration::from_secs(1));
    let now = pair.now();
    assert_eq!(payloads(read(&mut pair.z, now)), ["short"]);
    assert_eq!(pair.a.stats().mtu, 1500);
}

/// RFC 8899 section 4.3, without data: the size that was found is tried again after ten minutes.
#[test]
fn a_path_that_becomes_shorter_is_noticed_by_the_next_probe() {
    let limit = Rc::new(RefCell::new(1500));
    let mut pair = ends_with(searching(1500), searching(1500), LinkModel::delayed(millis(20)), 1);
    let now_limit = Rc::clone(&limit);
    pair.filter(move |_, packet, _| pass(packet, *now_limit.borrow()));
    pair.a.connect(Instant::START);
    pair.drive_for(Duration::from_secs(5));
    *limit.borrow_mut() = 1300;
    pair.drive_for(Duration::from_secs(700));
    let found = pair.a.stats().mtu;
    assert!((1284..=1300).contains(&found), "{found}");
    // And longer again.
    *limit.borrow_mut() = 1500;
    pair.drive_for(Duration::from_secs(700));
    assert_eq!(pair.a.stats().mtu, 1500);
}

#[test]
fn what_the_layer_below_says_is_the_limit() {
    let mut pair = ends_on(9000, 9000, LinkModel::delayed(millis(20)), 1);
    pair.drive_for(Duration::from_secs(5));
    assert_eq!(pair.a.stats().mtu, 9000);
    for (said, found) in [(1401, 1400), (2000, 1400), (1100, 1100), (100, 524)] {
        let now = pair.now();
        pair.a.set_mtu(said, now);
        pair.drive_for(Duration::from_secs(2000));
        assert_eq!(pair.a.stats().mtu, found, "{said}");
    }
    let now = pair.now();
    pair.a.send(message(0, vec![1; 2000]), now).unwrap();
    pair.drive_for(Duration::from_secs(10));
    let now = pair.now();
    assert_eq!(payloads(read(&mut pair.z, now)), [vec![1; 2000]]);
}

/// Before there is an association, and after the peer began anew.
#[test]
fn what_the_layer_below_says_early_counts_later() {
    let mut hand = ByHand::closed(searching(9000));
    let now = hand.now;
    hand.end.set_mtu(1000, now);
    let cookie = hand.ask();
    hand.say(&[Chunk::CookieEcho(CookieEcho { cookie: &cookie })]);
    hand.pass(Duration::from_secs(1000));
    assert_eq!(hand.end.stats().mtu, 1000);
    assert!(hand.sent().iter().all(|packet| packet.bytes.len() <= 1000));
}

/// Every packet but probes, and but for what was cut before.
#[test]
fn no_packet_is_longer_than_what_is_known_to_pass() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let mut pair = ends_with(searching(1500), searching(1500), LinkModel::terrible(millis(20)), 3);
    let copies = Rc::clone(&seen);
    pair.filter(move |_, packet, _| {
        copies.borrow_mut().push(packet.clone());
        pass(packet, 1300)
    });
    pair.a.connect(Instant::START);
    pair.drive_for(Duration::from_secs(10));
    let now = pair.now();
    for _ in 0..20 {
        pair.a.send(message(0, vec![1; 20_000]), now).unwrap();
    }
    pair.drive_for(Duration::from_secs(60));
    let now = pair.now();
    assert_eq!(read(&mut pair.z, now).len(), 20);
    for bytes in seen.borrow().iter() {
        let packet = Sent { at: Instant::START, bytes: bytes.clone() };
        assert!(bytes.len() <= 1300 || packet.kinds().contains(&ChunkType::PAD));
    }
}

/// What is lost of long packets counts as failure only where data is: and then the first length helps.
#[test]
fn data_falls_back_to_the_first_length_before_the_peer_is_given_up() {
    let mut hand = probing();
    let probe = hand.only();
    let Chunk::Heartbeat(Heartbeat { info }) = probe.chunks()[0] else { panic!() };
    hand.say(&[Chunk::HeartbeatAck(HeartbeatAck { info })]);
    assert_eq!(hand.end.stats().mtu, 1500);
    let now = hand.now;
    hand.end.send(message(0, vec![0; 100]), now).unwrap();
    hand.pass(Duration::from_secs(30));
    assert_eq!(hand.end.stats().mtu, 1200);
    assert_eq!(hand.events(), [Event::BufferedAmountLow { stream: StreamId(0) }]);
    let sack = Sack { cumulative_tsn_ack: hand.end_first, window: 10_000, ..Sack::default() };
    hand.say(&[Chunk::Sack(sack)]);
    assert!(hand.end.is_connected());
    assert!(hand.end.poll_timeout().is_some(), "longer ones are tried again");
}
