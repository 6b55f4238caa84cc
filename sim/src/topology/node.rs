//! Names of the places in the network.

use std::fmt;

/// A node of one network: a host, gateway or router. Counted from 0 (the internet) in the order of declaration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// The internet's core router, which every network has.
    pub const INTERNET: Self = Self(0);

    /// The node's number, for tables that are indexed by node.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {}", self.0)
    }
}

/// A link of one network, with both its directions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LinkId(pub(crate) u32);

impl LinkId {
    /// The link's number.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One of the two directions of a link.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Direction {
    /// From the link's owner towards the internet.
    Up,
    /// From the internet towards the link's owner.
    Down,
}

/// What a node does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum NodeKind {
    /// Forwards packets, unchanged but for their hop count.
    Router,
    /// Forwards between an inside and an outside, through a NAT, a firewall, or both.
    Gateway,
    /// Has sockets and a guest.
    Host,
}
