//! `renegotiation_info` (RFC 5746 section 3.2). Nothing here renegotiates, so it is always empty.

use icelab_wire::{DecodeError, Reader, Writer};

/// What the sender's last handshake was bound to: empty in a first handshake.
///
/// # Errors
/// Where it is cut off, or bytes are left.
pub fn decode(body: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut reader = Reader::new(body);
    let connection = reader.vector8()?.to_vec();
    reader.finish()?;
    Ok(connection)
}

/// Writes that this is a first handshake.
pub fn encode_first(writer: &mut Writer) {
    writer.u8(0);
}
