//! Whether ICE finds the way that the definitions say is there: random networks against an oracle that knows neither
//! ICE nor the simulator's NAT, but only what RFC 4787's words mean.
//!
//! - [`network`]: networks of two peers behind gateways, in RFC 4787's words.
//! - [`closure`]: which path is possible, by exhausting what the peers can send.
//! - [`scenario`]: the same network as a scenario file, run through the library.
//! - `known`: the oracle against what is known of it; `claims`: the library against the oracle.

#![expect(
    clippy::indexing_slicing,
    reason = "sides and ports are indices of the oracle's own making"
)]

mod claims;
mod closure;
mod known;
mod network;
mod scenario;
