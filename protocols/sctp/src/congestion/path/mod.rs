//! A model of the path: how fast its bottleneck is, and how long its empty round trip takes. Packets
//! leave at the bottleneck's rate, about one round trip's worth of them are under way, and now and
//! then a little more is tried. A lost packet says nothing by itself, so random loss does not slow it
//! down. The idea is that of BBR (draft-cardwell-iccrg-bbr-congestion-control); the cycle, the reading
//! of losses and the measuring of the empty round trip are made for this place.
//!
//! 1. `Startup`: twice as fast each round trip, until the rate stops growing, or a queue grows, or a flood of
//!    losses tells that it is full.
//! 2. `Drain`: what was too much leaves the queue.
//! 3. `Cruise`: a round trip of somewhat more, then less until the queue is empty, then some round
//!    trips at the rate that was measured; again. What comes of more tells whether the bottleneck is
//!    shared, and who has more of it yields (`trial`).
//! 4. `Measure`: where the shortest round trip has not been seen for long, half of what is under way
//!    is taken away for two round trips, so that the queue (if there is one) empties.

mod measures;
mod signs;
mod trial;

use core::time::Duration;

use icelab_sans_io::{Instant, Rng};

use self::measures::{Largest, Rounds};
use self::signs::{LossSign, Losses, QueueSign};
use self::trial::Trial;
use super::{Ack, Controller};
use crate::tx::RateSample;

/// Models the path's bandwidth and round trip.
#[derive(Clone, Debug)]
pub struct Path {
    mtu: usize,
    stage: Stage,
    bandwidth: Largest,
    rounds: Rounds,
    min_rtt: Option<Duration>,
    /// When a round trip as short as `min_rtt` was last seen.
    min_rtt_at: Instant,
    /// What Startup compares with.
    fullest: u64,
    rounds_without_growth: u32,
    queue: QueueSign,
    losses: LossSign,
    round_losses: Losses,
    trial: Trial,
    rng: Rng,
    window: usize,
    /// Before a timeout took the window away.
    window_before: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Startup,
    Drain,
    Cruise { step: Step, since: Instant },
    Measure { until: Instant, shortest: Option<Duration> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// More than the path is known to carry.
    Up,
    /// Less, until the queue is empty.
    Down,
    /// As much as the path carries, for so many round trips.
    Level(u32),
}

impl Path {
    /// Starts with sixteen packets: somewhat more than RFC 6928, whose packets are longer.
    #[must_use]
    pub fn new(mtu: usize, rng: Rng) -> Self {
        Self {
            mtu,
            stage: Stage::Startup,
            bandwidth: Largest::default(),
            rounds: Rounds::default(),
            min_rtt: None,
            min_rtt_at: Instant::START,
            fullest: 0,
            rounds_without_growth: 0,
            queue: QueueSign::default(),
            losses: LossSign::default(),
            round_losses: Losses::default(),
            trial: Trial::default(),
            rng,
            window: FIRST_WINDOW * mtu,
            window_before: 0,
        }
    }

    /// One round trip's worth of bytes, times a gain in percent.
    fn product(&self, percent: u64) -> usize {
        let Some(rtt) = self.min_rtt else { return 0 };
        let bytes = u128::from(self.bandwidth.get()) * rtt.as_nanos() / 1_000_000_000;
        usize::try_from(bytes * u128::from(percent) / 100).unwrap_or(usize::MAX)
    }

    /// The first window in a round trip.
    fn first_rate(&self) -> u64 {
        let nanos = self.min_rtt.unwrap_or_default().as_nanos().max(1);
        let rate = (FIRST_WINDOW * self.mtu) as u128 * 1_000_000_000 / nanos;
        u64::try_from(rate).unwrap_or(u64::MAX)
    }

    /// In percent of the bandwidth.
    const fn pacing_gain(&self) -> u64 {
        match self.stage {
            Stage::Startup => STARTUP_GAIN,
            Stage::Drain => 10_000 / STARTUP_GAIN,
            Stage::Cruise { step: Step::Up, .. } => 100 + self.trial.extra(),
            Stage::Cruise { step: Step::Down, .. } => 75,
            Stage::Cruise { step: Step::Level(_), .. } | Stage::Measure { .. } => 100,
        }
    }

