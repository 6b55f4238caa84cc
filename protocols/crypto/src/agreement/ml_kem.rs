//! ML-KEM-768 (FIPS 203): one side publishes a key, the other seals a secret into a capsule for it.

use icelab_sans_io::Rng;
use ml_kem::kem::{Decapsulate, KeyExport};
use ml_kem::{B32, DecapsulationKey, EncapsulationKey, MlKem768, Seed};
use zeroize::Zeroizing;

use super::InvalidShare;
use crate::secret::Secret;

/// A key that opens capsules.
#[derive(Clone)]
pub(super) struct Private(DecapsulationKey<MlKem768>);

impl Private {
    /// A key out of the bytes of `rng`, and its public key.
    pub(super) fn new(rng: &mut Rng) -> (Self, Vec<u8>) {
        let mut seed = Zeroizing::new([0; 64]);
        rng.fill(seed.as_mut_slice());
        Self::from_seed(&seed)
    }

    pub(super) fn from_seed(seed: &[u8; 64]) -> (Self, Vec<u8>) {
        let key = DecapsulationKey::from_seed(Seed::from(*seed));
        let public = key.encapsulation_key().to_bytes().to_vec();
        (Self(key), public)
    }

    /// The secret in `capsule`. A capsule that was not made for this key gives one that nobody
    /// else knows.
    pub(super) fn open(&self, capsule: &[u8]) -> Result<Secret, InvalidShare> {
        let secret = self.0.decapsulate_slice(capsule).map_err(|_| InvalidShare)?;
        let secret = Zeroizing::new(<[u8; 32]>::from(secret));
        Ok(Secret::new(secret.as_slice()))
    }
}

/// A capsule for the holder of `public`, and the secret in it.
pub(super) fn seal(public: &[u8], rng: &mut Rng) -> Result<(Vec<u8>, Secret), InvalidShare> {
    let mut message = Zeroizing::new([0; 32]);
    rng.fill(message.as_mut_slice());
    seal_message(public, &message)
}

fn seal_message(public: &[u8], message: &[u8; 32]) -> Result<(Vec<u8>, Secret), InvalidShare> {
    let public = public.try_into().map_err(|_| InvalidShare)?;
    // FIPS 203 section 7.2: coefficients that are not reduced are refused.
    let public = EncapsulationKey::<MlKem768>::new(public).map_err(|_| InvalidShare)?;
    let (capsule, secret) = public.encapsulate_deterministic(&B32::from(*message));
    let secret = Zeroizing::new(<[u8; 32]>::from(secret));
    Ok((capsule.to_vec(), Secret::new(secret.as_slice())))
}

/// Length of a public key in bytes.
pub(super) const OFFER_LENGTH: usize = 1184;
/// Length of a capsule in bytes.
pub(super) const ANSWER_LENGTH: usize = 1088;
