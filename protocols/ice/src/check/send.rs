//! Sending checks (RFC 8445 sections 6.1.4.2, 7.2 and 14).

use core::net::SocketAddr;
use core::time::Duration;

use icelab_sans_io::Instant;
use icelab_stun::attribute::{
    IceControlled, IceControlling, Nomination as Rank, Priority, UseCandidate, Username,
};
use icelab_stun::{Class, MessageBuilder, Method, TransactionId};

use crate::agent::Agent;
use crate::candidate::CandidateKind;
use crate::check_list::{Trigger, Turn};
use crate::config::{Nomination, Role};
use crate::event::{CheckFailure, CheckPurpose, Event};
use crate::pair::{PairId, Phase};
use crate::path::PathId;
use crate::priority::candidate_priority;
use crate::timer::Timer;
use crate::transaction::{
    LEAST_TIMEOUT, LONGEST, Purpose, REQUESTS, SPARE, STEADY, Transaction, retransmission_timeout,
};

/// A request to be sent.
struct Outgoing {
    purpose: Purpose,
    generation: u32,
    component: u16,
    base: SocketAddr,
    destination: SocketAddr,
    priority: u32,
    /// The rank of the nomination, 0 for a plain one.
    nomination: Option<u32>,
    interval: Duration,
    lifetime: Duration,
}

impl Agent {
    /// Sets Ta's timer where there is something to check.
    pub(crate) fn arm_pace(&mut self, now: Instant) {
        let is_ready =
            !self.config.lite && self.keys().remote.is_some() && self.session.check_list.has_work();
        if is_ready {
            self.timers.set(Timer::Pace, self.next_check.max(now));
        } else {
            self.timers.cancel(&Timer::Pace);
        }
    }

    /// Ta fired: sends one check (section 6.1.4.2).
    pub(crate) fn take_turn(&mut self, now: Instant) {
        // What cannot be sent costs its turn, too: nothing is tried twice at one instant.
        self.next_check = now + self.config.pacing.max(LEAST_PACING);
        match self.session.check_list.take_turn() {
            Some(Turn::Check(pair, purpose)) => self.check_pair(pair, purpose, now),
            Some(Turn::Nominate(path)) => self.send_nomination(path, now),
            None => None,
        };
    }

    fn check_pair(&mut self, id: PairId, purpose: CheckPurpose, now: Instant) -> Option<()> {
        let is_aggressive =
            self.config.nomination == Nomination::Aggressive && self.role == Role::Controlling;
        let active = self.session.check_list.active();
        let pair = self.session.check_list.get(id)?;
        let outgoing = Outgoing {
            purpose: Purpose::Check(id, purpose),
            generation: self.session.generation,
            component: pair.component,
            base: pair.base,
            destination: pair.destination,
            priority: self.check_priority(pair.local)?,
            nomination: is_aggressive.then_some(0),
            interval: retransmission_timeout(self.config.pacing, active),
            lifetime: LONGEST,
        };
        let transaction = self.send_request(outgoing, now)?;
        let pair = self.session.check_list.get_mut(id)?;
        pair.progress = Phase::InProgress(transaction);
        pair.requests_sent += 1;
        Some(())
    }

    /// Section 7.1.1: the priority that a peer-reflexive candidate from this check would have.
    fn check_priority(&self, local: usize) -> Option<u32> {
        let local = self.session.locals.get(local)?;
        let (preference, component) = (local.local_preference, local.candidate.component);
        Some(candidate_priority(CandidateKind::PeerReflexive, preference, component))
    }

    fn send_nomination(&mut self, id: PathId, now: Instant) -> Option<()> {
        let rank = self.rank;
        let path = self.paths.get(&id).filter(|path| !path.is_gone)?;
        let outgoing = Outgoing {
            purpose: Purpose::Nominate(id),
            generation: path.generation,
            component: path.component,
            base: path.base(),
            destination: path.destination(),
            priority: path.check_priority,
            nomination: Some(rank),
            // The pair works, so its own round trip says how long to wait, not the check list's
            // length (section 14.3 allows other ways).
            interval: LEAST_TIMEOUT.max(path.pair.round_trip.unwrap_or_default().saturating_mul(2)),
            lifetime: LONGEST,
        };
        self.send_request(outgoing, now).map(|_| ())
    }

