//! The client: one allocation on one server, over UDP (RFC 8656).
//!
//! 1. [`Client::allocate`] asks for relayed addresses; the server wants credentials (401), gets
//!    them, and grants ([`Event::Allocated`]).
//! 2. [`Client::send`] lets a peer's address in first (CreatePermission; data waits for it), sends
//!    by Send indications, and binds a channel for the peer meanwhile (ChannelBind).
//! 3. Allocation, permissions and channels are refreshed a minute before they end, until
//!    [`Client::forget`] or [`Client::close`].
//! 4. [`Event::Closed`] ends it, whoever wished so.
//!
//! - `allocate`, `refresh`, `permission`, `channel`, `data`: the procedures.
//! - `request`: transactions and credentials, which all procedures share.

mod allocate;
mod channel;
mod config;
mod data;
mod event;
mod permission;
mod refresh;
mod request;

use core::net::{IpAddr, SocketAddr};
use std::collections::BTreeMap;

use icelab_sans_io::net::Datagram;
use icelab_sans_io::{Deadline, Discards, Instant, Output, OutputQueue, Protocol, Rng, Timers};
use icelab_stun::attribute::Family;
use icelab_stun::credentials::{LongTermClient, OpaqueError};
use icelab_stun::{Class, Message, Method};

use self::channel::Channels;
pub use self::config::{ChannelPolicy, ClientConfig, ClientLimits, Families, PortChoice};
pub use self::event::{
    AllocateError, BindError, CloseReason, Discard, Event, PermitError, RequestFailure, SendError,
};
use self::permission::Permission;
use self::request::Requests;
use crate::family::PerFamily;
use crate::wire::{ChannelData, ChannelNumber};

/// A TURN client: makes one allocation in its life, and takes every datagram that its server sends
/// to its local address.
#[derive(Debug)]
pub struct Client {
    config: ClientConfig,
    rng: Rng,
    server: SocketAddr,
    /// Servers that were asked, and when: none is asked twice in five minutes (RFC 8489
    /// section 10).
    asked: BTreeMap<SocketAddr, Instant>,
    state: State,
    requests: Requests,
    permissions: BTreeMap<IpAddr, Permission>,
    channels: Channels,
    timers: Timers<Timer>,
    output: OutputQueue<Datagram, Event>,
    discards: Discards<Discard>,
}

/// How far the allocation has come.
#[derive(Debug)]
enum State {
    /// Nothing was asked for.
    Idle,
    /// An Allocate request is under way.
    Allocating,
    /// The same, but nobody wants it any more: what it makes is given back.
    Abandoned,
    /// The server relays.
    Open(Allocation),
    /// The allocation is being given back.
    Closing {
        /// What the application will hear.
        reason: CloseReason,
    },
    /// It is over.
    Closed,
}

/// What the server granted.
#[derive(Debug)]
struct Allocation {
    relays: PerFamily<SocketAddr>,
    expires: Instant,
}

/// What a client waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// The allocation is refreshed.
    Refresh,
    /// A permission is refreshed.
    Permission(IpAddr),
    /// A channel is refreshed, or its number is free again.
    Channel(ChannelNumber),
}

impl Client {
    /// A client that has done nothing yet.
    #[must_use]
    pub fn new(config: ClientConfig, rng: Rng) -> Self {
        let requests = Requests::new(&config);
        Self {
            server: config.server,
            config,
            rng,
            asked: BTreeMap::new(),
            state: State::Idle,
            requests,
            permissions: BTreeMap::new(),
            channels: Channels::default(),
            timers: Timers::new(),
            output: OutputQueue::new(),
            discards: Discards::default(),
        }
    }

    /// The server that is asked now: the configured one, or the one it named (300).
    #[must_use]
    pub const fn server(&self) -> SocketAddr {
        self.server
    }

    /// The client's own address.
    #[must_use]
    pub const fn local(&self) -> SocketAddr {
        self.config.local
    }

    /// The relayed addresses, IPv4 first; none while there is no allocation.
    pub fn relayed(&self) -> impl Iterator<Item = SocketAddr> {
        let relays = match &self.state {
            State::Open(allocation) => Some(&allocation.relays),
            State::Idle
            | State::Allocating
            | State::Abandoned
            | State::Closing { .. }
            | State::Closed => None,
        };
        relays.into_iter().flat_map(|relays| relays.iter().map(|(_, address)| *address))
    }

