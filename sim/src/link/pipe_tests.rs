//! Each impairment, in number and in effect.

use proptest::prelude::{ProptestConfig, Strategy, any, prop};
use proptest::{prop_assert, proptest};

use super::*;
use crate::link::{Bitrate, Chance, CoDel, Discipline, QueueLimit, Reorder};

fn packet(slot: u32, bytes: u32, now: Instant) -> Waiting {
    Waiting { slot, bytes, since: now, flow: 0, is_markable: true }
}

/// Offers packets at these times and serves whenever asked; returns all acts with the time at which they came.
fn run(config: DirectionConfig, seed: u64, offers: &[(Instant, u32)]) -> Vec<(Instant, Act)> {
    let mut pipe = Pipe::new(config, &Rng::from_u64(seed));
    let mut log = Vec::new();
    let mut calls = std::collections::BTreeSet::new();
    let mut offers = offers.iter().zip(0..).peekable();
    loop {
        let offer = offers.peek().map(|((at, _), _)| *at);
        let call = calls.first().copied();
        let mut acts = Vec::new();
        let now = match (offer, call) {
            (None, None) => return log,
            (Some(at), call) if call.is_none_or(|call| at < call) => {
                let ((_, bytes), slot) = offers.next().unwrap();
                pipe.offer(packet(slot, *bytes, at), at, &mut acts);
                at
            }
            (_, Some(at)) => {
                calls.remove(&at);
                pipe.serve(at, &mut acts);
                at
            }
            (Some(_), None) => unreachable!(),
        };
        for act in acts {
            if let Act::Call(at) = act {
                calls.insert(at);
            }
            log.push((now, act));
        }
    }
}

fn arrivals(log: &[(Instant, Act)]) -> Vec<(u32, u64)> {
    let mut arrivals: Vec<(u64, u32)> = Vec::new();
    for (_, act) in log {
        if let Act::Arrive { slot, at, .. } | Act::ArriveCopy { slot, at } = act {
            arrivals.push((at.as_nanos() / 1000, *slot));
        }
    }
    arrivals.sort_by_key(|(at, _)| *at);
    arrivals.into_iter().map(|(at, slot)| (slot, at)).collect()
}

fn drops(log: &[(Instant, Act)], why: &str) -> Vec<u32> {
    let dropped = |act: &Act| {
        if let Act::Drop(slot, reason) = act { (*reason == why).then_some(*slot) } else { None }
    };
    log.iter().filter_map(|(_, act)| dropped(act)).collect()
}

fn every(micros: u64, count: u64) -> Vec<(Instant, u32)> {
    (0..count).map(|index| (Instant::from_nanos(index * micros * 1000), 1000)).collect()
}

#[test]
fn a_rate_spaces_packets_and_a_delay_moves_them() {
    let config = DirectionConfig {
        rate: Some(Bitrate::from_mbit(8)),
        delay: Duration::from_millis(10),
        ..DirectionConfig::default()
    };
    // 1000 bytes at 8 Mbit/s take 1 ms.
    let log = run(config, 1, &every(0, 3));
    assert_eq!(arrivals(&log), [(0, 11_000), (1, 12_000), (2, 13_000)]);
}

#[test]
fn a_full_queue_drops_the_last_comer_by_packets_or_by_bytes() {
    for limit in [QueueLimit::Packets(2), QueueLimit::Bytes(2_999)] {
        let config = DirectionConfig {
            rate: Some(Bitrate::from_mbit(8)),
            queue: limit,
            ..DirectionConfig::default()
        };
        // One is on the wire, two wait.
        let log = run(config, 1, &every(0, 5));
        assert_eq!(drops(&log, "queue-full"), [3, 4]);
        assert_eq!(arrivals(&log).len(), 3);
    }
}

#[test]
fn jitter_is_spread_evenly_and_never_reorders() {
    let config = DirectionConfig {
        delay: Duration::from_millis(10),
        jitter: Duration::from_millis(4),
        ..DirectionConfig::default()
    };
    // Far enough apart that no packet pushes the next one.
    let log = run(config.clone(), 7, &every(10_000, 4_000));
    let extra: Vec<u64> =
        arrivals(&log).iter().map(|(slot, at)| at - u64::from(*slot) * 10_000 - 10_000).collect();
    let mean = extra.iter().sum::<u64>() / 4_000;
    assert!((1_900..2_100).contains(&mean), "{mean} us on average");
    assert!(extra.iter().all(|micros| *micros <= 4_000));
    assert!(*extra.iter().min().unwrap() < 20 && *extra.iter().max().unwrap() > 3_980);
    let close = arrivals(&run(config, 7, &every(100, 2_000)));
    assert!(close.is_sorted());
}

#[test]
fn independent_loss_has_its_share_and_no_memory() {
    let config = DirectionConfig {
        loss: Loss::Independent(Chance::from_percent(10)),
        ..DirectionConfig::default()
    };
    let lost = drops(&run(config, 3, &every(100, 20_000)), "loss");
    assert!((1_850..2_150).contains(&lost.len()), "{} lost", lost.len());
    let pairs = lost.windows(2).filter(|pair| pair[1] == pair[0] + 1).count();
    assert!((140..260).contains(&pairs), "{pairs} pairs");
}

