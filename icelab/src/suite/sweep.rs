//! What all seeds of a case must show together.

use core::time::Duration;

use icelab_reports::results::{Case, Failure, Group, Milliseconds, Verdict};

use super::select::Chosen;
use crate::scenario::plan::SweepExpectation;
use crate::scenario::text::quantity::{Share, Time};

/// Judges together the seeds of each case of which that is expected.
#[must_use]
pub fn judge(chosen: &[Chosen<'_>], cases: &[Case]) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut start = 0;
    for runs in chosen.chunk_by(|one, next| one.group == next.group) {
        let end = start + runs.len();
        let (Some(first), Some(cases)) = (runs.first(), cases.get(start..end)) else { break };
        start = end;
        let expectations = &first.case.over_seeds;
        let Some(mut group) = Group::of(cases).filter(|_| !expectations.is_empty()) else {
            continue;
        };
        let last = cases.iter().map(|run| run.simulated_ms).max().unwrap_or_default();
        let failures = expectations.iter().flat_map(|expected| failures(expected, &group, last));
        group.failures = failures.collect();
        if !group.failures.is_empty() {
            group.verdict = Verdict::Failed;
        }
        groups.push(group);
    }
    groups
}

fn failures(expectation: &SweepExpectation, group: &Group, at_ms: Milliseconds) -> Vec<Failure> {
    let SweepExpectation { p50, p95, max, share } = expectation;
    let mut failures = Vec::new();
    let mut fail = |key: &str, wanted: String, got: String| {
        let expect = format!("connected.{key} over {} seeds", group.runs);
        failures.push(Failure { expect, wanted, got, at_ms });
    };
    let times =
        [("p50", p50, group.p50_ms), ("p95", p95, group.p95_ms), ("max", max, group.max_ms)];
    for (key, bound, got) in times {
        let Some(bound) = bound else { continue };
        match got {
            Some(got) if bound.holds(Time(Duration::from_micros(got.as_micros()))) => {}
            Some(got) => fail(key, bound.to_string(), got.to_string()),
            None => fail(key, bound.to_string(), "never".to_owned()),
        }
    }
    if let Some(bound) = share {
        let (connected, all) = (group.connected as u64, (group.runs as u64).max(1));
        let got = Share(connected.saturating_mul(Share::WHOLE.0) / all);
        if !bound.holds(got) {
            fail("share", bound.to_string(), format!("{got} ({connected} of {all})"));
        }
    }
    failures
}
