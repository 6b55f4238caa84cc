//! Why input was dropped, and how often.

use crate::credentials::Flaw;

/// Why a datagram was dropped without an answer or an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Discard {
    /// It is no STUN message (RFC 8489 section 6.3).
    NotStun,
    /// FINGERPRINT does not hold (RFC 8489 section 6.3).
    BadFingerprint,
    /// It came to an address that is not ours, or from one that is not the peer's.
    WrongAddress,
    /// Its class or method is none that this side takes.
    Unexpected,
    /// It answers no request in flight.
    UnknownTransaction,
    /// An indication with comprehension-required attributes that are not known here (RFC 8489
    /// section 6.3.2).
    UnknownAttribute,
    /// Its credentials do not hold.
    Credentials(Flaw),
    /// It is an indication that needs no more than having arrived.
    Keepalive,
}

/// How often each reason occurred.
pub type Discards = icelab_sans_io::Discards<Discard>;
