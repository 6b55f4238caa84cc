//! The builder: names and what stands behind what, in any order.

use super::build::Topology;
use super::config::{GatewayConfig, HostConfig};
use super::error::BuildError;
use super::node::{NodeId, NodeKind};

/// A network before it runs: the internet, gateways and hosts by name.
///
/// What a node is behind may be declared after it. Addresses that nobody wrote are assigned in the order of
/// declaration, so the same declarations give the same network.
#[derive(Clone, Debug)]
pub struct Network {
    pub(super) nodes: Vec<Declared>,
}

/// A declared node.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    pub(super) name: String,
    pub(super) body: Body,
}

#[derive(Clone, Debug)]
pub(super) enum Body {
    Internet,
    Gateway(Box<GatewayConfig>),
    Host(HostConfig),
}

impl Network {
    /// The name of the core router that every network has.
    pub const INTERNET: &'static str = "internet";

    /// A network of nothing but the internet.
    #[must_use]
    pub fn new() -> Self {
        let internet = Declared { name: Self::INTERNET.to_owned(), body: Body::Internet };
        Self { nodes: vec![internet] }
    }

    /// Adds a gateway or router.
    pub fn gateway(&mut self, name: &str, gateway: GatewayConfig) -> NodeId {
        self.declare(name, Body::Gateway(Box::new(gateway)))
    }

    /// Adds a host.
    pub fn host(&mut self, name: &str, host: HostConfig) -> NodeId {
        self.declare(name, Body::Host(host))
    }

    /// The node of this name, if it is declared.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<NodeId> {
        let index = self.nodes.iter().position(|node| node.name == name)?;
        Some(NodeId(u32::try_from(index).ok()?))
    }

    /// What the node is; `None` for one of another network.
    #[must_use]
    pub fn kind(&self, node: NodeId) -> Option<NodeKind> {
        self.nodes.get(node.index()).map(|node| match &node.body {
            Body::Internet => NodeKind::Router,
            Body::Gateway(gateway) if gateway.nat.is_none() && gateway.firewall.is_none() => {
                NodeKind::Router
            }
            Body::Gateway(_) => NodeKind::Gateway,
            Body::Host(_) => NodeKind::Host,
        })
    }

    /// Whether it can be built.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self) -> Result<(), BuildError> {
        Topology::build(self).map(drop)
    }

    fn declare(&mut self, name: &str, body: Body) -> NodeId {
        let id = u32::try_from(self.nodes.len()).expect("fewer than four billion nodes");
        self.nodes.push(Declared { name: name.to_owned(), body });
        NodeId(id)
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}
