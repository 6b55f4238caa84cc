//! What all seeds of a case must show together.

use core::time::Duration;

use icelab_reports::results::{Case, Failure, Milliseconds, Sweep, Verdict};

use super::select::Chosen;
use crate::scenario::plan::SweepExpectation;
use crate::scenario::text::bound::Bound;
use crate::scenario::text::quantity::{Share, Time};

/// Judges each sweep as one. What does not hold is told with the first run of the sweep.
pub fn judge(chosen: &[Chosen<'_>], cases: &mut [Case]) {
    let mut start = 0;
    while let Some(first) = chosen.get(start) {
        let length = chosen.iter().skip(start).take_while(|one| one.group == first.group).count();
        let Some(runs) = cases.get_mut(start..start + length) else { return };
        let failures: Vec<Failure> = first
            .case
            .over_seeds
            .iter()
            .flat_map(|expectation| failures(expectation, runs))
            .collect();
        if let Some(case) = runs.first_mut()
            && !failures.is_empty()
        {
            case.failures.extend(failures);
            if case.verdict == Verdict::Passed {
                case.verdict = Verdict::Failed;
            }
        }
        start += length;
    }
}

fn failures(expectation: &SweepExpectation, runs: &[Case]) -> Vec<Failure> {
    let SweepExpectation { p50, p95, share } = expectation;
    let mut times: Vec<Option<Time>> = runs.iter().map(connected).collect();
    times.sort_by_key(|time| time.map_or(Duration::MAX, |time| time.0));
    let mut failures = Vec::new();
    let last = runs.iter().map(|run| run.simulated_ms).max().unwrap_or_default();
    let seeds = runs.iter().map(|run| run.seed);
    let sweep = Sweep {
        first: seeds.clone().min().unwrap_or_default(),
        last: seeds.max().unwrap_or_default(),
    };
    let mut fail = |key: &str, wanted: String, got: String| {
        let expect = format!("connected.{key} over {} seeds", runs.len());
        failures.push(Failure { expect, wanted, got, at_ms: last, over_seeds: Some(sweep) });
    };
    for (key, bound, percent) in [("p50", p50, 50), ("p95", p95, 95)] {
        let Some(bound) = bound else { continue };
        let at = (times.len() * percent).div_ceil(100).max(1) - 1;
        match times.get(at).copied().flatten() {
            Some(time) if bound.holds(time) => {}
            Some(time) => {
                fail(key, words(bound), Milliseconds::from(time.0).to_string());
            }
            None => fail(key, words(bound), "never".to_owned()),
        }
    }
    if let Some(bound) = share {
        let connected = times.iter().flatten().count() as u64;
        let all = (times.len() as u64).max(1);
        let got = Share(connected.saturating_mul(Share::WHOLE.0) / all);
        if !bound.holds(got) {
            fail("share", words(bound), format!("{got} ({connected} of {all})"));
        }
    }
    failures
}

fn connected(case: &Case) -> Option<Time> {
    Some(Time(Duration::from_micros(case.connected_ms?.as_micros())))
}

fn words<Q: core::fmt::Display>(bound: &Bound<Q>) -> String {
    let side =
        |word: &str, limit: &Option<Q>| limit.as_ref().map(|limit| format!("{word} {limit}"));
    let sides = [side("at least", &bound.at_least), side("at most", &bound.at_most)];
    sides.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