#[test]
fn bursts_have_their_share_and_their_mean_length() {
    let config = DirectionConfig {
        loss: Loss::bursts(Chance::from_percent(10), 5),
        ..DirectionConfig::default()
    };
    let lost = drops(&run(config, 3, &every(100, 50_000)), "loss");
    assert!((4_500..5_500).contains(&lost.len()), "{} lost", lost.len());
    let starts = 1 + lost.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
    let tenths = lost.len() * 10 / starts;
    assert!((45..55).contains(&tenths), "{tenths} tenths of a packet in a burst");
}

#[test]
fn held_packets_are_overtaken_and_others_keep_their_order() {
    let config = DirectionConfig {
        delay: Duration::from_millis(1),
        reorder: Reorder { chance: Chance::from_percent(5), hold: Duration::from_millis(2) },
        ..DirectionConfig::default()
    };
    let order: Vec<u32> =
        arrivals(&run(config, 5, &every(500, 10_000))).iter().map(|(slot, _)| *slot).collect();
    // Counting-out: a packet that arrives after one sent later was held.
    let mut latest = 0;
    let mut late = 0;
    for slot in order {
        late += u32::from(slot < latest);
        latest = latest.max(slot);
    }
    assert!((430..570).contains(&late), "{late} overtaken");
}

#[test]
fn duplicates_arrive_twice_at_once_and_whole() {
    let config = DirectionConfig {
        duplicate: Chance::from_percent(50),
        corrupt: Chance::ALWAYS,
        ..DirectionConfig::default()
    };
    let log = run(config, 5, &every(500, 2_000));
    let copies = log.iter().filter(|(_, act)| matches!(act, Act::ArriveCopy { .. })).count();
    assert!((900..1_100).contains(&copies), "{copies} copies");
    let damaged = |act: &Act| matches!(act, Act::Arrive { flipped_bit: Some(0..8_000), .. });
    assert_eq!(log.iter().filter(|(_, act)| damaged(act)).count(), 2_000);
}

#[test]
fn one_seed_gives_one_log_and_another_seed_another() {
    let config = DirectionConfig {
        rate: Some(Bitrate::from_mbit(10)),
        jitter: Duration::from_millis(3),
        loss: Loss::Independent(Chance::from_percent(5)),
        reorder: Reorder { chance: Chance::from_percent(5), hold: Duration::from_millis(2) },
        duplicate: Chance::from_percent(5),
        corrupt: Chance::from_percent(5),
        ..DirectionConfig::default()
    };
    let log = |seed| run(config.clone(), seed, &every(700, 1_000));
    assert_eq!(log(1), log(1));
    assert_ne!(log(1), log(2));
}

#[test]
fn a_trace_sends_one_opportunity_at_a_time_and_wastes_what_nobody_uses() {
    let config = DirectionConfig {
        trace: Some("5\n10\n10\n20\n".parse().unwrap()),
        ..DirectionConfig::default()
    };
    let at = Instant::from_millis;
    // 3008 bytes need two opportunities; a small packet shares the next one with a part of the fourth.
    let log = run(config, 1, &[(at(0), 1504), (at(6), 3008), (at(6), 500), (at(6), 1504)]);
    assert_eq!(arrivals(&log), [(0, 5_000), (1, 10_000), (2, 20_000), (3, 25_000)]);
}

#[test]
fn an_opportunity_at_this_very_instant_is_used_once() {
    let config =
        DirectionConfig { trace: Some("5\n10\n".parse().unwrap()), ..DirectionConfig::default() };
    let at = Instant::from_millis;
    let log = run(config, 1, &[(at(5), 1504), (at(5), 1504), (at(15), 1504)]);
    assert_eq!(arrivals(&log), [(0, 5_000), (1, 10_000), (2, 15_000)]);
}

#[test]
fn packets_above_the_mark_threshold_are_marked() {
    let config = DirectionConfig {
        rate: Some(Bitrate::from_mbit(8)),
        discipline: Discipline::MarkAbove { bytes: 2_500 },
        ..DirectionConfig::default()
    };
    let log = run(config, 1, &every(0, 5));
    // Four wait at first: 4000 and 3000 bytes are above, 2000 and 1000 are not.
    let marks: Vec<u32> = log
        .iter()
        .filter_map(|(_, act)| if let Act::Mark(slot) = act { Some(*slot) } else { None })
        .collect();
    assert_eq!(marks, [1, 2]);
}