    /// Sends a single request over a valid pair, to see whether it still works. A controlling agent
    /// repeats its nomination in those over its selected pair, so that a peer which prefers another
    /// of several nominated pairs learns which one counts.
    pub(crate) fn send_refresh(&mut self, id: PathId, now: Instant) -> Option<()> {
        let path = self.paths.get(&id).filter(|path| !path.is_gone)?;
        let is_selected = self.selected.get(&path.component) == Some(&id);
        let is_current = path.generation == self.session.generation;
        let nominates = is_selected && is_current && self.role == Role::Controlling;
        let purpose = if is_selected { CheckPurpose::Consent } else { CheckPurpose::Standby };
        let outgoing = Outgoing {
            purpose: Purpose::Refresh(id, purpose),
            generation: path.generation,
            component: path.component,
            base: path.base(),
            destination: path.destination(),
            priority: path.check_priority,
            nomination: path.nomination.filter(|_| nominates).map(|nomination| nomination.rank),
            interval: self.config.consent.expiry,
            lifetime: self.config.consent.expiry,
        };
        self.send_request(outgoing, now).map(|_| ())
    }

    /// Sends a request over a valid pair again and again until it is answered or consent ends.
    pub(crate) fn send_verification(&mut self, id: PathId, now: Instant) -> Option<()> {
        let path = self.paths.get(&id).filter(|path| !path.is_gone)?;
        let outgoing = Outgoing {
            purpose: Purpose::Verify(id),
            generation: path.generation,
            component: path.component,
            base: path.base(),
            destination: path.destination(),
            priority: path.check_priority,
            nomination: None,
            interval: path.patience(),
            lifetime: self.config.consent.expiry,
        };
        self.send_request(outgoing, now).map(|_| ())
    }

    fn send_request(&mut self, outgoing: Outgoing, now: Instant) -> Option<TransactionId> {
        let id = TransactionId::random(&mut self.rng);
        let request = self.request(id, &outgoing)?;
        if self.transactions.len() >= self.config.limits.pairs + SPARE {
            let oldest = self.transactions.oldest_cancelled();
            self.forget_transaction(oldest?);
        }
        let Outgoing { purpose, generation, component, base, destination, .. } = outgoing;
        let expires = now + outgoing.lifetime;
        let transaction = Transaction {
            purpose,
            generation,
            component,
            base,
            destination,
            role: self.role,
            priority: outgoing.priority,
            nomination: outgoing.nomination,
            request: request.clone(),
            first_sent: now,
            last_sent: now,
            attempt: 1,
            interval: outgoing.interval,
            expires,
            is_cancelled: false,
        };
        self.timers.set(Timer::Retransmit(id), expires.min(now + transaction.interval));
        self.announce(&transaction);
        self.transactions.insert(id, transaction);
        self.emit(base, destination, request);
        Some(id)
    }

    fn announce(&mut self, transaction: &Transaction) {
        self.event(Event::CheckSent {
            component: transaction.component,
            local: transaction.base,
            remote: transaction.destination,
            purpose: transaction.purpose.word(),
            nominating: transaction.nomination.is_some(),
            attempt: transaction.attempt,
            request: transaction.request.clone(),
        });
        for path in self.paths.values_mut() {
            if path.base() == transaction.base && path.destination() == transaction.destination {
                path.freshness.sent = path.freshness.sent.max(transaction.last_sent);
            }
        }
    }

    /// The request's bytes (sections 7.1 and 7.2.2).
    fn request(&self, id: TransactionId, outgoing: &Outgoing) -> Option<Vec<u8>> {
        let keys = self.keys.get(&outgoing.generation)?;
        let remote = keys.remote.as_ref()?;
        let username = format!("{}:{}", remote.credentials.ufrag(), keys.local.ufrag());
        let controlled = IceControlled(self.tie_breaker);
        let controlling = IceControlling(self.tie_breaker);
        let is_controlling = self.role == Role::Controlling;
        let ranked = self.config.nomination == Nomination::Renomination;
        let rank = outgoing.nomination.filter(|_| ranked).map(Rank);
        let use_candidate = outgoing.nomination.map(|_| UseCandidate);
        let message = MessageBuilder::new(Class::Request, Method::BINDING, id)
            .add(&Username(&username))
            .add(&Priority(outgoing.priority))
            .maybe(Some(&controlled).filter(|_| !is_controlling))
            .maybe(Some(&controlling).filter(|_| is_controlling))
            .maybe(use_candidate.as_ref())
            .maybe(rank.as_ref());
        Some(message.finish_with(Some(&remote.key), true))
    }

