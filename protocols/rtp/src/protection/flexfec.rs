//! FlexFEC: parity over packets of several streams, in any pattern (RFC 8627).

use icelab_wire::{DecodeError, Reader, Serial16, Writer};

use super::parity::{CannotProtect, Parity, Recovery, place};
use crate::number::Ssrc;
use crate::packet::Packet;

/// What a packet of a repair stream holds (RFC 8627 section 4.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlexFecPacket<'a> {
    /// Parity over several packets.
    Repair(FlexFec),
    /// A whole RTP packet once more.
    Retransmission(&'a [u8]),
}

impl<'a> FlexFecPacket<'a> {
    /// Reads a packet of a repair stream: its sources are the protected streams.
    ///
    /// # Errors
    /// Where a header is cut off, the variant is the reserved one, or nothing is protected.
    pub fn decode(packet: &Packet<'a>) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(packet.payload);
        let head = reader.u16()?;
        let is_fixed = match head >> 14 {
            0 => false,
            1 => true,
            2 => return Ok(Self::Retransmission(packet.payload)),
            _ => return Err(DecodeError::Value { field: "R and F" }),
        };
        let length = reader.u16()?;
        let timestamp = reader.u32()?;
        let mut streams = Vec::with_capacity(packet.contributing_sources().len());
        for source in packet.contributing_sources() {
            let base = Serial16(reader.u16()?);
            let pattern = Pattern::decode_from(is_fixed, &mut reader)?;
            streams.push(ProtectedStream { source, base, pattern });
        }
        if streams.is_empty() {
            return Err(DecodeError::Length { field: "CSRC list" });
        }
        let payload = reader.rest().to_vec();
        let parity = Parity { head: head & 0x3FFF, length, timestamp, payload };
        Ok(Self::Repair(FlexFec { streams, parity }))
    }
}

/// Parity over packets of several streams.
///
/// ```text
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |0|F|P|X|  CC   |M| PT recovery |        length recovery        |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                          TS recovery                          |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |           SN base_i           |      mask, or L and D         |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlexFec {
    /// The protected streams, in the order of the packet's sources: all with masks or all without.
    pub streams: Vec<ProtectedStream>,
    parity: Parity,
}

/// Which packets of one stream are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProtectedStream {
    /// The stream.
    pub source: Ssrc,
    /// The lowest number of its protected packets.
    pub base: Serial16,
    /// Which packets from there on.
    pub pattern: Pattern,
}

/// Which packets are protected, counted from a base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Bit 109 stands for the base, bit 108 for the next, and so on (RFC 8627 section 4.2.2.1).
    Mask(u128),
    /// So many packets in a row (section 4.2.2.2, D of 0 or 1).
    Row {
        /// How many: L.
        columns: u8,
        /// Whether columns are protected, too: D of 1.
        has_columns: bool,
    },
    /// Every so many-th packet (section 4.2.2.2, D above 1).
    Column {
        /// The step: L.
        columns: u8,
        /// How many: D, at least 2.
        rows: u8,
    },
}

impl Pattern {
    fn decode_from(is_fixed: bool, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if is_fixed {
            return match (reader.u8()?, reader.u8()?) {
                (0, _) => Err(DecodeError::Value { field: "L" }),
                (columns, rows @ 0..=1) => Ok(Self::Row { columns, has_columns: rows == 1 }),
                (columns, rows) => Ok(Self::Column { columns, rows }),
            };
        }
        let first = reader.u16()?;
        let mut mask = u128::from(first & 0x7FFF) << 95;
        if first >> 15 == 1 {
            let second = reader.u32()?;
            mask |= u128::from(second & 0x7FFF_FFFF) << 64;
            if second >> 31 == 1 {
                mask |= u128::from(reader.u64()?);
            }
        }
        if mask == 0 {
            return Err(DecodeError::Value { field: "mask" });
        }
        Ok(Self::Mask(mask))
    }

    fn encode(self, writer: &mut Writer) {
        match self {
            Self::Mask(mask) => {
                let (second, third) = ((mask >> 64) as u32 & 0x7FFF_FFFF, mask as u64);
                let has_third = third != 0;
                let has_second = second != 0 || has_third;
                writer.u16(u16::from(has_second) << 15 | (mask >> 95) as u16 & 0x7FFF);
                if has_second {
                    writer.u32(u32::from(has_third) << 31 | second);
                }
                if has_third {
                    writer.u64(third);
                }
            }
            Self::Row { columns, has_columns } => {
                writer.u8(columns);
                writer.u8(u8::from(has_columns));
            }
            Self::Column { columns, rows } => {
                writer.u8(columns);
                writer.u8(rows);
            }
        }
    }

    /// Whether the packet `place` after the base is protected.
    const fn covers(self, place: u16) -> bool {
        match self {
            Self::Mask(mask) => place < LONGEST_MASK && mask >> (109 - place) & 1 == 1,
            Self::Row { columns, .. } => place < columns as u16,
            Self::Column { columns, rows } => {
                let columns = columns as u16;
                columns != 0 && place.is_multiple_of(columns) && place / columns < rows as u16
            }
        }
    }

