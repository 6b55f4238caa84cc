//! How often what was dropped.

use std::collections::BTreeMap;

/// How many inputs were dropped, by reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discards<R> {
    counts: BTreeMap<R, u64>,
}

impl<R: Ord + Copy> Discards<R> {
    pub(crate) const fn new() -> Self {
        Self { counts: BTreeMap::new() }
    }

    pub(crate) fn count(&mut self, reason: R) {
        *self.counts.entry(reason).or_default() += 1;
    }

    /// How many were dropped for `reason`.
    #[must_use]
    pub fn of(&self, reason: R) -> u64 {
        self.counts.get(&reason).copied().unwrap_or_default()
    }

    /// How many were dropped for each reason that occurred, in the order of the reasons.
    pub fn iter(&self) -> impl Iterator<Item = (R, u64)> {
        self.counts.iter().map(|(reason, count)| (*reason, *count))
    }

    /// How many were dropped in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }
}
