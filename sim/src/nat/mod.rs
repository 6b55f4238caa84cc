//! NATs in the words of RFC 4787: mapping and filtering as two independent tables.
//!
//! [`Nat`] is a pure state machine: packets go in with the time, and come out rewritten with a [`Verdict`]. It neither
//! routes nor lowers the TTL: both are the fabric's.

mod config;
mod connections;
mod context;
mod errors;
mod filter;
mod fragments;
mod gateway;
mod key;
mod lifetime;
mod mappings;
mod nat64;
mod note;
mod nptv6;
mod pool;
mod population;
mod preset;
mod slots;
mod table;
#[cfg(test)]
mod tests;
mod versions;

pub use config::{
    Behaviour, Config, FilterState, Fragments, Hairpin, Kind, Pooling, Ports, Refresh, State,
    Timeouts, Tracking, Unsolicited, WhenFull,
};
pub use gateway::Nat;
pub use note::{DropReason, Ending, Entry, Note, Released, Ticket, Verdict};
pub use preset::Preset;