    /// Whether the server relays.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    /// Whether it is over: nothing is sent any more.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// Whether data flows to and from `peer`.
    #[must_use]
    pub fn is_permitted(&self, peer: IpAddr, now: Instant) -> bool {
        self.permissions.get(&peer).is_some_and(|permission| permission.holds(now))
    }

    /// The channel on which data goes to `peer`.
    #[must_use]
    pub fn channel(&self, peer: SocketAddr, now: Instant) -> Option<ChannelNumber> {
        self.channels.bound(peer, now)
    }

    /// What was dropped.
    #[must_use]
    pub const fn discards(&self) -> &Discards<Discard> {
        &self.discards
    }

    /// From now on, these credentials answer the server when it refuses the old ones.
    ///
    /// An allocation belongs to the name that made it (441, RFC 8656 section 5): a new password
    /// may keep it alive, a new name is for the next allocation.
    ///
    /// # Errors
    /// Where they are no texts that may be credentials (RFC 8265).
    pub fn set_credentials(&mut self, username: &str, password: &str) -> Result<(), OpaqueError> {
        self.requests.next_credentials = Some(LongTermClient::new(username, password)?);
        Ok(())
    }

    /// The relayed address from which `peer` is reached.
    fn relay_for(&self, peer: IpAddr) -> Result<SocketAddr, NoRelay> {
        match &self.state {
            State::Open(allocation) => {
                let relay = allocation.relays.get(Family::of(peer));
                relay.copied().ok_or(NoRelay::WrongFamily)
            }
            State::Idle
            | State::Allocating
            | State::Abandoned
            | State::Closing { .. }
            | State::Closed => Err(NoRelay::NotAllocated),
        }
    }

    /// Ends it: forgets everything and tells why.
    fn finish(&mut self, reason: CloseReason) {
        self.state = State::Closed;
        self.forget_everything();
        self.output.event(Event::Closed { reason });
    }

    fn forget_everything(&mut self) {
        self.requests.clear();
        self.permissions.clear();
        self.channels = Channels::default();
        self.timers.clear();
    }

    /// Takes a STUN message from the server.
    fn handle_message(&mut self, datagram: &Datagram, now: Instant) {
        let Ok(message) = Message::parse(&datagram.payload) else {
            return self.discards.add(Discard::Malformed);
        };
        match (message.class(), message.method()) {
            (Class::Success | Class::Error, _) => self.handle_response(&message, now),
            (Class::Indication, Method::DATA) => {
                self.handle_data_indication(&message, datagram.ecn);
            }
            (Class::Request | Class::Indication, _) => self.discards.add(Discard::Unexpected),
        }
    }
}

/// There is no relayed address for a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoRelay {
    NotAllocated,
    WrongFamily,
}

impl Protocol for Client {
    type Input = Datagram;
    type Packet = Datagram;
    type Event = Event;

    fn handle_input(&mut self, input: Datagram, now: Instant) {
        if input.source != self.server || input.destination != self.config.local {
            return self.discards.add(Discard::NotFromServer);
        }
        match input.payload.first() {
            Some(first) if ChannelData::starts_with(*first) => self.handle_channel_data(&input),
            Some(_) | None => self.handle_message(&input, now),
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.retransmit(now);
        while let Some((_, timer)) = self.timers.pop_due(now) {
            match timer {
                Timer::Refresh => self.refresh(now),
                Timer::Permission(peer) => self.refresh_permission(peer, now),
                Timer::Channel(number) => self.handle_channel_timeout(number, now),
            }
        }
    }

    fn poll_output(&mut self) -> Option<Output<Datagram, Event>> {
        self.output.pop()
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        let retransmission = self.requests.poll_timeout();
        let retransmission = retransmission.map(|at| Deadline { at, timer: "turn.retransmit" });
        let own = self.timers.next().map(|(at, timer)| Deadline {
            at,
            timer: match timer {
                Timer::Refresh => "turn.refresh",
                Timer::Permission(_) => "turn.permission",
                Timer::Channel(_) => "turn.channel",
            },
        });
        Deadline::earlier(retransmission, own)
    }
}
