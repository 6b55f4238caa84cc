//! Candidates that come and go, in any order (RFC 8838 sections 9 to 14; RFC 8445 sections 5.1.3 and
//! 6.1.2.2).

use core::net::{IpAddr, SocketAddr};

use icelab_sans_io::net::Transport;

use crate::agent::Agent;
use crate::candidate::{Address, Candidate, CandidateKind, CandidateTransport, LocalCandidate};
use crate::check_list::{Insertion, NewPair};
use crate::event::{Event, Ignored};
use crate::foundation::Properties;
use crate::pair::PairId;
use crate::priority::{candidate_priority, pair_priority, relayed_preference};
use crate::session::{Gathering, Local, Origin, Outlook, Remote};
use crate::state::State;

impl Agent {
    pub(crate) fn add_local(&mut self, new: &LocalCandidate) -> Option<Candidate> {
        if !self.is_wanted(new) {
            return None;
        }
        let preference = match new.kind {
            CandidateKind::Relayed => relayed_preference(new.local_preference, new.relay_transport),
            CandidateKind::Host | CandidateKind::ServerReflexive | CandidateKind::PeerReflexive => {
                new.local_preference
            }
        };
        let (priority, local_preference) =
            self.free_priority(new.kind, preference, new.component)?;
        let properties = Properties {
            kind: new.kind,
            base: new.base.ip(),
            server: new.server.filter(|_| new.kind != CandidateKind::Host),
            transport: new.transport,
        };
        let candidate = Candidate {
            foundation: self.session.foundations.of(properties),
            component: new.component,
            transport: CandidateTransport::Udp,
            priority,
            address: Address::Socket(new.address),
            kind: new.kind,
            related: self.related(new),
            extensions: Vec::new(),
        };
        let (address, base) = (new.address, new.base);
        self.session.locals.push(Local {
            candidate: candidate.clone(),
            address,
            base,
            local_preference,
            is_gone: false,
        });
        let local = self.session.locals.len() - 1;
        for remote in 0..self.session.remotes.len() {
            self.pair_up(local, remote);
        }
        Some(candidate)
    }

    /// Whether a local candidate is of use, and not redundant (section 5.1.3).
    fn is_wanted(&self, new: &LocalCandidate) -> bool {
        let session = &self.session;
        let is_kind_allowed = match new.kind {
            CandidateKind::Host | CandidateKind::ServerReflexive => !self.config.relay_only,
            CandidateKind::Relayed => true,
            CandidateKind::PeerReflexive => false,
        };
        // Section 2.5: lite implementations only use host candidates.
        let is_too_much = self.config.lite && new.kind != CandidateKind::Host;
        let is_redundant = session.locals.iter().any(|local| {
            local.address == new.address
                && local.base == new.base
                && !local.is_gone
                && local.candidate.kind != CandidateKind::PeerReflexive
        });
        // One base serves one component: what arrives there says nothing of components.
        let is_other_components = session.locals.iter().any(|local| {
            local.base == new.base && !local.is_gone && local.candidate.component != new.component
        });
        // RFC 8838 section 13: then none may be signalled, so none is paired (its section 10).
        let is_too_late =
            session.local_candidates == Gathering::Ended || self.pairs_no_more(new.component);
        self.state != State::Closed
            && !is_too_late
            && is_kind_allowed
            && !is_too_much
            && !is_redundant
            && !is_other_components
            && new.transport == Transport::Udp
            && self.components.contains(&new.component)
            && new.address.port() != 0
            && new.base.port() != 0
            && !new.address.ip().is_unspecified()
            && session.locals.len() < self.config.limits.local_candidates
    }

    /// Section 5.1.2: each candidate has a priority of its own; where it is taken, the next
    /// preference below is used.
    fn free_priority(
        &self,
        kind: CandidateKind,
        preference: u16,
        component: u16,
    ) -> Option<(u32, u16)> {
        (0..=preference).rev().find_map(|preference| {
            let priority = candidate_priority(kind, preference, component);
            let is_taken =
                self.session.locals.iter().any(|local| local.candidate.priority == priority);
            (!is_taken).then_some((priority, preference))
        })
    }

    /// RFC 8839 section 5.1: what need not be told is `0.0.0.0` or `::`, port 9.
    fn related(&self, new: &LocalCandidate) -> Option<SocketAddr> {
        if new.kind == CandidateKind::Host {
            return None;
        }
        let nowhere = match new.address.ip() {
            IpAddr::V4(_) => SocketAddr::from(([0; 4], 9)),
            IpAddr::V6(_) => SocketAddr::from(([0; 16], 9)),
        };
        Some(new.related.filter(|_| !self.config.relay_only).unwrap_or(nowhere))
    }

    pub(crate) fn add_remote(&mut self, candidate: Candidate) {
        match self.judge_remote(&candidate) {
            Ok(address) => {
                let component = candidate.component;
                if let Some(known) = self.session.remote_at(address, component) {
                    self.name_remote(known, candidate);
                } else {
                    let origin = Origin::Signalled;
                    self.session.remotes.push(Remote { candidate, address, origin });
                    let remote = self.session.remotes.len() - 1;
                    for local in 0..self.session.locals.len() {
                        self.pair_up(local, remote);
                    }
                }
            }
            Err(why) => self.event(Event::CandidateIgnored { candidate, why }),
        }
    }

