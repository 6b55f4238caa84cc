//! Verification tags: what they are, and what is read with which (RFC 9260 sections 8.5, 8.5.1).

use icelab_sctp::packet::VerificationTag;
use icelab_sctp::packet::chunk::{
    Abort, Chunk, ChunkType, CookieAck, Heartbeat, HeartbeatAck, Init, Shutdown, ShutdownAck,
    ShutdownComplete,
};
use icelab_sctp::{CloseReason, Config, Discard, Event, Rto};

use crate::by_hand::ByHand;
use crate::ends::{message, millis};

fn rfc() -> Config {
    Config { rto: Rto::RFC, heartbeat: None, ..Config::default() }
}

const WRONG: VerificationTag = VerificationTag(0x0F0F_0F0F);

fn abort(is_tag_reflected: bool) -> Chunk<'static> {
    Chunk::Abort(Abort { is_tag_reflected, causes: [].as_slice().into() })
}

fn complete(is_tag_reflected: bool) -> Chunk<'static> {
    Chunk::ShutdownComplete(ShutdownComplete { is_tag_reflected })
}

/// Every packet of an association, from the first to the last.
#[test]
fn every_packet_carries_the_tag_that_the_peer_has_chosen() {
    let config = Config { heartbeat: Some(millis(100)), ..rfc() };
    for stage in [ByHand::connected, ByHand::answered] {
        let mut hand = stage(config.clone());
        let now = hand.now;
        hand.end.send(message(0, vec![0; 3000]), now).unwrap();
        hand.say(&[hand.data(1), Chunk::Heartbeat(Heartbeat { info: b"info" })]);
        hand.say(&[hand.data(0)]);
        hand.pass(millis(10_000));
        let now = hand.now;
        hand.end.abort(now);
        let sent = hand.sent();
        let kinds: Vec<_> = sent.iter().flat_map(|packet| packet.kinds()).collect();
        for kind in [ChunkType::DATA, ChunkType::SACK, ChunkType::HEARTBEAT_ACK, ChunkType::ABORT] {
            assert!(kinds.contains(&kind), "{kind:?}");
        }
        assert!(sent.iter().all(|packet| packet.tag() == hand.tag));
    }
}

#[test]
fn a_packet_with_another_tag_is_dropped_and_changes_nothing() {
    let shutdown = Chunk::Shutdown(Shutdown { cumulative_tsn_ack: icelab_sctp::packet::Tsn(0) });
    let chunks = [
        shutdown,
        Chunk::ShutdownAck(ShutdownAck),
        Chunk::CookieAck(CookieAck),
        Chunk::Heartbeat(Heartbeat { info: b"info" }),
        Chunk::HeartbeatAck(HeartbeatAck { info: b"info" }),
    ];
    for stage in [ByHand::echoed, ByHand::connected, ByHand::answered] {
        let mut hand = stage(rfc());
        let before = hand.state_without_discards();
        let mut all = chunks.to_vec();
        all.push(hand.data(0));
        let is_setting_up = !hand.end.is_connected();
        let peers = hand.tag;
        for tag in [WRONG, VerificationTag(0), peers] {
            for chunk in &all {
                if is_setting_up && matches!(chunk, Chunk::ShutdownAck(_)) {
                    continue;
                }
                hand.say_with(tag, &[*chunk]);
            }
        }
        hand.nothing();
        assert_eq!(hand.events(), []);
        assert_eq!(before, hand.state_without_discards());
        assert!(hand.end.discards().count(Discard::Tag) >= 15);
    }
}

/// Section 8.5.1 A, section 12.3.
#[test]
fn an_init_with_a_tag_or_with_company_is_dropped() {
    for stage in [ByHand::closed, ByHand::asked, ByHand::echoed, ByHand::connected] {
        let mut hand = stage(rfc());
        let init = Chunk::Init(Init(hand.initiation(&[])));
        let beat = Chunk::Heartbeat(Heartbeat { info: b"info" });
        let own = hand.end_tag;
        let mut packets = vec![
            hand.packet(WRONG, &[init]),
            hand.packet(VerificationTag(0), &[init, init]),
            hand.packet(VerificationTag(0), &[init, beat]),
            hand.packet(VerificationTag(0), &[beat, init]),
            hand.packet(VerificationTag(0), &[beat]),
            hand.packet(WRONG, &[beat, init]),
        ];
        if own != VerificationTag(0) {
            packets.push(hand.packet(own, &[init]));
        }
        for packet in packets {
            hand.give(packet);
        }
        hand.nothing();
    }
}

