//! The sending side.
//!
//! - `outbox`: messages that wait, cut into fragments as packets have room; `schedule`: whose turn it
//!   is (RFC 8260 section 3).
//! - `flight`: chunks under way and what SACKs say of them.
//! - `recovery`: which of them are lost; `rto`: how long to wait; `rate`, `pacer`: how fast.
//! - `peer_window`: what the peer has room for.
//! - `sender`: all of it together.

mod flight;
mod outbox;
mod pacer;
mod peer_window;
mod rate;
mod recovery;
mod rto;
mod schedule;
mod sender;

pub(crate) use flight::LongTsn;
pub(crate) use outbox::{News, Outbox};
pub use rate::RateSample;
pub(crate) use rto::{RoundTrip, first_timeout};
pub use schedule::Scheduling;
pub(crate) use sender::{Agreed, Expired, Sender, lengthen};
