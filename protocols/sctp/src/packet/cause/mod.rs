//! Why an end aborts or complains (RFC 9260 section 3.3.10).
//!
//! - [`Causes`]: those of one chunk. [`Cause`]: one of them.

use core::time::Duration;

use icelab_wire::{DecodeError, Reader, Writer};

use super::list::List;
use super::number::{StreamId, Tsn};
use super::parameter::ParameterType;
use super::tlv::Tlv;

mod sequence;

pub use sequence::{CauseIter, Causes};

/// What is wrong, by its registered number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CauseCode(pub u16);

impl CauseCode {
    /// Invalid Stream Identifier.
    pub const INVALID_STREAM_IDENTIFIER: Self = Self(1);
    /// Missing Mandatory Parameter.
    pub const MISSING_MANDATORY_PARAMETER: Self = Self(2);
    /// Stale Cookie.
    pub const STALE_COOKIE: Self = Self(3);
    /// Out of Resource.
    pub const OUT_OF_RESOURCE: Self = Self(4);
    /// Unresolvable Address.
    pub const UNRESOLVABLE_ADDRESS: Self = Self(5);
    /// Unrecognized Chunk Type.
    pub const UNRECOGNIZED_CHUNK_TYPE: Self = Self(6);
    /// Invalid Mandatory Parameter.
    pub const INVALID_MANDATORY_PARAMETER: Self = Self(7);
    /// Unrecognized Parameters.
    pub const UNRECOGNIZED_PARAMETERS: Self = Self(8);
    /// No User Data.
    pub const NO_USER_DATA: Self = Self(9);
    /// Cookie Received While Shutting Down.
    pub const COOKIE_RECEIVED_WHILE_SHUTTING_DOWN: Self = Self(10);
    /// Restart of an Association with New Addresses.
    pub const RESTART_WITH_NEW_ADDRESSES: Self = Self(11);
    /// User-Initiated Abort.
    pub const USER_INITIATED_ABORT: Self = Self(12);
    /// Protocol Violation.
    pub const PROTOCOL_VIOLATION: Self = Self(13);
}

