//! The agent: commands, getters, and who handles what.

use core::net::SocketAddr;
use std::collections::BTreeMap;

use icelab_sans_io::net::Datagram;
use icelab_sans_io::{Deadline, Instant, Output, OutputQueue, Protocol, Rng, Timers};
use icelab_stun::{Class, Message, Method};

use crate::candidate::{Candidate, LocalCandidate};
use crate::config::{Config, Role};
use crate::credentials::Credentials;
use crate::discard::{Discard, Discards};
use crate::error::{RemoteError, SendError};
use crate::event::Event;
use crate::nomination::Naming;
use crate::path::{Path, PathId};
use crate::session::{Gathering, Keys, Outlook, RemoteKeys, Session};
use crate::state::State;
use crate::timer::Timer;
use crate::transaction::Transactions;

/// One end of an ICE session for one data stream.
///
/// A datagram that it emits has `source` = the base of the local candidate (for a relayed
/// candidate the relayed transport address: whoever owns the agent wraps it in TURN); one given to
/// it has `destination` = the base on which it arrived, and `source` = the peer.
///
/// The order of commands: credentials go to the peer; candidates are added as they come, local ones
/// in the order of their components; the peer's credentials start the checks. A peer that sees
/// other credentials than before [restarts](Self::restart), sends its new ones, and takes the new
/// ones of the other side.
///
/// What a peer does cannot make it grow. [`Limits`](crate::Limits) bound what it remembers, signalled
/// candidates included. One datagram leaves a handful of outputs, however many pairs there are: one
/// answer, one event for each step of what it proves, at most one check over a pair that it brings
/// back to life for each component. A deadline leaves at most a check and its event for each pair and
/// each open request, and a candidate one event for each of the other side's. So what waits to be
/// polled is bounded by the number of calls since it was last polled, whatever they carried.
#[derive(Debug)]
pub struct Agent {
    pub(crate) config: Config,
    pub(crate) rng: Rng,
    pub(crate) role: Role,
    pub(crate) tie_breaker: u64,
    pub(crate) state: State,
    pub(crate) session: Session,
    /// By generation: this session's, and those that the peer may still use.
    pub(crate) keys: BTreeMap<u32, Keys>,
    /// The components that are wanted.
    pub(crate) components: Vec<u16>,
    pub(crate) paths: BTreeMap<PathId, Path>,
    pub(crate) next_path: u64,
    pub(crate) selected: BTreeMap<u16, PathId>,
    pub(crate) nominations: u64,
    pub(crate) rank: u32,
    pub(crate) naming: BTreeMap<u16, Naming>,
    pub(crate) transactions: Transactions,
    /// When Ta allows the next check.
    pub(crate) next_check: Instant,
    pub(crate) timers: Timers<Timer>,
    pub(crate) discards: Discards,
    pub(crate) outputs: OutputQueue<Datagram, Event>,
}

/// Commands.
impl Agent {
    /// A new agent with fresh credentials.
    #[must_use]
    pub fn new(config: Config, mut rng: Rng) -> Self {
        Self {
            role: config.role,
            tie_breaker: rng.next_u64(),
            state: State::New,
            session: Session::new(0),
            keys: BTreeMap::from([(0, Keys::random(&mut rng))]),
            components: (1..=config.components.clamp(1, 256)).collect(),
            paths: BTreeMap::new(),
            next_path: 0,
            selected: BTreeMap::new(),
            nominations: 0,
            rank: 0,
            naming: BTreeMap::new(),
            transactions: Transactions::default(),
            next_check: Instant::START,
            timers: Timers::new(),
            discards: Discards::default(),
            outputs: OutputQueue::new(),
            config,
            rng,
        }
    }