/// It ends the packet, and what stands behind it.
#[test]
fn an_init_behind_other_chunks_is_not_read() {
    let mut hand = ByHand::connected(rfc());
    let init = Chunk::Init(Init(hand.initiation(&[])));
    let beat = Chunk::Heartbeat(Heartbeat { info: b"info" });
    hand.say(&[beat, init, hand.data(0)]);
    assert_eq!(hand.kinds(), [[ChunkType::HEARTBEAT_ACK]]);
    assert_eq!(hand.end.discards().count(Discard::Bundling), 1);
}

/// Section 8.5.1 B.
#[test]
fn an_abort_counts_with_the_own_tag_or_with_the_peers_where_it_says_so() {
    for stage in [ByHand::asked, ByHand::echoed, ByHand::connected, ByHand::answered] {
        let fresh = stage(rfc());
        let knows_peer = fresh.knows_peer();
        let (own, peers) = (fresh.end_tag, fresh.tag);
        let cases = [
            (own, false, true),
            (own, true, false),
            (peers, true, knows_peer),
            (peers, false, false),
            (WRONG, false, false),
            (WRONG, true, false),
            (VerificationTag(0), true, false),
        ];
        for (tag, reflected, ends) in cases {
            let mut hand = stage(rfc());
            hand.say_with(tag, &[abort(reflected)]);
            hand.nothing();
            assert_eq!(hand.end.is_closed(), ends, "{tag:?} {reflected}");
            assert_eq!(hand.events().len(), usize::from(ends));
        }
    }
}

/// Chunks before an ABORT are read, those behind it are not; its tag counts wherever it stands.
#[test]
fn an_abort_among_other_chunks_has_the_same_rules() {
    let beat = Chunk::Heartbeat(Heartbeat { info: b"info" });
    let mut hand = ByHand::connected(rfc());
    hand.say(&[beat, abort(true), hand.data(0)]);
    assert!(!hand.end.is_closed());
    hand.sent();
    hand.say_with(hand.tag, &[beat, abort(true)]);
    assert!(hand.end.is_closed());
    hand.nothing();
}

/// Section 8.5.1 C.
#[test]
fn a_shutdown_complete_counts_with_the_own_tag_or_with_the_peers_where_it_says_so() {
    let ending = || {
        let mut hand = ByHand::answered(rfc());
        let shutdown = Shutdown { cumulative_tsn_ack: hand.end_first.previous() };
        hand.say(&[Chunk::Shutdown(shutdown)]);
        assert_eq!(hand.kinds(), [[ChunkType::SHUTDOWN_ACK]]);
        hand.events();
        hand
    };
    let fresh = ending();
    let (own, peers) = (fresh.end_tag, fresh.tag);
    let cases = [
        (own, false, true),
        (own, true, false),
        (peers, true, true),
        (peers, false, false),
        (WRONG, true, false),
    ];
    for (tag, reflected, ends) in cases {
        let mut hand = ending();
        hand.say_with(tag, &[complete(reflected)]);
        hand.nothing();
        assert_eq!(hand.end.is_closed(), ends, "{tag:?} {reflected}");
        let closed = Event::Closed { reason: CloseReason::Shutdown };
        assert_eq!(hand.events(), if ends { vec![closed] } else { vec![] });
    }
}

#[test]
fn a_shutdown_complete_that_nobody_waits_for_is_ignored() {
    for stage in [ByHand::asked, ByHand::echoed, ByHand::connected, ByHand::answered] {
        let mut hand = stage(rfc());
        let before = hand.state_without_discards();
        hand.say(&[complete(false)]);
        hand.say_with(hand.tag, &[complete(true)]);
        hand.nothing();
        assert_eq!(before, hand.state_without_discards());
    }
    let mut hand = ByHand::connected(rfc());
    let now = hand.now;
    hand.end.shutdown(now);
    assert_eq!(hand.kinds(), [[ChunkType::SHUTDOWN]]);
    hand.say(&[complete(false)]);
    assert!(!hand.end.is_closed());
}
