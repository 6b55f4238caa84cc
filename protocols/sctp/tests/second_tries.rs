//! What leaves again, and once more with the next packet (few messages, each alone).

use icelab_sctp::{Config, Message, Reliability};

use crate::ends::{message, millis};
use crate::script::{NO_TSNS, Offer, RTT, Script, rfc};

const WINDOW: u32 = 1 << 20;

/// A message every 16 ms, six of them; all but the first have arrived.
fn first_of_six_is_lost() -> Script {
    let mut script = Script::new(Config::default(), &Offer::default());
    for _ in 0..6 {
        script.send(message(0, vec![1; 64]));
        script.wait(millis(16));
    }
    script.wait(RTT);
    script.take();
    script
}

fn say(script: &mut Script) -> Vec<Vec<u32>> {
    script.wait(millis(16));
    script.send(message(0, vec![1; 64]));
    script.tsns()
}

#[test]
fn what_leaves_again_leaves_once_more_with_the_next_message() {
    let mut script = first_of_six_is_lost();
    // A <- SACK(0, gap 2-6) <- peer
    // A -> DATA(1) -> peer, which is lost or is not
    script.sack(0, WINDOW, &[(2, 6)]);
    assert_eq!(script.tsns(), [[1]]);
    // A -> DATA(1, 7) -> peer
    assert_eq!(say(&mut script), [[1, 7]]);
    assert_eq!(say(&mut script), [[8]], "twice is enough");
    assert_eq!(script.end.stats().retransmissions, 2);
}

#[test]
fn what_has_arrived_meanwhile_does_not_leave_once_more() {
    let mut script = first_of_six_is_lost();
    script.sack(0, WINDOW, &[(2, 6)]);
    assert_eq!(script.tsns(), [[1]]);
    script.wait(RTT);
    script.sack(6, WINDOW, &[]);
    assert_eq!(say(&mut script), [[7]]);
}

#[test]
fn no_packet_leaves_for_a_second_try_alone() {
    let mut script = first_of_six_is_lost();
    script.sack(0, WINDOW, &[(2, 6)]);
    assert_eq!(script.tsns(), [[1]]);
    script.wait(2 * RTT);
    assert_eq!(script.tsns(), NO_TSNS);
}

#[test]
fn the_loss_of_both_tries_shows_as_soon_as_something_arrives_that_left_later() {
    let mut script = first_of_six_is_lost();
    script.sack(0, WINDOW, &[(2, 6)]);
    assert_eq!([script.tsns(), say(&mut script)].concat(), [vec![1], vec![1, 7]]);
    assert_eq!(say(&mut script), [[8]]);
    script.wait(RTT);
    // A <- SACK(0, gap 2-6, 8) <- peer: 1 and 7 leave in one packet, and both once more.
    script.sack(0, WINDOW, &[(2, 6), (8, 8)]);
    assert_eq!(script.tsns(), [[1, 7]]);
    assert_eq!(say(&mut script), [[1, 7, 9]]);
}

/// RFC 9260 section 6.10.
#[test]
fn a_second_try_takes_its_place_among_the_tsns_of_other_repairs() {
    let mut script = first_of_six_is_lost();
    script.sack(0, WINDOW, &[(2, 3)]);
    assert_eq!(script.tsns(), [[1]]);
    script.wait(millis(4));
    script.sack(0, WINDOW, &[(2, 3), (5, 6)]);
    assert_eq!(script.tsns(), [[1, 4]]);
    assert_eq!(say(&mut script), [[4, 7]]);
}

#[test]
fn where_more_waits_than_a_packet_takes_all_room_is_for_what_is_new() {
    let mut script = first_of_six_is_lost();
    script.sack(0, WINDOW, &[(2, 6)]);
    assert_eq!(script.tsns(), [[1]]);
    script.wait(millis(16));
    script.send(message(0, vec![1; 3000]));
    script.wait(millis(40));
    assert_eq!(script.tsns(), [[7], [8], [9]]);
    // Nor later: what is under way tells whether it was lost.
    assert_eq!(say(&mut script), [[10]]);
}

#[test]
fn what_is_lost_has_room_before_what_has_left_again() {
    let mut script = Script::new(Config::default(), &Offer::default());
    for _ in 0..6 {
        script.send(message(0, vec![1; 700]));
        script.wait(millis(16));
    }
    script.wait(RTT);
    script.take();
    script.sack(0, WINDOW, &[(2, 3)]);
    assert_eq!(script.tsns(), [[1]]);
    script.wait(millis(4));
    script.sack(0, WINDOW, &[(2, 3), (5, 6)]);
    script.wait(millis(8));
    assert_eq!(script.tsns(), [[4]]);
}

