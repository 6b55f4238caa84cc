//! One end of a call: the commands of the application and the contract's four methods.

use core::net::{IpAddr, SocketAddr};
use std::collections::{BTreeSet, VecDeque};

use icelab_datachannel::DataChannels;
use icelab_dtls as dtls;
use icelab_ice as ice;
use icelab_sans_io::net::{Datagram, IcmpError, IcmpKind, Interface, Notice, Request};
use icelab_sans_io::{Deadline, Instant, Output, OutputQueue, Protocol, Rng};

use crate::channels::PairInUse;
use crate::config::{Config, Policy, RoleChoice};
use crate::discard::{Discard, Discards};
use crate::event::Event;
use crate::gathering::Gathering;
use crate::negotiation::{Manners, Negotiation};
use crate::security::Security;
use crate::socket::{Lease, Query, Socket, Start};

/// One end of a call, below the W3C interfaces: gathers candidates on every interface through STUN
/// and TURN, signals them, lets the ICE agent find a path, and carries the application's data.
///
/// 1. The host says which interfaces there are ([`Notice::InterfacesChanged`]).
/// 2. [`call`](Self::call) makes this the offerer; the other end waits for the offer.
/// 3. Each [`Event::Signal`] is to be handed to the other end's
///    [`handle_signal`](Self::handle_signal), in order.
/// 4. ICE finds a pair, DTLS proves over it who is there ([`is_secure`](Self::is_secure)), and
///    [`send`](Self::send) reaches the other end's [`Event::Data`]; or, in a call with data channels,
///    [`send_on`](Self::send_on) its [`Event::Channels`].
/// 5. [`restart_ice`](Self::restart_ice) gathers anew with new credentials, while data goes on over
///    the old pair for as long as that works.
/// 6. [`close`](Self::close) gives back what TURN servers lent.
#[derive(Debug)]
pub struct Peer {
    pub(crate) config: Config,
    pub(crate) rng: Rng,
    pub(crate) agent: ice::Agent,
    /// What the host said last; `None` before its first word.
    pub(crate) interfaces: Option<Vec<Interface>>,
    /// The gathering that is under way or over; each ICE restart begins another.
    pub(crate) generation: u32,
    /// The generation of the pair in use.
    pub(crate) selected_generation: Option<u32>,
    pub(crate) gathering: Gathering,
    pub(crate) security: Security,
    pub(crate) channels: Option<Box<DataChannels>>,
    pub(crate) pair_in_use: PairInUse,
    /// Whether the other side has said that it has channels too.
    pub(crate) has_remote_channels: bool,
    pub(crate) negotiation: Negotiation,
    pub(crate) manners: Manners,
    pub(crate) sockets: Vec<Socket>,
    pub(crate) starts: VecDeque<Start>,
    pub(crate) queries: Vec<Query>,
    pub(crate) leases: Vec<Lease>,
    /// How many clients have been made, so that none shares its randomness with another.
    pub(crate) clients_made: u64,
    /// This generation's candidates, as signalled.
    pub(crate) gathered: Vec<ice::Candidate>,
    /// The other side's credentials, and where its candidates are, for TURN permissions.
    pub(crate) remote: Option<ice::Credentials>,
    pub(crate) remote_addresses: BTreeSet<IpAddr>,
    pub(crate) discards: Discards,
    pub(crate) output: OutputQueue<Request, Event>,
    pub(crate) deadline: Option<Deadline>,
}

impl Peer {
    /// A peer that has yet to call or to be called.
    #[must_use]
    pub fn new(mut config: Config, rng: Rng) -> Self {
        config.ice.role = match config.role {
            RoleChoice::ByOffer => ice::Role::Controlled,
            RoleChoice::Fixed(role) => role,
        };
        config.ice.relay_only = config.policy == Policy::Relay;
        let agent = ice::Agent::new(config.ice.clone(), rng.fork("ice", 0));
        let security = Security::new(&rng);
        let channels = config.channels.clone();
        let channels =
            channels.map(|config| Box::new(DataChannels::new(config, rng.fork("channels", 0))));
        Self {
            security,
            channels,
            pair_in_use: PairInUse::default(),
            has_remote_channels: false,
            config,
            rng,
            agent,
            interfaces: None,
            generation: 0,
            selected_generation: None,
            gathering: Gathering::Idle,
            negotiation: Negotiation::New,
            manners: Manners::default(),
            sockets: Vec::new(),
            starts: VecDeque::new(),
            queries: Vec::new(),
            leases: Vec::new(),
            clients_made: 0,
            gathered: Vec::new(),
            remote: None,
            remote_addresses: BTreeSet::new(),
            discards: Discards::default(),
            output: OutputQueue::new(),
            deadline: None,
        }
    }

    /// Sends a message to the other application, in one DTLS record over the pair in use.
    ///
    /// # Errors
    /// Before the call is secure and after its end, while there is no pair, for more than 2^14 bytes, and
    /// where the call has data channels, whose packets the records carry.
    pub fn send(&mut self, payload: &[u8], now: Instant) -> Result<(), SendError> {
        if self.channels.is_some() {
            return Err(SendError::HasChannels);
        }
        if !self.is_secure() {
            return Err(SendError::NotSecure);
        }
        if self.agent.sending_pair(DATA_COMPONENT).is_none() {
            return Err(SendError::NoPath);
        }
        let sent = self.send_message(payload, now);
        self.settle(now);
        sent.map_err(|error| match error {
            dtls::SendError::NotConnected | dtls::SendError::Closed => SendError::NotSecure,
            dtls::SendError::TooLong => SendError::TooLong,
        })
    }

