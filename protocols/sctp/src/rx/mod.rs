//! The receiving side.
//!
//! - `tsns`: which chunks have arrived.
//! - `pieces`: fragments on their way to being a message; `inbound`: the messages of a stream.
//! - `receiver`: all of it together; when to acknowledge, and with what.

mod inbound;
mod pieces;
mod receiver;
mod tsns;

pub(crate) use receiver::{Receiver, Taken};
