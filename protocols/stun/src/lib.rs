//! STUN (RFC 8489) and NAT behaviour discovery (RFC 5780), sans-IO.
//!
//! - [`Message`], [`MessageBuilder`], [`Key`]: messages read and written.
//! - [`attribute`]: the attributes, a type each, those of TURN and ICE included.
//! - [`credentials`]: the short-term and long-term mechanisms, both sides.
//! - [`transaction`]: requests in flight, sent again until an answer comes.
//! - [`demultiplex`](demultiplex()), [`frame_length`]: which bytes are STUN at all.

pub mod attribute;
pub mod credentials;
mod demultiplex;
mod framing;
mod message;
pub mod transaction;

pub use demultiplex::{Kind, demultiplex};
pub use framing::{Frame, frame_length};
pub use message::{
    Attributes, Class, HEADER_LENGTH, Integrity, IntegrityKind, Key, MAGIC_COOKIE, Message,
    MessageBuilder, Method, TransactionId,
};
