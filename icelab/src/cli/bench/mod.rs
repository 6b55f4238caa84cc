//! `icelab bench`.

pub(super) mod arguments;

use core::time::Duration;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use icelab_reports::bench::{BenchTable, Chart, Report};
use icelab_sim::Chance;
use icelab_sim::link::Bitrate;

use self::arguments::{BenchArguments, Controller, DataArguments, DataCommand, Subject};
use super::run::terminal_width;
use super::work::{bar, threads};
use super::{Ending, message, print};
use crate::bench::{Axes, Contender, Plan, contenders, pairs};
use crate::scenario::text::quantity::Time;
use crate::suite::files::is_input;
use crate::suite::save::Destination;

/// Measures something.
pub(super) fn bench(arguments: &BenchArguments) -> Ending {
    match &arguments.subject {
        Subject::Data(arguments) => data(arguments, &[]),
        Subject::Media(_) => message::not_supported_yet("icelab bench media"),
    }
}

/// Runs `icelab bench data`, with the arguments that the process was started with, and measures other stacks beside
/// icelab's own. The tables then say where icelab is ahead.
#[must_use]
pub fn data_beside(others: &[Contender]) -> ExitCode {
    data(&DataCommand::parse().arguments, others).into()
}

fn data(arguments: &DataArguments, others: &[Contender]) -> Ending {
    let plan = match plan(arguments, others) {
        Ok(plan) => plan,
        Err(reason) => return message::problem(&reason),
    };
    let outputs = [&arguments.json, &arguments.svg];
    if outputs.iter().all(|path| path.as_deref().is_some_and(is_input)) {
        return message::problem("only one of --json and --svg can go to the standard output");
    }
    let [json, svg] = match outputs.map(|path| Place::prepare(path.as_deref())) {
        [Ok(json), Ok(svg)] => [json, svg],
        [Err(reason), _] | [_, Err(reason)] => return message::problem(&reason),
    };
    let report = measured(&plan, arguments.jobs);
    let table = BenchTable::new(&report).width(terminal_width()).to_string();
    let is_printed = [&json, &svg].into_iter().any(|place| matches!(place, Place::Printed));
    let mut ending = if is_printed {
        message::write(&table);
        Ending::AsExpected
    } else {
        print(&table)
    };
    ending = ending.max(json.take(|| report.write()));
    ending = ending.max(svg.take(|| Chart::new(&report).to_string()));
    if report.problems() > 0 { ending.max(Ending::NotAsExpected) } else { ending }
}

