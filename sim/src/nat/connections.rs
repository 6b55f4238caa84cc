//! Connection tracking as in the Linux kernel: an outside endpoint belongs to one connection for each remote endpoint.
//!
//! 1. An outbound packet finds its connection by inside and remote endpoint.
//! 2. Else one is made. Its outside endpoint is that of the latest connection of the same inside endpoint (endpoint-independent
//!    mapping) or of the same inside endpoint with the same remote address (address-dependent mapping), unless another connection
//!    has that outside endpoint towards this remote endpoint.
//! 3. Else the port assignment chooses one that no connection has towards this remote endpoint.
//! 4. An inbound packet finds its connection by outside and remote endpoint, or, with a laxer filtering, one with that outside endpoint.
//! 5. Where unsolicited packets are tracked, one that found nothing becomes a connection of the gateway itself, which takes the
//!    outside endpoint towards that remote endpoint in steps 2 and 3 as any other.

use core::time::Duration;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use icelab_sans_io::{Instant, Timers};

use super::context::{Context, Translation};
use super::key::PairKey;
use super::lifetime::{Expiry, Lifetime, Terms, Way};
use super::pool::{Chosen, Wanted};
use super::population::{Due, Ends, Mapping, Population};
use super::{Behaviour, DropReason, Ending, Note, Ports, Refresh, Unsolicited};
use crate::packet::{Flow, Protocol};

/// All connections.
#[derive(Clone, Debug)]
pub(super) struct Connections {
    population: Population,
    /// By inside and remote endpoint.
    by_original: BTreeMap<PairKey, u32>,
    /// By outside and remote endpoint.
    by_reply: BTreeMap<PairKey, u32>,
    /// By inside endpoint and what mapping looks at of the remote one, in the order of making.
    by_age: BTreeMap<(PairKey, u64), u32>,
    /// The gateway's own: unsolicited packets, by outside and remote endpoint.
    unsolicited: BTreeMap<PairKey, (Protocol, Lifetime)>,
    unsolicited_expiry: Expiry<PairKey>,
    /// Outside endpoints that may not be used towards a remote endpoint again yet.
    resting: Timers<PairKey>,
}

const EXACT: Behaviour = Behaviour::AddressAndPortDependent;

impl Connections {
    pub(super) fn new() -> Self {
        Self {
            population: Population::new(),
            by_original: BTreeMap::new(),
            by_reply: BTreeMap::new(),
            by_age: BTreeMap::new(),
            unsolicited: BTreeMap::new(),
            unsolicited_expiry: Expiry::new(),
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
        let key = PairKey::new(flow.protocol, flow.source, flow.destination, EXACT);
        let number = match self.by_original.get(&key).copied() {
            Some(number) => {
                self.pass(number, Way::Out, context, now);
                number
            }
            None => self.make(flow, context, now)?,
        };
        Ok(self.population.get(number).ok_or(DropReason::NoMapping)?.outside)
    }

    /// A remote endpoint sends to an outside one: the inside endpoint that it is for.
    pub(super) fn inbound(
        &mut self,
        flow: Flow,
        context: &mut Context<'_>,
        now: Instant,
    ) -> Translation {
        let key = PairKey::new(flow.protocol, flow.destination, flow.source, EXACT);
        if let Some(number) = self.by_reply.get(&key).copied() {
            self.pass(number, Way::Back, context, now);
            return Ok(self.population.get(number).ok_or(DropReason::NoMapping)?.inside);
        }
        if !self.unsolicited.contains_key(&key)
            && let Some(number) = self.admitted(key, context.config.filtering)
        {
            return self.join(number, flow, context, now);
        }
        let (low, high) = key.all_remotes();
        let is_known = self.by_reply.range(low..=high).next().is_some();
        if context.config.unsolicited == Unsolicited::Track {
            self.track(key, flow, context, now);
        }
        Err(if is_known { DropReason::Filtered } else { DropReason::NoMapping })
    }

    /// The inside endpoint behind an outside one, without any effect.
    pub(super) fn inside_of(&self, flow: Flow) -> Option<SocketAddr> {
        let key = PairKey::new(flow.protocol, flow.destination, flow.source, EXACT);
        Some(self.population.get(*self.by_reply.get(&key)?)?.inside)
    }

    /// The outside endpoint of an inside one towards a remote one, without any effect.
    pub(super) fn outside_of(&self, flow: Flow) -> Option<SocketAddr> {
        let key = PairKey::new(flow.protocol, flow.source, flow.destination, EXACT);
        Some(self.population.get(*self.by_original.get(&key)?)?.outside)
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
        while let Some(key) = self.unsolicited_expiry.pop_due(now) {
            let Some((_, lifetime)) = self.unsolicited.get_mut(&key) else {
                continue;
            };
            if self.unsolicited_expiry.is_over(key, lifetime, now) {
                self.unsolicited.remove(&key);
            }
        }
        while self.resting.pop_due(now).is_some() {}
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let resting = self.resting.next().map(|(at, _)| at);
        let due = [self.population.poll_timeout(), self.unsolicited_expiry.next(), resting];
        due.into_iter().flatten().min()
    }

    /// Ends all connections whose outside address is none of `addresses`, and the gateway's own.
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
        self.unsolicited.clear();
        self.unsolicited_expiry = Expiry::new();
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
        let chosen = self.choose(flow, context)?;
        if let Some(wanted) = chosen.instead_of {
            let key = PairKey::new(flow.protocol, wanted, flow.destination, EXACT);
            let is_by_unsolicited = self.unsolicited.contains_key(&key);
            context.note_collision(flow, wanted, is_by_unsolicited);
        }
        let ends = Ends {
            protocol: flow.protocol,
            inside: flow.source,
            outside: chosen.outside,
            remote: flow.destination,
        };
        Ok(self.insert(ends, context, now))
    }