    /// How far it reaches.
    const fn length(self) -> u16 {
        match self {
            Self::Mask(_) => LONGEST_MASK,
            Self::Row { columns, .. } => columns as u16,
            Self::Column { columns, rows } => columns as u16 * rows as u16,
        }
    }
}

impl ProtectedStream {
    /// The protected packets, in order.
    pub fn packets(self) -> impl Iterator<Item = Serial16> {
        let covered = (0..self.pattern.length()).filter(move |place| self.pattern.covers(*place));
        covered.map(move |place| self.base.plus(place))
    }
}

impl FlexFec {
    /// Parity over whole RTP packets of up to 15 streams, the first of each stream its earliest.
    ///
    /// # Errors
    /// Where there is none, one is no RTP packet, those of one stream span more than 110 numbers,
    /// or there are more than 15 streams.
    pub fn protect(packets: &[&[u8]]) -> Result<Self, CannotProtect> {
        let mut streams: Vec<(Ssrc, Serial16, u128)> = Vec::new();
        let mut parity = Parity::default();
        for packet in packets {
            let (sequence, source) = place(packet)?;
            let index = streams.iter().position(|stream| stream.0 == source);
            let index = index.unwrap_or_else(|| {
                streams.push((source, sequence, 0));
                streams.len() - 1
            });
            let Some((_, base, mask)) = streams.get_mut(index).filter(|_| index < 15) else {
                return Err(CannotProtect::TooManyStreams);
            };
            let place = sequence.0.wrapping_sub(base.0);
            if place >= LONGEST_MASK {
                return Err(CannotProtect::TooFarApart);
            }
            let bit = 1 << (109 - place);
            if *mask & bit == 0 {
                *mask |= bit;
                parity.add(packet).map_err(|_| CannotProtect::NoPacket)?;
            }
        }
        if streams.is_empty() {
            return Err(CannotProtect::Nothing);
        }
        let streams = streams.into_iter().map(|(source, base, mask)| ProtectedStream {
            source,
            base,
            pattern: Pattern::Mask(mask),
        });
        Ok(Self { streams: streams.collect(), parity })
    }

    /// Parity over the whole RTP packets of one stream that `pattern` names from the first on.
    ///
    /// # Errors
    /// Where there is none, one is no RTP packet or another than the pattern names, or it is a column
    /// of one packet or none, which would be read as a row.
    pub fn protect_pattern(packets: &[&[u8]], pattern: Pattern) -> Result<Self, CannotProtect> {
        if matches!(pattern, Pattern::Column { rows: 0..=1, .. }) {
            return Err(CannotProtect::NoColumn);
        }
        let (base, source) = place(packets.first().ok_or(CannotProtect::Nothing)?)?;
        let stream = ProtectedStream { source, base, pattern };
        let mut parity = Parity::default();
        let mut named = stream.packets();
        for packet in packets {
            if named.next().map(|sequence| (sequence, source)) != Some(place(packet)?) {
                return Err(CannotProtect::TooFarApart);
            }
            parity.add(packet).map_err(|_| CannotProtect::NoPacket)?;
        }
        if named.next().is_some() {
            return Err(CannotProtect::TooFarApart);
        }
        drop(named);
        Ok(Self { streams: vec![stream], parity })
    }

    /// The payload of the repair packet, whose sources are the protected streams in their order.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer =
            Writer::with_capacity(8 + 16 * self.streams.len() + self.parity.payload.len());
        let has_masks = |stream: &ProtectedStream| matches!(stream.pattern, Pattern::Mask(_));
        let is_fixed = !self.streams.iter().all(has_masks);
        writer.u16(u16::from(is_fixed) << 14 | self.parity.head);
        writer.u16(self.parity.length);
        writer.u32(self.parity.timestamp);
        for stream in &self.streams {
            writer.u16(stream.base.0);
            stream.pattern.encode(&mut writer);
        }
        writer.bytes(&self.parity.payload);
        writer.into_vec()
    }

    /// The one missing packet. `received` gives the whole RTP packet of a stream and a number, if
    /// it has come.
    pub fn recover<'p>(&self, received: impl Fn(Ssrc, Serial16) -> Option<&'p [u8]>) -> Recovery {
        let mut parity = self.parity.clone();
        let mut missing = None;
        let mut count = 0;
        for stream in &self.streams {
            for sequence in stream.packets() {
                match received(stream.source, sequence) {
                    Some(packet) if parity.add(packet).is_ok() => {}
                    Some(_) => return Recovery::Unusable,
                    None => {
                        count += 1;
                        missing = Some((sequence, stream.source));
                    }
                }
            }
        }
        match (missing, count) {
            (None, _) => Recovery::NothingMissing,
            (Some((sequence, source)), 1) => match parity.packet(sequence, source) {
                Ok(packet) => Recovery::Recovered(packet),
                Err(_) => Recovery::Unusable,
            },
            (Some(_), count) => Recovery::TooManyMissing(count),
        }
    }
}

/// How many packets a mask reaches.
const LONGEST_MASK: u16 = 110;
