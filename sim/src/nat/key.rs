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

#[cfg(test)]
mod tests {
    use super::*;

    fn key(remote: &str) -> PairKey {
        let local = "203.0.113.1:5000".parse().unwrap();
        PairKey::new(Protocol::Udp, local, remote.parse().unwrap(), EXACT)
    }

    const EXACT: Behaviour = Behaviour::AddressAndPortDependent;

    #[test]
    fn every_port_of_a_remote_address_lies_in_its_range() {
        for asked in ["198.51.100.2:0", "198.51.100.2:6000", "198.51.100.2:65535"] {
            let (low, high) = key(asked).all_ports();
            for within in ["198.51.100.2:0", "198.51.100.2:6000", "198.51.100.2:65535"] {
                assert!((low..=high).contains(&key(within)), "{within} in that of {asked}");
            }
            for beyond in ["198.51.100.1:65535", "198.51.100.3:0"] {
                assert!(!(low..=high).contains(&key(beyond)), "{beyond} in that of {asked}");
            }
        }
    }

    #[test]
    fn every_remote_endpoint_lies_in_the_range_of_its_local_one() {
        let all = "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535";
        for asked in ["[::]:7", "198.51.100.2:6000", "[ffff::]:7"] {
            let (low, high) = key(asked).all_remotes();
            for within in ["[::]:0", "198.51.100.1:7000", "198.51.100.3:5000", all] {
                assert!((low..=high).contains(&key(within)), "{within} in that of {asked}");
            }
        }
    }
}
