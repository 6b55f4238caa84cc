//! Authenticated encryption in place, with keys that are set up once (RFC 5116).

use core::fmt;

use thiserror::Error;

use crate::backend;

/// An authenticated cipher with a nonce of 12 bytes and a tag of 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cipher {
    /// AES in Galois/counter mode (NIST SP 800-38D), a key of 16 bytes.
    Aes128Gcm,
    /// The same with a key of 32 bytes.
    Aes256Gcm,
    /// RFC 8439 section 2.8; a key of 32 bytes.
    ChaCha20Poly1305,
}

impl Cipher {
    /// Length of its key in bytes.
    #[must_use]
    pub const fn key_length(self) -> usize {
        match self {
            Self::Aes128Gcm => 16,
            Self::Aes256Gcm | Self::ChaCha20Poly1305 => 32,
        }
    }
}

/// A key of an authenticated cipher, expanded once.
#[derive(Clone)]
pub struct AeadKey {
    cipher: Cipher,
    key: backend::Aead,
}

impl AeadKey {
    /// The key of `cipher` made of `secret`.
    ///
    /// # Errors
    ///
    /// When `secret` is not [as long as the cipher's keys are](Cipher::key_length).
    pub fn new(cipher: Cipher, secret: &[u8]) -> Result<Self, KeyLength> {
        let key = backend::Aead::new(cipher, secret).ok_or(KeyLength)?;
        Ok(Self { cipher, key })
    }

    /// The cipher it is for.
    #[must_use]
    pub fn cipher(&self) -> Cipher {
        self.cipher
    }

    /// Encrypts `buffer` where it lies and gives the tag over it and `associated`. A nonce must
    /// never be used twice with the same key.
    #[must_use]
    #[inline]
    pub fn seal_in_place(
        &self,
        nonce: &[u8; NONCE_LENGTH],
        associated: &[u8],
        buffer: &mut [u8],
    ) -> [u8; TAG_LENGTH] {
        self.key.seal(nonce, associated, buffer)
    }

    /// Decrypts `buffer` where it lies, if `tag` is right.
    ///
    /// # Errors
    ///
    /// When the tag does not belong to key, nonce, associated data and buffer. What the buffer
    /// holds is then unspecified.
    #[inline]
    pub fn open_in_place(
        &self,
        nonce: &[u8; NONCE_LENGTH],
        associated: &[u8],
        buffer: &mut [u8],
        tag: &[u8; TAG_LENGTH],
    ) -> Result<(), Forged> {
        if self.key.open(nonce, associated, buffer, tag) { Ok(()) } else { Err(Forged) }
    }
}

impl fmt::Debug for AeadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AeadKey").field(&self.cipher).finish()
    }
}

/// The data are not what the holder of the key sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the tag does not fit the data")]
pub struct Forged;

/// A secret is not as long as the cipher's keys are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the key has the wrong length")]
pub struct KeyLength;

