//! The shape of the network: nodes, links, addresses and routes.
//!
//! A [`Network`] is declared by name and then built into a graph in which every edge leads from its owner towards
//! the internet. Addresses nobody wrote are assigned in a fixed way.
//! Routes are ways down; what matches none goes up.

mod address;
mod announce;
mod build;
mod change;
mod config;
mod error;
mod network;
mod node;
mod route;
mod site;

pub(crate) use build::Topology;
pub use config::{Attachment, Families, GatewayConfig, HostConfig};
pub use error::BuildError;
pub use network::Network;
pub use node::{Direction, LinkId, NodeId, NodeKind};
pub(crate) use site::Site;
