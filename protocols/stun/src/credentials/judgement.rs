//! What to do with a response, as far as credentials decide it.

/// How the mechanism judges a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is authentic, or nothing in it needs to be: process it.
    Accept {
        /// Whether its integrity was checked and held.
        authenticated: bool,
    },
    /// The server wants other credentials: send the request again as a new transaction.
    Retry,
    /// Act as if it had never arrived; retransmission goes on.
    Discard(Flaw),
    /// The transaction has failed, and trying again would not help.
    Fail(Refusal),
}

/// Why a response is to be discarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flaw {
    /// It carries no integrity attribute where it must, or not the agreed one.
    Unprotected,
    /// Its integrity attribute does not hold.
    BadIntegrity,
    /// Its nonce claims features that the response lacks (RFC 8489 section 9.2.5).
    BidDown,
}

/// Why the mechanism gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// The server does not accept these credentials.
    WrongCredentials,
    /// The challenge lacks a realm or a nonce, or one of them is no text.
    BrokenChallenge,
    /// The challenge contradicts its nonce cookie: somebody between may have removed its
    /// stronger algorithms (RFC 8489 section 9.2.5).
    BidDown,
    /// The server offers no password algorithm that is known here.
    NoKnownAlgorithm,
    /// The server kept calling nonces stale that it had just handed out.
    AlwaysStale,
}
