//! SACK: what has arrived (RFC 9260 section 3.3.4).

use icelab_wire::{DecodeError, Reader, Writer};

use super::{ChunkType, EncodeChunk, RawChunk};
use crate::packet::list::{List, element};
use crate::packet::number::Tsn;

/// What has arrived.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |   Type = 3    |  Chunk Flags  |         Chunk Length          |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                      Cumulative TSN Ack                       |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |          Advertised Receiver Window Credit (a_rwnd)           |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// | Number of Gap Ack Blocks = N  |  Number of Duplicate TSNs = M |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |    Gap Ack Block #1 Start     |     Gap Ack Block #1 End      |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// /                              ...                              /
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                        Duplicate TSN M                        |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Sack<'a> {
    /// Every chunk up to this one has arrived.
    pub cumulative_tsn_ack: Tsn,
    /// How many bytes the sender has room for (a_rwnd).
    pub window: u32,
    /// What has arrived beyond, as ranges. Nothing says that they are in order or apart.
    pub gaps: List<'a, GapBlock>,
    /// What has arrived more than once since the last SACK, once for each time too many.
    pub duplicates: List<'a, Tsn>,
}

/// A range of chunks that have arrived, both ends included: distances from the cumulative TSN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GapBlock {
    /// The distance of the first.
    pub start: u16,
    /// The distance of the last.
    pub end: u16,
}

impl GapBlock {
    /// How many bytes a block takes.
    pub const LENGTH: usize = 4;
}

impl<'a> Sack<'a> {
    /// How many bytes the chunk takes without blocks and duplicates.
    pub const LENGTH: usize = 16;

    #[inline]
    pub(super) fn decode(chunk: RawChunk<'a>) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(chunk.value());
        let cumulative_tsn_ack = Tsn(reader.u32()?);
        let window = reader.u32()?;
        let gap_count = usize::from(reader.u16()?);
        let duplicate_count = usize::from(reader.u16()?);
        let gaps = reader.take(GapBlock::LENGTH * gap_count)?;
        let duplicates = reader.take(4 * duplicate_count)?;
        reader.finish()?;
        Ok(Self {
            cumulative_tsn_ack,
            window,
            gaps: List::decode(gaps, "Gap Ack Blocks")?,
            duplicates: List::decode(duplicates, "Duplicate TSNs")?,
        })
    }
}

impl EncodeChunk for Sack<'_> {
    #[inline]
    fn kind(&self) -> ChunkType {
        ChunkType::SACK
    }

    #[inline]
    fn value_len(&self) -> usize {
        12 + self.gaps.encoded_len() + self.duplicates.encoded_len()
    }

    #[inline]
    fn encode_value(&self, writer: &mut Writer) {
        writer.u32(self.cumulative_tsn_ack.0);
        writer.u32(self.window);
        // A chunk of at most 65,535 bytes holds fewer than 65,536 of them.
        writer.u16(self.gaps.len() as u16);
        writer.u16(self.duplicates.len() as u16);
        self.gaps.encode(writer);
        self.duplicates.encode(writer);
    }
}

element!(
    GapBlock,
    4,
    |bytes| {
        let [s0, s1, e0, e1] = bytes;
        Self { start: u16::from_be_bytes([s0, s1]), end: u16::from_be_bytes([e0, e1]) }
    },
    |block| {
        let ([s0, s1], [e0, e1]) = (block.start.to_be_bytes(), block.end.to_be_bytes());
        [s0, s1, e0, e1]
    }
);
element!(Tsn, 4, |bytes| Self(u32::from_be_bytes(bytes)), |tsn| tsn.0.to_be_bytes());
