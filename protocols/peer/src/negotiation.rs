//! Offers, answers, candidates and ICE restarts, as the two ends exchange them.
//!
//! 1. The offerer sends its credentials, at once with trickle, after gathering without.
//! 2. The answerer gathers too and answers likewise; without trickle it takes the offer's
//!    candidates only then, so that both sides have gathered before either checks.
//! 3. With trickle, candidates follow one by one, and then their end (RFC 8838).
//! 4. An offer with other credentials restarts ICE (RFC 8445 section 9). Where two offers cross,
//!    the one of the side that opened the call counts, and the other side answers it.

use icelab_ice as ice;
use icelab_sans_io::Instant;

use crate::config::{RoleChoice, Trickle};
use crate::discard::Discard;
use crate::event::Event;
use crate::gathering::Gathering;
use crate::peer::Peer;
use crate::signal::{Description, Setup, Signal};

/// How far the exchange of offer and answer is.
#[derive(Clone, Debug)]
pub(crate) enum Negotiation {
    /// Nothing was said.
    New,
    /// Our offer waits for the end of gathering.
    OfferWaits,
    /// Our offer waits for its answer.
    Offered {
        /// A restart that was asked for meanwhile: its offer may only follow the answer, which would
        /// else be taken for the answer to it (W3C: negotiation is needed once the state is stable).
        is_restart_due: bool,
    },
    /// The other side's offer waits for the end of our gathering.
    AnswerWaits {
        /// The offer.
        offer: Description,
        /// A restart that was asked for meanwhile: its offer may only follow our answer.
        is_restart_due: bool,
    },
    /// Both sides know each other.
    Stable,
    /// The call is over, and what servers lent is being given back.
    Closed,
    /// The call is over and nothing is held any more.
    Freed,
}

/// What a side does when its offer crosses the other one's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Manners {
    /// It answers the other one's: the side that was called.
    #[default]
    Polite,
    /// It ignores the other one's: the side that called.
    Impolite,
}

impl Peer {
    /// Opens the call: gathers and offers. Does nothing where the call was opened before.
    pub fn call(&mut self, now: Instant) {
        if !matches!(self.negotiation, Negotiation::New) {
            return;
        }
        self.manners = Manners::Impolite;
        if self.config.role == RoleChoice::ByOffer {
            self.agent.set_role(ice::Role::Controlling, now);
        }
        self.begin_offer(now);
        self.settle(now);
    }

    /// Restarts ICE (RFC 8445 section 9): new credentials, new sockets, new candidates. While an
    /// offer waits for its answer, the restart waits too. Does nothing before the call was opened or
    /// after it was closed.
    pub fn restart_ice(&mut self, now: Instant) {
        if let Negotiation::Offered { is_restart_due }
        | Negotiation::AnswerWaits { is_restart_due, .. } = &mut self.negotiation
        {
            *is_restart_due = true;
            return;
        }
        if matches!(self.negotiation, Negotiation::New) || self.is_closed() {
            return;
        }
        self.begin_generation(now);
        self.begin_offer(now);
        self.settle(now);
    }

    /// Asks the other side for an ICE restart.
    pub fn request_restart(&mut self) {
        if matches!(self.negotiation, Negotiation::Stable) {
            self.output.event(Event::Signal(Signal::RestartRequest));
        }
    }

    /// Takes what the other side signalled.
    pub fn handle_signal(&mut self, signal: Signal, now: Instant) {
        if self.is_closed() {
            self.discards.add(Discard::AfterClose);
            return;
        }
        match signal {
            Signal::Offer(offer) => self.handle_offer(offer, now),
            Signal::Answer(answer) => self.handle_answer(answer, now),
            Signal::Candidate { ufrag, candidate } => self.handle_candidate(&ufrag, candidate, now),
            Signal::EndOfCandidates { ufrag } => self.handle_end_of_candidates(&ufrag, now),
            Signal::RestartRequest => {
                let is_stable = matches!(self.negotiation, Negotiation::Stable);
                if is_stable && self.agent.state() != ice::State::Checking {
                    self.restart_ice(now);
                }
            }
        }
        self.settle(now);
    }

    fn begin_offer(&mut self, now: Instant) {
        self.start_gathering(now);
        match self.config.trickle {
            Trickle::Full => self.send_offer(),
            Trickle::Off => self.negotiation = Negotiation::OfferWaits,
        }
    }

    /// Turns to new credentials and candidates. What an unfinished restart had begun is given up.
    fn begin_generation(&mut self, now: Instant) {
        self.agent.restart(now);
        self.remote = None;
        self.generation += 1;
        self.remote_addresses.clear();
        self.retire_abandoned(now);
    }

    fn handle_offer(&mut self, offer: Description, now: Instant) {
        let collides =
            matches!(self.negotiation, Negotiation::OfferWaits | Negotiation::Offered { .. });
        if collides && self.manners == Manners::Impolite {
            self.discards.add(Discard::Glare);
            return;
        }
        let is_restart = self.remote.as_ref().is_some_and(|known| *known != offer.credentials);
        if is_restart && !collides {
            self.begin_generation(now);
        }
        if (is_restart && !collides) || self.gathering == Gathering::Idle {
            self.start_gathering(now);
        }
        if self.config.trickle == Trickle::Off && self.gathering != Gathering::Done {
            self.negotiation = Negotiation::AnswerWaits { offer, is_restart_due: false };
        } else {
            self.answer(offer, now);
        }
    }

