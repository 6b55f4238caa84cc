//! Why datagrams are dropped, and how many were.

use std::collections::BTreeMap;

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discards(BTreeMap<Discard, u64>);

impl Discards {
    /// How many for this reason.
    #[must_use]
    pub fn count(&self, reason: Discard) -> u64 {
        self.0.get(&reason).copied().unwrap_or(0)
    }

    /// All reasons that occurred.
    pub fn iter(&self) -> impl Iterator<Item = (Discard, u64)> + '_ {
        self.0.iter().map(|(reason, count)| (*reason, *count))
    }

    pub(crate) fn add(&mut self, reason: Discard) {
        *self.0.entry(reason).or_default() += 1;
    }
}
