//! TURN (RFC 8656): relays for who cannot be reached otherwise; client and server, sans-IO.
//!
//! - [`client`]: one allocation on one server.
//! - [`server`]: many allocations of many clients.
//! - [`wire`]: ChannelData; everything else is STUN, read and written by `icelab_stun`.
//! - [`timing`]: how long allocations, permissions and channels last.

pub mod client;
mod family;
pub mod server;
pub mod timing;
pub mod wire;

pub use client::{Client, ClientConfig, Event};
pub use server::{Server, ServerConfig, ServerEvent, time_limited_password};
