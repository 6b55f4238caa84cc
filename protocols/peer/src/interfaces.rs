//! Interfaces and the sockets on them: what comes, what goes, what may be a candidate's base.

use core::net::{IpAddr, SocketAddr};

use icelab_ice as ice;
use icelab_sans_io::Instant;
use icelab_sans_io::net::{Interface, Request, Socket as SocketName};

use crate::config::Policy;
use crate::discard::Discard;
use crate::event::{Event, GatheringFailure};
use crate::gathering::{Found, Gathering};
use crate::peer::Peer;
use crate::preference::interleave;
use crate::socket::{Base, Socket, SocketState};

impl Peer {
    /// Asks for a socket on every usable address that has none in this generation.
    pub(crate) fn open_sockets(&mut self) {
        let addresses = self.usable_addresses();
        if self.is_closed() {
            return;
        }
        for component in 1..=self.config.ice.components {
            for (rank, address) in addresses.iter().copied().enumerate() {
                let exists = self.sockets.iter().any(|socket| {
                    socket.generation == self.generation
                        && socket.component == component
                        && socket.address() == address
                });
                if !exists {
                    let (generation, state) = (self.generation, SocketState::Binding(address));
                    self.sockets.push(Socket { generation, component, rank, state });
                    self.output.packet(Request::Bind { local: SocketAddr::new(address, 0) });
                }
            }
        }
    }

    /// The interfaces' addresses that candidates may have, in order of preference.
    pub(crate) fn usable_addresses(&self) -> Vec<IpAddr> {
        let interfaces = self.interfaces.iter().flatten();
        let addresses: Vec<IpAddr> = interfaces
            .flat_map(|interface| interface.addresses.iter().copied())
            .filter(is_usable)
            .take(ADDRESSES)
            .collect();
        interleave(&addresses)
    }

    /// Takes the list of interfaces: gone addresses take their sockets with them, and new ones get
    /// sockets, candidates included, while a call is on.
    pub(crate) fn handle_interfaces(&mut self, interfaces: Vec<Interface>, now: Instant) {
        self.interfaces = Some(interfaces);
        let usable = self.usable_addresses();
        let (kept, gone): (Vec<_>, Vec<_>) = core::mem::take(&mut self.sockets)
            .into_iter()
            .partition(|socket| usable.contains(&socket.address()));
        self.sockets = kept;
        let mut told: Vec<IpAddr> = Vec::new();
        for socket in gone {
            if !told.contains(&socket.address()) {
                told.push(socket.address());
                self.output.event(Event::AddressGone(socket.address()));
            }
            if let Some(local) = socket.local() {
                self.drop_socket(local, now);
            }
        }
        match self.gathering {
            Gathering::Idle => {}
            Gathering::Running { .. } => self.open_sockets(),
            Gathering::Done => {
                let before = self.sockets.len();
                self.open_sockets();
                if self.sockets.len() > before {
                    let until = now + self.config.gathering_limit;
                    self.gathering = Gathering::Running { until, next_start: now };
                }
            }
        }
    }

    /// Forgets a socket whose address is gone, with all that went through it.
    fn drop_socket(&mut self, local: SocketAddr, now: Instant) {
        self.starts.retain(|start| start.base.local != local);
        self.queries.retain(|query| query.base.local != local);
        let relayed: Vec<SocketAddr> = (self.leases.iter())
            .filter(|lease| lease.base.local == local)
            .flat_map(|lease| lease.relayed.iter().copied())
            .collect();
        self.leases.retain(|lease| lease.base.local != local);
        for base in relayed.into_iter().chain([local]) {
            self.agent.remove_base(base, now);
        }
        self.output.packet(Request::Close(SocketName::Udp(local)));
    }

    /// Takes a socket that was asked for: a host candidate, and a way to the servers.
    pub(crate) fn handle_bound(&mut self, requested: SocketAddr, local: SocketAddr, now: Instant) {
        let waiting = SocketState::Binding(requested.ip());
        let Some(socket) = self.sockets.iter_mut().find(|socket| socket.state == waiting) else {
            self.discards.add(Discard::NotAskedFor);
            self.output.packet(Request::Close(SocketName::Udp(local)));
            return;
        };
        socket.state = SocketState::Open(local);
        let Socket { generation, component, rank, .. } = *socket;
        if generation != self.generation || self.is_closed() {
            self.retire(local, now);
            return;
        }
        let base = Base { local, generation, component, rank };
        if self.config.policy == Policy::All {
            let found = Found { kind: ice::CandidateKind::Host, address: local, related: None };
            self.add_candidate(base, found, None, now);
        }
        if !self.config.ice.lite {
            self.queue_starts(base);
        }
    }

    /// Takes note that a socket will not open.
    pub(crate) fn handle_refused(&mut self, name: SocketName) {
        let SocketName::Udp(requested) = name else {
            self.discards.add(Discard::NoStream);
            return;
        };
        let waiting = SocketState::Binding(requested.ip());
        let Some(index) = self.sockets.iter().position(|socket| socket.state == waiting) else {
            self.discards.add(Discard::NotAskedFor);
            return;
        };
        self.sockets.remove(index);
        let reason = GatheringFailure::NoSocket;
        self.output.event(Event::GatheringFailed { local: requested, server: None, reason });
    }
}

/// Whether candidates may be made from an interface address (RFC 8445 section 5.1.1.1): no loopback
/// and no link-local ones, no deprecated kinds of IPv6 address.
fn is_usable(address: &IpAddr) -> bool {
    let refused = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => {
            let first = address.segments()[0];
            let site_local = first & 0xFFC0 == 0xFEC0;
            address.is_unicast_link_local() || site_local || address.to_ipv4_mapped().is_some()
        }
    };
    !(refused || address.is_loopback() || address.is_unspecified() || address.is_multicast())
}

/// How many interface addresses are used.
const ADDRESSES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_link_local_addresses_make_no_candidates() {
        let usable = |text: &str| is_usable(&text.parse().unwrap());
        assert!(usable("192.168.1.10") && usable("2001:db8::1") && usable("fd00::1"));
        for refused in ["127.0.0.1", "169.254.1.1", "::1", "fe80::1", "fec0::1", "::ffff:10.0.0.1"]
        {
            assert!(!usable(refused), "{refused}");
        }
    }
}
