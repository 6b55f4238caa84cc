//! What a peer drops, by reason.

/// Why an input was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Discard {
    /// A datagram to an address where no socket of this peer is.
    NoSocket,
    /// A notice about a stream; this peer opens none.
    NoStream,
    /// A socket was opened that nobody asked for.
    NotAskedFor,
    /// An ICMP error that says nothing about whether the other end can be reached.
    Icmp,
    /// A signal about credentials that are not the ones in use.
    OtherCredentials,
    /// A datagram of none of the protocols that share a pair (RFC 7983).
    NoProtocol,
    /// More DTLS than can wait until it is known who the other side is and there is a pair.
    NotReady,
    /// An answer that no offer waits for.
    UnexpectedAnswer,
    /// An offer that collided with our own, which counts.
    Glare,
    /// A signal after the end.
    AfterClose,
    /// More candidates than anyone has.
    TooManyCandidates,
}

/// How many inputs were dropped, by reason.
pub type Discards = icelab_sans_io::Discards<Discard>;
