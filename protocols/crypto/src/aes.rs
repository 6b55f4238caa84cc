//! AES without authentication (FIPS 197): counter mode for SRTP (RFC 3711 section 4.1.1), single
//! blocks for the numbers of records (RFC 9147 section 4.2.3).

use core::fmt;

use aes::cipher::array::Array;
use aes::cipher::consts::U16;
use aes::cipher::{BlockCipherEncrypt, BlockSizeUser, InnerIvInit, KeyInit, StreamCipherCore};
use aes::{Aes128, Aes192, Aes256};
use ctr::{CtrCore, flavors::Ctr128BE};

use crate::aead::KeyLength;

/// An AES key of 16, 24 or 32 bytes, expanded once.
#[derive(Clone)]
pub struct AesKey(Schedule);

#[derive(Clone)]
enum Schedule {
    Short(Aes128),
    Middle(Aes192),
    Long(Aes256),
}

impl AesKey {
    /// The key made of `secret`.
    ///
    /// # Errors
    ///
    /// When `secret` has none of the three lengths.
    pub fn new(secret: &[u8]) -> Result<Self, KeyLength> {
        let schedule = match secret.len() {
            16 => Aes128::new_from_slice(secret).map(Schedule::Short),
            24 => Aes192::new_from_slice(secret).map(Schedule::Middle),
            _ => Aes256::new_from_slice(secret).map(Schedule::Long),
        };
        schedule.map(Self).map_err(|_| KeyLength)
    }

    /// Encrypts one block where it lies.
    #[inline]
    pub fn encrypt_block(&self, block: &mut [u8; 16]) {
        let block: &mut Array<u8, _> = block.into();
        match &self.0 {
            Schedule::Short(aes) => aes.encrypt_block(block),
            Schedule::Middle(aes) => aes.encrypt_block(block),
            Schedule::Long(aes) => aes.encrypt_block(block),
        }
    }

    /// Encrypts or decrypts `buffer` where it lies in counter mode (NIST SP 800-38A section 6.5):
    /// the first block with `counter`, each later one with a counter higher by one, all of its 128
    /// bits counting.
    #[inline]
    pub fn apply_counter_mode(&self, counter: &[u8; 16], buffer: &mut [u8]) {
        match &self.0 {
            Schedule::Short(aes) => apply(aes, counter, buffer),
            Schedule::Middle(aes) => apply(aes, counter, buffer),
            Schedule::Long(aes) => apply(aes, counter, buffer),
        }
    }
}

#[inline]
fn apply<C>(aes: &C, counter: &[u8; 16], buffer: &mut [u8])
where
    C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>,
{
    CtrCore::<&C, Ctr128BE>::inner_iv_init(aes, counter.into())
        .apply_keystream_partial(buffer.into());
}

impl fmt::Debug for AesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AesKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hex;

    // FIPS 197 appendix C.
    #[test]
    fn the_published_blocks() {
        let secret: Vec<u8> = (0..32).collect();
        for (length, block) in [
            (16, "69c4e0d86a7b0430d8cdb78070b4c55a"),
            (24, "dda97ca4864cdfe06eaf70a0ec0d7191"),
            (32, "8ea2b7ca516745bfeafc49904b496089"),
        ] {
            let key = AesKey::new(&secret[..length]).unwrap();
            let mut text: [u8; 16] = hex("00112233445566778899aabbccddeeff").try_into().unwrap();
            key.encrypt_block(&mut text);
            assert_eq!(text.as_slice(), hex(block));
        }
    }

    // RFC 3711 appendix B.2: 1044512 bytes of keystream, the first and the last three blocks.
    #[test]
    fn the_published_keystream_of_srtp() {
        let key = AesKey::new(&hex("2B7E151628AED2A6ABF7158809CF4F3C")).unwrap();
        let counter = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000").try_into().unwrap();
        let mut stream = vec![0; 1_044_512];
        key.apply_counter_mode(&counter, &mut stream);
        let first = "E03EAD0935C95E80E166B16DD92B4EB4
                     D23513162B02D0F72A43A2FE4A5F97AB
                     41E95B3BB0A2E8DD477901E4FCA894C0";
        let last = "EC8CDF7398607CB0F2D21675EA9EA1E4
                    362B7C3C6773516318A077D7FC5073AE
                    6A2CC3787889374FBEB4C81B17BA6C44";
        assert_eq!(stream[..48], hex(first));
        assert_eq!(stream[stream.len() - 48..], hex(last));
    }

    #[test]
    fn every_length_is_the_start_of_the_same_keystream() {
        for length in [16, 24, 32] {
            let key = AesKey::new(&[7; 32][..length]).unwrap();
            // Ends after two blocks, so that the whole counter has to turn over.
            let counter = [0xFF; 16];
            let mut whole = [0; 300];
            key.apply_counter_mode(&counter, &mut whole);
            let mut second = [0; 16];
            key.encrypt_block(&mut second);
            assert_eq!(whole[16..32], second);
            for length in 0..300 {
                let mut part = vec![0; length];
                key.apply_counter_mode(&counter, &mut part);
                assert_eq!(part, whole[..length]);
            }
        }
    }

    #[test]
    fn other_lengths_of_keys_are_refused() {
        for length in [0, 15, 17, 31, 33] {
            assert_eq!(AesKey::new(&[0; 64][..length]).unwrap_err(), KeyLength);
        }
    }
}
