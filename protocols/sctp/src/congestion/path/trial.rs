//! Trying more: what comes of it tells how much of the bottleneck is ours. Where nobody else is there,
//! a full bottleneck delivers no more however much is sent; where many are, nearly all of what is sent
//! more arrives, at the cost of the others. So two flows that share a bottleneck can tell which of them
//! is the larger one, which then yields, and the smaller one takes.
//!
//! Where the queue is too short for what is tried, each trial costs the others packets. A flow that
//! each loss slows down (Reno) gets nowhere if this happens every few round trips: so the larger one
//! tries seldom there, and takes back little of what it yielded.

use super::signs::{Losses, Queue};

/// More is tried for a round trip.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trial {
    stage: Stage,
    /// How much more, in percent.
    extra: u64,
    /// What the last one found: our share of the bottleneck, in percent.
    share: u64,
    /// So many more round trips pass until the next one than need to.
    jitter: u32,
    /// So many packets were under way before the last one.
    packets: u64,
    /// What is lost while nothing is tried.
    usual: Losses,
    /// Whether the queue overflowed when we, who have half or more, tried.
    overflows: bool,
}

/// What is known of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// What left before it is arriving.
    Before,
    /// What left in it is arriving. Before that so much did, in bytes a second.
    During {
        before: u64,
        queue: Queue,
    },
    /// For so many round trips what arrives still tells of it.
    Fading(u32),
    Over,
}

impl Default for Trial {
    fn default() -> Self {
        Self {
            stage: Stage::Over,
            extra: MOST_EXTRA,
            share: 100,
            jitter: 0,
            packets: 0,
            usual: Losses::default(),
            overflows: false,
        }
    }
}

impl Trial {
    /// More is tried from now on; so many packets are under way. Another `jitter` in each trial keeps two
    /// flows from trying at the same time for ever.
    pub(super) fn begin(&mut self, packets: usize, jitter: u32) {
        self.stage = Stage::Before;
        self.jitter = jitter;
        self.packets = packets as u64;
        let few = EXTRA_PACKETS * 100 / self.packets.max(1);
        self.extra =
            if self.share < SMALL_SHARE { MOST_EXTRA } else { few.clamp(LEAST_EXTRA, MOST_EXTRA) };
    }

    /// Less was offered than could have been sent: what comes of it says nothing.
    pub(super) const fn cancel(&mut self) {
        self.stage = Stage::Over;
    }

    /// How much more is tried, in percent.
    pub(super) const fn extra(&self) -> u64 {
        self.extra
    }

    /// Whether what arrives was sent in a trial that is judged already.
    pub(super) const fn is_fading(&self) -> bool {
        matches!(self.stage, Stage::Fading(_))
    }

    /// How many round trips pass until the next one.
    pub(super) fn rest(&self) -> u32 {
        if self.has_room() {
            return 1;
        }
        let least = if self.overflows {
            u32::try_from(self.packets / RECOVERY).unwrap_or(u32::MAX).clamp(SHORT_REST, LONG_REST)
        } else {
            SHORT_REST
        };
        least + self.jitter
    }

    /// Whether nearly all of what was sent more has arrived.
    const fn has_room(&self) -> bool {
        self.share < NO_SHARE
    }

    /// A round trip has passed, in which `average` bytes a second arrived; `losses`: what was found to be lost,
    /// `queue`: what stood at the bottleneck all the time. Returns the rate to go on with, in bytes a second,
    /// where it is another.
    pub(super) fn on_round(&mut self, average: u64, losses: Losses, queue: Queue) -> Option<u64> {
        match self.stage {
            Stage::Over => {
                self.usual.learn(losses);
                None
            }
            Stage::Before => {
                self.stage = Stage::During { before: average, queue };
                None
            }
            Stage::During { before, queue } => {
                let rate = self.judge(before, average, losses, queue);
                let rounds = if self.overflows { 2 } else { 1 };
                self.stage = if rate.is_some() { Stage::Fading(rounds) } else { Stage::Over };
                rate
            }
            Stage::Fading(rounds) => {
                self.stage = if rounds > 1 { Stage::Fading(rounds - 1) } else { Stage::Over };
                None
            }
        }
    }

