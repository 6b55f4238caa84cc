//! One kind of measurement on many links, of many contenders, with many seeds, on several threads.

use core::time::Duration;
use std::num::NonZeroUsize;

use icelab_reports::bench::{Cell, Measured, Section};

use super::link::Bottleneck;
use super::network::RunError;
use super::stack::Contender;
use crate::suite::jobs::run_each;
use crate::suite::run::caught;

/// Under what conditions one run takes place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conditions {
    /// What all traffic shares.
    pub(super) link: Bottleneck,
    /// The receive window.
    pub(super) window: usize,
    /// How long it lasts.
    pub(super) lasting: Duration,
    /// All its randomness.
    pub(super) seed: u64,
}

/// What came of one run: figures, and what went wrong on the way to them.
pub(super) type Ran<R> = Result<(R, Option<String>), RunError>;

/// A kind of measurement.
pub(super) struct Kind<R, F> {
    /// One run of these contenders together.
    pub(super) measure: fn(&[Contender], &Conditions) -> Ran<R>,
    /// Several runs as one.
    pub(super) join: fn(&[Contender], &[R]) -> Option<F>,
    /// The size of its messages.
    pub(super) message: usize,
}

/// What is measured of a kind.
pub(super) struct Sweep<'a> {
    /// The links, with the receive window on each.
    pub(super) links: Vec<(Bottleneck, usize)>,
    /// Who is measured together, one group after the other.
    pub(super) groups: &'a [Vec<Contender>],
    pub(super) seconds: u64,
    pub(super) seeds: u64,
}

impl Sweep<'_> {
    /// How many runs that takes.
    pub(super) fn count(&self) -> usize {
        self.cases().map(|(link, _, group)| self.seeds_of(link, group)).sum::<u64>() as usize
    }

    /// Measures everything; nothing where there is no link.
    pub(super) fn run<R: Send, F>(
        &self,
        kind: &Kind<R, F>,
        jobs: NonZeroUsize,
        mut progress: impl FnMut(),
    ) -> Option<Section<F>> {
        let mut runs = Vec::new();
        for (link, window, group) in self.cases() {
            let lasting = Duration::from_secs(self.seconds);
            runs.extend(
                (1..=self.seeds_of(link, group))
                    .map(|seed| (group, Conditions { link: *link, window, lasting, seed })),
            );
        }
        let one = |(group, conditions): &(&[Contender], Conditions)| {
            caught(|| (kind.measure)(group, conditions).map_err(|error| error.to_string()))
        };
        let results = run_each(&runs, jobs, one, |_, _| progress());
        let mut results = results.into_iter();
        let cells = self.links.iter().map(|(link, window)| {
            let measured = self.groups.iter().map(|group| {
                let seeds = self.seeds_of(link, group);
                let runs: Vec<_> = results.by_ref().take(seeds as usize).collect();
                measured(group, seeds, runs, kind.join)
            });
            Cell { measured: measured.collect(), link: link.described(*window) }
        });
        let cells: Vec<Cell<F>> = cells.collect();
        let Self { seconds, seeds, .. } = *self;
        (!cells.is_empty()).then_some(Section {
            seconds,
            seeds,
            message_bytes: kind.message,
            cells,
        })
    }

    /// Each group on each link.
    fn cases(&self) -> impl Iterator<Item = (&Bottleneck, usize, &[Contender])> {
        self.links.iter().flat_map(|(link, window)| {
            self.groups.iter().map(move |group| (link, *window, group.as_slice()))
        })
    }

    /// A slow contender has fewer seeds. One flow has only one where nothing is lost: the network then draws nothing.
    fn seeds_of(&self, link: &Bottleneck, group: &[Contender]) -> u64 {
        let most = group.iter().filter_map(|one| one.most_seeds).min().unwrap_or(u64::MAX);
        let is_alike = group.len() == 1 && link.loss.is_never();
        if is_alike { 1 } else { self.seeds.min(most).max(1) }
    }
}

fn measured<R, F>(
    group: &[Contender],
    seeds: u64,
    runs: Vec<Result<(R, Option<String>), String>>,
    join: fn(&[Contender], &[R]) -> Option<F>,
) -> Measured<F> {
    let (mut problem, mut good) = (None, Vec::new());
    for run in runs {
        let (figures, wrong) = match run {
            Ok((figures, wrong)) => (Some(figures), wrong),
            Err(reason) => (None, Some(reason)),
        };
        good.extend(figures);
        problem = problem.or(wrong);
    }
    let names: Vec<&str> = group.iter().map(|one| one.name).collect();
    Measured {
        contender: names.join(", then "),
        is_own: group.iter().all(|one| one.is_own),
        seeds,
        figures: join(group, &good),
        problem,
    }
}
