//! Packets of associations that are no more, or never were (RFC 9260 section 8.4).

use icelab_sctp::packet::cause::Cause;
use icelab_sctp::packet::chunk::{
    Abort, Chunk, ChunkType, CookieAck, CookieEcho, Heartbeat, InitAck, OperationError, Sack,
    Shutdown, ShutdownAck, ShutdownComplete,
};
use icelab_sctp::packet::parameter::Parameter;
use icelab_sctp::packet::{Tsn, VerificationTag};
use icelab_sctp::{Config, Discard, Rto};

use crate::by_hand::ByHand;

fn rfc() -> Config {
    Config { rto: Rto::RFC, heartbeat: None, ..Config::default() }
}

const OTHER: VerificationTag = VerificationTag(0x0102_0304);

/// An end whose association is over.
fn ended(config: Config) -> ByHand {
    let mut hand = ByHand::connected(config);
    let now = hand.now;
    hand.end.abort(now);
    hand.sent();
    hand.events();
    hand
}

fn error<'a>(causes: &'a [Cause<'a>]) -> Chunk<'a> {
    Chunk::Error(OperationError { causes: causes.into() })
}

fn abort() -> Chunk<'static> {
    Chunk::Abort(Abort { is_tag_reflected: false, causes: [].as_slice().into() })
}

