//! Candidates: transport addresses that may lead to an agent (RFC 8445 section 5).

mod text;

use core::fmt;
use core::net::{IpAddr, SocketAddr};

use icelab_sans_io::net::Transport;

pub use text::CandidateError;

use crate::foundation::Foundation;

/// A candidate as it is exchanged with the peer (RFC 8445 section 5.3).
///
/// Its text form, by [`Display`](fmt::Display) and [`FromStr`](core::str::FromStr), is the value of
/// SDP's `candidate` attribute (RFC 8839 section 5.1), `candidate:` included.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Candidate {
    /// Equal for candidates that are likely to share a fate.
    pub foundation: Foundation,
    /// Which component of the data stream: 1 to 256.
    pub component: u16,
    /// How packets to it travel.
    pub transport: CandidateTransport,
    /// Its priority, 1 to 2^31 - 1 from an agent that keeps to the RFC.
    pub priority: u32,
    /// Where it is.
    pub address: Address,
    /// What it is.
    pub kind: CandidateKind,
    /// For diagnosis: the base of a reflexive candidate, the mapped address of a relayed one.
    pub related: Option<SocketAddr>,
    /// Names and values of extensions, as they came.
    pub extensions: Vec<(String, String)>,
}

impl Candidate {
    /// Its transport address, where that is an IP address and not a name.
    #[must_use]
    pub const fn socket(&self) -> Option<SocketAddr> {
        match self.address {
            Address::Socket(address) => Some(address),
            Address::Name { .. } => None,
        }
    }

    /// The value of an extension.
    #[must_use]
    pub fn extension(&self, name: &str) -> Option<&str> {
        let found = self.extensions.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Where a candidate is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// An IP address and a port.
    Socket(SocketAddr),
    /// A name, such as multicast DNS gives; the agent leaves it alone.
    Name {
        /// The name.
        name: String,
        /// The port.
        port: u16,
    },
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(address) => address.fmt(f),
            Self::Name { name, port } => write!(f, "{name}:{port}"),
        }
    }
}

/// What a candidate is (RFC 8445 section 5.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CandidateKind {
    /// An address of the host itself.
    Host,
    /// How a STUN server sees the host.
    ServerReflexive,
    /// How the peer sees the host.
    PeerReflexive,
    /// An address at a TURN server.
    Relayed,
}

impl CandidateKind {
    /// SDP's word: `host`, `srflx`, `prflx` or `relay`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::ServerReflexive => "srflx",
            Self::PeerReflexive => "prflx",
            Self::Relayed => "relay",
        }
    }
}

impl fmt::Display for CandidateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How packets to a candidate travel. Only UDP is used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CandidateTransport {
    /// UDP.
    Udp,
    /// TCP, and who opens the connection (RFC 6544 section 4.5).
    Tcp(TcpType),
    /// Something else, as it came.
    Other(String),
}

/// Who opens a TCP candidate's connection (RFC 6544 section 4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TcpType {
    /// This side.
    Active,
    /// The other side.
    Passive,
    /// Both at once.
    SimultaneousOpen,
}

/// A candidate that was gathered on this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalCandidate {
    /// Which component: 1 to [`Config::components`](crate::Config::components).
    pub component: u16,
    /// What it is. Peer-reflexive ones are found by the agent and cannot be added.
    pub kind: CandidateKind,
    /// How packets travel; TCP ones are refused for now.
    pub transport: Transport,
    /// Its transport address.
    pub address: SocketAddr,
    /// From where packets are sent: for a host or relayed candidate the address itself, for a
    /// server-reflexive one the host candidate's.
    pub base: SocketAddr,
    /// What to tell the peer for diagnosis: the base, or a relay's mapped address.
    pub related: Option<SocketAddr>,
    /// The address of the STUN or TURN server that gave it, for the foundation.
    pub server: Option<IpAddr>,
    /// The preference among candidates of this kind, 65535 for an only one (RFC 8445 section
    /// 5.1.2.1, RFC 8421). Where the priority is taken, the agent uses the next free one below.
    pub local_preference: u16,
    /// How a relayed candidate's server is reached: datagrams come before streams.
    pub relay_transport: Option<RelayTransport>,
}

impl LocalCandidate {
    /// A host candidate on UDP with full preference.
    #[must_use]
    pub const fn host(component: u16, address: SocketAddr) -> Self {
        Self {
            component,
            kind: CandidateKind::Host,
            transport: Transport::Udp,
            address,
            base: address,
            related: None,
            server: None,
            local_preference: u16::MAX,
            relay_transport: None,
        }
    }

    /// A server-reflexive candidate on UDP with full preference.
    #[must_use]
    pub const fn reflexive(
        component: u16,
        address: SocketAddr,
        base: SocketAddr,
        server: IpAddr,
    ) -> Self {
        let mut candidate = Self::host(component, address);
        candidate.kind = CandidateKind::ServerReflexive;
        candidate.base = base;
        candidate.related = Some(base);
        candidate.server = Some(server);
        candidate
    }

    /// A relayed candidate, reached over UDP, with full preference.
    #[must_use]
    pub const fn relayed(
        component: u16,
        address: SocketAddr,
        mapped: SocketAddr,
        server: IpAddr,
    ) -> Self {
        let mut candidate = Self::host(component, address);
        candidate.kind = CandidateKind::Relayed;
        candidate.related = Some(mapped);
        candidate.server = Some(server);
        candidate.relay_transport = Some(RelayTransport::Udp);
        candidate
    }
}

/// How a TURN server is reached, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RelayTransport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
}
