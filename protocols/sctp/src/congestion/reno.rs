//! Slow start, congestion avoidance and one halving for each window with a loss (RFC 9260 section
//! 7.2).

use core::time::Duration;

use icelab_sans_io::Instant;

use super::{Ack, Controller};

/// Halves at each loss (RFC 9260 section 7.2).
#[derive(Clone, Debug)]
pub struct Reno {
    mtu: usize,
    window: usize,
    threshold: usize,
    partial: usize,
    before: Option<Before>,
}

/// What a reduction took away.
#[derive(Clone, Copy, Debug)]
struct Before {
    window: usize,
    threshold: usize,
}

impl Reno {
    /// Starts with the window of RFC 9260 section 7.2.1.
    #[must_use]
    pub fn new(mtu: usize, peer_window: usize) -> Self {
        Self {
            mtu,
            window: initial_window(mtu),
            threshold: peer_window.max(4 * mtu),
            partial: 0,
            before: None,
        }
    }

    fn reduce(&mut self, window: impl FnOnce(&Self) -> usize) {
        self.before = Some(Before { window: self.window, threshold: self.threshold });
        self.threshold = (self.window / 2).max(4 * self.mtu);
        self.window = window(self);
        self.partial = 0;
    }
}

impl Controller for Reno {
    fn on_sent(&mut self, _bytes: usize, _in_flight: usize, _now: Instant) {}

    fn on_ack(&mut self, ack: &Ack) {
        if ack.is_new_loss {
            // RFC 9260 section 7.2.3.
            self.reduce(|reno| reno.threshold);
            return;
        }
        if ack.acked == 0 || ack.in_recovery || !ack.is_window_limited || !ack.is_cumulative {
            return;
        }
        if self.window <= self.threshold {
            // Section 7.2.1: by what arrived, at most a packet for each SACK.
            self.window += ack.acked.min(self.mtu);
        } else {
            // Section 7.2.2: a packet for each window that arrived.
            self.partial += ack.acked;
            if self.partial >= self.window && ack.in_flight_before >= self.window {
                self.partial -= self.window;
                self.window += self.mtu;
            }
            self.partial = self.partial.min(self.window);
        }
    }

    fn on_timeout(&mut self, _in_flight: usize, _now: Instant) {
        self.reduce(|reno| reno.mtu);
    }

    fn undo(&mut self) {
        if let Some(before) = self.before.take() {
            self.window = self.window.max(before.window);
            self.threshold = self.threshold.max(before.threshold);
        }
    }

    fn on_idle(&mut self, idle: Duration, rto: Duration) {
        // Section 7.2.1: half of it for each RTO, but not below the first window.
        let halvings = idle.as_nanos() / rto.as_nanos().max(1);
        let shift = u32::try_from(halvings).unwrap_or(u32::MAX).min(usize::BITS - 1);
        self.window = (self.window >> shift).max(initial_window(self.mtu).min(self.window));
    }

    fn window(&self) -> usize {
        self.window
    }

    fn rate(&self) -> Option<u64> {
        None
    }
}

/// The first window (RFC 9260 section 7.2.1).
pub(super) fn initial_window(mtu: usize) -> usize {
    (4 * mtu).min((2 * mtu).max(4404))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::congestion::testing::ack;

    #[test]
    fn slow_start_grows_by_what_arrived_and_at_most_a_packet_for_each_sack() {
        let mut reno = Reno::new(1200, 1 << 20);
        assert_eq!(reno.window(), 4404);
        reno.on_ack(&ack(2400));
        assert_eq!(reno.window(), 5604);
        reno.on_ack(&ack(100));
        assert_eq!(reno.window(), 5704);
    }

    #[test]
    fn a_loss_halves_once_and_an_undo_gives_back() {
        let mut reno = Reno::new(1200, 1 << 20);
        for _ in 0..10 {
            reno.on_ack(&ack(1200));
        }
        let before = reno.window();
        reno.on_ack(&Ack { lost: 1200, is_new_loss: true, ..ack(1200) });
        assert_eq!(reno.window(), before / 2);
        reno.on_ack(&Ack { lost: 1200, in_recovery: true, ..ack(1200) });
        assert_eq!(reno.window(), before / 2);
        reno.undo();
        assert_eq!(reno.window(), before);
    }

    #[test]
    fn congestion_avoidance_grows_by_a_packet_for_each_window() {
        let mut reno = Reno::new(1200, 4800);
        while reno.window() <= 4800 {
            reno.on_ack(&ack(1200));
        }
        let start = reno.window();
        let mut arrived = 0;
        while reno.window() == start {
            arrived += 1200;
            reno.on_ack(&Ack { in_flight_before: start, ..ack(1200) });
        }
        assert!((start..start + 1200).contains(&arrived), "{arrived} of {start}");
        assert_eq!(reno.window(), start + 1200);
    }

    #[test]
    fn a_timeout_leaves_one_packet() {
        let mut reno = Reno::new(1200, 1 << 20);
        reno.on_timeout(0, Instant::START);
        assert_eq!(reno.window(), 1200);
    }

    #[test]
    fn an_application_that_sends_little_earns_no_window() {
        let mut reno = Reno::new(1200, 1 << 20);
        reno.on_ack(&Ack { is_window_limited: false, ..ack(1200) });
        assert_eq!(reno.window(), 4404);
    }
}