    /// A request waited for an answer: sends it again, or gives it up (RFC 8489 section 6.2.1).
    ///
    /// The waits double, and none is below RFC 8445 section 14.3's least. A nomination, whose path is known
    /// to work, is repeated steadily at first; so is a check where the peer was heard
    /// ([`Self::check_anew`]): that silence tells of loss, not of a path that is dead or full.
    pub(crate) fn send_again(&mut self, id: TransactionId, now: Instant) {
        if self.check_anew(id, now) {
            return;
        }
        let Some(transaction) = self.transactions.get_mut(id) else {
            return;
        };
        let steady = if matches!(transaction.purpose, Purpose::Nominate(_)) { STEADY } else { 0 };
        if now >= transaction.expires {
            self.time_out(id);
            return;
        }
        let is_single = matches!(transaction.purpose, Purpose::Refresh(..));
        if transaction.is_cancelled || is_single || transaction.attempt >= REQUESTS + steady {
            let expires = transaction.expires;
            self.timers.set(Timer::Retransmit(id), expires);
            return;
        }
        transaction.attempt += 1;
        transaction.last_sent = now;
        if transaction.attempt > steady {
            transaction.interval = transaction.interval.saturating_mul(2);
        }
        let again = transaction.clone();
        self.timers.set(Timer::Retransmit(id), again.expires.min(now + again.interval));
        if let Purpose::Check(pair, _) = again.purpose
            && let Some(pair) = self.session.check_list.get_mut(pair)
        {
            pair.requests_sent += 1;
        }
        self.announce(&again);
        self.emit(again.base, again.destination, again.request);
    }

    /// Checks a pair anew whose check is unanswered though the peer's own came through on the same path:
    /// when nothing comes in time, or data comes. Section 7.3.1.4 has the same for when a request comes.
    /// Unlike a repeated request, a new one shows by its answer how long the round trip is. Says whether
    /// it did; after a few times it does not.
    pub(crate) fn check_anew(&mut self, id: TransactionId, now: Instant) -> bool {
        let Some(transaction) = self.transactions.get(id) else { return false };
        let path = (transaction.base, transaction.destination);
        if let Purpose::Check(pair, _) = transaction.purpose
            && !transaction.is_cancelled
            && self.session.sources.contains(&path)
            && let Some(pair) = self.session.check_list.get_mut(pair)
            && matches!(pair.progress, Phase::InProgress(check) if check == id)
            && !pair.is_barred
            && pair.renewed < STEADY
        {
            pair.renewed += 1;
            let pair = pair.id;
            self.cancel_transaction(id);
            self.session.check_list.trigger(Trigger::Check(pair));
            self.arm_pace(now);
            return true;
        }
        false
    }

    fn time_out(&mut self, id: TransactionId) {
        let Some(transaction) = self.transactions.remove(id) else {
            return;
        };
        if transaction.is_cancelled {
            return;
        }
        match transaction.purpose {
            Purpose::Check(pair, _) => self.fail_pair(pair, CheckFailure::TimedOut),
            Purpose::Nominate(path) => self.fail_nomination(path, CheckFailure::TimedOut),
            Purpose::Refresh(..) | Purpose::Verify(_) => {}
        }
    }

    pub(crate) fn forget_transaction(&mut self, id: TransactionId) {
        self.transactions.remove(id);
        self.timers.cancel(&Timer::Retransmit(id));
    }

    /// Cancels (section 7.3.1.4): no more requests, no failure, but an answer still counts.
    pub(crate) fn cancel_transaction(&mut self, id: TransactionId) {
        if let Some(transaction) = self.transactions.get_mut(id) {
            transaction.is_cancelled = true;
            let expires = transaction.expires;
            self.timers.set(Timer::Retransmit(id), expires);
        }
    }

    pub(crate) fn cancel_transactions(&mut self, unwanted: impl Fn(&Transaction) -> bool) {
        for id in self.transactions.ids(unwanted) {
            self.cancel_transaction(id);
        }
    }
}

/// Section 14.2: no transactions are sent more often than this.
const LEAST_PACING: Duration = Duration::from_millis(5);
