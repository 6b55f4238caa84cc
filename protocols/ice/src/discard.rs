//! Why datagrams are dropped, and how many were.

/// Why a datagram was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Discard {
    /// It arrived at an address that is no local candidate's base.
    UnknownBase,
    /// It looks like STUN and is not.
    Malformed,
    /// FINGERPRINT is missing or wrong (RFC 8445 section 7.3).
    Fingerprint,
    /// It is STUN, but neither a Binding request, nor a response, nor an indication.
    Method,
    /// A response to nothing that was asked.
    UnknownTransaction,
    /// A response that is not signed by the peer.
    Integrity,
    /// A success response without a mapped address, or with unknown demands.
    Response,
    /// Data from where no check has passed.
    UncheckedSource,
    /// A request that would make more to remember than is allowed.
    Limit,
    /// The agent is closed.
    Closed,
}

/// How many datagrams were dropped, by reason.
pub type Discards = icelab_sans_io::Discards<Discard>;
