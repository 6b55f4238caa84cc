//! Why something that arrived was dropped.

/// Why a packet or a chunk was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Discard {
    /// The bytes are no packet.
    Malformed,
    /// The checksum is wrong (RFC 9260 section 6.8).
    Checksum,
    /// The ports are not those of this association.
    Port,
    /// The verification tag is wrong (RFC 9260 section 8.5).
    Tag,
    /// A chunk is not what its type says, or does not fit its packet.
    Chunk,
    /// A chunk stands with others and must not (RFC 9260 section 6.10).
    Bundling,
    /// A chunk has no place in this state.
    Unexpected,
    /// A chunk's type is not known (RFC 9260 section 3.2).
    UnknownChunk,
    /// A state cookie was not made here, or is too old (RFC 9260 section 5.1.5).
    Cookie,
    /// A SACK that an other one has overtaken (RFC 9260 section 6.2.1 D i).
    OldSack,
    /// Data that had arrived before.
    Duplicate,
    /// There is no room for data.
    NoRoom,
    /// Data for a stream that there is not (RFC 9260 section 6.5).
    NoSuchStream,
    /// Data of a message that is over.
    Stale,
    /// The association is over.
    Closed,
}

/// How many were dropped, by reason.
pub type Discards = icelab_sans_io::Discards<Discard>;
