//! Requests that wait for an answer (RFC 8489 section 6.2.1, RFC 8445 section 14.3).

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeMap;

use icelab_sans_io::Instant;
use icelab_stun::TransactionId;

use crate::config::Role;
use crate::event::CheckPurpose;
use crate::pair::PairId;
use crate::path::PathId;

/// A request and what is known about its answers.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    pub(crate) purpose: Purpose,
    pub(crate) generation: u32,
    pub(crate) component: u16,
    pub(crate) base: SocketAddr,
    pub(crate) destination: SocketAddr,
    /// The role that the request claims.
    pub(crate) role: Role,
    /// What PRIORITY says.
    pub(crate) priority: u32,
    /// The rank of the nomination that it carries.
    pub(crate) nomination: Option<u32>,
    pub(crate) request: Vec<u8>,
    pub(crate) first_sent: Instant,
    pub(crate) last_sent: Instant,
    /// How many requests went out.
    pub(crate) attempt: u32,
    /// How long until the next one.
    pub(crate) interval: Duration,
    pub(crate) expires: Instant,
    /// No more requests, and silence is no failure, but an answer counts (section 7.3.1.4).
    pub(crate) is_cancelled: bool,
}

impl Transaction {
    /// What an answer at `now` tells of the round trip, of which `known` was measured before. An answer
    /// to a repeated request may belong to any of them (Karn's algorithm, RFC 6298 section 3): then what
    /// is known stays, or else the longest that it can be is taken, so that no timer runs too fast.
    pub(crate) fn round_trip(&self, known: Option<Duration>, now: Instant) -> Duration {
        match known {
            Some(known) if self.attempt > 1 => known,
            Some(_) | None => now - self.first_sent,
        }
    }
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To check a pair.
    Check(PairId, CheckPurpose),
    /// To nominate a valid pair.
    Nominate(PathId),
    /// To see whether a valid pair still works; sent once (RFC 7675 section 5.1).
    Refresh(PathId, CheckPurpose),
    /// To find out whether a valid pair that did not answer that is dead.
    Verify(PathId),
}

impl Purpose {
    pub(crate) const fn word(self) -> CheckPurpose {
        match self {
            Self::Check(_, purpose) | Self::Refresh(_, purpose) => purpose,
            Self::Nominate(_) => CheckPurpose::Triggered,
            Self::Verify(_) => CheckPurpose::Verification,
        }
    }
}

/// All of an agent's transactions.
#[derive(Debug, Default)]
pub(crate) struct Transactions {
    by_id: BTreeMap<TransactionId, Transaction>,
}

impl Transactions {
    pub(crate) fn insert(&mut self, id: TransactionId, transaction: Transaction) {
        self.by_id.insert(id, transaction);
    }

    pub(crate) fn get(&self, id: TransactionId) -> Option<&Transaction> {
        self.by_id.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: TransactionId) -> Option<&mut Transaction> {
        self.by_id.get_mut(&id)
    }

    pub(crate) fn remove(&mut self, id: TransactionId) -> Option<Transaction> {
        self.by_id.remove(&id)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// The ids of those that `wanted` wants.
    pub(crate) fn ids(&self, wanted: impl Fn(&Transaction) -> bool) -> Vec<TransactionId> {
        let wanted = self.by_id.iter().filter(|(_, transaction)| wanted(transaction));
        wanted.map(|(id, _)| *id).collect()
    }

    /// The cancelled one that was sent first.
    pub(crate) fn oldest_cancelled(&self) -> Option<TransactionId> {
        let cancelled = self.by_id.iter().filter(|(_, transaction)| transaction.is_cancelled);
        cancelled.min_by_key(|(id, transaction)| (transaction.first_sent, **id)).map(|(id, _)| *id)
    }
}

/// RFC 8445 section 14.3: `MAX(500 ms, Ta * N * (waiting + in progress))`. N is the number of check
/// lists, here 1, as in RFC 5245 section 16.1, from which the formula comes: with RFC 8445's "total
/// number of checks" twenty pairs would wait twenty seconds for their second request.
pub(crate) fn retransmission_timeout(pacing: Duration, active: usize) -> Duration {
    let active = u32::try_from(active).unwrap_or(u32::MAX);
    LEAST_TIMEOUT.max(pacing.saturating_mul(active))
}

/// RFC 8445 section 14.3: no RTO is smaller.
pub(crate) const LEAST_TIMEOUT: Duration = Duration::from_millis(500);

/// Rc: how many requests a transaction sends at most (RFC 8489 section 6.2.1).
pub(crate) const REQUESTS: u32 = 7;

/// How often a request is repeated at steady intervals, where the path is known to carry packets.
pub(crate) const STEADY: u32 = 10;

/// How long a transaction lasts: with the smallest RTO the `(1 + 2 + 4 + 8 + 16 + 32 + 16) * RTO` of
/// RFC 8489 section 6.2.1. A larger RTO sends fewer requests in the same time, so that a list of a
/// hundred dead pairs fails as soon as a short one.
pub(crate) const LONGEST: Duration = Duration::from_millis(39_500);

/// How many transactions may be open beside one for each pair.
pub(crate) const SPARE: usize = 256;
