//! The host of a server: binds its ports and sorts what it sends.

use core::net::SocketAddr;
use std::collections::BTreeSet;

use icelab_sans_io::net::{Datagram, Notice, Refusal, Request, Socket};
use icelab_sans_io::{Instant, Output, Protocol};
use icelab_turn::server::{Server, ServerConfig, ServerEvent};

/// The host of a server.
pub(crate) struct Host {
    pub(crate) server: Server,
    pub(crate) bound: BTreeSet<SocketAddr>,
    /// Addresses that somebody else has.
    pub(crate) occupied: BTreeSet<SocketAddr>,
    /// Whether requests to bind go unanswered.
    pub(crate) is_silent: bool,
    /// Why everything but what is listened at is refused.
    pub(crate) refusal: Option<Refusal>,
    pub(crate) to_clients: Vec<Datagram>,
    pub(crate) to_peers: Vec<Datagram>,
    pub(crate) events: Vec<ServerEvent>,
}

impl Host {
    pub(crate) fn new(config: ServerConfig) -> Self {
        let mut host = Self {
            server: super::server(config),
            bound: BTreeSet::new(),
            occupied: BTreeSet::new(),
            is_silent: false,
            refusal: None,
            to_clients: Vec::new(),
            to_peers: Vec::new(),
            events: Vec::new(),
        };
        host.notice(Notice::InterfacesChanged(Vec::new()), Instant::START);
        host
    }

    pub(crate) fn notice(&mut self, notice: Notice, now: Instant) {
        self.server.handle_input(notice, now);
        self.settle(now);
    }

    pub(crate) fn datagram(
        &mut self,
        source: SocketAddr,
        to: SocketAddr,
        payload: &[u8],
        now: Instant,
    ) {
        self.notice(Notice::Datagram(Datagram::new(source, to, payload.to_vec())), now);
    }

    pub(crate) fn timeout(&mut self, now: Instant) {
        self.server.handle_timeout(now);
        self.settle(now);
    }

    pub(crate) fn settle(&mut self, now: Instant) {
        while let Some(output) = self.server.poll_output() {
            match output {
                Output::Event(event) => self.events.push(event),
                Output::Packet(Request::Bind { local }) => self.bind(local, now),
                Output::Packet(Request::Close(Socket::Udp(address))) => {
                    assert!(self.bound.remove(&address) || self.is_silent, "{address} not bound");
                }
                Output::Packet(Request::Send(datagram)) => {
                    assert!(self.bound.contains(&datagram.source), "sent from nowhere");
                    if datagram.source == super::address(super::SERVER) {
                        self.to_clients.push(datagram);
                    } else if self.bound.contains(&datagram.destination) {
                        self.server.handle_input(Notice::Datagram(datagram), now);
                    } else {
                        self.to_peers.push(datagram);
                    }
                }
                Output::Packet(other) => panic!("a UDP server asks for {other:?}"),
            }
        }
    }

    fn bind(&mut self, local: SocketAddr, now: Instant) {
        let listens = local == super::address(super::SERVER);
        if self.is_silent && !listens {
            return;
        }
        let refusal = self.refusal.filter(|_| !listens);
        let reason =
            refusal.or_else(|| self.occupied.contains(&local).then_some(Refusal::AddressInUse));
        let notice = match reason {
            Some(reason) => Notice::Refused { socket: Socket::Udp(local), reason },
            None => {
                assert!(self.bound.insert(local), "{local} bound twice");
                Notice::Bound { requested: local, local }
            }
        };
        self.server.handle_input(notice, now);
    }

    /// The relayed addresses that are bound.
    pub(crate) fn relayed(&self) -> Vec<SocketAddr> {
        let is_relayed = |address: &&SocketAddr| **address != super::address(super::SERVER);
        self.bound.iter().filter(is_relayed).copied().collect()
    }
}
