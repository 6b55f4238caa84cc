//! The numbers of the chunks (the IANA registry "SCTP Chunk Types").

use crate::packet::list::element;
use crate::packet::unrecognized::Unrecognized;

/// What a chunk is, by its registered number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkType(pub u8);

impl ChunkType {
    /// DATA (RFC 9260).
    pub const DATA: Self = Self(0);
    /// INIT (RFC 9260).
    pub const INIT: Self = Self(1);
    /// INIT ACK (RFC 9260).
    pub const INIT_ACK: Self = Self(2);
    /// SACK (RFC 9260).
    pub const SACK: Self = Self(3);
    /// HEARTBEAT (RFC 9260).
    pub const HEARTBEAT: Self = Self(4);
    /// HEARTBEAT ACK (RFC 9260).
    pub const HEARTBEAT_ACK: Self = Self(5);
    /// ABORT (RFC 9260).
    pub const ABORT: Self = Self(6);
    /// SHUTDOWN (RFC 9260).
    pub const SHUTDOWN: Self = Self(7);
    /// SHUTDOWN ACK (RFC 9260).
    pub const SHUTDOWN_ACK: Self = Self(8);
    /// ERROR (RFC 9260).
    pub const ERROR: Self = Self(9);
    /// COOKIE ECHO (RFC 9260).
    pub const COOKIE_ECHO: Self = Self(10);
    /// COOKIE ACK (RFC 9260).
    pub const COOKIE_ACK: Self = Self(11);
    /// ECNE (reserved by RFC 9260).
    pub const ECNE: Self = Self(12);
    /// CWR (reserved by RFC 9260).
    pub const CWR: Self = Self(13);
    /// SHUTDOWN COMPLETE (RFC 9260).
    pub const SHUTDOWN_COMPLETE: Self = Self(14);
    /// I-DATA (RFC 8260).
    pub const I_DATA: Self = Self(64);
    /// RE-CONFIG (RFC 6525).
    pub const RE_CONFIG: Self = Self(130);
    /// PAD (RFC 4820).
    pub const PAD: Self = Self(132);
    /// FORWARD TSN (RFC 3758).
    pub const FORWARD_TSN: Self = Self(192);
    /// I-FORWARD-TSN (RFC 8260).
    pub const I_FORWARD_TSN: Self = Self(194);

    /// What a receiver that does not know the type does with the chunk.
    #[must_use]
    pub const fn unrecognized(self) -> Unrecognized {
        Unrecognized::from_bits(self.0 >> 6)
    }
}

element!(ChunkType, 1, |bytes| Self(u8::from_be_bytes(bytes)), |kind| [kind.0]);
