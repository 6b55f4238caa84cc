//! What is to be measured.

use core::time::Duration;
use std::num::NonZeroUsize;

use icelab_reports::bench::Report;
use icelab_sim::Chance;
use icelab_sim::link::Bitrate;

use super::link::Bottleneck;
use super::stack::Contender;
use super::sweep::Sweep;
use super::{fairness, goodput, latency};

/// Everything that one command measures.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Who is measured.
    pub contenders: Vec<Contender>,
    /// Links for one stream that always has something to send.
    pub goodput: Vec<Bottleneck>,
    /// Links for two such streams at once.
    pub fairness: Vec<Bottleneck>,
    /// Which contenders share a link, in the order of their beginning.
    pub groups: Vec<Vec<Contender>>,
    /// Links for small messages at a steady pace.
    pub latency: Vec<Bottleneck>,
    /// How long each run lasts, in simulated seconds; each kind has a [usual time](Self::USUAL_SECONDS).
    pub seconds: Option<u64>,
    /// With how many seeds each figure is measured; each kind has a [usual number](Self::USUAL_SEEDS). Where nothing is
    /// lost, one is enough for one stream.
    pub seeds: Option<u64>,
    /// The receive window; without one [`Self::WINDOW`], or [`Self::ONLY_WINDOW`] where no rate limits the link.
    pub window: Option<usize>,
}

impl Plan {
    /// How long a run lasts, in simulated seconds: for goodput, for fairness, for latency.
    pub const USUAL_SECONDS: [u64; 3] = [10, 120, 30];
    /// With how many seeds each figure is measured: for goodput, for fairness, for latency, where the slowest of a hundred
    /// messages counts.
    pub const USUAL_SEEDS: [u64; 3] = [3, 3, 20];
    /// How long after the one before each stream begins that shares a link; chance adds up to a round trip.
    pub const APART: Duration = fairness::APART;
    /// The receive window, in bytes.
    pub const WINDOW: usize = 5 << 20;
    /// The receive window where it is all that limits a stream.
    pub const ONLY_WINDOW: usize = 1 << 20;

    /// Measures everything on so many threads. `progress` hears how many runs are done, and of how many. Equal plans give
    /// equal reports, whatever the number of threads.
    pub fn run(&self, jobs: NonZeroUsize, mut progress: impl FnMut(usize, usize)) -> Report {
        let alone: Vec<Vec<Contender>> = self.contenders.iter().map(|one| vec![*one]).collect();
        // A few small messages are no work even for a slow stack: each is measured with as many seeds as the others, and so
        // on links that lose alike.
        let even: Vec<Vec<Contender>> = self
            .contenders
            .iter()
            .map(|one| vec![Contender { most_seeds: None, ..*one }])
            .collect();
        let [for_goodput, for_fairness, for_latency] = Self::USUAL_SECONDS;
        let [goodput_seeds, fairness_seeds, latency_seeds] = Self::USUAL_SEEDS;
        let goodput = self.sweep(&self.goodput, &alone, (for_goodput, goodput_seeds));
        let fairness = self.sweep(&self.fairness, &self.groups, (for_fairness, fairness_seeds));
        let latency = self.sweep(&self.latency, &even, (for_latency, latency_seeds));
        let all = [&goodput, &fairness, &latency].map(Sweep::count).iter().sum();
        let mut done = 0;
        let mut tick = || {
            done += 1;
            progress(done, all);
        };
        let mut report = Report::new();
        report.goodput = goodput.run(&goodput::KIND, jobs, &mut tick);
        report.fairness = fairness.run(&fairness::KIND, jobs, &mut tick);
        report.latency = latency.run(&latency::KIND, jobs, &mut tick);
        report
    }

    fn sweep<'a>(
        &self,
        links: &[Bottleneck],
        groups: &'a [Vec<Contender>],
        (usual_seconds, usual_seeds): (u64, u64),
    ) -> Sweep<'a> {
        let window = |link: &Bottleneck| {
            let usual = if link.rate.is_some() { Self::WINDOW } else { Self::ONLY_WINDOW };
            self.window.unwrap_or(usual)
        };
        Sweep {
            links: links.iter().map(|link| (*link, window(link))).collect(),
            groups,
            seconds: self.seconds.unwrap_or(usual_seconds),
            seeds: self.seeds.unwrap_or(usual_seeds),
        }
    }
}

/// Each contender against itself, and with one of this name, where it is among them, in either order.
#[must_use]
pub fn pairs(contenders: &[Contender], against: &str) -> Vec<Vec<Contender>> {
    let mut pairs: Vec<Vec<Contender>> =
        contenders.iter().map(|contender| vec![*contender; 2]).collect();
    if let Some(other) = contenders.iter().find(|one| one.name == against) {
        for contender in contenders.iter().filter(|one| one.name != against) {
            pairs.push(vec![*other, *contender]);
            pairs.push(vec![*contender, *other]);
        }
    }
    pairs
}

/// Links in all combinations of these.
#[derive(Clone, Debug)]
pub struct Axes {
    /// Rates; `None` is no limit.
    pub rates: Vec<Option<Bitrate>>,
    /// Round trips.
    pub rtts: Vec<Duration>,
    /// How many bytes may wait; means nothing where there is no limit of rate.
    pub queues: Vec<u64>,
    /// Losses.
    pub losses: Vec<Chance>,
}

impl Axes {
    /// The links, losses changing first.
    #[must_use]
    pub fn links(&self) -> Vec<Bottleneck> {
        let mut links = Vec::new();
        for rate in &self.rates {
            // Where nothing waits, one queue is like another.
            let queues = if rate.is_some() { self.queues.len() } else { 1 };
            for rtt in &self.rtts {
                for queue in self.queues.iter().take(queues) {
                    let link = |loss: &Chance| Bottleneck {
                        rtt: *rtt,
                        loss: *loss,
                        rate: *rate,
                        queue: *queue,
                    };
                    links.extend(self.losses.iter().map(link));
                }
            }
        }
        links
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_without_a_limit_of_rate_stands_there_with_one_queue_only() {
        let axes = Axes {
            rates: vec![Some(Bitrate::from_mbit(5)), None],
            rtts: vec![Duration::from_millis(20), Duration::from_millis(60)],
            queues: vec![1, 2, 3],
            losses: vec![Chance::NEVER, Chance::from_percent(1)],
        };
        let links = axes.links();
        assert_eq!(links.len(), 2 * 3 * 2 + 2 * 2);
        assert_eq!(links.iter().filter(|link| link.rate.is_none()).count(), 4);
        assert!(links[0].loss.is_never() && !links[1].loss.is_never());
    }
}
