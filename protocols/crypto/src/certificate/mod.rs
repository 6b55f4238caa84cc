//! Certificates (RFC 5280): those of peers are read as far as DTLS needs them, one's own are made
//! from the seed and signed by themselves (RFC 8827 section 6.5).

mod issue;

pub use issue::{Identity, Validity};

use core::fmt;

use der::asn1::{BitStringRef, ObjectIdentifier};
use der::{Reader, SliceReader, Tag, TagNumber};
use spki::AlgorithmIdentifierRef;
use thiserror::Error;

use crate::fingerprint::Fingerprint;
use crate::hash::Hash;
use crate::signature::{PublicKey, Scheme, UnknownKey};

/// A certificate with a key that is known here. Its names, dates and extensions are not looked at:
/// its fingerprint is what a peer is known by (RFC 8122 section 5).
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    public_key: PublicKey,
}

impl Certificate {
    /// The certificate in `der`.
    ///
    /// # Errors
    ///
    /// When the bytes are more than [`LONGEST`], not a certificate, or its key is not known here.
    pub fn parse(der: &[u8]) -> Result<Self, InvalidCertificate> {
        if der.len() > LONGEST {
            return Err(InvalidCertificate::TooLong);
        }
        let outer = Outer::read(der).map_err(|_| InvalidCertificate::Malformed)?;
        let spki = read_key(outer.signed).map_err(|_| InvalidCertificate::Malformed)?;
        Ok(Self { der: der.to_vec(), public_key: PublicKey::from_spki(spki)? })
    }

    /// The bytes themselves.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The subject's key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The fingerprint over the whole certificate (RFC 8122 section 5).
    #[must_use]
    pub fn fingerprint(&self, hash: Hash) -> Fingerprint {
        Fingerprint::of(hash, &self.der)
    }

    /// Whether the holder of `issuer` signed this certificate, by one of the schemes known here.
    #[must_use]
    pub fn is_signed_by(&self, issuer: &PublicKey) -> bool {
        Outer::read(&self.der).is_ok_and(|outer| {
            let scheme = SCHEMES.iter().find(|(object, _)| *object == outer.algorithm.oid);
            scheme.zip(outer.signature.as_bytes()).is_some_and(|((_, scheme), signature)| {
                issuer.verify(*scheme, &[outer.signed], signature).is_ok()
            })
        })
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Certificate").field(&self.fingerprint(Hash::Sha256).to_string()).finish()
    }
}

/// RFC 5280 section 4.1:
///
/// ```text
/// Certificate  ::=  SEQUENCE  {
///      tbsCertificate       TBSCertificate,
///      signatureAlgorithm   AlgorithmIdentifier,
///      signatureValue       BIT STRING  }
/// ```
struct Outer<'a> {
    /// The whole element of `tbsCertificate`.
    signed: &'a [u8],
    algorithm: AlgorithmIdentifierRef<'a>,
    signature: BitStringRef<'a>,
}

impl<'a> Outer<'a> {
    fn read(bytes: &'a [u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(bytes)?;
        let outer = reader.sequence(|reader| {
            Ok::<_, der::Error>(Self {
                signed: reader.tlv_bytes()?,
                algorithm: reader.decode()?,
                signature: reader.decode()?,
            })
        })?;
        reader.finish()?;
        Ok(outer)
    }
}

/// The element of `subjectPublicKeyInfo` in `TBSCertificate` (RFC 5280 section 4.1):
///
/// ```text
/// TBSCertificate  ::=  SEQUENCE  {
///      version         [0]  EXPLICIT Version DEFAULT v1,
///      serialNumber         CertificateSerialNumber,
///      signature            AlgorithmIdentifier,
///      issuer               Name,
///      validity             Validity,
///      subject              Name,
///      subjectPublicKeyInfo SubjectPublicKeyInfo,
///      ... }
/// ```
fn read_key(signed: &[u8]) -> der::Result<&[u8]> {
    let mut reader = SliceReader::new(signed)?;
    let key = reader.sequence(|reader| {
        let version = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
        if Tag::peek(reader)? == version {
            reader.tlv_bytes()?;
        }
        for tag in [Tag::Integer, Tag::Sequence, Tag::Sequence, Tag::Sequence, Tag::Sequence] {
            Tag::peek(reader)?.assert_eq(tag)?;
            reader.tlv_bytes()?;
        }
        let key = reader.tlv_bytes()?;
        while !reader.is_finished() {
            reader.tlv_bytes()?;
        }
        Ok::<_, der::Error>(key)
    })?;
    reader.finish()?;
    Ok(key)
}

/// Why bytes are not taken for a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidCertificate {
    /// There are too many of them.
    #[error("the certificate is longer than {LONGEST} bytes")]
    TooLong,
    /// They are not one, or its key is not.
    #[error("the certificate is malformed")]
    Malformed,
    /// Its key is of a kind, curve or size that is not known here.
    #[error("the certificate's key is of a kind that is not known here")]
    UnsupportedKey,
}

impl From<UnknownKey> for InvalidCertificate {
    fn from(unknown: UnknownKey) -> Self {
        match unknown {
            UnknownKey::Malformed => Self::Malformed,
            UnknownKey::Unsupported => Self::UnsupportedKey,
        }
    }
}

/// Length of the longest certificate that is read, in bytes.
pub const LONGEST: usize = 16_384;

/// Algorithms that sign certificates (RFC 5758 section 3.2, RFC 8410 section 3, RFC 4055 section
/// 5).
const SCHEMES: [(ObjectIdentifier, Scheme); 7] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"), Scheme::Ecdsa(Hash::Sha256)),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3"), Scheme::Ecdsa(Hash::Sha384)),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4"), Scheme::Ecdsa(Hash::Sha512)),
    (ObjectIdentifier::new_unwrap("1.3.101.112"), Scheme::Ed25519),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"), Scheme::RsaPkcs1(Hash::Sha256)),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12"), Scheme::RsaPkcs1(Hash::Sha384)),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13"), Scheme::RsaPkcs1(Hash::Sha512)),
];

#[cfg(test)]
mod tests;
