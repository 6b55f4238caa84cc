//! Keys that sign.

use core::fmt;

use ed25519_dalek::Signer;
use icelab_sans_io::Rng;
use thiserror::Error;
use zeroize::Zeroizing;

use super::public_key::PublicKey;
use super::{KeyKind, Scheme};
use crate::backend::{self, Curve};
use crate::hash::Hash;

/// A private key with its public one.
#[derive(Clone)]
pub struct SigningKey {
    private: Private,
    public: PublicKey,
}

#[derive(Clone)]
enum Private {
    Ecdsa { curve: Curve, scalar: Zeroizing<Vec<u8>> },
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

impl SigningKey {
    /// A key out of the bytes of `rng`.
    ///
    /// # Errors
    ///
    /// For RSA, whose keys are not made here.
    pub fn generate(kind: KeyKind, rng: &mut Rng) -> Result<Self, Unsupported> {
        let length = match kind {
            KeyKind::P256 | KeyKind::Ed25519 => 32,
            KeyKind::P384 => 48,
            KeyKind::Rsa => return Err(Unsupported),
        };
        // Bytes that are no private key come up less than once in 2^32 times.
        loop {
            let mut bytes = Zeroizing::new(vec![0; length]);
            rng.fill(&mut bytes);
            if let Some(key) = Self::from_bytes(kind, &bytes) {
                return Ok(key);
            }
        }
    }

    /// The key of these bytes: a scalar, the highest byte first (SEC 1 section 2.3.7), or the seed
    /// of Ed25519. `None` where they are none, and for RSA.
    #[must_use]
    pub fn from_bytes(kind: KeyKind, bytes: &[u8]) -> Option<Self> {
        match kind {
            KeyKind::P256 => Self::on(Curve::P256, bytes),
            KeyKind::P384 => Self::on(Curve::P384, bytes),
            KeyKind::Ed25519 => {
                let private = ed25519_dalek::SigningKey::try_from(bytes).ok()?;
                let public = PublicKey::ed25519(private.verifying_key());
                Some(Self { private: Private::Ed25519(Box::new(private)), public })
            }
            KeyKind::Rsa => None,
        }
    }

    fn on(curve: Curve, scalar: &[u8]) -> Option<Self> {
        let public = backend::PrivateKey::new(curve, scalar)?.public_key()?;
        let public = PublicKey::point(curve, public)?;
        let private = Private::Ecdsa { curve, scalar: Zeroizing::new(scalar.to_vec()) };
        Some(Self { private, public })
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.public.kind()
    }

    /// The key that verifies what this one signs.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The scheme of TLS 1.3 for keys of this kind (RFC 8446 section 4.2.3).
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        match &self.private {
            Private::Ecdsa { curve: Curve::P384, .. } => Scheme::Ecdsa(Hash::Sha384),
            Private::Ecdsa { .. } => Scheme::Ecdsa(Hash::Sha256),
            Private::Ed25519(_) => Scheme::Ed25519,
        }
    }

    /// The signature over `pieces` in a row. The same key, scheme and message give the same bytes
    /// (RFC 6979).
    ///
    /// # Errors
    ///
    /// When a key of this kind does not sign by `scheme`, or it rests on SHA-1.
    pub fn sign(&self, scheme: Scheme, pieces: &[&[u8]]) -> Result<Vec<u8>, Unsupported> {
        match (&self.private, scheme) {
            (Private::Ecdsa { curve, scalar }, Scheme::Ecdsa(hash)) if hash != Hash::Sha1 => {
                backend::sign(*curve, scalar, hash, &hash.digest(pieces)).ok_or(Unsupported)
            }
            (Private::Ed25519(key), Scheme::Ed25519) => {
                Ok(key.sign(&pieces.concat()).to_bytes().to_vec())
            }
            _ => Err(Unsupported),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(&self.kind()).finish()
    }
}

/// The key cannot do that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a key of this kind does not sign so")]
pub struct Unsupported;
