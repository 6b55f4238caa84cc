//! How long to wait before each next try.

use core::time::Duration;

/// A bounded number of waits, each a whole number of times as long as the one before.
///
/// STUN's seven requests over UDP (RFC 8489 section 6.2.1) are `Backoff::new(rto, 2, MAX, 6)` and
/// one last wait of `16 * rto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    next: Duration,
    factor: u32,
    longest: Duration,
    left: u32,
}

impl Backoff {
    /// Waits of `initial`, then `factor` times as long each, at most `longest`; `tries` of them.
    #[must_use]
    pub fn new(initial: Duration, factor: u32, longest: Duration, tries: u32) -> Self {
        Self { next: initial.min(longest), factor, longest, left: tries }
    }

    /// The next wait, or `None` where no try is left.
    pub fn next_interval(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        let interval = self.next;
        self.next = interval.saturating_mul(self.factor).min(self.longest);
        Some(interval)
    }

    /// How many tries are left.
    #[must_use]
    pub const fn tries_left(&self) -> u32 {
        self.left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_end() {
        let millis = Duration::from_millis;
        let mut backoff = Backoff::new(millis(500), 2, millis(1500), 4);
        let waits: Vec<_> = core::iter::from_fn(|| backoff.next_interval()).collect();
        assert_eq!(waits, [millis(500), millis(1000), millis(1500), millis(1500)]);
        assert_eq!(backoff.tries_left(), 0);
    }
}