    fn target(&self) -> usize {
        let gain = match self.stage {
            Stage::Startup => STARTUP_GAIN,
            // Where others fill a queue, a trial needs room for its share of that too.
            Stage::Cruise { step: Step::Up, .. } => 300,
            Stage::Drain | Stage::Cruise { .. } => 200,
            Stage::Measure { .. } => 50,
        };
        self.product(gain).max(4 * self.mtu)
    }

    fn learn_rate(&mut self, sample: &RateSample) {
        let rate = sample.bytes_per_second();
        if !sample.is_sound || self.trial.is_fading() {
            return;
        }
        if !sample.is_application_limited || rate >= self.bandwidth.get() {
            self.bandwidth.insert(rate, self.rounds.count);
        }
    }

    /// A round trip has passed, in which this much arrived in a second: what was measured long ago counts
    /// no more. Where little was offered it does.
    fn learn_average(&mut self, average: u64, sample: &RateSample) {
        if !sample.is_application_limited {
            let average = average.min(self.bandwidth.get());
            self.bandwidth.age(self.rounds.count);
            self.bandwidth.insert(average, self.rounds.count);
        }
    }

    fn learn_rtt(&mut self, rtt: Duration, now: Instant) {
        if let Stage::Measure { shortest, .. } = &mut self.stage {
            *shortest = Some(shortest.map_or(rtt, |shortest| shortest.min(rtt)));
        }
        match self.min_rtt {
            Some(min) if rtt > min => {
                if rtt <= min + min / 32 {
                    self.min_rtt_at = now;
                }
            }
            _ => {
                self.min_rtt = Some(rtt);
                self.min_rtt_at = now;
            }
        }
    }

    /// Whether Startup has found the path's rate: it grows no more.
    fn judge_growth(&mut self, sample: &RateSample) {
        let rate = self.bandwidth.get();
        if rate >= self.fullest + self.fullest / 4 {
            self.fullest = rate;
            self.rounds_without_growth = 0;
            return;
        }
        if sample.is_application_limited {
            return;
        }
        self.rounds_without_growth += 1;
        if self.rounds_without_growth >= ROUNDS_WITHOUT_GROWTH {
            self.stage = Stage::Drain;
        }
    }

    fn advance(&mut self, ack: &Ack) {
        let min_rtt = self.min_rtt.unwrap_or_default();
        match self.stage {
            Stage::Startup => {
                if self.queue.is_growing(min_rtt) || self.losses.is_flood() {
                    self.stage = Stage::Drain;
                }
            }
            Stage::Drain => {
                if ack.in_flight <= self.product(100) {
                    self.stage = Stage::Cruise { step: Step::Level(1), since: ack.now };
                }
            }
            Stage::Cruise { step, since } => {
                let elapsed = ack.now - since;
                let next = match step {
                    Step::Up => (elapsed > min_rtt
                        && (ack.lost > 0
                            || ack.in_flight >= self.product(100 + self.trial.extra())))
                    .then_some(Step::Down),
                    Step::Down => (ack.in_flight <= self.product(100) || elapsed > 2 * min_rtt)
                        .then(|| Step::Level(self.trial.rest())),
                    Step::Level(rounds) => (elapsed > min_rtt * rounds).then_some(Step::Up),
                };
                if let Some(step) = next {
                    // After a timeout it is the window that says how much is sent.
                    if step == Step::Up
                        && self.window_before == 0
                        && let Some(sample) = &ack.rate
                    {
                        self.rounds.restart(sample, ack.now);
                        let jitter = self.rng.below(JITTER) as u32;
                        self.trial.begin(self.product(100) / self.mtu.max(1), jitter);
                    }
                    self.stage = Stage::Cruise { step, since: ack.now };
                }
            }
            Stage::Measure { until, shortest } => {
                if ack.now >= until {
                    self.min_rtt = shortest.or(self.min_rtt);
                    self.min_rtt_at = ack.now;
                    self.stage = Stage::Cruise { step: Step::Level(1), since: ack.now };
                }
            }
        }
        if let Stage::Cruise { .. } = self.stage
            && ack.now - self.min_rtt_at > MIN_RTT_LIFE
        {
            let wait = (2 * ack.smoothed_rtt).max(Duration::from_millis(10));
            self.stage = Stage::Measure { until: ack.now + wait, shortest: None };
        }
    }

