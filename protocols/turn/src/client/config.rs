//! What a client is told before it starts.

use core::net::SocketAddr;
use core::time::Duration;

use icelab_crypto::Secret;
use icelab_stun::attribute::{Family, ReservationToken};
use icelab_stun::transaction::Retransmission;

/// What a client is told before it starts. [`ClientConfig::new`] gives the usual values.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The client's host transport address.
    pub local: SocketAddr,
    /// The server's transport address, of the same family as `local`.
    pub server: SocketAddr,
    /// The user name of the long-term credential.
    pub username: String,
    /// Its password.
    pub password: Secret,
    /// The families of the relayed addresses asked for.
    pub families: Families,
    /// The port of the relayed address asked for.
    pub port: PortChoice,
    /// The lifetime asked for; the server's default where `None`.
    pub lifetime: Option<Duration>,
    /// Whether to ask that data sent with [`dont_fragment`](icelab_sans_io::net::Datagram) is
    /// relayed so (RFC 8656 section 7.1). Given up where the server does not know how.
    pub dont_fragment: bool,
    /// When a channel is bound without being asked for.
    pub channels: ChannelPolicy,
    /// The SOFTWARE attribute; none where `None`.
    pub software: Option<String>,
    /// How often and how long requests are sent (RFC 8489 section 6.2.1).
    pub retransmission: Retransmission,
    /// How much may be kept.
    pub limits: ClientLimits,
}

impl ClientConfig {
    /// An IPv4 allocation with the server's default lifetime, and a channel for each peer that data
    /// other than STUN was sent to.
    #[must_use]
    pub fn new(
        local: SocketAddr,
        server: SocketAddr,
        username: impl Into<String>,
        password: impl Into<Secret>,
    ) -> Self {
        Self {
            local,
            server,
            username: username.into(),
            password: password.into(),
            families: Families::One(Family::V4),
            port: PortChoice::Any,
            lifetime: None,
            dont_fragment: false,
            channels: ChannelPolicy::AfterFirstData,
            software: None,
            retransmission: Retransmission::default(),
            limits: ClientLimits::default(),
        }
    }
}

/// The families of the relayed addresses asked for (RFC 8656 section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Families {
    /// One relayed address, of this family.
    One(Family),
    /// One of each, in one allocation; the server may grant only one of them.
    Both,
}

/// The port of the relayed address asked for (RFC 8656 section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortChoice {
    /// Any.
    Any,
    /// An even one (EVEN-PORT).
    Even,
    /// An even one, and the next one held for another allocation (EVEN-PORT with R).
    EvenAndNext,
    /// The one that another allocation had held (RESERVATION-TOKEN). Its family is the other
    /// allocation's, whatever [`ClientConfig::families`] says.
    Reserved(ReservationToken),
}

/// When a channel is bound without being asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelPolicy {
    /// Never: only [`Client::bind_channel`](crate::Client::bind_channel) binds.
    OnRequest,
    /// Once the first data has gone to a peer, as browsers do. STUN messages do not count: of the
    /// many pairs that ICE checks, few carry data.
    AfterFirstData,
}

/// How much a client keeps at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientLimits {
    /// Peers with a permission, granted or asked for.
    pub permissions: usize,
    /// Channels, bound or cooling down.
    pub channels: usize,
    /// Datagrams that wait for the permission of one peer address.
    pub queued_per_permission: usize,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self { permissions: 1024, channels: 512, queued_per_permission: 64 }
    }
}
