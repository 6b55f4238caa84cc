//! Candidate pairs (RFC 8445 section 6.1.2).

use core::net::SocketAddr;

use icelab_stun::TransactionId;

use crate::event::CheckFailure;
use crate::path::PathId;

/// A pair of the check list. Its local candidate is one that packets can be sent from: reflexive
/// ones are replaced by their base (section 6.1.2.4).
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) id: PairId,
    pub(crate) component: u16,
    /// Index into the session's local candidates.
    pub(crate) local: usize,
    /// Index into the session's remote candidates.
    pub(crate) remote: usize,
    pub(crate) base: SocketAddr,
    pub(crate) destination: SocketAddr,
    pub(crate) priority: u64,
    /// The number of the pair's foundation within the check list.
    pub(crate) foundation: usize,
    pub(crate) progress: Phase,
    /// The rank of a nomination by the peer that waits for this side's own check (section 7.3.1.5).
    pub(crate) nomination: Option<u32>,
    pub(crate) requests_sent: u64,
    /// How often it was checked anew since nothing but the answer was missing.
    pub(crate) renewed: u32,
    /// How often the peer answered with a server error.
    pub(crate) server_errors: u8,
    /// Consent was lost here, and these credentials must not be used again (RFC 7675 section 5.1).
    pub(crate) is_barred: bool,
}

/// Names a pair within a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PairId(pub(crate) u32);

/// Section 6.1.2.6's states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Frozen,
    Waiting,
    InProgress(TransactionId),
    /// With the valid pair that its check made.
    Succeeded(PathId),
    Failed(CheckFailure),
}

impl Phase {
    /// Whether a check of the pair may still succeed.
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::Frozen | Self::Waiting | Self::InProgress(_))
    }
}
