//! ECNE and CWR, which RFC 9260 (section 3.2) reserves for Explicit Congestion Notification without
//! saying what they hold.

use icelab_wire::Writer;

use super::{ChunkType, EncodeChunk, RawChunk};

/// ECNE: reserved for the echo of a congestion notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ecne<'a> {
    /// What follows the length, as it is.
    pub value: &'a [u8],
}

/// CWR: reserved for the answer to that, a congestion window reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cwr<'a> {
    /// What follows the length, as it is.
    pub value: &'a [u8],
}

impl<'a> Ecne<'a> {
    pub(super) const fn decode(chunk: RawChunk<'a>) -> Self {
        Self { value: chunk.value() }
    }
}

impl<'a> Cwr<'a> {
    pub(super) const fn decode(chunk: RawChunk<'a>) -> Self {
        Self { value: chunk.value() }
    }
}

impl EncodeChunk for Ecne<'_> {
    fn kind(&self) -> ChunkType {
        ChunkType::ECNE
    }

    fn value_len(&self) -> usize {
        self.value.len()
    }

    fn encode_value(&self, writer: &mut Writer) {
        writer.bytes(self.value);
    }
}

impl EncodeChunk for Cwr<'_> {
    fn kind(&self) -> ChunkType {
        ChunkType::CWR
    }

    fn value_len(&self) -> usize {
        self.value.len()
    }

    fn encode_value(&self, writer: &mut Writer) {
        writer.bytes(self.value);
    }
}