    /// Steps 2 and 3.
    fn choose(&self, flow: Flow, context: &mut Context<'_>) -> Result<Chosen, DropReason> {
        let is_taken = |candidate: SocketAddr| {
            let key = PairKey::new(flow.protocol, candidate, flow.destination, EXACT);
            self.by_reply.contains_key(&key)
                || self.unsolicited.contains_key(&key)
                || self.resting.get(&key).is_some()
        };
        let config = context.config;
        let latest = self.latest(flow, config.mapping);
        if let Some(outside) = latest.filter(|outside| !is_taken(*outside)) {
            return Ok(Chosen { outside, instead_of: None });
        }
        let is_v4 = flow.destination.is_ipv4();
        let wanted = Wanted { protocol: flow.protocol, inside: flow.source, is_v4 };
        let mut chosen = context.pool.choose(config, wanted, &is_taken)?;
        if config.ports == Ports::Overload && is_taken(chosen.outside) {
            return Err(DropReason::NoPortLeft);
        }
        chosen.instead_of = chosen.instead_of.or(latest);
        Ok(chosen)
    }

    /// The outside endpoint of the latest connection that a new one takes after.
    fn latest(&self, flow: Flow, mapping: Behaviour) -> Option<SocketAddr> {
        if mapping == EXACT {
            return None;
        }
        let key = PairKey::new(flow.protocol, flow.source, flow.destination, mapping);
        let (_, number) = self.by_age.range((key, 0)..=(key, u64::MAX)).next_back()?;
        Some(self.population.get(*number)?.outside)
    }

    fn insert(&mut self, ends: Ends, context: &mut Context<'_>, now: Instant) -> u32 {
        let Ends { protocol, inside, outside, remote } = ends;
        let extra = context.extra_life();
        let number = self.population.add(ends, context.config, extra, now);
        let serial = self.population.get(number).map_or(0, |connection| connection.serial);
        self.by_original.insert(PairKey::new(protocol, inside, remote, EXACT), number);
        self.by_reply.insert(PairKey::new(protocol, outside, remote, EXACT), number);
        let like = PairKey::new(protocol, inside, remote, context.config.mapping);
        self.by_age.insert((like, serial), number);
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
        let Some(connection) = self.population.remove(number) else {
            return;
        };
        let (protocol, inside) = (connection.protocol, connection.inside);
        let (outside, remote) = (connection.outside, connection.remote);
        self.by_original.remove(&PairKey::new(protocol, inside, remote, EXACT));
        let reply = PairKey::new(protocol, outside, remote, EXACT);
        self.by_reply.remove(&reply);
        let like = PairKey::new(protocol, inside, remote, context.config.mapping);
        self.by_age.remove(&(like, connection.serial));
        context.pool.give_back(inside.ip(), outside);
        if !context.config.hold_down.is_zero() {
            self.resting.set(reply, now + context.config.hold_down);
        }
        context.notes.push(connection.expired(why));
    }

    /// The connection that lets a remote endpoint in which no connection is with.
    fn admitted(&self, key: PairKey, filtering: Behaviour) -> Option<u32> {
        let (low, high) = match filtering {
            Behaviour::EndpointIndependent => key.all_remotes(),
            Behaviour::AddressDependent => key.all_ports(),
            Behaviour::AddressAndPortDependent => return None,
        };
        self.by_reply.range(low..=high).next().map(|(_, number)| *number)
    }

    /// A new remote endpoint is let in to the inside endpoint of a connection: it gets one of its own.
    fn join(
        &mut self,
        number: u32,
        flow: Flow,
        context: &mut Context<'_>,
        now: Instant,
    ) -> Translation {
        let inside = self.population.get(number).ok_or(DropReason::NoMapping)?.inside;
        let original = PairKey::new(flow.protocol, inside, flow.source, EXACT);
        if self.by_original.contains_key(&original) {
            // The inside endpoint talks to this remote one from another outside endpoint.
            return Err(DropReason::Filtered);
        }
        self.make_room(inside.ip(), context, now)?;
        let ends = Ends {
            protocol: flow.protocol,
            inside,
            outside: flow.destination,
            remote: flow.source,
        };
        self.insert(ends, context, now);
        Ok(inside)
    }

    /// Step 5. Every further packet keeps it, as the kernel does.
    fn track(&mut self, key: PairKey, flow: Flow, context: &mut Context<'_>, now: Instant) {
        let terms = Terms { refresh: Refresh::Both, ..context.terms() };
        if let Some((protocol, lifetime)) = self.unsolicited.get_mut(&key) {
            self.unsolicited_expiry.pass(&key, lifetime, *protocol, &terms, Way::Out, now);
            return;
        }
        if self.unsolicited.len() >= MOST_UNSOLICITED {
            return;
        }
        let mut lifetime = Lifetime::new(flow.protocol, &terms.timeouts, Duration::ZERO, now);
        self.unsolicited_expiry.add(key, &mut lifetime);
        self.unsolicited.insert(key, (flow.protocol, lifetime));
        context.notes.push(Note::Tracked {
            protocol: flow.protocol,
            outside: flow.destination,
            remote: flow.source,
        });
    }
}

/// How many unsolicited packets are remembered at once.
const MOST_UNSOLICITED: usize = 65_536;
