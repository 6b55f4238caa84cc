//! The state cookie: forged, stale, and the answers to it (RFC 9260 sections 5.1.3 to 5.1.5, 5.2.6).

use std::time::Duration;

use icelab_sctp::packet::VerificationTag;
use icelab_sctp::packet::cause::Cause;
use icelab_sctp::packet::chunk::{
    Chunk, ChunkType, CookieAck, CookieEcho, Init, InitAck, OperationError,
};
use icelab_sctp::packet::parameter::Parameter;
use icelab_sctp::{CloseReason, Config, Discard, Event, Rto};

use crate::by_hand::ByHand;
use crate::ends::{message, millis};

fn rfc() -> Config {
    Config { rto: Rto::RFC, heartbeat: None, ..Config::default() }
}

fn echo(cookie: &[u8]) -> Chunk<'_> {
    Chunk::CookieEcho(CookieEcho { cookie })
}

#[test]
fn a_cookie_that_was_changed_is_ignored_with_all_beside_it() {
    let mut hand = ByHand::closed(rfc());
    let cookie = hand.ask();
    let before = hand.state_without_discards();
    for byte in 0..cookie.len() {
        let mut forged = cookie.clone();
        forged[byte] ^= 1;
        hand.say(&[echo(&forged), hand.data(0)]);
    }
    hand.say(&[echo(&[]), hand.data(0)]);
    hand.say(&[echo(&cookie[1..])]);
    hand.nothing();
    let count = cookie.len() as u64 + 2;
    assert_eq!(hand.end.discards().count(Discard::Cookie), count);
    assert_eq!(before, hand.state_without_discards());
    assert!(!hand.end.is_connected());
    hand.say(&[echo(&cookie)]);
    assert_eq!(hand.kinds(), [[ChunkType::COOKIE_ACK]]);
}

#[test]
fn a_cookie_of_another_end_is_ignored() {
    let mut other = ByHand::closed(rfc());
    let _ = other.ask();
    let mut hand = ByHand::echoed(rfc());
    hand.say(&[echo(b"a cookie")]);
    hand.nothing();
    assert!(!hand.end.is_connected());
}

/// Section 5.1.5 step 3: silently, whatever its age.
#[test]
fn a_cookie_in_a_packet_with_another_tag_or_port_is_ignored() {
    let mut hand = ByHand::closed(rfc());
    let cookie = hand.ask();
    for _ in 0..2 {
        hand.say_with(VerificationTag(hand.end_tag.0 ^ 1), &[echo(&cookie)]);
        hand.say_with(VerificationTag(0), &[echo(&cookie)]);
        let mut bytes = hand.packet(hand.end_tag, &[echo(&cookie)]);
        bytes[1] ^= 1;
        bytes[8..12].fill(0);
        hand.give(bytes);
        hand.nothing();
        assert!(!hand.end.is_connected());
        hand.pass(Duration::from_secs(100));
    }
    assert_eq!(hand.end.discards().count(Discard::Tag), 4);
    assert_eq!(hand.end.discards().count(Discard::Port), 2);
}

#[test]
fn an_old_cookie_is_answered_with_how_old_it_is() {
    let mut hand = ByHand::closed(rfc());
    let cookie = hand.ask();
    hand.pass(Duration::from_secs(60));
    let mut early = ByHand::closed(rfc());
    let fresh = early.ask();
    early.pass(Duration::from_secs(60));
    early.say(&[echo(&fresh)]);
    assert_eq!(early.kinds(), [[ChunkType::COOKIE_ACK]]);
    // Rounded up.
    for (more, staleness) in [(Duration::from_nanos(1), 1), (millis(3), 3001)] {
        hand.pass(more);
        hand.say(&[echo(&cookie), hand.data(0)]);
        let sent = hand.only();
        let causes = [Cause::StaleCookie(Duration::from_micros(staleness))];
        let error = OperationError { causes: causes.as_slice().into() };
        assert_eq!((sent.only(), sent.tag()), (Chunk::Error(error), hand.tag));
        assert!(!hand.end.is_connected());
    }
}

#[test]
fn a_cookie_lives_longer_where_the_peer_asks_for_it_but_not_for_ever() {
    for (asked, lives) in [(5, 65), (60, 120), (100_000, 120)] {
        let mut hand = ByHand::closed(rfc());
        hand.say_init(&[Parameter::CookiePreservative(Duration::from_secs(asked))]);
        let sent = hand.only();
        let Chunk::InitAck(ack) = sent.only() else { panic!("{sent:?}") };
        hand.end_tag = ack.0.initiate_tag;
        let cookie = ack.state_cookie().unwrap().to_vec();
        hand.pass(Duration::from_secs(lives) + millis(1));
        hand.say(&[echo(&cookie)]);
        assert_eq!(hand.kinds(), [[ChunkType::ERROR]], "{asked}");
    }
}

/// Section 5.2.4 step 3.
#[test]
fn the_cookie_of_the_association_that_there_is_never_gets_too_old() {
    let mut hand = ByHand::closed(rfc());
    let cookie = hand.ask();
    hand.say(&[echo(&cookie)]);
    hand.sent();
    hand.pass(Duration::from_secs(1000));
    hand.say(&[echo(&cookie)]);
    assert_eq!(hand.kinds(), [[ChunkType::COOKIE_ACK]]);
}

