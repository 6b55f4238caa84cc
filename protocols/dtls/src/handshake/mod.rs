//! The handshake: who says what when.
//!
//! - `client`, `server`: hellos, in which the version is agreed on.
//! - `client_1_2`, `server_1_2`: RFC 5246 section 7 with RFC 6347 section 4.2.
//! - `client_1_3`, `server_1_3`: RFC 8446 section 4 with RFC 9147 section 5.
//! - `stage`: all of these as one state.
//! - `identity`: certificates and signatures. `negotiation`: suites, groups, schemes, profiles.
//! - `failure`: why a handshake ends.

pub(crate) mod client;
pub(crate) mod client_1_2;
pub(crate) mod client_1_3;
pub(crate) mod failure;
pub(crate) mod identity;
pub(crate) mod negotiation;
pub(crate) mod server;
pub(crate) mod server_1_2;
pub(crate) mod server_1_3;
pub(crate) mod stage;
