//! Getters: look, change nothing.

use core::net::SocketAddr;

use crate::agent::Agent;
use crate::candidate::{Candidate, CandidateKind};
use crate::config::{Config, Role};
use crate::credentials::Credentials;
use crate::discard::Discards;
use crate::event::SelectedPair;
use crate::pair::Phase;
use crate::path::Path;
use crate::state::State;

/// Getters.
impl Agent {
    /// The credentials to be sent to the peer.
    #[must_use]
    pub fn local_credentials(&self) -> &Credentials {
        &self.keys().local
    }

    /// The state.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// The role.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// How often it was restarted.
    #[must_use]
    pub const fn generation(&self) -> u32 {
        self.session.generation
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The selected pair of a component; after a restart the former one, until there is a new one.
    #[must_use]
    pub fn selected_pair(&self, component: u16) -> Option<&SelectedPair> {
        let path = self.selected.get(&component)?;
        self.paths.get(path).map(|path| &path.pair)
    }

    /// The pair that data of a component would be sent over now: the selected one, or else the best
    /// valid one (RFC 8445 section 12.1).
    #[must_use]
    pub fn sending_pair(&self, component: u16) -> Option<&SelectedPair> {
        let is_able = !matches!(self.state, State::New | State::Failed | State::Closed);
        let path = self.sending_path(component).filter(|_| is_able)?;
        self.paths.get(&path).map(|path| &path.pair)
    }

    /// The valid pairs of a component, best first.
    pub fn valid_pairs(&self, component: u16) -> impl Iterator<Item = &SelectedPair> {
        let mut paths: Vec<&Path> = self.valid_paths(component).map(|(_, path)| path).collect();
        paths.sort_by_key(|path| core::cmp::Reverse(path.priority));
        paths.into_iter().map(|path| &path.pair)
    }

    /// The pairs of the check list, highest priority first.
    pub fn pairs(&self) -> impl Iterator<Item = PairInfo> + '_ {
        self.session.check_list.pairs().map(|pair| {
            let (state, path) = match pair.progress {
                Phase::Frozen => (PairState::Frozen, None),
                Phase::Waiting => (PairState::Waiting, None),
                Phase::InProgress(_) => (PairState::InProgress, None),
                Phase::Succeeded(path) => (PairState::Succeeded, self.paths.get(&path)),
                Phase::Failed(_) => (PairState::Failed, None),
            };
            let kind = |candidate: Option<&Candidate>| {
                candidate.map_or(CandidateKind::PeerReflexive, |candidate| candidate.kind)
            };
            PairInfo {
                component: pair.component,
                base: pair.base,
                local_kind: kind(self.session.locals.get(pair.local).map(|c| &c.candidate)),
                remote: pair.destination,
                remote_kind: kind(self.session.remotes.get(pair.remote).map(|c| &c.candidate)),
                priority: pair.priority,
                state,
                is_nominated: path.is_some_and(|path| path.nomination.is_some()),
                requests_sent: pair.requests_sent,
            }
        })
    }

    /// The local candidates of this session, learned ones included.
    pub fn local_candidates(&self) -> impl Iterator<Item = &Candidate> + '_ {
        self.session.locals.iter().map(|local| &local.candidate)
    }

    /// The remote candidates of this session, learned ones included.
    pub fn remote_candidates(&self) -> impl Iterator<Item = &Candidate> + '_ {
        self.session.remotes.iter().map(|remote| &remote.candidate)
    }

    /// How many datagrams were dropped, and why.
    #[must_use]
    pub const fn discards(&self) -> &Discards {
        &self.discards
    }
}

/// A pair of the check list, to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairInfo {
    /// Which component.
    pub component: u16,
    /// From where its checks are sent.
    pub base: SocketAddr,
    /// What the local candidate is.
    pub local_kind: CandidateKind,
    /// Where its checks are sent to.
    pub remote: SocketAddr,
    /// What the remote candidate is.
    pub remote_kind: CandidateKind,
    /// Its priority.
    pub priority: u64,
    /// Its state.
    pub state: PairState,
    /// Whether it is nominated.
    pub is_nominated: bool,
    /// How many requests its checks took.
    pub requests_sent: u64,
}

/// The state of a pair (RFC 8445 section 6.1.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PairState {
    /// Waits for another pair of its foundation.
    Frozen,
    /// Will be checked.
    Waiting,
    /// Is being checked.
    InProgress,
    /// Was answered.
    Succeeded,
    /// Was not answered, or not well.
    Failed,
}
