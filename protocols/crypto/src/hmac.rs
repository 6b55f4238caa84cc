//! HMAC (RFC 2104) on top of the hashes' compression functions. A key runs the compressions of
//! its inner and outer pad once, when it is made; each message afterwards starts from copies of
//! those states, so that a short message costs three compressions.

use core::fmt;

use sha1::block_api::compress as compress_sha1;
use sha2::block_api::{compress256, compress512};
use zeroize::Zeroize;

use crate::hash::{Digest, Hash};

/// A key for HMAC with a hash that is chosen while running.
#[derive(Clone)]
pub struct Hmac(Key);

#[derive(Clone)]
enum Key {
    Sha1(HmacSha1),
    Sha256(HmacSha256),
    Sha384(HmacSha384),
    Sha512(HmacSha512),
}

impl Hmac {
    /// The key made of `secret`, of any length.
    #[must_use]
    pub fn new(hash: Hash, secret: &[u8]) -> Self {
        Self(match hash {
            Hash::Sha1 => Key::Sha1(HmacSha1::new(secret)),
            Hash::Sha256 => Key::Sha256(HmacSha256::new(secret)),
            Hash::Sha384 => Key::Sha384(HmacSha384::new(secret)),
            Hash::Sha512 => Key::Sha512(HmacSha512::new(secret)),
        })
    }

    /// The hash in use.
    #[must_use]
    pub fn hash(&self) -> Hash {
        match &self.0 {
            Key::Sha1(_) => Hash::Sha1,
            Key::Sha256(_) => Hash::Sha256,
            Key::Sha384(_) => Hash::Sha384,
            Key::Sha512(_) => Hash::Sha512,
        }
    }

    /// The tag over `pieces` in order.
    #[must_use]
    pub fn sign(&self, pieces: &[&[u8]]) -> Digest {
        match &self.0 {
            Key::Sha1(key) => Digest::new(&key.sign(pieces)),
            Key::Sha256(key) => Digest::new(&key.sign(pieces)),
            Key::Sha384(key) => Digest::new(&key.sign(pieces)),
            Key::Sha512(key) => Digest::new(&key.sign(pieces)),
        }
    }

    /// Whether `tag` is the full tag over `pieces`, compared in constant time.
    #[must_use]
    pub fn verify(&self, pieces: &[&[u8]], tag: &[u8]) -> bool {
        crate::equal(&self.sign(pieces), tag)
    }
}

impl fmt::Debug for Hmac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hmac").field(&self.hash()).finish()
    }
}

