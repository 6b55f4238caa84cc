//! What a discovery is told.

use core::time::Duration;
use std::net::SocketAddr;

use crate::transaction::Retransmission;

/// The configuration of a [`Discovery`](crate::Discovery).
#[derive(Clone, Debug)]
pub struct DiscoveryConfig {
    /// The socket that is tested. It must not have sent anything for a while (RFC 5780
    /// section 4.1).
    pub local: SocketAddr,
    /// A second socket on the same address: RFC 5780's port Y.
    pub second: SocketAddr,
    /// The server's primary address.
    pub server: SocketAddr,
    /// How often and how long to try. Silence means filtering in some tests, so hurry makes
    /// mistakes on a path with loss.
    pub retransmission: Retransmission,
    /// Length of PADDING in the fragment test: more than the path's MTU.
    pub padding: u16,
    /// How to look for the lifetime; it takes several times as long as the mapping lives.
    pub lifetime: Option<LifetimeConfig>,
}

/// How to look for the lifetime of a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifetimeConfig {
    /// The first duration to try.
    pub first: Duration,
    /// The longest duration to try.
    pub longest: Duration,
    /// How close to come.
    pub resolution: Duration,
    /// Sockets whose mappings are watched in turn; none means `local`. With one for each of the
    /// 20 or so rounds, even a mapping that nothing refreshes is measured right.
    pub sockets: Vec<SocketAddr>,
    /// How often a mapping must seem gone to be believed gone, where that rests on silence alone.
    pub confirmations: u32,
}

impl DiscoveryConfig {
    /// RFC 8489's times, 1500 bytes of padding, and no lifetime test.
    #[must_use]
    pub fn new(local: SocketAddr, second: SocketAddr, server: SocketAddr) -> Self {
        Self {
            local,
            second,
            server,
            retransmission: Retransmission::default(),
            padding: 1500,
            lifetime: None,
        }
    }

    /// All local addresses that must be bound.
    #[must_use]
    pub fn sockets(&self) -> Vec<SocketAddr> {
        let watched = self.lifetime.iter().flat_map(|lifetime| lifetime.sockets.iter().copied());
        let mut sockets: Vec<SocketAddr> =
            [self.local, self.second].into_iter().chain(watched).collect();
        sockets.sort_unstable();
        sockets.dedup();
        sockets
    }
}

impl Default for LifetimeConfig {
    /// From 15 s to 20 minutes, to the second.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(15),
            longest: Duration::from_secs(1200),
            resolution: Duration::from_secs(1),
            sockets: Vec::new(),
            confirmations: 2,
        }
    }
}
