//! The oracle, the networks that it is asked about, and how they are run.
//!
//! - [`network`]: networks of two peers behind gateways, in RFC 4787's words.
//! - [`closure`]: which path is possible, by exhausting what the peers can send.
//! - [`scenario`]: the same network as a scenario file, run through the library.
//! - `known`: the oracle against what is known of it; `claims`: the library against the oracle.

mod claims;
mod closure;
mod known;
mod network;
mod scenario;
