//! `connection_id` (RFC 9146 section 3, RFC 9147 section 9).

use icelab_wire::{DecodeError, Reader, Writer};

/// The id under which the sender wants to hear; empty where it needs none.
///
/// # Errors
/// Where it is cut off, or bytes are left.
pub fn decode(body: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut reader = Reader::new(body);
    let id = reader.vector8()?.to_vec();
    reader.finish()?;
    Ok(id)
}

/// Writes the id.
pub fn encode(id: &[u8], writer: &mut Writer) {
    writer.vector8(|writer| writer.bytes(id));
}
