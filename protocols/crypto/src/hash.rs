//! Hashes chosen while running: what a cipher suite, a signature or a fingerprint names.

use core::fmt;
use core::ops::Deref;

use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use zeroize::Zeroize;

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hash {
    /// RFC 3174. Only for fingerprints and for SRTP's and STUN's HMAC.
    Sha1,
    /// RFC 6234.
    Sha256,
    /// RFC 6234.
    Sha384,
    /// RFC 6234.
    Sha512,
}

impl Hash {
    /// Length of a digest in bytes.
    #[must_use]
    pub const fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The digest of `pieces` in a row.
    #[must_use]
    pub fn digest(self, pieces: &[&[u8]]) -> Digest {
        match self {
            Self::Sha1 => Digest::new(&crate::sha1(pieces)),
            Self::Sha256 => Digest::new(&crate::sha256(pieces)),
            Self::Sha384 => Digest::new(&crate::sha384(pieces)),
            Self::Sha512 => Digest::new(&crate::sha512(pieces)),
        }
    }
}

/// What a hash, an HMAC or HKDF-Extract gives: 20 to 64 bytes. It may be a key, so it is wiped when
/// it is dropped, compared in constant time, and not shown.
#[derive(Clone)]
pub struct Digest {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Digest {
    /// A digest of these bytes; what goes beyond 64 is left out.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut digest = Self { bytes: [0; LONGEST], length: bytes.len().min(LONGEST) };
        for (place, byte) in digest.bytes.iter_mut().zip(bytes) {
            *place = *byte;
        }
        digest
    }

    /// As many zeros as a digest of `hash` has bytes.
    pub(crate) const fn zero(hash: Hash) -> Self {
        Self { bytes: [0; LONGEST], length: hash.length() }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// The bytes, to be filled in.
    pub(crate) fn as_mut_bytes(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.length).unwrap_or_default()
    }
}

impl Deref for Digest {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        crate::equal(self, other)
    }
}

impl Eq for Digest {}

impl Drop for Digest {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(..)")
    }
}

/// A hash over bytes that are still coming: the transcript of a handshake. A clone goes on by
/// itself.
#[derive(Clone)]
pub struct Transcript(State);

#[derive(Clone)]
enum State {
    Sha1(Sha1),
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Transcript {
    /// A transcript without bytes.
    #[must_use]
    pub fn new(hash: Hash) -> Self {
        Self(match hash {
            Hash::Sha1 => State::Sha1(Sha1::new()),
            Hash::Sha256 => State::Sha256(Sha256::new()),
            Hash::Sha384 => State::Sha384(Sha384::new()),
            Hash::Sha512 => State::Sha512(Sha512::new()),
        })
    }

    /// The hash in use.
    #[must_use]
    pub fn hash(&self) -> Hash {
        match &self.0 {
            State::Sha1(_) => Hash::Sha1,
            State::Sha256(_) => Hash::Sha256,
            State::Sha384(_) => Hash::Sha384,
            State::Sha512(_) => Hash::Sha512,
        }
    }

    /// Takes in `bytes`.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha1(state) => state.update(bytes),
            State::Sha256(state) => state.update(bytes),
            State::Sha384(state) => state.update(bytes),
            State::Sha512(state) => state.update(bytes),
        }
    }

    /// The digest of all bytes so far. More may follow.
    #[must_use]
    pub fn digest(&self) -> Digest {
        match &self.0 {
            State::Sha1(state) => Digest::new(&state.clone().finalize()),
            State::Sha256(state) => Digest::new(&state.clone().finalize()),
            State::Sha384(state) => Digest::new(&state.clone().finalize()),
            State::Sha512(state) => Digest::new(&state.clone().finalize()),
        }
    }
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Transcript").field(&self.hash()).finish()
    }
}

/// Length of the longest digest.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hex;

    // RFC 6234 section 8.5 gives SHA-384 and SHA-512 of "abc"; the empty ones are FIPS 180-4's.
    #[test]
    fn the_published_digests_whole_and_in_pieces() {
        let published = [
            (Hash::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (Hash::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                Hash::Sha384,
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
                 8086072ba1e7cc2358baeca134c825a7",
            ),
            (
                Hash::Sha512,
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                 2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
        ];
        for (hash, digest) in published {
            assert_eq!(hash.digest(&[b"a", b"", b"bc"]).as_bytes(), hex(digest), "{hash:?}");
            assert_eq!(hash.length(), hex(digest).len());
            let mut transcript = Transcript::new(hash);
            transcript.update(b"a");
            let mut other = transcript.clone();
            transcript.update(b"bc");
            assert_eq!(transcript.digest().as_bytes(), hex(digest), "{hash:?}");
            assert_eq!(transcript.digest(), transcript.digest(), "asking changes nothing");
            other.update(b"bd");
            assert_ne!(other.digest(), transcript.digest());
            assert_eq!(other.hash(), hash);
        }
    }

    #[test]
    fn nothing_of_a_digest_is_shown() {
        assert_eq!(format!("{:?}", Hash::Sha1.digest(&[])), "Digest(..)");
        assert_eq!(format!("{:?}", Transcript::new(Hash::Sha1)), "Transcript(Sha1)");
    }
}
