//! How many ICMP errors a node may send (RFC 1812 section 4.3.2.8, RFC 4443 section 2.4 f).

use std::time::Duration;

use icelab_sans_io::Instant;

/// A bucket of tokens.
#[derive(Clone, Debug)]
pub(crate) struct Limiter {
    tokens: u32,
    /// Up to when the bucket was filled.
    filled: Instant,
}

impl Limiter {
    /// Errors that may be sent at once.
    pub(crate) const BURST: u32 = 50;
    /// How long it takes until one more may be sent.
    pub(crate) const INTERVAL: Duration = Duration::from_millis(10);

    pub(crate) fn new() -> Self {
        Self { tokens: Self::BURST, filled: Instant::START }
    }

    /// Takes a token, if there is one.
    pub(crate) fn allows(&mut self, now: Instant) -> bool {
        let intervals = (now - self.filled).as_nanos() / Self::INTERVAL.as_nanos();
        let gained = u32::try_from(intervals).unwrap_or(u32::MAX);
        if gained >= Self::BURST {
            (self.tokens, self.filled) = (Self::BURST, now);
        } else {
            self.tokens = (self.tokens + gained).min(Self::BURST);
            self.filled += Self::INTERVAL * gained;
        }
        let is_allowed = self.tokens > 0;
        self.tokens = self.tokens.saturating_sub(1);
        is_allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_one_for_each_interval() {
        let mut limiter = Limiter::new();
        let mut allowed = 0;
        for millis in 0..1_000 {
            allowed += u32::from(limiter.allows(Instant::from_millis(millis)));
        }
        assert_eq!(allowed, 50 + 99);
        assert!(limiter.allows(Instant::from_secs(3600)));
    }
}
