//! Spreads packets over time.

use core::time::Duration;

use icelab_sans_io::Instant;

/// When the next packet may leave. A short burst is allowed, so that a timer that is late or coarse
/// costs no throughput.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pacer {
    next: Instant,
}

impl Pacer {
    pub(crate) fn is_open(&self, now: Instant) -> bool {
        self.next <= now
    }

    /// When to look again, where it is not open: enough is due then to be worth it.
    pub(crate) fn opens_at(&self) -> Instant {
        self.next
    }

    /// `bytes` leave at `rate` bytes a second, but for no longer than `longest`: a path that gave so little would
    /// have had longer round trips. What was measured while it gave nothing would keep the next packet for
    /// minutes, and nothing better be measured until then.
    pub(crate) fn sent(&mut self, bytes: usize, rate: u64, longest: Duration, now: Instant) {
        let nanos = bytes as u128 * 1_000_000_000 / u128::from(rate.max(1));
        let cost = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        self.next = self.next.max(now - BURST) + cost.min(longest);
    }
}

/// What was not used in this time may be made up for at once.
const BURST: Duration = Duration::from_micros(500);

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(1);

    #[test]
    fn packets_leave_at_the_rate() {
        let mut pacer = Pacer::default();
        let mut now = Instant::from_secs(1);
        let (start, mut sent) = (now, 0u32);
        while now < start + Duration::from_secs(1) {
            while pacer.is_open(now) {
                pacer.sent(1200, 1_200_000, LONG, now);
                sent += 1;
            }
            now = pacer.opens_at();
        }
        assert!((1000..=1002).contains(&sent), "{sent}");
    }

    #[test]
    fn no_packet_waits_for_longer_than_it_may() {
        let mut pacer = Pacer::default();
        let now = Instant::from_secs(100);
        pacer.sent(1200, 1, LONG, now);
        assert!(pacer.opens_at() <= now + LONG);
        pacer.sent(1200, 1, LONG, pacer.opens_at());
        assert!(pacer.opens_at() <= now + 2 * LONG);
    }

    #[test]
    fn an_idle_time_is_not_saved_up() {
        let mut pacer = Pacer::default();
        let now = Instant::from_secs(100);
        let burst = (0..1000).take_while(|_| {
            let is_open = pacer.is_open(now);
            pacer.sent(1200, 12_000_000, LONG, now);
            is_open
        });
        assert_eq!(burst.count(), 6);
    }
}