/// One cause, read.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |          Cause Code           |         Cause Length          |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// /                  Cause-Specific Information                   /
/// \                                                               \
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause<'a> {
    /// Data came on a stream that does not exist.
    InvalidStreamIdentifier(StreamId),
    /// An INIT or INIT ACK lacks these.
    MissingMandatoryParameter(List<'a, ParameterType>),
    /// A cookie came too late by this much, in whole microseconds, at most 2^32 - 1; zero where the
    /// sender does not say.
    StaleCookie(Duration),
    /// The sender has no room for the association.
    OutOfResource,
    /// This address parameter is of no use: whole, with its type and length.
    UnresolvableAddress(&'a [u8]),
    /// This chunk is not known: whole, with its header.
    UnrecognizedChunkType(&'a [u8]),
    /// A mandatory value of an INIT or INIT ACK is not allowed.
    InvalidMandatoryParameter,
    /// These parameters are not known: whole, with their types and lengths.
    UnrecognizedParameters(&'a [u8]),
    /// This chunk had no data.
    NoUserData(Tsn),
    /// A COOKIE ECHO came while the association was ending.
    CookieReceivedWhileShuttingDown,
    /// An INIT to an association adds these address parameters: whole.
    RestartWithNewAddresses(&'a [u8]),
    /// The user wanted it, for this reason.
    UserInitiatedAbort(&'a [u8]),
    /// Something else is wrong; perhaps what.
    ProtocolViolation(&'a [u8]),
    /// Any other.
    Unknown(RawCause<'a>),
}

/// A cause whose information has not been looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawCause<'a> {
    /// What it is.
    pub code: CauseCode,
    /// What follows its length, without padding.
    pub information: &'a [u8],
}

impl<'a> RawCause<'a> {
    fn decode_from(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let tlv = Tlv::decode_from(reader, "Cause Length")?;
        Ok(Self { code: CauseCode(tlv.kind), information: tlv.value })
    }

    fn decode(self) -> Result<Cause<'a>, DecodeError> {
        let mut reader = Reader::new(self.information);
        let cause = match self.code {
            CauseCode::INVALID_STREAM_IDENTIFIER => {
                let stream = StreamId(reader.u16()?);
                let _reserved = reader.u16()?;
                Cause::InvalidStreamIdentifier(stream)
            }
            CauseCode::MISSING_MANDATORY_PARAMETER => {
                let count = reader.u32()?;
                let types = List::decode(reader.rest(), "missing parameters")?;
                if usize::try_from(count) != Ok(types.len()) {
                    return Err(DecodeError::Length { field: "missing parameters" });
                }
                Cause::MissingMandatoryParameter(types)
            }
            CauseCode::STALE_COOKIE => {
                Cause::StaleCookie(Duration::from_micros(reader.u32()?.into()))
            }
            CauseCode::OUT_OF_RESOURCE => Cause::OutOfResource,
            CauseCode::UNRESOLVABLE_ADDRESS => Cause::UnresolvableAddress(reader.rest()),
            CauseCode::UNRECOGNIZED_CHUNK_TYPE => Cause::UnrecognizedChunkType(reader.rest()),
            CauseCode::INVALID_MANDATORY_PARAMETER => Cause::InvalidMandatoryParameter,
            CauseCode::UNRECOGNIZED_PARAMETERS => Cause::UnrecognizedParameters(reader.rest()),
            CauseCode::NO_USER_DATA => Cause::NoUserData(Tsn(reader.u32()?)),
            CauseCode::COOKIE_RECEIVED_WHILE_SHUTTING_DOWN => {
                Cause::CookieReceivedWhileShuttingDown
            }
            CauseCode::RESTART_WITH_NEW_ADDRESSES => Cause::RestartWithNewAddresses(reader.rest()),
            CauseCode::USER_INITIATED_ABORT => Cause::UserInitiatedAbort(reader.rest()),
            CauseCode::PROTOCOL_VIOLATION => Cause::ProtocolViolation(reader.rest()),
            CauseCode(_) => return Ok(Cause::Unknown(self)),
        };
        reader.finish()?;
        Ok(cause)
    }
}

impl Cause<'_> {
    /// What it is.
    #[must_use]
    pub const fn code(&self) -> CauseCode {
        match self {
            Self::InvalidStreamIdentifier(_) => CauseCode::INVALID_STREAM_IDENTIFIER,
            Self::MissingMandatoryParameter(_) => CauseCode::MISSING_MANDATORY_PARAMETER,
            Self::StaleCookie(_) => CauseCode::STALE_COOKIE,
            Self::OutOfResource => CauseCode::OUT_OF_RESOURCE,
            Self::UnresolvableAddress(_) => CauseCode::UNRESOLVABLE_ADDRESS,
            Self::UnrecognizedChunkType(_) => CauseCode::UNRECOGNIZED_CHUNK_TYPE,
            Self::InvalidMandatoryParameter => CauseCode::INVALID_MANDATORY_PARAMETER,
            Self::UnrecognizedParameters(_) => CauseCode::UNRECOGNIZED_PARAMETERS,
            Self::NoUserData(_) => CauseCode::NO_USER_DATA,
            Self::CookieReceivedWhileShuttingDown => CauseCode::COOKIE_RECEIVED_WHILE_SHUTTING_DOWN,
            Self::RestartWithNewAddresses(_) => CauseCode::RESTART_WITH_NEW_ADDRESSES,
            Self::UserInitiatedAbort(_) => CauseCode::USER_INITIATED_ABORT,
            Self::ProtocolViolation(_) => CauseCode::PROTOCOL_VIOLATION,
            Self::Unknown(unknown) => unknown.code,
        }
    }

    const fn value_len(&self) -> usize {
        match self {
            Self::InvalidStreamIdentifier(_) | Self::StaleCookie(_) | Self::NoUserData(_) => 4,
            Self::OutOfResource
            | Self::InvalidMandatoryParameter
            | Self::CookieReceivedWhileShuttingDown => 0,
            Self::MissingMandatoryParameter(types) => 4 + types.encoded_len(),
            Self::UnresolvableAddress(bytes)
            | Self::UnrecognizedChunkType(bytes)
            | Self::UnrecognizedParameters(bytes)
            | Self::RestartWithNewAddresses(bytes)
            | Self::UserInitiatedAbort(bytes)
            | Self::ProtocolViolation(bytes) => bytes.len(),
            Self::Unknown(unknown) => unknown.information.len(),
        }
    }

    fn encode_value(&self, writer: &mut Writer) {
        match self {
            Self::InvalidStreamIdentifier(stream) => {
                writer.u16(stream.0);
                writer.u16(0);
            }
            Self::MissingMandatoryParameter(types) => {
                writer.u32(types.len() as u32); // they fit into a chunk
                types.encode(writer);
            }
            Self::StaleCookie(staleness) => {
                writer.u32(u32::try_from(staleness.as_micros()).unwrap_or(u32::MAX));
            }
            Self::NoUserData(tsn) => writer.u32(tsn.0),
            Self::OutOfResource
            | Self::InvalidMandatoryParameter
            | Self::CookieReceivedWhileShuttingDown => {}
            Self::UnresolvableAddress(bytes)
            | Self::UnrecognizedChunkType(bytes)
            | Self::UnrecognizedParameters(bytes)
            | Self::RestartWithNewAddresses(bytes)
            | Self::UserInitiatedAbort(bytes)
            | Self::ProtocolViolation(bytes) => writer.bytes(bytes),
            Self::Unknown(unknown) => writer.bytes(unknown.information),
        }
    }
}
