//! NewSessionTicket (RFC 8446 section 4.6.1): read, acknowledged, and left aside, since nothing
//! here resumes a session.

use icelab_wire::{DecodeError, Reader, Writer};

use super::extension::Extensions;

/// A ticket for a later session.
///
/// ```text
/// struct {
///     uint32 ticket_lifetime;
///     uint32 ticket_age_add;
///     opaque ticket_nonce<0..255>;
///     opaque ticket<1..2^16-1>;
///     Extension extensions<0..2^16-2>;
/// } NewSessionTicket;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSessionTicket {
    /// In seconds.
    pub lifetime: u32,
    /// Hides the ticket's age.
    pub age_add: u32,
    /// Unlike any other ticket's.
    pub nonce: Vec<u8>,
    /// Opaque.
    pub ticket: Vec<u8>,
    /// Everything else.
    pub extensions: Extensions,
}

impl NewSessionTicket {
    /// Reads the body of the message.
    ///
    /// # Errors
    /// Where a field is cut off, or the ticket is empty.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let lifetime = reader.u32()?;
        let age_add = reader.u32()?;
        let nonce = reader.vector8()?.to_vec();
        let ticket = reader.vector16()?.to_vec();
        if ticket.is_empty() {
            return Err(DecodeError::Length { field: "ticket" });
        }
        let extensions = Extensions::decode(&mut reader)?;
        reader.finish()?;
        Ok(Self { lifetime, age_add, nonce, ticket, extensions })
    }

    /// Writes the body of the message.
    pub fn encode(&self, writer: &mut Writer) {
        writer.u32(self.lifetime);
        writer.u32(self.age_add);
        writer.vector8(|writer| writer.bytes(&self.nonce));
        writer.vector16(|writer| writer.bytes(&self.ticket));
        self.extensions.encode(writer);
    }
}
