//! STUN (RFC 8489) and NAT behaviour discovery (RFC 5780), sans-IO.
//!
//! - [`Message`], [`MessageBuilder`], [`Key`]: messages read and written.
//! - [`attribute`]: the attributes, a type each, those of TURN and ICE included.
//! - [`credentials`]: the short-term and long-term mechanisms, both sides.
//! - [`transaction`]: requests in flight, sent again until an answer comes.
//! - [`Client`]: learns and keeps a mapped address; [`Server`]: answers.
//! - [`Discovery`]: how the NATs on the path behave (RFC 5780).
//! - [`Discards`]: what was dropped, and why.
//! - [`demultiplex`](demultiplex()), [`frame_length`]: which bytes are STUN at all.

pub mod attribute;
mod client;
pub mod credentials;
mod demultiplex;
mod discard;
mod discovery;
mod framing;
mod message;
mod server;
pub mod transaction;

pub use client::{Client, ClientConfig, ClientEvent, Failure, Keepalive, Redirects};
pub use demultiplex::{Kind, demultiplex};
pub use discard::{Discard, Discards};
pub use discovery::{
    Behaviour, Discovery, DiscoveryConfig, DiscoveryEvent, Findings, FragmentHandling,
    HairpinSource, LifetimeBounds, LifetimeConfig, Refresh,
};
pub use framing::{Frame, frame_length};
pub use message::{
    Attributes, Class, HEADER_LENGTH, Integrity, IntegrityKind, Key, MAGIC_COOKIE, Message,
    MessageBuilder, Method, TransactionId,
};
pub use server::{Redirect, Server, ServerConfig, ServerCredentials, ServerEvent};
