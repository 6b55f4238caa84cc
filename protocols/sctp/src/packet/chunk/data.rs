//! DATA: a message or a piece of one (RFC 9260 section 3.3.1).

use icelab_wire::{DecodeError, Writer};

use super::{ChunkType, EncodeChunk, RawChunk};
use crate::packet::error::ChunkError;
use crate::packet::number::{Ppid, Ssn, StreamId, Tsn};

/// A message or a piece of one.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |   Type = 0    |  Res  |I|U|B|E|            Length             |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                              TSN                              |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |      Stream Identifier S      |   Stream Sequence Number n    |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                  Payload Protocol Identifier                  |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// \                                                               \
/// /                 User Data (seq n of Stream S)                 /
/// \                                                               \
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Data<'a> {
    /// Whether the sender wants its SACK at once (the I bit).
    pub is_immediate: bool,
    /// Whether the message need not wait for those before it (the U bit). The stream sequence
    /// number says nothing then.
    pub is_unordered: bool,
    /// Whether the message begins here (the B bit).
    pub is_beginning: bool,
    /// Whether the message ends here (the E bit).
    pub is_ending: bool,
    /// Which chunk this is.
    pub tsn: Tsn,
    /// The message's stream.
    pub stream: StreamId,
    /// The message's place in its stream.
    pub ssn: Ssn,
    /// What the message is.
    pub ppid: Ppid,
    /// The piece: at least one byte.
    pub payload: &'a [u8],
}

impl<'a> Data<'a> {
    /// How many bytes the chunk takes beside its payload and padding.
    pub const HEADER_LENGTH: usize = 16;

    #[inline]
    pub(super) fn decode(chunk: RawChunk<'a>) -> Result<Self, ChunkError> {
        let Some((header, payload)) = chunk.value().split_first_chunk::<12>() else {
            let had = chunk.value().len();
            let error = DecodeError::Truncated { needed: 12, had };
            return Err(ChunkError::Malformed { kind: ChunkType::DATA, error });
        };
        let [t0, t1, t2, t3, s0, s1, n0, n1, p0, p1, p2, p3] = *header;
        let tsn = Tsn(u32::from_be_bytes([t0, t1, t2, t3]));
        if payload.is_empty() {
            return Err(ChunkError::NoUserData { tsn });
        }
        let flags = chunk.flags();
        Ok(Self {
            is_immediate: flags & IMMEDIATE != 0,
            is_unordered: flags & UNORDERED != 0,
            is_beginning: flags & BEGINNING != 0,
            is_ending: flags & ENDING != 0,
            tsn,
            stream: StreamId(u16::from_be_bytes([s0, s1])),
            ssn: Ssn(u16::from_be_bytes([n0, n1])),
            ppid: Ppid(u32::from_be_bytes([p0, p1, p2, p3])),
            payload,
        })
    }
}

impl EncodeChunk for Data<'_> {
    #[inline]
    fn kind(&self) -> ChunkType {
        ChunkType::DATA
    }

    #[inline]
    fn flags(&self) -> u8 {
        flags(self.is_immediate, self.is_unordered, self.is_beginning, self.is_ending)
    }

    #[inline]
    fn value_len(&self) -> usize {
        12 + self.payload.len()
    }

    #[inline]
    fn encode_value(&self, writer: &mut Writer) {
        let [t0, t1, t2, t3] = self.tsn.0.to_be_bytes();
        let [s0, s1] = self.stream.0.to_be_bytes();
        let [n0, n1] = self.ssn.0.to_be_bytes();
        let [p0, p1, p2, p3] = self.ppid.0.to_be_bytes();
        writer.bytes(&[t0, t1, t2, t3, s0, s1, n0, n1, p0, p1, p2, p3]);
        writer.bytes(self.payload);
    }
}

/// The flags of a DATA or I-DATA chunk in one byte.
#[inline]
pub(super) fn flags(immediate: bool, unordered: bool, beginning: bool, ending: bool) -> u8 {
    u8::from(immediate) << 3
        | u8::from(unordered) << 2
        | u8::from(beginning) << 1
        | u8::from(ending)
}

/// The I bit.
pub(super) const IMMEDIATE: u8 = 8;
/// The U bit.
pub(super) const UNORDERED: u8 = 4;
/// The B bit.
pub(super) const BEGINNING: u8 = 2;
/// The E bit.
pub(super) const ENDING: u8 = 1;