    /// The address of a remote candidate that is of use, or why it is not.
    fn judge_remote(&self, candidate: &Candidate) -> Result<SocketAddr, Ignored> {
        let signalled =
            self.session.remotes.iter().filter(|remote| remote.origin == Origin::Signalled);
        if self.state == State::Closed || self.session.remote_candidates == Gathering::Ended {
            return Err(Ignored::AfterEnd);
        }
        if candidate.transport != CandidateTransport::Udp {
            return Err(Ignored::Transport);
        }
        let address = candidate.socket().ok_or(Ignored::Name)?;
        let is_multicast = address.ip().is_multicast();
        if address.port() == 0 || address.ip().is_unspecified() || is_multicast {
            return Err(Ignored::Address);
        }
        if !self.components.contains(&candidate.component) {
            return Err(Ignored::Component);
        }
        if !self.is_of_this_session(candidate) {
            return Err(Ignored::OtherSession);
        }
        if signalled.count() >= self.config.limits.remote_candidates {
            return Err(Ignored::Limit);
        }
        Ok(address)
    }

    /// Browsers name the session of a trickled candidate in a `ufrag` extension.
    fn is_of_this_session(&self, candidate: &Candidate) -> bool {
        let remote = self.keys().remote.as_ref().map(|remote| remote.credentials.ufrag());
        match (candidate.extension("ufrag"), remote) {
            (Some(named), Some(ufrag)) => named == ufrag,
            (None, _) | (_, None) => true,
        }
    }

    /// Candidates may come before the credentials; those of another session go when these come.
    pub(crate) fn drop_other_sessions_candidates(&mut self) {
        let strangers: Vec<Candidate> = self
            .remote_candidates()
            .filter(|candidate| !self.is_of_this_session(candidate))
            .cloned()
            .collect();
        for candidate in strangers {
            let gone = self.session.remotes.iter().position(|one| one.candidate == candidate);
            if let Some(gone) = gone {
                self.session.check_list.remove(|pair| pair.remote == gone);
                // The place stays taken, so that the others keep theirs; no packet comes from here.
                if let Some(remote) = self.session.remotes.get_mut(gone) {
                    remote.address = SocketAddr::from(([0; 4], 0));
                }
            }
            self.event(Event::CandidateIgnored { candidate, why: Ignored::OtherSession });
        }
    }

    /// RFC 8838 section 11: a candidate that was learned from a check is signalled. Its pairs stay
    /// as they are, checks and all; only what they are called, and their priorities, change.
    fn name_remote(&mut self, known: usize, candidate: Candidate) {
        let Some(remote) = self.session.remotes.get_mut(known) else {
            return;
        };
        if remote.origin == Origin::Signalled && candidate.priority <= remote.candidate.priority {
            let why = Ignored::Duplicate;
            return self.event(Event::CandidateIgnored { candidate, why });
        }
        remote.candidate = candidate.clone();
        remote.origin = Origin::Signalled;
        let (address, component) = (remote.address, candidate.component);
        for path in self.paths.values_mut() {
            let is_same = path.destination() == address && path.component == component;
            if is_same && path.generation == self.session.generation {
                path.pair.remote = candidate.clone();
            }
        }
        self.recompute_priorities();
        self.event(Event::RemoteCandidateNamed { candidate });
        for local in 0..self.session.locals.len() {
            self.pair_up(local, known);
        }
    }

    /// Recomputes what depends on the role and on candidates' priorities, and sorts again.
    pub(crate) fn recompute_priorities(&mut self) {
        let (role, session) = (self.role, &mut self.session);
        let mut foundations = Vec::new();
        for pair in session.check_list.pairs_mut() {
            let local = session.locals.get(pair.local).map(|local| &local.candidate);
            let remote = session.remotes.get(pair.remote).map(|remote| &remote.candidate);
            if let (Some(local), Some(remote)) = (local, remote) {
                pair.priority = pair_priority(role, local.priority, remote.priority);
                let foundation = (local.foundation.clone(), remote.foundation.clone());
                foundations.push((pair.id, foundation));
            }
        }
        // The peer may name its candidates anew for ever: only what the pairs have is remembered.
        session.check_list.forget_foundations();
        for (pair, foundation) in foundations {
            let number = session.check_list.foundation_number(&foundation);
            if let Some(pair) = session.check_list.get_mut(pair) {
                pair.foundation = number;
            }
        }
        session.check_list.sort();
        for path in self.paths.values_mut() {
            path.update_priority(role);
        }
    }

    /// Pairs a local with a remote candidate, where the RFC wants it (section 6.1.2.2).
    pub(crate) fn pair_up(&mut self, local: usize, remote: usize) -> Option<PairId> {
        if self.config.lite || !self.fit_together(local, remote) {
            return None;
        }
        let component = self.session.locals.get(local)?.candidate.component;
        if self.pairs_no_more(component) {
            return None;
        }
        self.insert_pair(local, remote)
    }

