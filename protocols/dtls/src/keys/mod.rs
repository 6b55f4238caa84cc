//! From shared secrets to keys.
//!
//! - [`master`]: 1.2's master secret and what comes of it.
//! - [`schedule`]: 1.3's key schedule.

pub(crate) mod master;
pub(crate) mod schedule;
