//! FORWARD TSN: chunks that will not come (RFC 3758 section 3.2).

use icelab_wire::{DecodeError, Reader, Writer};

use super::{ChunkType, EncodeChunk, RawChunk};
use crate::packet::list::{List, element};
use crate::packet::number::{Ssn, StreamId, Tsn};

/// Chunks that will not come, and the ordered messages that are skipped with them.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |   Type = 192  |  Flags = 0x00 |        Length = Variable      |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                      New Cumulative TSN                       |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |         Stream-1              |       Stream Sequence-1       |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// /                              ...                              /
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |         Stream-N              |       Stream Sequence-N       |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForwardTsn<'a> {
    /// Up to this one, what is missing counts as received.
    pub new_cumulative_tsn: Tsn,
    /// The streams in which ordered messages are skipped.
    pub skipped: List<'a, SkippedSsn>,
}

/// A stream in which ordered messages are skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SkippedSsn {
    /// The stream.
    pub stream: StreamId,
    /// The last message that is skipped.
    pub ssn: Ssn,
}

impl<'a> ForwardTsn<'a> {
    pub(super) fn decode(chunk: RawChunk<'a>) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(chunk.value());
        let new_cumulative_tsn = Tsn(reader.u32()?);
        Ok(Self { new_cumulative_tsn, skipped: List::decode(reader.rest(), "skipped streams")? })
    }
}

impl EncodeChunk for ForwardTsn<'_> {
    fn kind(&self) -> ChunkType {
        ChunkType::FORWARD_TSN
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
    SkippedSsn,
    4,
    |bytes| {
        let [s0, s1, n0, n1] = bytes;
        Self {
            stream: StreamId(u16::from_be_bytes([s0, s1])),
            ssn: Ssn(u16::from_be_bytes([n0, n1])),
        }
    },
    |skipped| {
        let [s0, s1] = skipped.stream.0.to_be_bytes();
        let [n0, n1] = skipped.ssn.0.to_be_bytes();
        [s0, s1, n0, n1]
    }
);
