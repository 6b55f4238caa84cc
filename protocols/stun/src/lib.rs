//! STUN (RFC 8489) and NAT behaviour discovery (RFC 5780), sans-IO.
//!
//! - [`Message`], [`MessageBuilder`], [`Key`]: messages read and written.
//! - [`attribute`]: the attributes, a type each, those of TURN and ICE included.
//! - [`credentials`]: the short-term and long-term mechanisms, both sides.

pub mod attribute;
pub mod credentials;
mod message;

pub use message::{
    Attributes, Class, HEADER_LENGTH, Integrity, IntegrityKind, Key, MAGIC_COOKIE, Message,
    MessageBuilder, Method, TransactionId,
};
