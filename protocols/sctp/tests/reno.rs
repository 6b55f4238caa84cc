//! How much is under way where the congestion control is that of RFC 9260 section 7.2.

use std::time::Duration;

use icelab_sans_io::Rng;
use icelab_sctp::Config;

use crate::ends::{message, millis};
use crate::script::{NO_TSNS, Offer, RTT, Script, rfc};

const WINDOW: u32 = 1 << 20;
/// The longest chunk (PMDCS): a packet of 1200 bytes without its header.
const CHUNK: usize = 1188;

fn script() -> Script {
    Script::new(rfc(), &Offer::default())
}

/// The end is given so many packets' worth, each on its own.
fn give(script: &mut Script, packets: usize) {
    for _ in 0..packets {
        script.send(message(0, vec![1; CHUNK - 16]));
    }
}

fn window(script: &Script) -> usize {
    script.end.stats().congestion_window
}

#[test]
fn the_first_window_is_4404_bytes_and_one_packet_may_exceed_it() {
    let mut script = script();
    give(&mut script, 20);
    assert_eq!(window(&script), 4404);
    assert_eq!(script.tsns(), [[1], [2], [3], [4]]);
    let mut script = Script::new(Config { mtu: 600, ..rfc() }, &Offer::default());
    script.send(message(0, vec![1; 5000]));
    script.send(message(0, vec![1; 5000]));
    assert_eq!(window(&script), 4 * 588);
    assert_eq!(script.tsns().len(), 4);
}

#[test]
fn slow_start_adds_what_arrived_and_at_most_a_packet_for_each_sack() {
    let mut script = script();
    give(&mut script, 50);
    script.wait(RTT);
    script.sack(1, WINDOW, &[]);
    assert_eq!(window(&script), 4404 + CHUNK);
    script.sack(4, WINDOW, &[]);
    assert_eq!(window(&script), 4404 + 2 * CHUNK);
    // What gap blocks name has arrived, too.
    script.wait(RTT);
    let last = u16::try_from(script.end_last()).unwrap() - 4;
    script.sack(4, WINDOW, &[(last, last)]);
    assert_eq!(window(&script), 4404 + 3 * CHUNK);
}

#[test]
fn a_window_that_is_not_used_does_not_grow() {
    let mut script = script();
    give(&mut script, 2);
    script.wait(RTT);
    script.sack(2, WINDOW, &[]);
    assert_eq!(window(&script), 4404);
    // Nor where the peer's window is what holds data back.
    script.sack(2, 2 * 1172, &[]);
    give(&mut script, 20);
    assert_eq!(script.end.stats().in_flight, 2 * CHUNK);
    script.wait(RTT);
    script.sack(4, 2 * 1172, &[]);
    assert_eq!(window(&script), 4404);
}

#[test]
fn a_loss_halves_the_window_and_the_first_repair_ignores_it() {
    let mut script = script();
    let last = script.grow(20);
    give(&mut script, 20);
    assert_eq!(script.tsns().len(), 20);
    let before = window(&script);
    script.wait(RTT);
    script.sack(last, WINDOW, &[(3, 6)]);
    // Both lost ones would fit into two packets: one leaves.
    assert_eq!(script.tsns(), [[last + 1]]);
    assert_eq!(window(&script), before / 2);
    assert!(script.end.stats().in_flight > before / 2);
}

#[test]
fn a_window_is_never_halved_below_four_packets() {
    let mut script = script();
    let last = script.grow(5);
    give(&mut script, 5);
    script.wait(RTT);
    script.sack(last, WINDOW, &[(2, 5)]);
    assert_eq!(window(&script), 4 * CHUNK);
}

