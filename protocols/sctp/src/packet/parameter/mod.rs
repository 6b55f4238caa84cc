//! What some chunks hold beside their fixed fields (RFC 9260 section 3.2.1).
//!
//! - [`Parameters`]: those of one chunk. [`Parameter`]: one of them.
//! - `reconfiguration`: those of RE-CONFIG.

use core::net::{Ipv4Addr, Ipv6Addr};
use core::time::Duration;

use icelab_wire::{DecodeError, Reader, Writer};

use super::chunk::ChunkType;
use super::list::List;
use super::tlv::{self, Tlv};

mod kind;
mod reconfiguration;
mod sequence;

pub use kind::ParameterType;
pub use reconfiguration::{
    AddStreams, IncomingReset, NextTsns, OutgoingReset, ReconfigurationResponse,
    ReconfigurationResult, SsnTsnReset,
};
pub use sequence::{ParameterIter, Parameters};

/// One parameter, read. Types are unique across all chunks.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |        Parameter Type         |       Parameter Length        |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// \                                                               \
/// /                        Parameter Value                        /
/// \                                                               \
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter<'a> {
    /// What only the sender of a HEARTBEAT understands (RFC 9260 section 3.3.5).
    HeartbeatInfo(&'a [u8]),
    /// An address of the sender (RFC 9260 section 3.3.2.1.1). Nothing here uses it: DTLS has one
    /// path (RFC 8261 section 6.1).
    Ipv4Address(Ipv4Addr),
    /// An address of the sender (RFC 9260 section 3.3.2.1.2).
    Ipv6Address(Ipv6Addr),
    /// What a COOKIE ECHO is to bring back (RFC 9260 section 3.3.3.1.1).
    StateCookie(&'a [u8]),
    /// A parameter of the INIT that its receiver does not know, whole (RFC 9260 section 3.3.3.1.2).
    UnrecognizedParameter(&'a [u8]),
    /// How much longer a cookie should live: whole milliseconds, at most 2^32 - 1 (RFC 9260 section
    /// 3.3.2.1.3).
    CookiePreservative(Duration),
    /// A name, which nobody may send; it is answered by an ABORT (RFC 9260 section 3.3.2.1.4).
    HostNameAddress(&'a [u8]),
    /// The kinds of addresses that the sender can use (RFC 9260 section 3.3.2.1.5).
    SupportedAddressTypes(List<'a, ParameterType>),
    /// The sender resets streams on which it sends.
    OutgoingReset(OutgoingReset<'a>),
    /// The receiver is to reset streams on which it sends.
    IncomingReset(IncomingReset<'a>),
    /// All numbers of both directions begin anew.
    SsnTsnReset(SsnTsnReset),
    /// What came of a request.
    ReconfigurationResponse(ReconfigurationResponse),
    /// The sender wants to send on more streams.
    AddOutgoingStreams(AddStreams),
    /// The receiver is to send on more streams.
    AddIncomingStreams(AddStreams),
    /// The sender accepts a checksum of zero (RFC 9653 section 4).
    ZeroChecksumAcceptable(ErrorDetectionMethod),
    /// Bytes without a meaning, as many; they are written as zeros (RFC 4820).
    Padding(usize),
    /// The chunks beyond RFC 9260 that the sender knows (RFC 5061 section 4.2.7).
    SupportedExtensions(List<'a, ChunkType>),
    /// The sender knows FORWARD TSN (RFC 3758 section 3.1).
    ForwardTsnSupported,
    /// Any other: [`ParameterType::unrecognized`] says what to do.
    Unknown(RawParameter<'a>),
}

/// What a sender has in place of a checksum (RFC 9653 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ErrorDetectionMethod(pub u32);

impl ErrorDetectionMethod {
    /// SCTP runs over DTLS (RFC 9653 section 6).
    pub const DTLS: Self = Self(1);
}

/// A parameter whose value has not been looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawParameter<'a>(Tlv<'a>);

impl<'a> RawParameter<'a> {
    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> ParameterType {
        ParameterType(self.0.kind)
    }

    /// What follows its length, without padding.
    #[must_use]
    pub const fn value(&self) -> &'a [u8] {
        self.0.value
    }

    /// The whole parameter without padding, as it is reported where it is not known.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.0.bytes
    }

    pub(super) fn decode_from(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Tlv::decode_from(reader, "Parameter Length").map(Self)
    }

    pub(super) fn decode(self) -> Result<Parameter<'a>, DecodeError> {
        let value = self.value();
        let mut reader = Reader::new(value);
        let parameter = match self.kind() {
            ParameterType::HEARTBEAT_INFO => Parameter::HeartbeatInfo(reader.rest()),
            ParameterType::IPV4_ADDRESS => Parameter::Ipv4Address(reader.array::<4>()?.into()),
            ParameterType::IPV6_ADDRESS => Parameter::Ipv6Address(reader.array::<16>()?.into()),
            ParameterType::STATE_COOKIE => Parameter::StateCookie(reader.rest()),
            ParameterType::UNRECOGNIZED_PARAMETER => {
                Parameter::UnrecognizedParameter(reader.rest())
            }
            ParameterType::COOKIE_PRESERVATIVE => {
                Parameter::CookiePreservative(Duration::from_millis(reader.u32()?.into()))
            }
            ParameterType::HOST_NAME_ADDRESS => Parameter::HostNameAddress(reader.rest()),
            ParameterType::SUPPORTED_ADDRESS_TYPES => Parameter::SupportedAddressTypes(
                List::decode(reader.rest(), "Supported Address Types")?,
            ),
            ParameterType::ZERO_CHECKSUM_ACCEPTABLE => {
                Parameter::ZeroChecksumAcceptable(ErrorDetectionMethod(reader.u32()?))
            }
            ParameterType::PADDING => Parameter::Padding(reader.rest().len()),
            ParameterType::SUPPORTED_EXTENSIONS => {
                Parameter::SupportedExtensions(List::decode(reader.rest(), "Supported Extensions")?)
            }
            ParameterType::FORWARD_TSN_SUPPORTED => Parameter::ForwardTsnSupported,
            ParameterType(_) => return self.decode_reconfiguration(),
        };
        reader.finish()?;
        Ok(parameter)
    }

    fn decode_reconfiguration(self) -> Result<Parameter<'a>, DecodeError> {
        let value = self.value();
        Ok(match self.kind() {
            ParameterType::OUTGOING_RESET => {
                Parameter::OutgoingReset(OutgoingReset::decode(value)?)
            }
            ParameterType::INCOMING_RESET => {
                Parameter::IncomingReset(IncomingReset::decode(value)?)
            }
            ParameterType::SSN_TSN_RESET => Parameter::SsnTsnReset(SsnTsnReset::decode(value)?),
            ParameterType::RECONFIGURATION_RESPONSE => {
                Parameter::ReconfigurationResponse(ReconfigurationResponse::decode(value)?)
            }
            ParameterType::ADD_OUTGOING_STREAMS => {
                Parameter::AddOutgoingStreams(AddStreams::decode(value)?)
            }
            ParameterType::ADD_INCOMING_STREAMS => {
                Parameter::AddIncomingStreams(AddStreams::decode(value)?)
            }
            ParameterType(_) => Parameter::Unknown(self),
        })
    }
}

impl Parameter<'_> {
    /// How many bytes a parameter takes beside its value.
    pub(crate) const HEADER_LENGTH: usize = tlv::HEADER_LENGTH;

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> ParameterType {
        match self {
            Self::HeartbeatInfo(_) => ParameterType::HEARTBEAT_INFO,
            Self::Ipv4Address(_) => ParameterType::IPV4_ADDRESS,
            Self::Ipv6Address(_) => ParameterType::IPV6_ADDRESS,
            Self::StateCookie(_) => ParameterType::STATE_COOKIE,
            Self::UnrecognizedParameter(_) => ParameterType::UNRECOGNIZED_PARAMETER,
            Self::CookiePreservative(_) => ParameterType::COOKIE_PRESERVATIVE,
            Self::HostNameAddress(_) => ParameterType::HOST_NAME_ADDRESS,
            Self::SupportedAddressTypes(_) => ParameterType::SUPPORTED_ADDRESS_TYPES,
            Self::OutgoingReset(_) => ParameterType::OUTGOING_RESET,
            Self::IncomingReset(_) => ParameterType::INCOMING_RESET,
            Self::SsnTsnReset(_) => ParameterType::SSN_TSN_RESET,
            Self::ReconfigurationResponse(_) => ParameterType::RECONFIGURATION_RESPONSE,
            Self::AddOutgoingStreams(_) => ParameterType::ADD_OUTGOING_STREAMS,
            Self::AddIncomingStreams(_) => ParameterType::ADD_INCOMING_STREAMS,
            Self::ZeroChecksumAcceptable(_) => ParameterType::ZERO_CHECKSUM_ACCEPTABLE,
            Self::Padding(_) => ParameterType::PADDING,
            Self::SupportedExtensions(_) => ParameterType::SUPPORTED_EXTENSIONS,
            Self::ForwardTsnSupported => ParameterType::FORWARD_TSN_SUPPORTED,
            Self::Unknown(unknown) => unknown.kind(),
        }
    }

    fn value_len(&self) -> usize {
        match self {
            Self::HeartbeatInfo(bytes)
            | Self::StateCookie(bytes)
            | Self::UnrecognizedParameter(bytes)
            | Self::HostNameAddress(bytes) => bytes.len(),
            Self::Ipv4Address(_)
            | Self::CookiePreservative(_)
            | Self::SsnTsnReset(_)
            | Self::ZeroChecksumAcceptable(_) => 4,
            Self::AddOutgoingStreams(_) | Self::AddIncomingStreams(_) => 8,
            Self::Ipv6Address(_) => 16,
            Self::SupportedAddressTypes(types) => types.encoded_len(),
            Self::OutgoingReset(reset) => reset.value_len(),
            Self::IncomingReset(reset) => reset.value_len(),
            Self::ReconfigurationResponse(response) => response.value_len(),
            Self::Padding(length) => *length,
            Self::SupportedExtensions(types) => types.encoded_len(),
            Self::ForwardTsnSupported => 0,
            Self::Unknown(unknown) => unknown.value().len(),
        }
    }

    fn encode_value(&self, writer: &mut Writer) {
        match self {
            Self::HeartbeatInfo(bytes)
            | Self::StateCookie(bytes)
            | Self::UnrecognizedParameter(bytes)
            | Self::HostNameAddress(bytes) => writer.bytes(bytes),
            Self::Ipv4Address(address) => writer.bytes(&address.octets()),
            Self::Ipv6Address(address) => writer.bytes(&address.octets()),
            Self::CookiePreservative(increment) => {
                writer.u32(u32::try_from(increment.as_millis()).unwrap_or(u32::MAX));
            }
            Self::SupportedAddressTypes(types) => types.encode(writer),
            Self::OutgoingReset(reset) => reset.encode(writer),
            Self::IncomingReset(reset) => reset.encode(writer),
            Self::SsnTsnReset(reset) => writer.u32(reset.request.0),
            Self::ReconfigurationResponse(response) => response.encode(writer),
            Self::AddOutgoingStreams(add) | Self::AddIncomingStreams(add) => add.encode(writer),
            Self::ZeroChecksumAcceptable(method) => writer.u32(method.0),
            Self::Padding(length) => writer.zeros(*length),
            Self::SupportedExtensions(types) => types.encode(writer),
            Self::ForwardTsnSupported => {}
            Self::Unknown(unknown) => writer.bytes(unknown.value()),
        }
    }
}
