//! Why something that arrived was dropped.

use std::collections::BTreeMap;

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discards {
    counts: BTreeMap<Discard, u64>,
}

impl Discards {
    /// How many were dropped for `reason`.
    #[must_use]
    pub fn count(&self, reason: Discard) -> u64 {
        self.counts.get(&reason).copied().unwrap_or_default()
    }

    /// Every reason that occurred, with its count.
    pub fn iter(&self) -> impl Iterator<Item = (Discard, u64)> + '_ {
        self.counts.iter().map(|(reason, count)| (*reason, *count))
    }

    /// Adds what another end has counted.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (reason, count) in other.iter() {
            *self.counts.entry(reason).or_default() += count;
        }
    }

    pub(crate) fn add(&mut self, reason: Discard) {
        *self.counts.entry(reason).or_default() += 1;
    }
}
