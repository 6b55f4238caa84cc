//! Answering checks, and what is learned from them (RFC 8445 section 7.3).
//!
//! 1. Who is it? Short-term credentials (RFC 8489 section 9.1.3); else 400, 401 or 420.
//! 2. Do both have the same role? (section 7.3.1.1); else 487.
//! 3. Answer, with the mapped address.
//! 4. Learn a peer-reflexive remote candidate (section 7.3.1.3).
//! 5. Check the pair in the other direction (section 7.3.1.4), nominate (section 7.3.1.5).

use core::net::SocketAddr;

use icelab_sans_io::Instant;
use icelab_sans_io::net::Datagram;
use icelab_stun::attribute::{
    ErrorCode, IceControlled, IceControlling, Nomination as Rank, Priority, UnknownAttributes,
    UseCandidate, Username, XorMappedAddress, kind,
};
use icelab_stun::{Class, Integrity, Message, MessageBuilder, Method};

use crate::agent::Agent;
use crate::candidate::{Address, Candidate, CandidateKind, CandidateTransport};
use crate::check_list::Trigger;
use crate::config::Role;
use crate::discard::Discard;
use crate::event::{CheckFailure, CheckPurpose, Event, Side};
use crate::foundation::Foundation;
use crate::pair::{PairId, Phase};
use crate::session::{CheckRequest, EarlyRequest, Origin, Outlook, Remote};
use crate::transaction::{LEAST_TIMEOUT, Purpose};

/// A request whose sender is known.
struct Caller<'a> {
    generation: u32,
    remote_ufrag: &'a str,
}

impl Agent {
    pub(crate) fn handle_request(
        &mut self,
        message: &Message<'_>,
        datagram: &Datagram,
        now: Instant,
    ) -> Result<(), Discard> {
        let (base, source) = (datagram.destination, datagram.source);
        let component = self.component_at(base).ok_or(Discard::UnknownBase)?;
        let caller = match self.authenticate(message) {
            Ok(caller) => caller,
            Err(code) => {
                self.refuse(message, datagram, None, code);
                return Ok(());
            }
        };
        let generation = caller.generation;
        let unknown = message.unknown_required(&KNOWN);
        if !unknown.is_empty() {
            let error = ErrorCode::UNKNOWN_ATTRIBUTE;
            self.refuse_with(message, datagram, Some(generation), error, Some(unknown));
            return Ok(());
        }
        if generation != self.session.generation {
            // The peer keeps the old pair alive until it has a new one.
            self.answer(message, datagram, generation);
            self.hear(base, source, now);
            return Ok(());
        }
        let Some(Ok(Priority(priority))) = message.get::<Priority>() else {
            self.refuse(message, datagram, Some(generation), ErrorCode::BAD_REQUEST);
            return Ok(());
        };
        if !self.config.lite && self.is_role_conflict(message) {
            self.refuse(message, datagram, Some(generation), ErrorCode::ROLE_CONFLICT);
            return Ok(());
        }
        self.answer(message, datagram, generation);
        let rank = match message.get::<Rank>() {
            Some(Ok(Rank(rank))) => rank,
            Some(Err(_)) | None => 0,
        };
        let nomination = message.get::<UseCandidate>().map(|_| rank);
        let request = CheckRequest { base, source, component, priority, nomination };
        self.event(Event::RequestReceived {
            component,
            local: base,
            remote: source,
            nominating: nomination.is_some(),
        });
        self.hear(base, source, now);
        self.accept(request, caller.remote_ufrag, now)
    }

    /// The component of the local candidates with this base.
    pub(crate) fn component_at(&self, base: SocketAddr) -> Option<u16> {
        let local = self.session.local_at(base).and_then(|local| self.session.locals.get(local));
        let of_path = || self.paths.values().find(|path| path.base() == base && !path.is_gone);
        let component = local.map(|local| local.candidate.component);
        component.or_else(|| of_path().map(|path| path.component))
    }

