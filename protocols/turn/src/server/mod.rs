//! The server: many allocations of many clients, over UDP (RFC 8656).
//!
//! 1. A client asks for an allocation; `allocate` checks its credentials and its wishes, has
//!    ports bound ([`Request::Bind`]), and answers when they are ([`Notice::Bound`]).
//! 2. The client refreshes it, lets peers in and binds channels: `refresh`, `permission`,
//!    `channel`.
//! 3. `data` carries what comes from the client to peers, and back what they are allowed to say.
//! 4. What nobody refreshes ends; when a relayed address does, its port is closed.
//!
//! An allocation is found by its five-tuple from the client's side and by its relayed address from
//! the peers' side; nothing ever looks at all of them.

mod allocate;
mod allocation;
mod answer;
mod channel;
mod config;
mod data;
mod event;
mod opening;
mod peer_policy;
mod permission;
mod ports;
mod refresh;
mod users;

use core::net::{IpAddr, SocketAddr};
use std::collections::BTreeMap;

use icelab_sans_io::net::{Datagram, Notice, Request, Socket};
use icelab_sans_io::{Deadline, Discards, Instant, Output, OutputQueue, Protocol, Rng, Timers};
use icelab_stun::attribute::{Family, ReservationToken};
use icelab_stun::credentials::{LongTermConfig, LongTermServer};
use icelab_stun::{Class, Message, Method};

use self::allocation::{Allocation, AllocationId, FiveTuple};
pub use self::config::{ServerConfig, ServerLimits, Users};
pub use self::event::{EndReason, ServerDiscard, ServerEvent};
use self::opening::Opening;
pub use self::peer_policy::{AddressRange, PeerPolicy};
use self::ports::Ports;
use self::users::Directory;
pub use self::users::time_limited_password;
use crate::wire::{ChannelData, ChannelNumber};

/// A TURN server. It answers Binding requests too, so that one address serves STUN and TURN.
#[derive(Debug)]
pub struct Server {
    config: ServerConfig,
    rng: Rng,
    authentication: LongTermServer,
    directory: Directory,
    has_started: bool,
    allocations: BTreeMap<AllocationId, Allocation>,
    clients: BTreeMap<FiveTuple, AllocationId>,
    relays: BTreeMap<SocketAddr, AllocationId>,
    next_id: u64,
    /// Allocations whose ports are being bound.
    openings: BTreeMap<FiveTuple, Opening>,
    /// How many allocations each user has, those in the making included.
    quotas: BTreeMap<String, usize>,
    ports: Ports,
    timers: Timers<Timer>,
    output: OutputQueue<Request, ServerEvent>,
    discards: Discards<ServerDiscard>,
}

/// What a server waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// A relayed address was not refreshed.
    Relay(AllocationId, Family),
    /// A permission was not refreshed.
    Permission(AllocationId, IpAddr),
    /// A channel was not refreshed.
    Channel(AllocationId, ChannelNumber),
    /// Nobody came for a reserved port.
    Reservation(ReservationToken),
    /// The host did not bind the ports of an allocation.
    Opening(FiveTuple),
}

impl Server {
    /// A server that has done nothing yet.
    #[must_use]
    pub fn new(config: ServerConfig, mut rng: Rng) -> Self {
        let authentication = LongTermConfig {
            realm: config.realm.clone(),
            algorithms: config.algorithms.clone(),
            // The password of a time-limited name follows from the name itself.
            username_anonymity: config.username_anonymity
                && matches!(config.users, Users::Listed(_)),
            nonce_lifetime: config.nonce_lifetime,
        };
        Self {
            authentication: LongTermServer::new(authentication, &mut rng),
            directory: Directory::new(config.users.clone(), &config.realm),
            ports: Ports::new(config.ports.clone()),
            config,
            rng,
            has_started: false,
            allocations: BTreeMap::new(),
            clients: BTreeMap::new(),
            relays: BTreeMap::new(),
            next_id: 0,
            openings: BTreeMap::new(),
            quotas: BTreeMap::new(),
            timers: Timers::new(),
            output: OutputQueue::new(),
            discards: Discards::default(),
        }
    }

    /// Binds the addresses to listen at, once; the first [`Notice::InterfacesChanged`] does so
    /// too.
    pub fn start(&mut self, _now: Instant) {
        if !self.has_started {
            self.has_started = true;
            for local in &self.config.listen {
                self.output.packet(Request::Bind { local: *local });
            }
        }
    }

    /// From now on, these may have an allocation. Those who have one keep it, and may keep it
    /// alive with the password that made it.
    pub fn set_users(&mut self, users: Users) {
        self.directory = Directory::new(users, &self.config.realm);
    }

    /// How many allocations there are.
    #[must_use]
    pub fn allocations(&self) -> usize {
        self.allocations.len()
    }

