//! DTLS over networks, good and bad.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "helpers of tests may do what tests may, and look for one event among many"
)]

mod connection_ids;
mod ends;
mod handshakes;
mod hellos;
mod laws;
mod losses;
mod media;
mod negotiation;
mod open;
mod records;
mod restarts;
mod retries;
mod timers;
mod timing;
mod wire;
