//! A laboratory for WebRTC networks: scenario files in, paths out.
//!
//! - [`scenario`]: the grammar; YAML text becomes [`scenario::plan::Plan`]s, one a case.
//! - [`presets`]: links, NATs and firewalls by name.
//! - [`World`]: a network with peers and servers on it, from a plan or from Rust; its [`Outcome`].

pub mod presets;
pub mod scenario;
mod world;

pub use world::{Failure, Outcome, Selected, World, WorldError};
