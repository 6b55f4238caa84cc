//! What a server is told.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::credentials::{LongTermConfig, UserTable};
use crate::message::Key;

/// The configuration of a [`Server`](crate::Server).
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Where it listens: RFC 5780's A1 and P1.
    pub address: SocketAddr,
    /// RFC 5780's A2 and P2, both different from A1 and P1 and of the same family. With it the
    /// server answers behaviour discovery on all four combinations.
    pub alternate: Option<SocketAddr>,
    /// Whom it answers.
    pub credentials: ServerCredentials,
    /// The text of SOFTWARE.
    pub software: Option<String>,
    /// Where it sends everyone instead (RFC 8489 section 10).
    pub redirect: Option<Redirect>,
    /// The MTU of the outgoing interface: the length of PADDING (RFC 5780 section 6.1).
    pub mtu: u16,
}

/// Where clients are sent by error 300.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// The other server, for clients of its address family.
    pub server: SocketAddr,
    /// The name in the other server's certificate, where it differs.
    pub domain: Option<String>,
}

/// Whom a server answers.
#[derive(Clone, Debug, Default)]
pub enum ServerCredentials {
    /// Everyone.
    #[default]
    None,
    /// Who knows the password of the username (RFC 8489 section 9.1).
    ShortTerm(BTreeMap<String, Key>),
    /// The users of a realm (RFC 8489 section 9.2).
    LongTerm(LongTermConfig, UserTable),
}

impl ServerConfig {
    /// A plain server that answers everyone.
    #[must_use]
    pub const fn new(address: SocketAddr) -> Self {
        Self {
            address,
            alternate: None,
            credentials: ServerCredentials::None,
            software: None,
            redirect: None,
            mtu: 1500,
        }
    }

    /// The same, able to answer behaviour discovery. An alternate that shares the address or
    /// port of the first, or is of another family, is of no use (RFC 5780 section 6) and is
    /// ignored.
    #[must_use]
    pub fn with_alternate(self, alternate: SocketAddr) -> Self {
        let is_usable = alternate.ip() != self.address.ip()
            && alternate.port() != self.address.port()
            && alternate.is_ipv4() == self.address.is_ipv4();
        Self { alternate: is_usable.then_some(alternate), ..self }
    }

    /// All addresses in use: one or four.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let (first, Some(second)) = (self.address, self.alternate) else {
            return vec![self.address];
        };
        let crossed = |ip: SocketAddr, port: SocketAddr| SocketAddr::new(ip.ip(), port.port());
        vec![first, crossed(first, second), crossed(second, first), second]
    }

    /// Whether a datagram to this address is for the server. A server bound to the unspecified
    /// address takes all with its port.
    pub(super) fn is_ours(&self, destination: SocketAddr) -> bool {
        self.addresses().into_iter().any(|own| {
            own == destination || own.ip().is_unspecified() && own.port() == destination.port()
        })
    }

    /// The other address and the other port (RFC 5780 section 6.1's Ca and Cp).
    pub(super) fn other(&self, destination: SocketAddr) -> Option<SocketAddr> {
        let (first, second) = (self.address, self.alternate?);
        let ip = if destination.ip() == first.ip() { second.ip() } else { first.ip() };
        let port = if destination.port() == first.port() { second.port() } else { first.port() };
        Some(SocketAddr::new(ip, port))
    }
}
