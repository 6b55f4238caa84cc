//! The server: many allocations of many clients, over UDP (RFC 8656).

mod config;
mod event;
mod peer_policy;

use icelab_sans_io::net::{Notice, Request};
use icelab_sans_io::{Deadline, Instant, Output, OutputQueue, Protocol, Rng};

pub use self::config::{ServerConfig, ServerLimits, Users};
pub use self::event::{EndReason, ServerDiscard, ServerEvent};
pub use self::peer_policy::{AddressRange, PeerPolicy};

/// A TURN server.
#[derive(Debug)]
pub struct Server {
    output: OutputQueue<Request, ServerEvent>,
}

impl Server {
    /// A server that has done nothing yet.
    #[must_use]
    pub fn new(_config: ServerConfig, _rng: Rng) -> Self {
        Self { output: OutputQueue::new() }
    }

    /// Binds the addresses to listen at; the first
    /// [`Notice::InterfacesChanged`] does so too.
    pub fn start(&mut self, _now: Instant) {}

    /// From now on, these may have an allocation; the allocations that there are stay.
    pub fn set_users(&mut self, _users: Users) {}
}

impl Protocol for Server {
    type Input = Notice;
    type Packet = Request;
    type Event = ServerEvent;

    fn handle_input(&mut self, _input: Notice, _now: Instant) {}

    fn handle_timeout(&mut self, _now: Instant) {}

    fn poll_output(&mut self) -> Option<Output<Request, ServerEvent>> {
        self.output.pop()
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        None
    }
}
