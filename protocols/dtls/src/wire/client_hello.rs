//! ClientHello (RFC 6347 section 4.2.1, RFC 9147 section 5.3).

use icelab_wire::{DecodeError, Reader, Writer};

use super::extension::Extensions;
use super::list;
use super::suite::CipherSuite;
use super::version::ProtocolVersion;

/// The client's offer.
///
/// ```text
/// struct {
///     ProtocolVersion client_version;          /* 1.3: legacy_version, always 1.2 */
///     Random random;
///     SessionID session_id<0..32>;
///     opaque cookie<0..2^8-1>;
///     CipherSuite cipher_suites<2..2^16-2>;
///     CompressionMethod compression_methods<1..2^8-1>;
///     Extension extensions<0..2^16-1>;
/// } ClientHello;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientHello {
    /// The best version up to 1.2.
    pub version: ProtocolVersion,
    /// 32 random bytes.
    pub random: [u8; 32],
    /// At most 32 bytes; empty here, since nothing is resumed.
    pub session_id: Vec<u8>,
    /// What a HelloVerifyRequest gave, in 1.2.
    pub cookie: Vec<u8>,
    /// In the order of preference.
    pub cipher_suites: Vec<CipherSuite>,
    /// Always holds 0, for none.
    pub compression_methods: Vec<u8>,
    /// Everything else.
    pub extensions: Extensions,
}

impl ClientHello {
    /// Reads the body of the message.
    ///
    /// # Errors
    /// Where a field is cut off, empty where it must not be, or too long.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let version = ProtocolVersion(reader.u16()?);
        let random = reader.array()?;
        let session_id = reader.vector8()?.to_vec();
        if session_id.len() > 32 {
            return Err(DecodeError::Length { field: "session_id" });
        }
        let cookie = reader.vector8()?.to_vec();
        let cipher_suites = list::decode(reader.vector16()?, "cipher_suites")?;
        let compression_methods = reader.vector8()?.to_vec();
        if compression_methods.is_empty() {
            return Err(DecodeError::Length { field: "compression_methods" });
        }
        let extensions = Extensions::decode_optional(&mut reader)?;
        reader.finish()?;
        Ok(Self {
            version,
            random,
            session_id,
            cookie,
            cipher_suites,
            compression_methods,
            extensions,
        })
    }

    /// Writes the body of the message.
    pub fn encode(&self, writer: &mut Writer) {
        writer.u16(self.version.0);
        writer.bytes(&self.random);
        writer.vector8(|writer| writer.bytes(&self.session_id));
        writer.vector8(|writer| writer.bytes(&self.cookie));
        writer.vector16(|writer| list::encode(&self.cipher_suites, writer));
        writer.vector8(|writer| writer.bytes(&self.compression_methods));
        self.extensions.encode(writer);
    }
}
