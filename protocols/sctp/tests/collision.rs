//! Both ends begin at once, as Chromium's do (RFC 9260 sections 5.2.1, 5.2.3, 5.2.4).

use std::cell::Cell;
use std::rc::Rc;

use icelab_sans_io::Instant;
use icelab_sans_io::testing::{LinkModel, Passing};
use icelab_sctp::packet::chunk::{Chunk, ChunkType, CookieAck, CookieEcho, Init, InitAck};
use icelab_sctp::packet::parameter::Parameter;
use icelab_sctp::packet::{Tsn, VerificationTag};
use icelab_sctp::{Config, Discard, Event, Extensions, Rto, StreamId};

use crate::by_hand::ByHand;
use crate::ends::{Ends, ends, ends_with, message, millis, payloads, read};

fn rfc() -> Config {
    Config { rto: Rto::RFC, heartbeat: None, ..Config::default() }
}

/// Both have sent INIT, and have a message for each other.
fn both(model: LinkModel, seed: u64) -> Ends {
    let mut pair = ends_with(Config::default(), Config::default(), model, seed);
    pair.a.connect(Instant::START);
    pair.z.connect(Instant::START);
    pair.a.send(message(0, "from a"), Instant::START).unwrap();
    pair.z.send(message(0, "from z"), Instant::START).unwrap();
    pair
}

/// There is one association, and what each sent has arrived once.
#[track_caller]
fn check(pair: &mut Ends, what: &str) {
    assert!(pair.a.is_connected() && pair.z.is_connected(), "{what}: {}", pair.log());
    let now = pair.now();
    assert_eq!(payloads(read(&mut pair.z, now)), ["from a"], "{what}");
    assert_eq!(payloads(read(&mut pair.a, now)), ["from z"], "{what}");
    let count = |events: Vec<Event>| {
        let is_up = |event: &&Event| matches!(event, Event::Connected { .. } | Event::Restarted);
        events.iter().filter(is_up).count()
    };
    assert_eq!((count(pair.events_a()), count(pair.events_z())), (1, 1), "{what}");
}

#[test]
fn two_that_begin_at_once_make_one_association() {
    let mut pair = both(LinkModel::delayed(millis(50)), 1);
    pair.drive_for(millis(250));
    check(&mut pair, "no loss");
}

#[test]
fn two_that_begin_one_after_the_other_make_one_association() {
    for gap in [10, 50, 60, 99, 100, 101, 140, 150, 199] {
        let mut pair = ends(LinkModel::delayed(millis(50)), 1);
        pair.a.send(message(0, "from a"), Instant::START).unwrap();
        pair.drive_for(millis(gap));
        let now = pair.now();
        pair.z.connect(now);
        pair.z.send(message(0, "from z"), now).unwrap();
        pair.drive_for(millis(3000));
        check(&mut pair, &format!("{gap} ms"));
    }
}

#[test]
fn a_collision_survives_the_loss_of_any_two_packets() {
    for (first, second) in (0..10).flat_map(|first| (first..10).map(move |second| (first, second)))
    {
        let mut pair = both(LinkModel::delayed(millis(50)), 1);
        let count = Rc::new(Cell::new(0));
        pair.filter(move |_, _, _| {
            let number = count.replace(count.get() + 1);
            if number == first || number == second { Passing::Lost } else { Passing::Pass }
        });
        pair.drive_for(millis(10_000));
        check(&mut pair, &format!("{first} and {second}"));
    }
}

#[test]
fn a_collision_ends_well_on_the_worst_link_with_seconds_of_delay() {
    for (seed, delay) in (1..=20).flat_map(|seed| [(seed, 20), (seed, 2000)]) {
        let mut pair = both(LinkModel::terrible(millis(delay)), seed);
        pair.drive_for(millis(300_000));
        check(&mut pair, &format!("seed {seed}, {delay} ms"));
    }
}

