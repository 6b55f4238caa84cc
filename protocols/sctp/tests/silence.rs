//! A path that was dead for long, and works again.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use icelab_sans_io::testing::{LinkModel, Passing};
use icelab_sans_io::{Instant, Protocol};
use icelab_sctp::packet::chunk::ChunkType;
use icelab_sctp::{Config, Message, Reliability, StreamId};

use crate::by_hand::ByHand;
use crate::ends::{ends_with, message, millis, read};
use crate::script::{NO_TSNS, Offer, Script, Seen, rfc};

/// A message that is neither ordered nor sent again.
fn once(stream: u16) -> Message {
    let reliability = Reliability::Retransmissions(0);
    Message { reliability, is_unordered: true, ..message(stream, vec![1; 1000]) }
}

/// The end has sent this, and its timer has expired five times since; its last packet has just left.
fn after_five_timeouts(message: Message) -> Script {
    let mut script = Script::new(rfc(), &Offer::default());
    script.send(message);
    while script.end.stats().timeouts < 5 {
        script.take();
        script.wait_for_packet(Duration::from_secs(100)).expect("it is sent again");
    }
    script.take();
    script
}

#[test]
fn what_was_sent_before_the_peer_was_heard_again_need_not_wait_as_in_silence() {
    let mut script = after_five_timeouts(message(0, vec![1; 100]));
    // A -> DATA(1) -> peer, whose SACK is lost
    // A <- DATA(1) <- peer
    script.wait(millis(20));
    script.put_messages([1]);
    script.wait(millis(970));
    assert_eq!(script.tsns(), NO_TSNS, "it may still be answered");
    script.wait(millis(20));
    assert_eq!(script.tsns(), [[1]]);
}

#[test]
fn what_has_waited_for_long_enough_leaves_as_soon_as_the_peer_is_heard_again() {
    let mut script = after_five_timeouts(message(0, vec![1; 100]));
    script.wait(Duration::from_secs(10));
    assert_eq!(script.tsns(), NO_TSNS);
    script.put_messages([1]);
    assert_eq!(script.tsns(), [[1]]);
    assert_eq!(script.end.stats().timeouts, 5, "that is no failure of the peer");
    // If that is lost too, it leaves again as after a first transmission.
    assert_eq!(script.wait_for_packet(Duration::from_secs(100)), Some(millis(1000)));
    assert_eq!(script.tsns(), [[1]]);
}

#[test]
fn a_peer_that_is_heard_again_hears_again_what_was_given_up() {
    let mut script = after_five_timeouts(once(3));
    script.wait(Duration::from_secs(10));
    assert_eq!(script.chunks(), []);
    script.put_messages([1]);
    let chunks = script.chunks();
    assert!(chunks.contains(&Seen::Forward { to: 1, skipped: vec![] }), "{chunks:?}");
}

/// The peer's packets come, and its acknowledgements do not: the way to it may be crowded.
#[test]
fn a_peer_that_is_heard_all_along_ends_no_doubling() {
    let mut script = Script::new(rfc(), &Offer::default());
    script.send(message(0, vec![1; 100]));
    let mut heard = 0;
    for timeouts in 1..=6 {
        while script.end.stats().timeouts < timeouts {
            script.wait_for_packet(Duration::from_secs(100)).expect("it is sent again");
            script.take();
        }
        heard += 1;
        script.put_messages([heard]);
        script.take();
    }
    assert_eq!(script.end.stats().rto, Duration::from_secs(60));
}

/// Both ends send messages of theirs all the time, Z from the twentieth second of silence on. How
/// long after five minutes without a link a message arrives at A, and at Z, that was given to `send`
/// when it worked again.
fn after_five_minutes(seed: u64) -> [Duration; 2] {
    let config = Config { max_retransmissions: u32::MAX, ..Config::default() };
    let mut pair = ends_with(config.clone(), config, LinkModel::delayed(millis(11)), seed);
    pair.a.connect(Instant::START);
    let is_dead = Rc::new(Cell::new(false));
    let dead = Rc::clone(&is_dead);
    pair.filter(move |_, _, _| if dead.get() { Passing::Lost } else { Passing::Pass });
    pair.drive_for(Duration::from_secs(1));
    // A file is under way from A to Z, and small messages both ways.
    let now = pair.now();
    pair.a.send(message(0, vec![7; 500_000]), now).unwrap();
    pair.drive_for(millis(50));
    is_dead.set(true);
    for second in 0..300 {
        let now = pair.now();
        let _ = pair.a.send(once(1), now);
        if second >= 20 {
            let _ = pair.z.send(once(1), now);
        }
        pair.drive_for(Duration::from_secs(1));
    }
    is_dead.set(false);
    let healed = pair.now();
    let mut arrived = [None; 2];
    while arrived.contains(&None) && pair.now() - healed < Duration::from_secs(100) {
        pair.drive_for(millis(100));
        let now = pair.now();
        for (side, end) in [&mut pair.a, &mut pair.z].into_iter().enumerate() {
            if !read(end, now).is_empty() {
                arrived[side].get_or_insert(now - healed);
            }
        }
        let _ = pair.a.send(once(1), now);
        let _ = pair.z.send(once(1), now);
    }
    arrived.map(|after| after.expect("messages arrive again"))
}

