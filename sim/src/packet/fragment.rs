//! Fragmentation and bounded reassembly (RFC 791 section 3.2, RFC 8200 section 4.5, RFC 5722).

use core::time::Duration;
use std::collections::BTreeMap;
use std::net::IpAddr;

use icelab_sans_io::net::Ecn;
use icelab_sans_io::{Instant, Timers};

use super::bytes::{put_u8, put_u16, u8_at, u16_at};
use super::header::{FRAGMENT, V6_HEADER, Version, number_of, write_v4_checksum};
use super::{Malformed, Packet, Protocol};

/// Why a packet cannot be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfragmentable {
    /// The sender forbade it (DF): tell it "too big" instead.
    DontFragment,
    /// Not even 8 bytes fit beside the header.
    MtuTooSmall,
    /// An IPv6 packet with extension headers, or already a fragment.
    ExtensionHeaders,
}

impl Packet {
    /// Cuts an IPv4 packet into fragments that fit `mtu`, as a router does; a packet that fits stays as it is.
    ///
    /// # Errors
    /// DF is set (always so in IPv6), or the MTU is absurd.
    pub fn fragments(self, mtu: usize) -> Result<Vec<Self>, Unfragmentable> {
        if self.length() <= mtu {
            return Ok(vec![self]);
        }
        if self.dont_fragment() {
            return Err(Unfragmentable::DontFragment);
        }
        self.cut(mtu, &[])
    }

    /// Cuts a packet as its sender may: IPv4 without DF, and IPv6 with a fragment header that carries `identification`.
    ///
    /// # Errors
    /// DF is set in IPv4, the MTU is absurd, or an IPv6 packet has extension headers.
    pub fn fragments_at_source(
        self,
        mtu: usize,
        identification: u32,
    ) -> Result<Vec<Self>, Unfragmentable> {
        if self.header.version == Version::V4 || self.length() <= mtu {
            return self.fragments(mtu);
        }
        if self.header.transport != V6_HEADER {
            return Err(Unfragmentable::ExtensionHeaders);
        }
        let next = number_of(Version::V6, self.header.protocol);
        let mut extension = [next, 0, 0, 0, 0, 0, 0, 0];
        for (slot, byte) in extension.iter_mut().skip(4).zip(identification.to_be_bytes()) {
            *slot = byte;
        }
        self.cut(mtu, &extension)
    }

    fn cut(self, mtu: usize, extension: &[u8]) -> Result<Vec<Self>, Unfragmentable> {
        let mut header = self.bytes.get(..self.header.transport).unwrap_or_default().to_vec();
        header.extend_from_slice(extension);
        let room = mtu.saturating_sub(header.len()) & !7;
        if room == 0 {
            return Err(Unfragmentable::MtuTooSmall);
        }
        let first_offset = self.header.fragment.map_or(0, |fragment| fragment.offset);
        let more_after = self.header.fragment.is_some_and(|fragment| fragment.more);
        let body = self.bytes.get(self.header.transport..).unwrap_or_default();
        let count = body.len().div_ceil(room);
        let mut fragments = Vec::with_capacity(count);
        for (index, chunk) in body.chunks(room).enumerate() {
            let more = more_after || index + 1 < count;
            let offset = usize::from(first_offset) + index * room;
            let mut bytes = Vec::with_capacity(header.len() + chunk.len());
            bytes.extend_from_slice(&header);
            bytes.extend_from_slice(chunk);
            write_fragment(&mut bytes, self.header.version, offset, more);
            fragments.push(Self::parse(bytes).map_err(|_| Unfragmentable::MtuTooSmall)?);
        }
        Ok(fragments)
    }
}

/// Writes length, offset and flag of a fragment whose bytes are complete.
fn write_fragment(bytes: &mut [u8], version: Version, offset: usize, more: bool) {
    // Offsets are below 2^16 since they lie inside one packet.
    let offset = u16::try_from(offset).unwrap_or(u16::MAX) & 0xfff8;
    match version {
        Version::V4 => {
            put_u16(bytes, 2, u16::try_from(bytes.len()).unwrap_or(u16::MAX));
            let reserved_and_df = u16_at(bytes, 6) & 0xc000;
            put_u16(bytes, 6, reserved_and_df | u16::from(more) << 13 | offset >> 3);
            write_v4_checksum(bytes);
        }
        Version::V6 => {
            put_u16(bytes, 4, u16::try_from(bytes.len() - V6_HEADER).unwrap_or(u16::MAX));
            put_u8(bytes, 6, FRAGMENT);
            put_u16(bytes, V6_HEADER + 2, offset | u16::from(more));
        }
    }
}

