//! HEARTBEAT and HEARTBEAT ACK: is the path alive? (RFC 9260 sections 3.3.5, 3.3.6)

use icelab_wire::{DecodeError, Writer};

use super::{ChunkType, EncodeChunk, RawChunk};
use crate::packet::parameter::{Parameter, ParameterType, Parameters};
use crate::packet::tlv;

/// HEARTBEAT: asks for an answer.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// | Type = 4 or 5 |  Chunk Flags  |       Heartbeat Length        |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |    Heartbeat Info Type = 1    |        HB Info Length         |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// /                Sender-Specific Heartbeat Info                 /
/// \                                                               \
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat<'a> {
    /// What only the sender understands.
    pub info: &'a [u8],
}

/// HEARTBEAT ACK: the answer. It has the same form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeartbeatAck<'a> {
    /// What the HEARTBEAT said.
    pub info: &'a [u8],
}

impl<'a> Heartbeat<'a> {
    pub(super) fn decode(chunk: RawChunk<'a>) -> Result<Self, DecodeError> {
        Ok(Self { info: decode_info(chunk.value())? })
    }
}

impl<'a> HeartbeatAck<'a> {
    pub(super) fn decode(chunk: RawChunk<'a>) -> Result<Self, DecodeError> {
        Ok(Self { info: decode_info(chunk.value())? })
    }
}

impl EncodeChunk for Heartbeat<'_> {
    fn kind(&self) -> ChunkType {
        ChunkType::HEARTBEAT
    }

    fn value_len(&self) -> usize {
        tlv::HEADER_LENGTH + self.info.len()
    }

    fn encode_value(&self, writer: &mut Writer) {
        encode_info(self.info, writer);
    }
}

impl EncodeChunk for HeartbeatAck<'_> {
    fn kind(&self) -> ChunkType {
        ChunkType::HEARTBEAT_ACK
    }

    fn value_len(&self) -> usize {
        tlv::HEADER_LENGTH + self.info.len()
    }

    fn encode_value(&self, writer: &mut Writer) {
        encode_info(self.info, writer);
    }
}

fn decode_info(value: &[u8]) -> Result<&[u8], DecodeError> {
    let parameters = Parameters::decode(value)?;
    let info = parameters.iter().find_map(|parameter| {
        if let Parameter::HeartbeatInfo(info) = parameter { Some(info) } else { None }
    });
    info.ok_or(DecodeError::Value { field: "Heartbeat Info" })
}

fn encode_info(info: &[u8], writer: &mut Writer) {
    tlv::encode_header(ParameterType::HEARTBEAT_INFO.0, info.len(), writer);
    writer.bytes(info);
}
