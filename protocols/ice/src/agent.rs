//! The agent.

use core::net::SocketAddr;

use icelab_sans_io::net::Datagram;
use icelab_sans_io::{Deadline, Instant, Output, OutputQueue, Protocol, Rng};

use crate::candidate::{Candidate, CandidateKind, LocalCandidate};
use crate::config::{Config, Role};
use crate::credentials::Credentials;
use crate::discard::Discards;
use crate::event::{Event, SelectedPair};
use crate::state::State;

/// One end of an ICE session for one data stream.
///
/// A datagram that it emits has `source` = the base of the local candidate (for a relayed
/// candidate the relayed transport address: whoever owns the agent wraps it in TURN); one given to
/// it has `destination` = the base on which it arrived, and `source` = the peer.
#[derive(Debug)]
pub struct Agent {
    config: Config,
    role: Role,
    state: State,
    local_credentials: Credentials,
    discards: Discards,
    outputs: OutputQueue<Datagram, Event>,
}

impl Agent {
    /// A new agent with fresh credentials.
    #[must_use]
    pub fn new(config: Config, mut rng: Rng) -> Self {
        Self {
            role: config.role,
            config,
            state: State::New,
            local_credentials: Credentials::random(&mut rng),
            discards: Discards::default(),
            outputs: OutputQueue::new(),
        }
    }

    /// The credentials to be sent to the peer.
    #[must_use]
    pub const fn local_credentials(&self) -> &Credentials {
        &self.local_credentials
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
        let _ = (credentials, remote_is_lite, now);
        Ok(())
    }

    /// Adds a candidate of this host, and returns what to send to the peer: `None` where it is
    /// redundant (RFC 8445 section 5.1.3), of no use, or one too many.
    pub fn add_local_candidate(
        &mut self,
        candidate: LocalCandidate,
        now: Instant,
    ) -> Option<Candidate> {
        let _ = (candidate, now);
        None
    }

    /// Removes the candidates with this base, whose interface or allocation is gone.
    pub fn remove_base(&mut self, base: SocketAddr, now: Instant) {
        let _ = (base, now);
    }

    /// Says that no more local candidates will come.
    pub fn end_of_local_candidates(&mut self, now: Instant) {
        let _ = now;
    }

    /// Adds a candidate of the peer. One that is of no use is ignored, with an event.
    pub fn add_remote_candidate(&mut self, candidate: Candidate, now: Instant) {
        let _ = (candidate, now);
    }

    /// Says that the peer has no more candidates.
    pub fn end_of_remote_candidates(&mut self, now: Instant) {
        let _ = now;
    }

    /// Drops a component, such as RTCP's where the peer agreed to multiplex it.
    pub fn remove_component(&mut self, component: u16, now: Instant) {
        let _ = (component, now);
    }

    /// Restarts ICE (section 9): new credentials, no candidates, no pairs; the selected pairs carry
    /// data until new ones are selected.
    pub fn restart(&mut self, now: Instant) {
        let _ = now;
    }

    /// Sets the role, before checks begin.
    pub fn set_role(&mut self, role: Role, now: Instant) {
        let _ = now;
        self.role = role;
    }

    /// Sends data over the selected pair of `component`, or over its best valid pair until there is
    /// one.
    ///
    /// # Errors
    /// Where no pair is valid, or the agent is closed.
    pub fn send(&mut self, component: u16, payload: Vec<u8>, now: Instant) -> Result<(), SendError> {
        let _ = (component, payload, now);
        Err(SendError::NotConnected)
    }

    /// Takes an ICMP error about a datagram from `base` to `remote`.
    pub fn handle_unreachable(&mut self, base: SocketAddr, remote: SocketAddr, now: Instant) {
        let _ = (base, remote, now);
    }

    /// Ends it. Nothing is sent or received any more.
    pub fn close(&mut self, now: Instant) {
        let _ = now;
        self.state = State::Closed;
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

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The selected pair of a component.
    #[must_use]
    pub fn selected_pair(&self, component: u16) -> Option<&SelectedPair> {
        let _ = component;
        None
    }

    /// The pairs of the check list, highest priority first.
    pub fn pairs(&self) -> impl Iterator<Item = PairInfo> + '_ {
        core::iter::empty()
    }

    /// The local candidates of this session, learned ones included.
    pub fn local_candidates(&self) -> impl Iterator<Item = &Candidate> + '_ {
        core::iter::empty()
    }

    /// The remote candidates of this session, learned ones included.
    pub fn remote_candidates(&self) -> impl Iterator<Item = &Candidate> + '_ {
        core::iter::empty()
    }

    /// How many datagrams were dropped, and why.
    #[must_use]
    pub const fn discards(&self) -> &Discards {
        &self.discards
    }
}

impl Protocol for Agent {
    type Input = Datagram;
    type Packet = Datagram;
    type Event = Event;

    fn handle_input(&mut self, input: Datagram, now: Instant) {
        let _ = (input, now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
    }

    fn poll_output(&mut self) -> Option<Output<Datagram, Event>> {
        self.outputs.pop()
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        None
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

/// Why the peer's credentials were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// They differ from those of this session.
    #[error("the peer's credentials changed: that takes an ICE restart")]
    RestartNeeded,
}

/// Why data was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// No pair of the component is valid.
    #[error("no pair of this component is valid")]
    NotConnected,
    /// The agent is closed.
    #[error("the agent is closed")]
    Closed,
}