fn measured(plan: &Plan, jobs: Option<NonZeroUsize>) -> Report {
    let bar = bar();
    let report = plan.run(threads(jobs), |done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    report
}

/// What is asked for, with what nobody wrote.
fn plan(arguments: &DataArguments, others: &[Contender]) -> Result<Plan, String> {
    let DataArguments { goodput, fairness, latency, full, .. } = *arguments;
    let goodput = goodput || !(fairness || latency);
    if arguments.svg.is_some() && !goodput {
        return Err("--svg draws goodput: add --goodput".to_owned());
    }
    let is_chosen = |contender: &Contender| {
        let chosen = &arguments.congestion;
        chosen.is_empty() || chosen.iter().any(|one| name(*one) == contender.name)
    };
    let mut all: Vec<Contender> = contenders().into_iter().filter(is_chosen).collect();
    all.extend_from_slice(others);
    let usual = if full { Usual::Full } else { Usual::Short };
    let shared = axes(arguments, usual.fairness());
    if fairness && shared.rates.contains(&None) {
        return Err("where the rate is unlimited there is no bottleneck to share".to_owned());
    }
    // The second stream begins up to a round trip late, and its first message takes more than half of one.
    let trip = shared.rtts.iter().max().copied().unwrap_or_default();
    let least = Plan::APART + trip * 2;
    if fairness && arguments.seconds.is_some_and(|seconds| Duration::from_secs(seconds) <= least) {
        return Err(format!(
            "with --fairness the second stream begins after {}, or up to a round trip later: let it run longer than {}",
            Time(Plan::APART),
            Time(least)
        ));
    }
    let links = |is_asked: bool, axes: Axes| if is_asked { axes.links() } else { Vec::new() };
    Ok(Plan {
        goodput: links(goodput, axes(arguments, usual.goodput())),
        fairness: links(fairness, shared),
        groups: pairs(&all, name(Controller::Reno)),
        latency: links(latency, axes(arguments, usual.latency())),
        seconds: arguments.seconds,
        seeds: arguments.seeds,
        window: arguments.window.and_then(|window| usize::try_from(window.0).ok()),
        contenders: all,
    })
}

/// What is measured where nobody says.
#[derive(Clone, Copy)]
enum Usual {
    Short,
    Full,
}

impl Usual {
    fn goodput(self) -> Axes {
        let (rates, rtts, queues): (&[Option<u64>], &[u64], &[u64]) = match self {
            Self::Short => (&[Some(18), Some(100)], &[20, 60, 200], &[256]),
            Self::Full => {
                (&[Some(5), Some(18), Some(100), None], &[20, 60, 200], &[32, 128, 512, 2048])
            }
        };
        written(rates, rtts, queues, &[0, 1, 10, 20, 50, 100])
    }

    fn fairness(self) -> Axes {
        match self {
            Self::Short => written(&[Some(18)], &[20, 60, 200], &[256], &[0]),
            Self::Full => written(
                &[Some(5), Some(18), Some(100)],
                &[20, 60, 200],
                &[32, 128, 512, 2048],
                &[0],
            ),
        }
    }

    fn latency(self) -> Axes {
        written(&[None], &[100], &[256], &[0, 20, 50, 100])
    }
}

/// Rates in Mbit/s, round trips in ms, queues in KiB, losses in per mille.
fn written(rates: &[Option<u64>], rtts: &[u64], queues: &[u64], losses: &[u32]) -> Axes {
    Axes {
        rates: rates.iter().map(|rate| rate.map(Bitrate::from_mbit)).collect(),
        rtts: rtts.iter().map(|millis| Duration::from_millis(*millis)).collect(),
        queues: queues.iter().map(|kib| kib << 10).collect(),
        losses: losses.iter().map(|parts| Chance::from_ppb(parts * 1_000_000)).collect(),
    }
}

/// What the arguments say, and the usual elsewhere.
fn axes(arguments: &DataArguments, usual: Axes) -> Axes {
    fn or<T, U>(given: &[T], usual: Vec<U>, read: impl Fn(&T) -> U) -> Vec<U> {
        if given.is_empty() { usual } else { given.iter().map(read).collect() }
    }
    Axes {
        rates: or(&arguments.rate, usual.rates, |limit| limit.0),
        rtts: or(&arguments.rtt, usual.rtts, |time| time.0),
        queues: or(&arguments.queue, usual.queues, |size| size.0),
        losses: or(&arguments.loss, usual.losses, |chance| *chance),
    }
}

/// The name under which a controller is measured.
const fn name(controller: Controller) -> &'static str {
    match controller {
        Controller::Reno => "reno",
        Controller::Cubic => "cubic",
        Controller::Path => "path",
    }
}

/// Where something that is asked for goes.
enum Place {
    Nowhere,
    Printed,
    Saved(Destination),
}

impl Place {
    fn prepare(path: Option<&Path>) -> Result<Self, String> {
        match path {
            None => Ok(Self::Nowhere),
            Some(path) if is_input(path) => Ok(Self::Printed),
            Some(path) => Ok(Self::Saved(Destination::prepare(path)?)),
        }
    }

    fn take(self, text: impl FnOnce() -> String) -> Ending {
        match self {
            Self::Nowhere => Ending::AsExpected,
            Self::Printed => print(&text()),
            Self::Saved(destination) => match destination.finish(&text()) {
                Ok(()) => Ending::AsExpected,
                Err(reason) => message::problem(&reason),
            },
        }
    }
}
