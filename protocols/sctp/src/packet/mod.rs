//! Packets and the chunks in them (RFC 9260 section 3). Pure: bytes in, values out, nothing decided.
//!
//! - [`Packet`]: a datagram read in place, without a copy; [`PacketWriter`]: one built.
//! - [`chunk`]: what a packet holds, one file for each kind. What is read can be written again: the
//!   same types serve both ways.
//! - [`parameter`]: what some chunks hold; [`cause`]: why an end aborts or complains.
//! - `number`: ids and the numbers that wrap; `list`: many of them in place.
//! - `header`, `checksum`, `tlv`: what all packets, parameters and causes share.

pub mod cause;
mod checksum;
pub mod chunk;
mod error;
mod header;
mod list;
mod number;
pub mod parameter;
mod reading;
mod tlv;
mod unrecognized;
mod writing;

pub use checksum::{Checksum, ChecksumPolicy};
pub use error::{ChunkError, NoRoom, PacketError};
pub use header::Header;
pub use list::{Element, Elements, List};
pub use number::{Fsn, Mid, Ppid, RequestNumber, Ssn, StreamId, Tsn, VerificationTag};
pub use reading::{Chunks, Packet, RawChunks};
pub use unrecognized::Unrecognized;
pub use writing::PacketWriter;
