//! CertificateVerify (RFC 5246 section 7.4.8, RFC 8446 section 4.4.3), and the signature that
//! ends 1.2's ServerKeyExchange, which has the same form.

use icelab_wire::{DecodeError, Reader, Writer};

use super::scheme::SignatureScheme;

/// A signature and how it was made.
///
/// ```text
/// struct {
///     SignatureScheme algorithm;
///     opaque signature<0..2^16-1>;
/// } CertificateVerify;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateVerify {
    /// How.
    pub scheme: SignatureScheme,
    /// In the form of the scheme: DER for ECDSA.
    pub signature: Vec<u8>,
}

impl CertificateVerify {
    /// Reads the body of the message.
    ///
    /// # Errors
    /// Where a field is cut off, or bytes are left.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let verify = Self::decode_from(&mut reader)?;
        reader.finish()?;
        Ok(verify)
    }

    /// Reads the signature at the reader's place.
    ///
    /// # Errors
    /// Where a field is cut off.
    pub fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let scheme = SignatureScheme(reader.u16()?);
        let signature = reader.vector16()?.to_vec();
        Ok(Self { scheme, signature })
    }

    /// Writes the body of the message.
    pub fn encode(&self, writer: &mut Writer) {
        writer.u16(self.scheme.0);
        writer.vector16(|writer| writer.bytes(&self.signature));
    }
}
