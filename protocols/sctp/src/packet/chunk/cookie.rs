//! COOKIE ECHO and COOKIE ACK: the association comes up (RFC 9260 sections 3.3.11, 3.3.12).

use icelab_wire::{DecodeError, Reader, Writer};

use super::{ChunkType, EncodeChunk, RawChunk};

/// COOKIE ECHO: brings the state that the peer has let the sender keep.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |   Type = 10   |  Chunk Flags  |            Length             |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// /                            Cookie                             /
/// \                                                               \
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CookieEcho<'a> {
    /// The State Cookie of the INIT ACK.
    pub cookie: &'a [u8],
}

/// COOKIE ACK: the association is up. It has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CookieAck;

impl<'a> CookieEcho<'a> {
    pub(super) const fn decode(chunk: RawChunk<'a>) -> Self {
        Self { cookie: chunk.value() }
    }
}

impl CookieAck {
    pub(super) fn decode(chunk: RawChunk<'_>) -> Result<Self, DecodeError> {
        Reader::new(chunk.value()).finish()?;
        Ok(Self)
    }
}

impl EncodeChunk for CookieEcho<'_> {
    fn kind(&self) -> ChunkType {
        ChunkType::COOKIE_ECHO
    }

    fn value_len(&self) -> usize {
        self.cookie.len()
    }

    fn encode_value(&self, writer: &mut Writer) {
        writer.bytes(self.cookie);
    }
}

impl EncodeChunk for CookieAck {
    fn kind(&self) -> ChunkType {
        ChunkType::COOKIE_ACK
    }
}
