//! The NAT and the firewalls of a gateway.

use std::collections::BTreeMap;

use icelab_sans_io::{Instant, Rng};

use super::engine::{Fabric, Node};
use super::event::Kind;
use super::parcel::Parcel;
use crate::firewall::{self, Firewall};
use crate::host::Limiter;
use crate::nat::{self, Nat, Note, Released, Ticket};
use crate::packet::{Packet, Version};
use crate::record::{MappingChange, PacketId, Record, Spot, Value};
use crate::topology::{Direction, NodeId, Site};

/// A gateway at work.
#[derive(Debug)]
pub(super) struct Gateway {
    pub(super) nat: Option<Nat>,
    /// As configured, for both versions of IP.
    firewall: Option<Firewall>,
    /// Before the IPv6 behind a NAT, where no firewall is configured.
    v6_filter: Option<Firewall>,
    pub(super) limiter: Limiter,
    /// When the fabric will call it next.
    armed: Option<Instant>,
    /// The fragments that the NAT keeps, until it releases them.
    held: BTreeMap<Ticket, (PacketId, Direction)>,
}

impl Gateway {
    pub(super) fn new(site: &Site, rng: Rng) -> Self {
        let config = site.gateway.as_deref();
        let nat = site.translation().and_then(|kind| {
            let (inside, is_v4) = match kind {
                nat::Kind::None | nat::Kind::Napt | nat::Kind::OneToOne => (site.inside.v4?, true),
                nat::Kind::Nat64 { .. } => (site.inside.v6?, true),
                nat::Kind::Nptv6 { .. } => (site.inside.v6?, false),
            };
            let outside = site.outside().filter(|address| address.is_ipv4() == is_v4).collect();
            Some(Nat::new(config?.nat.clone()?, outside, inside, rng))
        });
        let firewall = config.and_then(|config| config.firewall.clone()).map(Firewall::new);
        let needs_filter = nat.is_some() && firewall.is_none();
        let v6_filter = needs_filter.then(|| Firewall::new(firewall::Config::default()));
        Self {
            nat,
            firewall,
            v6_filter,
            limiter: Limiter::new(),
            armed: None,
            held: BTreeMap::new(),
        }
    }

    /// Whether the NAT deals with such a packet in this direction.
    pub(super) fn translates(&self, packet: &Packet, direction: Direction) -> bool {
        let Some(nat) = &self.nat else { return false };
        let is_v4 = packet.version() == Version::V4;
        match (nat.config().kind, direction) {
            (nat::Kind::None, _) => false,
            (nat::Kind::Napt | nat::Kind::OneToOne, _) => is_v4,
            (nat::Kind::Nat64 { prefix }, Direction::Up) => prefix.contains(packet.destination()),
            (nat::Kind::Nat64 { .. }, Direction::Down) => is_v4,
            (nat::Kind::Nptv6 { outside }, Direction::Down) => {
                outside.contains(packet.destination())
            }
            (nat::Kind::Nptv6 { .. }, Direction::Up) => !is_v4,
        }
    }

    /// Whether a NAT64 has to cut an IPv4 packet, so that the IPv6 side can carry it: where its sender allows that, no IPv6 packet
    /// becomes larger than the least MTU of IPv6 (RFC 6145 section 4.1).
    fn must_be_cut(&self, packet: &Packet, direction: Direction) -> bool {
        let kind = self.nat.as_ref().map(|nat| nat.config().kind);
        let most = if packet.fragment().is_some() { MOST_OF_FRAGMENT } else { MOST_OF_WHOLE };
        matches!((kind, direction), (Some(nat::Kind::Nat64 { .. }), Direction::Down))
            && !packet.dont_fragment()
            && packet.length() > most
    }

    pub(super) fn judge(
        &mut self,
        direction: firewall::Direction,
        packet: &Packet,
        now: Instant,
    ) -> firewall::Verdict {
        let v6_filter = self.v6_filter.as_mut().filter(|_| packet.version() == Version::V6);
        match self.firewall.as_mut().or(v6_filter) {
            Some(firewall) => firewall.judge(direction, packet, now),
            None => firewall::Verdict::Allow,
        }
    }

