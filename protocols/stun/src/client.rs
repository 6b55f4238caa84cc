//! The client: learns its reflexive address from a server and keeps the mapping alive (RFC 8489
//! sections 6.3.3, 6.3.4, 9 and 10).
//!
//! 1. [`Client::start`] sends a binding request; it is sent again until an answer comes.
//! 2. Success is reported as [`ClientEvent::Mapped`]; with a keepalive the next request, or an
//!    indication, follows after its interval, and a mapping that changes is reported again.
//! 3. 401 and 438 lead to one more request with credentials, 300 to another server, 500 to four
//!    more tries; everything else ends in [`ClientEvent::Failed`].

mod config;
mod receive;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use icelab_sans_io::net::Datagram;
use icelab_sans_io::{Deadline, Instant, Output, OutputQueue, Protocol, Rng};

use crate::attribute::Software;
use crate::credentials::Attempt;
use crate::discard::Discards;
use crate::message::{Class, MessageBuilder, Method, TransactionId};
use crate::transaction::{Due, RttCache, Transactions, Unanswered};
pub use config::{ClientConfig, ClientEvent, Failure, Keepalive, Redirects};

/// A STUN client on one socket, over UDP.
#[derive(Debug)]
pub struct Client {
    config: ClientConfig,
    /// The server in use; another than the configured one after a redirection.
    server: SocketAddr,
    state: State,
    transactions: Transactions<Asked>,
    rtt: RttCache,
    /// When each server was asked, as far as redirections matter.
    visited: BTreeMap<SocketAddr, Instant>,
    output: OutputQueue<Datagram, ClientEvent>,
    discards: Discards,
    rng: Rng,
}

/// Where the client stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not started, or stopped, or done.
    Idle,
    /// A request is in flight.
    Asking { known: Option<SocketAddr> },
    /// The server had a temporary error; the next try comes at `at`.
    Waiting { at: Instant, tries: u8, known: Option<SocketAddr> },
    /// The mapped address is known; the next keepalive goes at `at`.
    Mapped { mapped: SocketAddr, at: Instant },
}

/// What belongs to a request in flight.
#[derive(Clone, Debug)]
struct Asked {
    attempt: Attempt,
    /// How often the server had a temporary error before.
    tries: u8,
}

impl Client {
    /// A client that does nothing yet.
    #[must_use]
    pub fn new(config: ClientConfig, rng: Rng) -> Self {
        Self {
            server: config.server,
            config,
            state: State::Idle,
            transactions: Transactions::new(),
            rtt: RttCache::default(),
            visited: BTreeMap::new(),
            output: OutputQueue::new(),
            discards: Discards::default(),
            rng,
        }
    }

    /// Asks the server for the mapped address, anew if it was asked before.
    pub fn start(&mut self, now: Instant) {
        self.transactions.clear();
        self.ask(None, 0, None, now);
    }

    /// Stops: nothing is sent or reported any more.
    pub fn stop(&mut self) {
        self.transactions.clear();
        self.state = State::Idle;
    }

    /// Tells of a hard ICMP error about what was sent to `remote`: transactions with it fail
    /// (RFC 8489 section 6.2.1).
    pub fn handle_unreachable(&mut self, remote: SocketAddr, _: Instant) {
        if !self.transactions.fail_all_to(remote).is_empty() {
            self.fail(Failure::Unreachable);
        }
    }

    /// The mapped address, if it is known.
    #[must_use]
    pub const fn mapped(&self) -> Option<SocketAddr> {
        match self.state {
            State::Idle => None,
            State::Asking { known } | State::Waiting { known, .. } => known,
            State::Mapped { mapped, .. } => Some(mapped),
        }
    }

    /// The socket's own address.
    #[must_use]
    pub const fn local(&self) -> SocketAddr {
        self.config.local
    }

    /// The server in use.
    #[must_use]
    pub const fn server(&self) -> SocketAddr {
        self.server
    }

    /// What was dropped.
    #[must_use]
    pub const fn discards(&self) -> &Discards {
        &self.discards
    }

    fn builder(&self, class: Class, id: TransactionId) -> MessageBuilder {
        MessageBuilder::new(class, Method::BINDING, id)
            .maybe(self.config.software.as_deref().map(Software).as_ref())
    }

    fn ask(
        &mut self,
        previous: Option<&Attempt>,
        tries: u8,
        known: Option<SocketAddr>,
        now: Instant,
    ) {
        let id = TransactionId::random(&mut self.rng);
        let builder = self.builder(Class::Request, id);
        let (payload, attempt) =
            self.config.credentials.seal(builder, previous, self.config.with_fingerprint);
        let datagram = Datagram::new(self.config.local, self.server, payload);
        let least = self.config.retransmission.rto;
        let policy =
            self.config.retransmission.with_rto(self.rtt.rto(self.server.ip(), least, now));
        let asked = Asked { attempt, tries };
        self.output.packet(self.transactions.start(id, datagram, asked, policy, now));
        self.visited.insert(self.server, now);
        self.state = State::Asking { known };
    }

    fn keep_alive(&mut self, mapped: SocketAddr, now: Instant) {
        match self.config.keepalive {
            Keepalive::None => {}
            Keepalive::Request(_) => self.ask(None, 0, Some(mapped), now),
            // RFC 8489 section 6.2.1: an indication is sent once.
            Keepalive::Indication(interval) => {
                let id = TransactionId::random(&mut self.rng);
                let builder = self.builder(Class::Indication, id);
                let payload = builder.finish_with(None, self.config.with_fingerprint);
                self.output.packet(Datagram::new(self.config.local, self.server, payload));
                self.state = State::Mapped { mapped, at: now + interval };
            }
        }
    }

    fn fail(&mut self, reason: Failure) {
        self.transactions.clear();
        self.state = State::Idle;
        self.output.event(ClientEvent::Failed { server: self.server, reason });
    }
}

impl Protocol for Client {
    type Input = Datagram;
    type Packet = Datagram;
    type Event = ClientEvent;

    fn handle_input(&mut self, input: Datagram, now: Instant) {
        if let Err(reason) = self.receive(&input, now) {
            self.discards.add(reason);
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        while let Some(due) = self.transactions.handle_timeout(now) {
            match due {
                Due::Resend(datagram) => self.output.packet(datagram),
                Due::TimedOut(Unanswered { integrity_violated: true, .. }) => {
                    self.fail(Failure::IntegrityViolated);
                }
                Due::TimedOut(_) => self.fail(Failure::TimedOut),
            }
        }
        match self.state {
            State::Waiting { at, tries, known } if at <= now => self.ask(None, tries, known, now),
            State::Mapped { mapped, at } if at <= now => self.keep_alive(mapped, now),
            State::Idle | State::Asking { .. } | State::Waiting { .. } | State::Mapped { .. } => {}
        }
    }

    fn poll_output(&mut self) -> Option<Output<Datagram, ClientEvent>> {
        self.output.pop()
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        match self.state {
            State::Idle => None,
            State::Asking { .. } => {
                let at = self.transactions.poll_timeout()?;
                Some(Deadline { at, timer: "stun.retransmit" })
            }
            State::Waiting { at, .. } => Some(Deadline { at, timer: "stun.retry" }),
            State::Mapped { at, .. } => {
                let is_kept = self.config.keepalive != Keepalive::None;
                is_kept.then_some(Deadline { at, timer: "stun.keepalive" })
            }
        }
    }
}