    /// The state of the ICE agent.
    #[must_use]
    pub fn state(&self) -> ice::State {
        self.agent.state()
    }

    /// The nominated pair, once there is one.
    #[must_use]
    pub fn selected_pair(&self) -> Option<&ice::SelectedPair> {
        self.agent.selected_pair(DATA_COMPONENT)
    }

    /// The ICE agent, to look at.
    #[must_use]
    pub const fn agent(&self) -> &ice::Agent {
        &self.agent
    }

    /// Whether this side's gathering is over.
    #[must_use]
    pub const fn has_gathered(&self) -> bool {
        matches!(self.gathering, Gathering::Done)
    }

    /// How many inputs were dropped, by reason.
    #[must_use]
    pub const fn discards(&self) -> &Discards {
        &self.discards
    }

    /// The open socket at `local`.
    pub(crate) fn socket(&self, local: SocketAddr) -> Option<&Socket> {
        self.sockets.iter().find(|socket| socket.local() == Some(local))
    }

    /// Passes on that a host or port cannot be reached; what else routers say is no matter of a
    /// check's.
    fn handle_icmp(&mut self, error: &IcmpError, now: Instant) {
        match error.kind {
            IcmpKind::PortUnreachable
            | IcmpKind::HostUnreachable
            | IcmpKind::NetworkUnreachable
            | IcmpKind::AdministrativelyProhibited => {
                self.agent.handle_unreachable(error.local, error.remote, now);
            }
            IcmpKind::TooBig { mtu } => self.handle_too_big(error, mtu, now),
            IcmpKind::TimeExceeded => self.discards.add(Discard::Icmp),
        }
    }

    fn handle_datagram(&mut self, datagram: Datagram, now: Instant) {
        let (local, server) = (datagram.destination, datagram.source);
        if self.socket(local).is_none() {
            self.discards.add(Discard::NoSocket);
            return;
        }
        let query = (self.queries.iter_mut())
            .find(|query| query.base.local == local && query.address == server);
        let lease = (self.leases.iter_mut())
            .find(|lease| lease.base.local == local && lease.address == server);
        match (query, lease) {
            (Some(query), Some(_)) if is_binding(&datagram.payload) => {
                query.client.handle_input(datagram, now);
            }
            (_, Some(lease)) => lease.client.handle_input(datagram, now),
            (Some(query), None) => query.client.handle_input(datagram, now),
            (None, None) => self.agent.handle_input(datagram, now),
        }
    }
}

impl Protocol for Peer {
    type Input = Notice;
    type Packet = Request;
    type Event = Event;

    fn handle_input(&mut self, notice: Notice, now: Instant) {
        match notice {
            Notice::Datagram(datagram) => self.handle_datagram(datagram, now),
            Notice::InterfacesChanged(interfaces) => self.handle_interfaces(interfaces, now),
            Notice::Bound { requested, local } => self.handle_bound(requested, local, now),
            Notice::Refused { socket, .. } => self.handle_refused(socket),
            Notice::Icmp(error) => self.handle_icmp(&error, now),
            Notice::Opened { .. }
            | Notice::Bytes { .. }
            | Notice::Writable { .. }
            | Notice::Closed { .. } => self.discards.add(Discard::NoStream),
        }
        self.settle(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.deadline.is_none_or(|deadline| deadline.at > now) {
            return;
        }
        self.agent.handle_timeout(now);
        self.handle_security_timeout(now);
        self.handle_channels_timeout(now);
        for query in &mut self.queries {
            query.client.handle_timeout(now);
        }
        for lease in &mut self.leases {
            lease.client.handle_timeout(now);
        }
        self.handle_gathering_timeout(now);
        self.settle(now);
    }

    fn poll_output(&mut self) -> Option<Output<Request, Event>> {
        self.output.pop()
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        self.deadline
    }
}

/// Whether a message from a server that is asked for both belongs to STUN rather than TURN: its
/// method is Binding (RFC 8489 section 5; no channel number starts with two zero bits).
fn is_binding(payload: &[u8]) -> bool {
    payload.first_chunk().is_some_and(|bytes| u16::from_be_bytes(*bytes) & 0xFEEF == 0x0001)
}

/// Why a message cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The other side has not proven who it is, or the connection is over.
    #[error("the call is not secure: its handshake is not over, or its connection is")]
    NotSecure,
    /// ICE knows no pair that works.
    #[error("no candidate pair can be used")]
    NoPath,
    /// The message does not fit one record (2^14 bytes).
    #[error("the message does not fit one record of 16384 bytes")]
    TooLong,
    /// Messages go over data channels.
    #[error("the call has data channels, and its messages go over them")]
    HasChannels,
}

/// The component that carries the application's data.
pub(crate) const DATA_COMPONENT: u16 = 1;
