//! What earlier transactions say about how long to wait for the next (RFC 8489 section 6.2.1,
//! RFC 6298 section 2).

use core::time::Duration;
use std::collections::BTreeMap;
use std::net::IpAddr;

use icelab_sans_io::Instant;

/// The round-trip time to one server, smoothed (RFC 6298 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RttEstimator {
    smoothed: Duration,
    variation: Duration,
}

impl RttEstimator {
    /// Starts with a first measurement (RFC 6298 rule 2.2).
    #[must_use]
    pub fn new(rtt: Duration) -> Self {
        Self { smoothed: rtt, variation: rtt / 2 }
    }

    /// Takes in another one (RFC 6298 rule 2.3; alpha 1/8, beta 1/4).
    pub fn measured(&mut self, rtt: Duration) {
        self.variation = (self.variation * 3 + self.smoothed.abs_diff(rtt)) / 4;
        self.smoothed = (self.smoothed * 7 + rtt) / 8;
    }

    /// How long to wait before the first retransmission, to the millisecond above (RFC 8489
    /// section 6.2.1 keeps 1 ms where RFC 6298 rounds up to a second).
    #[must_use]
    pub fn rto(&self) -> Duration {
        let rto = self.smoothed + (self.variation * 4).max(GRANULARITY);
        let millis = rto.as_nanos().div_ceil(1_000_000).min(LONGEST.as_millis());
        Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
    }
}

/// The estimates of all servers, by IP address.
#[derive(Clone, Debug, Default)]
pub struct RttCache {
    servers: BTreeMap<IpAddr, (RttEstimator, Instant)>,
}

impl RttCache {
    /// Takes in a measurement.
    pub fn measured(&mut self, server: IpAddr, rtt: Duration, now: Instant) {
        self.servers.retain(|_, (_, used)| now - *used < STALE);
        if let Some((estimator, used)) = self.servers.get_mut(&server) {
            estimator.measured(rtt);
            *used = now;
        } else if self.servers.len() < CAPACITY {
            self.servers.insert(server, (RttEstimator::new(rtt), now));
        }
    }

    /// The RTO for `server`: never below `least`, which is 500 ms in fixed networks, and `least`
    /// where nothing is known or the last transaction is 10 minutes past.
    #[must_use]
    pub fn rto(&self, server: IpAddr, least: Duration, now: Instant) -> Duration {
        match self.servers.get(&server) {
            Some((estimator, used)) if now - *used < STALE => estimator.rto().max(least),
            _ => least,
        }
    }
}

/// The clock's precision in RFC 6298's formula.
const GRANULARITY: Duration = Duration::from_millis(1);
/// RFC 6298 rule 2.5 allows an upper limit of 60 s or more.
const LONGEST: Duration = Duration::from_secs(60);
/// RFC 8489 section 6.2.1: an older value is discarded.
const STALE: Duration = Duration::from_secs(600);
/// More servers than any client asks.
const CAPACITY: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_estimate_follows_rfc_6298() {
        let mut estimator = RttEstimator::new(millis(100));
        assert_eq!(estimator.rto(), millis(300)); // 100 + 4 * 50
        estimator.measured(millis(200));
        // variation (3 * 50 + 100) / 4 = 62.5; smoothed (7 * 100 + 200) / 8 = 112.5
        assert_eq!(estimator.rto(), millis(363)); // 112.5 + 250, rounded up
    }

    #[test]
    fn an_estimate_is_forgotten_after_ten_minutes() {
        let mut cache = RttCache::default();
        assert_eq!(cache.rto(SERVER, millis(500), Instant::START), millis(500));
        cache.measured(SERVER, millis(400), Instant::START);
        assert_eq!(cache.rto(SERVER, millis(500), Instant::from_secs(599)), millis(1200));
        assert_eq!(cache.rto(SERVER, millis(500), Instant::from_secs(600)), millis(500));
    }

    #[test]
    fn a_fast_server_does_not_push_the_wait_below_its_least() {
        let mut cache = RttCache::default();
        cache.measured(SERVER, millis(1), Instant::START);
        assert_eq!(cache.rto(SERVER, millis(500), Instant::START), millis(500));
    }
}
