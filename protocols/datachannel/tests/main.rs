//! Data channels over networks, good and bad.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "helpers of tests may do what tests may, and look for one event among many"
)]

mod below;
mod buffered;
mod closing;
mod ends;
mod faults;
mod laws;
mod messages;
mod opening;
mod parts;
mod reuse;
mod rewriting;
mod transfer;
mod wire;
