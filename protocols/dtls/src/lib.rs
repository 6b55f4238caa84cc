//! DTLS 1.2 (RFC 6347) and 1.3 (RFC 9147), sans-IO, both roles.
//!
//! - [`dtls`](Dtls): one end: commands, dispatch. [`config`](Config), [`event`](Event),
//!   [`discard`](Discard).
//! - `receiving`: from datagrams to messages. `restart`: a client that begins anew.
//! - `handshake`: who says what when. `connection`, `post_handshake`, `connection_ids`: what follows.
//! - `core`: what every stage shares; `sending`, `acknowledging`: flights and ACKs on their way;
//!   `flight`, `reassembly`, `ranges`, `waiting`: messages in pieces.
//! - `record`: protection, numbers, replay. `keys`: from shared secrets to keys. `transcript`.
//! - [`wire`]: the bytes.

mod acknowledging;
mod config;
mod connection;
mod connection_ids;
mod core;
mod discard;
mod dtls;
mod event;
mod flight;
mod handshake;
mod keys;
mod post_handshake;
mod ranges;
mod reassembly;
mod receiving;
mod record;
mod restart;
mod sending;
#[cfg(test)]
mod testing;
mod transcript;
mod waiting;
pub mod wire;

pub use config::{AddressCheck, Config, Retransmission, Role};
pub use discard::{Discard, Discards};
pub use dtls::Dtls;
pub use event::{
    CloseReason, Connected, ConnectionIdError, Event, ExportError, MasterKey, SendError, SrtpKeys,
};
pub use wire::alert::AlertDescription;
pub use wire::extension::use_srtp::SrtpProfile;
pub use wire::group::NamedGroup;
pub use wire::suite::CipherSuite;
pub use wire::version::Version;
