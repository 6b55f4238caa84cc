//! ICMP queries and errors (RFC 792, RFC 4443), and when an error may be sent (RFC 1122 section 3.2.2, RFC 4443 section 2.4).

use std::net::IpAddr;

use icelab_sans_io::net::IcmpKind;

use super::build::DEFAULT_TTL;
use super::bytes::{put_u16, u8_at, u16_at, u32_at};
use super::header::{Extent, Header, Side, Version};
use super::{Flow, Packet, Protocol};

/// What an ICMP message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icmp {
    /// Are you there?
    EchoRequest {
        /// Which conversation.
        identifier: u16,
        /// Which one in it.
        sequence: u16,
    },
    /// I am here.
    EchoReply {
        /// As in the request.
        identifier: u16,
        /// As in the request.
        sequence: u16,
    },
    /// A packet could not be delivered.
    Error(IcmpError),
    /// Anything else, by its numbers.
    Other {
        /// The ICMP type.
        kind: u8,
        /// The ICMP code.
        code: u8,
    },
}

/// An ICMP error and the packet that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IcmpError {
    /// What is wrong, where it is one of the known kinds.
    pub kind: Option<IcmpKind>,
    /// The flow of the packet that the error is about, as its sender sent it. `None` when too little of it is quoted.
    pub about: Option<Flow>,
    /// The source of the quoted packet: who is told.
    pub sender: IpAddr,
    /// Where the quoted packet was going.
    pub target: IpAddr,
}

impl Packet {
    /// What an ICMP message says; `None` when this is not ICMP, or a later fragment.
    pub fn icmp(&self) -> Option<Icmp> {
        if self.header.protocol != Protocol::Icmp || !self.header.has_transport {
            return None;
        }
        let at = self.header.transport;
        let kind = u8_at(&self.bytes, at);
        let code = u8_at(&self.bytes, at + 1);
        let identifier = u16_at(&self.bytes, at + 4);
        let sequence = u16_at(&self.bytes, at + 6);
        Some(match (self.header.version, kind) {
            (Version::V4, 8) | (Version::V6, 128) => Icmp::EchoRequest { identifier, sequence },
            (Version::V4, 0) | (Version::V6, 129) => Icmp::EchoReply { identifier, sequence },
            (version, kind) if is_error(version, kind) => match self.quoted() {
                Some(quoted) => Icmp::Error(IcmpError {
                    kind: self.error_kind(kind, code),
                    about: quoted.flow(self.quote()),
                    sender: quoted.source(self.quote()),
                    target: quoted.destination(self.quote()),
                }),
                None => Icmp::Other { kind, code },
            },
            (_, kind) => Icmp::Other { kind, code },
        })
    }

    /// Whether this is an ICMP error message, readable or not.
    pub fn is_icmp_error(&self) -> bool {
        self.header.protocol == Protocol::Icmp
            && self.header.has_transport
            && is_error(self.header.version, u8_at(&self.bytes, self.header.transport))
    }

    fn error_kind(&self, kind: u8, code: u8) -> Option<IcmpKind> {
        let at = self.header.transport;
        let mtu = match self.header.version {
            Version::V4 => u16_at(&self.bytes, at + 6),
            Version::V6 => u16::try_from(u32_at(&self.bytes, at + 4)).unwrap_or(u16::MAX),
        };
        Some(match (self.header.version, kind, code) {
            (Version::V4, 3, 0 | 5 | 6 | 8 | 11) | (Version::V6, 1, 0 | 2) => {
                IcmpKind::NetworkUnreachable
            }
            (Version::V4, 3, 1 | 7 | 12) | (Version::V6, 1, 3) => IcmpKind::HostUnreachable,
            (Version::V4, 3, 3) | (Version::V6, 1, 4) => IcmpKind::PortUnreachable,
            (Version::V4, 3, 4) | (Version::V6, 2, _) => IcmpKind::TooBig { mtu },
            (Version::V4, 3, 9 | 10 | 13) | (Version::V6, 1, 1 | 5 | 6) => {
                IcmpKind::AdministrativelyProhibited
            }
            (Version::V4, 11, _) | (Version::V6, 3, _) => IcmpKind::TimeExceeded,
            _ => return None,
        })
    }

    /// The bytes that an ICMP error quotes.
    fn quote(&self) -> &[u8] {
        self.bytes.get(self.header.transport + 8..).unwrap_or_default()
    }

    fn quoted(&self) -> Option<Header> {
        Header::parse(self.quote(), Extent::Quoted)
            .ok()
            .filter(|quoted| quoted.version == self.header.version)
    }

