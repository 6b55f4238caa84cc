//! Answers to checks (RFC 8445 section 7.2.5).

use core::net::SocketAddr;
use core::time::Duration;

use icelab_sans_io::Instant;
use icelab_sans_io::net::Datagram;
use icelab_stun::attribute::{ErrorCode, XorMappedAddress, kind};
use icelab_stun::{Class, Integrity, Message};

use crate::agent::Agent;
use crate::candidate::{Address, Candidate, CandidateKind, CandidateTransport};
use crate::check_list::Trigger;
use crate::config::Role;
use crate::discard::Discard;
use crate::event::{CheckFailure, Event, SelectedPair, Side};
use crate::foundation::Properties;
use crate::pair::{PairId, Phase};
use crate::path::{Freshness, Path, PathId};
use crate::session::Local;
use crate::timer::Timer;
use crate::transaction::{Purpose, Transaction};

impl Agent {
    pub(crate) fn handle_response(
        &mut self,
        message: &Message<'_>,
        datagram: &Datagram,
        now: Instant,
    ) -> Result<(), Discard> {
        let id = message.transaction_id();
        let transaction = self.transactions.get(id).ok_or(Discard::UnknownTransaction)?;
        let keys = self.keys.get(&transaction.generation).and_then(|keys| keys.remote.as_ref());
        let keys = keys.ok_or(Discard::UnknownTransaction)?;
        // RFC 8489 section 9.1.4: what is not signed is as if it had never come.
        if !matches!(message.verify_integrity(&keys.key), Integrity::Good { .. }) {
            return Err(Discard::Integrity);
        }
        if !message.unknown_required(&KNOWN).is_empty() {
            return Err(Discard::Response);
        }
        let outcome = match message.class() {
            Class::Success => Ok(mapped_address(message)?),
            Class::Error | Class::Request | Class::Indication => Err(error_code(message)?),
        };
        let transaction = self.transactions.remove(id).ok_or(Discard::UnknownTransaction)?;
        self.timers.cancel(&Timer::Retransmit(id));
        let is_symmetric =
            datagram.source == transaction.destination && datagram.destination == transaction.base;
        match outcome {
            Err(ErrorCode { code: 487, .. }) => self.resolve_conflict(&transaction, now),
            // Section 7.2.5.2.1.
            Ok(_) | Err(_) if !is_symmetric => {
                self.check_failed(&transaction, CheckFailure::NotSymmetric);
            }
            Ok(mapped) => self.check_succeeded(&transaction, mapped, now),
            Err(error) => self.check_refused(&transaction, error.code),
        }
        Ok(())
    }

    /// Section 7.2.5.1. The role follows from what the request claimed, so that a late answer to an
    /// old request switches nothing twice. The check is sent again, by the triggered-check queue where
    /// its pair is still to become valid, and at once where it is.
    fn resolve_conflict(&mut self, transaction: &Transaction, now: Instant) {
        let role = transaction.role.opposite();
        if self.role != role {
            self.take_role(role);
            self.tie_breaker = self.rng.next_u64();
        }
        match transaction.purpose {
            Purpose::Check(pair, _) => self.check_again(pair),
            // Having become controlled, this side nominates no more: a nomination is sent again as a
            // check and nothing more.
            Purpose::Nominate(path) | Purpose::Refresh(path, _) | Purpose::Verify(path) => {
                if !transaction.is_cancelled {
                    self.verify(path, now);
                }
            }
        }
    }

    fn check_again(&mut self, id: PairId) {
        let is_open =
            self.session.check_list.get(id).is_some_and(|pair| {
                !matches!(pair.progress, Phase::Succeeded(_)) && !pair.is_barred
            });
        if is_open {
            self.session.check_list.trigger(Trigger::Check(id));
        }
    }

    /// RFC 8489 section 6.3.4: a server error may pass, so it is tried again a few times; any other
    /// error will not (section 7.2.5.2.4).
    fn check_refused(&mut self, transaction: &Transaction, code: u16) {
        if let Purpose::Refresh(path, _) | Purpose::Verify(path) = transaction.purpose {
            if code == FORBIDDEN {
                self.lose_consent(path);
            }
            return;
        }
        if let Purpose::Check(id, _) = transaction.purpose
            && (500..600).contains(&code)
            && let Some(pair) = self.session.check_list.get_mut(id)
            && pair.server_errors < SERVER_ERRORS
        {
            pair.server_errors += 1;
            self.check_again(id);
            return;
        }
        self.check_failed(transaction, CheckFailure::Refused { code });
    }

    fn check_failed(&mut self, transaction: &Transaction, why: CheckFailure) {
        match transaction.purpose {
            Purpose::Check(..) if transaction.is_cancelled => {}
            Purpose::Check(pair, _) => self.fail_pair(pair, why),
            Purpose::Nominate(path) => self.fail_nomination(path, why),
            Purpose::Refresh(..) | Purpose::Verify(_) => {}
        }
    }

