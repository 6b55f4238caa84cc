//! PAD: fills a packet up to a length, for path MTU discovery (RFC 4820).

use icelab_wire::Writer;

use super::{ChunkType, EncodeChunk, RawChunk};

/// Bytes without a meaning. They are written as zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pad {
    /// How many, beside the chunk's header.
    pub length: usize,
}

impl Pad {
    pub(super) const fn decode(chunk: RawChunk<'_>) -> Self {
        Self { length: chunk.value().len() }
    }
}

impl EncodeChunk for Pad {
    fn kind(&self) -> ChunkType {
        ChunkType::PAD
    }

    fn value_len(&self) -> usize {
        self.length
    }

    fn encode_value(&self, writer: &mut Writer) {
        writer.zeros(self.length);
    }
}
