//! Where things lie in an IP packet: the one place that walks headers, for whole packets and for the pieces quoted in ICMP errors.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::bytes::{array_at, put, put_u16, u8_at, u16_at, u32_at};
use super::checksum::Sum;
use super::{Flow, Malformed, Protocol};

/// The IP version of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// RFC 791.
    V4,
    /// RFC 8200.
    V6,
}

/// Which part of a larger packet this one is (RFC 791 section 3.2, RFC 8200 section 4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fragment {
    /// The same in all fragments of one packet; 16 bits in IPv4.
    pub identification: u32,
    /// Where this part begins, in bytes.
    pub offset: u16,
    /// Whether more parts follow.
    pub more: bool,
}

/// How much of a packet there must be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it.
    Whole,
    /// As much as an ICMP error quotes.
    Quoted,
}

/// The layout of a packet whose bytes were checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) version: Version,
    pub(super) protocol: Protocol,
    /// Where the transport header begins.
    pub(super) transport: usize,
    /// Where the packet ends: never past the bytes.
    pub(super) end: usize,
    pub(super) fragment: Option<Fragment>,
    /// Where the IPv6 fragment header is.
    pub(super) fragment_header: usize,
    /// Where the byte is that says "a fragment header comes next".
    pub(super) fragment_pointer: usize,
    /// Whether the transport header (at least its first 8 bytes) is here: not so in later fragments.
    pub(super) has_transport: bool,
}

impl Header {
    pub(super) fn parse(bytes: &[u8], extent: Extent) -> Result<Self, Malformed> {
        let header = match bytes.first().map(|byte| byte >> 4) {
            Some(4) => Self::parse_v4(bytes, extent)?,
            Some(6) => Self::parse_v6(bytes, extent)?,
            _ => return Err(Malformed::Version),
        };
        header.check_transport(bytes, extent)
    }

    fn parse_v4(bytes: &[u8], extent: Extent) -> Result<Self, Malformed> {
        let header_length = usize::from(u8_at(bytes, 0) & 0x0f) * 4;
        if bytes.len() < V4_HEADER || bytes.len() < header_length {
            return Err(Malformed::TruncatedHeader);
        }
        if header_length < V4_HEADER {
            return Err(Malformed::HeaderLength);
        }
        let total = usize::from(u16_at(bytes, 2));
        if total < header_length || (extent == Extent::Whole && total > bytes.len()) {
            return Err(Malformed::TotalLength);
        }
        let header = bytes.get(..header_length).unwrap_or_default();
        if extent == Extent::Whole && Sum::default().bytes(header).folded() != 0xffff {
            return Err(Malformed::HeaderChecksum);
        }
        let flags = u16_at(bytes, 6);
        let fragment = Fragment {
            identification: u32::from(u16_at(bytes, 4)),
            offset: (flags & 0x1fff) << 3,
            more: flags & 0x2000 != 0,
        };
        let is_fragment = fragment.more || fragment.offset != 0;
        Ok(Self {
            version: Version::V4,
            protocol: protocol_of(Version::V4, u8_at(bytes, 9)),
            transport: header_length,
            end: total.min(bytes.len()),
            fragment: is_fragment.then_some(fragment),
            fragment_header: 0,
            fragment_pointer: 0,
            has_transport: true,
        })
    }

    fn parse_v6(bytes: &[u8], extent: Extent) -> Result<Self, Malformed> {
        if bytes.len() < V6_HEADER {
            return Err(Malformed::TruncatedHeader);
        }
        let total = V6_HEADER + usize::from(u16_at(bytes, 4));
        if extent == Extent::Whole && total > bytes.len() {
            return Err(Malformed::TotalLength);
        }
        let end = total.min(bytes.len());
        let mut next = u8_at(bytes, 6);
        let mut at = V6_HEADER;
        let mut fragment = None;
        let mut fragment_header = 0;
        let mut fragment_pointer = 0;
        let mut pointer = 6;
        for _ in 0..MAX_EXTENSION_HEADERS {
            let length = match next {
                HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS => {
                    8 + usize::from(u8_at(bytes, at + 1)) * 8
                }
                FRAGMENT if fragment.is_none() => {
                    let field = u16_at(bytes, at + 2);
                    fragment = Some(Fragment {
                        identification: u32_at(bytes, at + 4),
                        offset: field & 0xfff8,
                        more: field & 1 != 0,
                    });
                    fragment_header = at;
                    fragment_pointer = pointer;
                    8
                }
                number => {
                    return Ok(Self {
                        version: Version::V6,
                        protocol: protocol_of(Version::V6, number),
                        transport: at,
                        end,
                        fragment,
                        fragment_header,
                        fragment_pointer,
                        has_transport: true,
                    });
                }
            };
            next = u8_at(bytes, at);
            pointer = at;
            at += length;
            if at > end {
                return Err(Malformed::TruncatedHeader);
            }
            // What follows the header of a later fragment is the middle of the packet, not a header.
            if fragment.is_some_and(|fragment| fragment.offset != 0) {
                return Ok(Self {
                    version: Version::V6,
                    protocol: protocol_of(Version::V6, next),
                    transport: at,
                    end,
                    fragment,
                    fragment_header,
                    fragment_pointer,
                    has_transport: false,
                });
            }
        }
        Err(Malformed::ExtensionHeaders)
    }

