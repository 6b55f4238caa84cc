//! Round trips measured, and how long to wait for an answer (RFC 9260 section 6.3.1).

use core::time::Duration;

use icelab_sans_io::Instant;

use crate::config::Rto;

/// The smoothed round trip, its variance, the timeout that follows.
#[derive(Clone, Debug)]
pub(crate) struct RoundTrip {
    limits: Rto,
    smoothed: Option<Duration>,
    variance: Duration,
    min: Option<Duration>,
    timeout: Duration,
    next_measurement: Instant,
}

impl RoundTrip {
    pub(crate) fn new(limits: Rto, hint: Option<Duration>) -> Self {
        let timeout = hint.map_or(limits.initial, |hint| first_timeout(limits, hint));
        Self {
            limits,
            smoothed: None,
            variance: Duration::ZERO,
            min: None,
            timeout,
            next_measurement: Instant::START,
        }
    }

    /// Takes a measurement of a chunk that was sent once (Karn's rule, C5). The timeout follows one
    /// of them in each round trip (C4).
    pub(crate) fn measured(&mut self, rtt: Duration, now: Instant) {
        self.min = Some(self.min.map_or(rtt, |min| min.min(rtt)));
        if now < self.next_measurement {
            return;
        }
        self.next_measurement = now + self.smoothed.unwrap_or(rtt);
        match self.smoothed {
            None => {
                self.smoothed = Some(rtt);
                self.variance = rtt / 2;
            }
            Some(smoothed) => {
                self.variance = self.variance * 3 / 4 + smoothed.abs_diff(rtt) / 4;
                self.smoothed = Some(smoothed * 7 / 8 + rtt / 8);
            }
        }
        let timeout = self.smoothed() + (self.variance * 4).max(GRANULARITY);
        self.timeout = timeout.clamp(self.limits.min, self.limits.max);
    }

    /// Something came back after so long that may have been sent again meanwhile: no measurement then,
    /// but the next answer shall be given as much time.
    pub(crate) fn went_round(&mut self, round: Duration, now: Instant) {
        // Before that nobody sends anything again, as far as this end's own timers tell.
        if round <= self.limits.min.min(self.timeout) {
            self.measured(round, now);
        } else {
            self.timeout = self.timeout.max(round * 3 / 2).min(self.limits.max);
        }
    }

    /// The timer has expired: wait twice as long (E2).
    pub(crate) fn back_off(&mut self) {
        self.timeout = (self.timeout * 2).min(self.limits.max);
    }

    /// The expiry was needless.
    pub(crate) fn forget_back_off(&mut self) {
        if self.smoothed.is_some() {
            let timeout = self.smoothed() + (self.variance * 4).max(GRANULARITY);
            self.timeout = timeout.clamp(self.limits.min, self.limits.max);
        }
    }

    pub(crate) const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The smoothed round trip; before there is one, what the first timeout stands for.
    pub(crate) fn smoothed(&self) -> Duration {
        self.smoothed.unwrap_or(self.timeout / 3)
    }

    pub(crate) const fn is_measured(&self) -> bool {
        self.smoothed.is_some()
    }

    pub(crate) const fn variance(&self) -> Duration {
        self.variance
    }

    /// The shortest round trip so far.
    pub(crate) const fn min(&self) -> Option<Duration> {
        self.min
    }
}

/// The first timeout where the round trip has been measured by someone else: three of them, as after
/// a first measurement.
pub(crate) fn first_timeout(limits: Rto, hint: Duration) -> Duration {
    (hint * 3).max(SHORTEST).min(limits.max)
}

/// G of RFC 9260 section 6.3.1.
const GRANULARITY: Duration = Duration::from_millis(1);
/// No first timeout is shorter: the peer's processor needs time too.
const SHORTEST: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_first_measurement_makes_three_of_it() {
        let mut trip = RoundTrip::new(Rto { min: millis(1), ..Rto::RFC }, None);
        assert_eq!(trip.timeout(), millis(1000));
        trip.measured(millis(100), Instant::START);
        assert_eq!(trip.timeout(), millis(300));
    }

    #[test]
    fn later_ones_are_smoothed_once_in_a_round_trip() {
        let mut trip = RoundTrip::new(Rto { min: millis(1), ..Rto::RFC }, None);
        trip.measured(millis(100), Instant::from_millis(100));
        trip.measured(millis(10), Instant::from_millis(150));
        assert_eq!(trip.smoothed(), millis(100));
        assert_eq!(trip.min(), Some(millis(10)));
        trip.measured(millis(180), Instant::from_millis(200));
        assert_eq!(trip.smoothed(), millis(110));
        // 3/4 of 50 and 1/4 of 80.
        assert_eq!(trip.variance(), Duration::from_micros(57_500));
        assert_eq!(trip.timeout(), millis(340));
    }

    #[test]
    fn the_timeout_keeps_its_limits_and_doubles() {
        let mut trip = RoundTrip::new(Rto::RFC, None);
        trip.measured(millis(10), Instant::START);
        assert_eq!(trip.timeout(), millis(1000));
        for _ in 0..10 {
            trip.back_off();
        }
        assert_eq!(trip.timeout(), millis(60_000));
        trip.forget_back_off();
        assert_eq!(trip.timeout(), millis(1000));
    }

    #[test]
    fn a_round_of_more_than_a_second_is_no_measurement() {
        let mut trip = RoundTrip::new(Rto::RFC, None);
        trip.went_round(millis(1001), Instant::START);
        assert!(!trip.is_measured());
        assert_eq!(trip.timeout(), Duration::from_micros(1_501_500));
        trip.went_round(millis(600), Instant::START);
        assert_eq!((trip.smoothed(), trip.timeout()), (millis(600), millis(1800)));
    }

    #[test]
    fn a_hint_replaces_the_first_timeout() {
        assert_eq!(RoundTrip::new(Rto::RFC, Some(millis(50))).timeout(), millis(150));
        assert_eq!(RoundTrip::new(Rto::RFC, Some(millis(5))).timeout(), millis(100));
    }
}
