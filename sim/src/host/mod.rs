//! Hosts: sockets, reassembly, ICMP.

mod limiter;
mod stack;

pub(crate) use limiter::Limiter;
pub(crate) use stack::{Received, Stack};
