//! Routers and gateways: which way a packet goes on.
//!
//! From the inside: to the node itself; to a neighbour inside; else up, through hop count, firewall and NAT.
//! From the outside: through the NAT; to the node itself; through hop count and firewall; then down.

use icelab_sans_io::net::IcmpKind;

use super::engine::{Fabric, Node};
use super::parcel::Parcel;
use crate::firewall;
use crate::nat;
use crate::topology::{Direction, NodeId, NodeKind};

impl Fabric {
    /// A packet from behind a router or gateway.
    pub(super) fn forward_from_inside(&mut self, node: NodeId, mut parcel: Parcel) {
        let destination = parcel.packet.destination();
        if self.is_for(node, &parcel) {
            return self.take(node, parcel);
        }
        let site = self.topology.site(node);
        let is_router = site.kind == NodeKind::Router;
        let range = if destination.is_ipv4() { site.inside.v4 } else { site.inside.v6 };
        let is_inside = range.is_some_and(|range| range.contains(destination));
        match site.inside.routes.find(destination) {
            // Inside a gateway is one wire: nothing is counted, filtered or translated there.
            Some(link) => {
                if !is_router || self.is_within_hops(node, &mut parcel) {
                    self.transmit(link, Direction::Down, parcel);
                }
            }
            None if is_inside => {
                self.refuse_packet(node, parcel, "no-host", IcmpKind::HostUnreachable);
            }
            None if node == NodeId::INTERNET => {
                self.refuse_packet(node, parcel, "no-route", IcmpKind::NetworkUnreachable);
            }
            None => self.upwards(node, parcel),
        }
    }

    /// A packet from the internet's side of a router or gateway.
    pub(super) fn forward_from_outside(&mut self, node: NodeId, parcel: Parcel) {
        if self.is_for(node, &parcel) {
            return self.take(node, parcel);
        }
        if let Some(parcel) = self.translate(node, parcel, Direction::Down) {
            self.downwards(node, parcel);
        }
    }

    fn upwards(&mut self, node: NodeId, mut parcel: Parcel) {
        if !self.is_within_hops(node, &mut parcel) {
            return;
        }
        let Some(parcel) = self.filter(node, parcel, firewall::Direction::Out) else { return };
        if let Some(parcel) = self.translate(node, parcel, Direction::Up) {
            self.up(node, parcel);
        }
    }

    fn downwards(&mut self, node: NodeId, mut parcel: Parcel) {
        if !self.is_within_hops(node, &mut parcel) {
            return;
        }
        if let Some(parcel) = self.filter(node, parcel, firewall::Direction::In) {
            self.down(node, parcel);
        }
    }

    /// Goes on with a packet that a NAT has seen on its way in this direction.
    pub(super) fn after_nat(
        &mut self,
        node: NodeId,
        parcel: Parcel,
        direction: Direction,
        verdict: nat::Verdict,
    ) {
        match verdict {
            nat::Verdict::Forward | nat::Verdict::Hairpin if direction == Direction::Down => {
                self.downwards(node, parcel);
            }
            nat::Verdict::Forward => self.up(node, parcel),
            nat::Verdict::Hairpin => self.down(node, parcel),
            nat::Verdict::Local => self.take(node, parcel),
            nat::Verdict::Held(ticket) => self.hold(node, ticket, parcel.id, direction),
            nat::Verdict::Drop(reason) => self.drop_at(node, parcel.id, reason.name()),
            nat::Verdict::Reject { reason, reply } => {
                self.drop_at(node, parcel.id, reason.name());
                self.emit(node, reply);
            }
        }
    }

    /// To the next node towards the internet.
    pub(super) fn up(&mut self, node: NodeId, parcel: Parcel) {
        match self.topology.site(node).interfaces.first().map(|uplink| uplink.link) {
            Some(link) => self.transmit(link, Direction::Up, parcel),
            None => self.refuse_packet(node, parcel, "no-route", IcmpKind::NetworkUnreachable),
        }
    }

    /// To a node behind this one.
    pub(super) fn down(&mut self, node: NodeId, parcel: Parcel) {
        let destination = parcel.packet.destination();
        match self.topology.site(node).inside.routes.find(destination) {
            Some(link) => self.transmit(link, Direction::Down, parcel),
            None => self.refuse_packet(node, parcel, "no-host", IcmpKind::HostUnreachable),
        }
    }

    /// Counts a hop; a packet that has none left is dropped, and its sender told (RFC 792, RFC 4443 section 3.3).
    fn is_within_hops(&mut self, node: NodeId, parcel: &mut Parcel) -> bool {
        if parcel.packet.ttl() > 1 {
            return parcel.packet.decrement_ttl();
        }
        self.drop_at(node, parcel.id, "ttl");
        self.send_error(node, &parcel.packet, IcmpKind::TimeExceeded);
        false
    }

    fn refuse_packet(&mut self, node: NodeId, parcel: Parcel, reason: &str, kind: IcmpKind) {
        self.drop_at(node, parcel.id, reason);
        self.send_error(node, &parcel.packet, kind);
    }

    /// Asks the firewall; what it refuses is dropped.
    fn filter(
        &mut self,
        node: NodeId,
        parcel: Parcel,
        direction: firewall::Direction,
    ) -> Option<Parcel> {
        let now = self.now;
        let Some(Node::Gateway(gateway)) = self.nodes.get_mut(node.index()) else {
            return Some(parcel);
        };
        let verdict = gateway.judge(direction, &parcel.packet, now);
        self.arm(node);
        match verdict {
            firewall::Verdict::Allow => Some(parcel),
            firewall::Verdict::Drop(reason) => {
                self.drop_at(node, parcel.id, &reason.name());
                None
            }
            firewall::Verdict::Reject(reason) => {
                let prohibited = IcmpKind::AdministrativelyProhibited;
                self.refuse_packet(node, parcel, &reason.name(), prohibited);
                None
            }
        }
    }

    /// Whether a packet is for the node itself, and not for a NAT to translate.
    fn is_for(&self, node: NodeId, parcel: &Parcel) -> bool {
        let site = self.topology.site(node);
        let destination = parcel.packet.destination();
        if site.inside.addresses.contains(&destination) {
            return true;
        }
        let is_translated = match self.nodes.get(node.index()) {
            Some(Node::Gateway(gateway)) => gateway.translates(&parcel.packet, Direction::Down),
            Some(Node::Router(_) | Node::Host(_)) | None => false,
        };
        !is_translated && site.has_outside(destination)
    }
}
