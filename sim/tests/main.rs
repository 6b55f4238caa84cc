//! The simulated network from outside: what packets, hosts and records do.

mod build;
mod changes;
mod errors;
mod gateways;
mod guest;
mod links;
mod native;
mod record;
mod sockets;
