//! Attributes of NAT behaviour discovery (RFC 5780 section 7).

use icelab_wire::{DecodeError, Reader, Writer};

use super::{Attribute, kind};
use crate::message::TransactionId;

/// Asks for the response from elsewhere (RFC 5780 section 7.2).
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 A B 0|
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangeRequest {
    /// Bit A: from the alternate address.
    pub change_ip: bool,
    /// Bit B: from the alternate port.
    pub change_port: bool,
}

impl<'a> Attribute<'a> for ChangeRequest {
    const KIND: u16 = kind::CHANGE_REQUEST;

    fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(value);
        let bits = reader.u32()?;
        reader.finish().map(|()| Self { change_ip: bits & 4 != 0, change_port: bits & 2 != 0 })
    }

    fn encode(&self, writer: &mut Writer, _: &TransactionId) {
        writer.u32(u32::from(self.change_ip) << 2 | u32::from(self.change_port) << 1);
    }
}

/// The port to which the response shall go (RFC 5780 section 7.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResponsePort(pub u16);

impl<'a> Attribute<'a> for ResponsePort {
    const KIND: u16 = kind::RESPONSE_PORT;

    fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(value);
        let port = reader.u16()?;
        // The text makes the value 16 bits and 2 bytes of padding; some senders count them in.
        if !reader.is_empty() {
            reader.u16()?;
        }
        reader.finish().map(|()| Self(port))
    }

    fn encode(&self, writer: &mut Writer, _: &TransactionId) {
        writer.u16(self.0);
    }
}

/// How many bytes of filling the message carries: enough to be fragmented (RFC 5780
/// section 7.6). They are zero and mean nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Padding(pub u16);

impl<'a> Attribute<'a> for Padding {
    const KIND: u16 = kind::PADDING;

    fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
        let length = u16::try_from(value.len());
        length.map(Self).map_err(|_| DecodeError::Length { field: "PADDING" })
    }

    fn encode(&self, writer: &mut Writer, _: &TransactionId) {
        writer.zeros(usize::from(self.0));
    }
}

/// For how many seconds the server remembers a response; deprecated (RFC 5780 section 7.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheTimeout(pub u32);

impl<'a> Attribute<'a> for CacheTimeout {
    const KIND: u16 = kind::CACHE_TIMEOUT;

    fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(value);
        let seconds = reader.u32()?;
        reader.finish().map(|()| Self(seconds))
    }

    fn encode(&self, writer: &mut Writer, _: &TransactionId) {
        writer.u32(self.0);
    }
}
