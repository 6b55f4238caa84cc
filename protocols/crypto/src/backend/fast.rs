//! AWS-LC: assembly for the common processors; needs a C compiler.

use std::sync::Arc;

use aws_lc_rs::aead::{
    AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey,
};
use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, UnparsedPublicKey, X25519};
use aws_lc_rs::{digest, signature};
use ecdsa::elliptic_curve::Curve as _;
use ecdsa::elliptic_curve::ops::{Invert, Reduce};
use rfc6979::KGenerator;
use sha2::digest::Digest;
use sha2::digest::block_api::BlockSizeUser;
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::Curve;
use crate::aead::Cipher;
use crate::hash::Hash;
use crate::secret::Secret;

/// An expanded key of an authenticated cipher.
#[derive(Clone)]
pub(crate) struct Aead(Arc<LessSafeKey>);

impl Aead {
    pub(crate) fn new(cipher: Cipher, secret: &[u8]) -> Option<Self> {
        let algorithm = match cipher {
            Cipher::Aes128Gcm => &AES_128_GCM,
            Cipher::Aes256Gcm => &AES_256_GCM,
            Cipher::ChaCha20Poly1305 => &CHACHA20_POLY1305,
        };
        let key = UnboundKey::new(algorithm, secret).ok()?;
        Some(Self(Arc::new(LessSafeKey::new(key))))
    }

    #[inline]
    pub(crate) fn seal(&self, nonce: &[u8; 12], associated: &[u8], buffer: &mut [u8]) -> [u8; 16] {
        self.0
            .seal_in_place_separate_tag(Nonce::from(nonce), Aad::from(associated), buffer)
            .ok()
            .and_then(|tag| tag.as_ref().try_into().ok())
            .expect("a buffer is shorter than 64 GiB")
    }

    #[inline]
    pub(crate) fn open(
        &self,
        nonce: &[u8; 12],
        associated: &[u8],
        buffer: &mut [u8],
        tag: &[u8; 16],
    ) -> bool {
        self.0
            .open_in_place_separate_tag(Nonce::from(nonce), Aad::from(associated), tag, buffer)
            .is_ok()
    }
}

/// A private key of a curve. The library works out the public key of each that it is given, so it is
/// given each once.
#[derive(Clone)]
pub(crate) struct PrivateKey(Arc<agreement::PrivateKey>);

impl PrivateKey {
    /// `None` where `scalar` is no private key of the curve.
    pub(crate) fn new(curve: Curve, scalar: &[u8]) -> Option<Self> {
        let algorithm = match curve {
            Curve::X25519 => &X25519,
            Curve::P256 => &ECDH_P256,
            Curve::P384 => &ECDH_P384,
        };
        let key = agreement::PrivateKey::from_private_key(algorithm, scalar).ok()?;
        Some(Self(Arc::new(key)))
    }

    /// Its public key: 32 bytes for X25519, else the uncompressed point (SEC 1 section 2.3.3).
    pub(crate) fn public_key(&self) -> Option<Vec<u8>> {
        let public = self.0.compute_public_key().ok()?;
        Some(public.as_ref().to_vec())
    }

    /// The secret shared with the holder of `public`; `None` where `public` is no point of the curve
    /// or the result would be known to everybody (RFC 7748 section 6.1).
    pub(crate) fn agree(&self, public: &[u8]) -> Option<Secret> {
        let public = UnparsedPublicKey::new(self.0.algorithm(), public);
        agreement::agree(&self.0, public, (), |secret| Ok(Secret::new(secret))).ok()
    }
}

/// An ECDSA signature in DER over `digest`, with the nonce of RFC 6979. The library takes no nonce,
/// so its multiplication on the curve is joined with the arithmetic of the portable one.
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
    hash: Hash,
    digest: &[u8],
    signature: &[u8],
) -> bool {
    let algorithm = match (curve, hash) {
        (Curve::P256, Hash::Sha256) => &signature::ECDSA_P256_SHA256_ASN1,
        (Curve::P256, Hash::Sha384) => &signature::ECDSA_P256_SHA384_ASN1,
        (Curve::P256, Hash::Sha512) => &signature::ECDSA_P256_SHA512_ASN1,
        (Curve::P384, Hash::Sha256) => &signature::ECDSA_P384_SHA256_ASN1,
        (Curve::P384, Hash::Sha384) => &signature::ECDSA_P384_SHA384_ASN1,
        (Curve::P384, Hash::Sha512) => &signature::ECDSA_P384_SHA512_ASN1,
        _ => return false,
    };
    let hash = match hash {
        Hash::Sha1 => return false,
        Hash::Sha256 => &digest::SHA256,
        Hash::Sha384 => &digest::SHA384,
        Hash::Sha512 => &digest::SHA512,
    };
    digest::Digest::import_less_safe(digest, hash).is_ok_and(|digest| {
        signature::UnparsedPublicKey::new(algorithm, public)
            .verify_digest(&digest, signature)
            .is_ok()
    })
}

macro_rules! signing {
    ($library:ident, $curve:ident, $point:expr) => {
        mod $library {
            use ::$library::ecdsa::Signature;
            use ::$library::elliptic_curve::ff::PrimeField;
            use ::$library::{FieldBytes, NonZeroScalar, Scalar, SecretKey, $curve};

            use super::*;

            pub(super) fn sign(scalar: &[u8], hash: Hash, digest: &[u8]) -> Option<Vec<u8>> {
                let key = Zeroizing::new(
                    SecretKey::from_bytes(scalar.try_into().ok()?).ok()?.to_nonzero_scalar(),
                );
                match hash {
                    Hash::Sha1 => None,
                    Hash::Sha256 => sign_with::<Sha256>(&key, digest),
                    Hash::Sha384 => sign_with::<Sha384>(&key, digest),
                    Hash::Sha512 => sign_with::<Sha512>(&key, digest),
                }
            }

            /// SEC 1 section 4.1.3 with the nonces of RFC 6979 section 3.2.
            fn sign_with<D>(key: &NonZeroScalar, digest: &[u8]) -> Option<Vec<u8>>
            where
                D: Digest + BlockSizeUser,
            {
                let secret = Zeroizing::new(key.to_repr());
                let message = number(digest);
                let order = $curve::ORDER;
                let mut nonces = KGenerator::<D, _>::new(&secret, digest, &[], order.as_ref());
                // A nonce that gives no signature comes up less than once in 2^255 times.
                loop {
                    let mut bytes = Zeroizing::new(FieldBytes::default());
                    nonces.fill_next_k(&mut bytes);
                    let point = PrivateKey::new($point, &bytes)?.public_key()?;
                    let nonce = Zeroizing::new(NonZeroScalar::from_repr(*bytes).into_option()?);
                    // The x coordinate of an uncompressed point stands after its first byte.
                    let r = number(point.get(1..=bytes.len())?);
                    let s = *nonce.invert() * (message + r * key.as_ref());
                    if let Ok(signature) = Signature::from_scalars(r, s) {
                        return Some(signature.to_der().as_bytes().to_vec());
                    }
                }
            }

            /// The leftmost bytes of `bytes`, as many as the order has, as a number modulo it.
            fn number(bytes: &[u8]) -> Scalar {
                let mut field = FieldBytes::default();
                let blank = field.len().saturating_sub(bytes.len());
                for (place, byte) in field.iter_mut().skip(blank).zip(bytes) {
                    *place = *byte;
                }
                Scalar::reduce(&field)
            }
        }
    };
}

signing!(p256, NistP256, Curve::P256);
signing!(p384, NistP384, Curve::P384);
