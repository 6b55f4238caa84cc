//! What belongs to one ICE session, and is forgotten when ICE is restarted.

use core::net::SocketAddr;
use std::collections::{BTreeMap, BTreeSet};

use icelab_sans_io::Rng;
use icelab_stun::Key;

use crate::candidate::{Candidate, CandidateKind};
use crate::check_list::CheckList;
use crate::credentials::Credentials;
use crate::foundation::Foundations;
use crate::nomination::Stage;

/// Candidates and pairs of one session.
#[derive(Debug, Default)]
pub(crate) struct Session {
    pub(crate) generation: u32,
    pub(crate) remote_is_lite: bool,
    pub(crate) foundations: Foundations,
    pub(crate) locals: Vec<Local>,
    pub(crate) remotes: Vec<Remote>,
    pub(crate) local_candidates: Gathering,
    pub(crate) remote_candidates: Gathering,
    pub(crate) check_list: CheckList,
    pub(crate) early: Vec<EarlyRequest>,
    /// Base and source of each valid request: from there data may come.
    pub(crate) sources: BTreeSet<(SocketAddr, SocketAddr)>,
    pub(crate) stages: BTreeMap<u16, Stage>,
    pub(crate) outlook: Outlook,
}

/// Whether more candidates of a side will come (RFC 8838 sections 13 and 14).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Gathering {
    #[default]
    Open,
    Ended,
}

/// What can become of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// It may not fail yet (RFC 8863 section 4).
    #[default]
    Patient,
    /// It fails when nothing is left to be checked.
    Sober,
    /// Nothing was left.
    Failed,
    /// Consent was lost.
    Revoked,
}

/// A local candidate.
#[derive(Clone, Debug)]
pub(crate) struct Local {
    pub(crate) candidate: Candidate,
    pub(crate) address: SocketAddr,
    pub(crate) base: SocketAddr,
    pub(crate) local_preference: u16,
    /// Its base is no more.
    pub(crate) is_gone: bool,
}

/// A remote candidate.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    pub(crate) candidate: Candidate,
    pub(crate) address: SocketAddr,
    pub(crate) origin: Origin,
}

/// How a remote candidate came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Signalled,
    /// From a check (RFC 8445 section 7.3.1.3).
    Learned,
}

/// A request that came before the peer's credentials (section 7.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EarlyRequest {
    pub(crate) ufrag: String,
    pub(crate) request: CheckRequest,
}

/// What matters of a peer's check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CheckRequest {
    pub(crate) base: SocketAddr,
    pub(crate) source: SocketAddr,
    pub(crate) component: u16,
    pub(crate) priority: u32,
    /// The rank, where the request nominates; 0 where it gives none.
    pub(crate) nomination: Option<u32>,
}

/// The credentials of a session, and the keys made of them.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) local: Credentials,
    pub(crate) local_key: Key,
    pub(crate) remote: Option<RemoteKeys>,
}

/// The peer's.
#[derive(Debug)]
pub(crate) struct RemoteKeys {
    pub(crate) credentials: Credentials,
    pub(crate) key: Key,
}

impl Keys {
    pub(crate) fn random(rng: &mut Rng) -> Self {
        let local = Credentials::random(rng);
        // Ice-chars are ASCII: OpaqueString (RFC 8265) leaves them as they are.
        let local_key = Key::from_bytes(local.password().as_bytes());
        Self { local, local_key, remote: None }
    }
}

impl RemoteKeys {
    pub(crate) fn new(credentials: Credentials) -> Self {
        let key = Key::from_bytes(credentials.password().as_bytes());
        Self { credentials, key }
    }
}

impl Session {
    pub(crate) fn new(generation: u32) -> Self {
        Self { generation, ..Self::default() }
    }

    /// The local candidate from which packets with this source are sent: the base itself where it
    /// is a candidate, else one that has it as its base.
    pub(crate) fn local_at(&self, base: SocketAddr) -> Option<usize> {
        let at = |local: &Local| local.base == base && !local.is_gone;
        let is_base = |local: &Local| at(local) && local.address == base;
        let found = self.locals.iter().position(is_base);
        found.or_else(|| self.locals.iter().position(at))
    }

    /// The remote candidate with this address.
    pub(crate) fn remote_at(&self, address: SocketAddr, component: u16) -> Option<usize> {
        let is_it =
            |remote: &Remote| remote.address == address && remote.candidate.component == component;
        self.remotes.iter().position(is_it)
    }

    /// How many local candidates were learned from checks.
    pub(crate) fn learned_locals(&self) -> usize {
        let is_learned = |local: &&Local| local.candidate.kind == CandidateKind::PeerReflexive;
        self.locals.iter().filter(is_learned).count()
    }

    /// How many remote candidates were learned from checks and never signalled.
    pub(crate) fn learned_remotes(&self) -> usize {
        self.remotes.iter().filter(|remote| remote.origin == Origin::Learned).count()
    }
}
