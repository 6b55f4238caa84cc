//! Why bytes are no packet, or no chunk.

use icelab_wire::DecodeError;
use thiserror::Error;

use super::chunk::{ChunkType, InitFault};
use super::number::{Tsn, VerificationTag};

/// Why a datagram is not an SCTP packet: it is discarded silently (RFC 9260 section 6.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PacketError {
    /// It is shorter than the common header.
    #[error("the packet is shorter than its header")]
    Truncated,
    /// Its checksum is wrong.
    #[error("the checksum is wrong")]
    Checksum,
    /// One of its ports is 0, which must not be used (RFC 9260 section 3.1).
    #[error("a port is 0")]
    Port,
}

/// Why a chunk could not be read.
///
/// Where the RFC has an answer of its own to the fault, the error carries what the answer needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ChunkError {
    /// The chunk runs past the packet, or is shorter than its header. Nothing after it can be read.
    #[error("a chunk does not fit its packet: {0}")]
    Framing(DecodeError),
    /// The chunk is not what its type says.
    #[error("a chunk of type {} is malformed: {error}", .kind.0)]
    Malformed {
        /// What it claims to be.
        kind: ChunkType,
        /// What is wrong with it.
        error: DecodeError,
    },
    /// A mandatory value of an INIT or INIT ACK chunk is not allowed (RFC 9260 sections 3.3.2 and
    /// 3.3.3).
    #[error("a chunk of type {} is refused: {fault}", .kind.0)]
    Init {
        /// INIT or INIT ACK.
        kind: ChunkType,
        /// The tag that an ABORT chunk in answer carries.
        initiate_tag: VerificationTag,
        /// What is not allowed.
        fault: InitFault,
    },
    /// A DATA or I-DATA chunk has no user data (RFC 9260 section 6.2).
    #[error("the chunk of TSN {tsn} has no user data")]
    NoUserData {
        /// Its number, for the error cause of that name.
        tsn: Tsn,
    },
}

/// A chunk does not fit into what is left of the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the chunk does not fit into the packet")]
pub struct NoRoom;