/// Section 5.2.1: with the same parameters, and T1-init goes on.
#[test]
fn an_init_while_waiting_for_the_cookie_is_answered_with_the_same_tag() {
    let mut hand = ByHand::asked(rfc());
    let before = hand.state();
    let (tag, first) = (hand.end_tag, hand.end_first);
    hand.ask();
    assert_eq!((hand.end_tag, hand.end_first), (tag, first));
    assert_eq!(hand.state(), before);
    hand.pass(millis(1000));
    assert_eq!(hand.kinds(), [[ChunkType::INIT]]);
}

#[test]
fn an_init_while_the_cookie_is_under_way_is_answered_with_the_same_tag() {
    let mut hand = ByHand::echoed(rfc());
    let before = hand.state();
    let (tag, first) = (hand.end_tag, hand.end_first);
    hand.ask();
    assert_eq!((hand.end_tag, hand.end_first), (tag, first));
    assert_eq!(hand.state(), before);
    hand.pass(millis(1000));
    assert_eq!(hand.kinds(), [[ChunkType::COOKIE_ECHO]]);
}

/// Table 12, B, where the peer's tag is not known yet: INIT ACK was lost.
#[test]
fn a_cookie_that_comes_before_the_answer_to_init_begins_the_association() {
    let mut hand = ByHand::asked(rfc());
    let now = hand.now;
    hand.end.send(message(0, "waits"), now).unwrap();
    let cookie = hand.ask();
    hand.say(&[Chunk::CookieEcho(CookieEcho { cookie: &cookie })]);
    assert_eq!(hand.kinds(), [[ChunkType::COOKIE_ACK, ChunkType::DATA]]);
    assert!(matches!(hand.events()[0], Event::Connected { .. }));
    hand.say_init_ack(&[]);
    hand.pass(millis(5000));
    assert!(hand.kinds().iter().all(|kinds| *kinds == [ChunkType::DATA]));
}

/// Table 12, B: the peer answered INIT with one tag, and asked with another. All that it says of itself
/// the second time counts, and what had left beside the first cookie leaves again.
#[test]
fn a_cookie_with_another_tag_of_the_peer_changes_the_peer() {
    for extensions in [Extensions::NONE, Extensions { interleaving: true, ..Extensions::default() }]
    {
        let mut hand = ByHand::asked(Config { extensions, ..rfc() });
        let now = hand.now;
        hand.end.send(message(0, "rides along"), now).unwrap();
        hand.say_init_ack(&[]);
        assert_eq!(hand.kinds(), [[ChunkType::COOKIE_ECHO, ChunkType::DATA]]);

        (hand.tag, hand.first) = (VerificationTag(0x0B0B_0B0B), Tsn(7000));
        let first_own = hand.end_first;
        let chunks = [ChunkType::I_DATA, ChunkType::I_FORWARD_TSN];
        hand.say_init(&[
            Parameter::ForwardTsnSupported,
            Parameter::SupportedExtensions(chunks.as_slice().into()),
        ]);
        let sent = hand.only();
        let Chunk::InitAck(ack) = sent.only() else { panic!("{sent:?}") };
        let cookie = ack.state_cookie().unwrap().to_vec();
        hand.say(&[Chunk::CookieEcho(CookieEcho { cookie: &cookie })]);
        let sent = hand.only();
        assert_eq!(sent.tag(), hand.tag);
        assert_eq!(sent.kinds()[0], ChunkType::COOKIE_ACK);
        let tsn = match sent.chunks()[1] {
            Chunk::IData(data) if extensions.interleaving => data.tsn,
            Chunk::Data(data) if !extensions.interleaving => data.tsn,
            other => panic!("{other:?}"),
        };
        assert_eq!(tsn, first_own);
        assert!(hand.end.is_connected());
        assert!(matches!(hand.events().last(), Some(Event::Connected { .. })));
        // T1-cookie is stopped, and the first answer's tag is forgotten.
        hand.say(&[Chunk::CookieAck(CookieAck)]);
        hand.pass(millis(5000));
        assert!(hand.kinds().iter().all(|kinds| !kinds.contains(&ChunkType::COOKIE_ECHO)));
    }
}

