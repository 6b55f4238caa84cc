//! What changed between two results files.

use core::fmt;
use std::collections::BTreeMap;

use crate::results::case::{Case, Dtls, Failure, Verdict};
use crate::results::file::Results;
use crate::results::group::Group;
use crate::results::milliseconds::Milliseconds;

/// What changed from one results file to another, `wall_ms` aside.
///
/// Displays as a text: a block per change, then one line of counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The changes, in the order of the newer file; cases that are gone come last.
    pub changes: Vec<Change>,
    /// How many cases are in both files and differ in nothing.
    pub unchanged: usize,
}

/// What happened to one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Only the newer file has it.
    Added {
        /// The case in words.
        case: String,
        /// What it came to.
        verdict: Verdict,
    },
    /// Only the older file has it.
    Removed {
        /// The case in words.
        case: String,
        /// What it came to.
        verdict: Verdict,
    },
    /// Both have it, with other outcomes.
    Changed {
        /// The case in words.
        case: String,
        /// What differs.
        fields: Vec<FieldChange>,
    },
    /// Both have it with the same outcome, but the runs were not the same.
    OnlyTheRun {
        /// The case in words.
        case: String,
    },
}

/// One figure of a case that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// The figure's key in the file.
    pub field: &'static str,
    /// What the older file says.
    pub before: String,
    /// What the newer file says.
    pub after: String,
}

impl Comparison {
    /// Compares an older file with a newer one.
    pub fn between(older: &Results, newer: &Results) -> Self {
        let mut left: BTreeMap<_, _> =
            older.cases.iter().map(|case| (case.identity(), case)).collect();
        let mut comparison = Self { changes: Vec::new(), unchanged: 0 };
        for case in &newer.cases {
            match left.remove(&case.identity()) {
                Some(before) => comparison.add(before, case),
                None => comparison
                    .changes
                    .push(Change::Added { case: words(case), verdict: case.verdict }),
            }
        }
        for case in older.cases.iter().filter(|case| left.contains_key(&case.identity())) {
            comparison.changes.push(Change::Removed { case: words(case), verdict: case.verdict });
        }
        comparison.add_groups(&older.groups, &newer.groups);
        comparison
    }

