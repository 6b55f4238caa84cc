//! A packet reaches the end of a link, or the host that it is for.

use icelab_sans_io::net::IcmpKind;

use super::engine::Fabric;
use super::parcel::Parcel;
use crate::host::Received;
use crate::topology::{Direction, LinkId, NodeId, NodeKind};

impl Fabric {
    pub(super) fn arrive(&mut self, link: LinkId, direction: Direction, parcel: Parcel) {
        // A link that was cut in the meantime has lost what was on it.
        if !self.pipe(link, direction).is_some_and(crate::link::Pipe::is_up) {
            self.drop_on(link, direction, parcel.id, "link-down");
            return;
        }
        let (_, node) = self.ends(link, direction);
        match (self.topology.site(node).kind, direction) {
            (NodeKind::Host, _) => self.deliver(node, parcel),
            (NodeKind::Router | NodeKind::Gateway, Direction::Up) => {
                self.forward_from_inside(node, parcel);
            }
            (NodeKind::Router | NodeKind::Gateway, Direction::Down) => {
                self.forward_from_outside(node, parcel);
            }
        }
    }

    /// Gives a packet to a host.
    pub(super) fn deliver(&mut self, node: NodeId, parcel: Parcel) {
        let Parcel { id, packet } = parcel;
        let destination = packet.destination();
        let site = self.topology.site(node);
        if !site.has_outside(destination) && !destination.is_loopback() {
            return self.drop_at(node, id, "wrong-address");
        }
        let now = self.now;
        let Some(stack) = self.stack_mut(node) else {
            return self.drop_at(node, id, "host-down");
        };
        match stack.receive(packet, now) {
            Received::Notice(notice) => {
                self.record.delivered(now, id, node);
                self.notices.push_back((node, notice));
            }
            Received::Reply(packet) => {
                self.record.delivered(now, id, node);
                self.send_from_host(node, packet);
            }
            Received::Taken | Received::Waits => self.record.delivered(now, id, node),
            Received::Drop(reason) => self.drop_at(node, id, reason),
            Received::NoSocket(packet) => {
                self.drop_at(node, id, "no-socket");
                self.send_error(node, &packet, IcmpKind::PortUnreachable);
            }
        }
    }
}
