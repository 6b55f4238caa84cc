//! Parity over RTP packets: what RFC 5109 sections 8 and 9 and RFC 8627 section 6 share.

use icelab_wire::{DecodeError, Reader, Serial16, Writer};
use thiserror::Error;

use crate::number::Ssrc;

/// The exclusive or of several RTP packets: of their headers but number and source, of their
/// lengths, and of what follows the first 12 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Parity {
    /// Padding, extension, count of sources, marker and payload type: 14 bits.
    pub(super) head: u16,
    /// Of the lengths without the first 12 bytes.
    pub(super) length: u16,
    pub(super) timestamp: u32,
    pub(super) payload: Vec<u8>,
}

impl Parity {
    /// Takes `packet` in, or out again.
    ///
    /// # Errors
    /// Where it is no RTP packet, or too long for its length to be said.
    pub fn add(&mut self, packet: &[u8]) -> Result<(), DecodeError> {
        let payload = self.add_header(packet)?;
        if self.payload.len() < payload.len() {
            self.payload.resize(payload.len(), 0);
        }
        xor(&mut self.payload, payload);
        Ok(())
    }

    /// Takes the header and length of `packet` in, and gives what follows its first 12 bytes.
    pub(super) fn add_header<'p>(&mut self, packet: &'p [u8]) -> Result<&'p [u8], DecodeError> {
        let mut reader = Reader::new(packet);
        let head = reader.u16()?;
        if head >> 14 != 2 {
            return Err(DecodeError::Value { field: "version" });
        }
        reader.u16()?; // the number
        let timestamp = reader.u32()?;
        reader.u32()?; // the source
        let length = u16::try_from(reader.remaining())
            .map_err(|_| DecodeError::Length { field: "packet" })?;
        self.head ^= head & 0x3FFF;
        self.length ^= length;
        self.timestamp ^= timestamp;
        Ok(reader.rest())
    }

    /// The one packet that is left in the parity.
    ///
    /// # Errors
    /// Where its length is more than what the parity covers.
    pub(super) fn packet(&self, sequence: Serial16, ssrc: Ssrc) -> Result<Vec<u8>, DecodeError> {
        let payload = self.payload.get(..usize::from(self.length));
        let payload = payload.ok_or(DecodeError::Length { field: "length recovery" })?;
        let mut writer = Writer::with_capacity(12 + payload.len());
        writer.u16(0x8000 | self.head);
        writer.u16(sequence.0);
        writer.u32(self.timestamp);
        writer.u32(ssrc.0);
        writer.bytes(payload);
        Ok(writer.into_vec())
    }
}

/// `bytes ^= other`, as far as both go.
pub(super) fn xor(bytes: &mut [u8], other: &[u8]) {
    bytes.iter_mut().zip(other).for_each(|(byte, other)| *byte ^= other);
}

/// The number and the source of an RTP packet.
pub(super) fn place(packet: &[u8]) -> Result<(Serial16, Ssrc), CannotProtect> {
    let mut reader = Reader::new(packet);
    let mut read = || {
        reader.u16()?;
        let sequence = Serial16(reader.u16()?);
        reader.u32()?;
        Ok::<_, DecodeError>((sequence, Ssrc(reader.u32()?)))
    };
    read().map_err(|_| CannotProtect::NoPacket)
}

/// What parity makes of what has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// All packets are there.
    NothingMissing,
    /// More packets are missing than one, so many.
    TooManyMissing(usize),
    /// This one was missing.
    Recovered(Vec<u8>),
    /// The parity contradicts the packets, or covers only a part of the missing one.
    Unusable,
}

/// Why packets cannot be protected together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CannotProtect {
    /// There is none.
    #[error("there is no packet")]
    Nothing,
    /// One of them is no RTP packet, or too long.
    #[error("one of them is no RTP packet, or too long")]
    NoPacket,
    /// They lie further apart than the mask reaches, or the first is not the earliest.
    #[error("they lie further apart than the mask reaches")]
    TooFarApart,
    /// They belong to more streams than may be protected together.
    #[error("they belong to too many streams")]
    TooManyStreams,
    /// A column of less than two packets cannot be told from a row (RFC 8627 section 4.2.2.2).
    #[error("a column has at least two packets")]
    NoColumn,
}