/// Gives the end a packet out of the blue; what it answers with.
#[track_caller]
fn answer(stage: fn(Config) -> ByHand, chunks: &[Chunk<'_>]) -> Option<ChunkType> {
    let mut hand = stage(rfc());
    let before = hand.state_without_discards();
    hand.say_with(OTHER, chunks);
    let sent = hand.sent();
    assert!(sent.len() <= 1);
    assert_eq!(hand.events(), []);
    assert_eq!(hand.state_without_discards(), before);
    let sent = sent.first()?;
    assert_eq!(sent.tag(), OTHER);
    match sent.only() {
        Chunk::Abort(abort) => assert!(abort.is_tag_reflected),
        Chunk::ShutdownComplete(complete) => assert!(complete.is_tag_reflected),
        other => panic!("{other:?}"),
    }
    sent.kinds().first().copied()
}

#[test]
fn what_belongs_to_no_association_is_answered_by_an_abort_with_its_own_tag() {
    let hand = ByHand::closed(rfc());
    let invalid = [Cause::InvalidMandatoryParameter];
    let parameters = [Parameter::StateCookie(b"a cookie")];
    let ack = Chunk::InitAck(InitAck(hand.initiation(&parameters)));
    let chunks = [
        hand.data(0),
        Chunk::Sack(Sack::default()),
        Chunk::Heartbeat(Heartbeat { info: b"info" }),
        Chunk::Shutdown(Shutdown { cumulative_tsn_ack: Tsn(0) }),
        error(&invalid),
        ack,
    ];
    for stage in [ByHand::closed, ended] {
        for chunk in &chunks {
            assert_eq!(answer(stage, &[*chunk]), Some(ChunkType::ABORT), "{chunk:?}");
        }
        assert_eq!(answer(stage, &chunks[..5]), Some(ChunkType::ABORT));
    }
}

#[test]
fn an_abort_is_never_answered() {
    let hand = ByHand::closed(rfc());
    let beat = Chunk::Heartbeat(Heartbeat { info: b"info" });
    for stage in [ByHand::closed, ended] {
        assert_eq!(answer(stage, &[abort()]), None);
        assert_eq!(answer(stage, &[beat, abort()]), None);
        assert_eq!(answer(stage, &[hand.data(0), Chunk::ShutdownAck(ShutdownAck), abort()]), None);
    }
}

#[test]
fn a_shutdown_ack_is_answered_by_a_shutdown_complete() {
    let causes = [Cause::CookieReceivedWhileShuttingDown];
    for stage in [ByHand::closed, ended, ByHand::asked, ByHand::echoed] {
        let ack = Chunk::ShutdownAck(ShutdownAck);
        assert_eq!(answer(stage, &[ack]), Some(ChunkType::SHUTDOWN_COMPLETE));
        assert_eq!(answer(stage, &[error(&causes), ack]), Some(ChunkType::SHUTDOWN_COMPLETE));
        assert_eq!(answer(stage, &[ack, ack]), Some(ChunkType::SHUTDOWN_COMPLETE));
    }
}

/// Section 8.5.1 E: in a setup it is of another association even where the tag is right. T1 goes on.
#[test]
fn a_shutdown_ack_in_a_setup_is_of_another_association_whatever_its_tag_is() {
    for (stage, repeated) in [
        (ByHand::asked as fn(Config) -> ByHand, ChunkType::INIT),
        (ByHand::echoed, ChunkType::COOKIE_ECHO),
    ] {
        let mut hand = stage(rfc());
        hand.say(&[Chunk::ShutdownAck(ShutdownAck), Chunk::ShutdownAck(ShutdownAck)]);
        let sent = hand.only();
        assert_eq!(sent.tag(), hand.end_tag);
        let complete = ShutdownComplete { is_tag_reflected: true };
        assert_eq!(sent.only(), Chunk::ShutdownComplete(complete));
        assert!(!hand.end.is_closed());
        hand.pass(std::time::Duration::from_secs(1));
        assert_eq!(hand.only().kinds()[0], repeated);
    }
}

#[test]
fn what_ends_a_setup_or_an_end_is_dropped() {
    let complete = Chunk::ShutdownComplete(ShutdownComplete { is_tag_reflected: false });
    let stale = [Cause::InvalidMandatoryParameter, Cause::StaleCookie(std::time::Duration::ZERO)];
    for stage in [ByHand::closed, ended] {
        assert_eq!(answer(stage, &[complete]), None);
        assert_eq!(answer(stage, &[Chunk::CookieAck(CookieAck)]), None);
        assert_eq!(answer(stage, &[error(&stale)]), None);
    }
}

/// Section 8.5.1 A.
#[test]
fn what_has_no_tag_is_dropped() {
    let mut hand = ByHand::closed(rfc());
    hand.say_with(VerificationTag(0), &[hand.data(0)]);
    hand.say_with(VerificationTag(0), &[Chunk::ShutdownAck(ShutdownAck)]);
    hand.nothing();
    assert_eq!(hand.end.discards().count(Discard::Tag), 2);
}

/// Rule 3: an end that is over begins nothing.
#[test]
fn an_end_that_is_over_refuses_an_init_and_a_cookie() {
    for graceful in [false, true] {
        let mut hand = ByHand::closed(rfc());
        let cookie = hand.ask();
        hand.say(&[Chunk::CookieEcho(CookieEcho { cookie: &cookie })]);
        let now = hand.now;
        if graceful {
            hand.end.shutdown(now);
            hand.say(&[Chunk::ShutdownAck(ShutdownAck)]);
        } else {
            hand.end.abort(now);
        }
        assert!(hand.end.is_closed());
        hand.sent();
        hand.events();
        let tag = hand.tag;
        hand.say_init(&[]);
        let sent = hand.only();
        let Chunk::Abort(abort) = sent.only() else { panic!("{sent:?}") };
        assert_eq!((abort.is_tag_reflected, sent.tag()), (false, tag));
        hand.say(&[Chunk::CookieEcho(CookieEcho { cookie: &cookie })]);
        let sent = hand.only();
        let Chunk::Abort(abort) = sent.only() else { panic!("{sent:?}") };
        assert_eq!((abort.is_tag_reflected, sent.tag()), (false, tag));
        assert_eq!(hand.events(), []);
        hand.say(&[Chunk::CookieEcho(CookieEcho { cookie: b"forged" })]);
        hand.nothing();
        assert!(hand.end.is_closed());
    }
}

/// Rule 4.
#[test]
fn a_cookie_out_of_the_blue_begins_an_association() {
    let mut hand = ByHand::closed(rfc());
    let cookie = hand.ask();
    hand.say(&[Chunk::CookieEcho(CookieEcho { cookie: &cookie }), hand.data(0)]);
    assert_eq!(hand.kinds(), [[ChunkType::COOKIE_ACK, ChunkType::SACK]]);
}

/// RFC 9653 section 5.2: with a checksum, whatever the association that was had agreed on.
#[test]
fn an_answer_out_of_the_blue_has_a_checksum() {
    for stage in [ByHand::closed, ended] {
        let mut hand = stage(Config::default());
        hand.say_with(OTHER, &[hand.data(0)]);
        let sent = hand.only();
        assert!(sent.has_checksum());
        hand.say_with(OTHER, &[Chunk::ShutdownAck(ShutdownAck)]);
        assert!(hand.only().has_checksum());
    }
}