    /// The relayed addresses, with the client that has each, in the order of the addresses.
    pub fn relayed(&self) -> impl Iterator<Item = (SocketAddr, SocketAddr)> {
        self.relays.iter().filter_map(|(relayed, id)| {
            let allocation = self.allocations.get(id)?;
            Some((*relayed, allocation.five_tuple.client))
        })
    }

    /// What was dropped.
    #[must_use]
    pub const fn discards(&self) -> &Discards<ServerDiscard> {
        &self.discards
    }

    /// Takes a datagram, from a peer where it came to a relayed address.
    fn handle_datagram(&mut self, datagram: Datagram, now: Instant) {
        let local = datagram.destination;
        if self.config.listen.contains(&local) {
            return self.handle_client(datagram, now);
        }
        match self.relays.get(&local) {
            Some(id) => self.relay_to_client(*id, &datagram),
            None if self.ports.is_ours(local) => self.discards.add(ServerDiscard::NoSuchRelay),
            None => self.handle_client(datagram, now),
        }
    }

    /// Takes a datagram from a client.
    fn handle_client(&mut self, datagram: Datagram, now: Instant) {
        let five_tuple = FiveTuple::udp(datagram.source, datagram.destination);
        match datagram.payload.first() {
            Some(first) if ChannelData::starts_with(*first) => {
                self.relay_channel_data(five_tuple, datagram);
            }
            Some(_) | None => self.handle_message(five_tuple, &datagram, now),
        }
    }

    /// Takes a STUN message from a client.
    fn handle_message(&mut self, five_tuple: FiveTuple, datagram: &Datagram, now: Instant) {
        let Ok(message) = Message::parse(&datagram.payload) else {
            return self.discards.add(ServerDiscard::Malformed);
        };
        match (message.class(), message.method()) {
            (Class::Request, Method::BINDING) => self.answer_binding(five_tuple, &message),
            (
                Class::Request,
                Method::ALLOCATE
                | Method::REFRESH
                | Method::CREATE_PERMISSION
                | Method::CHANNEL_BIND,
            ) => self.handle_request(five_tuple, &message, now),
            (Class::Indication, Method::SEND) => {
                self.relay_send_indication(five_tuple, &message, datagram);
            }
            // A keepalive for the NATs on the way.
            (Class::Indication, Method::BINDING) => {}
            (Class::Request | Class::Indication | Class::Success | Class::Error, _) => {
                self.discards.add(ServerDiscard::Unexpected);
            }
        }
    }

    /// Ends what is due. It runs before every input, so that a driver that is late never lets
    /// anyone use what has ended.
    fn expire(&mut self, now: Instant) {
        while let Some((_, timer)) = self.timers.pop_due(now) {
            match timer {
                Timer::Relay(id, family) => self.end_relay(id, family, EndReason::Expired),
                Timer::Permission(id, peer) => {
                    if let Some(allocation) = self.allocations.get_mut(&id) {
                        allocation.permissions.remove(&peer);
                    }
                }
                Timer::Channel(id, number) => {
                    if let Some(allocation) = self.allocations.get_mut(&id) {
                        allocation.channels.unbind(number);
                    }
                }
                Timer::Reservation(token) => {
                    if let Some(address) = self.ports.end_reservation(token) {
                        self.output.packet(Request::Close(Socket::Udp(address)));
                    }
                }
                Timer::Opening(five_tuple) => self.give_up_opening(five_tuple),
            }
        }
    }
}

impl Protocol for Server {
    type Input = Notice;
    type Packet = Request;
    type Event = ServerEvent;

    fn handle_input(&mut self, input: Notice, now: Instant) {
        self.expire(now);
        match input {
            Notice::Datagram(datagram) => self.handle_datagram(datagram, now),
            Notice::Bound { requested, local } => self.handle_bound(requested, local, now),
            Notice::Refused { socket: Socket::Udp(address), reason } => {
                self.handle_refused(address, reason, now);
            }
            Notice::Icmp(error) => self.relay_icmp(&error),
            Notice::InterfacesChanged(_) => self.start(now),
            Notice::Refused { .. }
            | Notice::Opened { .. }
            | Notice::Bytes { .. }
            | Notice::Writable { .. }
            | Notice::Closed { .. } => self.discards.add(ServerDiscard::StrangeNotice),
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.expire(now);
    }

    fn poll_output(&mut self) -> Option<Output<Request, ServerEvent>> {
        self.output.pop()
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        self.timers.next().map(|(at, timer)| Deadline {
            at,
            timer: match timer {
                Timer::Relay(..) => "turn.relay",
                Timer::Permission(..) => "turn.permission",
                Timer::Channel(..) => "turn.channel",
                Timer::Reservation(_) => "turn.reservation",
                Timer::Opening(_) => "turn.opening",
            },
        })
    }
}
