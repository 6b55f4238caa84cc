//! Agreement on a secret over an open line: one side offers a share, the other answers with one.
//! Who offers is the protocol's affair: the client in TLS 1.3, the server in TLS 1.2.

mod ml_kem;

use core::fmt;

use icelab_sans_io::Rng;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::backend::{self, Curve};
use crate::secret::Secret;

/// A way to agree (TLS's "named group").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// RFC 7748; shares and secret of 32 bytes.
    X25519,
    /// NIST P-256; shares are uncompressed points of 65 bytes, the secret has 32.
    P256,
    /// NIST P-384; shares are uncompressed points of 97 bytes, the secret has 48.
    P384,
    /// ML-KEM-768 (FIPS 203) and X25519 side by side, in this order (draft-ietf-tls-ecdhe-mlkem
    /// section 4): an offer of 1216 bytes, an answer of 1120, a secret of 64. Secret as long as
    /// one of the two is.
    X25519MlKem768,
}

impl Group {
    /// Length of an offered share in bytes.
    #[must_use]
    pub const fn offer_length(self) -> usize {
        match self {
            Self::X25519 => 32,
            Self::P256 => 65,
            Self::P384 => 97,
            Self::X25519MlKem768 => ml_kem::OFFER_LENGTH + 32,
        }
    }

    /// Length of an answered share in bytes.
    #[must_use]
    pub const fn answer_length(self) -> usize {
        match self {
            Self::X25519 | Self::P256 | Self::P384 => self.offer_length(),
            Self::X25519MlKem768 => ml_kem::ANSWER_LENGTH + 32,
        }
    }
}

/// A fresh private key, and the share that belongs to it. For one agreement.
#[derive(Clone)]
pub struct Offer {
    group: Group,
    share: Vec<u8>,
    private: Private,
}

#[derive(Clone)]
enum Private {
    Curve(Scalar),
    Hybrid { ml_kem: Box<ml_kem::Private>, x25519: Scalar },
}

impl Offer {
    /// An offer out of the bytes of `rng`.
    #[must_use]
    pub fn new(group: Group, rng: &mut Rng) -> Self {
        let (private, share) = match group {
            Group::X25519 => Self::on(Curve::X25519, rng),
            Group::P256 => Self::on(Curve::P256, rng),
            Group::P384 => Self::on(Curve::P384, rng),
            Group::X25519MlKem768 => {
                let (ml_kem, mut share) = ml_kem::Private::new(rng);
                let (x25519, public) = Scalar::new(Curve::X25519, rng);
                share.extend_from_slice(&public);
                (Private::Hybrid { ml_kem: Box::new(ml_kem), x25519 }, share)
            }
        };
        Self { group, share, private }
    }

    fn on(curve: Curve, rng: &mut Rng) -> (Private, Vec<u8>) {
        let (scalar, public) = Scalar::new(curve, rng);
        (Private::Curve(scalar), public)
    }

    /// The group it is of.
    #[must_use]
    pub fn group(&self) -> Group {
        self.group
    }

    /// What the other side is to be told.
    #[must_use]
    pub fn share(&self) -> &[u8] {
        &self.share
    }

    /// The secret shared with the side that answered with `answer`.
    ///
    /// # Errors
    ///
    /// When `answer` has the wrong length, is no point of the curve, or leads to a secret that
    /// everybody knows.
    pub fn agree(&self, answer: &[u8]) -> Result<Secret, InvalidShare> {
        if answer.len() != self.group.answer_length() {
            return Err(InvalidShare);
        }
        match &self.private {
            Private::Curve(scalar) => scalar.agree(answer),
            Private::Hybrid { ml_kem, x25519 } => {
                let (capsule, public) =
                    answer.split_at_checked(ml_kem::ANSWER_LENGTH).ok_or(InvalidShare)?;
                Ok(join(&ml_kem.open(capsule)?, &x25519.agree(public)?))
            }
        }
    }
}

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Offer").field(&self.group).finish()
    }
}

/// Answers `offer`, a share of `group`: the share that the other side is to be told, and the
/// secret.
///
/// # Errors
///
/// When `offer` has the wrong length, is no key of the group, or leads to a secret that everybody
/// knows.
pub fn answer(
    group: Group,
    offer: &[u8],
    rng: &mut Rng,
) -> Result<(Vec<u8>, Secret), InvalidShare> {
    if offer.len() != group.offer_length() {
        return Err(InvalidShare);
    }
    let on = |curve, rng: &mut Rng| {
        let (scalar, share) = Scalar::new(curve, rng);
        Ok((share, scalar.agree(offer)?))
    };
    match group {
        Group::X25519 => on(Curve::X25519, rng),
        Group::P256 => on(Curve::P256, rng),
        Group::P384 => on(Curve::P384, rng),
        Group::X25519MlKem768 => {
            let (key, public) = offer.split_at_checked(ml_kem::OFFER_LENGTH).ok_or(InvalidShare)?;
            let (mut share, post_quantum) = ml_kem::seal(key, rng)?;
            let (scalar, ours) = Scalar::new(Curve::X25519, rng);
            share.extend_from_slice(&ours);
            Ok((share, join(&post_quantum, &scalar.agree(public)?)))
        }
    }
}

/// A private key of a curve.
#[derive(Clone)]
struct Scalar {
    curve: Curve,
    key: backend::PrivateKey,
}

impl Scalar {
    /// A key out of the bytes of `rng`, and its public key. Draws again where the bytes are no
    /// private key, which happens less than once in 2^32 times.
    fn new(curve: Curve, rng: &mut Rng) -> (Self, Vec<u8>) {
        loop {
            let mut bytes = Zeroizing::new(vec![0; curve.scalar_length()]);
            rng.fill(&mut bytes);
            if let Some(key) = backend::PrivateKey::new(curve, &bytes)
                && let Some(public) = key.public_key()
            {
                return (Self { curve, key }, public);
            }
        }
    }

    fn agree(&self, public: &[u8]) -> Result<Secret, InvalidShare> {
        // RFC 8446 section 4.2.8.2: points are uncompressed.
        let is_well_formed = self.curve == Curve::X25519 || public.first() == Some(&4);
        is_well_formed.then(|| self.key.agree(public)).flatten().ok_or(InvalidShare)
    }
}

fn join(first: &Secret, second: &Secret) -> Secret {
    Secret::new([first.expose(), second.expose()].concat())
}

/// A share that nobody could have made by the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the key share is not valid")]
pub struct InvalidShare;

#[cfg(test)]
mod tests;
