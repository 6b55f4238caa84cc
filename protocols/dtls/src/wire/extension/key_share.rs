//! `key_share` (RFC 8446 section 4.2.8).

use icelab_wire::{DecodeError, Reader, Writer};

use crate::wire::group::NamedGroup;

/// The most shares that are read from one hello.
const MOST: usize = 16;

/// A public key in one group.
///
/// ```text
/// struct {
///     NamedGroup group;
///     opaque key_exchange<1..2^16-1>;
/// } KeyShareEntry;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyShare {
    /// The group.
    pub group: NamedGroup,
    /// The public key.
    pub public: Vec<u8>,
}

impl KeyShare {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let group = NamedGroup(reader.u16()?);
        let public = reader.vector16()?.to_vec();
        if public.is_empty() {
            return Err(DecodeError::Length { field: "key_exchange" });
        }
        Ok(Self { group, public })
    }

    /// Writes the one share of a ServerHello.
    pub fn encode(&self, writer: &mut Writer) {
        writer.u16(self.group.0);
        writer.vector16(|writer| writer.bytes(&self.public));
    }
}

/// The shares that a client offers, the best first; it may offer none.
///
/// # Errors
/// Where a share is cut off or empty, comes twice for one group, or there are more than 16.
pub fn decode_offer(body: &[u8]) -> Result<Vec<KeyShare>, DecodeError> {
    let mut reader = Reader::new(body);
    let mut list = Reader::new(reader.vector16()?);
    reader.finish()?;
    let mut shares: Vec<KeyShare> = Vec::new();
    while !list.is_empty() {
        let share = KeyShare::decode(&mut list)?;
        if shares.len() == MOST {
            return Err(DecodeError::Length { field: "client_shares" });
        }
        if shares.iter().any(|other| other.group == share.group) {
            return Err(DecodeError::Value { field: "client_shares" });
        }
        shares.push(share);
    }
    Ok(shares)
}

/// Writes what a client offers.
pub fn encode_offer(shares: &[KeyShare], writer: &mut Writer) {
    writer.vector16(|writer| {
        for share in shares {
            share.encode(writer);
        }
    });
}

/// The share that a server chose.
///
/// # Errors
/// Where the body is not one share.
pub fn decode_choice(body: &[u8]) -> Result<KeyShare, DecodeError> {
    let mut reader = Reader::new(body);
    let share = KeyShare::decode(&mut reader)?;
    reader.finish()?;
    Ok(share)
}

/// The group that a HelloRetryRequest asks for.
///
/// # Errors
/// Where the body is not one group.
pub fn decode_retry(body: &[u8]) -> Result<NamedGroup, DecodeError> {
    let mut reader = Reader::new(body);
    let group = NamedGroup(reader.u16()?);
    reader.finish()?;
    Ok(group)
}
