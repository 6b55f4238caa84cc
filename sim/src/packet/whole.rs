//! One real IP packet: owned bytes, typed views, setters that keep the checksums right.

use std::net::{IpAddr, SocketAddr};

use icelab_sans_io::net::{Datagram, Ecn};

use super::bytes::{put_u8, put_u16, u8_at, u16_at};
use super::header::{Extent, Header, Side, update_v4_checksum, write_v4_checksum};
use super::{Flow, Fragment, Malformed, Protocol, Version};

/// One IPv4 or IPv6 packet, or a fragment of one, whose headers were checked.
///
/// Transport checksums are not checked by [`Packet::parse`]: routers do not look at them, receivers do
/// ([`Packet::has_valid_checksum`]). Setters update them instead of computing them anew (RFC 1624), so a damaged
/// packet stays damaged through a NAT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    pub(super) bytes: Vec<u8>,
    pub(super) header: Header,
}

impl Packet {
    /// Checks the headers and takes the bytes; what lies past the IP length (padding) is cut off.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(mut bytes: Vec<u8>) -> Result<Self, Malformed> {
        let header = Header::parse(&bytes, Extent::Whole)?;
        bytes.truncate(header.end);
        Ok(Self { bytes, header })
    }

    /// The packet as it is on the wire.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Gives the bytes away.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Length on the wire, IP header included.
    pub fn length(&self) -> usize {
        self.bytes.len()
    }

    /// IPv4 or IPv6.
    pub fn version(&self) -> Version {
        self.header.version
    }

    /// What the packet carries.
    pub fn protocol(&self) -> Protocol {
        self.header.protocol
    }

    /// The source address.
    pub fn source(&self) -> IpAddr {
        self.header.source(&self.bytes)
    }

    /// The destination address.
    pub fn destination(&self) -> IpAddr {
        self.header.destination(&self.bytes)
    }

    /// The source port of UDP and TCP; the identifier of an ICMP request.
    pub fn source_port(&self) -> Option<u16> {
        self.header.port(&self.bytes, Side::Source)
    }

    /// The destination port of UDP and TCP; the identifier of an ICMP reply.
    pub fn destination_port(&self) -> Option<u16> {
        self.header.port(&self.bytes, Side::Destination)
    }

    /// Protocol, source and destination. `None` for later fragments, for ICMP that is not a query, and for protocols without ports.
    pub fn flow(&self) -> Option<Flow> {
        self.header.flow(&self.bytes)
    }

    /// Which part of a larger packet this is; `None` for a whole packet.
    pub fn fragment(&self) -> Option<Fragment> {
        self.header.fragment
    }

    /// Whether this is a later fragment, which has no ports.
    pub fn is_later_fragment(&self) -> bool {
        self.header.fragment.is_some_and(|fragment| fragment.offset != 0)
    }

    /// What follows the transport header; in a later fragment, all that follows the IP header.
    pub fn payload(&self) -> &[u8] {
        let start = self.header.transport;
        let whole = self.bytes.get(start..).unwrap_or_default();
        if !self.header.has_transport {
            return whole;
        }
        let (skip, length) = match self.header.protocol {
            Protocol::Udp => (8, usize::from(u16_at(&self.bytes, start + 4)).min(whole.len())),
            Protocol::Tcp => (self.header.tcp_header_length(&self.bytes), whole.len()),
            Protocol::Icmp => (8, whole.len()),
            Protocol::Other(_) => (0, whole.len()),
        };
        whole.get(skip..length).unwrap_or_default()
    }

    /// Time to live, or hop limit.
    pub fn ttl(&self) -> u8 {
        u8_at(&self.bytes, self.ttl_at())
    }

    /// Congestion notification bits (RFC 3168).
    pub fn ecn(&self) -> Ecn {
        let bits = match self.header.version {
            Version::V4 => u8_at(&self.bytes, 1),
            Version::V6 => u8_at(&self.bytes, 1) >> 4,
        };
        match bits & 3 {
            0 => Ecn::NotEct,
            1 => Ecn::Ect1,
            2 => Ecn::Ect0,
            _ => Ecn::Ce,
        }
    }

    /// Whether routers must not fragment the packet: the DF bit; always so in IPv6.
    pub fn dont_fragment(&self) -> bool {
        match self.header.version {
            Version::V4 => u8_at(&self.bytes, 6) & 0x40 != 0,
            Version::V6 => true,
        }
    }

    /// Whether the transport checksum is right, as the receiving host asks. Without one (UDP over IPv4 with 0, unknown
    /// protocols) there is nothing to be wrong; a fragment cannot be judged before it is whole. UDP over IPv6 must
    /// have one (RFC 8200 section 8.1).
    pub fn has_valid_checksum(&self) -> bool {
        if self.header.fragment.is_some() {
            return true;
        }
        let Some(at) = self.header.checksum_at() else {
            return true;
        };
        let field = u16_at(&self.bytes, at);
        if self.header.protocol == Protocol::Udp && field == 0 {
            return self.header.version == Version::V4;
        }
        let Some(computed) = self.header.computed_checksum(&self.bytes) else {
            return false;
        };
        // All ones and zero are the same sum.
        computed == field
            || (computed == 0xffff && field == 0)
            || (computed == 0 && field == 0xffff)
    }

    /// The datagram for the receiving socket: whole UDP with a right checksum, else `None`.
    pub fn to_datagram(&self) -> Option<Datagram> {
        if self.header.protocol != Protocol::Udp || self.header.fragment.is_some() {
            return None;
        }
        if !self.has_valid_checksum() {
            return None;
        }
        let flow = self.flow()?;
        Some(Datagram {
            source: flow.source,
            destination: flow.destination,
            ecn: self.ecn(),
            ttl: self.ttl(),
            dont_fragment: self.dont_fragment(),
            payload: self.payload().to_vec(),
        })
    }

    /// Rewrites the source: the address, and the port or ICMP request identifier where this packet has one.
    /// An address of the other family changes nothing.
    pub fn set_source(&mut self, source: SocketAddr) {
        self.set(Side::Source, source.ip(), Some(source.port()));
    }

    /// Rewrites the destination: the address, and the port or ICMP reply identifier where this packet has one.
    /// An address of the other family changes nothing.
    pub fn set_destination(&mut self, destination: SocketAddr) {
        self.set(Side::Destination, destination.ip(), Some(destination.port()));
    }

    /// Rewrites the source address alone.
    pub fn set_source_address(&mut self, address: IpAddr) {
        self.set(Side::Source, address, None);
    }

    /// Rewrites the destination address alone.
    pub fn set_destination_address(&mut self, address: IpAddr) {
        self.set(Side::Destination, address, None);
    }

    fn set(&mut self, side: Side, address: IpAddr, port: Option<u16>) {
        let header = self.header;
        header.set_endpoint(&mut self.bytes, side, address, port);
    }

    /// Sets the time to live, or hop limit.
    pub fn set_ttl(&mut self, ttl: u8) {
        let at = self.ttl_at();
        // The other half of the 16-bit word is the protocol in IPv4.
        self.set_header_byte(at, ttl);
    }

    /// One hop further: lowers the TTL and says whether any is left. At 0 the packet must be dropped, and its
    /// sender told "time exceeded" (RFC 792, RFC 4443 section 3.3).
    #[must_use]
    pub fn decrement_ttl(&mut self) -> bool {
        let ttl = self.ttl().saturating_sub(1);
        self.set_ttl(ttl);
        ttl != 0
    }

    /// Sets the congestion notification bits.
    pub fn set_ecn(&mut self, ecn: Ecn) {
        let bits = match ecn {
            Ecn::NotEct => 0,
            Ecn::Ect1 => 1,
            Ecn::Ect0 => 2,
            Ecn::Ce => 3,
        };
        let old = u8_at(&self.bytes, 1);
        match self.header.version {
            Version::V4 => self.set_header_byte(1, old & 0xfc | bits),
            Version::V6 => self.set_header_byte(1, old & 0xcf | (bits << 4)),
        }
    }

    /// Sets the IPv4 identification, which keeps the fragments of one packet together. Nothing in IPv6.
    pub fn set_identification(&mut self, identification: u16) {
        if self.header.version == Version::V6 {
            return;
        }
        put_u16(&mut self.bytes, 4, identification);
        write_v4_checksum(&mut self.bytes);
        if let Some(fragment) = &mut self.header.fragment {
            fragment.identification = u32::from(identification);
        }
    }

    /// The IPv4 identification; 0 in IPv6.
    pub fn identification(&self) -> u16 {
        match self.header.version {
            Version::V4 => u16_at(&self.bytes, 4),
            Version::V6 => 0,
        }
    }

    /// Flips one bit, counted from the front, as a bad link does; `Err` when what is left is no packet.
    ///
    /// # Errors
    /// What the damage made malformed.
    pub fn corrupt(mut self, bit: usize) -> Result<Self, Malformed> {
        let mask = 0x80u8 >> (bit % 8);
        if let Some(byte) = self.bytes.get_mut(bit / 8) {
            *byte ^= mask;
        }
        Self::parse(self.bytes)
    }

    fn ttl_at(&self) -> usize {
        match self.header.version {
            Version::V4 => 8,
            Version::V6 => 7,
        }
    }

    /// Writes one byte of the IP header; the IPv4 header checksum follows.
    fn set_header_byte(&mut self, at: usize, value: u8) {
        let word = at & !1;
        let old = u16_at(&self.bytes, word).to_be_bytes();
        put_u8(&mut self.bytes, at, value);
        if self.header.version == Version::V4 {
            let new = u16_at(&self.bytes, word).to_be_bytes();
            update_v4_checksum(&mut self.bytes, &old, &new);
        }
    }
}