    fn answer(&mut self, offer: Description, now: Instant) {
        self.take_description(offer, now);
        let answer = self.description(self.security.setup());
        self.output.event(Event::Signal(Signal::Answer(answer)));
        self.negotiation = Negotiation::Stable;
    }

    fn handle_answer(&mut self, answer: Description, now: Instant) {
        if let Negotiation::Offered { is_restart_due } = self.negotiation {
            self.negotiation = Negotiation::Stable;
            self.take_description(answer, now);
            if is_restart_due {
                self.restart_ice(now);
            }
        } else {
            self.discards.add(Discard::UnexpectedAnswer);
        }
    }

    fn take_description(&mut self, description: Description, now: Instant) {
        let Description { ref credentials, lite, .. } = description;
        if self.agent.set_remote_credentials(credentials.clone(), lite, now).is_err() {
            self.discards.add(Discard::OtherCredentials);
            return;
        }
        self.agree_on_security(&description, now);
        self.agree_on_channels(&description);
        let Description { credentials, candidates, end_of_candidates, .. } = description;
        self.remote = Some(credentials);
        for candidate in candidates {
            self.add_remote_candidate(candidate, now);
        }
        if end_of_candidates {
            self.agent.end_of_remote_candidates(now);
        }
    }

    fn handle_candidate(&mut self, ufrag: &str, candidate: ice::Candidate, now: Instant) {
        if let Negotiation::AnswerWaits { offer, .. } = &mut self.negotiation
            && offer.credentials.ufrag() == ufrag
        {
            if offer.candidates.len() < CANDIDATES {
                offer.candidates.push(candidate);
            } else {
                self.discards.add(Discard::TooManyCandidates);
            }
        } else if self.is_remote(ufrag) {
            self.add_remote_candidate(candidate, now);
        } else {
            self.discards.add(Discard::OtherCredentials);
        }
    }

    fn handle_end_of_candidates(&mut self, ufrag: &str, now: Instant) {
        if let Negotiation::AnswerWaits { offer, .. } = &mut self.negotiation
            && offer.credentials.ufrag() == ufrag
        {
            offer.end_of_candidates = true;
        } else if self.is_remote(ufrag) {
            self.agent.end_of_remote_candidates(now);
        } else {
            self.discards.add(Discard::OtherCredentials);
        }
    }

    fn is_remote(&self, ufrag: &str) -> bool {
        self.remote.as_ref().is_some_and(|known| known.ufrag() == ufrag)
    }

    fn add_remote_candidate(&mut self, candidate: ice::Candidate, now: Instant) {
        if let Some(address) = candidate.socket() {
            if self.remote_addresses.len() >= CANDIDATES {
                self.discards.add(Discard::TooManyCandidates);
                return;
            }
            self.remote_addresses.insert(address.ip());
            self.permit(address.ip(), now);
        }
        self.agent.add_remote_candidate(candidate, now);
    }

    /// What an offer or answer says now.
    fn description(&self, setup: Setup) -> Description {
        Description {
            credentials: self.agent.local_credentials().clone(),
            lite: self.config.ice.lite,
            candidates: self.gathered.clone(),
            end_of_candidates: self.gathering == Gathering::Done,
            fingerprint: self.security.fingerprint(),
            setup,
            longest_message: self.config.channels.as_ref().map(|channels| channels.longest_message),
        }
    }

    fn send_offer(&mut self) {
        let offer = self.description(Setup::Either);
        self.output.event(Event::Signal(Signal::Offer(offer)));
        self.negotiation = Negotiation::Offered { is_restart_due: false };
    }

    /// Signals a candidate on its own, unless an offer or answer will carry it.
    pub(crate) fn signal_candidate(&mut self, candidate: ice::Candidate) {
        if self.says_more() {
            let ufrag = self.agent.local_credentials().ufrag().to_owned();
            self.output.event(Event::Signal(Signal::Candidate { ufrag, candidate }));
        }
    }

    /// Signals what waited for the end of gathering.
    pub(crate) fn signal_end_of_gathering(&mut self, now: Instant) {
        match &self.negotiation {
            Negotiation::OfferWaits => self.send_offer(),
            Negotiation::AnswerWaits { offer, is_restart_due } => {
                let (offer, is_restart_due) = (offer.clone(), *is_restart_due);
                self.answer(offer, now);
                if is_restart_due {
                    self.begin_generation(now);
                    self.begin_offer(now);
                }
            }
            Negotiation::Offered { .. } | Negotiation::Stable => {
                let ufrag = self.agent.local_credentials().ufrag().to_owned();
                self.output.event(Event::Signal(Signal::EndOfCandidates { ufrag }));
            }
            Negotiation::New | Negotiation::Closed | Negotiation::Freed => {}
        }
    }

    /// Whether this side's credentials have been told, so that candidates can follow.
    const fn says_more(&self) -> bool {
        matches!(self.negotiation, Negotiation::Offered { .. } | Negotiation::Stable)
    }

    /// Whether the call is over.
    pub(crate) const fn is_closed(&self) -> bool {
        matches!(self.negotiation, Negotiation::Closed | Negotiation::Freed)
    }

    /// Ends the call: says goodbye, frees allocations, closes sockets. [`Event::Closed`] says when that is done.
    pub fn close(&mut self, now: Instant) {
        if self.is_closed() {
            return;
        }
        self.negotiation = Negotiation::Closed;
        self.gathering = Gathering::Done;
        self.starts.clear();
        self.close_channels(now);
        self.close_security(now);
        self.agent.close(now);
        self.retire_all(now);
        self.settle(now);
    }
}

/// How many candidates of the other side are kept.
const CANDIDATES: usize = 256;
