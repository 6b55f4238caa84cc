//! Certificate (RFC 5246 section 7.4.2, RFC 8446 section 4.4.2).

use icelab_wire::{DecodeError, Reader, Writer};

use super::extension::Extensions;

/// The most certificates that are read from one message.
const LONGEST_CHAIN: usize = 16;

/// A chain of certificates in DER, the sender's own first; empty where it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateChain {
    /// DER, in order.
    pub certificates: Vec<Vec<u8>>,
}

impl CertificateChain {
    /// Reads 1.2's message.
    ///
    /// ```text
    /// opaque ASN.1Cert<1..2^24-1>;
    /// struct { ASN.1Cert certificate_list<0..2^24-1>; } Certificate;
    /// ```
    ///
    /// # Errors
    /// Where a certificate is cut off or empty, or there are more than 16.
    pub fn decode_1_2(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let mut list = Reader::new(reader.vector24()?);
        reader.finish()?;
        let mut certificates = Vec::new();
        while !list.is_empty() {
            push(&mut certificates, list.vector24()?)?;
        }
        Ok(Self { certificates })
    }

    /// Writes 1.2's message.
    pub fn encode_1_2(&self, writer: &mut Writer) {
        writer.vector24(|writer| {
            for certificate in &self.certificates {
                writer.vector24(|writer| writer.bytes(certificate));
            }
        });
    }
}

/// Adds one certificate within the bounds.
fn push(certificates: &mut Vec<Vec<u8>>, der: &[u8]) -> Result<(), DecodeError> {
    if der.is_empty() || certificates.len() == LONGEST_CHAIN {
        return Err(DecodeError::Length { field: "certificate_list" });
    }
    certificates.push(der.to_vec());
    Ok(())
}

/// 1.3's message: a chain, and the context that asked for it.
///
/// ```text
/// struct {
///     opaque cert_data<1..2^24-1>;
///     Extension extensions<0..2^16-1>;
/// } CertificateEntry;
/// struct {
///     opaque certificate_request_context<0..2^8-1>;
///     CertificateEntry certificate_list<0..2^24-1>;
/// } Certificate;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// Repeats the request's; empty from a server.
    pub context: Vec<u8>,
    /// The chain.
    pub chain: CertificateChain,
    /// Whether an entry has extensions; they are read over, and never written.
    pub has_extensions: bool,
}

impl Certificate {
    /// Reads the body of the message.
    ///
    /// # Errors
    /// Where a field is cut off or empty where it must not be, or there are more than 16.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let context = reader.vector8()?.to_vec();
        let mut list = Reader::new(reader.vector24()?);
        reader.finish()?;
        let mut certificates = Vec::new();
        let mut has_extensions = false;
        while !list.is_empty() {
            push(&mut certificates, list.vector24()?)?;
            has_extensions |= Extensions::decode(&mut list)? != Extensions::new();
        }
        Ok(Self { context, chain: CertificateChain { certificates }, has_extensions })
    }

    /// Writes the body of the message.
    pub fn encode(&self, writer: &mut Writer) {
        writer.vector8(|writer| writer.bytes(&self.context));
        writer.vector24(|writer| {
            for certificate in &self.chain.certificates {
                writer.vector24(|writer| writer.bytes(certificate));
                writer.vector16(|_| {});
            }
        });
    }
}
