//! Masks for the numbers of DTLS 1.3 records (RFC 9147 section 4.2.3).

use core::fmt;

use chacha20::cipher::array::Array;
use chacha20::cipher::{KeyIvInit, StreamCipherCore};
use chacha20::variants::Ietf;
use chacha20::{ChaChaCore, R20};
use zeroize::{Zeroize, Zeroizing};

use crate::aead::{Cipher, KeyLength};
use crate::aes::AesKey;

/// A key that turns samples of ciphertext into masks.
#[derive(Clone)]
pub struct MaskKey(Key);

#[derive(Clone)]
enum Key {
    Aes(Box<AesKey>),
    ChaCha20(Zeroizing<[u8; 32]>),
}

impl MaskKey {
    /// The key made of `secret` for records that `cipher` protects.
    ///
    /// # Errors
    ///
    /// When `secret` is not [as long as the cipher's keys are](Cipher::key_length).
    pub fn new(cipher: Cipher, secret: &[u8]) -> Result<Self, KeyLength> {
        if secret.len() != cipher.key_length() {
            return Err(KeyLength);
        }
        Ok(Self(match cipher {
            Cipher::Aes128Gcm | Cipher::Aes256Gcm => Key::Aes(Box::new(AesKey::new(secret)?)),
            Cipher::ChaCha20Poly1305 => {
                Key::ChaCha20(Zeroizing::new(secret.try_into().map_err(|_| KeyLength)?))
            }
        }))
    }

    /// The mask for a record whose ciphertext begins with `sample`.
    #[must_use]
    pub fn mask(&self, sample: &[u8; 16]) -> [u8; 16] {
        match &self.0 {
            Key::Aes(key) => {
                let mut mask = *sample;
                key.encrypt_block(&mut mask);
                mask
            }
            Key::ChaCha20(secret) => {
                let [a, b, c, d, nonce @ ..] = *sample;
                let counter = u32::from_le_bytes([a, b, c, d]);
                chacha20_block(secret, counter, &nonce)
            }
        }
    }
}

impl fmt::Debug for MaskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MaskKey(..)")
    }
}

/// The first bytes of `ChaCha20`'s block number `counter` (RFC 8439 section 2.3).
fn chacha20_block(secret: &[u8; 32], counter: u32, nonce: &[u8; 12]) -> [u8; 16] {
    let mut core = ChaChaCore::<R20, Ietf>::new(secret.into(), nonce.into());
    core.set_block_pos(counter);
    // Not through the cipher around it: that one refuses the last block.
    let mut block = Array::default();
    core.write_keystream_block(&mut block);
    let mask = block.first_chunk().copied().expect("a block has 64 bytes");
    block.zeroize();
    mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hex;

    // RFC 8439 section 2.3.2: the block is the first one of counter 1.
    #[test]
    fn the_published_block_of_chacha20() {
        let secret: [u8; 32] = core::array::from_fn(|index| u8::try_from(index).unwrap());
        let sample = hex("01000000 000000090000004a00000000").try_into().unwrap();
        let key = MaskKey::new(Cipher::ChaCha20Poly1305, &secret).unwrap();
        assert_eq!(key.mask(&sample).as_slice(), hex("10f1e7e4d13b5915500fdd1fa32071c4"));
    }

    #[test]
    fn the_last_counter_has_a_block_too() {
        let key = MaskKey::new(Cipher::ChaCha20Poly1305, &[1; 32]).unwrap();
        assert_ne!(key.mask(&[0xFF; 16]), [0; 16]);
    }

    // FIPS 197 appendix C.1.
    #[test]
    fn the_mask_of_aes_is_the_encrypted_sample() {
        let secret: Vec<u8> = (0..16).collect();
        let key = MaskKey::new(Cipher::Aes128Gcm, &secret).unwrap();
        let sample = hex("00112233445566778899aabbccddeeff").try_into().unwrap();
        assert_eq!(key.mask(&sample).as_slice(), hex("69c4e0d86a7b0430d8cdb78070b4c55a"));
        assert!(MaskKey::new(Cipher::Aes256Gcm, &secret).is_err());
        assert!(MaskKey::new(Cipher::ChaCha20Poly1305, &secret).is_err());
    }
}
