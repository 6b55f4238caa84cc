//! Byte readers and writers for wire formats.
//!
//! - [`Reader`]: takes fields off the front of a buffer, in order, without offsets.
//! - [`Writer`]: puts fields at the back of a growing buffer.
//! - [`DecodeError`]: the one way in which bytes can fail to be a message.
//! - [`Serial16`], [`Serial32`]: the order of numbers that wrap around (RFC 1982).

mod error;
mod reader;
mod replay;
mod serial;
mod writer;

pub use error::DecodeError;
pub use reader::Reader;
pub use replay::ReplayWindow;
pub use serial::{Serial16, Serial32};
pub use writer::Writer;
