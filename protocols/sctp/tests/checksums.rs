//! Who leaves the checksum out, and who does without it (RFC 9653).

use icelab_sctp::packet::chunk::{
    Chunk, ChunkType, CookieAck, CookieEcho, Heartbeat, Init, ShutdownAck,
};
use icelab_sctp::packet::parameter::{ErrorDetectionMethod, Parameter};
use icelab_sctp::packet::{Checksum, VerificationTag};
use icelab_sctp::{Config, Discard, Extensions, Rto};

use crate::by_hand::ByHand;
use crate::ends::{connected, message, millis};

fn offering(zero_checksum: bool) -> Config {
    let extensions = Extensions { zero_checksum, ..Extensions::NONE };
    Config { rto: Rto::RFC, heartbeat: None, extensions, ..Config::default() }
}

const ACCEPTED: Parameter<'static> = Parameter::ZeroChecksumAcceptable(ErrorDetectionMethod::DTLS);
const BY_OTHER_MEANS: Parameter<'static> =
    Parameter::ZeroChecksumAcceptable(ErrorDetectionMethod(7));

const BEAT: Chunk<'static> = Chunk::Heartbeat(Heartbeat { info: b"info" });

/// An association of an end that offers it or not and a peer that says this.
fn asked(offers: bool, parameters: &[Parameter<'_>]) -> ByHand {
    let mut hand = ByHand::asked(offering(offers));
    hand.say_init_ack(parameters);
    assert!(hand.only().has_checksum(), "COOKIE ECHO");
    hand.say(&[Chunk::CookieAck(CookieAck)]);
    hand
}

fn answered(offers: bool, parameters: &[Parameter<'_>]) -> ByHand {
    let mut hand = ByHand::closed(offering(offers));
    hand.say_init(parameters);
    let sent = hand.only();
    assert!(sent.has_checksum(), "INIT ACK");
    let Chunk::InitAck(ack) = sent.only() else { panic!("{sent:?}") };
    hand.end_tag = ack.0.initiate_tag;
    hand.end_first = ack.0.initial_tsn;
    let cookie = ack.state_cookie().unwrap().to_vec();
    hand.say(&[Chunk::CookieEcho(CookieEcho { cookie: &cookie })]);
    hand
}

#[test]
fn an_end_says_whether_it_does_without_once_in_init_and_init_ack() {
    for offers in [false, true] {
        let mut hand = ByHand::closed(offering(offers));
        hand.say_init(&[]);
        hand.end.connect(hand.now);
        let sent = hand.sent();
        assert_eq!(sent.len(), 2);
        for packet in &sent {
            let parameters = match packet.only() {
                Chunk::Init(init) => init.0.parameters,
                Chunk::InitAck(ack) => ack.0.parameters,
                other => panic!("{other:?}"),
            };
            let count = parameters.iter().filter(|one| *one == ACCEPTED).count();
            assert_eq!(count, usize::from(offers));
            assert!(packet.has_checksum());
        }
    }
}

/// Every packet of the rest of its life, of every kind.
#[test]
fn the_checksum_is_left_out_exactly_where_the_peer_does_without_and_this_end_can() {
    let cases = [
        (true, &[ACCEPTED][..], true),
        (true, &[], false),
        (true, &[BY_OTHER_MEANS], false),
        (true, &[BY_OTHER_MEANS, ACCEPTED], true),
        (false, &[ACCEPTED], false),
        (false, &[], false),
    ];
    for make in [asked, answered] {
        for (offers, parameters, is_left_out) in cases {
            let mut hand = make(offers, parameters);
            hand.say(&[hand.data(0), BEAT]);
            let now = hand.now;
            hand.end.send(message(0, vec![1; 3000]), now).unwrap();
            hand.pass(millis(5000));
            let now = hand.now;
            hand.end.abort(now);
            let sent = hand.sent();
            let kinds: Vec<_> = sent.iter().flat_map(|packet| packet.kinds()).collect();
            for kind in
                [ChunkType::SACK, ChunkType::HEARTBEAT_ACK, ChunkType::DATA, ChunkType::ABORT]
            {
                assert!(kinds.contains(&kind));
            }
            for packet in &sent {
                assert_eq!(!packet.has_checksum(), is_left_out, "{offers} {parameters:?}");
                assert_eq!(packet.bytes[8..12] == [0; 4], is_left_out);
            }
        }
    }
}

#[test]
fn the_end_of_an_association_needs_no_checksum_either() {
    let mut hand = asked(true, &[ACCEPTED]);
    let now = hand.now;
    hand.end.shutdown(now);
    assert!(!hand.only().has_checksum());
    hand.say(&[Chunk::ShutdownAck(ShutdownAck)]);
    let sent = hand.only();
    assert_eq!(sent.kinds(), [ChunkType::SHUTDOWN_COMPLETE]);
    assert!(!sent.has_checksum());
}

/// Also where the peer has said nothing: each direction has its own rule.
#[test]
fn a_packet_without_checksum_is_read_exactly_where_this_end_said_so() {
    for make in [asked, answered] {
        for (offers, parameters) in
            [(true, &[][..]), (true, &[ACCEPTED]), (false, &[]), (false, &[ACCEPTED])]
        {
            let mut hand = make(offers, parameters);
            hand.sent();
            let zero = hand.sealed(hand.end_tag, &[BEAT], Checksum::Zero);
            hand.give(zero.clone());
            assert_eq!(hand.sent().len(), usize::from(offers), "{parameters:?}");
            let dropped = u64::from(!offers);
            assert_eq!(hand.end.discards().count(Discard::Checksum), dropped);
            // A right one is read in any case, and a wrong one in none.
            hand.say(&[BEAT]);
            assert_eq!(hand.sent().len(), 1);
            let mut wrong = zero;
            wrong[11] = 1;
            hand.give(wrong);
            hand.nothing();
            assert_eq!(hand.end.discards().count(Discard::Checksum), dropped + 1);
        }
    }
}

/// Who has not asked for an association says so in its INIT ACK, and the first INIT comes before that.
#[test]
fn an_init_to_an_end_that_has_said_nothing_needs_its_checksum() {
    let mut hand = ByHand::closed(offering(true));
    let init = Chunk::Init(Init(hand.initiation(&[ACCEPTED])));
    let bare = hand.sealed(VerificationTag(0), &[init], Checksum::Zero);
    hand.give(bare.clone());
    hand.nothing();
    assert_eq!(hand.end.discards().count(Discard::Checksum), 1);
    // Its own INIT says so.
    hand.end.connect(hand.now);
    assert_eq!(hand.only().kinds(), [ChunkType::INIT]);
    hand.give(bare);
    assert_eq!(hand.only().kinds(), [ChunkType::INIT_ACK]);
}

/// A cookie shows that an INIT ACK has said so. Packets out of the blue may be read without (RFC 9653
/// section 5.3), and are answered with one (section 5.2).
#[test]
fn what_else_comes_to_an_end_without_association_needs_no_checksum() {
    let mut hand = ByHand::closed(offering(true));
    hand.give(hand.sealed(VerificationTag(5), &[BEAT], Checksum::Zero));
    let sent = hand.only();
    assert_eq!((sent.kinds(), sent.has_checksum()), (vec![ChunkType::ABORT], true));
    let cookie = hand.ask();
    let echo = [Chunk::CookieEcho(CookieEcho { cookie: &cookie })];
    hand.give(hand.sealed(hand.end_tag, &echo, Checksum::Zero));
    assert!(hand.end.is_connected());
}

/// A peer that may leave it out begins anew: its INIT counts again.
#[test]
fn a_restart_agrees_anew() {
    let mut hand = answered(true, &[ACCEPTED]);
    hand.sent();
    hand.tag = VerificationTag(0x0B0B_0B0B);
    let cookie = hand.ask();
    hand.say(&[Chunk::CookieEcho(CookieEcho { cookie: &cookie })]);
    let sent = hand.only();
    assert_eq!(sent.kinds(), [ChunkType::COOKIE_ACK]);
    assert!(sent.has_checksum());
}

#[test]
fn two_ends_that_both_do_without_understand_each_other() {
    let mut pair = connected(icelab_sans_io::testing::LinkModel::delayed(millis(10)), 1);
    let now = pair.now();
    pair.a.send(message(0, vec![1; 5000]), now).unwrap();
    pair.drive_for(millis(500));
    let now = pair.now();
    assert!(pair.z.receive(now).is_some());
    assert_eq!(pair.a.discards().count(Discard::Checksum), 0);
    assert_eq!(pair.z.discards().count(Discard::Checksum), 0);
}
