//! Byte readers and writers for wire formats.
//!
//! - [`reader`]: takes fields off the front of a buffer, in order, without offsets.
//! - [`writer`]: puts fields at the back of a growing buffer.
//! - [`error`]: the one way in which bytes can fail to be a message.
//! - [`serial`]: the order of numbers that wrap around (RFC 1982).

mod error;
mod reader;
mod serial;
mod writer;

pub use error::DecodeError;
pub use reader::Reader;
pub use serial::{Serial16, Serial32};
pub use writer::Writer;
