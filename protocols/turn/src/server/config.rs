//! What a server is told before it starts.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::ops::RangeInclusive;
use core::time::Duration;
use std::collections::BTreeMap;

use icelab_crypto::Secret;
use icelab_stun::credentials::PasswordAlgorithm;

use super::peer_policy::PeerPolicy;
use crate::timing::{DEFAULT_LIFETIME, MAXIMUM_LIFETIME};

/// What a server is told before it starts. [`ServerConfig::new`] gives the usual values.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// The UDP addresses at which clients are served. The server binds them when it starts; one
    /// that is bound already may be left out, what arrives there is served all the same.
    pub listen: Vec<SocketAddr>,
    /// The address on which IPv4 ports are relayed; none where `None`.
    pub relay_v4: Option<Ipv4Addr>,
    /// The address on which IPv6 ports are relayed; none where `None`.
    pub relay_v6: Option<Ipv6Addr>,
    /// The ports that are relayed (RFC 8656 section 7.2).
    pub ports: RangeInclusive<u16>,
    /// The realm of the credentials.
    pub realm: String,
    /// Who may have an allocation.
    pub users: Users,
    /// The least lifetime, and the one where none is asked for.
    pub default_lifetime: Duration,
    /// The greatest lifetime.
    pub maximum_lifetime: Duration,
    /// The password algorithms offered, the preferred one first; none is RFC 5766's way.
    pub algorithms: Vec<PasswordAlgorithm>,
    /// Whether clients shall hide their names behind USERHASH; not with time-limited names.
    pub username_anonymity: bool,
    /// How long a nonce is good (RFC 8656 section 5: an hour at most).
    pub nonce_lifetime: Duration,
    /// Whether the sockets can send datagrams that must not be fragmented.
    pub dont_fragment: bool,
    /// Whom clients may not reach.
    pub peers: PeerPolicy,
    /// Where every client is sent instead (300, RFC 8489 section 10), one of each family at most.
    pub alternate: Vec<SocketAddr>,
    /// The SOFTWARE attribute; none where `None`.
    pub software: Option<String>,
    /// How much may be kept.
    pub limits: ServerLimits,
}

impl ServerConfig {
    /// A server at `listen` that relays on `relay` to everywhere but this host itself.
    #[must_use]
    pub fn new(listen: SocketAddr, relay: IpAddr, realm: impl Into<String>, users: Users) -> Self {
        let (relay_v4, relay_v6) = match relay {
            IpAddr::V4(address) => (Some(address), None),
            IpAddr::V6(address) => (None, Some(address)),
        };
        Self {
            listen: vec![listen],
            relay_v4,
            relay_v6,
            ports: 49_152..=65_535,
            realm: realm.into(),
            users,
            default_lifetime: DEFAULT_LIFETIME,
            maximum_lifetime: MAXIMUM_LIFETIME,
            algorithms: vec![PasswordAlgorithm::Sha256, PasswordAlgorithm::Md5],
            username_anonymity: false,
            nonce_lifetime: Duration::from_secs(3600),
            dont_fragment: true,
            peers: PeerPolicy::default(),
            alternate: Vec::new(),
            software: None,
            limits: ServerLimits::default(),
        }
    }
}

/// Who may have an allocation. Names and passwords that RFC 8265 forbids let nobody in.
#[derive(Clone, Debug)]
pub enum Users {
    /// These, by name.
    Listed(BTreeMap<String, Secret>),
    /// Whoever was given a name that says when it expires, and the password that belongs to it
    /// ([`time_limited_password`](super::time_limited_password)).
    TimeLimited {
        /// The secret that the server shares with whoever gives out names.
        secret: Secret,
        /// The seconds since 1970 at [`Instant::START`](icelab_sans_io::Instant::START).
        epoch: u64,
    },
}

impl Users {
    /// One user.
    #[must_use]
    pub fn one(username: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self::Listed(BTreeMap::from([(username.into(), password.into())]))
    }
}

/// How much a server keeps at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerLimits {
    /// Allocations, those in the making included (508).
    pub allocations: usize,
    /// Allocations of one user name (486).
    pub allocations_per_user: usize,
    /// Permissions of one allocation (508).
    pub permissions: usize,
    /// Channels of one allocation (508).
    pub channels: usize,
    /// Ports held for later (508).
    pub reservations: usize,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            allocations: 16_384,
            allocations_per_user: 16_384,
            permissions: 1024,
            channels: 1024,
            reservations: 1024,
        }
    }
}