macro_rules! hmac {
    (
        $(#[$doc:meta])*
        $name:ident, $length:literal, $block:literal, [$word:ident; $words:literal],
        $start:ident, $compress:ident, $hash:path
    ) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name {
            inner: [$word; $words],
            outer: [$word; $words],
        }

        impl $name {
            /// Length of a full tag in bytes.
            pub const LENGTH: usize = $length;

            /// The key made of `secret`, of any length.
            #[must_use]
            pub fn new(secret: &[u8]) -> Self {
                let mut block = [0; $block];
                // RFC 2104 section 2: a key longer than a block is hashed first.
                if secret.len() > $block {
                    let mut hashed = $hash(&[secret]);
                    fill(&mut block, &hashed);
                    hashed.zeroize();
                } else {
                    fill(&mut block, secret);
                }
                let mut key = Self { inner: $start, outer: $start };
                for (state, pad) in [(&mut key.inner, 0x36), (&mut key.outer, 0x5C)] {
                    let mut padded = block.map(|byte| byte ^ pad);
                    $compress(state, &[padded]);
                    padded.zeroize();
                }
                block.zeroize();
                key
            }

            /// The tag over `pieces` in order.
            #[must_use]
            #[inline]
            pub fn sign(&self, pieces: &[&[u8]]) -> [u8; $length] {
                let mut state = self.inner;
                absorb(pieces, |blocks| $compress(&mut state, blocks));
                let mut inner = [0; $length];
                for (place, word) in inner.chunks_exact_mut(size_of::<$word>()).zip(state) {
                    place.copy_from_slice(&word.to_be_bytes());
                }
                let mut state = self.outer;
                absorb(&[&inner], |blocks| $compress(&mut state, blocks));
                let mut tag = [0; $length];
                for (place, word) in tag.chunks_exact_mut(size_of::<$word>()).zip(state) {
                    place.copy_from_slice(&word.to_be_bytes());
                }
                tag
            }

            /// Whether `tag` is the full tag over `pieces`, compared in constant time.
            #[must_use]
            #[inline]
            pub fn verify(&self, pieces: &[&[u8]], tag: &[u8]) -> bool {
                crate::equal(&self.sign(pieces), tag)
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                self.inner.zeroize();
                self.outer.zeroize();
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

hmac!(
    /// A key for HMAC-SHA-1.
    HmacSha1,
    20,
    64,
    [u32; 5],
    START_SHA1,
    compress_sha1,
    crate::sha1
);
hmac!(
    /// A key for HMAC-SHA-256.
    HmacSha256,
    32,
    64,
    [u32; 8],
    START_SHA256,
    compress256,
    crate::sha256
);
hmac!(
    /// A key for HMAC-SHA-384.
    HmacSha384,
    48,
    128,
    [u64; 8],
    START_SHA384,
    compress512,
    crate::sha384
);
hmac!(
    /// A key for HMAC-SHA-512.
    HmacSha512,
    64,
    128,
    [u64; 8],
    START_SHA512,
    compress512,
    crate::sha512
);

/// Runs a message that follows one block of padding through a compression function: whole blocks
/// as they lie, then what is left with the end mark and the length in bits (RFC 6234 section 4.1).
#[inline]
fn absorb<const BLOCK: usize>(pieces: &[&[u8]], mut compress: impl FnMut(&[[u8; BLOCK]])) {
    let mut block = [0; BLOCK];
    let mut filled = 0;
    let mut length = BLOCK;
    for piece in pieces {
        let mut piece = *piece;
        length += piece.len();
        if filled > 0 {
            let (head, tail) = piece.split_at(piece.len().min(BLOCK - filled));
            fill(block.get_mut(filled..).unwrap_or_default(), head);
            filled += head.len();
            piece = tail;
            if filled < BLOCK {
                continue;
            }
            compress(&[block]);
        }
        let (blocks, rest) = piece.as_chunks::<BLOCK>();
        if !blocks.is_empty() {
            compress(blocks);
        }
        fill(&mut block, rest);
        filled = rest.len();
    }
    let (_, free) = block.split_at_mut(filled);
    free.fill(0);
    if let Some(mark) = free.first_mut() {
        *mark = 0x80;
    }
    // The length takes an eighth of a block: 64 bits of it, or 128.
    if filled >= BLOCK - BLOCK / 8 {
        compress(&[block]);
        block = [0; BLOCK];
    }
    if let Some(end) = block.last_chunk_mut::<8>() {
        *end = (length as u64 * 8).to_be_bytes();
    }
    compress(&[block]);
}

/// Copies `bytes` to the front of `place`.
#[inline]
fn fill(place: &mut [u8], bytes: &[u8]) {
    if let Some(place) = place.get_mut(..bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

/// RFC 3174 section 6.1.
const START_SHA1: [u32; 5] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0];
/// RFC 6234 section 6.1.
const START_SHA256: [u32; 8] = [
    0x6A09_E667,
    0xBB67_AE85,
    0x3C6E_F372,
    0xA54F_F53A,
    0x510E_527F,
    0x9B05_688C,
    0x1F83_D9AB,
    0x5BE0_CD19,
];
/// RFC 6234 section 6.3.
const START_SHA384: [u64; 8] = [
    0xCBBB_9D5D_C105_9ED8,
    0x629A_292A_367C_D507,
    0x9159_015A_3070_DD17,
    0x152F_ECD8_F70E_5939,
    0x6733_2667_FFC0_0B31,
    0x8EB4_4A87_6858_1511,
    0xDB0C_2E0D_64F9_8FA7,
    0x47B5_481D_BEFA_4FA4,
];
/// RFC 6234 section 6.3.
const START_SHA512: [u64; 8] = [
    0x6A09_E667_F3BC_C908,
    0xBB67_AE85_84CA_A73B,
    0x3C6E_F372_FE94_F82B,
    0xA54F_F53A_5F1D_36F1,
    0x510E_527F_ADE6_82D1,
    0x9B05_688C_2B3E_6C1F,
    0x1F83_D9AB_FB41_BD6B,
    0x5BE0_CD19_137E_2179,
];

#[cfg(test)]
mod tests {
    use ::hmac::{Hmac as Other, KeyInit, Mac};

    use super::*;

    // RFC 2202 section 3, case 2, and RFC 4231 section 4.3: the same key and text.
    #[test]
    fn the_published_tags_of_jefe() {
        let pieces: [&[u8]; 2] = [b"what do ya want ", b"for nothing?"];
        assert_eq!(
            hex(&HmacSha1::new(b"Jefe").sign(&pieces)),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
        );
        let key = HmacSha256::new(b"Jefe");
        assert_eq!(
            hex(&key.sign(&pieces)),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert!(key.verify(&pieces, &key.sign(&pieces)));
        assert!(!key.verify(&pieces, &key.sign(&pieces)[..16]));
    }

    // RFC 2202 section 3, case 6, and RFC 4231 section 4.7: a key longer than a block.
    #[test]
    fn the_published_tags_of_long_keys() {
        let text: [&[u8]; 1] = [b"Test Using Larger Than Block-Size Key - Hash Key First"];
        assert_eq!(
            hex(&HmacSha1::new(&[0xAA; 80]).sign(&text)),
            "aa4ae5e15272d00e95705637ce8a3b55ed402112"
        );
        assert_eq!(
            hex(&HmacSha256::new(&[0xAA; 131]).sign(&text)),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn all_lengths_and_cuts_agree_with_another_implementation() {
        let text: Vec<u8> = (0..=255).collect();
        for key_length in [0, 1, 20, 63, 64, 65, 100] {
            let secret = &text[..key_length];
            let (sha1, sha256) = (HmacSha1::new(secret), HmacSha256::new(secret));
            for length in 0..=200 {
                let message = &text[..length];
                let mut other_sha1 = Other::<sha1::Sha1>::new_from_slice(secret).unwrap();
                other_sha1.update(message);
                let other_sha1: [u8; 20] = other_sha1.finalize().into_bytes().into();
                let mut other_sha256 = Other::<sha2::Sha256>::new_from_slice(secret).unwrap();
                other_sha256.update(message);
                let other_sha256: [u8; 32] = other_sha256.finalize().into_bytes().into();
                for cut in [0, 1, 20, 44, 63, 64, 65, 128, length] {
                    let (head, tail) = message.split_at(cut.min(length));
                    assert_eq!(sha1.sign(&[head, tail]), other_sha1, "{length} {cut}");
                    assert_eq!(sha256.sign(&[head, &[], tail]), other_sha256, "{length} {cut}");
                }
            }
        }
    }

    // RFC 4231 section 4.3 and 4.7: the same key and text, and a key longer than a block.
    #[test]
    fn the_published_tags_with_the_long_hashes() {
        let jefe: [&[u8]; 2] = [b"what do ya want ", b"for nothing?"];
        let sha384 = "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e\
                      8e2240ca5e69e2c78b3239ecfab21649";
        let sha512 = "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
                      9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737";
        assert_eq!(hex(&Hmac::new(Hash::Sha384, b"Jefe").sign(&jefe)), sha384);
        assert_eq!(hex(&Hmac::new(Hash::Sha512, b"Jefe").sign(&jefe)), sha512);
        let long: [&[u8]; 1] = [b"Test Using Larger Than Block-Size Key - Hash Key First"];
        let sha384 = "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c6\
                      0c2ef6ab4030fe8296248df163f44952";
        assert_eq!(hex(&Hmac::new(Hash::Sha384, &[0xAA; 131]).sign(&long)), sha384);
    }

    #[test]
    fn all_lengths_agree_with_another_implementation_for_the_long_hashes() {
        let text: Vec<u8> = (0..=255).collect();
        for key_length in [0, 48, 127, 128, 129, 200] {
            let secret = &text[..key_length];
            let (sha384, sha512) = (HmacSha384::new(secret), HmacSha512::new(secret));
            for length in 0..=256 {
                let message = &text[..length];
                let mut other = Other::<sha2::Sha384>::new_from_slice(secret).unwrap();
                other.update(message);
                let (head, tail) = message.split_at(length / 3);
                assert_eq!(sha384.sign(&[head, tail]), *other.finalize().into_bytes(), "{length}");
                let mut other = Other::<sha2::Sha512>::new_from_slice(secret).unwrap();
                other.update(message);
                assert_eq!(sha512.sign(&[head, tail]), *other.finalize().into_bytes(), "{length}");
            }
        }
    }

    #[test]
    fn the_hash_chosen_while_running_gives_the_same_tags() {
        let pieces: [&[u8]; 2] = [b"a", b"b"];
        let keys = [Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512]
            .map(|hash| Hmac::new(hash, b"key"));
        assert_eq!(*keys[0].sign(&pieces), HmacSha1::new(b"key").sign(&pieces));
        assert_eq!(*keys[1].sign(&pieces), HmacSha256::new(b"key").sign(&pieces));
        assert_eq!(*keys[2].sign(&pieces), HmacSha384::new(b"key").sign(&pieces));
        assert_eq!(*keys[3].sign(&pieces), HmacSha512::new(b"key").sign(&pieces));
        for key in keys {
            let tag = key.sign(&pieces);
            assert_eq!(tag.len(), key.hash().length());
            assert!(key.verify(&[b"ab"], &tag));
            assert!(!key.verify(&[b"abc"], &tag));
            assert!(!key.verify(&[b"ab"], &tag[..tag.len() - 1]));
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
