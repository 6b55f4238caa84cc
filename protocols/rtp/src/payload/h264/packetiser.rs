//! An access unit of H.264 cut into payloads (RFC 6184 sections 5.6 to 5.8).

use icelab_wire::Writer;
use thiserror::Error;

use super::fragment::Fragment;
use super::unit::UnitType;

/// What payloads may be (`packetization-mode`, RFC 6184 section 5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// 0: whole units, one in each packet.
    SingleUnit,
    /// 1: whole units, several in a packet, or parts of one.
    NonInterleaved,
}

/// Cuts access units into payloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packetiser {
    /// What payloads may be.
    pub mode: Mode,
    /// How long a payload may be.
    pub longest: usize,
}

impl Packetiser {
    /// The payloads of an access unit, in order; the last one's packet carries the marker. Small
    /// units go together, long ones in parts of about the same length, where the mode has it.
    ///
    /// # Errors
    /// Where one of the units is empty or none of the codec, or longer than may be sent whole and
    /// there is no other way.
    pub fn packetise(&self, units: &[&[u8]]) -> Result<Vec<Vec<u8>>, CannotPacketise> {
        let mut payloads = Vec::new();
        let mut small: Vec<&[u8]> = Vec::new();
        let mut together = 1;
        for unit in units {
            let [header, body @ ..] = unit else { return Err(CannotPacketise::NoUnit) };
            if !UnitType::of(*header).is_single() {
                return Err(CannotPacketise::NoUnit);
            }
            let in_aggregate = 2 + unit.len();
            let is_small = self.mode == Mode::NonInterleaved
                && unit.len() <= usize::from(u16::MAX)
                && in_aggregate < self.longest;
            if !is_small || together + in_aggregate > self.longest {
                payloads.extend(aggregate(&core::mem::take(&mut small)));
                together = 1;
            }
            if is_small {
                small.push(unit);
                together += in_aggregate;
            } else if unit.len() <= self.longest {
                payloads.push(unit.to_vec());
            } else {
                self.fragment(*header, body, &mut payloads)?;
            }
        }
        payloads.extend(aggregate(&small));
        Ok(payloads)
    }

    /// Cuts a unit into at least two parts.
    fn fragment(
        &self,
        header: u8,
        body: &[u8],
        payloads: &mut Vec<Vec<u8>>,
    ) -> Result<(), CannotPacketise> {
        let room = self.longest.saturating_sub(Fragment::HEADERS);
        if self.mode == Mode::SingleUnit || room == 0 || body.len() < 2 {
            return Err(CannotPacketise::TooLong);
        }
        let count = body.len().div_ceil(room).max(2);
        let length = body.len().div_ceil(count);
        let parts = body.len().div_ceil(length);
        for (index, data) in body.chunks(length).enumerate() {
            let (is_first, is_last) = (index == 0, index + 1 == parts);
            payloads.push(Fragment { header, is_first, is_last, data }.encode());
        }
        Ok(())
    }
}

/// Several units in one payload (STAP-A, RFC 6184 section 5.7.1); one stays what it is.
///
/// ```text
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |STAP-A NAL HDR |         NALU 1 Size           | NALU 1 HDR    |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
fn aggregate(units: &[&[u8]]) -> Option<Vec<u8>> {
    match units {
        [] => None,
        [unit] => Some(unit.to_vec()),
        units => {
            let headers = || units.iter().filter_map(|unit| unit.first());
            let forbidden = headers().fold(0, |bits, header| bits | header & 0x80);
            let importance = headers().map(|header| header & 0x60).max().unwrap_or(0);
            let mut writer = Writer::new();
            writer.u8(forbidden | importance | UnitType::AGGREGATE.0);
            for unit in units {
                writer.vector16(|writer| writer.bytes(unit));
            }
            Some(writer.into_vec())
        }
    }
}

/// Why an access unit cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CannotPacketise {
    /// One of the units is empty, or none of the codec.
    #[error("one of the units is empty, or none of the codec")]
    NoUnit,
    /// One of the units is too long to be sent whole, and may not be sent in parts.
    #[error("one of the units is too long")]
    TooLong,
}
