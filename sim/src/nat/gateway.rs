//! The NAT itself: takes packets, asks the tables, rewrites headers.

use std::net::IpAddr;
use std::vec;

use icelab_sans_io::net::IcmpKind;
use icelab_sans_io::{Instant, Rng};

use super::context::Context;
use super::fragments::{FragmentTable, Freed, Later, Route, Side};
use super::nptv6::PrefixMap;
use super::pool::Pool;
use super::table::Table;
use super::{
    Behaviour, Config, DropReason, Ending, Entry, Hairpin, Kind, Note, Released, Ticket,
    Unsolicited, Verdict,
};
use crate::packet::{Flow, Icmp, Packet, Prefix, Protocol};

/// A network address translator.
///
/// - Commands: [`outbound`](Self::outbound), [`inbound`](Self::inbound), [`pair`](Self::pair), [`reboot`](Self::reboot),
///   [`rebind`](Self::rebind).
/// - Time: [`handle_timeout`](Self::handle_timeout), [`poll_timeout`](Self::poll_timeout).
/// - After each of these: [`poll_released`](Self::poll_released) until it is empty, and [`take_notes`](Self::take_notes).
///
/// The fabric lowers the TTL before it asks the NAT, so that "time exceeded" quotes what the sender sent. An ICMP error that the
/// gateway itself makes about a packet after its translation passes the NAT like any other packet.
#[derive(Clone, Debug)]
pub struct Nat {
    pub(super) config: Config,
    inside: Prefix,
    pub(super) pool: Pool,
    pub(super) table: Table,
    pub(super) fragments: FragmentTable,
    pub(super) notes: Vec<Note>,
    pub(super) prefixes: Option<PrefixMap>,
    rng: Rng,
    boots: u64,
}

/// What becomes of a packet that was not dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passage {
    Forward,
    Hairpin,
    Local,
    Held(Ticket),
}

pub(super) type Outcome = Result<Passage, DropReason>;

impl Nat {
    /// A NAT between the range `inside` and the addresses `outside`.
    pub fn new(mut config: Config, outside: Vec<IpAddr>, inside: Prefix, rng: Rng) -> Self {
        if config.kind == Kind::OneToOne {
            // Ports stay, so that each inside endpoint has one outside endpoint for all remote ones.
            config.mapping = Behaviour::EndpointIndependent;
        }
        let prefixes = match config.kind {
            Kind::Nptv6 { outside } => Some(PrefixMap::new(inside, outside)),
            Kind::None | Kind::Napt | Kind::OneToOne | Kind::Nat64 { .. } => None,
        };
        Self {
            pool: Pool::new(outside, rng.fork("nat.ports", 0)),
            table: Table::new(&config),
            fragments: FragmentTable::new(config.fragments),
            notes: Vec::new(),
            config,
            inside,
            prefixes,
            rng,
            boots: 0,
        }
    }

    /// How it behaves.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The addresses that the outside sees.
    pub fn outside(&self) -> &[IpAddr] {
        self.pool.addresses()
    }

    /// The addresses behind it.
    pub fn inside(&self) -> Prefix {
        self.inside
    }

    /// Whether packets to this address are for the outside face of the NAT: one of its addresses, or one under its outside prefix.
    pub fn is_outside(&self, address: IpAddr) -> bool {
        self.pool.contains(address)
            || self.prefixes.is_some_and(|prefixes| prefixes.is_outside(address))
    }

    /// All mappings, the oldest first.
    pub fn mappings(&self) -> Vec<Entry> {
        let behaviour = self.config.shown_behaviour();
        let mut mappings = self.table.mappings();
        mappings.sort_unstable_by_key(|mapping| mapping.serial);
        mappings.into_iter().map(|mapping| mapping.entry(behaviour)).collect()
    }

    /// One-to-one: ties an outside address to an inside one, before any packet does; `false` when either is tied already, or
    /// `outside` is no address of this NAT.
    pub fn pair(&mut self, inside: IpAddr, outside: IpAddr) -> bool {
        self.pool.pair(inside, outside)
    }

    /// Translates a packet that comes from the inside.
    pub fn outbound(&mut self, packet: &mut Packet, now: Instant) -> Verdict {
        self.handle(Side::Inside, packet, now)
    }

    /// Translates a packet that comes from the outside.
    pub fn inbound(&mut self, packet: &mut Packet, now: Instant) -> Verdict {
        self.handle(Side::Outside, packet, now)
    }

