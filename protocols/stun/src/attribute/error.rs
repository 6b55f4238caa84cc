//! ERROR-CODE and UNKNOWN-ATTRIBUTES (RFC 8489 sections 14.8 and 14.13).

use icelab_wire::{DecodeError, Reader, Writer};

use super::text::{self, LONGEST};
use super::{Attribute, kind};
use crate::message::TransactionId;

/// Why a request failed (RFC 8489 section 14.8).
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |           Reserved, should be 0         |Class|     Number    |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |      Reason Phrase (variable)                                ..
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode<'a> {
    /// 300 to 699.
    pub code: u16,
    /// For people.
    pub reason: &'a str,
}

impl ErrorCode<'static> {
    /// Try Alternate.
    pub const TRY_ALTERNATE: Self = Self { code: 300, reason: "Try Alternate" };
    /// Bad Request.
    pub const BAD_REQUEST: Self = Self { code: 400, reason: "Bad Request" };
    /// Unauthenticated.
    pub const UNAUTHENTICATED: Self = Self { code: 401, reason: "Unauthenticated" };
    /// Forbidden (RFC 8656 section 19).
    pub const FORBIDDEN: Self = Self { code: 403, reason: "Forbidden" };
    /// Mobility Forbidden (RFC 8016 section 5).
    pub const MOBILITY_FORBIDDEN: Self = Self { code: 405, reason: "Mobility Forbidden" };
    /// Unknown Attribute.
    pub const UNKNOWN_ATTRIBUTE: Self = Self { code: 420, reason: "Unknown Attribute" };
    /// Allocation Mismatch (RFC 8656 section 19).
    pub const ALLOCATION_MISMATCH: Self = Self { code: 437, reason: "Allocation Mismatch" };
    /// Stale Nonce.
    pub const STALE_NONCE: Self = Self { code: 438, reason: "Stale Nonce" };
    /// Address Family not Supported (RFC 8656 section 19).
    pub const ADDRESS_FAMILY_NOT_SUPPORTED: Self =
        Self { code: 440, reason: "Address Family not Supported" };
    /// Wrong Credentials (RFC 8656 section 19).
    pub const WRONG_CREDENTIALS: Self = Self { code: 441, reason: "Wrong Credentials" };
    /// Unsupported Transport Protocol (RFC 8656 section 19).
    pub const UNSUPPORTED_TRANSPORT: Self =
        Self { code: 442, reason: "Unsupported Transport Protocol" };
    /// Peer Address Family Mismatch (RFC 8656 section 19).
    pub const PEER_ADDRESS_FAMILY_MISMATCH: Self =
        Self { code: 443, reason: "Peer Address Family Mismatch" };
    /// Connection Already Exists (RFC 6062 section 6.3).
    pub const CONNECTION_ALREADY_EXISTS: Self =
        Self { code: 446, reason: "Connection Already Exists" };
    /// Connection Timeout or Failure (RFC 6062 section 6.3).
    pub const CONNECTION_TIMEOUT: Self =
        Self { code: 447, reason: "Connection Timeout or Failure" };
    /// Allocation Quota Reached (RFC 8656 section 19).
    pub const ALLOCATION_QUOTA_REACHED: Self =
        Self { code: 486, reason: "Allocation Quota Reached" };
    /// Role Conflict (RFC 8445 section 7.3.1.1).
    pub const ROLE_CONFLICT: Self = Self { code: 487, reason: "Role Conflict" };
    /// Server Error.
    pub const SERVER_ERROR: Self = Self { code: 500, reason: "Server Error" };
    /// Insufficient Capacity (RFC 8656 section 19).
    pub const INSUFFICIENT_CAPACITY: Self = Self { code: 508, reason: "Insufficient Capacity" };
}

impl<'a> Attribute<'a> for ErrorCode<'a> {
    const KIND: u16 = kind::ERROR_CODE;

    fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(value);
        reader.u16()?;
        let code = decode_code(&mut reader)?;
        let reason = text::decode(reader.rest(), LONGEST, "reason phrase")?;
        Ok(Self { code, reason })
    }

    fn encode(&self, writer: &mut Writer, _: &TransactionId) {
        writer.u16(0);
        encode_code(writer, self.code);
        writer.bytes(self.reason.as_bytes());
    }
}

/// Reads class and number (RFC 8489 section 14.8).
pub(super) fn decode_code(reader: &mut Reader<'_>) -> Result<u16, DecodeError> {
    let [class, number] = reader.array()?;
    let class = class & 7;
    if !(3..=6).contains(&class) || number > 99 {
        return Err(DecodeError::Value { field: "error code" });
    }
    Ok(u16::from(class) * 100 + u16::from(number))
}

/// Writes class and number.
pub(super) fn encode_code(writer: &mut Writer, code: u16) {
    writer.u8((code / 100) as u8);
    writer.u8((code % 100) as u8);
}

/// The comprehension-required attributes that a server did not understand (RFC 8489
/// section 14.13).
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |      Attribute 1 Type         |       Attribute 2 Type        |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |      Attribute 3 Type         |       Attribute 4 Type    ...
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownAttributes(pub Vec<u16>);

impl<'a> Attribute<'a> for UnknownAttributes {
    const KIND: u16 = kind::UNKNOWN_ATTRIBUTES;

    fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(value);
        let mut kinds = Vec::with_capacity(value.len() / 2);
        while !reader.is_empty() {
            kinds.push(reader.u16()?);
        }
        Ok(Self(kinds))
    }

    fn encode(&self, writer: &mut Writer, _: &TransactionId) {
        for kind in &self.0 {
            writer.u16(*kind);
        }
    }
}