/// Puts fragments together, within bounds: of packets, of bytes, of time.
#[derive(Clone, Debug)]
pub struct Reassembly {
    partial: BTreeMap<Key, Partial>,
    /// When each partial packet is given up; the first is also the oldest.
    timers: Timers<Key>,
    held_bytes: usize,
}

/// What makes fragments belong together (RFC 791 section 3.2, RFC 8200 section 4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    source: IpAddr,
    destination: IpAddr,
    protocol: Protocol,
    identification: u32,
}

#[derive(Clone, Debug, Default)]
struct Partial {
    /// The header of the first fragment.
    first: Option<Packet>,
    pieces: BTreeMap<usize, Vec<u8>>,
    /// The length of the whole, known from the last fragment.
    total: Option<usize>,
    held: usize,
    /// Whether a fragment came with a congestion mark.
    is_marked: bool,
    /// Whether one came that cannot carry any.
    is_unmarkable: bool,
}

/// Why a fragment, and what belongs to it, was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReassemblyDrop {
    /// Two fragments claim the same bytes (RFC 5722).
    Overlap,
    /// One has a congestion mark, and another cannot carry any (RFC 3168 section 5.3).
    MixedMarks,
    /// The whole is no packet.
    Malformed(Malformed),
}

impl ReassemblyDrop {
    /// The name that the record shows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Overlap => "fragments-overlap",
            Self::MixedMarks => "fragments-mixed-marks",
            Self::Malformed(reason) => reason.name(),
        }
    }
}

impl Default for Reassembly {
    fn default() -> Self {
        Self::new()
    }
}

impl Reassembly {
    /// How long fragments wait for the rest (RFC 8200 section 4.5; RFC 1122 section 3.3.2 asks for 60 to 120 s).
    pub const TIMEOUT: Duration = Duration::from_secs(60);
    /// How many packets may be incomplete at once; the oldest gives way.
    pub const MOST_PACKETS: usize = 64;
    /// How many bytes may wait in all; the oldest packet gives way.
    pub const MOST_BYTES: usize = 1 << 20;

    /// With nothing waiting.
    pub fn new() -> Self {
        Self { partial: BTreeMap::new(), timers: Timers::new(), held_bytes: 0 }
    }

    /// Takes a fragment and gives the whole packet once the last part is here; a packet that is no fragment passes.
    ///
    /// # Errors
    /// When this fragment makes its packet impossible: all of it is dropped.
    pub fn push(&mut self, packet: Packet, now: Instant) -> Result<Option<Packet>, ReassemblyDrop> {
        self.handle_timeout(now);
        let Some(fragment) = packet.fragment() else {
            return Ok(Some(packet));
        };
        if fragment.offset == 0 && !fragment.more {
            // RFC 8200 section 4.5, RFC 6946: whole by itself, whatever else has its number.
            let mut alone = Partial::default();
            let added = alone.add(packet, 0, false);
            return added
                .and_then(|()| alone.assemble().map(Some).map_err(ReassemblyDrop::Malformed));
        }
        let key = Key {
            source: packet.source(),
            destination: packet.destination(),
            protocol: packet.protocol(),
            identification: fragment.identification,
        };
        if !self.partial.contains_key(&key) {
            self.timers.set(key, now + Self::TIMEOUT);
        }
        let partial = self.partial.entry(key).or_default();
        let before = partial.held;
        let added = partial.add(packet, usize::from(fragment.offset), fragment.more);
        self.held_bytes += partial.held - before;
        if let Err(reason) = added {
            self.forget(&key);
            return Err(reason);
        }
        if !partial.is_complete() {
            self.make_room();
            return Ok(None);
        }
        let whole = self.forget(&key).map_or(Err(Malformed::Fragment), Partial::assemble);
        whole.map(Some).map_err(ReassemblyDrop::Malformed)
    }