    /// Section 7.2.5.2: sets a pair's state to Failed.
    pub(crate) fn fail_pair(&mut self, id: PairId, why: CheckFailure) {
        let Some(pair) = self.session.check_list.get_mut(id) else {
            return;
        };
        if let Phase::InProgress(transaction) = pair.progress {
            pair.progress = Phase::Failed(why);
            self.cancel_transaction(transaction);
        } else {
            pair.progress = Phase::Failed(why);
        }
        let Some(pair) = self.session.check_list.get(id) else {
            return;
        };
        let (component, local, remote) = (pair.component, pair.base, pair.destination);
        self.event(Event::CheckFailed { component, local, remote, why });
    }

    pub(crate) fn fail_unreachable(&mut self, base: SocketAddr, remote: SocketAddr) {
        let pair = self.session.check_list.find(base, remote);
        let failing = pair.filter(|pair| matches!(pair.progress, Phase::InProgress(_)));
        if let Some(pair) = failing.map(|pair| pair.id) {
            self.fail_pair(pair, CheckFailure::Unreachable);
        }
    }

    fn check_succeeded(&mut self, transaction: &Transaction, mapped: SocketAddr, now: Instant) {
        let path = self.find_path(transaction.base, transaction.destination);
        let known = path.and_then(|(_, path)| path.pair.round_trip);
        let round_trip = transaction.round_trip(known, now);
        self.event(Event::CheckSucceeded {
            component: transaction.component,
            local: transaction.base,
            remote: transaction.destination,
            mapped,
            purpose: transaction.purpose.word(),
            nominating: transaction.nomination.is_some(),
            round_trip,
        });
        match transaction.purpose {
            Purpose::Check(pair, _) => {
                self.pair_succeeded(pair, transaction, mapped, round_trip, now);
                if transaction.attempt > 1 && known.is_none() {
                    self.measure(transaction, now);
                }
            }
            Purpose::Nominate(id) | Purpose::Refresh(id, _) | Purpose::Verify(id) => {
                let Some(path) = self.paths.get_mut(&id) else {
                    return;
                };
                path.pair.round_trip = Some(round_trip);
                self.hear_answer(id, now);
                if matches!(transaction.purpose, Purpose::Nominate(_)) {
                    self.nomination_succeeded(id, transaction, now);
                }
            }
        }
    }

    /// Asks once more over a path that has become valid by the answer to a repeated request: only a
    /// request that was sent once tells the round trip, on which the layers above wait.
    fn measure(&mut self, transaction: &Transaction, now: Instant) {
        let path = self.find_path(transaction.base, transaction.destination).map(|(id, _)| id);
        if let Some(path) = path.filter(|id| self.selected.get(&transaction.component) != Some(id))
        {
            self.send_verification(path, now);
        }
    }

    /// Section 7.2.5.3.
    fn pair_succeeded(
        &mut self,
        id: PairId,
        transaction: &Transaction,
        mapped: SocketAddr,
        round_trip: Duration,
        now: Instant,
    ) {
        let Some(pair) = self.session.check_list.get(id) else {
            return;
        };
        if pair.is_barred || transaction.generation != self.session.generation {
            return;
        }
        let (foundation, remote, progress) = (pair.foundation, pair.remote, pair.progress);
        let near = pair.local;
        let local = self.learn_local(transaction, mapped).unwrap_or(near);
        let Some(path) = self.make_valid(id, local, remote, transaction, round_trip, now) else {
            return;
        };
        if let Phase::InProgress(other) = progress {
            self.cancel_transaction(other);
        }
        self.session.check_list.untrigger(|entry| *entry == Trigger::Check(id));
        self.mark_succeeded(id, local, path);
        self.session.check_list.unfreeze(foundation);
        let rank = self.session.check_list.get_mut(id).and_then(|pair| pair.nomination.take());
        match self.role {
            Role::Controlled => {
                if let Some(rank) = rank {
                    self.nominated(path, rank, now);
                }
            }
            Role::Controlling => {
                if let (Some(rank), Role::Controlling) = (transaction.nomination, transaction.role)
                {
                    self.nominated(path, rank, now);
                }
            }
        }
        if let Some(component) = self.paths.get(&path).map(|path| path.component)
            && self.pairs_no_more(component)
        {
            self.tidy(component);
        }
    }

    /// Section 7.2.5.3.3: the pair that was checked, and the pair that is valid, succeeded.
    fn mark_succeeded(&mut self, id: PairId, local: usize, path: PathId) {
        let valid = self.session.locals.get(local).map(|local| local.address);
        let remote = self.session.check_list.get(id).map(|pair| pair.destination);
        for pair in self.session.check_list.pairs_mut() {
            let is_valid_pair = Some(pair.base) == valid
                && Some(pair.destination) == remote
                && pair.progress.is_open();
            if pair.id == id || is_valid_pair {
                pair.progress = Phase::Succeeded(path);
            }
        }
    }