    fn check_transport(mut self, bytes: &[u8], extent: Extent) -> Result<Self, Malformed> {
        let available = self.end - self.transport;
        if let Some(fragment) = self.fragment {
            let ends_at = usize::from(fragment.offset) + available;
            let misaligned = fragment.more && !available.is_multiple_of(8);
            if extent == Extent::Whole && (ends_at > usize::from(u16::MAX) || misaligned) {
                return Err(Malformed::Fragment);
            }
            if fragment.offset != 0 {
                self.has_transport = false;
                return Ok(self);
            }
        }
        let needed = match self.protocol {
            Protocol::Tcp if extent == Extent::Whole => 20,
            Protocol::Udp | Protocol::Icmp | Protocol::Tcp => 8,
            Protocol::Other(_) => 0,
        };
        if available < needed {
            self.has_transport = false;
            return match extent {
                Extent::Whole => Err(Malformed::TruncatedTransport),
                Extent::Quoted => Ok(self),
            };
        }
        if extent == Extent::Whole && self.fragment.is_none() && !self.length_fits(bytes, available)
        {
            return Err(Malformed::TransportLength);
        }
        Ok(self)
    }

    fn length_fits(&self, bytes: &[u8], available: usize) -> bool {
        match self.protocol {
            Protocol::Udp => {
                (8..=available).contains(&usize::from(u16_at(bytes, self.transport + 4)))
            }
            Protocol::Tcp => (20..=available).contains(&self.tcp_header_length(bytes)),
            Protocol::Icmp | Protocol::Other(_) => true,
        }
    }

    pub(super) fn tcp_header_length(&self, bytes: &[u8]) -> usize {
        usize::from(u8_at(bytes, self.transport + 12) >> 4) * 4
    }

    pub(super) fn source(&self, bytes: &[u8]) -> IpAddr {
        self.address(bytes, Side::Source)
    }

    pub(super) fn destination(&self, bytes: &[u8]) -> IpAddr {
        self.address(bytes, Side::Destination)
    }

    fn address(&self, bytes: &[u8], side: Side) -> IpAddr {
        let at = self.address_at(side);
        match self.version {
            Version::V4 => Ipv4Addr::from(array_at::<4>(bytes, at)).into(),
            Version::V6 => Ipv6Addr::from(array_at::<16>(bytes, at)).into(),
        }
    }

    fn address_at(&self, side: Side) -> usize {
        match (self.version, side) {
            (Version::V4, Side::Source) => 12,
            (Version::V4, Side::Destination) => 16,
            (Version::V6, Side::Source) => 8,
            (Version::V6, Side::Destination) => 24,
        }
    }

    /// Which end of an ICMP query the identifier belongs to.
    fn query_side(&self, bytes: &[u8]) -> Option<Side> {
        match (self.version, u8_at(bytes, self.transport)) {
            (Version::V4, 8 | 13) | (Version::V6, 128) => Some(Side::Source),
            (Version::V4, 0 | 14) | (Version::V6, 129) => Some(Side::Destination),
            _ => None,
        }
    }

    /// Where the port (or ICMP identifier) of that side is, when this packet has one.
    fn port_at(&self, bytes: &[u8], side: Side) -> Option<usize> {
        if !self.has_transport {
            return None;
        }
        match self.protocol {
            Protocol::Udp | Protocol::Tcp => Some(match side {
                Side::Source => self.transport,
                Side::Destination => self.transport + 2,
            }),
            Protocol::Icmp if self.query_side(bytes) == Some(side) => Some(self.transport + 4),
            Protocol::Icmp | Protocol::Other(_) => None,
        }
    }

    pub(super) fn port(&self, bytes: &[u8], side: Side) -> Option<u16> {
        self.port_at(bytes, side).map(|at| u16_at(bytes, at))
    }

    pub(super) fn flow(&self, bytes: &[u8]) -> Option<Flow> {
        let source = self.port(bytes, Side::Source);
        let destination = self.port(bytes, Side::Destination);
        if source.is_none() && destination.is_none() {
            return None;
        }
        Some(Flow {
            protocol: self.protocol,
            source: SocketAddr::new(self.source(bytes), source.unwrap_or(0)),
            destination: SocketAddr::new(self.destination(bytes), destination.unwrap_or(0)),
        })
    }

    /// Writes an address and, where `port` is given and the packet has one on that side, the port or ICMP
    /// identifier. The checksums follow (RFC 1624). An address of the other family changes nothing.
    pub(super) fn set_endpoint(
        &self,
        bytes: &mut [u8],
        side: Side,
        address: IpAddr,
        port: Option<u16>,
    ) {
        let at = self.address_at(side);
        match (self.version, address) {
            (Version::V4, IpAddr::V4(new)) => self.set_address(bytes, at, new.octets()),
            (Version::V6, IpAddr::V6(new)) => self.set_address(bytes, at, new.octets()),
            (Version::V4, IpAddr::V6(_)) | (Version::V6, IpAddr::V4(_)) => return,
        }
        if let (Some(port), Some(at)) = (port, self.port_at(bytes, side)) {
            let old = array_at::<2>(bytes, at);
            let new = port.to_be_bytes();
            put(bytes, at, new);
            self.update_transport_checksum(bytes, &old, &new);
        }
    }

