//! ServerHello (RFC 5246 section 7.4.1.3, RFC 9147 section 5.4) and, in its form,
//! HelloRetryRequest (RFC 8446 section 4.1.4).

use icelab_wire::{DecodeError, Reader, Writer};

use super::extension::Extensions;
use super::suite::CipherSuite;
use super::version::ProtocolVersion;

/// The server's choice.
///
/// ```text
/// struct {
///     ProtocolVersion server_version;          /* 1.3: legacy_version, always 1.2 */
///     Random random;
///     SessionID session_id<0..32>;
///     CipherSuite cipher_suite;
///     CompressionMethod compression_method;    /* always 0 */
///     Extension extensions<0..2^16-1>;
/// } ServerHello;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerHello {
    /// 1.2's choice; 1.3 says its own in `supported_versions`.
    pub version: ProtocolVersion,
    /// 32 random bytes, or [`Self::RETRY`].
    pub random: [u8; 32],
    /// At most 32 bytes.
    pub session_id: Vec<u8>,
    /// The suite that both sides will use.
    pub cipher_suite: CipherSuite,
    /// Everything else.
    pub extensions: Extensions,
}

impl ServerHello {
    /// The random of a HelloRetryRequest: the SHA-256 of these words (RFC 8446 section 4.1.3).
    pub const RETRY: [u8; 32] = [
        0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8,
        0x91, 0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8,
        0x33, 0x9C,
    ];
    /// The last eight bytes of the random where a server that knows 1.3 chose 1.2 (RFC 8446
    /// section 4.1.3): a client that offered 1.3 then knows that somebody meddled.
    pub const DOWNGRADE: [u8; 8] = *b"DOWNGRD\x01";
    /// The same where the server chose 1.0.
    pub const DOWNGRADE_1_1: [u8; 8] = *b"DOWNGRD\x00";

    /// Whether this is a HelloRetryRequest.
    #[must_use]
    pub fn is_retry(&self) -> bool {
        self.random == Self::RETRY
    }

    /// Reads the body of the message.
    ///
    /// # Errors
    /// Where a field is cut off or too long, or compression was chosen.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let version = ProtocolVersion(reader.u16()?);
        let random = reader.array()?;
        let session_id = reader.vector8()?.to_vec();
        if session_id.len() > 32 {
            return Err(DecodeError::Length { field: "session_id" });
        }
        let cipher_suite = CipherSuite(reader.u16()?);
        if reader.u8()? != 0 {
            return Err(DecodeError::Value { field: "compression_method" });
        }
        let extensions = Extensions::decode_optional(&mut reader)?;
        reader.finish()?;
        Ok(Self { version, random, session_id, cipher_suite, extensions })
    }

    /// Writes the body of the message.
    pub fn encode(&self, writer: &mut Writer) {
        writer.u16(self.version.0);
        writer.bytes(&self.random);
        writer.vector8(|writer| writer.bytes(&self.session_id));
        writer.u16(self.cipher_suite.0);
        writer.u8(0);
        self.extensions.encode(writer);
    }
}
