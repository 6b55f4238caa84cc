//! A laboratory for WebRTC networks: scenario files in, paths out.
//!
//! - [`scenario`]: the grammar; YAML text becomes [`scenario::plan::Plan`]s, one a case.
//! - [`presets`]: links, NATs and firewalls by name.
//! - [`World`]: a network with peers and servers on it, from a plan or from Rust; its [`Outcome`].
//! - [`suite`]: files in, results out, on several threads.
//! - [`schema`]: the grammar as JSON Schema.
//! - [`mod@bench`]: stacks that carry messages, measured.
//! - [`cli`]: the command line.

pub mod bench;
pub mod cli;
pub mod presets;
pub mod scenario;
pub mod schema;
pub mod suite;
mod world;

pub use world::{Channel, Failure, Flow, Outcome, Selected, World, WorldError};
