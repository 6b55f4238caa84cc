//! Stateful firewalls: ordered rules, first match wins.
//!
//! [`Config`] holds the [`Rule`]s, [`Firewall`] judges packets by them, [`Preset`] names the usual ones. The default is RFC 6092's simple
//! security: everything may go out, only answers come in.

mod config;
mod filter;
mod looks;
mod preset;
#[cfg(test)]
mod tests;

pub use config::{Action, Config, Direction, LooksLike, Rule};
pub use filter::{DropReason, Firewall, Verdict};
pub use preset::Preset;
