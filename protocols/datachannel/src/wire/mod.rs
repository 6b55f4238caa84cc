//! What data channels put on the wire.
//!
//! - [`dcep`]: the messages that open a channel (RFC 8832 section 5).
//! - [`ppid`]: what a message is (RFC 8831 section 8).

pub mod dcep;
pub mod ppid;
