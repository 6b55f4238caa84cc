//! Data channels (RFC 8831) and their establishment protocol (RFC 8832) over SCTP, sans-IO.
//!
//! - [`data_channels`](DataChannels): the layer: dispatch, and what concerns all channels.
//!   [`config`](Config), [`event`](Event), [`discard`](Discard).
//! - `opening`: channels begin (RFC 8832 section 6). `transfer`: what goes over them (RFC 8831 section
//!   6.6). `closing`: they end (RFC 8831 section 6.7); `early`: what
//!   comes too early for the next one.
//! - `channels`: the channels by handle and by stream; `stream_ids`: who may use which stream.
//!   `channel`: one of them, its states. [`properties`](Properties): what both sides know of it.
//! - `inbox`: messages that arrive in parts. [`message`](Message). `utf8`.
//! - [`wire`]: the bytes.

mod channel;
mod channels;
mod closing;
mod config;
mod data_channels;
mod discard;
mod early;
mod event;
mod inbox;
mod message;
mod opening;
mod properties;
mod stream_ids;
mod transfer;
mod utf8;
pub mod wire;

pub use channel::{ChannelId, ReadyState};
pub use config::{Config, Role};
pub use data_channels::DataChannels;
pub use discard::{Discard, Discards};
pub use event::{Closure, Event, OpenError, SendError};
pub use icelab_sctp::{CloseReason, Part, Payload, Reliability, StreamId};
pub use message::{Delivery, Kind, Message};
pub use properties::{Priority, Properties};
