//! Round trips, and the rates that were measured in them.

use std::collections::VecDeque;

use icelab_sans_io::Instant;

use crate::tx::RateSample;

/// Counts round trips: one has passed when something arrives that left after the last one passed.
#[derive(Clone, Debug, Default)]
pub(super) struct Rounds {
    pub(super) count: u64,
    ends_at: u64,
    began: Instant,
}

impl Rounds {
    /// A new one begins.
    pub(super) const fn restart(&mut self, sample: &RateSample, now: Instant) {
        self.ends_at = sample.delivered_in_all;
        self.began = now;
    }

    /// Where one has passed: what arrived in it, in bytes a second.
    pub(super) fn pass(&mut self, sample: &RateSample, now: Instant) -> Option<u64> {
        if sample.delivered_before < self.ends_at {
            return None;
        }
        let delivered = sample.delivered_in_all - self.ends_at;
        let nanos = (now - self.began).as_nanos().max(1);
        let rate = u128::from(delivered) * 1_000_000_000 / nanos;
        self.ends_at = sample.delivered_in_all;
        self.began = now;
        self.count += 1;
        Some(if self.count == 1 { 0 } else { u64::try_from(rate).unwrap_or(u64::MAX) })
    }
}

/// The largest of what was measured in the last round trips.
#[derive(Clone, Debug, Default)]
pub(super) struct Largest {
    /// Each is smaller and younger than the one before.
    samples: VecDeque<(u64, u64)>,
}

impl Largest {
    /// Nothing but this counts.
    pub(super) fn reset(&mut self, rate: u64, round: u64) {
        self.samples.clear();
        self.samples.push_back((round, rate));
    }

    pub(super) fn insert(&mut self, rate: u64, round: u64) {
        while self.samples.back().is_some_and(|(_, smaller)| *smaller <= rate) {
            self.samples.pop_back();
        }
        self.samples.push_back((round, rate));
    }

    pub(super) fn age(&mut self, round: u64) {
        while self.samples.len() > 1
            && self.samples.front().is_some_and(|(old, _)| old + BANDWIDTH_ROUNDS <= round)
        {
            self.samples.pop_front();
        }
    }

    pub(super) fn get(&self) -> u64 {
        self.samples.front().map_or(0, |(_, rate)| *rate)
    }
}

/// How many round trips a rate counts.
const BANDWIDTH_ROUNDS: u64 = 10;