    /// RFC 8489 section 9.1.3, with RFC 8445 section 7.3's rule for the username.
    fn authenticate<'a>(&self, message: &Message<'a>) -> Result<Caller<'a>, ErrorCode<'static>> {
        let username = message.get::<Username<'_>>().and_then(Result::ok);
        let has_integrity =
            message.has(kind::MESSAGE_INTEGRITY) || message.has(kind::MESSAGE_INTEGRITY_SHA256);
        let Some(Username(username)) = username.filter(|_| has_integrity) else {
            return Err(ErrorCode::BAD_REQUEST);
        };
        let (local, remote_ufrag) = username.split_once(':').ok_or(ErrorCode::UNAUTHENTICATED)?;
        let mut keys = self.keys.iter().rev();
        let (generation, keys) =
            keys.find(|(_, keys)| keys.local.ufrag() == local).ok_or(ErrorCode::UNAUTHENTICATED)?;
        match message.verify_integrity(&keys.local_key) {
            Integrity::Good { .. } => Ok(Caller { generation: *generation, remote_ufrag }),
            Integrity::Absent | Integrity::Bad => Err(ErrorCode::UNAUTHENTICATED),
        }
    }

    /// Section 7.3.1.1. Says whether the request is to be refused; otherwise this side may have
    /// switched its role.
    fn is_role_conflict(&mut self, message: &Message<'_>) -> bool {
        let theirs = match self.role {
            Role::Controlling => message.get::<IceControlling>().map(|it| it.map(|it| it.0)),
            Role::Controlled => message.get::<IceControlled>().map(|it| it.map(|it| it.0)),
        };
        let Some(Ok(theirs)) = theirs else {
            return false;
        };
        // The larger tie-breaker controls; of two equal ones the one who is asked.
        let should_be =
            if self.tie_breaker >= theirs { Role::Controlling } else { Role::Controlled };
        let is_refused = should_be == self.role;
        self.take_role(should_be);
        is_refused
    }

    fn answer(&mut self, message: &Message<'_>, datagram: &Datagram, generation: u32) {
        let Some(keys) = self.keys.get(&generation) else {
            return;
        };
        let id = message.transaction_id();
        let response = MessageBuilder::new(Class::Success, Method::BINDING, id)
            .add(&XorMappedAddress(datagram.source))
            .finish_with(Some(&keys.local_key), true);
        self.emit(datagram.destination, datagram.source, response);
    }

    fn refuse(
        &mut self,
        message: &Message<'_>,
        datagram: &Datagram,
        generation: Option<u32>,
        error: ErrorCode<'_>,
    ) {
        self.refuse_with(message, datagram, generation, error, None);
    }

    fn refuse_with(
        &mut self,
        message: &Message<'_>,
        datagram: &Datagram,
        generation: Option<u32>,
        error: ErrorCode<'_>,
        unknown: Option<Vec<u16>>,
    ) {
        let keys = generation.and_then(|generation| self.keys.get(&generation));
        let response = MessageBuilder::new(Class::Error, Method::BINDING, message.transaction_id())
            .add(&error)
            .maybe(unknown.map(UnknownAttributes).as_ref())
            .finish_with(keys.map(|keys| &keys.local_key), true);
        let (local, remote) = (datagram.destination, datagram.source);
        self.emit(local, remote, response);
        self.event(Event::RequestRefused { local, remote, code: error.code });
    }

    /// A request was answered: goes on, or waits for the peer's credentials.
    fn accept(
        &mut self,
        request: CheckRequest,
        remote_ufrag: &str,
        now: Instant,
    ) -> Result<(), Discard> {
        let limits = self.config.limits;
        if self.session.sources.len() < limits.pairs + limits.peer_reflexive {
            self.session.sources.insert((request.base, request.source));
        }
        let Some(remote) = &self.keys().remote else {
            return self.keep_early_request(request, remote_ufrag);
        };
        if remote.credentials.ufrag() != remote_ufrag {
            // Another fork of the call, or the peer's next session: none of this one's business.
            return Ok(());
        }
        if self.config.lite {
            self.accept_lite(request, now);
            return Ok(());
        }
        self.trigger(request, now)
    }

    fn keep_early_request(
        &mut self,
        request: CheckRequest,
        remote_ufrag: &str,
    ) -> Result<(), Discard> {
        let early = &mut self.session.early;
        let is_same = |known: &&mut EarlyRequest| {
            known.request.base == request.base
                && known.request.source == request.source
                && known.ufrag == remote_ufrag
        };
        if let Some(known) = early.iter_mut().find(is_same) {
            known.request.nomination = known.request.nomination.max(request.nomination);
            Ok(())
        } else if early.len() < self.config.limits.early_requests {
            early.push(EarlyRequest { ufrag: remote_ufrag.to_owned(), request });
            Ok(())
        } else {
            Err(Discard::Limit)
        }
    }

    /// Section 7.3: once the peer's credentials are known, the remaining steps are made good.
    pub(crate) fn process_early_requests(&mut self, now: Instant) {
        for early in core::mem::take(&mut self.session.early) {
            if self.accept(early.request, &early.ufrag, now).is_err() {
                self.discards.add(Discard::Limit);
            }
        }
    }

    /// Sections 7.3.1.3 to 7.3.1.5.
    fn trigger(&mut self, request: CheckRequest, now: Instant) -> Result<(), Discard> {
        let nomination = request.nomination.filter(|_| self.role == Role::Controlled);
        if nomination.is_some() {
            self.note_naming(request, now);
        }
        let remote = self.learn_remote(request)?;
        let known = self.session.check_list.find(request.base, request.source);
        let Some(pair) = known.map(|pair| pair.id) else {
            return self.trigger_new(request, remote, nomination, now);
        };
        self.trigger_known(pair, nomination, now);
        Ok(())
    }

    fn trigger_new(
        &mut self,
        request: CheckRequest,
        remote: usize,
        nomination: Option<u32>,
        now: Instant,
    ) -> Result<(), Discard> {
        if !self.welcomes_new_pairs(request.component, now) && nomination.is_none() {
            return Ok(());
        }
        let local = self.session.local_at(request.base).ok_or(Discard::UnknownBase)?;
        let pair = self.insert_pair(local, remote).ok_or(Discard::Limit)?;
        if let Some(pair) = self.session.check_list.get_mut(pair) {
            pair.nomination = nomination;
        }
        self.session.check_list.trigger(Trigger::Check(pair));
        Ok(())
    }

    fn trigger_known(&mut self, id: PairId, nomination: Option<u32>, now: Instant) {
        let Some(pair) = self.session.check_list.get_mut(id) else {
            return;
        };
        if pair.is_barred {
            return;
        }
        if nomination.is_some() {
            pair.nomination = nomination;
        }
        match pair.progress {
            Phase::Succeeded(path) => {
                if let Some(rank) = pair.nomination.take() {
                    self.nominated(path, rank, now);
                }
            }
            Phase::InProgress(transaction) => {
                // A triggered check that is on its way answers this request as well as another one
                // would. Cancelling it for each request of a peer that does the same would go on
                // until an answer overtakes the next request.
                let is_fresh = self.transactions.get(transaction).is_some_and(|transaction| {
                    matches!(transaction.purpose, Purpose::Check(_, CheckPurpose::Triggered))
                        && now - transaction.last_sent < LEAST_TIMEOUT
                });
                if !is_fresh {
                    self.cancel_transaction(transaction);
                    self.session.check_list.trigger(Trigger::Check(id));
                }
            }
            Phase::Waiting | Phase::Frozen | Phase::Failed(_) => {
                self.session.check_list.trigger(Trigger::Check(id));
                if self.session.outlook == Outlook::Failed {
                    self.session.outlook = Outlook::Sober;
                }
            }
        }
    }

    /// Whether a request over an unknown pair makes one. After a nomination it does for three more
    /// seconds (section 8.3.1), where nominations may follow, and while the selected pair is in
    /// doubt; else the answer is all.
    fn welcomes_new_pairs(&self, component: u16, now: Instant) -> bool {
        let is_doubtful = self
            .selected
            .get(&component)
            .and_then(|path| self.paths.get(path))
            .is_none_or(|path| !path.is_alive());
        !self.pairs_no_more(component)
            || is_doubtful
            || self.concluded_within(component, CONCLUDED_RECENTLY, now)
    }

    /// Whether the request comes from one more port of an address from which checks are answered from
    /// elsewhere all the time. Triggered checks go before all others, so they would leave none of
    /// them a turn.
    fn is_chase(&self, request: CheckRequest) -> bool {
        let pairs = self.session.check_list.pairs();
        let asymmetric = pairs.filter(|pair| {
            pair.base == request.base
                && pair.destination.ip() == request.source.ip()
                && pair.progress == Phase::Failed(CheckFailure::NotSymmetric)
        });
        asymmetric.count() >= self.config.limits.asymmetric
    }

    /// Section 7.3.1.3: the remote candidate with the request's source, new where it must be.
    fn learn_remote(&mut self, request: CheckRequest) -> Result<usize, Discard> {
        let component = request.component;
        if let Some(known) = self.session.remote_at(request.source, component) {
            return Ok(known);
        }
        let is_full = self.session.learned_remotes() >= self.config.limits.peer_reflexive;
        if is_full || self.is_chase(request) {
            return Err(Discard::Limit);
        }
        let candidate = Candidate {
            foundation: Foundation::arbitrary(self.session.remotes.len()),
            component,
            transport: CandidateTransport::Udp,
            priority: request.priority,
            address: Address::Socket(request.source),
            kind: CandidateKind::PeerReflexive,
            related: None,
            extensions: Vec::new(),
        };
        self.event(Event::PeerReflexive {
            side: Side::Remote,
            local: request.base,
            candidate: candidate.clone(),
        });
        let (address, origin) = (request.source, Origin::Learned);
        self.session.remotes.push(Remote { candidate, address, origin });
        Ok(self.session.remotes.len() - 1)
    }
}

/// The comprehension-required attributes that a check may have (sections 7.1 and 7.2.2).
const KNOWN: [u16; 3] = [kind::USERNAME, kind::PRIORITY, kind::USE_CANDIDATE];

/// Section 8.3.1.
const CONCLUDED_RECENTLY: core::time::Duration = core::time::Duration::from_secs(3);
