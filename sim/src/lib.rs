//! A deterministic simulated internet.
//!
//! - [`topology`]: nodes, links, addresses and routes. [`Network`] builds them.
//! - [`link`]: rate, delay, loss, queues: what a link does to packets.
//! - [`packet`]: IP packets as the bytes they are.
//! - [`nat`] and [`firewall`]: what gateways do to packets.
//! - [`fabric`]: the packet engine, without guests.
//! - [`record`]: what happened, in one order, with a hash that names the run.
//! - [`simulation`]: hosts with guests, driven from event to event. [`Simulation`] is the way in.

pub mod fabric;
pub mod firewall;
mod host;
pub mod link;
pub mod nat;
pub mod packet;
pub mod record;
pub mod simulation;
pub mod topology;

pub use fabric::{Fabric, Matcher, Pattern};
pub use link::{Chance, DirectionConfig, LinkChange, LinkConfig, LinkPreset};
pub use record::{Entry, Level, Name, Value, What};
pub use simulation::{EndlessWork, Limits, Simulation, Step};
pub use topology::{
    Attachment, BuildError, Direction, Families, GatewayConfig, HostConfig, LinkId, Network, NodeId,
};
