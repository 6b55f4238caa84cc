//! The record layer (RFC 6347 section 4.1, RFC 9147 section 4): which keys protect what, and which
//! numbers were seen.
//!
//! - [`records`]: both directions of one connection.
//! - [`content`]: what a record can carry.
//! - [`header`]: the three forms of the header.
//! - [`ids`]: connection ids.
//! - [`protection`]: one epoch's keys, sealing and opening.

pub(crate) mod content;
pub(crate) mod header;
pub(crate) mod ids;
pub(crate) mod protection;
pub(crate) mod records;