    fn fit_together(&self, local: usize, remote: usize) -> bool {
        let (Some(local), Some(remote)) =
            (self.session.locals.get(local), self.session.remotes.get(remote))
        else {
            return false;
        };
        // Section 6.1.2.2, of the base, from which packets are sent (section 6.1.2.4).
        let is_same_family = local.base.is_ipv4() == remote.address.is_ipv4();
        // Section 7.3.1.3: a learned remote candidate is paired by the check that it came from only;
        // section 7.2.5.3.1: a learned local one by the pair that it came from.
        let is_learned = remote.origin == Origin::Learned
            || local.candidate.kind == CandidateKind::PeerReflexive;
        is_same_family
            && !is_learned
            && !local.is_gone
            && local.candidate.component == remote.candidate.component
            && is_link_local(local.address.ip()) == is_link_local(remote.address.ip())
    }

    /// Puts a pair on the check list. The local candidate is replaced by its base where that is a
    /// candidate (section 6.1.2.4), so that a reflexive one's pairs are redundant with the base's.
    pub(crate) fn insert_pair(&mut self, local: usize, remote: usize) -> Option<PairId> {
        let base = self.session.locals.get(local)?.base;
        let local = self.session.local_at(base)?;
        let near = self.session.locals.get(local)?;
        let far = self.session.remotes.get(remote)?;
        let new = NewPair {
            component: near.candidate.component,
            local,
            remote,
            base,
            destination: far.address,
            priority: pair_priority(self.role, near.candidate.priority, far.candidate.priority),
            foundation: (near.candidate.foundation.clone(), far.candidate.foundation.clone()),
        };
        let event = Event::PairAdded {
            component: new.component,
            local: base,
            local_kind: near.candidate.kind,
            remote: far.address,
            remote_kind: far.candidate.kind,
            priority: new.priority,
        };
        match self.session.check_list.insert(new, self.config.limits.pairs) {
            Insertion::Added(pair) => {
                self.event(event);
                if self.session.outlook == Outlook::Failed {
                    self.session.outlook = Outlook::Sober;
                }
                Some(pair)
            }
            Insertion::Redundant(pair) => Some(pair),
            Insertion::Full => None,
        }
    }

    pub(crate) fn forget_base(&mut self, base: SocketAddr) {
        for local in &mut self.session.locals {
            local.is_gone |= local.base == base;
        }
        self.session.check_list.remove(|pair| pair.base == base);
        self.session.sources.retain(|(local, _)| *local != base);
        self.cancel_transactions(|transaction| transaction.base == base);
        let gone: Vec<_> = self.paths.iter().filter(|(_, path)| path.base() == base).collect();
        let gone: Vec<_> = gone.into_iter().map(|(id, _)| *id).collect();
        for id in gone {
            self.lose_base(id);
        }
    }

    pub(crate) fn forget_component(&mut self, component: u16) {
        if self.components.len() <= 1 {
            return;
        }
        self.components.retain(|known| *known != component);
        self.session.check_list.remove(|pair| pair.component == component);
        self.cancel_transactions(|transaction| transaction.component == component);
        let gone: Vec<_> =
            self.paths.iter().filter(|(_, path)| path.component == component).collect();
        let gone: Vec<_> = gone.into_iter().map(|(id, _)| *id).collect();
        for id in gone {
            self.drop_path(id);
        }
    }

    /// Section 6.1.2.2: where one side has fewer components than the other, the others do not count.
    /// The peer's number is known once it has named its last candidate.
    pub(crate) fn effective_components(&self) -> Vec<u16> {
        let signalled =
            self.session.remotes.iter().filter(|remote| remote.origin == Origin::Signalled);
        let highest = signalled.map(|remote| remote.candidate.component).max();
        let highest = highest.filter(|_| self.session.remote_candidates == Gathering::Ended);
        let highest = highest.unwrap_or(u16::MAX);
        let counts = |component: &u16| {
            *component <= highest || self.valid_paths(*component).next().is_some()
        };
        self.components.iter().copied().filter(counts).collect()
    }
}

const fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(_) => false,
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use icelab_sans_io::{Instant, Rng};

    use super::*;
    use crate::config::Config;

    #[test]
    fn a_peer_that_names_one_candidate_again_and_again_makes_nothing_grow() {
        let mut agent = Agent::new(Config::default(), Rng::from_u64(1));
        let host = SocketAddr::from(([203, 0, 113, 1], 5000));
        agent.add_local_candidate(LocalCandidate::host(1, host), Instant::START);
        for priority in 1..=500 {
            let text = format!("name{priority} 1 udp {priority} 203.0.113.2 6000 typ host");
            agent.add_remote_candidate(text.parse().unwrap(), Instant::START);
        }
        assert_eq!(agent.pairs().count(), 1);
        assert_eq!(agent.session.check_list.foundation_count(), 1);
    }
}
