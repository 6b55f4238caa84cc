//! Two layers on a bad network, and the laws that every layer obeys.
//!
//! - [`Pair`]: two layers over a link that delays, loses, repeats and reorders ([`LinkModel`]).
//! - [`laws`]: generic tests that every layer must pass.

pub mod laws;
mod pair;

pub use pair::{LinkModel, Pair, Passing, Side};
