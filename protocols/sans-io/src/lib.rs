//! The contract of every stateful layer of icelab.
//!
//! A layer is a state machine without sockets, clock, threads or randomness of its own. What
//! arrives is handed to it together with the time; what it wants to send, and when it wants to be
//! woken, is asked of it. So the same layer runs in a simulated internet, under a paused tokio
//! clock, and on real sockets, and two runs with the same inputs are the same run.
//!
//! The methods of a layer come in four kinds:
//!
//! - **commands** (`allocate`, `send`, `restart`): what the layer above wants; may fail, each with
//!   its own small error type; `now` comes last;
//! - **`handle_*`** ([`Protocol`]): what the network and the clock do; cannot fail;
//! - **`poll_*`** ([`Protocol`]): hand over finished work and do none;
//! - **getters**: look, change nothing.
//!
//! Whoever drives a layer repeats: hand in what arrived, or [`Protocol::handle_timeout`] when the
//! deadline has come; then [`Protocol::poll_output`] until it is empty; then sleep until
//! [`Protocol::poll_timeout`].
//!
//! - [`protocol`](Protocol): the contract itself.
//! - [`Instant`], [`Timers`], [`Backoff`]: time.
//! - [`Rng`]: randomness from a seed.
//! - [`OutputQueue`]: what waits to be polled. [`Discards`]: what was dropped.
//! - [`net`]: sockets as words.
//! - [`testing`]: two layers on a bad network, and the laws that every layer obeys.

mod backoff;
mod discards;
mod instant;
pub mod net;
mod output;
mod protocol;
mod rng;
pub mod testing;
mod timers;

pub use backoff::Backoff;
pub use discards::Discards;
pub use instant::Instant;
pub use output::OutputQueue;
pub use protocol::{Deadline, Output, Protocol};
pub use rand_chacha::rand_core;
pub use rng::Rng;
pub use timers::Timers;
