//! Why a packet is not protected or opened.

use thiserror::Error;

/// A key or a salt does not have the length that its profile wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the master key or salt does not have the profile's length")]
pub struct InvalidKey;

/// Why a packet cannot be protected. It is left as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProtectError {
    /// It is no RTP or RTCP packet.
    #[error("not a packet of version 2 with a whole header")]
    Malformed,
    /// No datagram could hold it.
    #[error("longer than a datagram")]
    TooLong,
    /// Its sequence number protected a packet under these keys, or is too old to tell (RFC 3711 section
    /// 9.1): the same keystream would hide two packets.
    #[error("the sequence number was used, or is too old to tell")]
    Repeated,
    /// The keys have protected as many packets as they may (RFC 3711 section 9.2).
    #[error("the keys have served their time: new ones are due")]
    KeyExhausted,
    /// There is no room for another stream.
    #[error("too many streams in one session")]
    TooManyStreams,
}

/// Why a packet is dropped. What the buffer then holds is unspecified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum UnprotectError {
    /// It is too short, or no packet of version 2.
    #[error("not a packet of version 2 with a whole header and tag")]
    Malformed,
    /// It was received before, or is too old to tell (RFC 3711 section 3.3.2).
    #[error("received before, or too old to tell")]
    Replayed,
    /// Its tag does not belong to it.
    #[error("the tag does not fit the packet")]
    Forged,
    /// There is no room for another stream.
    #[error("too many streams in one session")]
    TooManyStreams,
}
