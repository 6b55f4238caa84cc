//! Keys that verify, and their form in certificates (RFC 5280 section 4.1.2.7).

use der::Decode;
use der::asn1::{AnyRef, ObjectIdentifier};
use ed25519_dalek::VerifyingKey;
use spki::SubjectPublicKeyInfoRef;
use thiserror::Error;

use super::rsa::RsaKey;
use super::{KeyKind, Scheme};
use crate::asn1;
use crate::backend::{self, Curve};
use crate::hash::Hash;

/// A public key that verifies signatures. It has been checked to be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(Key);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    Point { curve: Curve, bytes: Vec<u8> },
    Ed25519(Box<VerifyingKey>),
    Rsa(RsaKey),
}

impl PublicKey {
    /// The key in a `SubjectPublicKeyInfo` in DER.
    ///
    /// # Errors
    ///
    /// When the bytes are not one, or the key is of a kind, curve or size that is not known here.
    pub fn from_spki(bytes: &[u8]) -> Result<Self, UnknownKey> {
        let info = SubjectPublicKeyInfoRef::from_der(bytes).map_err(|_| UnknownKey::Malformed)?;
        let bits = info.subject_public_key.as_bytes().ok_or(UnknownKey::Malformed)?;
        let parameters = info.algorithm.parameters;
        match info.algorithm.oid {
            EC_PUBLIC_KEY => {
                // RFC 5480 section 2.1.1: the curve by name.
                let name = parameters.and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
                let curve = match name {
                    Some(SECP256R1) => Curve::P256,
                    Some(SECP384R1) => Curve::P384,
                    _ => return Err(UnknownKey::Unsupported),
                };
                Self::point(curve, bits.to_vec()).ok_or(UnknownKey::Malformed)
            }
            ED25519 if parameters.is_none() => {
                let key = VerifyingKey::try_from(bits).map_err(|_| UnknownKey::Malformed)?;
                Ok(Self::ed25519(key))
            }
            // RFC 3279 section 2.3.1: the parameters are null.
            RSA_ENCRYPTION if parameters.is_none_or(AnyRef::is_null) => {
                RsaKey::from_der(bits).map(|key| Self(Key::Rsa(key)))
            }
            _ => Err(UnknownKey::Unsupported),
        }
    }

    /// The key at this uncompressed point; `None` where it is not on the curve.
    pub(crate) fn point(curve: Curve, bytes: Vec<u8>) -> Option<Self> {
        // RFC 5480 section 2.2: what begins with 4 is uncompressed.
        let is_key = bytes.first() == Some(&4)
            && match curve {
                Curve::X25519 => false,
                Curve::P256 => p256::PublicKey::from_sec1_bytes(&bytes).is_ok(),
                Curve::P384 => p384::PublicKey::from_sec1_bytes(&bytes).is_ok(),
            };
        is_key.then_some(Self(Key::Point { curve, bytes }))
    }

    pub(crate) fn ed25519(key: VerifyingKey) -> Self {
        Self(Key::Ed25519(Box::new(key)))
    }

    /// Its `SubjectPublicKeyInfo` in DER.
    #[must_use]
    pub fn to_spki(&self) -> Vec<u8> {
        let (algorithm, bits) = match &self.0 {
            Key::Point { curve, bytes } => {
                let name = if *curve == Curve::P384 { SECP384R1 } else { SECP256R1 };
                let name = asn1::object(&name);
                (asn1::sequence(&[&asn1::object(&EC_PUBLIC_KEY), &name]), bytes.clone())
            }
            Key::Ed25519(key) => {
                (asn1::sequence(&[&asn1::object(&ED25519)]), key.as_bytes().to_vec())
            }
            Key::Rsa(key) => {
                let algorithm = asn1::sequence(&[&asn1::object(&RSA_ENCRYPTION), &asn1::NULL]);
                (algorithm, key.to_der())
            }
        };
        asn1::sequence(&[&algorithm, &asn1::bit_string(&bits)])
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        match &self.0 {
            Key::Point { curve: Curve::P384, .. } => KeyKind::P384,
            Key::Point { .. } => KeyKind::P256,
            Key::Ed25519(_) => KeyKind::Ed25519,
            Key::Rsa(_) => KeyKind::Rsa,
        }
    }

    /// Checks that the holder of this key signed `pieces` in a row by `scheme`.
    ///
    /// # Errors
    ///
    /// When it is not so, when the scheme is not one for keys of this kind, or rests on SHA-1.
    pub fn verify(
        &self,
        scheme: Scheme,
        pieces: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        let is_good = match (&self.0, scheme) {
            (
                _,
                Scheme::Ecdsa(Hash::Sha1)
                | Scheme::RsaPkcs1(Hash::Sha1)
                | Scheme::RsaPss(Hash::Sha1),
            ) => false,
            (Key::Point { curve, bytes }, Scheme::Ecdsa(hash)) => {
                backend::verify(*curve, bytes, hash, &hash.digest(pieces), signature)
            }
            (Key::Ed25519(key), Scheme::Ed25519) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(&pieces.concat(), &signature).is_ok()),
            (Key::Rsa(key), Scheme::RsaPkcs1(hash)) => {
                key.verify_pkcs1(hash, &hash.digest(pieces), signature)
            }
            (Key::Rsa(key), Scheme::RsaPss(hash)) => {
                key.verify_pss(hash, &hash.digest(pieces), signature)
            }
            _ => false,
        };
        if is_good { Ok(()) } else { Err(BadSignature) }
    }
}

/// Bytes in which no key was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UnknownKey {
    /// They are no key at all.
    #[error("the public key is malformed")]
    Malformed,
    /// They are a key of a kind, curve or size that is not known here.
    #[error("the public key is of a kind that is not known here")]
    Unsupported,
}

/// The signature does not belong to key, scheme and message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the signature does not fit")]
pub struct BadSignature;

// RFC 5480 sections 2.1.1 and 2.1.1.1, RFC 8410 section 3, RFC 3279 section 2.3.1.
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SECP256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
pub(crate) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
