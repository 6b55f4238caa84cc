//! The chunks of a packet (RFC 9260 section 3.3), one file for each kind or pair of kinds.

use icelab_wire::{DecodeError, Writer};

use super::error::ChunkError;

mod abort;
mod congestion;
mod cookie;
mod data;
mod forward_tsn;
mod heartbeat;
mod i_data;
mod i_forward_tsn;
mod init;
mod kind;
mod pad;
mod raw;
mod re_config;
mod sack;
mod shutdown;

pub use abort::{Abort, OperationError};
pub use congestion::{Cwr, Ecne};
pub use cookie::{CookieAck, CookieEcho};
pub use data::Data;
pub use forward_tsn::{ForwardTsn, SkippedSsn};
pub use heartbeat::{Heartbeat, HeartbeatAck};
pub use i_data::{Fragment, IData};
pub use i_forward_tsn::{IForwardTsn, SkippedMid};
pub use init::{Init, InitAck, InitFault, Initiation};
pub use kind::ChunkType;
pub use pad::Pad;
pub use raw::RawChunk;
pub use re_config::ReConfig;
pub use sack::{GapBlock, Sack};
pub use shutdown::{Shutdown, ShutdownAck, ShutdownComplete};

/// What can be written into a packet.
pub trait EncodeChunk {
    /// What it is.
    fn kind(&self) -> ChunkType;

    /// Its eight flags.
    fn flags(&self) -> u8 {
        0
    }

    /// How many bytes its value takes, without padding.
    fn value_len(&self) -> usize {
        0
    }

    /// Writes its value. It is called only where the whole chunk has at most 65,535 bytes.
    fn encode_value(&self, writer: &mut Writer) {
        let _ = writer;
    }
}

/// The same expression for the chunk of every variant.
macro_rules! dispatch {
    ($self:expr, $chunk:ident => $result:expr) => {
        match $self {
            Chunk::Data($chunk) => $result,
            Chunk::IData($chunk) => $result,
            Chunk::Sack($chunk) => $result,
            Chunk::Init($chunk) => $result,
            Chunk::InitAck($chunk) => $result,
            Chunk::CookieEcho($chunk) => $result,
            Chunk::CookieAck($chunk) => $result,
            Chunk::Heartbeat($chunk) => $result,
            Chunk::HeartbeatAck($chunk) => $result,
            Chunk::Shutdown($chunk) => $result,
            Chunk::ShutdownAck($chunk) => $result,
            Chunk::ShutdownComplete($chunk) => $result,
            Chunk::Abort($chunk) => $result,
            Chunk::Error($chunk) => $result,
            Chunk::ForwardTsn($chunk) => $result,
            Chunk::IForwardTsn($chunk) => $result,
            Chunk::ReConfig($chunk) => $result,
            Chunk::Ecne($chunk) => $result,
            Chunk::Cwr($chunk) => $result,
            Chunk::Pad($chunk) => $result,
            Chunk::Unknown($chunk) => $result,
        }
    };
}

/// One chunk, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk<'a> {
    /// A message or a piece of one.
    Data(Data<'a>),
    /// A message or a piece of one, which others may interleave.
    IData(IData<'a>),
    /// What has arrived.
    Sack(Sack<'a>),
    /// An association is asked for.
    Init(Init<'a>),
    /// An association is answered, with a cookie.
    InitAck(InitAck<'a>),
    /// The cookie comes back.
    CookieEcho(CookieEcho<'a>),
    /// The association is up.
    CookieAck(CookieAck),
    /// Is the path alive?
    Heartbeat(Heartbeat<'a>),
    /// It is.
    HeartbeatAck(HeartbeatAck<'a>),
    /// The sender has nothing more to send.
    Shutdown(Shutdown),
    /// Nor has the peer.
    ShutdownAck(ShutdownAck),
    /// The association is gone.
    ShutdownComplete(ShutdownComplete),
    /// The association ends at once.
    Abort(Abort<'a>),
    /// Something is wrong.
    Error(OperationError<'a>),
    /// Chunks will not come.
    ForwardTsn(ForwardTsn<'a>),
    /// I-DATA chunks will not come.
    IForwardTsn(IForwardTsn<'a>),
    /// Streams are reset or added.
    ReConfig(ReConfig<'a>),
    /// Reserved.
    Ecne(Ecne<'a>),
    /// Reserved.
    Cwr(Cwr<'a>),
    /// Nothing, at length.
    Pad(Pad),
    /// Any other: [`ChunkType::unrecognized`] says what to do.
    Unknown(RawChunk<'a>),
}

impl<'a> RawChunk<'a> {
    /// Reads the value.
    ///
    /// # Errors
    /// Where the value is not what the chunk's type says.
    #[inline]
    pub fn decode(self) -> Result<Chunk<'a>, ChunkError> {
        match self.kind() {
            ChunkType::DATA => Data::decode(self).map(Chunk::Data),
            ChunkType::I_DATA => IData::decode(self).map(Chunk::IData),
            ChunkType::INIT => Init::decode(self).map(Chunk::Init),
            ChunkType::INIT_ACK => InitAck::decode(self).map(Chunk::InitAck),
            kind => self.decode_other().map_err(|error| ChunkError::Malformed { kind, error }),
        }
    }

    fn decode_other(self) -> Result<Chunk<'a>, DecodeError> {
        Ok(match self.kind() {
            ChunkType::SACK => Chunk::Sack(Sack::decode(self)?),
            ChunkType::HEARTBEAT => Chunk::Heartbeat(Heartbeat::decode(self)?),
            ChunkType::HEARTBEAT_ACK => Chunk::HeartbeatAck(HeartbeatAck::decode(self)?),
            ChunkType::ABORT => Chunk::Abort(Abort::decode(self)?),
            ChunkType::SHUTDOWN => Chunk::Shutdown(Shutdown::decode(self)?),
            ChunkType::SHUTDOWN_ACK => Chunk::ShutdownAck(ShutdownAck::decode(self)?),
            ChunkType::ERROR => Chunk::Error(OperationError::decode(self)?),
            ChunkType::COOKIE_ECHO => Chunk::CookieEcho(CookieEcho::decode(self)),
            ChunkType::COOKIE_ACK => Chunk::CookieAck(CookieAck::decode(self)?),
            ChunkType::ECNE => Chunk::Ecne(Ecne::decode(self)),
            ChunkType::CWR => Chunk::Cwr(Cwr::decode(self)),
            ChunkType::SHUTDOWN_COMPLETE => {
                Chunk::ShutdownComplete(ShutdownComplete::decode(self)?)
            }
            ChunkType::RE_CONFIG => Chunk::ReConfig(ReConfig::decode(self)?),
            ChunkType::PAD => Chunk::Pad(Pad::decode(self)),
            ChunkType::FORWARD_TSN => Chunk::ForwardTsn(ForwardTsn::decode(self)?),
            ChunkType::I_FORWARD_TSN => Chunk::IForwardTsn(IForwardTsn::decode(self)?),
            ChunkType(_) => Chunk::Unknown(self),
        })
    }
}

impl EncodeChunk for Chunk<'_> {
    fn kind(&self) -> ChunkType {
        dispatch!(self, chunk => EncodeChunk::kind(chunk))
    }

    fn flags(&self) -> u8 {
        dispatch!(self, chunk => EncodeChunk::flags(chunk))
    }

    fn value_len(&self) -> usize {
        dispatch!(self, chunk => chunk.value_len())
    }

    fn encode_value(&self, writer: &mut Writer) {
        dispatch!(self, chunk => chunk.encode_value(writer));
    }
}