    /// A fragment that waits no longer, with what becomes of it: it goes where its first one went, or nowhere.
    pub fn poll_released(&mut self) -> Option<Released> {
        let Freed { ticket, mut packet, route } = self.fragments.pop_released()?;
        let before = packet.flow();
        let outcome = route.and_then(|route| self.follow(&mut packet, route));
        // No error tells of a later fragment (RFC 1122 section 3.2.2), from whichever side it came.
        let verdict = self.verdict(Side::Inside, &packet, before, outcome);
        Some(Released { ticket, packet, verdict })
    }

    /// Ends what is due. Early and repeated calls change nothing; a late call changes nothing either but the time of the notes.
    pub fn handle_timeout(&mut self, now: Instant) {
        let (table, mut context) = self.parts();
        table.handle_timeout(&mut context, now);
        self.fragments.handle_timeout(now);
    }

    /// When something is due next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.table.poll_timeout(), self.fragments.poll_timeout()].into_iter().flatten().min()
    }

    /// All state is lost; random ports will be other ones. One-to-one pairs stay, since they are configuration.
    pub fn reboot(&mut self, now: Instant) {
        let (table, mut context) = self.parts();
        table.keep_only(&[], Ending::Reboot, &mut context, now);
        self.boots += 1;
        self.pool.reboot(self.rng.fork("nat.ports", self.boots));
        self.table = Table::new(&self.config);
        self.fragments.forget();
    }

    /// The outside addresses change: mappings on addresses that are gone end.
    pub fn rebind(&mut self, outside: Vec<IpAddr>, now: Instant) {
        let (table, mut context) = self.parts();
        table.keep_only(&outside, Ending::Rebind, &mut context, now);
        self.pool.rebind(outside);
        self.fragments.forget();
    }

    /// What happened since the last call, in order.
    pub fn take_notes(&mut self) -> vec::Drain<'_, Note> {
        self.notes.drain(..)
    }

    /// The table, and what it needs beside itself.
    pub(super) fn parts(&mut self) -> (&mut Table, Context<'_>) {
        let context =
            Context { config: &self.config, pool: &mut self.pool, notes: &mut self.notes };
        (&mut self.table, context)
    }

    fn handle(&mut self, side: Side, packet: &mut Packet, now: Instant) -> Verdict {
        self.handle_timeout(now);
        let before = packet.flow();
        let outcome = if packet.fragment().is_some() {
            self.fragment(side, packet, now)
        } else {
            self.translate(side, packet, now)
        };
        self.verdict(side, packet, before, outcome)
    }

    fn fragment(&mut self, side: Side, packet: &mut Packet, now: Instant) -> Outcome {
        let Some(key) = FragmentTable::key(side, packet).filter(|_| self.tracks_fragments(packet))
        else {
            return self.translate(side, packet, now);
        };
        self.fragments.check()?;
        if packet.is_later_fragment() {
            return match self.fragments.later(key, packet, now)? {
                Later::Goes(route) => self.follow(packet, route),
                Later::Waits(ticket) => Ok(Passage::Held(ticket)),
            };
        }
        let outcome = self.translate(side, packet, now);
        let route = outcome.map(|passage| Route {
            source: packet.source(),
            destination: packet.destination(),
            is_hairpin: passage == Passage::Hairpin,
        });
        self.fragments.judged(key, route, now);
        outcome
    }

    /// Whether later fragments need to know what became of the first one.
    fn tracks_fragments(&self, packet: &Packet) -> bool {
        match self.config.kind {
            Kind::None | Kind::Nptv6 { .. } => false,
            Kind::Napt | Kind::OneToOne => true,
            Kind::Nat64 { .. } => !self.is_native(packet),
        }
    }

    fn follow(&mut self, packet: &mut Packet, route: Route) -> Outcome {
        if packet.source().is_ipv4() == route.source.is_ipv4() {
            packet.set_source_address(route.source);
            packet.set_destination_address(route.destination);
        } else {
            let (source, destination) = ((route.source, 0).into(), (route.destination, 0).into());
            *packet = packet
                .in_other_version(source, destination, None)
                .ok_or(DropReason::Untranslatable)?;
        }
        Ok(if route.is_hairpin { Passage::Hairpin } else { Passage::Forward })
    }

    fn translate(&mut self, side: Side, packet: &mut Packet, now: Instant) -> Outcome {
        match (self.config.kind, side) {
            (Kind::None, _) => Ok(Passage::Forward),
            (Kind::Nptv6 { .. }, Side::Inside) => self.prefix_outbound(packet),
            (Kind::Nptv6 { .. }, Side::Outside) => self.prefix_inbound(packet),
            (Kind::Nat64 { prefix }, Side::Inside) => self.six_to_four(packet, prefix, now),
            (Kind::Nat64 { prefix }, Side::Outside) => self.four_to_six(packet, prefix, now),
            (Kind::Napt | Kind::OneToOne, Side::Inside) => self.napt_outbound(packet, now),
            (Kind::Napt | Kind::OneToOne, Side::Outside) => self.napt_inbound(packet, now),
        }
    }

    fn napt_outbound(&mut self, packet: &mut Packet, now: Instant) -> Outcome {
        if packet.is_icmp_error() {
            return self.error_outbound(packet);
        }
        let flow = translatable(packet)?;
        let is_own = self.pool.contains(flow.destination.ip());
        if self.config.kind == Kind::Napt {
            match packet.icmp() {
                Some(Icmp::EchoRequest { .. }) if is_own => return Ok(Passage::Local),
                Some(Icmp::EchoReply { .. }) => return Err(DropReason::UnsupportedIcmp),
                _ => {}
            }
        }
        if is_own {
            return self.hairpin(packet, flow, now);
        }
        let (table, mut context) = self.parts();
        let outside = table.outbound(flow, &mut context, now)?;
        packet.set_source(outside);
        Ok(Passage::Forward)
    }

    /// RFC 4787 section 6. The filter of the mapping that is sent to judges the sender by what the outside would see.
    fn hairpin(&mut self, packet: &mut Packet, flow: Flow, now: Instant) -> Outcome {
        let shows_outside = match self.config.hairpin {
            Hairpin::None => return Err(DropReason::HairpinRefused),
            Hairpin::InternalSource => false,
            Hairpin::ExternalSource => true,
        };
        let (table, mut context) = self.parts();
        let outside = table.outbound(flow, &mut context, now)?;
        let seen = Flow { source: outside, ..flow };
        let inside = table.inbound(seen, &mut context, now)?;
        if shows_outside {
            packet.set_source(outside);
        }
        packet.set_destination(inside);
        Ok(Passage::Hairpin)
    }

    fn napt_inbound(&mut self, packet: &mut Packet, now: Instant) -> Outcome {
        if !self.pool.contains(packet.destination()) {
            return Err(DropReason::WrongAddress);
        }
        if packet.is_icmp_error() {
            return self.error_inbound(packet);
        }
        let flow = translatable(packet)?;
        let is_ping = matches!(packet.icmp(), Some(Icmp::EchoRequest { .. }));
        if is_ping && self.config.kind == Kind::Napt {
            return Ok(Passage::Local);
        }
        let (table, mut context) = self.parts();
        let inside = table.inbound(flow, &mut context, now)?;
        packet.set_destination(inside);
        Ok(Passage::Forward)
    }

    fn verdict(
        &mut self,
        side: Side,
        packet: &Packet,
        before: Option<Flow>,
        outcome: Outcome,
    ) -> Verdict {
        match outcome {
            Ok(passage) => {
                if let (Some(from), Some(to)) = (before, packet.flow())
                    && from != to
                {
                    self.notes.push(Note::Translated { from, to });
                }
                match passage {
                    Passage::Forward => Verdict::Forward,
                    Passage::Hairpin => Verdict::Hairpin,
                    Passage::Local => Verdict::Local,
                    Passage::Held(ticket) => Verdict::Held(ticket),
                }
            }
            Err(reason) => {
                self.notes.push(Note::Dropped { flow: before, reason });
                match self.answer(side, packet, reason) {
                    Some(reply) => Verdict::Reject { reason, reply },
                    None => Verdict::Drop(reason),
                }
            }
        }
    }

    /// The "port unreachable" for unsolicited packets from the outside, where the NAT sends one.
    fn answer(&self, side: Side, packet: &Packet, reason: DropReason) -> Option<Packet> {
        let is_unsolicited = matches!(reason, DropReason::NoMapping | DropReason::Filtered);
        let has_ports = matches!(packet.protocol(), Protocol::Udp | Protocol::Tcp);
        if side != Side::Outside || !is_unsolicited || !has_ports {
            return None;
        }
        match self.config.unsolicited {
            Unsolicited::Drop => None,
            Unsolicited::Reject | Unsolicited::Track => {
                Packet::icmp_error(packet, packet.destination(), IcmpKind::PortUnreachable)
            }
        }
    }
}

/// The flow of a packet that a table can translate.
pub(super) fn translatable(packet: &Packet) -> Result<Flow, DropReason> {
    match packet.protocol() {
        Protocol::Udp | Protocol::Tcp | Protocol::Icmp => {
            packet.flow().ok_or(DropReason::UnsupportedIcmp)
        }
        Protocol::Other(_) => Err(DropReason::UnsupportedProtocol),
    }
}
