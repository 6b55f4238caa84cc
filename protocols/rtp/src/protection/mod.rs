//! What makes up for lost packets: copies and parity.
//!
//! - [`red`](Red): older payloads sent along (RFC 2198).
//! - [`retransmission`](Retransmission): a lost packet sent again, in a stream of its own (RFC
//!   4588).
//! - [`ulpfec`](Ulpfec), [`flexfec`](FlexFec): parity over several packets (RFC 5109, RFC 8627);
//!   [`parity`](Recovery): what both are made of.

mod flexfec;
mod parity;
mod red;
mod retransmission;
mod ulpfec;

pub use flexfec::{FlexFec, FlexFecPacket, Pattern, ProtectedStream};
pub use parity::{CannotProtect, Parity, Recovery};
pub use red::{CannotCarry, Red, RedBlock};
pub use retransmission::Retransmission;
pub use ulpfec::{Level, Ulpfec};
