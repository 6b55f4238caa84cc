//! How often what was dropped.

use std::collections::BTreeMap;

/// How many inputs a layer has dropped, by its own reasons: what arrives can never make it fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discards<Reason> {
    counts: BTreeMap<Reason, u64>,
}

impl<Reason: Ord + Copy> Discards<Reason> {
    /// One more was dropped for `reason`.
    pub fn add(&mut self, reason: Reason) {
        *self.counts.entry(reason).or_default() += 1;
    }

    /// Adds what another end has counted.
    pub fn merge(&mut self, other: &Self) {
        for (reason, count) in other.iter() {
            *self.counts.entry(reason).or_default() += count;
        }
    }

    /// How many were dropped for `reason`.
    #[must_use]
    pub fn count(&self, reason: Reason) -> u64 {
        self.counts.get(&reason).copied().unwrap_or_default()
    }

    /// Every reason that occurred, in their order, with its count.
    pub fn iter(&self) -> impl Iterator<Item = (Reason, u64)> + '_ {
        self.counts.iter().map(|(reason, count)| (*reason, *count))
    }

    /// How many were dropped in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }
}

impl<Reason> Default for Discards<Reason> {
    /// Nothing was dropped yet.
    fn default() -> Self {
        Self { counts: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_counted_each_by_itself() {
        let mut discards = Discards::default();
        discards.add('b');
        discards.add('a');
        discards.add('b');
        assert_eq!((discards.count('b'), discards.count('c'), discards.total()), (2, 0, 3));
        let mut more = Discards::default();
        more.add('c');
        more.merge(&discards);
        assert!(more.iter().eq([('a', 1), ('b', 2), ('c', 1)]));
    }
}
