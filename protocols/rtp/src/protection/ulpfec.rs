//! ULPFEC: parity over packets of one stream, the first bytes better protected if one likes
//! (RFC 5109).

use icelab_wire::{DecodeError, Reader, Serial16, Writer};

use super::parity::{CannotProtect, Parity, Recovery, place, xor};
use crate::number::Ssrc;
use crate::packet::Packet;

/// The payload of a parity packet.
///
/// ```text
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |E|L|P|X|  CC   |M| PT recovery |            SN base            |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                          TS recovery                          |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |        length recovery        |       Protection Length       |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |             mask              |  mask cont. (only when L = 1) :
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ulpfec<'a> {
    /// The lowest number of the protected packets.
    pub base: Serial16,
    /// The levels, from the one that protects the first bytes on.
    pub levels: Vec<Level<'a>>,
    /// The headers and lengths of the packets at the first level.
    header: Parity,
}

/// One level of protection (RFC 5109 section 7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level<'a> {
    /// Bit 47 stands for the packet at the base, bit 46 for the next, and so on.
    mask: u64,
    /// The parity of the level's bytes.
    pub parity: &'a [u8],
}

impl Level<'_> {
    /// The packets that the level protects.
    pub fn packets(self, base: Serial16) -> impl Iterator<Item = Serial16> {
        let set = (0..LONGEST_MASK).filter(move |place| self.mask >> (47 - place) & 1 != 0);
        set.map(move |place| base.plus(place))
    }
}

impl<'a> Ulpfec<'a> {
    /// Reads a packet's payload.
    ///
    /// # Errors
    /// Where a header or a level is cut off, there is no level, or the first protects no packet.
    pub fn decode(payload: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(payload);
        let head = reader.u16()?;
        let base = Serial16(reader.u16()?);
        let timestamp = reader.u32()?;
        let length = reader.u16()?;
        let mut levels = Vec::new();
        loop {
            let covered = usize::from(reader.u16()?);
            let mut mask = u64::from(reader.u16()?) << 32;
            if head & LONG_MASK != 0 {
                mask |= u64::from(reader.u32()?);
            }
            levels.push(Level { mask, parity: reader.take(covered)? });
            if reader.is_empty() {
                break;
            }
        }
        if levels.first().is_none_or(|level| level.mask == 0) {
            return Err(DecodeError::Value { field: "mask" });
        }
        let header = Parity { head: head & 0x3FFF, length, timestamp, payload: Vec::new() };
        Ok(Self { base, levels, header })
    }

    /// The payload of a packet that protects all of `packets`, which are whole RTP packets of one
    /// stream, the first the earliest: one level over all of their bytes.
    ///
    /// # Errors
    /// Where there is none, one is no RTP packet, or they span more than 48 numbers.
    pub fn protect(packets: &[&[u8]]) -> Result<Vec<u8>, CannotProtect> {
        let first = packets.first().ok_or(CannotProtect::Nothing)?;
        let (base, ssrc) = place(first)?;
        let mut parity = Parity::default();
        let mut mask = 0_u64;
        for packet in packets {
            let (sequence, source) = place(packet)?;
            if source != ssrc {
                return Err(CannotProtect::TooManyStreams);
            }
            let place = sequence.0.wrapping_sub(base.0);
            if place >= LONGEST_MASK {
                return Err(CannotProtect::TooFarApart);
            }
            if mask >> (47 - place) & 1 == 0 {
                mask |= 1 << (47 - place);
                parity.add(packet).map_err(|_| CannotProtect::NoPacket)?;
            }
        }
        let is_long = mask & 0xFFFF_FFFF != 0;
        let mut writer = Writer::with_capacity(18 + parity.payload.len());
        writer.u16(parity.head | if is_long { LONG_MASK } else { 0 });
        writer.u16(base.0);
        writer.u32(parity.timestamp);
        writer.u16(parity.length);
        writer.u16(parity.payload.len() as u16); // no packet is longer
        writer.u16((mask >> 32) as u16);
        if is_long {
            writer.u32(mask as u32);
        }
        writer.bytes(&parity.payload);
        Ok(writer.into_vec())
    }

    /// The one missing packet of the stream `ssrc`. `received` gives the whole RTP packet of a
    /// number, if it has come.
    pub fn recover<'p>(
        &self,
        ssrc: Ssrc,
        received: impl Fn(Serial16) -> Option<&'p [u8]>,
    ) -> Recovery {
        let protected = self.levels.first().into_iter().flat_map(|level| level.packets(self.base));
        let mut missing = protected.filter(|sequence| received(*sequence).is_none());
        let Some(sequence) = missing.next() else { return Recovery::NothingMissing };
        match missing.count() {
            0 => {}
            more => return Recovery::TooManyMissing(more + 1),
        }
        match self.rebuild(sequence, ssrc, received) {
            Some(packet) => Recovery::Recovered(packet),
            None => Recovery::Unusable,
        }
    }

    /// The packet `sequence`, each level's part out of the other packets of that level.
    fn rebuild<'p>(
        &self,
        sequence: Serial16,
        ssrc: Ssrc,
        received: impl Fn(Serial16) -> Option<&'p [u8]>,
    ) -> Option<Vec<u8>> {
        let mut parity = self.header.clone();
        for (number, level) in self.levels.iter().enumerate() {
            let start = parity.payload.len();
            let mut part = level.parity.to_vec();
            let mut is_protected = false;
            for other in level.packets(self.base) {
                if other == sequence {
                    is_protected = true;
                    continue;
                }
                let Some(packet) = received(other) else {
                    is_protected = false;
                    break;
                };
                if number == 0 {
                    parity.add_header(packet).ok()?;
                }
                xor(&mut part, packet.get(Packet::HEADER_LENGTH + start..).unwrap_or(&[]));
            }
            if !is_protected {
                break;
            }
            parity.payload.extend(part);
        }
        parity.packet(sequence, ssrc).ok()
    }
}

/// How many packets a mask reaches.
const LONGEST_MASK: u16 = 48;
/// The bit that says that masks have 48 bits, not 16.
const LONG_MASK: u16 = 0x4000;
