//! How every chunk begins (RFC 9260 section 3.2).

use icelab_wire::{DecodeError, Reader, Writer};

use super::{ChunkType, EncodeChunk};
use crate::packet::tlv;

/// A chunk that fits its packet and whose value has not been looked at.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |  Chunk Type   |  Chunk Flags  |         Chunk Length          |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// \                                                               \
/// /                          Chunk Value                          /
/// \                                                               \
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawChunk<'a> {
    kind: ChunkType,
    flags: u8,
    value: &'a [u8],
    bytes: &'a [u8],
}

impl<'a> RawChunk<'a> {
    /// How many bytes a chunk takes beside its value.
    pub const HEADER_LENGTH: usize = 4;

    /// What it is.
    #[inline]
    #[must_use]
    pub const fn kind(&self) -> ChunkType {
        self.kind
    }

    /// Its eight flags.
    #[inline]
    #[must_use]
    pub const fn flags(&self) -> u8 {
        self.flags
    }

    /// What follows its length, without padding.
    #[inline]
    #[must_use]
    pub const fn value(&self) -> &'a [u8] {
        self.value
    }

    /// The whole chunk without padding, as the Unrecognized Chunk Type cause reports it.
    #[inline]
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Reads the chunk that `reader` stands before, and its padding, which the last one of a packet
    /// may lack.
    #[inline]
    pub(in crate::packet) fn decode_from(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let whole = reader.peek();
        let [kind, flags, l0, l1] = reader.array()?;
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        let value = length
            .checked_sub(Self::HEADER_LENGTH)
            .ok_or(DecodeError::Length { field: "Chunk Length" })?;
        let value = reader.take(value)?;
        let bytes = whole.get(..length).unwrap_or(whole);
        tlv::skip_padding(reader, length);
        Ok(Self { kind: ChunkType(kind), flags, value, bytes })
    }
}

impl EncodeChunk for RawChunk<'_> {
    fn kind(&self) -> ChunkType {
        self.kind
    }

    fn flags(&self) -> u8 {
        self.flags
    }

    fn value_len(&self) -> usize {
        self.value.len()
    }

    fn encode_value(&self, writer: &mut Writer) {
        writer.bytes(self.value);
    }
}
