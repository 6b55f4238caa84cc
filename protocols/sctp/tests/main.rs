//! Every test of the crate's public face, in one binary.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails, in its helpers too"
)]
#![expect(clippy::wildcard_enum_match_arm, reason = "tests look for one chunk among many")]

mod abort;
mod by_hand;
mod checksums;
mod collision;
mod cookies;
mod ends;
mod errors;
mod given_up;
mod giving_up;
mod heartbeats;
mod interleaving;
mod laws;
mod messages;
mod mtu;
mod out_of_the_blue;
mod packet;
mod reconfiguration;
mod reno;
mod resets;
mod restart;
mod sacks;
mod schedules;
mod script;
mod second_tries;
mod setup;
mod shutdown;
mod silence;
mod skipping;
mod tags;
mod timers;
mod transfer;
mod windows;
