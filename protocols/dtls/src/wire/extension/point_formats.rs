//! `ec_point_formats` (RFC 8422 section 5.1.2).

use icelab_wire::{DecodeError, Reader, Writer};

/// The only format in use.
pub const UNCOMPRESSED: u8 = 0;

/// The formats that the sender can read.
///
/// # Errors
/// Where the list is cut off or empty, or bytes are left.
pub fn decode(body: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut reader = Reader::new(body);
    let formats = reader.vector8()?.to_vec();
    reader.finish()?;
    if formats.is_empty() {
        return Err(DecodeError::Length { field: "ec_point_format_list" });
    }
    Ok(formats)
}

/// Writes that points are uncompressed.
pub fn encode(writer: &mut Writer) {
    writer.vector8(|writer| writer.u8(UNCOMPRESSED));
}
