//! INIT and INIT ACK: an association is asked for and answered (RFC 9260 sections 3.3.2, 3.3.3).

use icelab_wire::{DecodeError, Reader, Writer};
use thiserror::Error;

use super::{ChunkType, EncodeChunk, RawChunk};
use crate::packet::error::ChunkError;
use crate::packet::number::{Tsn, VerificationTag};
use crate::packet::parameter::{Parameter, Parameters};

/// What INIT and INIT ACK say about their sender.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// | Type = 1 or 2 |  Chunk Flags  |      Chunk Length             |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                         Initiate Tag                          |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |          Advertised Receiver Window Credit (a_rwnd)           |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |  Number of Outbound Streams   |   Number of Inbound Streams   |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                          Initial TSN                          |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// \                                                               \
/// /              Optional/Variable-Length Parameters              /
/// \                                                               \
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Initiation<'a> {
    /// The tag that packets to the sender carry; never zero.
    pub initiate_tag: VerificationTag,
    /// How many bytes the sender has room for (a_rwnd): at least 1,500.
    pub window: u32,
    /// How many streams the sender wants to send on; never zero.
    pub outbound_streams: u16,
    /// How many streams the sender accepts; never zero.
    pub inbound_streams: u16,
    /// The number of the sender's first chunk of data.
    pub initial_tsn: Tsn,
    /// Whatever else it says.
    pub parameters: Parameters<'a>,
}

/// INIT: asks for an association.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Init<'a>(pub Initiation<'a>);

/// INIT ACK: answers, with the state of the association in a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InitAck<'a>(pub Initiation<'a>);

/// Which mandatory value is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InitFault {
    /// The Initiate Tag is 0: an INIT is discarded silently.
    #[error("the Initiate Tag is 0")]
    NoTag,
    /// The window is smaller than 1,500 bytes.
    #[error("the window is smaller than 1500 bytes")]
    SmallWindow,
    /// The number of outbound streams is 0.
    #[error("there are no outbound streams")]
    NoOutboundStreams,
    /// The number of inbound streams is 0.
    #[error("there are no inbound streams")]
    NoInboundStreams,
}

impl<'a> Initiation<'a> {
    /// The smallest window that may be advertised (RFC 9260 section 3.3.2).
    pub const SMALLEST_WINDOW: u32 = 1500;

    fn decode(chunk: RawChunk<'a>) -> Result<Self, ChunkError> {
        let kind = chunk.kind();
        let initiation =
            Self::read(chunk.value()).map_err(|error| ChunkError::Malformed { kind, error })?;
        if let Some(fault) = initiation.fault() {
            return Err(ChunkError::Init { kind, initiate_tag: initiation.initiate_tag, fault });
        }
        initiation.parameters.check().map_err(|error| ChunkError::Malformed { kind, error })?;
        Ok(initiation)
    }

    fn read(value: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(value);
        Ok(Self {
            initiate_tag: VerificationTag(reader.u32()?),
            window: reader.u32()?,
            outbound_streams: reader.u16()?,
            inbound_streams: reader.u16()?,
            initial_tsn: Tsn(reader.u32()?),
            parameters: Parameters::unchecked(reader.rest()),
        })
    }

    const fn fault(&self) -> Option<InitFault> {
        if self.initiate_tag.0 == 0 {
            Some(InitFault::NoTag)
        } else if self.window < Self::SMALLEST_WINDOW {
            Some(InitFault::SmallWindow)
        } else if self.outbound_streams == 0 {
            Some(InitFault::NoOutboundStreams)
        } else if self.inbound_streams == 0 {
            Some(InitFault::NoInboundStreams)
        } else {
            None
        }
    }

    fn value_len(&self) -> usize {
        16 + self.parameters.encoded_len()
    }

    fn encode_value(&self, writer: &mut Writer) {
        writer.u32(self.initiate_tag.0);
        writer.u32(self.window);
        writer.u16(self.outbound_streams);
        writer.u16(self.inbound_streams);
        writer.u32(self.initial_tsn.0);
        self.parameters.encode(writer);
    }
}

impl<'a> Init<'a> {
    pub(super) fn decode(chunk: RawChunk<'a>) -> Result<Self, ChunkError> {
        Initiation::decode(chunk).map(Self)
    }
}

impl<'a> InitAck<'a> {
    pub(super) fn decode(chunk: RawChunk<'a>) -> Result<Self, ChunkError> {
        Initiation::decode(chunk).map(Self)
    }

    /// The cookie, which every INIT ACK must have.
    #[must_use]
    pub fn state_cookie(&self) -> Option<&'a [u8]> {
        self.0.parameters.iter().find_map(|parameter| {
            if let Parameter::StateCookie(cookie) = parameter { Some(cookie) } else { None }
        })
    }
}

impl EncodeChunk for Init<'_> {
    fn kind(&self) -> ChunkType {
        ChunkType::INIT
    }

    fn value_len(&self) -> usize {
        self.0.value_len()
    }

    fn encode_value(&self, writer: &mut Writer) {
        self.0.encode_value(writer);
    }
}

impl EncodeChunk for InitAck<'_> {
    fn kind(&self) -> ChunkType {
        ChunkType::INIT_ACK
    }

    fn value_len(&self) -> usize {
        self.0.value_len()
    }

    fn encode_value(&self, writer: &mut Writer) {
        self.0.encode_value(writer);
    }
}