#[test]
fn further_losses_of_the_same_window_change_nothing_and_the_next_windows_do() {
    let mut script = script();
    let last = script.grow(20);
    give(&mut script, 40);
    let before = window(&script);
    script.wait(RTT);
    let exit = script.end_last();
    script.sack(last, WINDOW, &[(2, 4)]);
    let halved = (before + CHUNK) / 2;
    assert_eq!(window(&script), halved);
    script.sack(last, WINDOW, &[(2, 4), (6, 20)]);
    assert_eq!(window(&script), halved, "in recovery it neither shrinks nor grows");
    // Up to the exit point, all has arrived.
    script.wait(RTT);
    script.sack(exit, WINDOW, &[]);
    let after = window(&script);
    let sent = script.end_last();
    assert!(sent > exit + 5, "{sent}");
    script.wait(RTT);
    script.sack(exit, WINDOW, &[(2, 5)]);
    assert_eq!(window(&script), (after / 2).max(4 * CHUNK));
}

#[test]
fn what_arrives_counts_before_what_is_lost() {
    let mut script = script();
    let last = script.grow(20);
    give(&mut script, 40);
    let before = window(&script);
    script.wait(RTT);
    // One chunk in order, three beyond a gap.
    script.sack(last + 1, WINDOW, &[(2, 4)]);
    assert_eq!(window(&script), (before + CHUNK) / 2);
}

#[test]
fn beyond_the_threshold_a_window_that_arrives_adds_a_packet() {
    let mut script = script();
    let last = script.grow(20);
    give(&mut script, 400);
    script.wait(RTT);
    script.sack(last, WINDOW, &[(2, 4)]);
    script.wait(RTT);
    script.sack(last + 20, WINDOW, &[]);
    let (threshold, mut windows) = (window(&script), Vec::new());
    for _ in 0..6 {
        script.wait(RTT);
        // All that is under way, two packets at a time.
        let until = script.end_last();
        let first =
            until + 1 - u32::try_from(script.end.stats().in_flight.div_ceil(CHUNK)).unwrap();
        for tsn in (first..=until).skip(1).step_by(2).chain([until]) {
            script.sack(tsn, WINDOW, &[]);
        }
        windows.push(window(&script));
    }
    let grown = windows[5] - threshold;
    assert!((4 * CHUNK..=6 * CHUNK).contains(&grown), "{threshold}, then {windows:?}");
    assert!(windows.windows(2).all(|pair| pair[1] - pair[0] <= CHUNK), "{windows:?}");
}

#[test]
fn a_timeout_leaves_one_packet_and_slow_start_goes_up_to_half_of_what_was() {
    let mut script = script();
    let last = script.grow(20);
    let before = window(&script);
    give(&mut script, 200);
    while script.end.stats().timeouts == 0 {
        script.take();
        script.wait_for_packet(Duration::from_secs(5));
    }
    assert_eq!(window(&script), CHUNK);
    assert_eq!(script.tsns(), [[last + 1]]);
    // All but the first had arrived; now each round trip doubles, up to the threshold.
    let mut windows = vec![window(&script)];
    let mut acked = last;
    for _ in 0..6 {
        script.wait(RTT);
        let packets = script.end.stats().in_flight / CHUNK;
        for _ in 0..packets.max(1) {
            acked += 1;
            script.sack(acked, WINDOW, &[]);
        }
        windows.push(window(&script));
    }
    assert_eq!(windows[..4], [CHUNK, 2 * CHUNK, 4 * CHUNK, 8 * CHUNK]);
    assert!(windows[6] < before / 2 + 4 * CHUNK, "{before}, then {windows:?}");
}

#[test]
fn a_loss_after_a_timeout_halves_again() {
    let mut script = script();
    let last = script.grow(40);
    give(&mut script, 200);
    while script.end.stats().timeouts == 0 {
        script.wait_for_packet(Duration::from_secs(5));
        script.take();
    }
    // A packet, two, four, eight arrive, each acknowledged.
    let mut acked = last;
    for _ in 0..15 {
        script.wait(millis(10));
        acked += 1;
        script.sack(acked, WINDOW, &[]);
    }
    let before = window(&script);
    assert!(before > 12 * CHUNK, "{before}");
    script.wait(RTT);
    script.sack(acked, WINDOW, &[(2, 6)]);
    assert!(window(&script) <= (before + CHUNK) / 2, "{before} to {}", window(&script));
}

