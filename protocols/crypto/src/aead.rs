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
