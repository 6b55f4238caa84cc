//! CUBIC (RFC 9438): after a loss the window returns to where the loss was, stays a while, and then
//! goes beyond. In integers, so that every machine gets the same.

use core::time::Duration;

use icelab_sans_io::Instant;

use super::reno::initial_window;
use super::{Ack, Controller};

/// CUBIC (RFC 9438).
#[derive(Clone, Debug)]
pub struct Cubic {
    mtu: usize,
    window: usize,
    threshold: usize,
    /// Where the window was at the last loss (W_max).
    largest: usize,
    epoch: Option<Epoch>,
    before: Option<Before>,
}

/// A stage of congestion avoidance (RFC 9438 section 4.2).
#[derive(Clone, Copy, Debug)]
struct Epoch {
    began: Instant,
    /// How long it takes to be at `largest` again (K), in milliseconds.
    returns_after: u64,
    /// What Reno would have (W_est), in bytes (section 4.3).
    friendly: usize,
    friendly_partial: usize,
    /// Bytes by which the window is due to grow, in parts of a window.
    partial: usize,
}

#[derive(Clone, Copy, Debug)]
struct Before {
    window: usize,
    threshold: usize,
    largest: usize,
}

impl Cubic {
    /// Starts with the window of RFC 9260 section 7.2.1.
    #[must_use]
    pub fn new(mtu: usize, peer_window: usize) -> Self {
        Self {
            mtu,
            window: initial_window(mtu),
            threshold: peer_window.max(4 * mtu),
            largest: 0,
            epoch: None,
            before: None,
        }
    }

    /// RFC 9438 sections 4.6 and 4.7: the window by 0.7, and less to return to where others grow.
    fn reduce(&mut self) {
        self.before =
            Some(Before { window: self.window, threshold: self.threshold, largest: self.largest });
        self.largest = if self.window < self.largest { self.window * 17 / 20 } else { self.window };
        self.threshold = (self.window * 7 / 10).max(2 * self.mtu);
        self.epoch = None;
    }

    /// Congestion avoidance (RFC 9438 sections 4.2 to 4.5).
    fn avoid(&mut self, ack: &Ack) {
        let (mtu, window) = (self.mtu, self.window);
        let largest = self.largest.max(window);
        let epoch = self.epoch.get_or_insert_with(|| Epoch {
            began: ack.now,
            returns_after: cube_root_millis((largest - window) / mtu.max(1)),
            friendly: window,
            friendly_partial: 0,
            partial: 0,
        });
        let elapsed = millis(ack.now - epoch.began + ack.smoothed_rtt);
        let target =
            cubic_window(elapsed, epoch.returns_after, largest, mtu).clamp(window, window * 3 / 2);
        // Section 4.3: alpha is 3 (1 - 0.7) / (1 + 0.7) = 9/17 below W_max, then 1.
        let acked = if epoch.friendly < largest { ack.acked * 9 / 17 } else { ack.acked };
        epoch.friendly_partial += acked;
        if epoch.friendly_partial >= epoch.friendly {
            epoch.friendly_partial -= epoch.friendly;
            epoch.friendly += mtu;
        }
        if epoch.friendly > target {
            self.window = window.max(epoch.friendly);
            return;
        }
        // A window that arrives makes the window the target.
        epoch.partial += (target - window) * ack.acked / window.max(1);
        self.window += epoch.partial;
        epoch.partial = 0;
    }
}

impl Controller for Cubic {
    fn on_ack(&mut self, ack: &Ack) {
        if ack.is_new_loss {
            self.reduce();
            self.window = self.threshold;
            return;
        }
        if ack.acked == 0 || ack.in_recovery || !ack.is_window_limited {
            return;
        }
        if self.window < self.threshold {
            self.window += ack.acked;
        } else {
            self.avoid(ack);
        }
    }

    fn on_timeout(&mut self, _in_flight: usize) {
        self.reduce();
        self.window = self.mtu;
    }

    fn undo(&mut self) {
        if let Some(before) = self.before.take() {
            self.window = self.window.max(before.window);
            self.threshold = self.threshold.max(before.threshold);
            self.largest = self.largest.max(before.largest);
            self.epoch = None;
        }
    }

    fn on_idle(&mut self, idle: Duration, rto: Duration) {
        if idle > rto {
            self.window = self.window.min(initial_window(self.mtu).max(self.threshold));
            self.epoch = None;
        }
    }

    fn on_chunk_length(&mut self, chunk: usize) {
        self.mtu = chunk;
    }

    fn window(&self) -> usize {
        self.window
    }

    fn rate(&self) -> Option<u64> {
        None
    }
}

/// W_cubic(t) = C (t - K)^3 + W_max with C = 0.4 packets per second cubed (RFC 9438 section 4.2).
fn cubic_window(elapsed: u64, returns_after: u64, largest: usize, mtu: usize) -> usize {
    let millis = i128::from(elapsed) - i128::from(returns_after);
    let bytes = millis.pow(3) * mtu as i128 * 4 / 10 / 1_000_000_000;
    usize::try_from((largest as i128 + bytes).max(0)).unwrap_or(usize::MAX)
}

/// K = cbrt(packets / C), in milliseconds.
fn cube_root_millis(packets: usize) -> u64 {
    let cube = packets as u128 * 10 / 4 * 1_000_000_000;
    let (mut low, mut high) = (0u128, 1u128 << 32);
    while low < high {
        let middle = (low + high).div_ceil(2);
        if middle.pow(3) <= cube {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    u64::try_from(low).unwrap_or(u64::MAX)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).min(1 << 24)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::congestion::testing::ack;

    #[test]
    fn the_cube_root_is_exact() {
        // 100 packets to make up for: (100 / 0.4)^(1/3) = 6.2996 s.
        assert_eq!(cube_root_millis(100), 6299);
        assert_eq!(cube_root_millis(0), 0);
    }

    #[test]
    fn the_curve_passes_where_the_loss_was() {
        assert_eq!(cubic_window(6299, 6299, 120_000, 1200), 120_000);
        assert!(cubic_window(3000, 6299, 120_000, 1200) < 120_000);
        assert!(cubic_window(9000, 6299, 120_000, 1200) > 120_000);
    }

    #[test]
    fn a_loss_takes_three_tenths_and_the_window_returns() {
        let mut cubic = Cubic::new(1200, 1 << 24);
        for _ in 0..100 {
            cubic.on_ack(&ack(1200));
        }
        let before = cubic.window();
        cubic.on_ack(&Ack { lost: 1200, is_new_loss: true, ..ack(1200) });
        assert_eq!(cubic.window(), before * 7 / 10);
        let mut now = Instant::from_secs(1);
        while cubic.window() < before {
            now += Duration::from_millis(1);
            cubic.on_ack(&Ack { now, ..ack(1200) });
            assert!(now < Instant::from_secs(10), "stuck at {}", cubic.window());
        }
    }
}
