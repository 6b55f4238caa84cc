//! Endpoints as plain numbers, quick to compare: what the tables are sorted by.

use std::net::{IpAddr, SocketAddr};

use super::Behaviour;
use crate::packet::Protocol;

/// An endpoint of one protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EndpointKey {
    address: u128,
    port: u16,
    protocol: Protocol,
}

impl EndpointKey {
    pub(super) fn new(protocol: Protocol, endpoint: SocketAddr) -> Self {
        Self { address: number(endpoint.ip()), port: endpoint.port(), protocol }
    }
}

/// A local endpoint, and as much of a remote one as counts: the rest is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PairKey {
    local: EndpointKey,
    remote_address: u128,
    remote_port: u16,
}

impl PairKey {
    pub(super) fn new(
        protocol: Protocol,
        local: SocketAddr,
        remote: SocketAddr,
        behaviour: Behaviour,
    ) -> Self {
        let (remote_address, remote_port) = masked(remote, behaviour);
        Self { local: EndpointKey::new(protocol, local), remote_address, remote_port }
    }

    /// The same pair with the lowest and the highest remote port.
    pub(super) fn all_ports(self) -> (Self, Self) {
        (Self { remote_port: 0, ..self }, Self { remote_port: u16::MAX, ..self })
    }

    /// The same local endpoint with the lowest and the highest remote endpoint.
    pub(super) fn all_remotes(self) -> (Self, Self) {
        let low = Self { remote_address: 0, remote_port: 0, ..self };
        (low, Self { remote_address: u128::MAX, remote_port: u16::MAX, ..self })
    }
}

/// The part of a remote endpoint that a behaviour looks at.
pub(super) fn masked(remote: SocketAddr, behaviour: Behaviour) -> (u128, u16) {
    match behaviour {
        Behaviour::EndpointIndependent => (0, 0),
        Behaviour::AddressDependent => (number(remote.ip()), 0),
        Behaviour::AddressAndPortDependent => (number(remote.ip()), remote.port()),
    }
}

/// What the record shows of a remote endpoint under a behaviour.
pub(super) fn shown(remote: SocketAddr, behaviour: Behaviour) -> Option<SocketAddr> {
    match behaviour {
        Behaviour::EndpointIndependent => None,
        Behaviour::AddressDependent => Some(SocketAddr::new(remote.ip(), 0)),
        Behaviour::AddressAndPortDependent => Some(remote),
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}
