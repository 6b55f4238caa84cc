//! How fast chunks arrive: bytes that were acknowledged while a chunk was under way, over the time
//! in which they were sent or acknowledged, whichever took longer.

use core::time::Duration;

use icelab_sans_io::Instant;

/// What was known when a chunk left.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Snapshot {
    delivered: u64,
    delivered_at: Instant,
    first_sent_at: Instant,
    is_application_limited: bool,
    was_cut: bool,
}

/// How fast chunks arrived, measured from the newest of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateSample {
    /// Bytes that arrived in the interval.
    pub delivered: u64,
    /// How long they took.
    pub interval: Duration,
    /// Bytes that had arrived, since the association began, when the chunk left.
    pub delivered_before: u64,
    /// Bytes that have arrived since the association began.
    pub delivered_in_all: u64,
    /// Whether the path could have carried more than it was given.
    pub is_application_limited: bool,
    /// Whether the rate can be believed. Otherwise only the counts can.
    pub is_sound: bool,
}

impl RateSample {
    /// Bytes in a second.
    #[must_use]
    pub fn bytes_per_second(&self) -> u64 {
        let nanos = self.interval.as_nanos().max(1);
        let rate = u128::from(self.delivered) * 1_000_000_000 / nanos;
        u64::try_from(rate).unwrap_or(u64::MAX)
    }
}

/// Counts what arrives.
#[derive(Clone, Debug, Default)]
pub(crate) struct RateMeter {
    delivered: u64,
    delivered_at: Instant,
    first_sent_at: Instant,
    /// Until so many bytes have arrived, samples say less than the path can do.
    limited_until: u64,
    /// The last SACK did not show all that had arrived: what left then would seem to be fast.
    is_cut: bool,
}

impl RateMeter {
    /// A chunk leaves. `was_idle`: nothing was under way before.
    pub(crate) const fn on_sent(&mut self, was_idle: bool, now: Instant) -> Snapshot {
        if was_idle {
            self.first_sent_at = now;
            self.delivered_at = now;
        }
        Snapshot {
            delivered: self.delivered,
            delivered_at: self.delivered_at,
            first_sent_at: self.first_sent_at,
            is_application_limited: self.limited_until > self.delivered,
            was_cut: self.is_cut,
        }
    }

    /// A SACK is read that does, or does not, show all that has arrived.
    pub(crate) const fn on_sack(&mut self, is_cut: bool) {
        self.is_cut = is_cut;
    }

    /// There is nothing more to send, although more could be under way than `in_flight`. Where nothing is, what leaves
    /// next is all there is.
    pub(crate) fn on_application_limited(&mut self, in_flight: usize) {
        self.limited_until = self.delivered + in_flight.max(1) as u64;
    }

    /// `acked` bytes arrived; the chunk of them that left last, at `sent_at`, knew `snapshot`. A sample
    /// of less than the `shortest` round trip is not sound: its chunk was sent again, and what arrived
    /// was the first transmission.
    pub(crate) fn on_acked(
        &mut self,
        acked: usize,
        sent_at: Instant,
        snapshot: &Snapshot,
        shortest: Duration,
        now: Instant,
    ) -> RateSample {
        self.delivered += acked as u64;
        self.delivered_at = now;
        self.first_sent_at = sent_at;
        let interval = (sent_at - snapshot.first_sent_at).max(now - snapshot.delivered_at);
        let is_sound = interval > Duration::ZERO && interval >= shortest && !snapshot.was_cut;
        RateSample {
            delivered: self.delivered - snapshot.delivered,
            interval,
            delivered_before: snapshot.delivered,
            delivered_in_all: self.delivered,
            is_application_limited: snapshot.is_application_limited,
            is_sound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_a_packet_each_millisecond_is_measured() {
        let mut meter = RateMeter::default();
        let snapshots: Vec<_> = (0..100)
            .map(|packet| {
                let now = Instant::from_millis(packet);
                (now, meter.on_sent(packet == 0, now))
            })
            .collect();
        let mut last = None;
        for (packet, (sent_at, snapshot)) in snapshots.iter().enumerate() {
            let now = Instant::from_millis(200 + packet as u64);
            last = Some(meter.on_acked(1000, *sent_at, snapshot, Duration::ZERO, now));
        }
        let sample = last.expect("a sample");
        assert_eq!(sample.delivered, 100_000);
        assert_eq!(sample.interval, Duration::from_millis(299));
        assert!(!sample.is_application_limited);
    }

    #[test]
    fn what_the_application_did_not_offer_is_marked_until_it_has_arrived() {
        let mut meter = RateMeter::default();
        let first = meter.on_sent(true, Instant::START);
        meter.on_application_limited(1000);
        let second = meter.on_sent(false, Instant::START);
        let now = Instant::from_millis(50);
        let sample = |meter: &mut RateMeter, snapshot| {
            meter.on_acked(1000, Instant::START, snapshot, Duration::ZERO, now)
        };
        assert!(!sample(&mut meter, &first).is_application_limited);
        assert!(sample(&mut meter, &second).is_application_limited);
        let third = meter.on_sent(true, now);
        assert!(!third.is_application_limited);
    }

    #[test]
    fn a_chunk_that_leaves_alone_tells_nothing_of_the_path() {
        let mut meter = RateMeter::default();
        for round in 0..5 {
            let now = Instant::from_millis(200 * round);
            meter.on_application_limited(0);
            let lone = meter.on_sent(true, now);
            meter.on_application_limited(80);
            let answered = Instant::from_millis(200 * round + 100);
            let sample = meter.on_acked(80, now, &lone, Duration::ZERO, answered);
            assert!(sample.is_application_limited, "in round {round}");
        }
    }
}