/// Length of a nonce in bytes, of every cipher here.
pub const NONCE_LENGTH: usize = 12;
/// Length of a tag in bytes, of every cipher here.
pub const TAG_LENGTH: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hex;

    /// Cases 1, 4, 13 and 16 of "The Galois/Counter Mode of Operation" (McGrew and Viega, appendix
    /// B), which NIST took over; RFC 8439 section 2.8.2.
    #[test]
    fn the_published_seals_both_ways() {
        let short = "feffe9928665731c6d6a8f9467308308";
        let long = [short, short].concat();
        let text = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
                    1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
        let associated = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
        let nonce = "cafebabefacedbaddecaf888";
        let (zero, zeros) = ("00".repeat(16), "00".repeat(32));
        check(
            Cipher::Aes128Gcm,
            [&zero, &zeros[..24], "", "", "", "58e2fccefa7e3061367f1d57a4e7455a"],
        );
        check(
            Cipher::Aes256Gcm,
            [&zeros, &zeros[..24], "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"],
        );
        let sealed = "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e
                      21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091";
        let tag = "5bc94fbc3221a5db94fae95ae7121a47";
        check(Cipher::Aes128Gcm, [short, nonce, associated, text, sealed, tag]);
        let sealed = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa
                      8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662";
        let tag = "76fc6ece0f4e1768cddf8853bb2d551b";
        check(Cipher::Aes256Gcm, [&long, nonce, associated, text, sealed, tag]);
        let secret: String = (0x80..0xA0).map(|byte| format!("{byte:02x}")).collect();
        let text: String = "Ladies and Gentlemen of the class of '99: If I could offer you only \
                            one tip for the future, sunscreen would be it."
            .bytes()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let sealed = "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6
                      3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36
                      92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc
                      3ff4def08e4b7a9de576d26586cec64b6116";
        let case = [
            secret.as_str(),
            "070000004041424344454647",
            "50515253c0c1c2c3c4c5c6c7",
            &text,
            sealed,
            "1ae10b594f09e26a7e902ecbd0600691",
        ];
        check(Cipher::ChaCha20Poly1305, case);
    }

    fn check(cipher: Cipher, case: [&str; 6]) {
        let [secret, nonce, associated, text, sealed, tag] = case.map(hex);
        let key = AeadKey::new(cipher, &secret).unwrap();
        let nonce = nonce.try_into().unwrap();
        let mut buffer = text.clone();
        let made = key.seal_in_place(&nonce, &associated, &mut buffer);
        assert_eq!(buffer, sealed);
        assert_eq!(made.as_slice(), tag);
        key.open_in_place(&nonce, &associated, &mut buffer, &made).unwrap();
        assert_eq!(buffer, text);
    }

    #[test]
    fn a_change_of_any_part_is_noticed() {
        for cipher in [Cipher::Aes128Gcm, Cipher::Aes256Gcm, Cipher::ChaCha20Poly1305] {
            let key = AeadKey::new(cipher, &[7; 32][..cipher.key_length()]).unwrap();
            let (nonce, associated, text) = ([1; 12], *b"header", [2; 33]);
            let mut sealed = text;
            let tag = key.seal_in_place(&nonce, &associated, &mut sealed);
            let open = |nonce: [u8; 12], associated: &[u8], buffer: &[u8], tag: [u8; 16]| {
                key.open_in_place(&nonce, associated, &mut buffer.to_vec(), &tag)
            };
            assert_eq!(open(nonce, &associated, &sealed, tag), Ok(()));
            for at in 0..33 {
                let mut bytes = sealed;
                bytes[at] ^= 1;
                assert_eq!(open(nonce, &associated, &bytes, tag), Err(Forged));
                assert_eq!(open(nonce, &associated, &sealed[..at], tag), Err(Forged));
            }
            for at in 0..16 {
                let mut bytes = tag;
                bytes[at] ^= 0x80;
                assert_eq!(open(nonce, &associated, &sealed, bytes), Err(Forged));
            }
            let mut other = nonce;
            other[11] ^= 1;
            assert_eq!(open(other, &associated, &sealed, tag), Err(Forged));
            assert_eq!(open(nonce, b"headex", &sealed, tag), Err(Forged));
            assert_eq!(open(nonce, b"heade", &sealed, tag), Err(Forged));
        }
    }

    #[test]
    fn keys_have_the_length_of_their_cipher() {
        for (cipher, length) in
            [(Cipher::Aes128Gcm, 16), (Cipher::Aes256Gcm, 32), (Cipher::ChaCha20Poly1305, 32)]
        {
            assert_eq!(cipher.key_length(), length);
            for wrong in [0, 15, 17, 24, 31, 33, 48 - length] {
                assert_eq!(AeadKey::new(cipher, &[0; 48][..wrong]).unwrap_err(), KeyLength);
            }
        }
    }
}
