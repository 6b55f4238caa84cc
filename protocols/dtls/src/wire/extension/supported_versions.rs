//! `supported_versions` (RFC 8446 section 4.2.1).

use icelab_wire::{DecodeError, Reader, Writer};

use crate::wire::list;
use crate::wire::version::ProtocolVersion;

/// The versions that a client offers, the best first.
///
/// # Errors
/// Where the list is cut off or empty, or bytes are left.
pub fn decode_offer(body: &[u8]) -> Result<Vec<ProtocolVersion>, DecodeError> {
    let mut reader = Reader::new(body);
    let versions = list::decode(reader.vector8()?, "supported_versions")?;
    reader.finish()?;
    Ok(versions)
}

/// Writes what a client offers.
pub fn encode_offer(versions: &[ProtocolVersion], writer: &mut Writer) {
    writer.vector8(|writer| list::encode(versions, writer));
}

/// The version that a server chose.
///
/// # Errors
/// Where the body is not one version.
pub fn decode_choice(body: &[u8]) -> Result<ProtocolVersion, DecodeError> {
    let mut reader = Reader::new(body);
    let version = ProtocolVersion(reader.u16()?);
    reader.finish()?;
    Ok(version)
}

/// Writes what a server chose.
pub fn encode_choice(version: ProtocolVersion, writer: &mut Writer) {
    writer.u16(version.0);
}
