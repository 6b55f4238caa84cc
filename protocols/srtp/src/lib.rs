//! SRTP (RFC 3711, RFC 7714): media packets protected and opened in place. Pure: no state but the
//! counters of the streams.
//!
//! - [`profile`](Profile): which transforms. [`MasterKey`]: from where the session's keys come
//!   (`derivation`).
//! - [`sender`](Sender), [`receiver`](Receiver): one direction of a session, all its streams.
//! - `stream`: one stream's counters: roll-over, replay. `transform`: what is done to the bytes.
//! - `header`: where the payload of a packet begins. `error`: why not.

mod derivation;
mod error;
mod header;
mod profile;
mod receiver;
mod sender;
mod stream;
#[cfg(test)]
mod testing;
mod transform;

pub use derivation::MasterKey;
pub use error::{InvalidKey, ProtectError, UnprotectError};
pub use profile::Profile;
pub use receiver::Receiver;
pub use sender::Sender;
