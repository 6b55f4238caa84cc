//! What a NAT does, in the words of RFC 4787.

use core::ops::RangeInclusive;
use core::time::Duration;
use std::net::Ipv6Addr;

use crate::packet::{Prefix, Protocol};

/// How a NAT behaves. [`Config::default`] is endpoint-independent mapping with address-and-port-dependent filtering and the
/// defaults of the scenario grammar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What is translated into what.
    pub kind: Kind,
    /// When two flows of one inside endpoint share an outside endpoint (RFC 4787 section 4.1).
    pub mapping: Behaviour,
    /// Which outside endpoints may send to a mapping (RFC 4787 section 5).
    pub filtering: Behaviour,
    /// What the filter remembers the allowed outside endpoints for.
    pub filter_state: FilterState,
    /// Whether an outside port belongs to one mapping, or to one mapping for each remote endpoint.
    pub tracking: Tracking,
    /// Which outside port a mapping gets (RFC 4787 section 4.2.1).
    pub ports: Ports,
    /// The ports that may be given out, where the inside port is not kept.
    pub port_range: RangeInclusive<u16>,
    /// Which outside address a mapping gets (RFC 4787 section 4.1).
    pub pooling: Pooling,
    /// What happens to packets from the inside to an outside address of the NAT itself (RFC 4787 section 6).
    pub hairpin: Hairpin,
    /// How long a mapping lives without traffic.
    pub timeouts: Timeouts,
    /// Which traffic keeps a mapping alive (RFC 4787 section 4.3).
    pub refresh: Refresh,
    /// What happens to packets from the outside that no mapping and no filter lets in.
    pub unsolicited: Unsolicited,
    /// How many mappings there may be in all; `None`: as many as there are ports.
    pub capacity: Option<usize>,
    /// How many mappings one inside address may have (RFC 6888, REQ-4).
    pub quota: Option<usize>,
    /// What happens when `capacity` is reached.
    pub when_full: WhenFull,
    /// How long a port rests before another mapping may have it (RFC 6888, REQ-8).
    pub hold_down: Duration,
    /// What happens to fragments (RFC 4787 section 11).
    pub fragments: Fragments,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            kind: Kind::Napt,
            mapping: Behaviour::EndpointIndependent,
            filtering: Behaviour::AddressAndPortDependent,
            filter_state: FilterState::Mapping,
            tracking: Tracking::Mappings,
            ports: Ports::Preserve,
            port_range: 1024..=65535,
            pooling: Pooling::Paired,
            hairpin: Hairpin::None,
            timeouts: Timeouts::default(),
            refresh: Refresh::Outbound,
            unsolicited: Unsolicited::Drop,
            capacity: None,
            quota: None,
            when_full: WhenFull::Drop,
            hold_down: Duration::ZERO,
            fragments: Fragments::OutOfOrder,
        }
    }
}

impl Config {
    /// Whether ports are told apart by mapping or by connection: overloading and the tracking of unsolicited packets need connections.
    pub fn effective_tracking(&self) -> Tracking {
        let needs_connections =
            self.ports == Ports::Overload || self.unsolicited == Unsolicited::Track;
        if needs_connections && self.kind != Kind::OneToOne {
            Tracking::Connections
        } else {
            self.tracking
        }
    }

    /// The part of the remote endpoint that the record shows with a mapping.
    pub(super) fn shown_behaviour(&self) -> Behaviour {
        match self.effective_tracking() {
            Tracking::Mappings => self.mapping,
            Tracking::Connections => Behaviour::AddressAndPortDependent,
        }
    }
}

/// What is translated into what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing: packets pass as they are.
    None,
    /// Addresses and ports (RFC 2663 section 4.1.2).
    Napt,
    /// Each inside address has an outside address of its own; ports stay (RFC 2663 section 4.1.1). Mapping is endpoint-independent
    /// then; filtering applies.
    OneToOne,
    /// IPv6 inside, IPv4 outside (RFC 6146); IPv4 addresses stand inside this IPv6 prefix (RFC 6052).
    Nat64 {
        /// Of length 32, 40, 48, 56, 64 or 96.
        prefix: Prefix,
    },
    /// IPv6 prefixes are exchanged, without state and without touching checksums (RFC 6296).
    Nptv6 {
        /// The prefix that the outside sees; the inside one is given to the NAT when it is made.
        outside: Prefix,
    },
}

impl Kind {
    /// NAT64 with the well-known prefix `64:ff9b::/96` (RFC 6052 section 2.1).
    pub fn nat64() -> Self {
        let well_known = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0);
        Self::Nat64 {
            prefix: Prefix::new(well_known.into(), 96).expect("96 is a length of IPv6 prefixes"),
        }
    }
}

/// On which part of the remote endpoint something depends (RFC 4787 sections 4.1 and 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Behaviour {
    /// On nothing.
    EndpointIndependent,
    /// On its address.
    AddressDependent,
    /// On its address and port.
    AddressAndPortDependent,
}

/// What the filter remembers the allowed outside endpoints for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterState {
    /// For the mapping that the outbound packet used.
    Mapping,
    /// For the inside endpoint: who was sent to from one of its mappings may answer to any of them.
    InsideEndpoint,
}

/// How outside ports are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tracking {
    /// An outside port belongs to one mapping (RFC 4787, REQ-3).
    Mappings,
    /// An outside port belongs to one connection for each remote endpoint, as in Linux's connection tracking: mapping says what a
    /// connection takes over from an earlier one of the same inside endpoint, as long as nobody has that port towards this remote.
    Connections,
}

