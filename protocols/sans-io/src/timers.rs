//! Many timers of one layer, the next of them always at hand.

use std::collections::{BTreeMap, BTreeSet};

use crate::instant::Instant;

/// Timers by key, ordered by (time, key), so that two which are due together always fire in the
/// same order. Every operation costs the logarithm of how many are set.
#[derive(Clone, Debug)]
pub struct Timers<K> {
    by_key: BTreeMap<K, Instant>,
    by_time: BTreeSet<(Instant, K)>,
}

impl<K: Ord + Clone> Timers<K> {
    /// No timer set.
    #[must_use]
    pub const fn new() -> Self {
        Self { by_key: BTreeMap::new(), by_time: BTreeSet::new() }
    }

    /// Sets `key` to fire at `at`, whatever it was set to before.
    pub fn set(&mut self, key: K, at: Instant) {
        if let Some(before) = self.by_key.insert(key.clone(), at) {
            if before == at {
                return;
            }
            self.by_time.remove(&(before, key.clone()));
        }
        self.by_time.insert((at, key));
    }

    /// Unsets `key`. Says whether it was set.
    pub fn cancel(&mut self, key: &K) -> bool {
        match self.by_key.remove_entry(key) {
            Some((key, at)) => self.by_time.remove(&(at, key)),
            None => false,
        }
    }

    /// Unsets all.
    pub fn clear(&mut self) {
        self.by_key.clear();
        self.by_time.clear();
    }

    /// When `key` fires.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<Instant> {
        self.by_key.get(key).copied()
    }

    /// The timer that fires first.
    #[must_use]
    pub fn next(&self) -> Option<(Instant, &K)> {
        self.by_time.first().map(|(at, key)| (*at, key))
    }

    /// Takes out the first timer that is due at `now`.
    pub fn pop_due(&mut self, now: Instant) -> Option<(Instant, K)> {
        if self.by_time.first()?.0 > now {
            return None;
        }
        let (at, key) = self.by_time.pop_first()?;
        self.by_key.remove(&key);
        Some((at, key))
    }

    /// How many are set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether none is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }
}

impl<K: Ord + Clone> Default for Timers<K> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn they_fire_by_time_and_then_by_key() {
        let mut timers = Timers::new();
        timers.set("b", at(5));
        timers.set("a", at(5));
        timers.set("c", at(1));
        assert_eq!(timers.pop_due(at(0)), None);
        assert_eq!(timers.pop_due(at(5)), Some((at(1), "c")));
        assert_eq!(timers.pop_due(at(5)), Some((at(5), "a")));
        assert_eq!(timers.pop_due(at(5)), Some((at(5), "b")));
        assert!(timers.is_empty());
    }

    #[test]
    fn setting_again_moves_and_cancelling_removes() {
        let mut timers = Timers::new();
        timers.set(1, at(5));
        timers.set(1, at(9));
        timers.set(1, at(9));
        assert_eq!(timers.len(), 1);
        assert_eq!(timers.next(), Some((at(9), &1)));
        assert_eq!(timers.get(&1), Some(at(9)));
        assert!(timers.cancel(&1));
        assert!(!timers.cancel(&1));
        assert_eq!(timers.next(), None);
    }
}