    /// Takes the peer's credentials, with which checks begin. Different ones than before are a
    /// restart of the peer's: call [`restart`](Self::restart) first.
    ///
    /// # Errors
    /// Where this session already has other credentials of the peer.
    pub fn set_remote_credentials(
        &mut self,
        credentials: Credentials,
        remote_is_lite: bool,
        now: Instant,
    ) -> Result<(), RemoteError> {
        if self.state == State::Closed {
            return Ok(());
        }
        if let Some(known) = &self.keys().remote {
            let is_known = known.credentials == credentials;
            return if is_known { Ok(()) } else { Err(RemoteError::RestartNeeded) };
        }
        self.session.remote_is_lite = remote_is_lite;
        let generation = self.session.generation;
        if let Some(keys) = self.keys.get_mut(&generation) {
            keys.remote = Some(RemoteKeys::new(credentials));
        }
        // Section 6.1.1: of a full and a lite agent the full one controls.
        match (self.config.lite, remote_is_lite) {
            (false, true) => self.take_role(Role::Controlling),
            (true, false) => self.take_role(Role::Controlled),
            (false, false) | (true, true) => {}
        }
        self.drop_other_sessions_candidates();
        self.timers.set(Timer::Patience, now + self.config.patience);
        self.process_early_requests(now);
        self.settle(now);
        Ok(())
    }

    /// Adds a candidate of this host, and returns what to send to the peer: `None` where it is
    /// redundant (RFC 8445 section 5.1.3), of no use, one too many, or too late: after the end of
    /// candidates or a nomination only a restart brings new ones in (RFC 8838 section 13).
    pub fn add_local_candidate(
        &mut self,
        candidate: LocalCandidate,
        now: Instant,
    ) -> Option<Candidate> {
        let added = self.add_local(&candidate)?;
        self.settle(now);
        Some(added)
    }

    /// Removes the candidates with this base, whose interface or allocation is gone.
    pub fn remove_base(&mut self, base: SocketAddr, now: Instant) {
        self.forget_base(base);
        self.settle(now);
    }

    /// Says that no more local candidates will come.
    pub fn end_of_local_candidates(&mut self, now: Instant) {
        self.session.local_candidates = Gathering::Ended;
        self.settle(now);
    }

    /// Adds a candidate of the peer. One that is of no use is ignored, with an event.
    pub fn add_remote_candidate(&mut self, candidate: Candidate, now: Instant) {
        self.add_remote(candidate);
        self.settle(now);
    }

    /// Says that the peer has no more candidates.
    pub fn end_of_remote_candidates(&mut self, now: Instant) {
        self.session.remote_candidates = Gathering::Ended;
        self.settle(now);
    }

    /// Drops a component, such as RTCP's where the peer agreed to multiplex it.
    pub fn remove_component(&mut self, component: u16, now: Instant) {
        self.forget_component(component);
        self.settle(now);
    }

    /// Restarts ICE (section 9): new credentials, no candidates, no pairs; the selected pairs carry
    /// data until new ones are selected. Bases may be used again: add their candidates anew.
    pub fn restart(&mut self, now: Instant) {
        if self.state != State::Closed {
            self.start_over();
            self.settle(now);
        }
    }

    /// Sets the role, before checks begin.
    pub fn set_role(&mut self, role: Role, now: Instant) {
        self.take_role(role);
        self.settle(now);
    }

    /// Sends data over the selected pair of `component`, or over its best valid pair until there is
    /// one.
    ///
    /// # Errors
    /// Where no pair is valid, or the agent is closed.
    pub fn send(
        &mut self,
        component: u16,
        payload: Vec<u8>,
        now: Instant,
    ) -> Result<(), SendError> {
        self.send_data(component, payload, now)
    }

    /// Takes an ICMP error about a datagram from `base` to `remote`: a hard one, such as port
    /// unreachable (RFC 8445 section 7.2.5.2.2).
    pub fn handle_unreachable(&mut self, base: SocketAddr, remote: SocketAddr, now: Instant) {
        if self.config.icmp_fails_checks {
            self.fail_unreachable(base, remote);
            self.settle(now);
        }
    }

    /// Ends it. Nothing is sent or received any more.
    pub fn close(&mut self, now: Instant) {
        self.timers.clear();
        self.transactions = Transactions::default();
        self.paths.clear();
        self.selected.clear();
        self.session = Session::new(self.session.generation);
        self.set_state(State::Closed);
        self.settle(now);
    }
}

