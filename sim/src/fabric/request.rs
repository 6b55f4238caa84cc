//! What hosts ask for.

use std::net::{IpAddr, SocketAddr};

use icelab_sans_io::Instant;
use icelab_sans_io::net::{
    Datagram, IcmpError, IcmpKind, Interface, Notice, Refusal, Request, Socket,
};

use super::engine::{Fabric, Node};
use super::event::Kind;
use super::parcel::Parcel;
use crate::host::Stack;
use crate::packet::Packet;
use crate::topology::{Direction, LinkId, NodeId};

impl Fabric {
    /// Does what a host's guest asks for, now. A host that does not run, or a node that is none, does nothing.
    pub fn request(&mut self, node: NodeId, request: Request) {
        if self.stack(node).is_none() {
            return;
        }
        let refused = |socket, reason| Notice::Refused { socket, reason };
        match request {
            Request::Bind { local } => {
                let notice = match self.bind(node, local) {
                    Ok(bound) => Notice::Bound { requested: local, local: bound },
                    Err(reason) => refused(Socket::Udp(local), reason),
                };
                self.notices.push_back((node, notice));
            }
            Request::Send(datagram) => self.send(node, datagram),
            Request::Listen { local } => {
                let notice = refused(Socket::Listener(local), Refusal::Unsupported);
                self.notices.push_back((node, notice));
            }
            Request::Connect { stream, .. } => {
                let notice = refused(Socket::Stream(stream), Refusal::Unsupported);
                self.notices.push_back((node, notice));
            }
            Request::Close(Socket::Udp(local)) => {
                if let Some(stack) = self.stack_mut(node) {
                    stack.close(local);
                }
            }
            Request::Close(Socket::Listener(_) | Socket::Stream(_)) | Request::Write { .. } => {}
        }
    }

    /// As [`request`](Self::request), a moment ago: before the latest events, of which it can have changed none.
    pub(crate) fn request_at(&mut self, node: NodeId, request: Request, at: Instant) {
        let now = std::mem::replace(&mut self.now, at);
        self.request(node, request);
        self.now = now;
    }

    /// Starts a host: it has a stack from now on, and is told its interfaces. A running one starts anew.
    pub fn boot(&mut self, node: NodeId) {
        let rng = self.rng.fork("host", node.index() as u64);
        let Some(Node::Host(host)) = self.nodes.get_mut(node.index()) else { return };
        host.boots += 1;
        let boot = host.boots;
        host.stack = Some(Stack::new(rng.fork("boot", u64::from(boot))));
        self.notices.retain(|(other, _)| *other != node);
        self.record.event(self.now, &crate::record::Event::Started(node, boot));
        self.tell_interfaces(node);
    }

    /// A host loses its sockets and everything that was for it.
    pub fn crash(&mut self, node: NodeId) {
        let Some(Node::Host(host)) = self.nodes.get_mut(node.index()) else { return };
        if host.stack.take().is_some() {
            self.notices.retain(|(other, _)| *other != node);
            self.record.event(self.now, &crate::record::Event::Crashed(node));
        }
    }

    /// How often a host was started.
    #[must_use]
    pub fn boots(&self, node: NodeId) -> u32 {
        match self.nodes.get(node.index()) {
            Some(Node::Host(host)) => host.boots,
            Some(Node::Router(_) | Node::Gateway(_)) | None => 0,
        }
    }

    /// The interfaces of a node that are there, with their addresses; of a gateway the one outside, then `inside`.
    #[must_use]
    pub fn interfaces(&self, node: NodeId) -> Vec<Interface> {
        let site = self.topology.site(node);
        let uplinks = site.interfaces.iter().enumerate().filter(|(_, uplink)| uplink.is_plugged);
        let mut interfaces: Vec<Interface> = uplinks
            .map(|(index, uplink)| Interface {
                name: format!("eth{index}"),
                addresses: uplink.addresses.clone(),
            })
            .collect();
        if !site.inside.addresses.is_empty() {
            let addresses = site.inside.addresses.clone();
            interfaces.push(Interface { name: "inside".to_owned(), addresses });
        }
        interfaces
    }

    pub(super) fn tell_interfaces(&mut self, node: NodeId) {
        if self.stack(node).is_some() {
            let notice = Notice::InterfacesChanged(self.interfaces(node));
            self.notices.push_back((node, notice));
        }
    }

