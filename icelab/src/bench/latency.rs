//! Small messages at a steady pace: how long each is on its way.

use core::time::Duration;

use icelab_reports::bench::Latency;
use icelab_sans_io::Instant;

use super::end::Task;
use super::network::{Flow, RunError, run};
use super::stack::Contender;
use super::statistics::{percentile, rounded};
use super::sweep::{Conditions, Kind, Ran};

/// What one run came to.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// How long each message took that arrived.
    arrived: Vec<Duration>,
    /// How many were written.
    written: u64,
}

/// What is measured, and how it is joined.
pub(super) const KIND: Kind<Sample, Latency> = Kind { measure, join: together, message: MESSAGE };

/// One run: messages for so long, and some time for the last of them to arrive.
fn measure(contenders: &[Contender], conditions: &Conditions) -> Ran<Sample> {
    let task = Task::Steady { size: MESSAGE, every: PACE, lasting: conditions.lasting };
    let flow = |contender: &Contender| Flow { contender: *contender, begins: Instant::START, task };
    let flows: Vec<Flow> = contenders.iter().map(flow).collect();
    let whole = Conditions { lasting: conditions.lasting + PATIENCE, ..*conditions };
    let traffic = run(&whole, &flows)?;
    let Some(flow) = traffic.flows.first() else { return Err(RunError::NoHost) };
    let arrived = flow.reader.deliveries.iter().map(|one| one.at - one.written).collect();
    Ok((Sample { arrived, written: flow.writer.written }, flow.problem()))
}

/// All messages of several runs together.
fn together(_: &[Contender], runs: &[Sample]) -> Option<Latency> {
    runs.first()?;
    let mut times: Vec<Option<Duration>> = Vec::new();
    for run in runs {
        times.extend(run.arrived.iter().copied().map(Some));
    }
    let messages: u64 = runs.iter().map(|run| run.written).sum();
    let missing = messages.saturating_sub(times.len() as u64);
    // What never arrives takes longer than anything else.
    times.sort_unstable();
    times.extend((0..missing).map(|_| None));
    let at = |thousandths| {
        let time = percentile(&times, thousandths).flatten();
        time.map(|time: Duration| rounded(time.as_secs_f64() * 1e3))
    };
    Some(Latency {
        p50_ms: at(500),
        p95_ms: at(950),
        p99_ms: at(990),
        max_ms: at(1000),
        messages,
        missing,
    })
}

/// The size of a message: a position, a key, a movement.
const MESSAGE: usize = 64;
/// How often one is written: for each picture on a screen.
const PACE: Duration = Duration::from_millis(16);
/// How long the last messages may take.
const PATIENCE: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_never_arrives_takes_longer_than_all_others() {
        let run = |millis: &[u64], written| Sample {
            arrived: millis.iter().copied().map(Duration::from_millis).collect(),
            written,
        };
        let all: Vec<u64> = (1..=50).rev().collect();
        let latency = together(&[], &[run(&all, 50), run(&all, 53)]).unwrap();
        assert_eq!((latency.messages, latency.missing), (103, 3));
        // The 52nd and the 98th of 103; the 102nd is missing.
        assert_eq!((latency.p50_ms, latency.p95_ms), (Some(26.0), Some(49.0)));
        assert_eq!((latency.p99_ms, latency.max_ms), (None, None));
        assert_eq!(together(&[], &[]), None);
    }
}
