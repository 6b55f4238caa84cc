//! HelloVerifyRequest (RFC 6347 section 4.2.1): 1.2's way to see that a client has its address.

use icelab_wire::{DecodeError, Reader, Writer};

use super::version::ProtocolVersion;

/// The server's wish to hear the same hello again, with a cookie.
///
/// ```text
/// struct {
///     ProtocolVersion server_version;
///     opaque cookie<0..2^8-1>;
/// } HelloVerifyRequest;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelloVerifyRequest {
    /// 1.0 whatever will be spoken, as section 4.2.1 wants; says nothing.
    pub version: ProtocolVersion,
    /// At most 255 bytes, to be sent back as they are.
    pub cookie: Vec<u8>,
}

impl HelloVerifyRequest {
    /// Reads the body of the message.
    ///
    /// # Errors
    /// Where a field is cut off, or bytes are left.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let version = ProtocolVersion(reader.u16()?);
        let cookie = reader.vector8()?.to_vec();
        reader.finish()?;
        Ok(Self { version, cookie })
    }

    /// Writes the body of the message.
    pub fn encode(&self, writer: &mut Writer) {
        writer.u16(self.version.0);
        writer.vector8(|writer| writer.bytes(&self.cookie));
    }
}