    /// Rewrites the source of the packet that an ICMP error quotes, as a NAT must towards the inside (RFC 5508 section 4.2).
    /// All checksums follow.
    pub fn set_quoted_source(&mut self, source: std::net::SocketAddr) {
        self.set_quoted(Side::Source, source);
    }

    /// Rewrites the destination of the packet that an ICMP error quotes, as a NAT must towards the outside.
    pub fn set_quoted_destination(&mut self, destination: std::net::SocketAddr) {
        self.set_quoted(Side::Destination, destination);
    }

    fn set_quoted(&mut self, side: Side, endpoint: std::net::SocketAddr) {
        let Some(quoted) = self.quoted() else { return };
        if !self.is_icmp_error() {
            return;
        }
        let start = self.header.transport + 8;
        if let Some(bytes) = self.bytes.get_mut(start..) {
            quoted.set_endpoint(bytes, side, endpoint.ip(), Some(endpoint.port()));
        }
        if let (Some(at), Some(field)) =
            (self.header.checksum_at(), self.header.computed_checksum(&self.bytes))
        {
            put_u16(&mut self.bytes, at, field);
        }
    }

    /// The ICMP error that tells the sender of `about` what went wrong, from the address `from`.
    ///
    /// `None` where no error may be sent: about an ICMP error (RFC 1122 section 3.2.2), about a later fragment, about
    /// a packet to or from many (multicast, broadcast) or from nobody (unspecified, loopback), or when `from` is of the
    /// other IP version. "Too big" about IPv6 multicast is allowed (RFC 4443 section 2.4).
    pub fn icmp_error(about: &Self, from: IpAddr, kind: IcmpKind) -> Option<Self> {
        if about.is_icmp_error() || about.is_later_fragment() {
            return None;
        }
        let is_too_big = matches!(kind, IcmpKind::TooBig { .. });
        let allowed_many = is_too_big && about.header.version == Version::V6;
        if is_nobody(about.source()) || (names_many(about.destination()) && !allowed_many) {
            return None;
        }
        let most = match about.header.version {
            Version::V4 => MOST_V4 - 28,
            Version::V6 => MOST_V6 - 48,
        };
        let quote = about.bytes.get(..most).unwrap_or(&about.bytes);
        let (number, code, word) = numbers(about.header.version, kind);
        let addresses = (from, about.source());
        let mut error =
            Self::empty(addresses, Protocol::Icmp, 8 + quote.len(), DEFAULT_TTL).ok()?;
        error.bytes.extend_from_slice(&[number, code, 0, 0]);
        error.bytes.extend_from_slice(&word.to_be_bytes());
        error.bytes.extend_from_slice(quote);
        error.finish();
        Some(error)
    }
}

/// Type, code and the 32-bit word that follows the checksum.
fn numbers(version: Version, kind: IcmpKind) -> (u8, u8, u32) {
    match (version, kind) {
        (Version::V4, IcmpKind::NetworkUnreachable) => (3, 0, 0),
        (Version::V4, IcmpKind::HostUnreachable) => (3, 1, 0),
        (Version::V4, IcmpKind::PortUnreachable) => (3, 3, 0),
        (Version::V4, IcmpKind::TooBig { mtu }) => (3, 4, u32::from(mtu)),
        (Version::V4, IcmpKind::AdministrativelyProhibited) => (3, 13, 0),
        (Version::V4, IcmpKind::TimeExceeded) => (11, 0, 0),
        (Version::V6, IcmpKind::NetworkUnreachable) => (1, 0, 0),
        (Version::V6, IcmpKind::AdministrativelyProhibited) => (1, 1, 0),
        (Version::V6, IcmpKind::HostUnreachable) => (1, 3, 0),
        (Version::V6, IcmpKind::PortUnreachable) => (1, 4, 0),
        (Version::V6, IcmpKind::TooBig { mtu }) => (2, 0, u32::from(mtu)),
        (Version::V6, IcmpKind::TimeExceeded) => (3, 0, 0),
    }
}

/// RFC 792: unreachable, source quench, redirect, time exceeded, parameter problem. RFC 4443 section 2.1: the lower half.
fn is_error(version: Version, kind: u8) -> bool {
    match version {
        Version::V4 => matches!(kind, 3 | 4 | 5 | 11 | 12),
        Version::V6 => kind < 128,
    }
}

fn is_nobody(source: IpAddr) -> bool {
    source.is_unspecified() || source.is_loopback() || names_many(source)
}

fn names_many(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_multicast() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_multicast(),
    }
}

/// The longest IPv4 error packet (RFC 1812 section 4.3.2.3).
const MOST_V4: usize = 576;
/// The longest IPv6 error packet: the least MTU (RFC 4443 section 2.4).
const MOST_V6: usize = 1280;