    fn set_address<const N: usize>(&self, bytes: &mut [u8], at: usize, new: [u8; N]) {
        let old = array_at::<N>(bytes, at);
        put(bytes, at, new);
        if self.version == Version::V4 {
            update_v4_checksum(bytes, &old, &new);
        }
        // ICMP over IPv4 is the one that sums no pseudo-header (RFC 792; RFC 4443 section 2.3).
        if self.version == Version::V6 || self.protocol != Protocol::Icmp {
            self.update_transport_checksum(bytes, &old, &new);
        }
    }

    /// Where the transport checksum is, when it is here.
    pub(super) fn checksum_at(&self) -> Option<usize> {
        let at = self.transport
            + match self.protocol {
                Protocol::Udp => 6,
                Protocol::Tcp => 16,
                Protocol::Icmp => 2,
                Protocol::Other(_) => return None,
            };
        (self.has_transport && at + 2 <= self.end).then_some(at)
    }

    pub(super) fn update_transport_checksum(&self, bytes: &mut [u8], old: &[u8], new: &[u8]) {
        let Some(at) = self.checksum_at() else { return };
        let field = u16_at(bytes, at);
        let is_udp = self.protocol == Protocol::Udp;
        if is_udp && field == 0 {
            return;
        }
        let updated = Sum::of_field(field).replace(old, new).field();
        put_u16(bytes, at, if is_udp { udp_field(updated) } else { updated });
    }

    /// The transport checksum as it should be, computed from all bytes.
    pub(super) fn computed_checksum(&self, bytes: &[u8]) -> Option<u16> {
        let at = self.checksum_at()?;
        let end = match self.protocol {
            Protocol::Udp => self.transport + usize::from(u16_at(bytes, self.transport + 4)),
            Protocol::Tcp | Protocol::Icmp | Protocol::Other(_) => self.end,
        };
        let before = bytes.get(self.transport..at)?;
        let after = bytes.get(at + 2..end.min(self.end))?;
        let mut sum = Sum::default().bytes(before).bytes(after);
        if self.version == Version::V6 || self.protocol != Protocol::Icmp {
            let addresses = match self.version {
                Version::V4 => bytes.get(12..20),
                Version::V6 => bytes.get(8..40),
            };
            sum = sum
                .bytes(addresses?)
                .word(u32::try_from(before.len() + 2 + after.len()).ok()?)
                .word(u32::from(number_of(self.version, self.protocol)));
        }
        let field = sum.field();
        Some(if self.protocol == Protocol::Udp { udp_field(field) } else { field })
    }
}

/// One end of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Source,
    Destination,
}

/// RFC 768: a computed checksum of zero is sent as all ones, since zero means none.
fn udp_field(field: u16) -> u16 {
    if field == 0 { 0xffff } else { field }
}

/// Follows a change in the IPv4 header.
pub(super) fn update_v4_checksum(bytes: &mut [u8], old: &[u8], new: &[u8]) {
    let field = Sum::of_field(u16_at(bytes, 10)).replace(old, new).field();
    put_u16(bytes, 10, field);
}

/// Computes the IPv4 header checksum anew.
pub(super) fn write_v4_checksum(bytes: &mut [u8]) {
    let length = usize::from(u8_at(bytes, 0) & 0x0f) * 4;
    put_u16(bytes, 10, 0);
    let field = Sum::default().bytes(bytes.get(..length).unwrap_or_default()).field();
    put_u16(bytes, 10, field);
}

fn protocol_of(version: Version, number: u8) -> Protocol {
    match (version, number) {
        (_, UDP) => Protocol::Udp,
        (_, TCP) => Protocol::Tcp,
        (Version::V4, ICMP) | (Version::V6, ICMPV6) => Protocol::Icmp,
        (_, number) => Protocol::Other(number),
    }
}

/// The protocol number on the wire.
pub(super) fn number_of(version: Version, protocol: Protocol) -> u8 {
    match (version, protocol) {
        (_, Protocol::Udp) => UDP,
        (_, Protocol::Tcp) => TCP,
        (Version::V4, Protocol::Icmp) => ICMP,
        (Version::V6, Protocol::Icmp) => ICMPV6,
        (_, Protocol::Other(number)) => number,
    }
}

/// The IPv4 header without options.
pub(super) const V4_HEADER: usize = 20;
/// The IPv6 header without extension headers.
pub(super) const V6_HEADER: usize = 40;
/// The next-header number of the IPv6 fragment header.
pub(super) const FRAGMENT: u8 = 44;
const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const DESTINATION_OPTIONS: u8 = 60;
const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;
const MAX_EXTENSION_HEADERS: usize = 8;
