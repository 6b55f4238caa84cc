//! Paths: valid pairs (RFC 8445 section 7.2.5.3.2) and how alive they are.

use core::net::SocketAddr;
use core::time::Duration;

use icelab_sans_io::Instant;

use crate::candidate::CandidateKind;
use crate::config::Role;
use crate::event::SelectedPair;
use crate::pair::PairId;
use crate::priority::pair_priority;

/// A valid pair. The selected ones outlive their session until the next one has its own.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    /// The session in which it became valid.
    pub(crate) generation: u32,
    pub(crate) component: u16,
    pub(crate) pair: SelectedPair,
    pub(crate) priority: u64,
    /// What the candidate is that packets are sent from.
    pub(crate) base_kind: CandidateKind,
    /// What PRIORITY says in its checks (section 7.1.1).
    pub(crate) check_priority: u32,
    /// The pair whose check made it valid; a lite agent has none.
    pub(crate) checked_by: Option<PairId>,
    /// Set once it was nominated and its own check answered.
    pub(crate) nomination: Option<Nominated>,
    pub(crate) freshness: Freshness,
    /// Its base is no more.
    pub(crate) is_gone: bool,
}

/// Names a path for the life of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PathId(pub(crate) u64);

/// A nomination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nominated {
    /// The rank that a renominating peer gave it, else 0.
    pub(crate) rank: u32,
    /// Counts up with each nomination.
    pub(crate) order: u64,
}

/// What was heard on a path, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Freshness {
    /// When its latest check was answered.
    pub(crate) answered: Instant,
    /// When anything of the peer's arrived.
    pub(crate) heard: Instant,
    /// When anything was sent.
    pub(crate) sent: Instant,
    pub(crate) liveness: Liveness,
}

/// Whether a path works, for all that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Liveness {
    Alive,
    /// A check was not answered in time, so another was sent.
    Doubtful(Instant),
    /// That was not answered either; doubtful since.
    Dead(Instant),
}

impl Freshness {
    /// Fresh from `now`.
    pub(crate) const fn new(now: Instant) -> Self {
        Self { answered: now, heard: now, sent: now, liveness: Liveness::Alive }
    }
}

impl Path {
    pub(crate) fn is_alive(&self) -> bool {
        self.freshness.liveness == Liveness::Alive && !self.is_gone
    }

    /// Whether it counts as disconnected.
    pub(crate) const fn is_dead(&self) -> bool {
        matches!(self.freshness.liveness, Liveness::Dead(_)) || self.is_gone
    }

    pub(crate) const fn base(&self) -> SocketAddr {
        self.pair.base
    }

    pub(crate) const fn destination(&self) -> SocketAddr {
        self.pair.destination
    }

    /// Whether either end is a relay.
    pub(crate) fn is_relayed(&self) -> bool {
        [self.base_kind, self.pair.remote.kind].contains(&CandidateKind::Relayed)
    }

    /// How long an answer may reasonably take.
    pub(crate) fn patience(&self) -> Duration {
        let round_trip = self.pair.round_trip.unwrap_or_default();
        Duration::from_millis(500).max(round_trip.saturating_mul(3))
    }

    pub(crate) const fn update_priority(&mut self, role: Role) {
        self.priority = pair_priority(role, self.pair.local.priority, self.pair.remote.priority);
    }
}
