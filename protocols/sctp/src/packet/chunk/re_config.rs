//! RE-CONFIG: streams are reset or added (RFC 6525 section 3.1).

use icelab_wire::{DecodeError, Writer};

use super::{ChunkType, EncodeChunk, RawChunk};
use crate::packet::parameter::{Parameter, ParameterType, Parameters};

/// Requests and responses about streams: one or two.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// | Type = 130    |  Chunk Flags  |      Chunk Length             |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// \                                                               \
/// /                  Re-configuration Parameter                   /
/// \                                                               \
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// \                                                               \
/// /             Re-configuration Parameter (optional)             /
/// \                                                               \
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReConfig<'a> {
    /// The requests and responses, and whatever else there is.
    pub parameters: Parameters<'a>,
}

impl<'a> ReConfig<'a> {
    pub(super) fn decode(chunk: RawChunk<'a>) -> Result<Self, DecodeError> {
        if chunk.value().is_empty() {
            return Err(DecodeError::Value { field: "Re-configuration Parameter" });
        }
        Ok(Self { parameters: Parameters::decode(chunk.value())? })
    }

    /// Whether its requests and responses may stand together. Any other combination is answered by
    /// an ERROR chunk with a Protocol Violation cause. Parameters that are not known do not count.
    #[must_use]
    pub fn is_allowed_combination(&self) -> bool {
        let mut kinds = self
            .parameters
            .iter()
            .filter(|parameter| !matches!(parameter, Parameter::Unknown(_)))
            .map(|parameter| parameter.kind());
        let combination = (kinds.next(), kinds.next(), kinds.next());
        match combination {
            (Some(single), None, None) => matches!(
                single,
                ParameterType::OUTGOING_RESET
                    | ParameterType::INCOMING_RESET
                    | ParameterType::SSN_TSN_RESET
                    | ParameterType::RECONFIGURATION_RESPONSE
                    | ParameterType::ADD_OUTGOING_STREAMS
                    | ParameterType::ADD_INCOMING_STREAMS
            ),
            (Some(first), Some(second), None) => matches!(
                (first, second),
                (ParameterType::OUTGOING_RESET, ParameterType::INCOMING_RESET)
                    | (ParameterType::ADD_OUTGOING_STREAMS, ParameterType::ADD_INCOMING_STREAMS)
                    | (ParameterType::RECONFIGURATION_RESPONSE, ParameterType::OUTGOING_RESET)
                    | (
                        ParameterType::RECONFIGURATION_RESPONSE,
                        ParameterType::RECONFIGURATION_RESPONSE
                    )
            ),
            _ => false,
        }
    }
}

impl EncodeChunk for ReConfig<'_> {
    fn kind(&self) -> ChunkType {
        ChunkType::RE_CONFIG
    }

    fn value_len(&self) -> usize {
        self.parameters.encoded_len()
    }

    fn encode_value(&self, writer: &mut Writer) {
        self.parameters.encode(writer);
    }
}
