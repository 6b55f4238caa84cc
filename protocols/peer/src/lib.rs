//! One end of a call: network interfaces in, application data over the best path out.
//!
//! A [`Peer`] opens sockets on every interface, gathers candidates through STUN and TURN, exchanges
//! them with the other end over whatever signalling the application has, runs the ICE agent over
//! them, and carries the application's messages under DTLS over the pair that was selected: in data
//! channels where it is told to have some, one to a record otherwise.
//!
//! - [`peer`](Peer): the commands, and which input goes to which layer.
//! - [`config`](Config), [`event`](Event), [`signal`](Signal), [`discard`](Discard): what goes in and
//!   out.
//! - `interfaces`, `gathering`: RFC 8445 section 5.1.1.
//! - `relay`: RFC 8656; `negotiation`: RFC 8839 and 8838.
//! - `security`: RFC 8842, the DTLS connection over the pair that ICE found.
//! - `channels`: RFC 8831, the data channels over that connection.
//! - `socket`, `preference`: what is open, and what comes first (RFC 8421).
//! - `settle`: how the layers inside hand their work to each other.

mod channels;
mod config;
mod discard;
mod event;
mod gathering;
mod interfaces;
mod negotiation;
mod peer;
mod preference;
mod relay;
mod security;
mod settle;
mod signal;
mod socket;

pub use channels::OpenChannelError;
pub use config::{Config, Handshake, IceServer, Policy, RoleChoice, Trickle};
pub use discard::{Discard, Discards};
pub use event::{Event, GatheringFailure};
pub use peer::{Peer, SendError};
pub use signal::{Description, Setup, Signal};
