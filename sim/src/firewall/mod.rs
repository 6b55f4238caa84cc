//! Stateful firewalls: ordered rules, first match wins.

mod config;
mod filter;

pub use config::{Action, Config, Direction, LooksLike, Rule};
pub use filter::{DropReason, Firewall, Verdict};
