//! `cookie` (RFC 8446 section 4.2.2).

use icelab_wire::{DecodeError, Reader, Writer};

/// The cookie.
///
/// # Errors
/// Where it is cut off or empty, or bytes are left.
pub fn decode(body: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut reader = Reader::new(body);
    let cookie = reader.vector16()?.to_vec();
    reader.finish()?;
    if cookie.is_empty() {
        return Err(DecodeError::Length { field: "cookie" });
    }
    Ok(cookie)
}

/// Writes the cookie.
pub fn encode(cookie: &[u8], writer: &mut Writer) {
    writer.vector16(|writer| writer.bytes(cookie));
}