    fn bind(&mut self, node: NodeId, local: SocketAddr) -> Result<SocketAddr, Refusal> {
        let site = self.topology.site(node);
        let Some(Node::Host(host)) = self.nodes.get_mut(node.index()) else {
            return Err(Refusal::Unsupported);
        };
        let stack = host.stack.as_mut().ok_or(Refusal::Unsupported)?;
        stack.bind(local, |address| site.has_outside(address))
    }

    fn send(&mut self, node: NodeId, mut datagram: Datagram) {
        if !self.stack(node).is_some_and(|stack| stack.is_bound(datagram.source)) {
            return;
        }
        let remote = datagram.destination.ip();
        if datagram.source.ip().is_unspecified() {
            // A socket of every IPv4 address has no IPv6 one to send from.
            let is_v4 = datagram.source.is_ipv4();
            let own = self.topology.site(node).outside().find(|own| own.is_ipv4() == is_v4);
            let Some(own) = own else { return self.refuse(node, &datagram, UNREACHABLE) };
            datagram.source.set_ip(own);
        }
        let is_own = remote.is_loopback() || self.topology.site(node).has_outside(remote);
        let way = self.way_from(node, datagram.source.ip());
        let mtu = match way {
            _ if is_own => u16::MAX,
            Some(link) => self.pipe(link, Direction::Up).map_or(u16::MAX, crate::link::Pipe::mtu),
            None => return self.refuse(node, &datagram, UNREACHABLE),
        };
        let Some(stack) = self.stack_mut(node) else { return };
        let packets = match stack.pack(&datagram, mtu) {
            Ok(packets) => packets,
            Err(kind) => return self.refuse(node, &datagram, kind),
        };
        for packet in packets {
            let parcel = self.dispatch(node, packet);
            if self.is_dropped_by_rule(node, &parcel) {
                continue;
            }
            match way {
                _ if is_own => self.loop_back(node, parcel),
                Some(link) => self.transmit(link, Direction::Up, parcel),
                None => {}
            }
        }
    }

    /// Sends a packet that a host's kernel made.
    pub(super) fn send_from_host(&mut self, node: NodeId, packet: Packet) {
        let (source, remote) = (packet.source(), packet.destination());
        let is_own = remote.is_loopback() || self.topology.site(node).has_outside(remote);
        let way = self.way_from(node, source);
        let parcel = self.dispatch(node, packet);
        match way {
            _ if is_own => self.loop_back(node, parcel),
            Some(link) => self.transmit(link, Direction::Up, parcel),
            None => self.drop_at(node, parcel.id, "no-interface"),
        }
    }

    /// A datagram that cannot leave, as from an address that the host has no more, or longer than a packet can be: the
    /// socket is told, as a system call would.
    fn refuse(&mut self, node: NodeId, datagram: &Datagram, kind: IcmpKind) {
        let error = IcmpError {
            local: datagram.source,
            remote: datagram.destination,
            from: datagram.source.ip(),
            kind,
        };
        self.notices.push_back((node, Notice::Icmp(error)));
    }

    fn loop_back(&mut self, node: NodeId, parcel: Parcel) {
        if self.parcels.is_full() {
            return self.drop_at(node, parcel.id, "no-room");
        }
        let slot = self.parcels.insert(parcel);
        self.plan(self.now, Kind::Loop { node, slot });
    }

    /// The link of the interface that has this address: a socket's own address picks its way out.
    fn way_from(&self, node: NodeId, source: IpAddr) -> Option<LinkId> {
        let mut uplinks = self.topology.site(node).interfaces.iter();
        let uplink =
            uplinks.find(|uplink| uplink.is_plugged && uplink.addresses.contains(&source))?;
        Some(uplink.link)
    }

    pub(super) fn stack(&self, node: NodeId) -> Option<&Stack> {
        match self.nodes.get(node.index()) {
            Some(Node::Host(host)) => host.stack.as_ref(),
            Some(Node::Router(_) | Node::Gateway(_)) | None => None,
        }
    }

    pub(super) fn stack_mut(&mut self, node: NodeId) -> Option<&mut Stack> {
        match self.nodes.get_mut(node.index()) {
            Some(Node::Host(host)) => host.stack.as_mut(),
            Some(Node::Router(_) | Node::Gateway(_)) | None => None,
        }
    }
}

/// What the sender is told of an address that it does not have.
const UNREACHABLE: IcmpKind = IcmpKind::NetworkUnreachable;
