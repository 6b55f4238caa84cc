//! How an association ends at once (RFC 9260 sections 3.3.7, 9.1).

use bytes::Bytes;
use icelab_sans_io::Protocol;
use icelab_sctp::packet::cause::Cause;
use icelab_sctp::packet::chunk::{Abort, Chunk, ChunkType, Heartbeat};
use icelab_sctp::{CloseReason, Config, Event, Rto, SendError};

use crate::by_hand::ByHand;
use crate::ends::{message, payloads, read};

fn rfc() -> Config {
    Config { rto: Rto::RFC, heartbeat: None, ..Config::default() }
}

fn abort<'a>(causes: &'a [Cause<'a>]) -> Chunk<'a> {
    Chunk::Abort(Abort { is_tag_reflected: false, causes: causes.into() })
}

#[test]
fn an_abort_says_that_the_user_wanted_it_and_takes_no_data_along() {
    for stage in [ByHand::echoed, ByHand::connected, ByHand::answered] {
        let mut hand = stage(rfc());
        let now = hand.now;
        for _ in 0..100 {
            hand.end.send(message(0, vec![0; 1000]), now).unwrap();
        }
        hand.sent();
        hand.end.abort(now);
        let sent = hand.only();
        let causes = [Cause::UserInitiatedAbort(&[])];
        assert_eq!((sent.only(), sent.tag()), (abort(&causes), hand.tag));
        assert_eq!(hand.events().last(), Some(&Event::Closed { reason: CloseReason::Aborted }));
        assert_eq!(hand.end.poll_timeout(), None);
        assert_eq!(hand.end.send(message(0, "late"), now), Err(SendError::Closed));
        hand.end.abort(now);
        hand.nothing();
        assert_eq!(hand.events(), []);
    }
}

/// There is nobody to tell: the peer has kept nothing.
#[test]
fn an_end_that_only_asked_ends_silently() {
    for stage in [ByHand::closed, ByHand::asked] {
        let mut hand = stage(rfc());
        let now = hand.now;
        hand.end.abort(now);
        hand.nothing();
        assert_eq!(hand.events(), [Event::Closed { reason: CloseReason::Aborted }]);
    }
}

#[test]
fn an_abort_of_the_peer_ends_all_and_tells_why() {
    let reason = [Cause::UserInitiatedAbort(b"enough")];
    let resource = [Cause::OutOfResource];
    let cases = [
        (reason.as_slice(), Some(12), Bytes::from_static(b"enough")),
        (resource.as_slice(), Some(4), Bytes::new()),
        (&[], None, Bytes::new()),
    ];
    for stage in [ByHand::asked, ByHand::echoed, ByHand::connected, ByHand::answered] {
        for (causes, cause, information) in &cases {
            let mut hand = stage(rfc());
            hand.say(&[abort(causes)]);
            hand.nothing();
            let reason =
                CloseReason::PeerAborted { cause: *cause, information: information.clone() };
            assert_eq!(hand.events(), [Event::Closed { reason }]);
            assert_eq!(hand.end.poll_timeout(), None);
        }
    }
}

/// Also not for what stands before it in its packet.
#[test]
fn a_packet_with_an_abort_is_not_answered() {
    let mut hand = ByHand::connected(rfc());
    let beat = Chunk::Heartbeat(Heartbeat { info: b"info" });
    hand.say(&[beat, abort(&[]), hand.data(0)]);
    hand.nothing();
    assert!(hand.end.is_closed());
    for _ in 0..3 {
        hand.say(&[abort(&[])]);
        hand.nothing();
    }
}

#[test]
fn an_abort_with_a_fault_in_it_is_ignored() {
    let mut hand = ByHand::connected(rfc());
    // A cause that is longer than the chunk.
    hand.say_raw(hand.end_tag, &[6, 0, 0, 8, 0, 12, 0, 9]);
    hand.say_raw(hand.end_tag, &[6, 0, 0, 8, 0, 12, 0, 3]);
    hand.nothing();
    assert!(hand.end.is_connected());
    assert_eq!(hand.events(), []);
}

#[test]
fn what_has_arrived_can_be_read_after_an_abort() {
    let mut hand = ByHand::connected(rfc());
    hand.say(&[hand.data(0)]);
    hand.sent();
    hand.say(&[hand.data(1), abort(&[])]);
    hand.nothing();
    let now = hand.now;
    assert_eq!(payloads(read(&mut hand.end, now)), ["data", "data"]);
    assert_eq!(hand.end.receive(now), None);
    // This end's own as well.
    let mut hand = ByHand::connected(rfc());
    hand.say(&[hand.data(0)]);
    let now = hand.now;
    hand.end.abort(now);
    assert_eq!(hand.kinds().last(), Some(&vec![ChunkType::ABORT]));
    assert_eq!(payloads(read(&mut hand.end, now)), ["data"]);
}
