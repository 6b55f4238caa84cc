//! Verification of RSA signatures (RFC 8017): a power modulo a public number, and a look at the
//! padding. Nothing here is secret.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use der::asn1::UintRef;
use der::{Reader, SliceReader};

use super::public_key::UnknownKey;
use crate::asn1;
use crate::hash::Hash;

/// A modulus of 2048 to 8192 bits and an odd exponent of up to 32.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RsaKey {
    /// Without leading zeros.
    modulus: Vec<u8>,
    exponent: u32,
}

impl RsaKey {
    /// The key in an `RSAPublicKey` in DER (RFC 8017 appendix A.1.1).
    pub(super) fn from_der(bytes: &[u8]) -> Result<Self, UnknownKey> {
        let (modulus, exponent) = read(bytes).map_err(|_| UnknownKey::Malformed)?;
        let is_odd =
            |number: &UintRef<'_>| number.as_bytes().last().is_some_and(|byte| byte & 1 == 1);
        if !is_odd(&modulus) || !is_odd(&exponent) {
            return Err(UnknownKey::Malformed);
        }
        let modulus = modulus.as_bytes().to_vec();
        let exponent = exponent
            .as_bytes()
            .iter()
            .try_fold(0_u32, |number, byte| Some(number.checked_mul(256)? | u32::from(*byte)));
        let key = Self { modulus, exponent: exponent.ok_or(UnknownKey::Unsupported)? };
        if key.exponent >= 3 && (2048..=8192).contains(&key.bits()) {
            Ok(key)
        } else {
            Err(UnknownKey::Unsupported)
        }
    }

    /// The key as an `RSAPublicKey` in DER.
    pub(super) fn to_der(&self) -> Vec<u8> {
        let exponent = asn1::integer(&self.exponent.to_be_bytes());
        asn1::sequence(&[&asn1::integer(&self.modulus), &exponent])
    }

    /// RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2.2): the padded digest is built, not parsed.
    pub(super) fn verify_pkcs1(&self, hash: Hash, digest: &[u8], signature: &[u8]) -> bool {
        let info: &[u8] = match hash {
            Hash::Sha1 => return false,
            Hash::Sha256 => &SHA256_INFO,
            Hash::Sha384 => &SHA384_INFO,
            Hash::Sha512 => &SHA512_INFO,
        };
        let padding = vec![0xFF; self.modulus.len() - info.len() - digest.len() - 3];
        let expected = [&[0, 1], padding.as_slice(), &[0], info, digest].concat();
        self.open(signature).is_some_and(|message| message == expected)
    }

    /// RSASSA-PSS (RFC 8017 sections 8.1.2 and 9.1.2) with MGF1 of the same hash and a salt as long
    /// as a digest.
    pub(super) fn verify_pss(&self, hash: Hash, digest: &[u8], signature: &[u8]) -> bool {
        let Some(message) = self.open(signature) else { return false };
        // The message is one bit shorter than the modulus.
        let spare = (self.modulus.len() * 8 + 1 - self.bits()) % 8;
        let message = if spare == 0 {
            match message.split_first() {
                Some((0, rest)) => rest,
                _ => return false,
            }
        } else {
            &message
        };
        let Some((rest, [0xBC])) = message.split_last_chunk::<1>() else { return false };
        let Some((masked, seed)) =
            rest.len().checked_sub(hash.length()).and_then(|at| rest.split_at_checked(at))
        else {
            return false;
        };
        let mask_of_spare = 0xFF_u8 >> spare;
        if masked.first().is_none_or(|first| first & !mask_of_spare != 0) {
            return false;
        }
        let mut block: Vec<u8> =
            masked.iter().zip(mgf1(hash, seed, masked.len())).map(|(a, b)| a ^ b).collect();
        if let Some(first) = block.first_mut() {
            *first &= mask_of_spare;
        }
        let Some((padding, salt)) =
            block.len().checked_sub(hash.length()).and_then(|at| block.split_at_checked(at))
        else {
            return false;
        };
        let is_padded = padding
            .split_last()
            .is_some_and(|(last, zeros)| *last == 1 && zeros.iter().all(|byte| *byte == 0));
        is_padded && *hash.digest(&[&[0; 8], digest, salt]) == *seed
    }

    /// RSAVP1 (RFC 8017 section 5.2.2): the message in `signature`, as long as the modulus.
    fn open(&self, signature: &[u8]) -> Option<Vec<u8>> {
        if signature.len() != self.modulus.len() || signature >= self.modulus.as_slice() {
            return None;
        }
        let modulus = BoxedUint::from_be_slice_vartime(&self.modulus);
        let precision = modulus.bits_precision();
        let modulus = Odd::new(modulus).into_option()?;
        let signature = BoxedUint::from_be_slice(signature, precision).ok()?;
        let exponent = BoxedUint::from(self.exponent);
        let bits = u32::BITS - self.exponent.leading_zeros();
        let parameters = BoxedMontyParams::new_vartime(modulus);
        let message = BoxedMontyForm::new(signature, &parameters)
            .pow_bounded_exp(&exponent, bits)
            .retrieve()
            .to_be_bytes();
        let zeros = message.len().checked_sub(self.modulus.len())?;
        Some(message.get(zeros..)?.to_vec())
    }

    /// Length of the modulus in bits.
    fn bits(&self) -> usize {
        let zeros = self.modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
        self.modulus.len() * 8 - zeros
    }
}

fn read(bytes: &[u8]) -> der::Result<(UintRef<'_>, UintRef<'_>)> {
    let mut reader = SliceReader::new(bytes)?;
    let pair =
        reader.sequence(|reader| Ok::<_, der::Error>((reader.decode()?, reader.decode()?)))?;
    reader.finish()?;
    Ok(pair)
}

/// MGF1 (RFC 8017 appendix B.2.1).
fn mgf1(hash: Hash, seed: &[u8], length: usize) -> Vec<u8> {
    let mut mask = Vec::with_capacity(length + hash.length());
    for counter in 0_u32.. {
        if mask.len() >= length {
            break;
        }
        mask.extend_from_slice(&hash.digest(&[seed, &counter.to_be_bytes()]));
    }
    mask.truncate(length);
    mask
}

// What stands before a digest (RFC 8017 section 9.2, note 1).
const SHA256_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];
const SHA384_INFO: [u8; 19] = [
    0x30, 0x41, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05,
    0x00, 0x04, 0x30,
];
const SHA512_INFO: [u8; 19] = [
    0x30, 0x51, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05,
    0x00, 0x04, 0x40,
];
