//! From what is written to what is meant: references, addresses, presets and defaults become a [`Plan`].

mod address;
mod call;
mod event;
mod expect;
mod firewall;
mod gateway;
mod host;
mod link;
mod name;
mod nat;

use core::time::Duration;
use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::grammar::file::{File, RuntimeWord};
use super::plan::{Behind, Plan, Runtime, SweepExpectation};
use super::text::decode::At;
use super::text::fault::{Fault, Faults};
use super::text::quantity::Time;
use super::text::source::Span;
use address::Realms;
use name::Names;

/// What one case of a file means.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The case itself.
    pub plan: Plan,
    /// What all seeds of the case must show together.
    pub over_seeds: Vec<SweepExpectation>,
}

/// Resolves one case of a file. `None` after telling `faults` why not.
pub fn resolve(
    name: &str,
    file: &File,
    labels: IndexMap<String, String>,
    when_holds: &dyn Fn(&When) -> bool,
    faults: &mut Faults,
) -> Option<Resolved> {
    let names = Names::collect(file, faults);
    let limit = limit(file, faults);
    let links = link::Links::new(file.links.as_ref().map(|links| &links.value), faults);
    let mut context = Context {
        names,
        links,
        realms: Realms::default(),
        uplinks: BTreeMap::new(),
        limit,
        faults,
    };
    let gateways = context.gateways(file.gateways.as_ref().map(|gateways| &gateways.value));
    let servers = context.servers(file.servers.as_ref().map(|servers| &servers.value));
    context.uplinks.extend(gateways.iter().map(|g| (g.name.clone(), g.behind.clone())));
    context.uplinks.extend(servers.iter().map(|s| (s.name.clone(), s.interface.behind.clone())));
    let peers = context.peers(file.peers.as_ref().map(|peers| &peers.value));
    if file.peers.as_ref().is_none_or(|peers| peers.value.0.len() < 2) {
        let span = file.peers.as_ref().map_or(Span::default(), |peers| peers.span);
        context.faults.push(
            Fault::new(span, "a call needs two peers")
                .help("as in `peers: { alice: {}, bob: {} }`"),
        );
        return None;
    }
    let call = context.call(file.call.as_ref(), &servers, &peers);
    let events = context.events(file.events.as_ref().map(|events| events.value.as_slice()), &peers);
    let (expectations, over_seeds) =
        context.expectations(file.expect.as_ref(), call.as_ref(), &events, when_holds);
    if !context.faults.is_empty() {
        return None;
    }
    let plan = Plan {
        file: name.to_owned(),
        case: labels,
        seed: file.seed.as_ref().map_or(DEFAULT_SEED, |seed| seed.value),
        limit,
        runtime: match file.runtime.as_ref().map(|runtime| runtime.value) {
            None | Some(RuntimeWord::Native) => Runtime::Native,
        },
        asks: file.asks.as_ref().map(|asks| asks.value.clone()),
        gateways,
        servers,
        peers,
        call: call?,
        events,
        expectations,
    };
    Some(Resolved { plan, over_seeds })
}

/// What every part needs to know of the others.
struct Context<'a> {
    names: Names,
    links: link::Links,
    realms: Realms,
    /// What the cable of each gateway and server leads to.
    uplinks: BTreeMap<String, Behind>,
    limit: Duration,
    faults: &'a mut Faults,
}

impl Context<'_> {
    /// A time that must lie within the run.
    fn within_limit(&mut self, time: &At<Time>) -> Duration {
        if time.value.0 > self.limit {
            let limit = Time(self.limit);
            self.faults.push(
                Fault::new(time.span, format!("{} is after the end of the run", time.value))
                    .label(format!("the run stops at {limit}"))
                    .help(format!("write an earlier time, or a `limit` above {}", time.value)),
            );
        }
        time.value.0
    }
}

fn limit(file: &File, faults: &mut Faults) -> Duration {
    let Some(limit) = &file.limit else { return DEFAULT_LIMIT };
    if limit.value.0.is_zero() || limit.value.0 > LONGEST {
        faults.push(
            Fault::new(limit.span, format!("a limit of {} is out of range", limit.value))
                .label(format!("should be above 0 and at most {}", Time(LONGEST))),
        );
    }
    limit.value.0
}

const DEFAULT_SEED: u64 = 1;

const DEFAULT_LIMIT: Duration = Duration::from_secs(60);

/// Longer runs are a slip of the unit.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

pub use expect::When;