    /// A round trip has passed, in which this much arrived in a second.
    fn judge_trial(&mut self, average: u64) {
        let queue = self.queue.queue(self.min_rtt.unwrap_or_default());
        if let Some(rate) = self.trial.on_round(average, self.round_losses, queue) {
            self.bandwidth.reset(rate, self.rounds.count);
        }
    }

    fn set_window(&mut self, ack: &Ack) {
        let target = self.target();
        if self.window_before > 0 {
            // After a timeout: as much again as arrives.
            self.window += ack.acked;
            if self.window >= self.window_before.min(target) {
                self.window_before = 0;
            }
            return;
        }
        self.window = match self.stage {
            Stage::Startup => self.window.max(target.min(self.window + ack.acked)),
            Stage::Measure { .. } => target,
            Stage::Drain | Stage::Cruise { .. } => target.min(self.window + ack.acked),
        };
    }
}

impl Controller for Path {
    fn on_ack(&mut self, ack: &Ack) {
        if let Some(rtt) = ack.rtt {
            self.learn_rtt(rtt, ack.now);
        }
        if let Some(sample) = &ack.rate {
            let round = self.rounds.pass(sample, ack.now);
            self.learn_rate(sample);
            if let Some(average) = round {
                self.learn_average(average, sample);
                if sample.is_application_limited {
                    self.trial.cancel();
                } else {
                    self.judge_trial(average);
                }
                self.queue = QueueSign::default();
                self.round_losses = Losses::default();
                if self.stage == Stage::Startup {
                    self.judge_growth(sample);
                }
            }
        }
        if let Some(rtt) = ack.rtt {
            self.queue.measured(rtt);
        }
        let (arrived, lost) = (ack.acked / self.mtu.max(1), ack.lost / self.mtu.max(1));
        self.round_losses.judged(arrived, lost);
        self.losses.judged(arrived, lost);
        self.advance(ack);
        self.set_window(ack);
    }

    fn on_timeout(&mut self, in_flight: usize) {
        self.trial.cancel();
        self.window_before = self.window_before.max(self.window);
        self.window = in_flight + self.mtu;
    }

    fn undo(&mut self) {
        if self.window_before > 0 {
            self.window = self.window_before;
            self.window_before = 0;
        }
    }

    fn on_idle(&mut self, _idle: Duration, _rto: Duration) {}

    fn on_chunk_length(&mut self, chunk: usize) {
        self.mtu = chunk;
    }

    fn window(&self) -> usize {
        self.window
    }

    fn rate(&self) -> Option<u64> {
        let bandwidth = self.bandwidth.get();
        let rate = bandwidth.saturating_mul(self.pacing_gain()) / 100;
        // What little was sent at first says nothing of the path: the first window takes one round trip.
        let first = if self.stage == Stage::Startup { self.first_rate() } else { 0 };
        (bandwidth > 0).then(|| rate.max(first))
    }
}

/// In packets.
const FIRST_WINDOW: usize = 16;
/// 2 / ln 2 in percent: the least at which the rate doubles in a round trip.
const STARTUP_GAIN: u64 = 289;
/// Startup ends after so many round trips in which the rate did not grow by a quarter.
const ROUNDS_WITHOUT_GROWTH: u32 = 3;
/// Two flows whose trials fell together do not try together for ever: in round trips.
const JITTER: u64 = 5;
/// How long the shortest round trip is believed.
const MIN_RTT_LIFE: Duration = Duration::from_secs(10);
