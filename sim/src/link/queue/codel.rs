//! Controlled delay (RFC 8289), in whole nanoseconds.

use std::time::Duration;

use icelab_sans_io::Instant;

use super::fifo::Fifo;
use super::{Next, Waiting, unmarked};
use crate::link::config::CoDel;

/// The state of RFC 8289 section 5.3.
#[derive(Clone, Debug)]
pub(super) struct Controller {
    settings: CoDel,
    /// When the delay has been above the target for a whole interval; `None` while it is below.
    first_above: Option<Instant>,
    /// While dropping: when the next packet is dropped.
    drop_next: Instant,
    is_dropping: bool,
    count: u32,
    last_count: u32,
}

impl Controller {
    pub(super) fn new(settings: CoDel) -> Self {
        Self {
            settings,
            first_above: None,
            drop_next: Instant::START,
            is_dropping: false,
            count: 0,
            last_count: 0,
        }
    }

    /// RFC 8289 section 5.5: the next packet, after those that are dropped for having waited too long.
    pub(super) fn pop(
        &mut self,
        fifo: &mut Fifo,
        now: Instant,
        dropped: &mut Vec<Waiting>,
    ) -> Option<Next> {
        let (mut next, mut is_above) = self.take(fifo, now)?;
        if self.is_dropping {
            if !is_above {
                self.is_dropping = false;
            }
            while self.is_dropping && now >= self.drop_next {
                self.count = self.count.saturating_add(1);
                if self.marks(next) {
                    self.drop_next = self.control_law(self.drop_next);
                    return Some(Next { waiting: next, is_marked: true });
                }
                dropped.push(next);
                let Some((after, still_above)) = self.take(fifo, now) else {
                    self.is_dropping = false;
                    return None;
                };
                (next, is_above) = (after, still_above);
                if is_above {
                    self.drop_next = self.control_law(self.drop_next);
                } else {
                    self.is_dropping = false;
                }
            }
            return Some(unmarked(next));
        }
        if !is_above {
            return Some(unmarked(next));
        }
        let is_marked = self.marks(next);
        if !is_marked {
            dropped.push(next);
        }
        self.is_dropping = true;
        // Section 4.3: a sojourn above the target soon after the last one goes on at the rate that worked.
        let delta = self.count.saturating_sub(self.last_count);
        let was_recent = (now - self.drop_next) < self.settings.interval.saturating_mul(16);
        self.count = if delta > 1 && was_recent { delta } else { 1 };
        self.drop_next = self.control_law(now);
        self.last_count = self.count;
        if is_marked {
            return Some(Next { waiting: next, is_marked });
        }
        match self.take(fifo, now) {
            Some((after, _)) => Some(unmarked(after)),
            None => {
                self.is_dropping = false;
                None
            }
        }
    }

    /// The first packet, and whether the delay has been too long for too long.
    fn take(&mut self, fifo: &mut Fifo, now: Instant) -> Option<(Waiting, bool)> {
        let Some(first) = fifo.pop() else {
            self.first_above = None;
            return None;
        };
        if now - first.since < self.settings.target || fifo.bytes() <= MOST_OF_A_PACKET {
            self.first_above = None;
            return Some((first, false));
        }
        let since = *self.first_above.get_or_insert(now + self.settings.interval);
        Some((first, now >= since))
    }

    fn marks(&self, next: Waiting) -> bool {
        self.settings.is_marking && next.is_markable
    }

    /// `interval / sqrt(count)` later; the root has 16 bits behind the point.
    fn control_law(&self, from: Instant) -> Instant {
        let root = (u64::from(self.count.max(1)) << 32).isqrt();
        let interval = self.settings.interval.as_nanos() << 16;
        let wait = u64::try_from(interval / u128::from(root)).unwrap_or(u64::MAX);
        from + Duration::from_nanos(wait)
    }
}

/// One packet of an ordinary MTU: a queue with no more than that is no standing queue (section 5.5).
const MOST_OF_A_PACKET: u64 = 1500;

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(slot: u32, millis: u64, is_markable: bool) -> Waiting {
        Waiting { slot, bytes: 1000, since: Instant::from_millis(millis), flow: 0, is_markable }
    }

    /// A queue that always holds 100 packets that came 50 ms ago, served once a millisecond for two seconds.
    fn times_of_drops(is_markable: bool) -> (Vec<u64>, Vec<u64>) {
        let (mut controller, mut fifo) = (Controller::new(CoDel::DEFAULT), Fifo::default());
        let (mut drops, mut marks) = (Vec::new(), Vec::new());
        for millis in 100..2_100 {
            while fifo.packets() < 100 {
                fifo.push(packet(0, millis - 50, is_markable));
            }
            let mut dropped = Vec::new();
            let next = controller.pop(&mut fifo, Instant::from_millis(millis), &mut dropped);
            drops.extend(dropped.iter().map(|_| millis));
            marks.extend(next.filter(|next| next.is_marked).map(|_| millis));
        }
        (drops, marks)
    }

    #[test]
    fn a_standing_queue_is_dropped_from_after_an_interval_and_then_ever_faster() {
        let (drops, marks) = times_of_drops(false);
        assert_eq!(marks, []);
        // 100 ms after the first packet above the target, then 100/sqrt(1), 100/sqrt(2), ... apart.
        assert_eq!(drops[..6], [200, 300, 371, 429, 479, 524]);
        let gaps: Vec<u64> = drops.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.last().unwrap() < &25, "{gaps:?}");
    }

    #[test]
    fn what_can_be_marked_is_marked_at_the_same_times_and_not_dropped() {
        let (drops, _) = times_of_drops(false);
        let (none, marks) = times_of_drops(true);
        assert_eq!(none, []);
        assert_eq!(marks, drops);
    }

    #[test]
    fn a_short_wait_never_drops() {
        let (mut controller, mut fifo) = (Controller::new(CoDel::DEFAULT), Fifo::default());
        let mut dropped = Vec::new();
        for millis in 0..1_000 {
            fifo.push(packet(0, millis, false));
            fifo.push(packet(1, millis, false));
            let now = Instant::from_millis(millis + 4);
            while controller.pop(&mut fifo, now, &mut dropped).is_some() {}
        }
        assert_eq!(dropped, []);
    }
}
