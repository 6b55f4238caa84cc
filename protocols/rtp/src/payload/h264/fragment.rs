//! The two bytes before a part of a unit: FU-A (RFC 6184 section 5.8).

use icelab_wire::{DecodeError, Reader, Writer};

use super::unit::UnitType;

/// A part of a unit.
///
/// ```text
/// +---------------+---------------+
/// |0|1|2|3|4|5|6|7|0|1|2|3|4|5|6|7|
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |F|NRI|  28     |S|E|R|  Type   |
/// +---------------+---------------+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fragment<'a> {
    /// The first byte of the unit.
    pub(super) header: u8,
    pub(super) is_first: bool,
    pub(super) is_last: bool,
    /// The part, without the unit's first byte.
    pub(super) data: &'a [u8],
}

impl<'a> Fragment<'a> {
    /// How long the headers are.
    pub(super) const HEADERS: usize = 2;

    /// # Errors
    /// Where it is empty, first and last at once, or a part of what is no unit of the codec.
    pub(super) fn decode(payload: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(payload);
        let [indicator, header] = reader.array()?;
        let (is_first, is_last) = (header & 0x80 != 0, header & 0x40 != 0);
        if is_first && is_last {
            return Err(DecodeError::Value { field: "S and E" });
        }
        if !UnitType::of(header).is_single() {
            return Err(DecodeError::Value { field: "FU type" });
        }
        if reader.is_empty() {
            return Err(DecodeError::Length { field: "FU payload" });
        }
        let header = indicator & 0xE0 | header & 0x1F;
        Ok(Self { header, is_first, is_last, data: reader.rest() })
    }

    pub(super) const fn kind(&self) -> UnitType {
        UnitType::of(self.header)
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(Self::HEADERS + self.data.len());
        writer.u8(self.header & 0xE0 | UnitType::FRAGMENT.0);
        writer.u8(u8::from(self.is_first) << 7 | u8::from(self.is_last) << 6 | self.header & 0x1F);
        writer.bytes(self.data);
        writer.into_vec()
    }
}
