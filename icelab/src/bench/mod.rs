//! Stacks that carry messages, measured on the simulated network: icelab's own, and any other that implements [`Stack`].
//!
//! A [`Plan`] says who is measured on which links; [`Plan::run`] gives an
//! [`icelab_reports::bench::Report`]. Two hosts stand at the ends of a [`Bottleneck`] and run the stacks as guests; each of
//! their packets is a UDP datagram of the length that it would have in a DTLS record.
//!
//! - [`stack`]: what is measured. [`link`]: where. [`plan`]: what, of whom. [`sweep`]: all of it, on several threads.
//! - [`association`]: icelab's own.
//! - [`goodput`], [`fairness`], [`latency`]: a kind of measurement each, on [`network`].
//! - [`network`], [`host`], [`end`]: the network, a host on it, one end of a connection.
//! - [`datagram`]: packets as they travel. [`repeats`]: which of them carry data again. [`statistics`]: means and the like.

mod association;
mod datagram;
mod end;
mod fairness;
mod goodput;
mod host;
mod latency;
mod link;
mod network;
mod plan;
mod repeats;
mod stack;
mod statistics;
mod sweep;

pub use association::contenders;
pub use link::Bottleneck;
pub use plan::{Axes, Plan, pairs};
pub use stack::{Contender, Setup, Side, Stack};