    /// When the oldest incomplete packet is given up.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next().map(|(at, _)| at)
    }

    /// Gives up what waited too long, and says how many packets that were.
    pub fn handle_timeout(&mut self, now: Instant) -> usize {
        let mut given_up = 0;
        while let Some((_, key)) = self.timers.pop_due(now) {
            self.forget(&key);
            given_up += 1;
        }
        given_up
    }

    /// How many packets are incomplete.
    pub fn waiting(&self) -> usize {
        self.partial.len()
    }

    fn make_room(&mut self) {
        while self.partial.len() > Self::MOST_PACKETS || self.held_bytes > Self::MOST_BYTES {
            let Some(oldest) = self.timers.next().map(|(_, key)| *key) else {
                return;
            };
            self.forget(&oldest);
        }
    }

    fn forget(&mut self, key: &Key) -> Option<Partial> {
        self.timers.cancel(key);
        let partial = self.partial.remove(key)?;
        self.held_bytes -= partial.held;
        Some(partial)
    }
}

impl Partial {
    fn add(&mut self, packet: Packet, offset: usize, more: bool) -> Result<(), ReassemblyDrop> {
        let body = packet.bytes.get(packet.header.transport..).unwrap_or_default();
        let end = offset + body.len();
        if self.pieces.get(&offset).is_some_and(|held| held == body) {
            return Ok(());
        }
        let before = self.pieces.range(..=offset).next_back();
        let reaches_in = before.is_some_and(|(at, held)| at + held.len() > offset || *at == offset);
        let covers_next = self.pieces.range(offset..end).next().is_some();
        let past_total = self.total.is_some_and(|total| end > total || !more);
        let last_is_short =
            !more && self.pieces.last_key_value().is_some_and(|(at, held)| at + held.len() > end);
        if reaches_in || covers_next || past_total || last_is_short {
            return Err(ReassemblyDrop::Overlap);
        }
        self.is_marked |= packet.ecn() == Ecn::Ce;
        self.is_unmarkable |= packet.ecn() == Ecn::NotEct;
        if self.is_marked && self.is_unmarkable {
            return Err(ReassemblyDrop::MixedMarks);
        }
        if !more {
            self.total = Some(end);
        }
        self.held += body.len();
        self.pieces.insert(offset, body.to_vec());
        if offset == 0 {
            self.first = Some(packet);
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.first.is_some() && self.total == Some(self.held)
    }

    fn assemble(self) -> Result<Packet, Malformed> {
        let first = self.first.ok_or(Malformed::Fragment)?;
        let header = first.header;
        let mut bytes = Vec::with_capacity(header.transport + self.held);
        match header.version {
            Version::V4 => {
                bytes.extend_from_slice(first.bytes.get(..header.transport).unwrap_or_default());
            }
            Version::V6 => {
                let start = header.fragment_header;
                bytes.extend_from_slice(first.bytes.get(..start).unwrap_or_default());
                put_u8(&mut bytes, header.fragment_pointer, u8_at(&first.bytes, start));
                let rest = first.bytes.get(start + 8..header.transport).unwrap_or_default();
                bytes.extend_from_slice(rest);
            }
        }
        for piece in self.pieces.values() {
            bytes.extend_from_slice(piece);
        }
        match header.version {
            Version::V4 => {
                let total = u16::try_from(bytes.len()).map_err(|_| Malformed::Fragment)?;
                put_u16(&mut bytes, 2, total);
                let reserved_and_df = u16_at(&bytes, 6) & 0xc000;
                put_u16(&mut bytes, 6, reserved_and_df);
                write_v4_checksum(&mut bytes);
            }
            Version::V6 => {
                let payload =
                    u16::try_from(bytes.len() - V6_HEADER).map_err(|_| Malformed::Fragment)?;
                put_u16(&mut bytes, 4, payload);
            }
        }
        let mut whole = Packet::parse(bytes)?;
        if self.is_marked {
            whole.set_ecn(Ecn::Ce);
        }
        Ok(whole)
    }
}