#[test]
fn an_old_cookie_of_another_association_is_refused_while_there_is_one() {
    let mut hand = ByHand::answered(rfc());
    let (tag, own) = (hand.tag, hand.end_tag);
    hand.tag = VerificationTag(0x0B0B_0B0B);
    let cookie = hand.ask();
    hand.pass(Duration::from_secs(61));
    hand.say(&[echo(&cookie), hand.data(0)]);
    let sent = hand.only();
    assert_eq!((sent.kinds(), sent.tag()), (vec![ChunkType::ERROR], hand.tag));
    (hand.tag, hand.end_tag) = (tag, own);
    hand.say(&[hand.data(0)]);
    assert_eq!(hand.kinds(), [[ChunkType::SACK]]);
}

fn stale(hand: &mut ByHand) {
    let causes = [Cause::StaleCookie(millis(5))];
    let error = OperationError { causes: causes.as_slice().into() };
    hand.say(&[Chunk::Error(error)]);
}

/// Section 5.2.6, the third way: no more than a second above the round trip. What had left beside the
/// cookie is not lost.
#[test]
fn an_end_whose_cookie_is_too_old_asks_for_one_that_lives_longer() {
    let mut hand = ByHand::asked(rfc());
    let now = hand.now;
    hand.end.send(message(0, "rides along"), now).unwrap();
    let (tag, first) = (hand.end_tag, hand.end_first);
    hand.say_init_ack(&[]);
    assert_eq!(hand.kinds(), [[ChunkType::COOKIE_ECHO, ChunkType::DATA]]);
    hand.pass(millis(300));
    stale(&mut hand);
    let sent = hand.only();
    let Chunk::Init(Init(init)) = sent.only() else { panic!("{sent:?}") };
    assert_eq!((init.initiate_tag, init.initial_tsn), (tag, first));
    let life = init.parameters.iter().find_map(|one| {
        if let Parameter::CookiePreservative(life) = one { Some(life) } else { None }
    });
    assert_eq!(life, Some(millis(1300)));
    hand.say_init_ack(&[]);
    let sent = hand.only();
    assert_eq!(sent.kinds(), [ChunkType::COOKIE_ECHO, ChunkType::DATA]);
    let Chunk::Data(data) = sent.chunks()[1] else { panic!() };
    assert_eq!((data.tsn, data.payload), (first, &b"rides along"[..]));
    hand.say(&[Chunk::CookieAck(CookieAck)]);
    assert!(hand.end.is_connected());
}

/// The same where the peer's own cookie comes first.
#[test]
fn what_left_beside_an_old_cookie_leaves_again_whoever_begins() {
    let mut hand = ByHand::asked(rfc());
    let now = hand.now;
    hand.end.send(message(0, "rides along"), now).unwrap();
    hand.say_init_ack(&[]);
    stale(&mut hand);
    hand.sent();
    let cookie = hand.ask();
    hand.say(&[echo(&cookie)]);
    assert_eq!(hand.kinds(), [[ChunkType::COOKIE_ACK, ChunkType::DATA]]);
}

/// A peer that finds every cookie too old is left, and not asked for ever.
#[test]
fn a_setup_in_which_every_cookie_is_too_old_ends() {
    let mut hand = ByHand::asked(rfc());
    let mut inits = 1;
    for _ in 0..100 {
        hand.say_init_ack(&[]);
        hand.pass(millis(1));
        hand.sent();
        stale(&mut hand);
        inits += hand.kinds().len();
        if hand.end.is_closed() {
            break;
        }
    }
    assert_eq!(inits, 9);
    assert_eq!(hand.events(), [Event::Closed { reason: CloseReason::SetupTimeout }]);
}

/// Section 5.2.6.
#[test]
fn an_error_that_a_cookie_is_too_old_is_ignored_but_for_the_cookie_under_way() {
    for stage in [ByHand::connected, ByHand::answered, ByHand::asked] {
        let mut hand = stage(rfc());
        let before = hand.state_without_discards();
        stale(&mut hand);
        hand.nothing();
        assert_eq!(hand.events(), []);
        assert_eq!(before, hand.state_without_discards());
    }
}

/// Section 5.1.3: as small as possible.
#[test]
fn a_cookie_is_short() {
    assert!(ByHand::closed(rfc()).ask().len() <= 96);
}

#[test]
fn a_cookie_makes_the_association_that_the_init_asked_for() {
    // Between the two the end remembers nothing: the cookie holds all of it.
    let mut hand = ByHand::closed(Config { streams: (4, 6), ..rfc() });
    let cookie = hand.ask();
    let mut init = hand.initiation(&[]);
    init.initiate_tag = VerificationTag(77);
    init.inbound_streams = 2;
    hand.say_with(VerificationTag(0), &[Chunk::Init(Init(init))]);
    let sent = hand.only();
    assert!(matches!(sent.only(), Chunk::InitAck(InitAck(_))));
    hand.say(&[echo(&cookie)]);
    let sent = hand.only();
    assert_eq!(sent.tag(), hand.tag);
    assert_eq!(hand.events(), [Event::Connected { outgoing: 4, incoming: 6 }]);
    assert_eq!(hand.end.stats().peer_window, 100_000);
}
