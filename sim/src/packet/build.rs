//! Packets from datagrams, segments and queries.

use core::fmt;
use std::net::{IpAddr, SocketAddr};

use icelab_sans_io::net::{Datagram, Ecn};

use super::bytes::{put_u16, u16_at};
use super::header::{Extent, Header, V4_HEADER, V6_HEADER, Version, number_of, write_v4_checksum};
use super::{Icmp, Packet, Protocol};

/// Why no packet can be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unbuildable {
    /// Source and destination are of different IP versions.
    MixedVersions,
    /// Longer than an IP packet can be.
    TooLong,
}

impl fmt::Display for Unbuildable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::MixedVersions => "source and destination are of different IP versions",
            Self::TooLong => "longer than an IP packet can be",
        })
    }
}

impl core::error::Error for Unbuildable {}

/// The flags of a TCP segment that a simulated host may want to set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpFlags(
    /// The byte with CWR, ECE, URG, ACK, PSH, RST, SYN, FIN from the top.
    pub u8,
);

impl TcpFlags {
    /// No more data will come.
    pub const FIN: Self = Self(0x01);
    /// The connection begins.
    pub const SYN: Self = Self(0x02);
    /// The connection is no more.
    pub const RST: Self = Self(0x04);
    /// The acknowledgment number counts.
    pub const ACK: Self = Self(0x10);

    /// Whether all flags of `other` are set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// A TCP segment without options (RFC 9293 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpSegment<'a> {
    /// The number of the first byte.
    pub sequence: u32,
    /// The number of the next byte expected.
    pub acknowledgment: u32,
    /// What the segment says about the connection.
    pub flags: TcpFlags,
    /// How much the sender can take.
    pub window: u16,
    /// The bytes.
    pub payload: &'a [u8],
}

impl Packet {
    /// A UDP packet (RFC 768) with TTL, ECN and DF as the datagram says, with a checksum.
    ///
    /// # Errors
    /// When the two addresses differ in version, or the payload does not fit into one packet.
    pub fn from_datagram(datagram: &Datagram) -> Result<Self, Unbuildable> {
        let length = 8 + datagram.payload.len();
        let addresses = (datagram.source.ip(), datagram.destination.ip());
        let mut packet = Self::empty(addresses, Protocol::Udp, length, datagram.ttl)?;
        packet.bytes.extend_from_slice(&datagram.source.port().to_be_bytes());
        packet.bytes.extend_from_slice(&datagram.destination.port().to_be_bytes());
        let udp_length = u16::try_from(length).map_err(|_| Unbuildable::TooLong)?;
        packet.bytes.extend_from_slice(&udp_length.to_be_bytes());
        packet.bytes.extend_from_slice(&[0, 0]);
        packet.bytes.extend_from_slice(&datagram.payload);
        packet.finish();
        packet.set_ecn(datagram.ecn);
        if datagram.dont_fragment {
            packet.set_dont_fragment();
        }
        Ok(packet)
    }

    /// A UDP packet with TTL 64, no ECN, and DF unset.
    ///
    /// # Errors
    /// As [`Packet::from_datagram`].
    pub fn udp(
        source: SocketAddr,
        destination: SocketAddr,
        payload: &[u8],
    ) -> Result<Self, Unbuildable> {
        Self::from_datagram(&Datagram {
            source,
            destination,
            ecn: Ecn::NotEct,
            ttl: DEFAULT_TTL,
            dont_fragment: false,
            payload: payload.to_vec(),
        })
    }

    /// A TCP packet with TTL 64 and DF set.
    ///
    /// # Errors
    /// As [`Packet::from_datagram`].
    pub fn tcp(
        source: SocketAddr,
        destination: SocketAddr,
        segment: &TcpSegment<'_>,
    ) -> Result<Self, Unbuildable> {
        let length = 20 + segment.payload.len();
        let mut packet =
            Self::empty((source.ip(), destination.ip()), Protocol::Tcp, length, DEFAULT_TTL)?;
        packet.bytes.extend_from_slice(&source.port().to_be_bytes());
        packet.bytes.extend_from_slice(&destination.port().to_be_bytes());
        packet.bytes.extend_from_slice(&segment.sequence.to_be_bytes());
        packet.bytes.extend_from_slice(&segment.acknowledgment.to_be_bytes());
        packet.bytes.extend_from_slice(&[0x50, segment.flags.0]);
        packet.bytes.extend_from_slice(&segment.window.to_be_bytes());
        packet.bytes.extend_from_slice(&[0; 4]);
        packet.bytes.extend_from_slice(segment.payload);
        packet.finish();
        packet.set_dont_fragment();
        Ok(packet)
    }

