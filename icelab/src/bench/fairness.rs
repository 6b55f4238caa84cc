//! Several streams over one bottleneck, each of which always has something to send.

use core::time::Duration;

use icelab_reports::bench::{Fairness, FlowShare};
use icelab_sans_io::{Instant, Rng};

use super::goodput::{MESSAGE, goodput, saturating};
use super::network::{Flow, FlowLog, run};
use super::stack::Contender;
use super::statistics::{jain, mean, rounded};
use super::sweep::{Conditions, Kind, Ran};

/// What is measured, and how it is joined.
pub(super) const KIND: Kind<Fairness, Fairness> = Kind { measure, join: mean_of, message: MESSAGE };

/// One run, of which the second half counts: how long it takes to share is another question. When a flow begins
/// differs by up to a round trip between seeds, for where the others are in their ups and downs must not decide.
fn measure(contenders: &[Contender], conditions: &Conditions) -> Ran<Fairness> {
    let Conditions { link, window, lasting, seed } = *conditions;
    let mut rng = Rng::from_u64(seed).fork("beginnings", 0);
    let round_trip = u64::try_from(link.rtt.as_nanos()).unwrap_or(u64::MAX);
    let mut flow = |(index, contender): (u32, &Contender)| {
        let chance = if index == 0 { 0 } else { rng.range(0..=round_trip) };
        let begins = Instant::START + APART * index + Duration::from_nanos(chance);
        Flow { contender: *contender, begins, task: saturating(window) }
    };
    let flows: Vec<Flow> = (0..).zip(contenders).map(&mut flow).collect();
    let last = flows.iter().map(|flow| flow.begins).max().unwrap_or_default();
    let from = last.max(Instant::START + lasting / 2);
    let traffic = run(conditions, &flows)?;
    let end = Instant::START + lasting;
    let rate = |flow: &FlowLog| goodput(&flow.reader.deliveries, from, end);
    let rates: Vec<f64> = traffic.flows.iter().map(rate).collect();
    let problem = traffic.flows.iter().find_map(FlowLog::problem);
    Ok((shared(contenders, &rates, jain(&rates)), problem))
}

/// The mean of several runs.
fn mean_of(contenders: &[Contender], runs: &[Fairness]) -> Option<Fairness> {
    runs.first()?;
    let rates = (0..contenders.len()).map(|index| {
        let of = |run: &Fairness| run.flows.get(index).map(|flow| flow.goodput_mbit);
        mean(&runs.iter().filter_map(of).collect::<Vec<f64>>())
    });
    let index = mean(&runs.iter().map(|run| run.jain).collect::<Vec<f64>>());
    Some(shared(contenders, &rates.collect::<Vec<f64>>(), index))
}

fn shared(contenders: &[Contender], rates: &[f64], jain: f64) -> Fairness {
    let all: f64 = rates.iter().sum();
    let flows = (0..).zip(contenders).zip(rates).map(|((index, contender), rate)| FlowShare {
        contender: contender.name.to_owned(),
        began_ms: (APART * index).into(),
        goodput_mbit: rounded(*rate),
        share: if all > 0.0 { rounded(rate / all) } else { 0.0 },
    });
    Fairness { jain: rounded(jain), flows: flows.collect() }
}

/// How long after the one before each flow begins.
pub(super) const APART: Duration = Duration::from_secs(3);
