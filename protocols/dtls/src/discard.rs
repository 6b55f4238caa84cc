//! Why something that arrived was dropped.

/// Why a datagram, a record or a message was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Discard {
    /// The bytes are no record.
    Malformed,
    /// A protected record of 1.2 names another version.
    Version,
    /// It is longer than a record may be.
    TooLong,
    /// It could not be opened (RFC 9147 section 4.5.2).
    Forged,
    /// Its number was seen before, or is too old to tell (RFC 9147 section 4.5.1).
    Replayed,
    /// No keys for its epoch are at hand, and none are to come.
    Epoch,
    /// Something without protection came where protection is due.
    Unprotected,
    /// There is no room to keep it for later.
    NoRoom,
    /// A fragment contradicts another one of its message.
    Contradiction,
    /// It has no place here: a message before the start, an ACK in 1.2.
    Unexpected,
    /// A cookie is wrong or too old (RFC 6347 section 4.2.1, RFC 9147 section 5.1).
    Cookie,
    /// The connection is closed.
    Closed,
}

/// How many were dropped, by reason.
pub type Discards = icelab_sans_io::Discards<Discard>;