    /// An ICMP echo request or reply (RFC 792, RFC 4443 section 4) with TTL 64. Another kind of ICMP message is not built here: it
    /// becomes a request with identifier 0.
    ///
    /// # Errors
    /// As [`Packet::from_datagram`].
    pub fn echo(
        source: IpAddr,
        destination: IpAddr,
        message: Icmp,
        payload: &[u8],
    ) -> Result<Self, Unbuildable> {
        let mut packet =
            Self::empty((source, destination), Protocol::Icmp, 8 + payload.len(), DEFAULT_TTL)?;
        let (is_reply, identifier, sequence) = match message {
            Icmp::EchoRequest { identifier, sequence } => (false, identifier, sequence),
            Icmp::EchoReply { identifier, sequence } => (true, identifier, sequence),
            Icmp::Error { .. } | Icmp::Other { .. } => (false, 0, 0),
        };
        let kind = match (packet.header.version, is_reply) {
            (Version::V4, false) => 8,
            (Version::V4, true) => 0,
            (Version::V6, false) => 128,
            (Version::V6, true) => 129,
        };
        packet.bytes.extend_from_slice(&[kind, 0, 0, 0]);
        packet.bytes.extend_from_slice(&identifier.to_be_bytes());
        packet.bytes.extend_from_slice(&sequence.to_be_bytes());
        packet.bytes.extend_from_slice(payload);
        packet.finish();
        Ok(packet)
    }

    /// Headers for `length` bytes of transport, which the caller appends before [`Packet::finish`].
    pub(super) fn empty(
        addresses: (IpAddr, IpAddr),
        protocol: Protocol,
        length: usize,
        ttl: u8,
    ) -> Result<Self, Unbuildable> {
        let mut bytes;
        let version = match addresses {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let total = u16::try_from(V4_HEADER + length).map_err(|_| Unbuildable::TooLong)?;
                bytes = Vec::with_capacity(V4_HEADER + length);
                bytes.extend_from_slice(&[0x45, 0]);
                bytes.extend_from_slice(&total.to_be_bytes());
                bytes.extend_from_slice(&[0, 0, 0, 0, ttl, number_of(Version::V4, protocol), 0, 0]);
                bytes.extend_from_slice(&source.octets());
                bytes.extend_from_slice(&destination.octets());
                write_v4_checksum(&mut bytes);
                Version::V4
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                let payload = u16::try_from(length).map_err(|_| Unbuildable::TooLong)?;
                bytes = Vec::with_capacity(V6_HEADER + length);
                bytes.extend_from_slice(&[0x60, 0, 0, 0]);
                bytes.extend_from_slice(&payload.to_be_bytes());
                bytes.extend_from_slice(&[number_of(Version::V6, protocol), ttl]);
                bytes.extend_from_slice(&source.octets());
                bytes.extend_from_slice(&destination.octets());
                Version::V6
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => {
                return Err(Unbuildable::MixedVersions);
            }
        };
        let transport = bytes.len();
        let header = Header {
            version,
            protocol,
            transport,
            end: transport + length,
            fragment: None,
            fragment_header: 0,
            fragment_pointer: 0,
            has_transport: true,
        };
        Ok(Self { bytes, header })
    }

    /// Writes the transport checksum of a packet whose bytes are complete.
    pub(super) fn finish(&mut self) {
        if let (Some(at), Some(field)) =
            (self.header.checksum_at(), self.header.computed_checksum(&self.bytes))
        {
            put_u16(&mut self.bytes, at, field);
        }
        debug_assert_eq!(Header::parse(&self.bytes, Extent::Whole), Ok(self.header));
    }

    pub(super) fn set_dont_fragment(&mut self) {
        if self.header.version == Version::V4 {
            let field = u16_at(&self.bytes, 6) | 0x4000;
            put_u16(&mut self.bytes, 6, field);
            write_v4_checksum(&mut self.bytes);
        }
    }
}

/// What hosts usually send with.
pub(super) const DEFAULT_TTL: u8 = 64;
