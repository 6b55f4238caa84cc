//! Lite agents (RFC 8445 sections 7.3.2 and 8.2): they answer checks and send none.

use icelab_sans_io::Instant;

use crate::agent::Agent;
use crate::candidate::{Address, Candidate, CandidateKind, CandidateTransport};
use crate::config::Role;
use crate::event::SelectedPair;
use crate::foundation::Foundation;
use crate::path::{Freshness, Path, PathId};
use crate::priority::pair_priority;
use crate::session::{CheckRequest, Gathering};

impl Agent {
    /// Section 7.3.2: a full peer's nomination makes a pair valid, and nominated.
    pub(crate) fn accept_lite(&mut self, request: CheckRequest, now: Instant) {
        let Some(rank) = request.nomination.filter(|_| self.role == Role::Controlled) else {
            return;
        };
        self.note_naming(request, now);
        let generation = self.session.generation;
        let known = self.paths.iter().find(|(_, path)| {
            path.generation == generation
                && path.base() == request.base
                && path.destination() == request.source
        });
        let known = known.map(|(id, _)| *id);
        let path = known.or_else(|| self.make_lite_path(request, now));
        if let Some(path) = path {
            self.nominated(path, rank, now);
        }
    }

    fn make_lite_path(&mut self, request: CheckRequest, now: Instant) -> Option<PathId> {
        let local = self.session.local_at(request.base)?;
        let component = request.component;
        let remote = self.session.remote_at(request.source, component);
        let remote = remote.and_then(|remote| self.session.remotes.get(remote));
        let remote = remote.map_or_else(
            || Candidate {
                foundation: Foundation::arbitrary(0),
                component,
                transport: CandidateTransport::Udp,
                priority: request.priority,
                address: Address::Socket(request.source),
                kind: CandidateKind::PeerReflexive,
                related: None,
                extensions: Vec::new(),
            },
            |remote| remote.candidate.clone(),
        );
        // A peer that nominates from ever new addresses keeps the latest ones only.
        let count = self.valid_paths(component).count();
        let selected = self.selected.get(&component).copied();
        let oldest = self.valid_paths(component).map(|(id, _)| id).find(|id| Some(*id) != selected);
        if let Some(oldest) = oldest.filter(|_| count > self.config.standby) {
            self.drop_path(oldest);
        }
        self.add_lite_path(local, remote, now)
    }

    fn add_lite_path(&mut self, local: usize, remote: Candidate, now: Instant) -> Option<PathId> {
        let local = self.session.locals.get(local)?;
        let (base, local) = (local.base, local.candidate.clone());
        let destination = remote.socket()?;
        let id = self.new_path_id();
        let priority = pair_priority(self.role, local.priority, remote.priority);
        let check_priority = local.priority;
        let path = Path {
            generation: self.session.generation,
            component: local.component,
            pair: SelectedPair { local, base, remote, destination, round_trip: None },
            priority,
            base_kind: CandidateKind::Host,
            check_priority,
            checked_by: None,
            nomination: None,
            freshness: Freshness::new(now),
            is_gone: false,
        };
        self.paths.insert(id, path);
        Some(id)
    }

    /// Section 8.2: two lite agents send no checks at all; each takes the best pair of candidates
    /// once it knows all of them. Both order the pairs alike, so both take the same.
    pub(crate) fn conclude_lite(&mut self, now: Instant) {
        let session = &self.session;
        let is_ready = self.config.lite
            && session.remote_is_lite
            && self.keys().remote.is_some()
            && session.local_candidates == Gathering::Ended
            && session.remote_candidates == Gathering::Ended;
        if !is_ready {
            return;
        }
        for component in self.components.clone() {
            if self.current_selection(component).is_none()
                && let Some((local, remote)) = self.best_lite_pair(component)
                && let Some(path) = self.add_lite_path(local, remote, now)
            {
                self.nominated(path, 0, now);
            }
        }
    }

    fn best_lite_pair(&self, component: u16) -> Option<(usize, Candidate)> {
        let session = &self.session;
        let locals = session
            .locals
            .iter()
            .enumerate()
            .filter(|(_, local)| local.candidate.component == component && !local.is_gone);
        let pairs = locals.flat_map(|(index, local)| {
            let fitting = session.remotes.iter().filter(move |remote| {
                remote.candidate.component == component
                    && remote.address.is_ipv4() == local.address.is_ipv4()
                    && remote.address.port() != 0
            });
            fitting.map(move |remote| {
                let (near, far) = (local.candidate.priority, remote.candidate.priority);
                (pair_priority(self.role, near, far), index, &remote.candidate)
            })
        });
        let best = pairs.max_by_key(|(priority, _, _)| *priority);
        best.map(|(_, local, remote)| (local, remote.clone()))
    }
}
