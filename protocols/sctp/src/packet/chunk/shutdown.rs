//! SHUTDOWN, SHUTDOWN ACK and SHUTDOWN COMPLETE: the association ends in good order (RFC 9260
//! sections 3.3.8, 3.3.9, 3.3.13).

use icelab_wire::{DecodeError, Reader, Writer};

use super::abort::TAG_REFLECTED;
use super::{ChunkType, EncodeChunk, RawChunk};
use crate::packet::number::Tsn;

/// SHUTDOWN: the sender has nothing more to send.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |   Type = 7    |  Chunk Flags  |          Length = 8           |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                      Cumulative TSN Ack                       |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shutdown {
    /// Every chunk up to this one has arrived.
    pub cumulative_tsn_ack: Tsn,
}

/// SHUTDOWN ACK: nor has the peer. It has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShutdownAck;

/// SHUTDOWN COMPLETE: the association is gone. It has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShutdownComplete {
    /// Whether the packet's tag is the one of the packet that is answered, because the sender knows
    /// no other (the T bit).
    pub is_tag_reflected: bool,
}

impl Shutdown {
    pub(super) fn decode(chunk: RawChunk<'_>) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(chunk.value());
        let cumulative_tsn_ack = Tsn(reader.u32()?);
        reader.finish()?;
        Ok(Self { cumulative_tsn_ack })
    }
}

impl ShutdownAck {
    pub(super) fn decode(chunk: RawChunk<'_>) -> Result<Self, DecodeError> {
        Reader::new(chunk.value()).finish()?;
        Ok(Self)
    }
}

impl ShutdownComplete {
    pub(super) fn decode(chunk: RawChunk<'_>) -> Result<Self, DecodeError> {
        Reader::new(chunk.value()).finish()?;
        Ok(Self { is_tag_reflected: chunk.flags() & TAG_REFLECTED != 0 })
    }
}

impl EncodeChunk for Shutdown {
    fn kind(&self) -> ChunkType {
        ChunkType::SHUTDOWN
    }

    fn value_len(&self) -> usize {
        4
    }

    fn encode_value(&self, writer: &mut Writer) {
        writer.u32(self.cumulative_tsn_ack.0);
    }
}

impl EncodeChunk for ShutdownAck {
    fn kind(&self) -> ChunkType {
        ChunkType::SHUTDOWN_ACK
    }
}

impl EncodeChunk for ShutdownComplete {
    fn kind(&self) -> ChunkType {
        ChunkType::SHUTDOWN_COMPLETE
    }

    fn flags(&self) -> u8 {
        u8::from(self.is_tag_reflected)
    }
}
