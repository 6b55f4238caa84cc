//! ABORT and ERROR: something is wrong, and the association ends or goes on (RFC 9260 sections
//! 3.3.7, 3.3.10).

use icelab_wire::{DecodeError, Writer};

use super::{ChunkType, EncodeChunk, RawChunk};
use crate::packet::cause::Causes;

/// ABORT: the association ends at once.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |   Type = 6    |  Reserved   |T|            Length             |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// \                                                               \
/// /                   zero or more Error Causes                   /
/// \                                                               \
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abort<'a> {
    /// Whether the packet's tag is the one of the packet that is answered, because the sender knows
    /// no other (the T bit).
    pub is_tag_reflected: bool,
    /// Why.
    pub causes: Causes<'a>,
}

/// ERROR: something is wrong, and the association goes on. It has the same form without the T bit,
/// and at least one cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationError<'a> {
    /// What.
    pub causes: Causes<'a>,
}

impl<'a> Abort<'a> {
    pub(super) fn decode(chunk: RawChunk<'a>) -> Result<Self, DecodeError> {
        let causes = Causes::decode(chunk.value())?;
        Ok(Self { is_tag_reflected: chunk.flags() & TAG_REFLECTED != 0, causes })
    }
}

impl<'a> OperationError<'a> {
    pub(super) fn decode(chunk: RawChunk<'a>) -> Result<Self, DecodeError> {
        if chunk.value().is_empty() {
            return Err(DecodeError::Value { field: "Error Causes" });
        }
        Ok(Self { causes: Causes::decode(chunk.value())? })
    }
}

impl EncodeChunk for Abort<'_> {
    fn kind(&self) -> ChunkType {
        ChunkType::ABORT
    }

    fn flags(&self) -> u8 {
        u8::from(self.is_tag_reflected)
    }

    fn value_len(&self) -> usize {
        self.causes.encoded_len()
    }

    fn encode_value(&self, writer: &mut Writer) {
        self.causes.encode(writer);
    }
}

impl EncodeChunk for OperationError<'_> {
    fn kind(&self) -> ChunkType {
        ChunkType::ERROR
    }

    fn value_len(&self) -> usize {
        self.causes.encoded_len()
    }

    fn encode_value(&self, writer: &mut Writer) {
        self.causes.encode(writer);
    }
}

/// The T bit of ABORT and SHUTDOWN COMPLETE.
pub(super) const TAG_REFLECTED: u8 = 1;
