//! What is said about a node before the network is built.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::firewall;
use crate::link::LinkConfig;
use crate::nat;
use crate::packet::Prefix;

/// Which versions of IP an interface has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Families {
    /// IPv4.
    pub v4: bool,
    /// IPv6.
    pub v6: bool,
}

impl Families {
    /// IPv4 alone.
    pub const V4: Self = Self { v4: true, v6: false };
    /// IPv6 alone.
    pub const V6: Self = Self { v4: false, v6: true };
    /// Both.
    pub const BOTH: Self = Self { v4: true, v6: true };
}

impl Default for Families {
    fn default() -> Self {
        Self::V4
    }
}

/// A host and its interfaces.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HostConfig {
    /// One interface each, in this order: `eth0`, `eth1` and so on. A host needs at least one.
    pub attachments: Vec<Attachment>,
}

impl HostConfig {
    /// A host with one interface, behind the node of this name.
    #[must_use]
    pub fn behind(node: &str) -> Self {
        Self { attachments: vec![Attachment::behind(node)] }
    }

    /// The same with another link at every interface.
    #[must_use]
    pub fn with_link(mut self, link: &LinkConfig) -> Self {
        for attachment in &mut self.attachments {
            attachment.link = link.clone();
        }
        self
    }

    /// The same with these versions of IP at every interface.
    #[must_use]
    pub fn with_families(mut self, families: Families) -> Self {
        for attachment in &mut self.attachments {
            attachment.families = families;
        }
        self
    }
}

/// One interface of a host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attachment {
    /// The name of the next node towards the internet: `internet`, a router or a gateway.
    pub behind: String,
    /// The cable there.
    pub link: LinkConfig,
    /// Which versions of IP.
    pub families: Families,
    /// A fixed IPv4 address; without one, the next free one is assigned.
    pub address_v4: Option<Ipv4Addr>,
    /// A fixed IPv6 address; without one, the next free one is assigned.
    pub address_v6: Option<Ipv6Addr>,
}

impl Attachment {
    /// Behind the node of this name, over `ethernet`, with assigned addresses.
    #[must_use]
    pub fn behind(node: &str) -> Self {
        Self {
            behind: node.to_owned(),
            link: LinkConfig::ethernet(),
            families: Families::default(),
            address_v4: None,
            address_v6: None,
        }
    }
}

/// A gateway: whatever stands between an inside and an outside, as a NAT, a firewall, both, or a plain router.
///
/// With a `nat`, IPv4 is translated and the inside range is private to the gateway; without one it is routed,
/// and the inside range is known outside. IPv6 is always routed; behind a `nat` and without a `firewall`, through a
/// stateful filter of its own.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// The name of the next node towards the internet: `internet`, a router or another gateway.
    pub behind: String,
    /// The cable there.
    pub link: LinkConfig,
    /// Which versions of IP it forwards.
    pub families: Families,
    /// Translation of IPv4.
    pub nat: Option<nat::Config>,
    /// Rules for what is forwarded, on inside addresses.
    pub firewall: Option<firewall::Config>,
    /// The IPv4 range inside; with a `nat` 192.168.1.0/24 unless given, else assigned.
    pub inside_v4: Option<Prefix>,
    /// The IPv6 range inside; assigned unless given.
    pub inside_v6: Option<Prefix>,
    /// Outside addresses; at least one of each family is assigned unless given.
    pub outside: Vec<IpAddr>,
}

impl GatewayConfig {
    /// The inside range of a `nat`, unless given.
    pub const HOME: (Ipv4Addr, u8) = (Ipv4Addr::new(192, 168, 1, 0), 24);
    /// The inside range for a carrier's NAT (RFC 6598).
    pub const CARRIER: (Ipv4Addr, u8) = (Ipv4Addr::new(100, 64, 0, 0), 10);

    /// A plain router, directly on the internet, over `ethernet`.
    #[must_use]
    pub fn router() -> Self {
        Self {
            behind: "internet".to_owned(),
            link: LinkConfig::ethernet(),
            families: Families::default(),
            nat: None,
            firewall: None,
            inside_v4: None,
            inside_v6: None,
            outside: Vec::new(),
        }
    }

    /// A NAT, directly on the internet.
    #[must_use]
    pub fn nat(nat: nat::Config) -> Self {
        Self { nat: Some(nat), ..Self::router() }
    }

    /// A firewall that routes, directly on the internet.
    #[must_use]
    pub fn firewall(firewall: firewall::Config) -> Self {
        Self { firewall: Some(firewall), ..Self::router() }
    }

    /// The same behind the node of this name.
    #[must_use]
    pub fn behind(mut self, node: &str) -> Self {
        node.clone_into(&mut self.behind);
        self
    }

    /// The same over another link.
    #[must_use]
    pub fn with_link(mut self, link: LinkConfig) -> Self {
        self.link = link;
        self
    }

    /// The same with these versions of IP.
    #[must_use]
    pub fn with_families(mut self, families: Families) -> Self {
        self.families = families;
        self
    }
}
