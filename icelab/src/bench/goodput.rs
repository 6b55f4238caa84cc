//! One stream that always has something to send.

use core::time::Duration;

use icelab_reports::bench;
use icelab_sans_io::Instant;

use super::end::{Delivery, Task};
use super::network::{Flow, RunError, run};
use super::stack::Contender;
use super::statistics::{mean, percentile, rounded};
use super::sweep::{Conditions, Kind, Ran};

/// What is measured, and how it is joined.
pub(super) const KIND: Kind<bench::Goodput, bench::Goodput> =
    Kind { measure, join: mean_of, message: MESSAGE };

/// One run.
fn measure(contenders: &[Contender], conditions: &Conditions) -> Ran<bench::Goodput> {
    let Conditions { link, window, lasting, .. } = *conditions;
    let flow = |contender: &Contender| Flow {
        contender: *contender,
        begins: Instant::START,
        task: saturating(window),
    };
    let flows: Vec<Flow> = contenders.iter().map(flow).collect();
    let traffic = run(conditions, &flows)?;
    let Some(flow) = traffic.flows.first() else { return Err(RunError::NoHost) };
    let travelled = flow.reader.travelled.iter();
    let mut waited: Vec<Duration> =
        travelled.map(|one| one.time.saturating_sub(link.unhindered(one.payload))).collect();
    waited.sort_unstable();
    let in_all: Duration = waited.iter().sum();
    let milliseconds = |time: Duration| rounded(time.as_secs_f64() * 1e3);
    let end = Instant::START + lasting;
    let deliveries = &flow.reader.deliveries;
    let figures = bench::Goodput {
        goodput_mbit: rounded(goodput(deliveries, Instant::START, end)),
        settled_mbit: (lasting > SETTLING)
            .then(|| rounded(settled(deliveries, Instant::START + SETTLING, end))),
        queueing_mean_ms: rounded(in_all.as_secs_f64() * 1e3 / waited.len().max(1) as f64),
        queueing_p95_ms: milliseconds(percentile(&waited, 950).unwrap_or_default()),
        longest_gap_ms: milliseconds(longest_gap(deliveries, end)),
        packets: flow.writer.packets as f64,
        repeated: flow.writer.repeated as f64,
        overflowed: traffic.overflowed as f64,
        lost: traffic.lost as f64,
    };
    Ok((figures, flow.problem()))
}

/// The mean of several runs.
fn mean_of(_: &[Contender], runs: &[bench::Goodput]) -> Option<bench::Goodput> {
    runs.first()?;
    let of = |figure: fn(&bench::Goodput) -> f64| {
        rounded(mean(&runs.iter().map(figure).collect::<Vec<f64>>()))
    };
    let settled: Vec<f64> = runs.iter().filter_map(|run| run.settled_mbit).collect();
    Some(bench::Goodput {
        goodput_mbit: of(|run| run.goodput_mbit),
        settled_mbit: (!settled.is_empty()).then(|| rounded(mean(&settled))),
        queueing_mean_ms: of(|run| run.queueing_mean_ms),
        queueing_p95_ms: of(|run| run.queueing_p95_ms),
        longest_gap_ms: of(|run| run.longest_gap_ms),
        packets: of(|run| run.packets),
        repeated: of(|run| run.repeated),
        overflowed: of(|run| run.overflowed),
        lost: of(|run| run.lost),
    })
}

/// Always enough to send: more than the receiver has room for, and what some stacks count beside that.
pub(super) const fn saturating(window: usize) -> Task {
    Task::Saturate { size: MESSAGE, most: window * 2 + MESSAGE * 4 }
}

/// Mbit/s of payload delivered from one time to another.
pub(super) fn goodput(deliveries: &[Delivery], from: Instant, to: Instant) -> f64 {
    let within = deliveries.iter().filter(|one| from <= one.at && one.at < to);
    let bytes: usize = within.map(|one| one.bytes).sum();
    let time = (to - from).as_secs_f64();
    if time > 0.0 { bytes as f64 * 8.0 / time / 1e6 } else { 0.0 }
}

/// Mbit/s of payload delivered after the first delivery from a time on. What was delivered at that very moment is left out:
/// where a repair let it go, it had arrived before.
fn settled(deliveries: &[Delivery], from: Instant, to: Instant) -> f64 {
    let first = deliveries.iter().map(|one| one.at).find(|at| *at >= from);
    first.map_or(0.0, |first| goodput(deliveries, first + Duration::from_nanos(1), to))
}

/// The longest time without a delivery, from the first one to the end.
fn longest_gap(deliveries: &[Delivery], end: Instant) -> Duration {
    let times = deliveries.iter().map(|one| one.at);
    let nexts = times.clone().skip(1).chain([end]);
    times.zip(nexts).map(|(one, next)| next - one).max().unwrap_or(end - Instant::START)
}

/// The size of messages: what browsers and file transfers use.
pub(super) const MESSAGE: usize = 16 << 10;

/// After that time a connection has found its pace.
const SETTLING: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn deliveries(at: &[u64]) -> Vec<Delivery> {
        let delivery = |at: &u64| Delivery {
            written: Instant::START,
            at: Instant::from_millis(*at),
            bytes: 1_000,
        };
        at.iter().map(delivery).collect()
    }

    #[test]
    fn goodput_counts_what_was_delivered_within_its_time() {
        let all = deliveries(&[100, 500, 999, 1_000]);
        let from = |from, to| goodput(&all, Instant::from_millis(from), Instant::from_millis(to));
        // Three messages of 8,000 bits in a second; two in half of one.
        assert!((from(0, 1_000) - 0.024).abs() < 1e-12);
        assert!((from(500, 1_000) - 0.032).abs() < 1e-12);
    }

    #[test]
    fn what_a_repair_lets_go_is_not_counted_as_delivered_since() {
        let rate =
            |at: &[u64]| settled(&deliveries(at), Instant::from_millis(500), Instant::from_secs(1));
        // After the one at 600 ms, two messages of 8,000 bits in 400 ms; three others came at that moment.
        assert!((rate(&[100, 600, 600, 600, 600, 800, 900]) - 0.04).abs() < 1e-6);
        assert!(rate(&[100, 499]).abs() < 1e-6);
        assert!(rate(&[100, 700]).abs() < 1e-6);
    }

    #[test]
    fn the_longest_gap_may_be_the_one_that_never_ends() {
        let gap = |at: &[u64]| longest_gap(&deliveries(at), Instant::from_secs(2)).as_millis();
        assert_eq!(gap(&[900, 1_000, 1_700]), 700);
        assert_eq!(gap(&[100, 200]), 1_800);
        assert_eq!(gap(&[]), 2_000);
    }
}
