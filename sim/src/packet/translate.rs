//! The same packet in the other IP version (RFC 6145).

use std::net::{IpAddr, SocketAddr};

use super::Packet;
use super::bytes::{array_at, put, put_u8, put_u16, u8_at, u16_at, u32_at};
use super::checksum::Sum;
use super::header::{
    Extent, FRAGMENT, Header, Side, V4_HEADER, V6_HEADER, Version, number_of, write_v4_checksum,
};
use super::{Icmp, Protocol};

/// The ends of the packet that an ICMP error quotes, in the other IP version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotedEnds {
    /// Its source.
    pub source: SocketAddr,
    /// Its destination.
    pub destination: SocketAddr,
}

impl Packet {
    /// The same packet in the other IP version, between these endpoints. `quoted` are those of the packet inside, where this is an
    /// ICMP error.
    ///
    /// TTL, congestion bits and transport bytes stay; extension headers and options go; checksums follow by difference,
    /// so that a damaged packet stays damaged. A fragment stays a fragment. Nothing is cut to a smaller MTU here.
    ///
    /// `None` where there is no counterpart: an ICMP message that only one version knows, a fragment of ICMP, a fragment of UDP without
    /// checksum, or an ICMP error with a wrong checksum.
    pub fn in_other_version(
        &self,
        source: SocketAddr,
        destination: SocketAddr,
        quoted: Option<QuotedEnds>,
    ) -> Option<Self> {
        let ends = QuotedEnds { source, destination };
        let mut bytes = Vec::with_capacity(self.bytes.len() + V6_HEADER);
        if !self.is_icmp_error() {
            translate(&self.bytes, &self.header, ends, &mut bytes)?;
            return Self::parse(bytes).ok();
        }
        let quoted = quoted?;
        if !self.has_valid_checksum() || !matches!(self.icmp(), Some(Icmp::Error(_))) {
            return None;
        }
        let inner = self.bytes.get(self.header.transport + 8..)?;
        let inner_header = Header::parse(inner, Extent::Quoted).ok()?;
        let mut body = self.error_header()?.to_vec();
        translate(inner, &inner_header, quoted, &mut body)?;
        write_header(&self.bytes, &self.header, ends, body.len(), &mut bytes)?;
        bytes.extend_from_slice(&body);
        let mut packet = Self::parse(bytes).ok()?;
        packet.finish();
        Some(packet)
    }

    /// Type, code and the word after the checksum of an ICMP error in the other version (RFC 6145 sections 4.2 and 5.2).
    fn error_header(&self) -> Option<[u8; 8]> {
        let at = self.header.transport;
        let (kind, code) = (u8_at(&self.bytes, at), u8_at(&self.bytes, at + 1));
        let word = u32_at(&self.bytes, at + 4);
        let (kind, code, word) = match self.header.version {
            Version::V4 => match (kind, code) {
                (3, 0 | 1 | 5..=8 | 11 | 12) => (1, 0, 0),
                (3, 2) => (4, 1, 6),
                (3, 3) => (1, 4, 0),
                (3, 4) => (2, 0, (word & 0xffff).saturating_add(20).max(1280)),
                (3, 9 | 10 | 13 | 15) => (1, 1, 0),
                (11, code) => (3, code, 0),
                (12, 0 | 2) => (4, 0, pointer_to_v6(word >> 24)?),
                _ => return None,
            },
            Version::V6 => match (kind, code) {
                (1, 0 | 2 | 3) => (3, 1, 0),
                (1, 1) => (3, 10, 0),
                (1, 4) => (3, 3, 0),
                (2, _) => (3, 4, word.saturating_sub(20).min(0xffff)),
                (3, code) => (11, code, 0),
                (4, 0) => (12, 0, pointer_to_v4(word)? << 24),
                (4, 1) => (3, 2, 0),
                _ => return None,
            },
        };
        let mut header = [kind, code, 0, 0, 0, 0, 0, 0];
        put(&mut header, 4, word.to_be_bytes());
        Some(header)
    }
}