    /// What changed of the seeds that are judged together. Those that stay as they were are not counted: their cases are.
    fn add_groups(&mut self, older: &[Group], newer: &[Group]) {
        let find = |group: &Group, groups: &[Group]| {
            groups.iter().find(|other| other.identity() == group.identity()).cloned()
        };
        for after in newer {
            let (case, verdict) = (after.title(), after.verdict);
            match find(after, older) {
                Some(before) => {
                    let fields = changed(&GROUP_FIGURES, &before, after);
                    if !fields.is_empty() {
                        self.changes.push(Change::Changed { case, fields });
                    }
                }
                None => self.changes.push(Change::Added { case, verdict }),
            }
        }
        for gone in older.iter().filter(|group| find(group, newer).is_none()) {
            self.changes.push(Change::Removed { case: gone.title(), verdict: gone.verdict });
        }
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    fn add(&mut self, before: &Case, after: &Case) {
        let fields = changed(&CASE_FIGURES, before, after);
        if !fields.is_empty() {
            self.changes.push(Change::Changed { case: words(after), fields });
        } else if before.record_hash == after.record_hash {
            self.unchanged += 1;
        } else {
            self.changes.push(Change::OnlyTheRun { case: words(after) });
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut changed, mut added, mut removed, mut runs) = (0, 0, 0, 0);
        for change in &self.changes {
            match change {
                Change::Added { case, verdict } => {
                    added += 1;
                    writeln!(formatter, "+ {case}: {verdict}")?;
                }
                Change::Removed { case, verdict } => {
                    removed += 1;
                    writeln!(formatter, "- {case}: was {verdict}")?;
                }
                Change::Changed { case, fields } => {
                    changed += 1;
                    writeln!(formatter, "~ {case}")?;
                    for field in fields {
                        let FieldChange { field, before, after } = field;
                        writeln!(formatter, "    {field:<12} {before} -> {after}")?;
                    }
                }
                Change::OnlyTheRun { .. } => runs += 1,
            }
        }
        writeln!(
            formatter,
            "{changed} changed, {added} added, {removed} gone, {runs} with the same outcome by \
             another run, {} the same",
            self.unchanged
        )
    }
}

/// The case in words: file, variables, seed.
fn words(case: &Case) -> String {
    format!("{}, seed {}", case.title(), case.seed)
}

/// A figure's key, and what reads it as text.
type Figure<T> = (&'static str, fn(&T) -> String);

/// Everything in a case that a reader of outcomes cares for.
const CASE_FIGURES: [Figure<Case>; 11] = [
    ("verdict", |case| case.verdict.to_string()),
    ("error", |case| case.error.clone().unwrap_or_else(nothing)),
    ("path", |case| case.path.map_or_else(nothing, |path| path.to_string())),
    ("connected", |case| case.connected_ms.map_or_else(nothing, |at| at.to_string())),
    ("reconnected", |case| listed(case.reconnected_ms.iter().map(|after| never(*after)))),
    ("phases", |case| listed(case.phases_ms.iter().map(|(name, at)| timed(name, *at)))),
    ("dtls", |case| case.dtls.as_ref().map_or_else(nothing, agreed)),
    ("dtls failures", |case| {
        listed(case.dtls_failures.iter().map(|(peer, why)| format!("{peer}: {why}")))
    }),
    ("selected", |case| listed(case.selected.iter().map(side))),
    ("failures", |case| failures(&case.failures)),
    ("traffic", traffic),
];

/// The same of seeds that are judged together.
const GROUP_FIGURES: [Figure<Group>; 6] = [
    ("verdict", |group| group.verdict.to_string()),
    ("share", Group::share),
    ("p50", |group| never(group.p50_ms)),
    ("p95", |group| never(group.p95_ms)),
    ("max", |group| never(group.max_ms)),
    ("failures", |group| failures(&group.failures)),
];

/// The figures that differ.
fn changed<T>(figures: &[Figure<T>], before: &T, after: &T) -> Vec<FieldChange> {
    let changes = figures.iter().map(|(field, text)| FieldChange {
        field,
        before: text(before),
        after: text(after),
    });
    changes.filter(|change| change.before != change.after).collect()
}

fn agreed(dtls: &Dtls) -> String {
    let Dtls { version, cipher_suite, group, srtp_profile } = dtls;
    let media = srtp_profile.as_ref().map(|profile| format!(", {profile}")).unwrap_or_default();
    format!("{version}, {cipher_suite}, {group}{media}")
}

fn timed(name: &str, at: Milliseconds) -> String {
    format!("{name} {at}")
}

fn never(after: Option<Milliseconds>) -> String {
    after.map_or_else(|| "never".to_owned(), |after| after.to_string())
}

fn side((peer, selected): (&String, &Option<crate::results::case::Selected>)) -> String {
    match selected {
        Some(selected) => format!("{peer} {selected} {}", selected.address),
        None => format!("{peer} -"),
    }
}

fn failures(failures: &[Failure]) -> String {
    let told = failures.iter();
    listed(
        told.map(|failure| {
            format!("{} wanted {} got {}", failure.expect, failure.wanted, failure.got)
        }),
    )
}

fn traffic(case: &Case) -> String {
    let data = case.data.iter().map(|(label, channel)| format!("{label}: {channel}"));
    listed(data.chain(case.media.iter().map(|(name, figures)| format!("{name} {figures}"))))
}

fn listed(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<_> = parts.collect();
    if parts.is_empty() { nothing() } else { parts.join(", ") }
}

fn nothing() -> String {
    "-".to_owned()
}
