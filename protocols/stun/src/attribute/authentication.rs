//! USERHASH, PASSWORD-ALGORITHM and PASSWORD-ALGORITHMS (RFC 8489 sections 14.4, 14.11, 14.12).

use icelab_wire::{DecodeError, Reader, Writer};

use super::{Attribute, kind};
use crate::credentials::algorithm::PasswordAlgorithm;
use crate::message::TransactionId;

/// The hash of username and realm, in place of the username (RFC 8489 section 14.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Userhash(pub [u8; 32]);

impl<'a> Attribute<'a> for Userhash {
    const KIND: u16 = kind::USERHASH;

    fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(value);
        let hash = reader.array()?;
        reader.finish().map(|()| Self(hash))
    }

    fn encode(&self, writer: &mut Writer, _: &TransactionId) {
        writer.bytes(&self.0);
    }
}

/// PASSWORD-ALGORITHM: how the server must make the key from the password (RFC 8489
/// section 14.12). An algorithm that nobody here knows is kept as its number.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |          Algorithm           |  Algorithm Parameters Length   |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                    Algorithm Parameters (variable)
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PasswordAlgorithmChoice<'a> {
    /// Its number in the IANA registry.
    pub number: u16,
    /// Its parameters; those known have none.
    pub parameters: &'a [u8],
}

impl<'a> PasswordAlgorithmChoice<'a> {
    /// The algorithm, if it is known and has no parameters, as RFC 8489 section 18.5 wants it.
    #[must_use]
    pub const fn known(&self) -> Option<PasswordAlgorithm> {
        if self.parameters.is_empty() { PasswordAlgorithm::from_number(self.number) } else { None }
    }

    fn take(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let number = reader.u16()?;
        let length = usize::from(reader.u16()?);
        let parameters = reader.take(length)?;
        reader.take(length.wrapping_neg() & 3)?;
        Ok(Self { number, parameters })
    }

    fn put(&self, writer: &mut Writer) {
        let length = self.parameters.len();
        writer.u16(self.number);
        writer.u16(u16::try_from(length).expect("parameters fit their length field"));
        writer.bytes(self.parameters);
        writer.zeros(length.wrapping_neg() & 3);
    }
}

impl From<PasswordAlgorithm> for PasswordAlgorithmChoice<'static> {
    fn from(algorithm: PasswordAlgorithm) -> Self {
        Self { number: algorithm.number(), parameters: &[] }
    }
}

impl<'a> Attribute<'a> for PasswordAlgorithmChoice<'a> {
    const KIND: u16 = kind::PASSWORD_ALGORITHM;

    fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(value);
        let choice = Self::take(&mut reader)?;
        reader.finish().map(|()| choice)
    }

    fn encode(&self, writer: &mut Writer, _: &TransactionId) {
        self.put(writer);
    }
}

/// PASSWORD-ALGORITHMS: what a server can use, the preferred one first (RFC 8489
/// section 14.11): a row of the above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordAlgorithms<'a>(pub Vec<PasswordAlgorithmChoice<'a>>);

impl<'a> Attribute<'a> for PasswordAlgorithms<'a> {
    const KIND: u16 = kind::PASSWORD_ALGORITHMS;

    fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(value);
        let mut choices = Vec::new();
        while !reader.is_empty() {
            choices.push(PasswordAlgorithmChoice::take(&mut reader)?);
        }
        Ok(Self(choices))
    }

    fn encode(&self, writer: &mut Writer, _: &TransactionId) {
        for choice in &self.0 {
            choice.put(writer);
        }
    }
}