/// Writes the packet at `bytes`, perhaps only the beginning of one, in the other version.
fn translate(bytes: &[u8], header: &Header, ends: QuotedEnds, out: &mut Vec<u8>) -> Option<()> {
    let is_fragment = header.fragment.is_some();
    if is_fragment && header.protocol == Protocol::Icmp {
        return None;
    }
    let start = out.len();
    let body = bytes.get(header.transport..header.end)?;
    write_header(bytes, header, ends, declared_body(bytes, header), out)?;
    let transport = out.len();
    out.extend_from_slice(body);
    if !header.has_transport {
        return Some(());
    }
    let flow = header.flow(bytes);
    match header.protocol {
        Protocol::Udp | Protocol::Tcp => {
            let old_ports = array_at::<4>(out, transport);
            put(out, transport, ends.source.port().to_be_bytes());
            put(out, transport + 2, ends.destination.port().to_be_bytes());
            let new_ports = array_at::<4>(out, transport);
            let Some(at) = header.checksum_at() else {
                return Some(());
            };
            let at = transport + (at - header.transport);
            let field = u16_at(out, at);
            if header.protocol == Protocol::Udp && field == 0 {
                return missing_checksum(header, is_fragment, out, start, at);
            }
            let new = out.get(start..transport)?;
            let sum = Sum::of_field(field)
                .replace(addresses(bytes, header.version), addresses(new, other(header.version)))
                .replace(&old_ports, &new_ports);
            let field = sum.field();
            let is_zero_udp = header.protocol == Protocol::Udp && field == 0;
            put_u16(out, at, if is_zero_udp { 0xffff } else { field });
        }
        Protocol::Icmp => {
            flow?;
            let kind = match (header.version, u8_at(bytes, header.transport)) {
                (Version::V4, 8) => 128,
                (Version::V4, 0) => 129,
                (Version::V6, 128) => 8,
                (Version::V6, 129) => 0,
                _ => return None,
            };
            let identifier = match header.port(bytes, Side::Source) {
                Some(_) => ends.source.port(),
                None => ends.destination.port(),
            };
            let old = array_at::<8>(out, transport);
            put_u8(out, transport, kind);
            put_u16(out, transport + 4, identifier);
            let new = array_at::<8>(out, transport);
            let length = u32::try_from(declared_body(bytes, header)).ok()?;
            let pseudo = pseudo_header(if header.version == Version::V6 {
                bytes
            } else {
                out.get(start..)?
            })?;
            let tail = Sum::of_field(u16_at(&old, 2))
                .replace(old.get(..2)?, new.get(..2)?)
                .replace(old.get(4..6)?, new.get(4..6)?);
            let tail = match header.version {
                Version::V4 => tail.replace(&[], &pseudo).word(length).word(ICMPV6),
                Version::V6 => {
                    let words = [length.to_be_bytes(), ICMPV6.to_be_bytes()].concat();
                    tail.replace(&pseudo, &[]).replace(&words, &[])
                }
            };
            put_u16(out, transport + 2, tail.field());
        }
        Protocol::Other(_) => {}
    }
    Some(())
}

/// UDP without checksum over IPv4 gets one over IPv6 (RFC 6145 section 4.5); a fragment cannot.
fn missing_checksum(
    header: &Header,
    is_fragment: bool,
    out: &mut [u8],
    start: usize,
    at: usize,
) -> Option<()> {
    if is_fragment || header.version == Version::V6 {
        return None;
    }
    let packet = out.get_mut(start..)?;
    let whole = Header::parse(packet, Extent::Whole).ok();
    if let Some(field) = whole.and_then(|whole| whole.computed_checksum(packet)) {
        put_u16(packet, at - start, field);
    }
    Some(())
}

/// How long the transport part says it is, though perhaps only its beginning is here.
fn declared_body(bytes: &[u8], header: &Header) -> usize {
    match header.version {
        Version::V4 => usize::from(u16_at(bytes, 2)).saturating_sub(header.transport),
        Version::V6 => (V6_HEADER + usize::from(u16_at(bytes, 4))).saturating_sub(header.transport),
    }
}

