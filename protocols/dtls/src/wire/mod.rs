//! The bytes of DTLS: one file per element.
//!
//! - [`handshake`]: the header that every handshake message and fragment starts with.
//! - [`client_hello`], [`server_hello`], [`hello_verify_request`], [`certificate`],
//!   [`certificate_request`], [`certificate_verify`], [`server_key_exchange`],
//!   [`client_key_exchange`], [`encrypted_extensions`], [`session_ticket`], [`connection_id`],
//!   [`key_update`]: message bodies.
//! - [`extension`]: what hellos and certificates carry beside their fields.
//! - [`alert`], [`ack`]: content of their own.
//! - [`version`], [`suite`], [`group`], [`scheme`]: the registered numbers.
//! - `list`: lists of numbers.

pub mod ack;
pub mod alert;
pub mod certificate;
pub mod certificate_request;
pub mod certificate_verify;
pub mod client_hello;
pub mod client_key_exchange;
pub mod connection_id;
pub mod encrypted_extensions;
pub mod extension;
pub mod group;
pub mod handshake;
pub mod hello_verify_request;
pub mod key_update;
mod list;
pub mod scheme;
pub mod server_hello;
pub mod server_key_exchange;
pub mod session_ticket;
pub mod suite;
pub mod version;
