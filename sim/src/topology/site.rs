//! What a node is, once the network is built.

use std::net::IpAddr;

use super::address::Realm;
use super::config::GatewayConfig;
use super::node::{LinkId, NodeId, NodeKind};
use super::route::RoutingTable;
use crate::link::LinkConfig;
use crate::nat;
use crate::packet::Prefix;
use crate::record::Name;

/// A node with its addresses and routes.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) name: Name,
    pub(crate) kind: NodeKind,
    /// Towards the internet: any number at a host, one at a gateway, none at the internet.
    pub(crate) interfaces: Vec<Uplink>,
    /// What is behind it; nothing is behind a host.
    pub(crate) inside: Inside,
    /// What a gateway was told to do.
    pub(crate) gateway: Option<Box<GatewayConfig>>,
}

/// An interface towards the internet.
#[derive(Clone, Debug)]
pub(crate) struct Uplink {
    pub(crate) link: LinkId,
    pub(crate) behind: NodeId,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) is_plugged: bool,
}

/// What is behind a node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inside {
    pub(crate) v4: Option<Prefix>,
    pub(crate) v6: Option<Prefix>,
    /// The node's own addresses there.
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) realm: Realm,
    pub(crate) routes: RoutingTable,
}

/// A link between its owner and the next node towards the internet.
#[derive(Clone, Debug)]
pub(crate) struct Cable {
    pub(crate) owner: NodeId,
    pub(crate) towards: NodeId,
    pub(crate) config: LinkConfig,
}

impl Site {
    /// Whether the node has this address, on any side.
    pub(crate) fn has(&self, address: IpAddr) -> bool {
        self.inside.addresses.contains(&address) || self.has_outside(address)
    }

    /// Whether the node has this address towards the internet, on an interface that is there.
    pub(crate) fn has_outside(&self, address: IpAddr) -> bool {
        let mut interfaces = self.interfaces.iter().filter(|uplink| uplink.is_plugged);
        interfaces.any(|uplink| uplink.addresses.contains(&address))
    }

    /// Its addresses towards the internet.
    pub(crate) fn outside(&self) -> impl Iterator<Item = IpAddr> {
        let plugged = self.interfaces.iter().filter(|uplink| uplink.is_plugged);
        plugged.flat_map(|uplink| uplink.addresses.iter().copied())
    }

    /// The kind of its NAT, where it has one.
    pub(crate) fn translation(&self) -> Option<nat::Kind> {
        let kind = self.gateway.as_ref()?.nat.as_ref()?.kind;
        (kind != nat::Kind::None).then_some(kind)
    }

    /// Whether the range inside is hidden from the outside.
    pub(super) fn hides(&self, is_v4: bool) -> bool {
        match self.translation() {
            None => false,
            Some(nat::Kind::Nptv6 { .. }) => !is_v4,
            Some(nat::Kind::None | nat::Kind::Napt | nat::Kind::OneToOne) => is_v4,
            Some(nat::Kind::Nat64 { .. }) => is_v4,
        }
    }
}
