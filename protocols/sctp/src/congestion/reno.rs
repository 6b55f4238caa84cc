//! Slow start, congestion avoidance and one halving for each window with a loss (RFC 9260 section
//! 7.2).

use core::time::Duration;

use super::{Ack, Controller};

/// Halves at each loss (RFC 9260 section 7.2). What turns out not to have been lost is not given back:
/// section 7.2 lets nobody be more aggressive.
#[derive(Clone, Debug)]
pub struct Reno {
    /// The longest chunk (PMDCS).
    chunk: usize,
    /// cwnd.
    window: usize,
    /// ssthresh.
    threshold: usize,
    /// partial_bytes_acked.
    partial: usize,
}

impl Reno {
    /// Starts with the window of RFC 9260 section 7.2.1, for chunks of up to so many bytes.
    #[must_use]
    pub fn new(chunk: usize, peer_window: usize) -> Self {
        Self {
            chunk,
            window: initial_window(chunk),
            threshold: peer_window.max(4 * chunk),
            partial: 0,
        }
    }

    fn grow(&mut self, ack: &Ack) {
        let is_used = ack.in_flight_before >= self.window;
        if self.window <= self.threshold {
            // Section 7.2.1: by what arrived, at most a packet for each SACK.
            let is_used = is_used || self.window <= self.chunk;
            if is_used && (!ack.in_recovery || ack.is_new_loss) {
                self.window += ack.acked.min(self.chunk);
            }
            return;
        }
        // Section 7.2.2: a packet for each window that arrived.
        self.partial += ack.acked;
        if is_used && self.partial >= self.window {
            self.partial -= self.window;
            self.window += self.chunk;
        }
        self.partial = if ack.in_flight == 0 { 0 } else { self.partial.min(self.window) };
    }

    /// Section 7.2.3.
    fn halve(&mut self) {
        self.threshold = (self.window / 2).max(4 * self.chunk);
        self.window = self.threshold;
        self.partial = 0;
    }
}

impl Controller for Reno {
    fn on_ack(&mut self, ack: &Ack) {
        // Section 7.2.4: what has arrived counts first.
        if ack.acked > 0 {
            self.grow(ack);
        }
        if ack.is_new_loss {
            self.halve();
        }
    }

    fn on_timeout(&mut self, _in_flight: usize) {
        self.halve();
        self.window = self.chunk;
    }

    fn undo(&mut self) {}

    fn on_idle(&mut self, idle: Duration, rto: Duration) {
        // Section 7.2.1: half of it for each RTO, but not below four packets.
        let timeouts = idle.as_nanos() / rto.as_nanos().max(1);
        if timeouts == 0 {
            return;
        }
        self.threshold = self.threshold.max(self.window);
        let shift = u32::try_from(timeouts).unwrap_or(u32::MAX).min(usize::BITS - 1);
        self.window = (self.window >> shift).max(self.window.min(4 * self.chunk));
        self.partial = 0;
    }

    fn on_chunk_length(&mut self, chunk: usize) {
        self.chunk = chunk;
    }

    fn window(&self) -> usize {
        self.window
    }

    fn rate(&self) -> Option<u64> {
        None
    }
}

/// The first window (RFC 9260 section 7.2.1).
pub(super) fn initial_window(chunk: usize) -> usize {
    (4 * chunk).min((2 * chunk).max(4404))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::congestion::testing::ack;

    /// So many bytes arrived, the window had been full and is so again.
    fn full(reno: &Reno, acked: usize) -> Ack {
        Ack { in_flight_before: reno.window(), in_flight: reno.window(), ..ack(acked) }
    }

    #[test]
    fn slow_start_grows_by_what_arrived_and_at_most_a_packet_for_each_sack() {
        let mut reno = Reno::new(1200, 1 << 20);
        assert_eq!(reno.window(), 4404);
        reno.on_ack(&full(&reno, 2400));
        assert_eq!(reno.window(), 5604);
        reno.on_ack(&full(&reno, 100));
        assert_eq!(reno.window(), 5704);
    }

    #[test]
    fn a_loss_halves_once_and_nothing_is_given_back() {
        let mut reno = Reno::new(1200, 1 << 20);
        for _ in 0..10 {
            reno.on_ack(&full(&reno, 1200));
        }
        let before = reno.window();
        reno.on_ack(&Ack { lost: 1200, is_new_loss: true, ..ack(0) });
        assert_eq!(reno.window(), before / 2);
        reno.on_ack(&Ack { lost: 1200, in_recovery: true, ..full(&reno, 1200) });
        assert_eq!(reno.window(), before / 2);
        reno.undo();
        assert_eq!(reno.window(), before / 2);
    }

    #[test]
    fn congestion_avoidance_grows_by_a_packet_for_each_window() {
        let mut reno = Reno::new(1200, 4800);
        while reno.window() <= 4800 {
            reno.on_ack(&full(&reno, 1200));
        }
        let start = reno.window();
        let mut arrived = 0;
        while reno.window() == start {
            arrived += 1200;
            reno.on_ack(&full(&reno, 1200));
        }
        assert!((start..start + 1200).contains(&arrived), "{arrived} of {start}");
        assert_eq!(reno.window(), start + 1200);
    }

    #[test]
    fn a_timeout_leaves_one_packet() {
        let mut reno = Reno::new(1200, 1 << 20);
        reno.on_timeout(0);
        assert_eq!(reno.window(), 1200);
    }

    #[test]
    fn an_application_that_sends_little_earns_no_window() {
        let mut reno = Reno::new(1200, 1 << 20);
        reno.on_ack(&Ack { in_flight_before: 4403, ..ack(1200) });
        assert_eq!(reno.window(), 4404);
    }
}
