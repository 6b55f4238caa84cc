//! A STUN message as a borrowed view over checked bytes (RFC 8489 section 5).

mod builder;
mod fingerprint;
mod header;
mod integrity;

use icelab_wire::{DecodeError, Reader};

use crate::attribute::{Attribute, RawAttribute, kind};
pub use builder::MessageBuilder;
pub use header::{Class, HEADER_LENGTH, MAGIC_COOKIE, Method, TransactionId};
pub use integrity::{Integrity, IntegrityKind, Key};

/// A message whose header and attribute lengths are known to hold.
///
/// Values of attributes are checked when they are asked for. Attributes that follow
/// MESSAGE-INTEGRITY or MESSAGE-INTEGRITY-SHA256 are hidden, save those that may stand there
/// (RFC 8489 sections 14.5 and 14.6).
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    bytes: &'a [u8],
    class: Class,
    method: Method,
    id: TransactionId,
    integrity_sha1: Option<usize>,
    integrity_sha256: Option<usize>,
    fingerprint: Option<usize>,
}

impl<'a> Message<'a> {
    /// Checks that `bytes` are one whole message: top bits, magic cookie, and all lengths.
    ///
    /// # Errors
    /// Where they are not: RFC 8489 section 6.3 asks to drop them silently, or to try another
    /// protocol.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let message_type = reader.u16()?;
        if message_type & 0xC000 != 0 {
            return Err(DecodeError::Value { field: "message type" });
        }
        let length = usize::from(reader.u16()?);
        if !length.is_multiple_of(4) {
            return Err(DecodeError::Length { field: "message length" });
        }
        if reader.u32()? != MAGIC_COOKIE {
            return Err(DecodeError::Value { field: "magic cookie" });
        }
        let id = TransactionId(reader.array()?);
        if reader.remaining() < length {
            return Err(DecodeError::Truncated { needed: length, had: reader.remaining() });
        }
        if reader.remaining() > length {
            return Err(DecodeError::Trailing { left: reader.remaining() - length });
        }
        let (class, method) = header::split(message_type);
        let mut message = Self {
            bytes,
            class,
            method,
            id,
            integrity_sha1: None,
            integrity_sha256: None,
            fingerprint: None,
        };
        let mut rest = reader.rest();
        while !rest.is_empty() {
            let at = bytes.len() - rest.len();
            let attribute = take_attribute(&mut rest)?;
            let place = match attribute.kind {
                kind::MESSAGE_INTEGRITY if message.integrity_sha256.is_none() => {
                    &mut message.integrity_sha1
                }
                kind::MESSAGE_INTEGRITY_SHA256 => &mut message.integrity_sha256,
                kind::FINGERPRINT => &mut message.fingerprint,
                _ => continue,
            };
            if place.is_none() {
                *place = Some(at);
            }
        }
        Ok(message)
    }

    /// What the message is for.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.class
    }

    /// What it is about.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// What pairs response and request.
    #[must_use]
    pub const fn transaction_id(&self) -> TransactionId {
        self.id
    }

    /// The whole message, header included.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The attributes that count, in order.
    pub fn attributes(&self) -> Attributes<'a> {
        let rest = self.bytes.get(HEADER_LENGTH..).unwrap_or_default();
        Attributes { rest, sealed: Seal::Open }
    }

    /// The first attribute of type `A`, decoded; `None` where there is none.
    pub fn get<A: Attribute<'a>>(&self) -> Option<Result<A, DecodeError>> {
        self.raw(A::KIND).map(|value| A::decode(value, &self.id))
    }

    /// All attributes of type `A`, decoded, in order.
    pub fn all<A: Attribute<'a>>(&self) -> impl Iterator<Item = Result<A, DecodeError>> {
        let id = self.id;
        self.attributes()
            .filter(|attribute| attribute.kind == A::KIND)
            .map(move |attribute| A::decode(attribute.value, &id))
    }

    /// The value of the first attribute of this kind.
    #[must_use]
    pub fn raw(&self, kind: u16) -> Option<&'a [u8]> {
        self.attributes().find(|attribute| attribute.kind == kind).map(|attribute| attribute.value)
    }

    /// Whether an attribute of this kind counts in the message.
    #[must_use]
    pub fn has(&self, kind: u16) -> bool {
        self.raw(kind).is_some()
    }

    /// The comprehension-required attributes that are neither in `known` nor part of the
    /// machinery of this type, each once, in order (RFC 8489 section 6.3.1). MESSAGE-INTEGRITY
    /// and MESSAGE-INTEGRITY-SHA256 are always known.
    #[must_use]
    pub fn unknown_required(&self, known: &[u16]) -> Vec<u16> {
        let mut unknown = Vec::new();
        for attribute in self.attributes() {
            let kind = attribute.kind;
            let is_known = !kind::is_comprehension_required(kind)
                || matches!(kind, kind::MESSAGE_INTEGRITY | kind::MESSAGE_INTEGRITY_SHA256)
                || known.contains(&kind);
            if !is_known && !unknown.contains(&kind) {
                unknown.push(kind);
            }
        }
        unknown
    }
}

/// The attributes of a message that count, in order.
#[derive(Clone, Debug)]
pub struct Attributes<'a> {
    rest: &'a [u8],
    sealed: Seal,
}

/// How far the message is covered by what has been read: less and less may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Seal {
    Open,
    Sha1,
    Sha256,
    Fingerprint,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = RawAttribute<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let attribute = take_attribute(&mut self.rest).ok()?;
            let seals = match attribute.kind {
                kind::MESSAGE_INTEGRITY => Seal::Sha1,
                kind::MESSAGE_INTEGRITY_SHA256 => Seal::Sha256,
                kind::FINGERPRINT => Seal::Fingerprint,
                _ => Seal::Open,
            };
            if self.sealed == Seal::Open || seals > self.sealed {
                self.sealed = seals;
                return Some(attribute);
            }
        }
        None
    }
}

/// Type, length, value, and padding up to 32 bits (RFC 8489 section 14):
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |         Type                  |            Length             |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                         Value (variable)                ....
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[inline]
fn take_attribute<'a>(bytes: &mut &'a [u8]) -> Result<RawAttribute<'a>, DecodeError> {
    let Some(([kind_high, kind_low, high, low], rest)) = bytes.split_first_chunk() else {
        return Err(DecodeError::Truncated { needed: 4, had: bytes.len() });
    };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let padded = length.next_multiple_of(4);
    let Some((field, rest)) = rest.split_at_checked(padded) else {
        return Err(DecodeError::Truncated { needed: padded, had: rest.len() });
    };
    *bytes = rest;
    let kind = u16::from_be_bytes([*kind_high, *kind_low]);
    let value = field.get(..length).unwrap_or_default();
    Ok(RawAttribute { kind, value })
}
