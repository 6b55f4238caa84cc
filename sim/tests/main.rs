//! The simulated network from outside: what packets, hosts and records do.

#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "all of this is test code, helpers too"
)]

mod build;
mod changes;
mod errors;
mod gateways;
mod guest;
mod links;
mod nat64;
mod native;
mod record;
mod sockets;
