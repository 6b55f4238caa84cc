//! The RustCrypto libraries: pure Rust, for every machine.

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use chacha20poly1305::ChaCha20Poly1305;
use ecdsa::hazmat::{sign_prehashed_rfc6979, verify_prehashed};
use sha2::{Sha256, Sha384, Sha512};
use x25519_dalek::{PublicKey as X25519PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::Curve;
use crate::aead::Cipher;
use crate::hash::Hash;
use crate::secret::Secret;

/// An expanded key of an authenticated cipher.
#[derive(Clone)]
pub(crate) enum Aead {
    Aes128Gcm(Aes128Gcm),
    Aes256Gcm(Aes256Gcm),
    ChaCha20Poly1305(ChaCha20Poly1305),
}

impl Aead {
    pub(crate) fn new(cipher: Cipher, secret: &[u8]) -> Option<Self> {
        match cipher {
            Cipher::Aes128Gcm => Aes128Gcm::new_from_slice(secret).ok().map(Self::Aes128Gcm),
            Cipher::Aes256Gcm => Aes256Gcm::new_from_slice(secret).ok().map(Self::Aes256Gcm),
            Cipher::ChaCha20Poly1305 => {
                ChaCha20Poly1305::new_from_slice(secret).ok().map(Self::ChaCha20Poly1305)
            }
        }
    }

    #[inline]
    pub(crate) fn seal(&self, nonce: &[u8; 12], associated: &[u8], buffer: &mut [u8]) -> [u8; 16] {
        let buffer = InOutBuf::from(buffer);
        let sealed = match self {
            Self::Aes128Gcm(key) => key.encrypt_inout_detached(nonce.into(), associated, buffer),
            Self::Aes256Gcm(key) => key.encrypt_inout_detached(nonce.into(), associated, buffer),
            Self::ChaCha20Poly1305(key) => {
                key.encrypt_inout_detached(nonce.into(), associated, buffer)
            }
        };
        sealed.expect("a buffer is shorter than 64 GiB").into()
    }

    #[inline]
    pub(crate) fn open(
        &self,
        nonce: &[u8; 12],
        associated: &[u8],
        buffer: &mut [u8],
        tag: &[u8; 16],
    ) -> bool {
        let (buffer, nonce, tag) = (InOutBuf::from(buffer), nonce.into(), tag.into());
        match self {
            Self::Aes128Gcm(key) => key.decrypt_inout_detached(nonce, associated, buffer, tag),
            Self::Aes256Gcm(key) => key.decrypt_inout_detached(nonce, associated, buffer, tag),
            Self::ChaCha20Poly1305(key) => {
                key.decrypt_inout_detached(nonce, associated, buffer, tag)
            }
        }
        .is_ok()
    }
}

/// A private key of a curve.
#[derive(Clone)]
pub(crate) enum PrivateKey {
    X25519(StaticSecret),
    P256(::p256::SecretKey),
    P384(::p384::SecretKey),
}

impl PrivateKey {
    /// `None` where `scalar` is no private key of the curve.
    pub(crate) fn new(curve: Curve, scalar: &[u8]) -> Option<Self> {
        match curve {
            Curve::X25519 => {
                Some(Self::X25519(StaticSecret::from(<[u8; 32]>::try_from(scalar).ok()?)))
            }
            Curve::P256 => p256::private_key(scalar).map(Self::P256),
            Curve::P384 => p384::private_key(scalar).map(Self::P384),
        }
    }

    /// Its public key: 32 bytes for X25519, else the uncompressed point (SEC 1 section 2.3.3).
    pub(crate) fn public_key(&self) -> Option<Vec<u8>> {
        Some(match self {
            Self::X25519(scalar) => X25519PublicKey::from(scalar).as_bytes().to_vec(),
            Self::P256(scalar) => scalar.public_key().to_sec1_bytes().into(),
            Self::P384(scalar) => scalar.public_key().to_sec1_bytes().into(),
        })
    }

    /// The secret shared with the holder of `public`; `None` where `public` is no point of the curve
    /// or the result would be known to everybody (RFC 7748 section 6.1).
    pub(crate) fn agree(&self, public: &[u8]) -> Option<Secret> {
        match self {
            Self::X25519(scalar) => {
                let public = X25519PublicKey::from(<[u8; 32]>::try_from(public).ok()?);
                let shared = scalar.diffie_hellman(&public);
                shared.was_contributory().then(|| Secret::new(shared.as_bytes().as_slice()))
            }
            Self::P256(scalar) => p256::shared(scalar, public),
            Self::P384(scalar) => p384::shared(scalar, public),
        }
    }
}

/// An ECDSA signature in DER over `digest`, with the nonce of RFC 6979.
pub(crate) fn sign(curve: Curve, scalar: &[u8], hash: Hash, digest: &[u8]) -> Option<Vec<u8>> {
    match curve {
        Curve::X25519 => None,
        Curve::P256 => p256::sign(scalar, hash, digest),
        Curve::P384 => p384::sign(scalar, hash, digest),
    }
}

/// Whether `signature`, in DER, is one over `digest` by the holder of the uncompressed point
/// `public`.
pub(crate) fn verify(
    curve: Curve,
    public: &[u8],
    _hash: Hash,
    digest: &[u8],
    signature: &[u8],
) -> bool {
    match curve {
        Curve::X25519 => false,
        Curve::P256 => p256::verify(public, digest, signature),
        Curve::P384 => p384::verify(public, digest, signature),
    }
}

macro_rules! prime_curve {
    ($library:ident, $curve:ident) => {
        mod $library {
            use ::$library::ecdsa::Signature;
            use ::$library::$curve as Curve;
            use ::$library::{PublicKey, SecretKey};

            use super::*;

            pub(super) fn private_key(scalar: &[u8]) -> Option<SecretKey> {
                SecretKey::from_bytes(scalar.try_into().ok()?).ok()
            }

            pub(super) fn shared(scalar: &SecretKey, public: &[u8]) -> Option<Secret> {
                let public = PublicKey::from_sec1_bytes(public).ok()?;
                let shared = scalar.diffie_hellman(&public);
                Some(Secret::new(shared.raw_secret_bytes().as_slice()))
            }

            pub(super) fn sign(scalar: &[u8], hash: Hash, digest: &[u8]) -> Option<Vec<u8>> {
                let scalar = Zeroizing::new(private_key(scalar)?.to_nonzero_scalar());
                let (signature, _) = match hash {
                    Hash::Sha1 => return None,
                    Hash::Sha256 => sign_prehashed_rfc6979::<Curve, Sha256>(&scalar, digest, &[]),
                    Hash::Sha384 => sign_prehashed_rfc6979::<Curve, Sha384>(&scalar, digest, &[]),
                    Hash::Sha512 => sign_prehashed_rfc6979::<Curve, Sha512>(&scalar, digest, &[]),
                };
                Some(signature.to_der().as_bytes().to_vec())
            }

            pub(super) fn verify(public: &[u8], digest: &[u8], signature: &[u8]) -> bool {
                let (Ok(public), Ok(signature)) =
                    (PublicKey::from_sec1_bytes(public), Signature::from_der(signature))
                else {
                    return false;
                };
                verify_prehashed(&public.to_projective(), digest, &signature).is_ok()
            }
        }
    };
}

prime_curve!(p256, NistP256);
prime_curve!(p384, NistP384);