/// Which outside port a mapping gets (RFC 4787 section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ports {
    /// The inside port; on collision a random one of `port_range`.
    Preserve,
    /// The inside port; on collision a random one of the same class: 1-511, 512-1023, 1024-65535.
    PreserveClass,
    /// The inside port; on collision a random one of `port_range` that is even or odd as the inside port (RFC 4787 section 4.2.2).
    PreserveParity,
    /// The one after the last.
    Sequential,
    /// Any of `port_range`.
    Random,
    /// A random one of the blocks that the inside address holds (RFC 6888 section 4, RFC 7753).
    Block {
        /// Ports in a block.
        size: u16,
        /// Blocks that one inside address may hold.
        most: u16,
    },
    /// Always the inside port, even if others have it: the remote endpoint tells them apart (RFC 4787 section 4.2.1). Implies
    /// [`Tracking::Connections`].
    Overload,
}

/// Which outside address a mapping gets (RFC 4787 section 4.1, REQ-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// The same for all mappings of an inside address.
    Paired,
    /// Any.
    Arbitrary,
}

/// What happens to packets from the inside to an outside address of the NAT itself (RFC 4787 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hairpin {
    /// They are dropped.
    None,
    /// They are delivered with the source that they were sent with.
    InternalSource,
    /// They are delivered with the source that the outside would see (REQ-9a).
    ExternalSource,
}

/// Which traffic keeps a mapping alive (RFC 4787 section 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// Packets to the outside.
    Outbound,
    /// Packets from the outside.
    Inbound,
    /// Both.
    Both,
    /// None: a mapping ends so long after it was made, whatever the keepalives.
    None,
}

impl Refresh {
    /// Whether packets to the outside refresh.
    pub fn by_outbound(self) -> bool {
        matches!(self, Self::Outbound | Self::Both)
    }

    /// Whether packets from the outside refresh.
    pub fn by_inbound(self) -> bool {
        matches!(self, Self::Inbound | Self::Both)
    }
}

/// What happens to packets from the outside that nothing lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsolicited {
    /// They vanish.
    Drop,
    /// Their sender gets "port unreachable".
    Reject,
    /// As `Reject`, and the gateway remembers them as connections of its own: our own later flow to that peer can no longer leave from
    /// that port (the connection tracking clash of Linux, where INPUT accepts).
    Track,
}

/// What happens when there is no room for another mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// The packet that needs it is dropped.
    Drop,
    /// The mapping that would expire first gives way.
    EvictOldest,
    /// The mapping that would expire first among those that never saw an answer gives way; if there is none, the packet is dropped.
    EvictUnreplied,
}

/// What happens to fragments (RFC 4787 section 11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fragments {
    /// They are dropped.
    Drop,
    /// Later fragments pass once the first one did.
    InOrder,
    /// Later fragments that come first wait for it, within bounds.
    OutOfOrder,
}

/// How long a mapping lives without the traffic that refreshes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// UDP, after the first packet, as long as nothing came back.
    pub udp_unreplied: Duration,
    /// UDP, after a further packet, as long as nothing came back; `None`: as `udp_unreplied`.
    pub udp_repeated: Option<Duration>,
    /// UDP, once something came back.
    pub udp_replied: Duration,
    /// UDP, once something came back and traffic still flows more than [`Timeouts::STREAM_AFTER`] after the first packet;
    /// `None`: as `udp_replied`.
    pub udp_stream: Option<Duration>,
    /// TCP, as long as nothing came back (RFC 5382, REQ-5).
    pub tcp_transitory: Duration,
    /// TCP, once something came back.
    pub tcp_established: Duration,
    /// ICMP queries (RFC 5508, REQ-2).
    pub icmp: Duration,
    /// Each mapping lives longer than all of these by a time of its own, drawn between zero and this.
    pub spread: Duration,
}

impl Timeouts {
    /// When a conversation becomes a stream.
    pub const STREAM_AFTER: Duration = Duration::from_secs(2);

    /// The same time for all UDP states; RFC 5382's and RFC 5508's least times for TCP and ICMP.
    pub const fn udp(udp: Duration) -> Self {
        Self {
            udp_unreplied: udp,
            udp_repeated: None,
            udp_replied: udp,
            udp_stream: None,
            tcp_transitory: Duration::from_secs(240),
            tcp_established: Duration::from_secs(7440),
            icmp: Duration::from_secs(60),
            spread: Duration::ZERO,
        }
    }

    /// The time for a conversation in this state.
    pub fn of(&self, protocol: Protocol, state: State) -> Duration {
        match (protocol, state) {
            (Protocol::Icmp, _) => self.icmp,
            (Protocol::Tcp, State::Unreplied | State::Repeated) => self.tcp_transitory,
            (Protocol::Tcp, State::Replied | State::Stream) => self.tcp_established,
            (Protocol::Udp | Protocol::Other(_), State::Unreplied) => self.udp_unreplied,
            (Protocol::Udp | Protocol::Other(_), State::Repeated) => {
                self.udp_repeated.unwrap_or(self.udp_unreplied)
            }
            (Protocol::Udp | Protocol::Other(_), State::Replied) => self.udp_replied,
            (Protocol::Udp | Protocol::Other(_), State::Stream) => {
                self.udp_stream.unwrap_or(self.udp_replied)
            }
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self::udp(Duration::from_secs(300))
    }
}

/// How far a conversation has come, for its timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// One packet went out.
    Unreplied,
    /// Several went out, none came back.
    Repeated,
    /// One came back.
    Replied,
    /// Traffic in both directions still flows more than [`Timeouts::STREAM_AFTER`] after the first packet.
    Stream,
}
