//! `signature_algorithms` (RFC 8446 section 4.2.3).

use icelab_wire::{DecodeError, Reader, Writer};

use crate::wire::list;
use crate::wire::scheme::SignatureScheme;

/// The schemes in which the sender can check a signature, the best first.
///
/// # Errors
/// Where the list is cut off or empty, or bytes are left.
pub fn decode(body: &[u8]) -> Result<Vec<SignatureScheme>, DecodeError> {
    let mut reader = Reader::new(body);
    let schemes = list::decode(reader.vector16()?, "supported_signature_algorithms")?;
    reader.finish()?;
    Ok(schemes)
}

/// Writes the schemes.
pub fn encode(schemes: &[SignatureScheme], writer: &mut Writer) {
    writer.vector16(|writer| list::encode(schemes, writer));
}