#[test]
fn when_one_end_is_heard_again_both_go_on() {
    for seed in 0..10 {
        let [a, z] = after_five_minutes(seed);
        assert!(a.abs_diff(z) <= millis(500), "seed {seed}: {a:?} and {z:?}");
    }
}

/// ICE, say, has found that the path works.
fn path_works(script: &mut Script) {
    script.end.path_works(script.now);
}

#[test]
fn what_has_waited_for_long_enough_leaves_as_soon_as_the_path_is_said_to_work() {
    let mut script = after_five_timeouts(message(0, vec![1; 100]));
    script.wait(Duration::from_secs(10));
    path_works(&mut script);
    assert_eq!(script.tsns(), [[1]]);
    assert_eq!(script.end.stats().timeouts, 5, "that is no failure of the peer");
    assert_eq!(script.wait_for_packet(Duration::from_secs(100)), Some(millis(1000)));
    assert_eq!(script.tsns(), [[1]]);
}

#[test]
fn what_has_just_left_when_the_path_is_said_to_work_waits_for_a_first_timeout() {
    let mut script = after_five_timeouts(message(0, vec![1; 100]));
    script.wait(millis(20));
    path_works(&mut script);
    assert_eq!(script.tsns(), NO_TSNS, "it may still be answered");
    assert_eq!(script.wait_for_packet(Duration::from_secs(100)), Some(millis(980)));
    assert_eq!(script.tsns(), [[1]]);
}

/// No timer was run meanwhile: this one is overdue.
#[test]
fn a_timer_that_was_not_run_in_the_silence_is_no_failure_either() {
    let mut script = after_five_timeouts(message(0, vec![1; 100]));
    script.now += Duration::from_secs(300);
    path_works(&mut script);
    assert_eq!(script.tsns(), [[1]]);
    script.wait(Duration::ZERO);
    assert_eq!(script.tsns(), NO_TSNS);
    assert_eq!(script.end.stats().timeouts, 5);
}

#[test]
fn a_path_that_works_where_nothing_is_under_way_is_no_news() {
    let mut script = Script::new(rfc(), &Offer::default());
    script.wait(Duration::from_secs(10));
    path_works(&mut script);
    assert_eq!(script.chunks(), []);
    assert_eq!(script.end.poll_timeout(), None);
}

/// Checks are answered all the time: that alone hurries nothing.
#[test]
fn a_path_that_works_as_before_changes_no_timer() {
    let mut script = Script::new(rfc(), &Offer::default());
    script.send(message(0, vec![1; 100]));
    script.end.reset_streams(&[StreamId(3)], script.now).unwrap();
    script.wait(millis(900));
    script.take();
    let before = (script.end.poll_timeout(), script.end.stats());
    path_works(&mut script);
    assert_eq!((script.end.poll_timeout(), script.end.stats()), before);
    assert_eq!(script.chunks(), []);
}

#[test]
fn a_reset_on_its_way_leaves_again_as_soon_as_the_path_is_said_to_work() {
    let mut script = Script::new(rfc(), &Offer::default());
    script.end.reset_streams(&[StreamId(3)], script.now).unwrap();
    let asked = script.chunks();
    // It has left again after 1, 3 and 7 s.
    script.wait(Duration::from_secs(10));
    script.take();
    path_works(&mut script);
    script.wait(Duration::ZERO);
    assert_eq!(script.chunks(), asked);
}

#[test]
fn each_step_of_the_beginning_and_of_the_end_leaves_again_when_the_path_is_said_to_work() {
    let shutting_down = |config| {
        let mut hand = ByHand::connected(config);
        let now = hand.now;
        hand.end.shutdown(now);
        hand
    };
    let cases: [(&dyn Fn(Config) -> ByHand, ChunkType); 3] = [
        (&ByHand::asked, ChunkType::INIT),
        (&ByHand::echoed, ChunkType::COOKIE_ECHO),
        (&shutting_down, ChunkType::SHUTDOWN),
    ];
    for (make, kind) in cases {
        let mut hand = make(rfc());
        // It has left at 0, 1 and 3 s, and is due again at 7 s.
        hand.pass(Duration::from_secs(5));
        hand.sent();
        let now = hand.now;
        hand.end.path_works(now);
        hand.pass(Duration::ZERO);
        assert_eq!(hand.kinds(), [[kind]]);
    }
}
