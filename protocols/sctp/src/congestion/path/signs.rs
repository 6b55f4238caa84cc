//! What tells that the bottleneck's queue grows, or is full.

use core::time::Duration;

/// Whether a queue grows: the shortest of several round trips measured lately is clearly longer than
/// the shortest ever (RFC 9406 section 4.2).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct QueueSign {
    shortest: Option<Duration>,
    count: u32,
}

impl QueueSign {
    pub(super) fn measured(&mut self, rtt: Duration) {
        self.shortest = Some(self.shortest.map_or(rtt, |shortest| shortest.min(rtt)));
        self.count += 1;
    }

    /// What stood at the bottleneck all the time.
    pub(super) fn queue(&self, min: Duration) -> Queue {
        let least = self.shortest.unwrap_or_default().saturating_sub(min);
        if least > min / 4 {
            Queue::Long
        } else if least > (min / 128).max(SHORTEST_QUEUE) {
            Queue::Short
        } else {
            Queue::Empty
        }
    }

    pub(super) fn is_growing(&self, min: Duration) -> bool {
        let clearly = (min / 8).clamp(SHORTEST_SIGN, LONGEST_SIGN);
        self.count >= SIGN_SAMPLES && self.shortest.is_some_and(|rtt| rtt > min + clearly)
    }
}

/// What stands at the bottleneck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Queue {
    /// It had nothing to do now and then.
    Empty,
    Short,
    /// More than a quarter of the empty round trip.
    Long,
}

/// What became of the packets of some round trips.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Losses {
    judged: usize,
    lost: usize,
}

impl Losses {
    pub(super) const fn judged(&mut self, arrived: usize, lost: usize) {
        self.judged += arrived + lost;
        self.lost += lost;
    }

    /// Takes the newest in; what is older counts less.
    pub(super) const fn learn(&mut self, newest: Self) {
        self.judged = self.judged - self.judged / 4 + newest.judged;
        self.lost = self.lost - self.lost / 4 + newest.lost;
    }

    /// Whether more are lost than as many as `usual` would by chance.
    pub(super) const fn exceed(&self, usual: &Self) -> bool {
        let all = if usual.judged == 0 { 1 } else { usual.judged };
        let expected = usual.lost * self.judged / all;
        let more = self.lost.saturating_sub(expected);
        more * 1000 > self.judged * MORE_LOST && more * more > 4 * (expected + 1)
    }
}

/// Whether so much is lost that it can hardly be chance: the queue is full.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LossSign {
    /// Packets of which the fate was learned lately, and those of them that were lost, in 1/256.
    judged: usize,
    lost: usize,
}

impl LossSign {
    pub(super) const fn judged(&mut self, arrived: usize, lost: usize) {
        self.judged += (arrived + lost) * 256;
        self.lost += lost * 256;
        // What is older counts less.
        while self.judged > FLOOD_PACKETS * 2 * 256 {
            self.judged -= self.judged / 4;
            self.lost -= self.lost / 4;
        }
    }

    pub(super) const fn is_flood(&self) -> bool {
        self.judged >= FLOOD_PACKETS * 256 && self.lost * 100 > self.judged * FLOOD_PERCENT
    }
}

/// RFC 9406 section 4.2: MIN_RTT_THRESH, MAX_RTT_THRESH and N_RTT_SAMPLE.
const SHORTEST_SIGN: Duration = Duration::from_millis(4);
const LONGEST_SIGN: Duration = Duration::from_millis(16);
const SIGN_SAMPLES: u32 = 8;
/// A shorter one may be a measuring error.
const SHORTEST_QUEUE: Duration = Duration::from_micros(250);
/// So many packets tell, of which more than so many percent are lost, that the queue is full.
const FLOOD_PACKETS: usize = 32;
const FLOOD_PERCENT: usize = 30;
/// Of a thousand packets; fewer may be errors of measuring.
const MORE_LOST: usize = 5;