    /// Section 7.2.5.3.1: the local candidate with the mapped address, new where it must be; `None`
    /// where too many were learned.
    fn learn_local(&mut self, transaction: &Transaction, mapped: SocketAddr) -> Option<usize> {
        let (base, component) = (transaction.base, transaction.component);
        let is_it = |local: &Local| {
            local.address == mapped && local.candidate.component == component && !local.is_gone
        };
        let mut locals = self.session.locals.iter();
        let known = locals.position(|local| is_it(local) && local.base == base);
        let known = known.or_else(|| self.session.locals.iter().position(is_it));
        if known.is_some() {
            return known;
        }
        if self.session.learned_locals() >= self.config.limits.peer_reflexive {
            return None;
        }
        let properties = Properties {
            kind: CandidateKind::PeerReflexive,
            base: base.ip(),
            server: None,
            transport: icelab_sans_io::net::Transport::Udp,
        };
        let candidate = Candidate {
            foundation: self.session.foundations.of(properties),
            component,
            transport: CandidateTransport::Udp,
            priority: transaction.priority,
            address: Address::Socket(mapped),
            kind: CandidateKind::PeerReflexive,
            related: Some(base).filter(|_| !self.config.relay_only),
            extensions: Vec::new(),
        };
        if !self.config.relay_only {
            let (side, candidate) = (Side::Local, candidate.clone());
            self.event(Event::PeerReflexive { side, local: base, candidate });
        }
        let local_preference = self
            .session
            .local_at(base)
            .and_then(|local| self.session.locals.get(local))
            .map_or(0, |local| local.local_preference);
        self.session.locals.push(Local {
            candidate,
            address: mapped,
            base,
            local_preference,
            is_gone: false,
        });
        Some(self.session.locals.len() - 1)
    }

    /// Section 7.2.5.3.2: puts the valid pair on the valid list, or brings it up to date.
    fn make_valid(
        &mut self,
        pair: PairId,
        local: usize,
        remote: usize,
        transaction: &Transaction,
        round_trip: Duration,
        now: Instant,
    ) -> Option<PathId> {
        let base_kind = self
            .session
            .check_list
            .get(pair)
            .and_then(|pair| Some(self.session.locals.get(pair.local)?.candidate.kind));
        let local = self.session.locals.get(local)?.candidate.clone();
        let remote = self.session.remotes.get(remote)?.candidate.clone();
        let (base, destination) = (transaction.base, transaction.destination);
        let generation = self.session.generation;
        let known = self.find_path(base, destination).map(|(id, path)| (id, path.nomination));
        let (id, nomination) = known.unwrap_or_else(|| (self.new_path_id(), None));
        let round_trip = Some(round_trip);
        let mut path = Path {
            generation,
            component: transaction.component,
            base_kind: base_kind.unwrap_or(local.kind),
            pair: SelectedPair { local, base, remote, destination, round_trip },
            priority: 0,
            check_priority: transaction.priority,
            checked_by: Some(pair),
            nomination,
            freshness: Freshness::new(now),
            is_gone: false,
        };
        path.update_priority(self.role);
        self.paths.insert(id, path);
        self.hear_answer(id, now);
        self.arm_path(id, now);
        Some(id)
    }

    /// This session's path between these addresses.
    fn find_path(&self, base: SocketAddr, destination: SocketAddr) -> Option<(PathId, &Path)> {
        let generation = self.session.generation;
        let is_it = |path: &Path| {
            path.generation == generation
                && (path.base(), path.destination()) == (base, destination)
        };
        self.paths.iter().find(|(_, path)| is_it(path)).map(|(id, path)| (*id, path))
    }

    pub(crate) const fn new_path_id(&mut self) -> PathId {
        let id = PathId(self.next_path);
        self.next_path += 1;
        id
    }
}

/// What a success response must have.
fn mapped_address(message: &Message<'_>) -> Result<SocketAddr, Discard> {
    match message.get::<XorMappedAddress>() {
        Some(Ok(XorMappedAddress(mapped))) => Ok(mapped),
        Some(Err(_)) | None => Err(Discard::Response),
    }
}

/// What an error response must have.
fn error_code<'a>(message: &Message<'a>) -> Result<ErrorCode<'a>, Discard> {
    match message.get::<ErrorCode<'_>>() {
        Some(Ok(error)) => Ok(error),
        Some(Err(_)) | None => Err(Discard::Response),
    }
}

/// The comprehension-required attributes that an answer may have.
const KNOWN: [u16; 5] = [
    kind::XOR_MAPPED_ADDRESS,
    kind::MAPPED_ADDRESS,
    kind::ERROR_CODE,
    kind::UNKNOWN_ATTRIBUTES,
    kind::USERNAME,
];

/// Consent is revoked (RFC 7675 section 5.2).
const FORBIDDEN: u16 = 403;

/// How often a server error is forgiven (RFC 8489 section 6.3.4).
const SERVER_ERRORS: u8 = 4;