    fn judge(&mut self, before: u64, during: u64, losses: Losses, queue: Queue) -> Option<u64> {
        self.share = share(before, during, self.extra);
        let is_full = queue != Queue::Empty;
        if is_full {
            self.overflows = self.share >= 50 && losses.exceed(&self.usual);
        }
        if self.has_room() {
            return None;
        }
        match (is_full, self.overflows) {
            (true, true) => Some(next_rate(before, self.share.min(NEARLY_WHOLE), queue)),
            (true, false) if self.share <= WHOLE => Some(next_rate(before, self.share, queue)),
            (true | false, false) => None,
            (false, true) => Some(before + during.saturating_sub(before) / 4),
        }
    }
}

/// Our share of a full bottleneck, in percent: of `1 + extra` instead of 1, with the others' `r` beside
/// it, arrives `(1 + extra) / (1 + extra + r)` instead of `1 / (1 + r)`.
fn share(before: u64, during: u64, extra: u64) -> u64 {
    let (before, during) = (u128::from(before), u128::from(during.max(before).max(1)));
    let missing = u128::from(100 + extra) * 1000 * before / during;
    let share = missing.saturating_sub(100_000) / (u128::from(extra.max(1)) * 10);
    u64::try_from(share).unwrap_or(u64::MAX).min(100)
}

/// Who has more than half yields, most where the other is likely to have some of the rest; who has less
/// takes. Where others keep a queue, yielding would only let it grow.
fn next_rate(before: u64, share: u64, queue: Queue) -> u64 {
    let before = u128::from(before);
    let other = 100 - share;
    let rate = if share < 50 {
        let less = u128::from(50 - share);
        before + before * PULL * less * less / 10_000
    } else if queue == Queue::Long {
        before
    } else {
        before - before * PULL * u128::from(share - 50) * u128::from(other) / 10_000
    };
    u64::try_from(rate).unwrap_or(u64::MAX)
}

