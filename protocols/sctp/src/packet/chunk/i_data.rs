//! I-DATA: a message or a piece of one, which others may interleave (RFC 8260 section 2.1).

use icelab_wire::{DecodeError, Writer};

use super::data::{BEGINNING, ENDING, IMMEDIATE, UNORDERED, flags};
use super::{ChunkType, EncodeChunk, RawChunk};
use crate::packet::error::ChunkError;
use crate::packet::number::{Fsn, Mid, Ppid, StreamId, Tsn};

/// A message or a piece of one.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |   Type = 64   |  Res  |I|U|B|E|       Length = Variable       |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                              TSN                              |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |        Stream Identifier      |           Reserved            |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                      Message Identifier                       |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |    Payload Protocol Identifier / Fragment Sequence Number     |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// \                                                               \
/// /                           User Data                           /
/// \                                                               \
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IData<'a> {
    /// Whether the sender wants its SACK at once (the I bit).
    pub is_immediate: bool,
    /// Whether the message need not wait for those before it (the U bit).
    pub is_unordered: bool,
    /// Whether the message ends here (the E bit).
    pub is_ending: bool,
    /// Which chunk this is.
    pub tsn: Tsn,
    /// The message's stream.
    pub stream: StreamId,
    /// The message's place among the ordered or the unordered ones of its stream.
    pub mid: Mid,
    /// The piece's place in its message (the B bit and the field that depends on it).
    pub fragment: Fragment,
    /// The piece: at least one byte.
    pub payload: &'a [u8],
}

/// Where a piece stands in its message, and what its chunk says for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fragment {
    /// The message begins here, with its piece 0. It says what the message is.
    First(Ppid),
    /// This is a later piece, by its number.
    Later(Fsn),
}

impl Fragment {
    /// The piece's number in its message.
    #[inline]
    #[must_use]
    pub const fn fsn(self) -> Fsn {
        match self {
            Self::First(_) => Fsn(0),
            Self::Later(fsn) => fsn,
        }
    }

    /// Whether the message begins here.
    #[inline]
    #[must_use]
    pub const fn is_first(self) -> bool {
        matches!(self, Self::First(_))
    }
}

impl<'a> IData<'a> {
    /// How many bytes the chunk takes beside its payload and padding.
    pub const HEADER_LENGTH: usize = 20;

    #[inline]
    pub(super) fn decode(chunk: RawChunk<'a>) -> Result<Self, ChunkError> {
        let Some((header, payload)) = chunk.value().split_first_chunk::<16>() else {
            let had = chunk.value().len();
            let error = DecodeError::Truncated { needed: 16, had };
            return Err(ChunkError::Malformed { kind: ChunkType::I_DATA, error });
        };
        let [t0, t1, t2, t3, s0, s1, _, _, m0, m1, m2, m3, f0, f1, f2, f3] = *header;
        let tsn = Tsn(u32::from_be_bytes([t0, t1, t2, t3]));
        if payload.is_empty() {
            return Err(ChunkError::NoUserData { tsn });
        }
        let flags = chunk.flags();
        let last_word = u32::from_be_bytes([f0, f1, f2, f3]);
        Ok(Self {
            is_immediate: flags & IMMEDIATE != 0,
            is_unordered: flags & UNORDERED != 0,
            is_ending: flags & ENDING != 0,
            tsn,
            stream: StreamId(u16::from_be_bytes([s0, s1])),
            mid: Mid(u32::from_be_bytes([m0, m1, m2, m3])),
            fragment: if flags & BEGINNING == 0 {
                Fragment::Later(Fsn(last_word))
            } else {
                Fragment::First(Ppid(last_word))
            },
            payload,
        })
    }
}

impl EncodeChunk for IData<'_> {
    #[inline]
    fn kind(&self) -> ChunkType {
        ChunkType::I_DATA
    }

    #[inline]
    fn flags(&self) -> u8 {
        flags(self.is_immediate, self.is_unordered, self.fragment.is_first(), self.is_ending)
    }

    #[inline]
    fn value_len(&self) -> usize {
        16 + self.payload.len()
    }

    #[inline]
    fn encode_value(&self, writer: &mut Writer) {
        let [t0, t1, t2, t3] = self.tsn.0.to_be_bytes();
        let [s0, s1] = self.stream.0.to_be_bytes();
        let [m0, m1, m2, m3] = self.mid.0.to_be_bytes();
        let (Fragment::First(Ppid(last_word)) | Fragment::Later(Fsn(last_word))) = self.fragment;
        let [f0, f1, f2, f3] = last_word.to_be_bytes();
        writer.bytes(&[t0, t1, t2, t3, s0, s1, 0, 0, m0, m1, m2, m3, f0, f1, f2, f3]);
        writer.bytes(self.payload);
    }
}
