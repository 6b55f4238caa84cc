//! Packets that routers and gateways send themselves: ICMP errors and echoes.

use std::net::IpAddr;

use icelab_sans_io::net::IcmpKind;

use super::engine::{Fabric, Node};
use super::parcel::Parcel;
use crate::host::Limiter;
use crate::packet::{Icmp, Packet, Protocol};
use crate::topology::{Direction, NodeId};

impl Fabric {
    /// Tells the sender of a packet what is wrong with it, as often as a node may.
    pub(super) fn send_error(&mut self, node: NodeId, about: &Packet, kind: IcmpKind) {
        let now = self.now;
        if !self.limiter(node).is_some_and(|limiter| limiter.allows(now)) {
            return;
        }
        let Some(from) = self.source_of_error(node, about) else { return };
        let Some(error) = Packet::icmp_error(about, from, kind) else { return };
        match self.nodes.get(node.index()) {
            Some(Node::Host(_)) => self.send_from_host(node, error),
            Some(Node::Router(_) | Node::Gateway(_)) => self.emit(node, error),
            None => {}
        }
    }

    /// A packet for a router or gateway itself.
    pub(super) fn take(&mut self, node: NodeId, parcel: Parcel) {
        let Parcel { id, packet } = parcel;
        self.record.delivered(self.now, id, node);
        if !packet.has_valid_checksum() {
            return;
        }
        match (packet.protocol(), packet.icmp()) {
            (_, Some(Icmp::EchoRequest { identifier, sequence })) => {
                let reply = Icmp::EchoReply { identifier, sequence };
                let (from, to) = (packet.destination(), packet.source());
                if let Ok(reply) = Packet::echo(from, to, reply, packet.payload()) {
                    self.emit(node, reply);
                }
            }
            (Protocol::Udp, _) => self.send_error(node, &packet, IcmpKind::PortUnreachable),
            _ => {}
        }
    }

    /// Sends a packet from a router or gateway.
    pub(super) fn emit(&mut self, node: NodeId, packet: Packet) {
        let (source, destination) = (packet.source(), packet.destination());
        let site = self.topology.site(node);
        let is_to_own_outside = site.has_outside(destination);
        let is_from_inside = site.inside.addresses.contains(&source);
        let is_downwards = site.inside.routes.find(destination).is_some();
        let mut parcel = self.dispatch(node, packet);
        if is_downwards && !is_to_own_outside {
            return self.down(node, parcel);
        }
        // An error about a packet that this NAT has translated needs the way back.
        let direction = if is_to_own_outside { Direction::Down } else { Direction::Up };
        if is_to_own_outside || is_from_inside {
            match self.translate(node, parcel, direction) {
                Some(other) => parcel = other,
                None => return,
            }
        }
        if is_to_own_outside {
            self.record.delivered(self.now, parcel.id, node);
        } else {
            self.emit_upwards(node, parcel);
        }
    }

    /// Errors that nobody can be told of end here, so that no error causes another.
    fn emit_upwards(&mut self, node: NodeId, parcel: Parcel) {
        match self.topology.site(node).interfaces.first().map(|uplink| uplink.link) {
            Some(link) => self.transmit(link, Direction::Up, parcel),
            None => self.drop_at(node, parcel.id, "no-route"),
        }
    }

    /// The address from which a node tells of an error: the one that was asked, else the one on the inside, else any.
    fn source_of_error(&self, node: NodeId, about: &Packet) -> Option<IpAddr> {
        let site = self.topology.site(node);
        let is_v4 = about.destination().is_ipv4();
        if site.has(about.destination()) {
            return Some(about.destination());
        }
        if matches!(self.nodes.get(node.index()), Some(Node::Host(_))) {
            return Some(about.source());
        }
        let mut own = site.inside.addresses.iter().copied().chain(site.outside());
        own.find(|address| address.is_ipv4() == is_v4)
    }

    fn limiter(&mut self, node: NodeId) -> Option<&mut Limiter> {
        match self.nodes.get_mut(node.index())? {
            Node::Router(limiter) => Some(limiter),
            Node::Gateway(gateway) => Some(&mut gateway.limiter),
            Node::Host(host) => host.stack.as_mut().map(|stack| &mut stack.limiter),
        }
    }
}