/// In percent. More would cost others too much, less cannot be measured.
const MOST_EXTRA: u64 = 25;
const LEAST_EXTRA: u64 = 12;
/// So much more is enough, where it is between those.
const EXTRA_PACKETS: u64 = 16;
/// In percent: who has less tries as much more as may be.
const SMALL_SHARE: u64 = 40;
/// In percent: who has less has seen no limit.
const NO_SHARE: u64 = 25;
/// In percent: who has more is alone, as far as can be measured.
const WHOLE: u64 = 97;
/// In percent: nobody whose trials cost others packets counts as alone.
const NEARLY_WHOLE: u64 = 95;
/// In round trips.
const SHORT_REST: u32 = 4;
const LONG_REST: u32 = 48;
/// What a loss took from another flow, it takes back packet by packet, one in each round trip: it has time
/// for this part of what is under way.
const RECOVERY: u64 = 6;
/// How strongly shares are drawn together.
const PULL: u128 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    /// What arrives of `sent` where others send so much, in bytes a second.
    fn arrives(sent: u64, others: u64, bottleneck: u64) -> u64 {
        if sent + others <= bottleneck { sent } else { bottleneck * sent / (sent + others) }
    }

    #[test]
    fn the_share_of_a_full_bottleneck_is_seen_in_what_comes_of_more() {
        for percent in [10u64, 30, 50, 70, 90, 100] {
            let (own, others) = (percent * 10_000, (100 - percent) * 10_000);
            let during = arrives(own * 125 / 100, others, 1_000_000);
            let seen = share(own, during, 25);
            assert!(seen.abs_diff(percent) <= 1, "{percent}: {seen}");
        }
        assert_eq!(share(500_000, 625_000, 25), 0, "there was room");
        assert_eq!(share(500_000, 400_000, 25), 100, "less than before arrived");
        assert_eq!(share(0, 0, 25), 0);
    }

    #[test]
    fn two_flows_that_try_in_turn_end_with_equal_shares() {
        let bottleneck = 1_000_000u64;
        let (mut rates, mut trials) = ([900_000u64, 100_000], [Trial::default(); 2]);
        for turn in 0..60 {
            let (own, others) = (turn % 2, rates[1 - turn % 2]);
            let trial = &mut trials[own];
            trial.begin(1000, 0);
            let more = rates[own] + rates[own] * trial.extra() / 100;
            let before = arrives(rates[own], others, bottleneck);
            let during = arrives(more, others, bottleneck);
            assert_eq!(trial.on_round(before, Losses::default(), Queue::Short), None);
            rates[own] = match trial.on_round(during, Losses::default(), Queue::Short) {
                Some(rate) => rate,
                None => during,
            };
            let _ = trial.on_round(during, Losses::default(), Queue::Short);
        }
        let [a, b] = rates;
        assert!(a.abs_diff(b) < bottleneck / 10, "{rates:?}");
        assert!(a + b > bottleneck * 85 / 100, "{rates:?}");
    }

    #[test]
    fn who_is_alone_keeps_the_rate() {
        let mut trial = Trial::default();
        trial.begin(10, 0);
        assert_eq!(trial.extra(), 25);
        assert_eq!(trial.on_round(1_000_000, Losses::default(), Queue::Short), None);
        assert_eq!(trial.on_round(1_000_000, Losses::default(), Queue::Short), None);
        assert!(!trial.is_fading());
        assert!(trial.rest() > 1);
    }

    #[test]
    fn who_finds_room_tries_again_soon_and_as_much_as_may_be() {
        let mut trial = Trial::default();
        trial.begin(10_000, 0);
        assert_eq!(trial.extra(), 12);
        assert_eq!(trial.on_round(1_000_000, Losses::default(), Queue::Short), None);
        assert_eq!(trial.on_round(1_120_000, Losses::default(), Queue::Short), None);
        assert_eq!(trial.rest(), 1);
        trial.begin(10_000, 0);
        assert_eq!(trial.extra(), 25);
    }

    fn losses(packets: usize, lost: usize) -> Losses {
        let mut losses = Losses::default();
        losses.judged(packets - lost, lost);
        losses
    }

    /// Tries with 300 packets under way; so many are lost in it.
    fn tried(trial: &mut Trial, rates: [u64; 2], lost: usize, queue: Queue) -> Option<u64> {
        trial.begin(300, 3);
        assert_eq!(trial.on_round(rates[0], Losses::default(), queue), None);
        let rate = trial.on_round(rates[1], losses(300, lost), queue);
        while trial.is_fading() {
            assert_eq!(trial.on_round(rates[1], Losses::default(), queue), None);
        }
        rate
    }

    #[test]
    fn who_has_most_and_makes_a_short_queue_overflow_yields_and_tries_seldom() {
        let mut trial = Trial::default();
        assert_eq!(tried(&mut trial, [1_000_000, 1_000_000], 0, Queue::Short), None);
        assert_eq!(trial.rest(), 4 + 3);
        let yielded = tried(&mut trial, [1_000_000, 1_000_000], 24, Queue::Short);
        assert!(yielded.is_some_and(|rate| (900_000..950_000).contains(&rate)), "{yielded:?}");
        assert_eq!(trial.rest(), 48 + 3, "300 packets / 6, but no more than 48");
        // What is found to be free belongs to others too.
        let taken = tried(&mut trial, [900_000, 940_000], 24, Queue::Empty);
        assert_eq!(taken, Some(910_000));
        assert_eq!(trial.rest(), 48 + 3);
        // Nobody else is there.
        assert_eq!(tried(&mut trial, [900_000, 1_008_000], 0, Queue::Empty), None);
        assert_eq!(trial.rest(), 1);
    }

    #[test]
    fn who_has_little_takes_even_where_the_queue_overflows() {
        let mut trial = Trial::default();
        let taken = tried(&mut trial, [200_000, 216_000], 24, Queue::Short);
        assert!(taken.is_some_and(|rate| rate > 200_000), "{taken:?}");
        assert_eq!(trial.rest(), 4 + 3);
    }

    #[test]
    fn what_is_always_lost_is_no_overflow() {
        let mut trial = Trial::default();
        for _ in 0..20 {
            let _ = trial.on_round(1_000_000, losses(300, 24), Queue::Short);
        }
        assert_eq!(tried(&mut trial, [1_000_000, 1_000_000], 24, Queue::Short), None);
    }

    #[test]
    fn nobody_yields_to_a_queue_that_others_keep() {
        assert_eq!(next_rate(1000, 75, Queue::Long), 1000);
        assert!(next_rate(1000, 75, Queue::Short) < 850);
        assert!(next_rate(1000, 25, Queue::Long) > 1000);
    }
}
