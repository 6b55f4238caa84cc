//! What runs on a host: a peer or a server.

use core::net::SocketAddr;
use std::collections::VecDeque;

use icelab_peer as peer;
use icelab_sans_io::net::{Notice, Request};
use icelab_sans_io::{Deadline, Instant, Output, Protocol, Rng};
use icelab_stun as stun;
use icelab_turn as turn;

/// What runs on a host.
#[derive(Debug)]
pub(super) enum Guest {
    /// An end of the call.
    Peer(Box<peer::Peer>),
    /// A STUN server.
    Stun(Box<StunBox>),
    /// A TURN server, which answers STUN too.
    Turn(Box<turn::Server>),
}

/// What a guest tells.
#[derive(Debug)]
pub(super) enum GuestEvent {
    /// An end of the call.
    Peer(Box<peer::Event>),
    /// A server; nobody asks it.
    Server,
}

/// A STUN server with a socket on each of its host's addresses.
#[derive(Debug)]
pub(super) struct StunBox {
    rng: Rng,
    port: u16,
    servers: Vec<(SocketAddr, stun::Server)>,
    requests: VecDeque<Request>,
}

impl StunBox {
    /// A server on this port.
    pub(super) const fn new(port: u16, rng: Rng) -> Self {
        Self { rng, port, servers: Vec::new(), requests: VecDeque::new() }
    }

    fn handle_input(&mut self, notice: Notice, now: Instant) {
        match notice {
            Notice::Datagram(datagram) => {
                let local = datagram.destination;
                if let Some((_, server)) = self.servers.iter_mut().find(|(at, _)| *at == local) {
                    server.handle_input(datagram, now);
                }
            }
            Notice::InterfacesChanged(interfaces) => {
                for address in interfaces.into_iter().flat_map(|interface| interface.addresses) {
                    let local = SocketAddr::new(address, self.port);
                    if self.servers.iter().all(|(known, _)| *known != local) {
                        let rng = self.rng.fork("server", self.servers.len() as u64);
                        let server = stun::Server::new(stun::ServerConfig::new(local), rng);
                        self.servers.push((local, server));
                        self.requests.push_back(Request::Bind { local });
                    }
                }
            }
            Notice::Bound { .. }
            | Notice::Refused { .. }
            | Notice::Opened { .. }
            | Notice::Bytes { .. }
            | Notice::Writable { .. }
            | Notice::Closed { .. }
            | Notice::Icmp(_) => {}
        }
    }

    fn poll_output(&mut self) -> Option<Output<Request, GuestEvent>> {
        if let Some(request) = self.requests.pop_front() {
            return Some(Output::Packet(request));
        }
        let mut servers = self.servers.iter_mut();
        servers.find_map(|(_, server)| server.poll_output()).map(|output| match output {
            Output::Packet(datagram) => Output::Packet(Request::Send(datagram)),
            Output::Event(_) => Output::Event(GuestEvent::Server),
        })
    }
}

impl Guest {
    /// The peer, where it is one, to look at.
    pub(super) fn as_peer(&self) -> Option<&peer::Peer> {
        match self {
            Self::Peer(peer) => Some(peer),
            Self::Stun(_) | Self::Turn(_) => None,
        }
    }

    /// The peer, where it is one.
    pub(super) fn peer(&mut self) -> Option<&mut peer::Peer> {
        match self {
            Self::Peer(peer) => Some(peer),
            Self::Stun(_) | Self::Turn(_) => None,
        }
    }
}

impl Protocol for Guest {
    type Input = Notice;
    type Packet = Request;
    type Event = GuestEvent;

    fn handle_input(&mut self, notice: Notice, now: Instant) {
        match self {
            Self::Peer(peer) => peer.handle_input(notice, now),
            Self::Stun(server) => server.handle_input(notice, now),
            Self::Turn(server) => server.handle_input(notice, now),
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        match self {
            Self::Peer(peer) => peer.handle_timeout(now),
            // A STUN server waits for nothing.
            Self::Stun(_) => {}
            Self::Turn(server) => server.handle_timeout(now),
        }
    }

    fn poll_output(&mut self) -> Option<Output<Request, GuestEvent>> {
        match self {
            Self::Peer(peer) => peer.poll_output().map(|output| match output {
                Output::Packet(request) => Output::Packet(request),
                Output::Event(event) => Output::Event(GuestEvent::Peer(Box::new(event))),
            }),
            Self::Stun(server) => server.poll_output(),
            Self::Turn(server) => server.poll_output().map(|output| match output {
                Output::Packet(request) => Output::Packet(request),
                Output::Event(_) => Output::Event(GuestEvent::Server),
            }),
        }
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        match self {
            Self::Peer(peer) => peer.poll_timeout(),
            Self::Stun(_) => None,
            Self::Turn(server) => server.poll_timeout(),
        }
    }
}
