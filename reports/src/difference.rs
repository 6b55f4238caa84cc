//! Where two records of what should be the same run part, for `--verify`.

use core::fmt;
use std::collections::VecDeque;

use icelab_sim::record::{Difference, Entry, first_difference};

/// The first entry that differs between two runs, with what led to it.
///
/// Displays as a few lines: the last common entries, the entry of each run, and a mark under the first letter that
/// differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    /// The last entries that both runs share, oldest first; at most [`Self::CONTEXT`].
    pub before: Vec<Entry>,
    /// The entries that differ.
    pub difference: Difference,
}

impl Divergence {
    /// How many common entries are shown.
    pub const CONTEXT: usize = 5;

    /// Compares two records; `None` when they are the same.
    pub fn between(
        first: impl IntoIterator<Item = Entry>,
        second: impl IntoIterator<Item = Entry>,
    ) -> Option<Self> {
        let mut recent = VecDeque::with_capacity(Self::CONTEXT + 1);
        let watched = first.into_iter().inspect(|entry| {
            if recent.len() > Self::CONTEXT {
                recent.pop_front();
            }
            recent.push_back(entry.clone());
        });
        let difference = first_difference(watched, second)?;
        if difference.left.is_some() {
            recent.pop_back();
        }
        let surplus = recent.len().saturating_sub(Self::CONTEXT);
        Some(Self { before: recent.into_iter().skip(surplus).collect(), difference })
    }
}

impl Divergence {
    /// The text, with names for the two records of up to six letters, and for both of them.
    pub fn told(&self, both: &str, [one, other]: [&str; 2]) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text, both, [one, other]);
        text
    }

    fn write(
        &self,
        formatter: &mut impl fmt::Write,
        both: &str,
        [one, other]: [&str; 2],
    ) -> fmt::Result {
        let Difference { index, left, right } = &self.difference;
        writeln!(formatter, "{both} differ from entry {index} on")?;
        for entry in &self.before {
            writeln!(formatter, "  both    {entry}")?;
        }
        let words = |entry: &Option<Entry>| match entry {
            Some(entry) => entry.to_string(),
            None => "(has ended)".to_owned(),
        };
        let (first, second) = (words(left), words(right));
        writeln!(formatter, "  {one:<6}  {first}")?;
        writeln!(formatter, "  {other:<6}  {second}")?;
        let same = first.chars().zip(second.chars()).take_while(|(one, other)| one == other);
        writeln!(formatter, "{:>1$}", "^", 11 + same.count())
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(formatter, "the two runs", ["first", "second"])
    }
}
