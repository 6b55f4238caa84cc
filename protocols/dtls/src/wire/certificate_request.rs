//! CertificateRequest (RFC 5246 section 7.4.4, RFC 8446 section 4.3.2).

use icelab_wire::{DecodeError, Reader, Writer};

use super::extension::Extensions;
use super::list;
use super::scheme::SignatureScheme;

/// 1.2's wish for the client's certificate.
///
/// ```text
/// struct {
///     ClientCertificateType certificate_types<1..2^8-1>;
///     SignatureAndHashAlgorithm supported_signature_algorithms<2..2^16-2>;
///     DistinguishedName certificate_authorities<0..2^16-1>;
/// } CertificateRequest;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRequest12 {
    /// Kinds of keys: `rsa_sign` (1), `ecdsa_sign` (64).
    pub types: Vec<u8>,
    /// How the client may sign.
    pub signature_schemes: Vec<SignatureScheme>,
    /// Distinguished names, still encoded: a peer with a self-signed certificate does not look.
    pub authorities: Vec<u8>,
}

impl CertificateRequest12 {
    /// Keys for RSA signatures (RFC 5246 section 7.4.4).
    pub const RSA_SIGN: u8 = 1;
    /// Keys for ECDSA or EdDSA (RFC 8422 section 5.5).
    pub const ECDSA_SIGN: u8 = 64;

    /// Reads the body of the message.
    ///
    /// # Errors
    /// Where a field is cut off, or empty where it must not be.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let types = reader.vector8()?.to_vec();
        if types.is_empty() {
            return Err(DecodeError::Length { field: "certificate_types" });
        }
        let signature_schemes = list::decode(reader.vector16()?, "supported_signature_algorithms")?;
        let authorities = reader.vector16()?.to_vec();
        reader.finish()?;
        Ok(Self { types, signature_schemes, authorities })
    }

    /// Writes the body of the message.
    pub fn encode(&self, writer: &mut Writer) {
        writer.vector8(|writer| writer.bytes(&self.types));
        writer.vector16(|writer| list::encode(&self.signature_schemes, writer));
        writer.vector16(|writer| writer.bytes(&self.authorities));
    }
}

/// 1.3's wish for the client's certificate.
///
/// ```text
/// struct {
///     opaque certificate_request_context<0..2^8-1>;
///     Extension extensions<2..2^16-1>;
/// } CertificateRequest;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRequest {
    /// Empty during the handshake.
    pub context: Vec<u8>,
    /// Holds `signature_algorithms`.
    pub extensions: Extensions,
}

impl CertificateRequest {
    /// Reads the body of the message.
    ///
    /// # Errors
    /// Where a field is cut off.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let context = reader.vector8()?.to_vec();
        let extensions = Extensions::decode(&mut reader)?;
        reader.finish()?;
        Ok(Self { context, extensions })
    }

    /// Writes the body of the message.
    pub fn encode(&self, writer: &mut Writer) {
        writer.vector8(|writer| writer.bytes(&self.context));
        self.extensions.encode(writer);
    }
}
