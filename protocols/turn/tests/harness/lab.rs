//! A server's host as one end of a `Pair`, with peers that send back whatever they get.

use core::net::SocketAddr;

use icelab_sans_io::net::{Datagram, Notice};
use icelab_sans_io::{Deadline, Instant, Output, OutputQueue, Protocol};
use icelab_turn::server::ServerEvent;

use super::Host;

/// A server's host, and peers that are at once reached.
pub(crate) struct Lab {
    pub(crate) host: Host,
    /// Whether peers send back what they get.
    pub(crate) echoes: bool,
    /// What peers got.
    pub(crate) delivered: Vec<Datagram>,
    output: OutputQueue<Datagram, ServerEvent>,
}

impl Lab {
    pub(crate) fn new(host: Host) -> Self {
        Self { host, echoes: true, delivered: Vec::new(), output: OutputQueue::new() }
    }

    /// A peer says something of its own accord.
    pub(crate) fn peer_sends(&mut self, peer: SocketAddr, payload: &[u8], now: Instant) {
        for relayed in self.host.relayed() {
            if relayed.is_ipv4() == peer.is_ipv4() {
                self.host.datagram(peer, relayed, payload, now);
            }
        }
        self.settle(now);
    }

    pub(crate) fn settle(&mut self, now: Instant) {
        while !self.host.to_peers.is_empty() {
            for datagram in std::mem::take(&mut self.host.to_peers) {
                if self.echoes {
                    let (peer, relayed) = (datagram.destination, datagram.source);
                    self.host.datagram(peer, relayed, &datagram.payload, now);
                }
                self.delivered.push(datagram);
            }
        }
        for datagram in self.host.to_clients.drain(..) {
            self.output.packet(datagram);
        }
        for event in self.host.events.drain(..) {
            self.output.event(event);
        }
    }
}

impl Protocol for Lab {
    type Input = Datagram;
    type Packet = Datagram;
    type Event = ServerEvent;

    fn handle_input(&mut self, input: Datagram, now: Instant) {
        self.host.notice(Notice::Datagram(input), now);
        self.settle(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.host.timeout(now);
        self.settle(now);
    }

    fn poll_output(&mut self) -> Option<Output<Datagram, ServerEvent>> {
        self.output.pop()
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        self.host.server.poll_timeout()
    }
}
