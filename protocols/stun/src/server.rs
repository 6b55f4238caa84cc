//! The server: answers binding requests, and as a behaviour discovery server answers them from
//! elsewhere, to elsewhere, and padded (RFC 8489 section 6.3.1, RFC 5780 section 6).
//!
//! A request passes, in this order:
//! 1. the checks of its form (RFC 8489 section 6.3): else it is dropped;
//! 2. the credential mechanism, where one is configured (section 9): else 400, 401 or 438;
//! 3. unknown comprehension-required attributes: 420 (section 6.3.1);
//! 4. redirection, where configured: 300 (section 10);
//! 5. what RFC 5780 adds: 400 or 420; then the success response.

mod config;
mod respond;

use icelab_sans_io::net::Datagram;
use icelab_sans_io::{Deadline, Instant, Output, OutputQueue, Protocol, Rng};
use std::net::SocketAddr;

use crate::credentials::{LongTermServer, UserTable};
use crate::discard::{Discard, Discards};
use crate::message::{Class, Key, Message, Method};
pub use config::{Redirect, ServerConfig, ServerCredentials};

/// What happened at the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerEvent {
    /// A request was answered.
    Answered {
        /// Where it came from: the reflexive address.
        client: SocketAddr,
        /// The error code of the answer; `None` for success.
        error: Option<u16>,
    },
}

/// A STUN server, over UDP and without state.
#[derive(Debug)]
pub struct Server {
    config: ServerConfig,
    guard: Guard,
    output: OutputQueue<Datagram, ServerEvent>,
    discards: Discards,
}

/// The credential mechanism at work.
#[derive(Debug)]
enum Guard {
    Open,
    ShortTerm(std::collections::BTreeMap<String, Key>),
    LongTerm(LongTermServer, UserTable),
}

impl Server {
    /// A server with this configuration; `rng` makes the secret of its nonces.
    #[must_use]
    pub fn new(mut config: ServerConfig, mut rng: Rng) -> Self {
        let guard = match core::mem::take(&mut config.credentials) {
            ServerCredentials::None => Guard::Open,
            ServerCredentials::ShortTerm(keys) => Guard::ShortTerm(keys),
            ServerCredentials::LongTerm(long_term, users) => {
                Guard::LongTerm(LongTermServer::new(long_term, &mut rng), users)
            }
        };
        Self { config, guard, output: OutputQueue::new(), discards: Discards::default() }
    }

    /// The addresses on which it must be able to receive and from which it sends: one, or the
    /// four of RFC 5780.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.config.addresses()
    }

    /// What was dropped.
    #[must_use]
    pub const fn discards(&self) -> &Discards {
        &self.discards
    }

    fn receive(&mut self, datagram: &Datagram, now: Instant) -> Result<(), Discard> {
        let request = Message::parse(&datagram.payload).map_err(|_| Discard::NotStun)?;
        if request.check_fingerprint() == Some(false) {
            return Err(Discard::BadFingerprint);
        }
        if !self.config.is_ours(datagram.destination) {
            return Err(Discard::WrongAddress);
        }
        match (request.class(), request.method()) {
            (Class::Request, Method::BINDING) => {
                let (answer, error) = self.answer(&request, datagram, now);
                self.output.packet(answer);
                self.output.event(ServerEvent::Answered { client: datagram.source, error });
                Ok(())
            }
            // RFC 8489 section 6.3.2: its mere arrival refreshed the bindings in between.
            (Class::Indication, Method::BINDING) => {
                if request.unknown_required(&[]).is_empty() {
                    Err(Discard::Keepalive)
                } else {
                    Err(Discard::UnknownAttribute)
                }
            }
            _ => Err(Discard::Unexpected),
        }
    }
}

impl Protocol for Server {
    type Input = Datagram;
    type Packet = Datagram;
    type Event = ServerEvent;

    fn handle_input(&mut self, input: Datagram, now: Instant) {
        if let Err(reason) = self.receive(&input, now) {
            self.discards.add(reason);
        }
    }

    fn handle_timeout(&mut self, _: Instant) {}

    fn poll_output(&mut self) -> Option<Output<Datagram, ServerEvent>> {
        self.output.pop()
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        None
    }
}
