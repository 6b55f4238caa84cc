//! All seeds of one case as one.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::results::case::{Case, CaseValue, Failure, Runtime, Verdict};
use crate::results::milliseconds::Milliseconds;
use crate::results::sweep::Sweep;

/// The runs of one case that were judged together, and what they came to as one. Each run stands among the cases too,
/// with a verdict of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The scenario file, as the user named it.
    pub file: String,
    /// The matrix variables of the case; empty without a matrix.
    pub case: IndexMap<String, CaseValue>,
    /// The seeds.
    pub seeds: Sweep,
    /// What drove the hosts.
    pub runtime: Runtime,
    /// Whether everything expected of all seeds together held.
    pub verdict: Verdict,
    /// How many runs there are.
    pub runs: usize,
    /// How many of them connected: their share is this of `runs`.
    pub connected: usize,
    /// The time after which half of all runs were connected; null where fewer ever were.
    pub p50_ms: Option<Milliseconds>,
    /// The time after which 95 % of all runs were connected; null where fewer ever were.
    pub p95_ms: Option<Milliseconds>,
    /// The time after which all runs were connected; null where some never were.
    #[serde(default)]
    pub max_ms: Option<Milliseconds>,
    /// The expectations of all seeds together that did not hold.
    #[serde(default)]
    pub failures: Vec<Failure>,
}

impl Group {
    /// The runs of one case as one, of which nothing was expected yet; `None` where there are none.
    pub fn of(runs: &[Case]) -> Option<Self> {
        let first = runs.first()?;
        let mut times: Vec<_> = runs.iter().map(|run| run.connected_ms).collect();
        times.sort_unstable_by_key(|time| (time.is_none(), *time));
        let after = |percent: usize| {
            let at = (times.len() * percent).div_ceil(100).max(1) - 1;
            times.get(at).copied().flatten()
        };
        let seeds = runs.iter().map(|run| run.seed);
        Some(Self {
            file: first.file.clone(),
            case: first.case.clone(),
            seeds: Sweep {
                first: seeds.clone().min().unwrap_or_default(),
                last: seeds.max().unwrap_or_default(),
            },
            runtime: first.runtime,
            verdict: Verdict::Passed,
            runs: runs.len(),
            connected: times.iter().flatten().count(),
            p50_ms: after(50),
            p95_ms: after(95),
            max_ms: after(100),
            failures: Vec::new(),
        })
    }

    /// Whether a run is one of these.
    pub fn covers(&self, run: &Case) -> bool {
        self.seeds.contains(run.seed)
            && (&self.file, self.runtime) == (&run.file, run.runtime)
            && self.case == run.case
    }

    /// What names the group among all others: file, variables, seeds, runtime.
    pub fn identity(&self) -> (&str, String, Sweep, Runtime) {
        let words = self.case.iter().map(|(name, value)| format!("{name}={value}"));
        (&self.file, words.collect::<Vec<_>>().join(" "), self.seeds, self.runtime)
    }

    /// The group's name for people: the file, the variables in brackets where there are any, and the seeds.
    pub fn title(&self) -> String {
        let (file, variables, seeds, _) = self.identity();
        let variables = if variables.is_empty() { variables } else { format!(" ({variables})") };
        format!("{file}{variables}, seeds {seeds} together")
    }

    /// The share of the runs that connected: `95 %`, `33.3 %`; never rounded up.
    pub fn share(&self) -> String {
        let thousandths = self.connected * 1000 / self.runs.max(1);
        match (thousandths / 10, thousandths % 10) {
            (whole, 0) => format!("{whole} %"),
            (whole, tenths) => format!("{whole}.{tenths} %"),
        }
    }
}
