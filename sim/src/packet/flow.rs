//! Who talks to whom: protocol, source and destination.

use core::fmt;
use std::net::SocketAddr;

/// What an IP packet carries. `Icmp` is ICMP over IPv4 and ICMPv6 over IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// RFC 768.
    Udp,
    /// RFC 9293.
    Tcp,
    /// RFC 792 over IPv4, RFC 4443 over IPv6.
    Icmp,
    /// Anything else, by its protocol number.
    Other(u8),
}

impl Protocol {
    /// The word for tables and the record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Icmp => "icmp",
            Self::Other(_) => "other",
        }
    }
}

/// One direction of a conversation.
///
/// An ICMP query has its identifier where the port would be: at the source of a request, at the destination of
/// a reply, with 0 on the other side. So a reply's flow is the request's flow [reversed](Flow::reversed), as with ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flow {
    /// UDP, TCP or ICMP.
    pub protocol: Protocol,
    /// Where the packet comes from.
    pub source: SocketAddr,
    /// Where the packet goes.
    pub destination: SocketAddr,
}

impl Flow {
    /// The flow of the answers.
    #[must_use]
    pub fn reversed(self) -> Self {
        Self { protocol: self.protocol, source: self.destination, destination: self.source }
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} > {}", self.protocol.name(), self.source, self.destination)
    }
}