#[test]
fn where_the_window_has_no_room_for_a_packet_nothing_leaves_once_more() {
    let mut script = Script::new(rfc(), &Offer::default());
    script.send(message(0, vec![1; 64]));
    script.send(message(0, vec![1; 4 * 1172]));
    script.wait(RTT);
    script.sack(0, WINDOW, &[(2, 2)]);
    script.wait(millis(30));
    assert_eq!(script.tsns().concat(), [1, 2, 3, 4, 5, 1]);
    // 80 and 3 times 1188 bytes are under way, of four times 1188.
    assert_eq!(say(&mut script), [[6]]);
}

#[test]
fn a_message_that_may_be_repeated_a_few_times_has_no_second_try() {
    let mut script = Script::new(Config::default(), &Offer::default());
    let thrice =
        Message { reliability: Reliability::Retransmissions(3), ..message(0, vec![1; 64]) };
    script.send(thrice);
    for _ in 0..4 {
        say(&mut script);
    }
    script.wait(RTT);
    script.take();
    script.sack(0, WINDOW, &[(2, 5)]);
    assert_eq!(script.tsns(), [[1]]);
    assert_eq!(say(&mut script), [[6]]);
}

/// RFC 8985 section 6.2 step 4: each surplus copy that arrives is told as a duplicate.
#[test]
fn as_many_duplicates_as_tries_tell_that_nothing_was_lost_and_fewer_do_not() {
    for (duplicates, undone) in [([1].as_slice(), 0), (&[1, 1], 1)] {
        let mut script = first_of_six_is_lost();
        script.sack(0, WINDOW, &[(2, 6)]);
        say(&mut script);
        script.wait(RTT);
        script.sack_with(6, WINDOW, &[], duplicates);
        assert_eq!(script.end.stats().undone, undone, "{duplicates:?}");
    }
}

/// What is sent again last has nothing behind it whose arrival would tell of its loss.
#[test]
fn the_end_of_a_repair_is_asked_for_with_a_probe_before_the_timer_expires() {
    let mut script = first_of_six_is_lost();
    script.sack(0, WINDOW, &[(2, 6)]);
    assert_eq!(script.tsns(), [[1]]);
    let wait = script.wait_for_packet(millis(1000)).expect("a probe");
    assert!((2 * RTT..millis(400)).contains(&wait), "{wait:?}");
    assert_eq!(script.tsns(), [[1]]);
    assert_eq!(script.end.stats().probes, 1);
    // A <- SACK(6, twice 1) <- peer: the repair and the probe, of which the probe was needless.
    script.wait(RTT);
    script.sack_with(6, WINDOW, &[], &[1]);
    let stats = script.end.stats();
    assert_eq!((stats.undone, stats.timeouts), (0, 0));
}

/// RFC 9260 section 7.2.3: a single packet is under way then.
#[test]
fn after_the_timer_has_expired_no_probe_leaves() {
    let mut script = Script::new(Config::default(), &Offer::default());
    script.send(message(0, vec![1; 64]));
    while script.end.stats().timeouts == 0 {
        script.wait_for_packet(millis(2000)).expect("it leaves again");
        script.take();
    }
    let before = script.end.stats().probes;
    let wait = script.wait_for_packet(millis(5000)).expect("it leaves again");
    assert_eq!((wait, script.end.stats().timeouts), (millis(800), 2));
    assert_eq!(script.end.stats().probes, before);
}

/// RFC 8985 section 6.2: while losses are repaired no time is given to reordering that was never seen.
#[test]
fn losses_that_one_sack_shows_leave_again_in_one_packet() {
    let mut script = Script::new(Config::default(), &Offer::default());
    for _ in 0..3 {
        script.send(message(0, vec![1; 64]));
        script.wait(millis(16));
    }
    // A round trip after 3 left; 1 left 32 ms before it, 2 only 16 ms.
    script.wait(millis(84));
    script.take();
    script.sack(0, WINDOW, &[(3, 3)]);
    assert_eq!(script.tsns(), [[1, 2]]);
}

/// What leaves alone, and is answered before the next, says nothing of how fast the path is.
#[test]
fn a_message_now_and_then_does_not_slow_down_what_follows() {
    let mut script = Script::new(Config::default(), &Offer::default());
    for tsn in 1..=40 {
        script.send(message(0, vec![1; 64]));
        script.wait(RTT);
        script.sack(tsn, WINDOW, &[]);
        script.wait(RTT);
    }
    script.take();
    script.send(message(0, vec![1; 12_000]));
    script.wait(RTT);
    assert!(script.tsns().len() >= 10, "{:?}", script.end.stats());
}