/// Table 12, B: fewer streams than before.
#[test]
fn a_peer_that_changes_may_accept_fewer_streams() {
    let mut hand = ByHand::asked(rfc());
    hand.say_init_ack(&[]);
    let now = hand.now;
    hand.end.send(message(9, "too high"), now).unwrap();
    hand.sent();
    hand.tag = VerificationTag(0x0B0B_0B0B);
    let mut init = hand.initiation(&[]);
    init.inbound_streams = 3;
    hand.say_with(VerificationTag(0), &[Chunk::Init(Init(init))]);
    let sent = hand.only();
    let Chunk::InitAck(ack) = sent.only() else { panic!("{sent:?}") };
    let cookie = ack.state_cookie().unwrap().to_vec();
    hand.say(&[Chunk::CookieEcho(CookieEcho { cookie: &cookie })]);
    assert_eq!(hand.kinds(), [[ChunkType::COOKIE_ACK]]);
    let events = hand.events();
    assert!(events.contains(&Event::Connected { outgoing: 3, incoming: 10 }));
    let is_given_up = |event: &Event| matches!(event, Event::GivenUp { stream: StreamId(9), .. });
    assert!(events.iter().any(is_given_up));
}

/// Table 12, C: the end gave the cookie while it knew no association, and has begun anew with the peer
/// since, under another tag.
#[test]
fn a_cookie_of_an_older_tag_without_ties_is_ignored() {
    let mut hand = ByHand::closed(rfc());
    let late = hand.ask();
    let late_tag = hand.end_tag;
    hand.say(&[Chunk::CookieEcho(CookieEcho { cookie: &late })]);
    // The peer begins anew, and so does the end, with a new tag.
    let old_peer = hand.tag;
    hand.tag = VerificationTag(0x0C0C_0C0C);
    hand.sent();
    let cookie = hand.ask();
    hand.say(&[Chunk::CookieEcho(CookieEcho { cookie: &cookie })]);
    assert_eq!(hand.kinds(), [[ChunkType::COOKIE_ACK]]);
    assert_ne!((hand.tag, hand.end_tag), (old_peer, late_tag));
    hand.events();
    let before = hand.state_without_discards();
    hand.say_with(late_tag, &[Chunk::CookieEcho(CookieEcho { cookie: &late }), hand.data(0)]);
    hand.nothing();
    assert_eq!(hand.events(), []);
    assert_eq!(hand.end.discards().count(Discard::Cookie), 1);
    assert_eq!(hand.state_without_discards(), before);
}

/// Table 12, D.
#[test]
fn a_cookie_that_confirms_what_is_known_establishes_and_is_acknowledged_each_time() {
    let mut hand = ByHand::asked(rfc());
    let cookie = hand.ask();
    hand.say_init_ack(&[]);
    assert_eq!(hand.kinds(), [[ChunkType::COOKIE_ECHO]]);
    hand.say(&[Chunk::CookieEcho(CookieEcho { cookie: &cookie })]);
    assert_eq!(hand.kinds(), [[ChunkType::COOKIE_ACK]]);
    assert!(matches!(hand.events()[..], [Event::Connected { .. }]));
    for _ in 0..3 {
        hand.say(&[Chunk::CookieEcho(CookieEcho { cookie: &cookie })]);
        assert_eq!(hand.kinds(), [[ChunkType::COOKIE_ACK]]);
    }
    assert_eq!(hand.events(), []);
    hand.pass(millis(10_000));
    hand.nothing();
}

/// Section 5.2.3.
#[test]
fn an_answer_to_init_that_comes_late_is_ignored() {
    let mut hand = ByHand::connected(rfc());
    let tag = hand.end_tag;
    hand.tag = VerificationTag(0x0D0D_0D0D);
    let parameters = [Parameter::StateCookie(b"late")];
    hand.say_with(tag, &[Chunk::InitAck(InitAck(hand.initiation(&parameters)))]);
    hand.nothing();
    assert!(hand.end.is_connected());
}