#[test]
fn time_without_data_halves_the_window_for_each_timeout() {
    let mut script = script();
    let last = script.grow(40);
    let before = window(&script);
    script.wait(millis(2100));
    give(&mut script, 1);
    assert_eq!(window(&script), before / 4);
    script.wait(RTT);
    script.sack(last + 1, WINDOW, &[]);
    script.wait(Duration::from_secs(60));
    give(&mut script, 100);
    assert_eq!(window(&script), 4 * CHUNK);
    // What it was before is where slow start ends.
    let mut acked = last + 1;
    let windows = [(); 4].map(|()| {
        acked = script.acknowledge_round(acked);
        window(&script)
    });
    assert!(windows[0] > 5 * CHUNK, "{windows:?}");
    assert!(windows[3] > 16 * CHUNK, "{windows:?}");
}

#[test]
fn a_sack_lets_out_four_packets_at_most() {
    let mut script = script();
    let last = script.grow(30);
    give(&mut script, 90);
    script.wait(RTT);
    script.take();
    // A <- SACK of 20 packets at once
    script.sack(last + 20, WINDOW, &[]);
    assert_eq!(script.tsns().len(), 4);
    script.sack(last + 22, WINDOW, &[]);
    assert_eq!(script.tsns().len(), 4);
}

#[test]
fn chunks_that_are_lost_leave_before_new_ones() {
    let mut script = script();
    let last = script.grow(20);
    // 300 and 1100 bytes by turns, so that a packet has room left.
    for number in 0..20 {
        script.send(message(0, vec![1; if number % 2 == 0 { 300 } else { 1100 }]));
    }
    script.take();
    script.wait(RTT);
    let sent = script.end.stats().data_chunks;
    assert!(sent > 12);
    for _ in 0..20 {
        script.send(message(1, vec![1; 100]));
    }
    let highest = script.end_last();
    script.sack(last, WINDOW, &[(9, 12)]);
    let mut lost: Vec<u32> = (last + 1..=last + 8).collect();
    for _ in 0..10 {
        for packet in script.tsns() {
            for tsn in packet {
                assert!(tsn <= highest || lost.is_empty(), "{tsn} before {lost:?}");
                lost.retain(|one| *one != tsn);
            }
        }
        script.wait(RTT);
        let next = lost.first().map_or(last + 12, |one| one - 1);
        script.sack(next.max(last), WINDOW, &[]);
    }
    assert_eq!(lost, []);
}

/// RFC 9260 section 6.1 B, whatever the peer answers.
#[test]
fn new_data_never_makes_more_than_a_window_and_a_packet() {
    for seed in 0..20 {
        let mut rng = Rng::from_u64(seed);
        let mut script = script();
        let mut acked = 0;
        for _ in 0..300 {
            let highest = script.end_last();
            match rng.below(4) {
                0 => give(&mut script, 1 + usize::try_from(rng.below(30)).unwrap()),
                1 => script.wait(Duration::from_millis(rng.below(700))),
                _ => {
                    let ahead = u64::from(highest - acked);
                    acked += u32::try_from(rng.below(ahead / 3 + 1)).unwrap();
                    let ahead = u16::try_from(highest - acked).unwrap();
                    let gaps = if ahead > 3 {
                        vec![(
                            3,
                            2 + u16::try_from(rng.below(u64::from(ahead) - 2)).unwrap().max(1),
                        )]
                    } else {
                        vec![]
                    };
                    script.sack(acked, WINDOW, &gaps);
                }
            }
            let stats = script.end.stats();
            let is_new = script.tsns().concat().iter().any(|tsn| *tsn > highest);
            if is_new {
                assert!(
                    stats.in_flight < stats.congestion_window + CHUNK,
                    "seed {seed}: {stats:?}"
                );
            }
        }
    }
}

#[test]
fn a_probe_for_the_end_breaks_no_window() {
    let mut script = script();
    give(&mut script, 20);
    assert_eq!(script.tsns(), [[1], [2], [3], [4]]);
    // The window is full: the probe is no new chunk.
    assert_eq!(script.wait_for_packet(millis(900)), Some(millis(400)));
    assert_eq!(script.tsns(), [[4]]);
    assert_eq!(script.tsns(), NO_TSNS);
}
