//! Attributes of connectivity checks (RFC 8445 section 7.1).

use icelab_wire::{DecodeError, Reader, Writer};

use super::{Attribute, kind};
use crate::message::TransactionId;

/// The priority that a peer-reflexive candidate found by this check would have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(pub u32);

impl<'a> Attribute<'a> for Priority {
    const KIND: u16 = kind::PRIORITY;

    fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
        decode_u32(value).map(Self)
    }

    fn encode(&self, writer: &mut Writer, _: &TransactionId) {
        writer.u32(self.0);
    }
}

/// The controlling agent nominates the pair of this check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UseCandidate;

impl<'a> Attribute<'a> for UseCandidate {
    const KIND: u16 = kind::USE_CANDIDATE;

    fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
        Reader::new(value).finish().map(|()| Self)
    }

    fn encode(&self, _: &mut Writer, _: &TransactionId) {}
}

/// The sender is controlled; its tie-breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IceControlled(pub u64);

impl<'a> Attribute<'a> for IceControlled {
    const KIND: u16 = kind::ICE_CONTROLLED;

    fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
        decode_u64(value).map(Self)
    }

    fn encode(&self, writer: &mut Writer, _: &TransactionId) {
        writer.u64(self.0);
    }
}

/// The sender is controlling; its tie-breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IceControlling(pub u64);

impl<'a> Attribute<'a> for IceControlling {
    const KIND: u16 = kind::ICE_CONTROLLING;

    fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
        decode_u64(value).map(Self)
    }

    fn encode(&self, writer: &mut Writer, _: &TransactionId) {
        writer.u64(self.0);
    }
}

/// The rank of a nomination among those of the session (draft-thatcher-ice-renomination).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nomination(pub u32);

impl<'a> Attribute<'a> for Nomination {
    const KIND: u16 = kind::NOMINATION;

    fn decode(value: &'a [u8], _: &TransactionId) -> Result<Self, DecodeError> {
        decode_u32(value).map(Self)
    }

    fn encode(&self, writer: &mut Writer, _: &TransactionId) {
        writer.u32(self.0);
    }
}

fn decode_u32(value: &[u8]) -> Result<u32, DecodeError> {
    let mut reader = Reader::new(value);
    let number = reader.u32()?;
    reader.finish().map(|()| number)
}

fn decode_u64(value: &[u8]) -> Result<u64, DecodeError> {
    let mut reader = Reader::new(value);
    let number = reader.u64()?;
    reader.finish().map(|()| number)
}