impl Protocol for Agent {
    type Input = Datagram;
    type Packet = Datagram;
    type Event = Event;

    fn handle_input(&mut self, input: Datagram, now: Instant) {
        if self.state == State::Closed {
            self.discards.add(Discard::Closed);
        } else if !looks_like_stun(&input.payload) {
            self.handle_data(input, now);
        } else {
            if let Err(discard) = self.handle_message(&input, now) {
                self.discards.add(discard);
            }
            self.settle(now);
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        let mut is_due = false;
        while let Some((_, timer)) = self.timers.pop_due(now) {
            is_due = true;
            self.handle_timer(timer, now);
            self.settle(now);
        }
        debug_assert!(!is_due || self.timers.next().is_none_or(|(at, _)| at > now));
    }

    fn poll_output(&mut self) -> Option<Output<Datagram, Event>> {
        self.outputs.pop()
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        let (at, timer) = self.timers.next()?;
        Some(Deadline { at, timer: timer.name() })
    }
}

/// Dispatch.
impl Agent {
    fn handle_message(&mut self, datagram: &Datagram, now: Instant) -> Result<(), Discard> {
        let message = Message::parse(&datagram.payload).map_err(|_| Discard::Malformed)?;
        if message.method() != Method::BINDING {
            return Err(Discard::Method);
        }
        let fingerprint = message.check_fingerprint();
        match message.class() {
            // Section 7.3: FINGERPRINT must be used. Where it is missing, this may be no STUN.
            Class::Request if fingerprint != Some(true) => Err(Discard::Fingerprint),
            Class::Request => self.handle_request(&message, datagram, now),
            // An answer that is signed for this very transaction needs no further proof.
            Class::Success | Class::Error | Class::Indication if fingerprint == Some(false) => {
                Err(Discard::Fingerprint)
            }
            Class::Success | Class::Error => self.handle_response(&message, datagram, now),
            Class::Indication => {
                self.hear(datagram.destination, datagram.source, now);
                Ok(())
            }
        }
    }

    fn handle_timer(&mut self, timer: Timer, now: Instant) {
        match timer {
            Timer::Pace => self.take_turn(now),
            Timer::Retransmit(id) => self.send_again(id, now),
            // What these allow is decided when things settle.
            Timer::Grace(_) => {}
            Timer::Nomination(component) => self.give_up_nomination(component, now),
            Timer::Patience => self.lose_patience(),
            Timer::Consent(path) => self.refresh(path, now),
            Timer::Answer(path) => self.miss_answer(path, now),
            Timer::Verdict(path) => self.give_verdict(path),
            Timer::Expiry(path) => self.lose_consent(path),
            Timer::Keepalive(path) => self.keep_alive(path, now),
            Timer::Silence(path) => self.notice_silence(path, now),
        }
    }

    /// Draws the conclusions of whatever happened. Doing it twice changes nothing.
    pub(crate) fn settle(&mut self, now: Instant) {
        if self.state == State::Closed {
            return;
        }
        for component in self.components.clone() {
            self.fall_back(component, now);
            self.consider_nomination(component, now);
        }
        self.conclude_lite(now);
        self.consider_failure();
        self.update_state();
        self.arm_pace(now);
    }

    fn lose_patience(&mut self) {
        if self.session.outlook == Outlook::Patient {
            self.session.outlook = Outlook::Sober;
        }
    }

    pub(crate) fn keys(&self) -> &Keys {
        let keys = self.keys.get(&self.session.generation);
        keys.expect("a session is made together with its keys")
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.outputs.event(event);
    }

    pub(crate) fn emit(&mut self, base: SocketAddr, destination: SocketAddr, payload: Vec<u8>) {
        self.outputs.packet(Datagram::new(base, destination, payload));
    }
}

/// RFC 7983 section 7 and the magic cookie of RFC 8489 section 5.
fn looks_like_stun(payload: &[u8]) -> bool {
    matches!(payload, [0..=3, _, _, _, 0x21, 0x12, 0xA4, 0x42, ..])
}
