//! From what is written to what is meant: references, addresses, presets and defaults become a [`Plan`].

mod address;
mod call;
mod data;
mod event;
mod expect;
mod firewall;
mod gateway;
mod host;
mod link;
mod name;
mod nat;
mod schedule;
mod sense;
mod usage;

use core::time::Duration;
use std::collections::BTreeMap;

use icelab_sim::BuildError;
use indexmap::IndexMap;

use super::grammar::file::{File, RuntimeWord};
use super::plan::{Behind, Plan, Runtime, SweepExpectation};
use super::text::decode::At;
use super::text::fault::{Fault, Faults};
use super::text::quantity::Time;
use super::text::source::Span;
use address::Realms;
use name::Names;
use usage::Nodes;

/// What one case of a file means.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The case itself.
    pub plan: Plan,
    /// What all seeds of the case must show together.
    pub over_seeds: Vec<SweepExpectation>,
    /// What may be a mistake.
    pub doubts: Vec<Doubt>,
    /// The place of each expectation, and whether this case is judged by it.
    pub expectations: Vec<(Span, bool)>,
}

/// What can be run and may yet be a mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It is doubtful in this case.
    Case(Fault),
    /// Something is not used, which is doubtful where no case uses it.
    Unused(Fault),
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
    let links = link::Links::new(file.links.as_ref().map(|links| &links.value), limit, faults);
    let mut context = Context {
        names,
        links,
        realms: Realms::default(),
        uplinks: BTreeMap::new(),
        limit,
        has_sweep: file.sweep.is_some(),
        doubts: Vec::new(),
        faults,
    };
    let mut gateways = context.gateways(file.gateways.as_ref().map(|gateways| &gateways.value));
    let mut servers = context.servers(file.servers.as_ref().map(|servers| &servers.value));
    context.uplinks.extend(gateways.iter().map(|g| (g.name.clone(), g.behind.clone())));
    context.uplinks.extend(servers.iter().map(|s| (s.name.clone(), s.interface.behind.clone())));
    let mut peers = context.peers(file.peers.as_ref().map(|peers| &peers.value));
    if file.peers.as_ref().is_none_or(|peers| peers.value.0.len() < 2) {
        let span = file.peers.as_ref().map_or(Span::default(), |peers| peers.span);
        context.faults.push(
            Fault::new(span, "a call needs two peers")
                .help("as in `peers: { alice: {}, bob: {} }`"),
        );
        return None;
    }
    let call = context.call(file.call.as_ref(), &servers, &peers);
    let terms = file.events.as_ref().map(|events| events.value.as_slice());
    let mut events = context.events(terms, &peers, call.as_ref());
    events.extend(schedule::events(&mut gateways, &mut servers, &mut peers));
    events.sort_by_key(|event| event.at);
    let nodes = Nodes { gateways: &gateways, servers: &servers, peers: &peers };
    let judged = context.expectations(file.expect.as_ref(), call.as_ref(), &events, when_holds);
    let call = call?;
    context.check_policy(file, &nodes, &call, &judged.expectations);
    if !context.faults.is_empty() {
        return None;
    }
    context.note_unused(file, &nodes, &call);
    context.note_lite(file, &nodes);
    for term in &judged.terms {
        context.note_missing_relay(term, &nodes, &call);
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
        call,
        events,
        expectations: judged.expectations,
    };
    let doubts = context.doubts;
    if let Err(error) = plan.network().check() {
        faults.push(unbuildable(file, &error));
        return None;
    }
    let expectations = judged.places;
    Some(Resolved { plan, over_seeds: judged.over_seeds, doubts, expectations })
}

/// Tells why a network that reads well cannot be built.
fn unbuildable(file: &File, error: &BuildError) -> Fault {
    let (name, help) = match error {
        BuildError::RangesOverlap { node, .. } => (
            node,
            "give one of them another range with `inside:`, or a `nat:`, behind which ranges may overlap",
        ),
        BuildError::RangeExhausted { node, .. } => {
            (node, "give the gateway that it is behind a larger range with `inside:`")
        }
        BuildError::OutsideRange { node, .. }
        | BuildError::AddressTaken { node, .. }
        | BuildError::NoRoute { node, .. }
        | BuildError::NameTaken { name: node }
        | BuildError::UnknownNode { node, .. }
        | BuildError::BehindHost { node, .. }
        | BuildError::NoInterface { node } => (node, "check `ip:`, `inside:` and `outside:`"),
        BuildError::Cycle { nodes } => {
            return Fault::new(Span::default(), format!("a circle: {}", nodes.join(" -> ")));
        }
    };
    let is_it = |found: &&String| *found == name;
    let gateways = file.gateways.iter().flat_map(|gateways| &gateways.value.0);
    let inside = gateways
        .clone()
        .find(|gateway| is_it(&&gateway.name))
        .and_then(|it| it.value.inside.as_ref());
    let servers = file.servers.iter().flat_map(|servers| &servers.value.0);
    let peers = file.peers.iter().flat_map(|peers| &peers.value.0);
    let spans = gateways.map(|it| (&it.name, it.name_span));
    let spans = spans.chain(servers.map(|it| (&it.name, it.name_span)));
    let mut spans = spans.chain(peers.map(|it| (&it.name, it.name_span)));
    let span = inside.map(|inside| inside.span);
    let span = span.or_else(|| spans.find(|(found, _)| is_it(found)).map(|(_, span)| span));
    Fault::new(span.unwrap_or_default(), error.to_string()).help(help)
}

/// What every part needs to know of the others.
struct Context<'a> {
    names: Names,
    links: link::Links,
    realms: Realms,
    /// What the cable of each gateway and server leads to.
    uplinks: BTreeMap<String, Behind>,
    limit: Duration,
    /// Whether the file has seeds of its own.
    has_sweep: bool,
    doubts: Vec<Doubt>,
    faults: &'a mut Faults,
}

impl Context<'_> {
    /// A time that must lie within the run.
    fn within_limit(&mut self, time: &At<Time>) -> Duration {
        if time.value.0 > self.limit {
            self.faults.push(after_the_end(time, self.limit));
        }
        time.value.0
    }
}

/// Tells of a time that does not lie within the run.
fn after_the_end(time: &At<Time>, limit: Duration) -> Fault {
    Fault::new(time.span, format!("{} is after the end of the run", time.value))
        .label(format!("the run stops at {}", Time(limit)))
        .help(format!("write an earlier time, or a `limit` above {}", time.value))
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
