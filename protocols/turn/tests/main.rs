//! Client and server against each other and against hand-made messages.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "clippy takes only functions marked as tests for tests, not their helpers"
)]

mod allocation;
mod answers;
mod bad_networks;
mod channels;
mod data;
mod errors;
mod harness;
mod idle;
mod laws;
mod permissions;
mod vectors;