    pub(super) fn reboot(&mut self, now: Instant) {
        if let Some(nat) = &mut self.nat {
            nat.reboot(now);
        }
        for firewall in [&mut self.firewall, &mut self.v6_filter].into_iter().flatten() {
            firewall.reboot();
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        if let Some(nat) = &mut self.nat {
            nat.handle_timeout(now);
        }
        for firewall in [&mut self.firewall, &mut self.v6_filter].into_iter().flatten() {
            firewall.handle_timeout(now);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let firewalls = [&self.firewall, &self.v6_filter].into_iter().flatten();
        let times = firewalls.map(Firewall::poll_timeout);
        times.chain([self.nat.as_ref().and_then(Nat::poll_timeout)]).flatten().min()
    }
}

impl Fabric {
    /// Lets the NAT translate a packet where it is one of its own, and goes on with it and with what waited for it. Gives back
    /// what is not.
    pub(super) fn translate(
        &mut self,
        node: NodeId,
        mut parcel: Parcel,
        direction: Direction,
    ) -> Option<Parcel> {
        let now = self.now;
        let Some(Node::Gateway(gateway)) = self.nodes.get_mut(node.index()) else {
            return Some(parcel);
        };
        let is_translated = gateway.translates(&parcel.packet, direction);
        if is_translated && gateway.must_be_cut(&parcel.packet, direction) {
            self.translate_in_pieces(node, parcel, direction);
            return None;
        }
        let Some(nat) = gateway.nat.as_mut().filter(|_| is_translated) else {
            return Some(parcel);
        };
        let verdict = match direction {
            Direction::Up => nat.outbound(&mut parcel.packet, now),
            Direction::Down => nat.inbound(&mut parcel.packet, now),
        };
        for note in nat.take_notes() {
            write_note(&mut self.record, now, node, Some(parcel.id), note);
        }
        self.arm(node);
        self.after_nat(node, parcel, direction, verdict);
        self.release(node);
        None
    }

    fn translate_in_pieces(&mut self, node: NodeId, parcel: Parcel, direction: Direction) {
        let Parcel { id, packet } = parcel;
        let Ok(fragments) = packet.fragments(MOST_OF_FRAGMENT) else {
            return self.drop_at(node, id, "too-big");
        };
        for packet in fragments {
            let copy = self.number();
            self.record.copied(self.now, id, copy, Spot::Node(node));
            self.translate(node, Parcel { id: copy, packet }, direction);
        }
    }

    /// Remembers which packet a NAT keeps.
    pub(super) fn hold(
        &mut self,
        node: NodeId,
        ticket: Ticket,
        id: PacketId,
        direction: Direction,
    ) {
        if let Some(Node::Gateway(gateway)) = self.nodes.get_mut(node.index()) {
            gateway.held.insert(ticket, (id, direction));
        }
    }

    /// Goes on with the fragments that the NAT keeps no longer.
    fn release(&mut self, node: NodeId) {
        while let Some(Node::Gateway(gateway)) = self.nodes.get_mut(node.index())
            && let Some(nat) = gateway.nat.as_mut()
            && let Some(Released { ticket, packet, verdict }) = nat.poll_released()
        {
            let held = gateway.held.remove(&ticket);
            let (id, direction) = held.expect("what a NAT keeps is held before it is released");
            for note in nat.take_notes() {
                write_note(&mut self.record, self.now, node, Some(id), note);
            }
            self.after_nat(node, Parcel { id, packet }, direction, verdict);
        }
    }

    pub(super) fn gateway_timeout(&mut self, node: NodeId, at: Instant) {
        let now = self.now;
        let Some(Node::Gateway(gateway)) = self.nodes.get_mut(node.index()) else { return };
        // A call that was planned before an earlier one is not meant any more.
        if gateway.armed != Some(at) {
            return;
        }
        gateway.armed = None;
        gateway.handle_timeout(now);
        self.settle(node);
    }

    /// After anything was done to a gateway's NAT: writes down what it says, goes on with what it releases, plans its next call.
    pub(super) fn settle(&mut self, node: NodeId) {
        let Some(Node::Gateway(gateway)) = self.nodes.get_mut(node.index()) else { return };
        for note in gateway.nat.iter_mut().flat_map(Nat::take_notes) {
            write_note(&mut self.record, self.now, node, None, note);
        }
        self.release(node);
        self.arm(node);
    }

    /// Plans a call at the gateway's next deadline, unless one is planned that is not later.
    pub(super) fn arm(&mut self, node: NodeId) {
        let now = self.now;
        let Some(Node::Gateway(gateway)) = self.nodes.get_mut(node.index()) else { return };
        let Some(next) = gateway.poll_timeout().map(|next| next.max(now)) else { return };
        if gateway.armed.is_none_or(|armed| next < armed) {
            gateway.armed = Some(next);
            self.plan(next, Kind::Gateway { node });
        }
    }
}

fn write_note(
    record: &mut Record,
    now: Instant,
    node: NodeId,
    packet: Option<PacketId>,
    note: Note,
) {
    let name = note.name();
    match note {
        Note::Made(entry) => {
            let ends = [entry.inside, entry.outside];
            record.mapping(now, node, MappingChange::Made, entry.protocol, ends);
        }
        Note::Refreshed(entry) => {
            let ends = [entry.inside, entry.outside];
            record.mapping(now, node, MappingChange::Refreshed, entry.protocol, ends);
        }
        Note::Expired { protocol, inside, outside, why: _ } => {
            record.mapping(now, node, MappingChange::Expired, protocol, [inside, outside]);
        }
        Note::Collision { protocol, inside, wanted, remote, is_by_unsolicited } => {
            let fields = [
                ("protocol", Value::from(protocol.name())),
                ("inside", Value::from(inside)),
                ("wanted", Value::from(wanted)),
                ("remote", Value::from(remote)),
                ("by_unsolicited", Value::from(is_by_unsolicited)),
            ];
            record.note(now, node, name, &fields);
        }
        Note::Tracked { protocol, outside, remote } => {
            let fields = [
                ("protocol", Value::from(protocol.name())),
                ("outside", Value::from(outside)),
                ("remote", Value::from(remote)),
            ];
            record.note(now, node, name, &fields);
        }
        Note::Translated { from, to } => {
            if let Some(packet) = packet {
                record.translated(now, packet, node, [from, to]);
            }
        }
        // The fabric records the drop itself, with the packet's number.
        Note::Dropped { .. } => {}
    }
}

/// How large an IPv4 packet may be for its IPv6 header, 20 bytes longer, to make it 1,280 bytes at most.
const MOST_OF_WHOLE: usize = 1280 - 20;
/// The same for a fragment, which gets a fragment header of 8 bytes too.
const MOST_OF_FRAGMENT: usize = MOST_OF_WHOLE - 8;