/// Writes the IP header of the other version for a transport part of `length` bytes (RFC 6145 sections 4.1 and 5.1).
fn write_header(
    bytes: &[u8],
    header: &Header,
    ends: QuotedEnds,
    length: usize,
    out: &mut Vec<u8>,
) -> Option<()> {
    let start = out.len();
    let fragment = header.fragment;
    match (header.version, ends.source.ip(), ends.destination.ip()) {
        (Version::V4, IpAddr::V6(source), IpAddr::V6(destination)) => {
            let extra = if fragment.is_some() { 8 } else { 0 };
            let class = u8_at(bytes, 1);
            let next = number_of(Version::V6, header.protocol);
            out.extend_from_slice(&[0x60 | class >> 4, class << 4, 0, 0]);
            out.extend_from_slice(&u16::try_from(length + extra).ok()?.to_be_bytes());
            let first = if fragment.is_some() { FRAGMENT } else { next };
            out.extend_from_slice(&[first, u8_at(bytes, 8)]);
            out.extend_from_slice(&source.octets());
            out.extend_from_slice(&destination.octets());
            if let Some(fragment) = fragment {
                out.extend_from_slice(&[next, 0]);
                let field = fragment.offset | u16::from(fragment.more);
                out.extend_from_slice(&field.to_be_bytes());
                out.extend_from_slice(&fragment.identification.to_be_bytes());
            }
        }
        (Version::V6, IpAddr::V4(source), IpAddr::V4(destination)) => {
            let class = u8_at(bytes, 0) << 4 | u8_at(bytes, 1) >> 4;
            let total = u16::try_from(V4_HEADER + length).ok()?;
            out.extend_from_slice(&[0x45, class]);
            out.extend_from_slice(&total.to_be_bytes());
            // Small packets may be cut further on, larger ones had path MTU discovery (RFC 6145 section 5.1).
            let (identification, flags) = match fragment {
                Some(part) => {
                    let [_, _, high, low] = part.identification.to_be_bytes();
                    let flags = part.offset >> 3 | u16::from(part.more) << 13;
                    (u16::from_be_bytes([high, low]), flags)
                }
                None if total > 1260 => (0, 0x4000),
                None => (0, 0),
            };
            out.extend_from_slice(&identification.to_be_bytes());
            out.extend_from_slice(&flags.to_be_bytes());
            let next = number_of(Version::V4, header.protocol);
            out.extend_from_slice(&[u8_at(bytes, 7), next, 0, 0]);
            out.extend_from_slice(&source.octets());
            out.extend_from_slice(&destination.octets());
            write_v4_checksum(out.get_mut(start..)?);
        }
        _ => return None,
    }
    Some(())
}

fn other(version: Version) -> Version {
    match version {
        Version::V4 => Version::V6,
        Version::V6 => Version::V4,
    }
}

/// Both addresses as they stand in the header.
fn addresses(bytes: &[u8], version: Version) -> &[u8] {
    match version {
        Version::V4 => bytes.get(12..20),
        Version::V6 => bytes.get(8..40),
    }
    .unwrap_or_default()
}

fn pseudo_header(v6: &[u8]) -> Option<[u8; 32]> {
    v6.get(8..)?.first_chunk::<32>().copied()
}

/// RFC 6145 figure 3.
fn pointer_to_v6(pointer: u32) -> Option<u32> {
    Some(match pointer {
        0 => 0,
        1 => 1,
        2 | 3 => 4,
        8 => 7,
        9 => 6,
        12..=15 => 8,
        16..=19 => 24,
        _ => return None,
    })
}

/// RFC 6145 figure 6.
fn pointer_to_v4(pointer: u32) -> Option<u32> {
    Some(match pointer {
        0 => 0,
        1 => 1,
        4 | 5 => 2,
        6 => 9,
        7 => 8,
        8..=23 => 12,
        24..=39 => 16,
        _ => return None,
    })
}

/// The next-header number of ICMPv6, which its pseudo-header sums.
const ICMPV6: u32 = 58;
