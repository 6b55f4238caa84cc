//! What changed between two results files.

use core::fmt;
use std::collections::BTreeMap;

use crate::results::case::{Case, Verdict};
use crate::results::file::Results;
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
        comparison
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    fn add(&mut self, before: &Case, after: &Case) {
        let fields = changed_fields(before, after);
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

/// Reads one figure of a case as text.
type Figure = fn(&Case) -> String;

/// Everything that a reader of outcomes cares for, as text on both sides.
fn changed_fields(before: &Case, after: &Case) -> Vec<FieldChange> {
    let rows: [(&'static str, Figure); 9] = [
        ("verdict", |case| case.verdict.to_string()),
        ("error", |case| case.error.clone().unwrap_or_else(nothing)),
        ("path", |case| case.path.map_or_else(nothing, |path| path.to_string())),
        ("connected", |case| case.connected_ms.map_or_else(nothing, |at| at.to_string())),
        ("reconnected", |case| listed(case.reconnected_ms.iter().map(|after| again(*after)))),
        ("phases", |case| listed(case.phases_ms.iter().map(|(name, at)| timed(name, *at)))),
        ("selected", |case| listed(case.selected.iter().map(side))),
        ("failures", failures),
        ("traffic", traffic),
    ];
    rows.into_iter()
        .map(|(field, text)| FieldChange { field, before: text(before), after: text(after) })
        .filter(|change| change.before != change.after)
        .collect()
}

fn timed(name: &str, at: Milliseconds) -> String {
    format!("{name} {at}")
}

fn again(after: Option<Milliseconds>) -> String {
    after.map_or_else(|| "never".to_owned(), |after| after.to_string())
}

fn side((peer, selected): (&String, &Option<crate::results::case::Selected>)) -> String {
    match selected {
        Some(selected) => format!("{peer} {selected} {}", selected.address),
        None => format!("{peer} -"),
    }
}

fn failures(case: &Case) -> String {
    let told = case.failures.iter();
    listed(
        told.map(|failure| {
            format!("{} wanted {} got {}", failure.expect, failure.wanted, failure.got)
        }),
    )
}

fn traffic(case: &Case) -> String {
    let both = case.data.iter().chain(&case.media);
    listed(both.map(|(name, figures)| format!("{name} {figures}")))
}

fn listed(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<_> = parts.collect();
    if parts.is_empty() { nothing() } else { parts.join(", ") }
}

fn nothing() -> String {
    "-".to_owned()
}
