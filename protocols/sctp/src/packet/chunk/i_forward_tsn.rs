//! I-FORWARD-TSN: I-DATA chunks that will not come (RFC 8260 section 2.3.1).

use icelab_wire::{DecodeError, Reader, Writer};

use super::{ChunkType, EncodeChunk, RawChunk};
use crate::packet::list::{List, element};
use crate::packet::number::{Mid, StreamId, Tsn};

/// Chunks that will not come, and the messages that are skipped with them.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |   Type = 194  | Flags = 0x00  |      Length = Variable        |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                       New Cumulative TSN                      |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |       Stream Identifier       |          Reserved           |U|
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                       Message Identifier                      |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// /                              ...                              /
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IForwardTsn<'a> {
    /// Up to this one, what is missing counts as received.
    pub new_cumulative_tsn: Tsn,
    /// The streams in which messages are skipped.
    pub skipped: List<'a, SkippedMid>,
}

/// A stream in which messages are skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SkippedMid {
    /// The stream.
    pub stream: StreamId,
    /// Whether unordered messages are meant (the U bit).
    pub is_unordered: bool,
    /// The last message that is skipped.
    pub mid: Mid,
}

impl<'a> IForwardTsn<'a> {
    pub(super) fn decode(chunk: RawChunk<'a>) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(chunk.value());
        let new_cumulative_tsn = Tsn(reader.u32()?);
        Ok(Self { new_cumulative_tsn, skipped: List::decode(reader.rest(), "skipped streams")? })
    }
}

impl EncodeChunk for IForwardTsn<'_> {
    fn kind(&self) -> ChunkType {
        ChunkType::I_FORWARD_TSN
    }

    fn value_len(&self) -> usize {
        4 + self.skipped.encoded_len()
    }

    fn encode_value(&self, writer: &mut Writer) {
        writer.u32(self.new_cumulative_tsn.0);
        self.skipped.encode(writer);
    }
}

element!(
    SkippedMid,
    8,
    |bytes| {
        let [s0, s1, _, flags, m0, m1, m2, m3] = bytes;
        Self {
            stream: StreamId(u16::from_be_bytes([s0, s1])),
            is_unordered: flags & 1 != 0,
            mid: Mid(u32::from_be_bytes([m0, m1, m2, m3])),
        }
    },
    |skipped| {
        let [s0, s1] = skipped.stream.0.to_be_bytes();
        let [m0, m1, m2, m3] = skipped.mid.0.to_be_bytes();
        [s0, s1, 0, u8::from(skipped.is_unordered), m0, m1, m2, m3]
    }
);
