//! SCTP (RFC 9260) over DTLS (RFC 8261), sans-IO, with partial reliability (RFC 3758), stream
//! reset (RFC 6525), interleaving (RFC 8260) and zero checksums (RFC 9653).
//!
//! - [`association`](Association): one end: commands, dispatch. [`config`](Config),
//!   [`event`](Event), [`message`](Message), [`stats`](Stats), [`discard`](Discard).
//! - `setup`, `cookie_echo`, `cookie`, `peer`: how it begins. `session`: what there is then. `shutdown`:
//!   how it ends.
//! - `reading`: from packets to chunks; `replies`: what they are answered with; `out_of_the_blue`: what
//!   belongs to no association.
//! - `heartbeat`, `mtu`, `path`: whether and how much the path carries. `reconfiguration`: streams
//!   reset and added.
//! - `tx`: data on its way out; [`congestion`]: how much of it. `rx`: data on its way in.
//! - [`packet`]: the bytes.

mod association;
mod config;
pub mod congestion;
mod cookie;
mod cookie_echo;
mod discard;
mod event;
mod heartbeat;
mod message;
mod mtu;
mod out_of_the_blue;
pub mod packet;
mod path;
mod peer;
mod reading;
mod reconfiguration;
mod replies;
mod rx;
mod session;
mod setup;
mod shutdown;
mod stats;
mod tx;

pub use association::Association;
pub use config::{Config, Extensions, Rto};
pub use congestion::Congestion;
pub use discard::{Discard, Discards};
pub use event::{CloseReason, Event, ReconfigureError, SendError};
pub use message::{Message, Part, Payload, Received, Reliability};
pub use packet::{Ppid, StreamId};
pub use stats::Stats;
pub use tx::Scheduling;
