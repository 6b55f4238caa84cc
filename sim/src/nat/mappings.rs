//! The mapping table of RFC 4787: an outside endpoint belongs to one mapping; a filter stands beside it.
//!
//! An outbound packet finds its mapping by inside endpoint and as much of the remote endpoint as the mapping behaviour
//! looks at (section 4.1), or makes one. An inbound packet finds its mapping by outside endpoint alone, then asks the
//! [`filter`](super::filter).

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use icelab_sans_io::{Instant, Timers};

use super::context::{Context, Translation};
use super::filter::{Filter, Owner};
use super::key::{EndpointKey, PairKey, shown};
use super::lifetime::Way;
use super::pool::Wanted;
use super::population::{Due, Ends, Mapping, Population};
use super::{Behaviour, Config, DropReason, Ending, FilterState, Kind};
use crate::packet::{Flow, Protocol};

/// All mappings, each with an outside endpoint of its own.
#[derive(Clone, Debug)]
pub(super) struct Mappings {
    population: Population,
    by_inside: BTreeMap<PairKey, u32>,
    by_outside: BTreeMap<EndpointKey, u32>,
    filter: Filter,
    /// Outside endpoints that may not be given out again yet.
    resting: Timers<EndpointKey>,
}

impl Mappings {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            population: Population::new(),
            by_inside: BTreeMap::new(),
            by_outside: BTreeMap::new(),
            filter: Filter::new(config.filtering),
            resting: Timers::new(),
        }
    }

    /// An inside endpoint sends to a remote one: the outside endpoint that it sends from.
    pub(super) fn outbound(
        &mut self,
        flow: Flow,
        context: &mut Context<'_>,
        now: Instant,
    ) -> Translation {
        let config = context.config;
        let key = PairKey::new(flow.protocol, flow.source, flow.destination, config.mapping);
        let number = match self.by_inside.get(&key).copied() {
            Some(number) => {
                self.pass(number, Way::Out, context, now);
                number
            }
            None => self.make(flow, context, now)?,
        };
        let mapping = self.population.get(number).ok_or(DropReason::NoMapping)?;
        let (outside, extra) = (mapping.outside, mapping.extra_life());
        let owner = owner(config, number, flow.protocol, flow.source);
        self.filter.permit(owner, flow.protocol, flow.destination, extra, &context.terms(), now);
        Ok(outside)
    }

    /// A remote endpoint sends to an outside one: the inside endpoint that it is for.
    pub(super) fn inbound(
        &mut self,
        flow: Flow,
        context: &mut Context<'_>,
        now: Instant,
    ) -> Translation {
        let key = EndpointKey::new(flow.protocol, flow.destination);
        let number = match self.by_outside.get(&key).copied() {
            Some(number) => number,
            None => self.make_for_owner(flow, context, now)?,
        };
        let inside = self.population.get(number).ok_or(DropReason::NoMapping)?.inside;
        let owner = owner(context.config, number, flow.protocol, inside);
        if !self.filter.admit(owner, flow.protocol, flow.source, &context.terms(), now) {
            return Err(DropReason::Filtered);
        }
        self.pass(number, Way::Back, context, now);
        Ok(inside)
    }

    /// The inside endpoint behind an outside one, without any effect.
    pub(super) fn inside_of(&self, flow: Flow, behaviour: Behaviour) -> Option<SocketAddr> {
        let key = EndpointKey::new(flow.protocol, flow.destination);
        let mapping = self.population.get(*self.by_outside.get(&key)?)?;
        (shown(mapping.remote, behaviour) == shown(flow.source, behaviour))
            .then_some(mapping.inside)
    }

    /// The outside endpoint of an inside one towards a remote one, without any effect.
    pub(super) fn outside_of(&self, flow: Flow, behaviour: Behaviour) -> Option<SocketAddr> {
        let key = PairKey::new(flow.protocol, flow.source, flow.destination, behaviour);
        Some(self.population.get(*self.by_inside.get(&key)?)?.outside)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Mapping> + '_ {
        self.population.iter()
    }

    pub(super) fn handle_timeout(&mut self, context: &mut Context<'_>, now: Instant) {
        while let Some(due) = self.population.pop_due(now) {
            match due {
                Due::Over(number) => self.remove(number, Ending::Timeout, context, now),
                Due::LivesOn(number) => context.note_refreshed(self.population.get(number)),
            }
        }
        self.filter.handle_timeout(now);
        while self.resting.pop_due(now).is_some() {}
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let resting = self.resting.next().map(|(at, _)| at);
        let due = [self.population.poll_timeout(), self.filter.poll_timeout(), resting];
        due.into_iter().flatten().min()
    }

    /// Ends all mappings whose outside address is none of `addresses`.
    pub(super) fn keep_only(
        &mut self,
        addresses: &[IpAddr],
        why: Ending,
        context: &mut Context<'_>,
        now: Instant,
    ) {
        for number in self.population.elsewhere(addresses) {
            self.remove(number, why, context, now);
        }
    }

    fn pass(&mut self, number: u32, way: Way, context: &mut Context<'_>, now: Instant) {
        let changed = self.population.pass(number, &context.terms(), way, now);
        context.note_refreshed(changed);
    }

    fn make(
        &mut self,
        flow: Flow,
        context: &mut Context<'_>,
        now: Instant,
    ) -> Result<u32, DropReason> {
        self.make_room(flow.source.ip(), context, now)?;
        let is_v4 = flow.destination.is_ipv4();
        let wanted = Wanted { protocol: flow.protocol, inside: flow.source, is_v4 };
        let (by_outside, resting) = (&self.by_outside, &self.resting);
        let is_taken = |candidate: SocketAddr| {
            let key = EndpointKey::new(flow.protocol, candidate);
            by_outside.contains_key(&key) || resting.get(&key).is_some()
        };
        let chosen = context.pool.choose(context.config, wanted, &is_taken)?;
        if let Some(wanted) = chosen.instead_of {
            context.note_collision(flow, wanted, false);
        }
        let ends = Ends {
            protocol: flow.protocol,
            inside: flow.source,
            outside: chosen.outside,
            remote: flow.destination,
        };
        Ok(self.insert(ends, context, now))
    }

    /// One-to-one NAT without a filter: the mapping exists before its first packet.
    fn make_for_owner(
        &mut self,
        flow: Flow,
        context: &mut Context<'_>,
        now: Instant,
    ) -> Result<u32, DropReason> {
        let config = context.config;
        let is_open =
            config.kind == Kind::OneToOne && config.filtering == Behaviour::EndpointIndependent;
        let owner = context.pool.owner(flow.destination.ip()).filter(|_| is_open);
        let inside = owner.ok_or(DropReason::NoMapping)?;
        self.make_room(inside, context, now)?;
        let ends = Ends {
            protocol: flow.protocol,
            inside: SocketAddr::new(inside, flow.destination.port()),
            outside: flow.destination,
            remote: flow.source,
        };
        Ok(self.insert(ends, context, now))
    }

    fn insert(&mut self, ends: Ends, context: &mut Context<'_>, now: Instant) -> u32 {
        let Ends { protocol, inside, outside, remote } = ends;
        let extra = context.extra_life();
        let number = self.population.add(ends, context.config, extra, now);
        let key = PairKey::new(protocol, inside, remote, context.config.mapping);
        self.by_inside.insert(key, number);
        self.by_outside.insert(EndpointKey::new(protocol, outside), number);
        context.pool.take(inside.ip(), outside);
        context.note_made(self.population.get(number));
        number
    }

    fn make_room(
        &mut self,
        inside: IpAddr,
        context: &mut Context<'_>,
        now: Instant,
    ) -> Result<(), DropReason> {
        let held = context.pool.held_by(inside);
        if let Some(number) = self.population.admit(context.config, held)? {
            self.remove(number, Ending::Evicted, context, now);
        }
        Ok(())
    }

    fn remove(&mut self, number: u32, why: Ending, context: &mut Context<'_>, now: Instant) {
        let Some(mapping) = self.population.remove(number) else {
            return;
        };
        let (protocol, inside, outside) = (mapping.protocol, mapping.inside, mapping.outside);
        let key = PairKey::new(protocol, inside, mapping.remote, context.config.mapping);
        self.by_inside.remove(&key);
        let key = EndpointKey::new(protocol, outside);
        self.by_outside.remove(&key);
        self.filter.forget(Owner::Mapping(number));
        context.pool.give_back(inside.ip(), outside);
        if !context.config.hold_down.is_zero() {
            self.resting.set(key, now + context.config.hold_down);
        }
        context.notes.push(mapping.expired(why));
    }
}

/// Whom the filter remembers allowed remote endpoints for.
fn owner(config: &Config, number: u32, protocol: Protocol, inside: SocketAddr) -> Owner {
    match config.filter_state {
        FilterState::Mapping => Owner::Mapping(number),
        FilterState::InsideEndpoint => Owner::Inside(EndpointKey::new(protocol, inside)),
    }
}
