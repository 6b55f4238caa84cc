//! The shape of the network: nodes, links, addresses and routes.

mod config;
mod error;
mod network;
mod node;

pub use config::{Attachment, Families, GatewayConfig, HostConfig};
pub use error::BuildError;
pub use network::Network;
pub use node::{Direction, LinkId, NodeId, NodeKind};
