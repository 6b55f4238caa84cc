//! Redundancy: older payloads sent along with the newest (RFC 2198).

use icelab_wire::{DecodeError, Reader, Writer};
use thiserror::Error;

use crate::number::PayloadType;

/// A payload, and older ones before it.
///
/// ```text
///  0                   1                    2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3  4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |1|   block PT  |  timestamp offset         |   block length    |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |0|   block PT  |
/// +-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Red<'a> {
    /// The older payloads, in the order of the packet.
    pub redundant: Vec<RedBlock<'a>>,
    /// What the newest payload is.
    pub payload_type: PayloadType,
    /// The newest payload.
    pub primary: &'a [u8],
}

/// An older payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RedBlock<'a> {
    /// What it is.
    pub payload_type: PayloadType,
    /// How far its timestamp lies before the packet's: 14 bits.
    pub timestamp_offset: u16,
    /// The payload: at most 1023 bytes.
    pub data: &'a [u8],
}

impl<'a> Red<'a> {
    /// Reads a packet's payload.
    ///
    /// # Errors
    /// Where a header or a block is cut off.
    pub fn decode(payload: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(payload);
        let mut headers = Vec::new();
        let payload_type = loop {
            let first = reader.u8()?;
            if first & 0x80 == 0 {
                break PayloadType::from_low_bits(first);
            }
            headers.push((PayloadType::from_low_bits(first), reader.u24()?));
        };
        let mut redundant = Vec::with_capacity(headers.len());
        for (payload_type, word) in headers {
            let data = reader.take((word & 0x3FF) as usize)?;
            redundant.push(RedBlock { payload_type, timestamp_offset: (word >> 10) as u16, data });
        }
        Ok(Self { redundant, payload_type, primary: reader.rest() })
    }

    /// Writes a packet's payload.
    ///
    /// # Errors
    /// Where an older payload is too long or too old for its header.
    pub fn encode(&self) -> Result<Vec<u8>, CannotCarry> {
        let mut writer = Writer::new();
        for block in &self.redundant {
            if block.timestamp_offset >= 1 << 14 {
                return Err(CannotCarry::TooOld);
            }
            if block.data.len() >= 1 << 10 {
                return Err(CannotCarry::TooLong);
            }
            writer.u8(0x80 | block.payload_type.number());
            writer.u24(u32::from(block.timestamp_offset) << 10 | block.data.len() as u32);
        }
        writer.u8(self.payload_type.number());
        self.redundant.iter().for_each(|block| writer.bytes(block.data));
        writer.bytes(self.primary);
        Ok(writer.into_vec())
    }
}

/// Why an older payload cannot be sent along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CannotCarry {
    /// Its timestamp lies 16,384 units or more before the packet's.
    #[error("the timestamp lies too far back")]
    TooOld,
    /// It has 1024 bytes or more.
    #[error("the payload is too long")]
    TooLong,
}