#[test]
fn a_new_rate_holds_for_what_waits_and_a_cut_loses_it() {
    let config =
        DirectionConfig { rate: Some(Bitrate::from_mbit(8)), ..DirectionConfig::default() };
    let mut pipe = Pipe::new(config, &Rng::from_u64(1));
    let mut acts = Vec::new();
    for slot in 0..4 {
        pipe.offer(packet(slot, 1000, Instant::START), Instant::START, &mut acts);
    }
    let slower = LinkChange { rate: Some(Some(Bitrate::from_mbit(4))), ..LinkChange::default() };
    pipe.set(&slower, Instant::START, &mut acts);
    acts.clear();
    pipe.serve(Instant::from_millis(1), &mut acts);
    let second = Act::Arrive { slot: 1, at: Instant::from_millis(3), flipped_bit: None };
    assert_eq!(acts, [second, Act::Call(Instant::from_millis(3))]);
    acts.clear();
    let cut = LinkChange { is_up: Some(false), ..LinkChange::default() };
    pipe.set(&cut, Instant::from_millis(2), &mut acts);
    assert_eq!(acts, [Act::Drop(2, "link-down"), Act::Drop(3, "link-down")]);
    assert_eq!(pipe.admit(100), Admission::Down);
}

#[test]
fn a_faster_rate_shortens_the_wait_only_after_the_packet_on_the_wire() {
    let config =
        DirectionConfig { rate: Some(Bitrate::from_kbit(8)), ..DirectionConfig::default() };
    let mut pipe = Pipe::new(config, &Rng::from_u64(1));
    let mut acts = Vec::new();
    pipe.offer(packet(0, 1000, Instant::START), Instant::START, &mut acts);
    pipe.offer(packet(1, 1000, Instant::START), Instant::START, &mut acts);
    acts.clear();
    let unlimited = LinkChange { rate: Some(None), ..LinkChange::default() };
    pipe.set(&unlimited, Instant::from_millis(1), &mut acts);
    assert_eq!(acts, [Act::Call(Instant::from_secs(1))]);
}

fn disciplines() -> impl Strategy<Value = Discipline> {
    let few = CoDel { is_marking: false, ..CoDel::DEFAULT };
    prop::sample::select(vec![
        Discipline::DropTail,
        Discipline::MarkAbove { bytes: 3_000 },
        Discipline::CoDel(few),
        Discipline::FQ_CODEL,
        Discipline::FqCoDel { codel: few, flows: 2, quantum: 300 },
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_packet_arrives_once_or_is_dropped_once(
        discipline in disciplines(),
        limit in 0u32..20,
        is_traced in any::<bool>(),
        loss in 0u32..50,
        offers in prop::collection::vec((0u64..30_000, 20u32..1500), 0..200),
    ) {
        let config = DirectionConfig {
            rate: Some(Bitrate::from_mbit(1)),
            discipline,
            queue: QueueLimit::Packets(limit),
            loss: Loss::Independent(Chance::from_percent(loss)),
            trace: is_traced.then(|| "3\n5\n5\n40\n".parse().unwrap()),
            ..DirectionConfig::default()
        };
        let mut now = 0;
        let mut timed = Vec::new();
        for (gap, bytes) in offers {
            now += gap * 1_000;
            timed.push((Instant::from_nanos(now), bytes));
        }
        let mut ends = vec![0; timed.len()];
        for (_, act) in run(config, 1, &timed) {
            if let Act::Arrive { slot, .. } | Act::Drop(slot, _) = act {
                ends[slot as usize] += 1;
            }
        }
        prop_assert!(ends.iter().all(|count| *count == 1), "{:?}", ends);
    }
}

#[test]
fn a_packet_that_a_trace_has_begun_goes_on_at_the_rate_when_the_trace_is_taken_away() {
    let trace = Some("5\n20\n".parse().unwrap());
    let config = DirectionConfig { trace, ..DirectionConfig::default() };
    let mut pipe = Pipe::new(config, &Rng::from_u64(1));
    let (at, mut acts) = (Instant::from_millis, Vec::new());
    pipe.offer(packet(0, 3_008, at(0)), at(0), &mut acts);
    pipe.offer(packet(1, 1_000, at(0)), at(0), &mut acts);
    pipe.serve(at(5), &mut acts);
    acts.clear();
    let change = LinkChange {
        trace: Some(None),
        rate: Some(Some(Bitrate::from_mbit(1))),
        ..LinkChange::default()
    };
    pipe.set(&change, at(6), &mut acts);
    assert_eq!(acts, [Act::Call(at(6))]);
    acts.clear();
    pipe.serve(at(6), &mut acts);
    // The other half takes 12.032 ms.
    let end = at(6) + Duration::from_micros(12_032);
    assert_eq!(acts, [Act::Arrive { slot: 0, at: end, flipped_bit: None }, Act::Call(end)]);
    acts.clear();
    pipe.serve(end, &mut acts);
    let next = end + Duration::from_millis(8);
    assert_eq!(acts, [Act::Arrive { slot: 1, at: next, flipped_bit: None }]);
}

#[test]
fn bursts_keep_their_share_where_they_must_be_longer_for_it() {
    let config = DirectionConfig {
        loss: Loss::bursts(Chance::from_percent(90), 2),
        ..DirectionConfig::default()
    };
    let lost = drops(&run(config, 3, &every(100, 20_000)), "loss");
    assert!((17_800..18_200).contains(&lost.len()), "{} lost", lost.len());
}
