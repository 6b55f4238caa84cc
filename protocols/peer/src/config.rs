//! What a peer is told at its start.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use icelab_datachannel as datachannel;
use icelab_dtls::{NamedGroup, Version};
use icelab_ice as ice;

/// How a peer gathers, negotiates and checks.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which candidates it may use.
    pub policy: Policy,
    /// When its candidates are signalled.
    pub trickle: Trickle,
    /// The STUN and TURN servers that it asks, in order of preference.
    pub servers: Vec<IceServer>,
    /// How its role is found.
    pub role: RoleChoice,
    /// After how long gathering ends, whatever has not answered by then.
    ///
    /// RFC 8489 section 6.2.1 lets a request go unanswered for 39.5 s; nobody waits that long for a
    /// call.
    pub gathering_limit: Duration,
    /// The time between two new transactions while gathering (Ta of RFC 8445 section 14.2).
    pub pacing: Duration,
    /// How its ICE agent behaves. The peer itself settles `role`.
    pub ice: ice::Config,
    /// How its DTLS handshakes go.
    pub handshake: Handshake,
    /// Its data channels. `None`: it has none, and [`Peer::send`](crate::Peer::send) is for messages. The
    /// peer itself settles the role, and what it knows of the path.
    pub channels: Option<datachannel::Config>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            policy: Policy::All,
            trickle: Trickle::Full,
            servers: Vec::new(),
            role: RoleChoice::ByOffer,
            gathering_limit: Duration::from_secs(10),
            pacing: Duration::from_millis(50),
            ice: ice::Config::default(),
            handshake: Handshake::default(),
            channels: None,
        }
    }
}

/// How DTLS handshakes go. What is not here is as [`icelab_dtls::Config::new`] has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// The oldest and the newest version that may be spoken.
    pub versions: (Version, Version),
    /// The groups for the key exchange, the best first.
    pub groups: Vec<NamedGroup>,
    /// For how many of them a 1.3 client sends a share at once.
    pub key_shares: usize,
    /// Whether a server asks for a cookie though ICE has checked the address.
    pub cookie: bool,
}

impl Default for Handshake {
    fn default() -> Self {
        Self {
            versions: (Version::V1_2, Version::V1_3),
            groups: vec![
                NamedGroup::X25519,
                NamedGroup::P256,
                NamedGroup::P384,
                NamedGroup::X25519_MLKEM768,
            ],
            key_shares: 1,
            cookie: false,
        }
    }
}

/// Which candidates a peer may use (W3C `iceTransportPolicy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Any.
    #[default]
    All,
    /// Relayed ones only.
    Relay,
}

/// When candidates are signalled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trickle {
    /// As they are found (RFC 8838).
    #[default]
    Full,
    /// All at once: offers and answers wait for the end of gathering, and so do the checks.
    Off,
}

/// How a peer finds its ICE role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RoleChoice {
    /// Whoever makes the first offer controls; a full agent controls a lite one (RFC 8445 section
    /// 6.1.1).
    #[default]
    ByOffer,
    /// This one, whatever the other side is.
    Fixed(ice::Role),
}

/// A STUN or TURN server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IceServer {
    /// Tells a peer its mapped address.
    Stun {
        /// Where it listens; each interface asks the first one of its own family.
        addresses: Vec<SocketAddr>,
    },
    /// Lends a peer a relayed address, and tells it its mapped one.
    Turn {
        /// Where it listens; each interface asks the first one of its own family.
        addresses: Vec<SocketAddr>,
        /// The user name of the long-term credentials.
        username: String,
        /// Their password.
        password: String,
    },
}

impl IceServer {
    /// The address that a socket of `local`'s family asks.
    #[must_use]
    pub fn address_for(&self, local: IpAddr) -> Option<SocketAddr> {
        let (Self::Stun { addresses } | Self::Turn { addresses, .. }) = self;
        addresses.iter().copied().find(|address| address.is_ipv4() == local.is_ipv4())
    }
}
