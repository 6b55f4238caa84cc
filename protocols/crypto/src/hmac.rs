//! HMAC (RFC 2104) on top of the hashes' compression functions. A key runs the compressions of
//! its inner and outer pad once, when it is made; each message afterwards starts from copies of
//! those states, so that a short message costs three compressions.

use core::fmt;

use sha1::block_api::compress as compress_sha1;
use sha2::block_api::compress256 as compress_sha256;
use zeroize::Zeroize;

macro_rules! hmac {
    ($(#[$doc:meta])* $name:ident, $words:literal, $start:ident, $compress:ident, $hash:path) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name {
            inner: [u32; $words],
            outer: [u32; $words],
        }

        impl $name {
            /// Length of a full tag in bytes.
            pub const LENGTH: usize = $words * 4;

            /// The key made of `secret`, of any length.
            #[must_use]
            pub fn new(secret: &[u8]) -> Self {
                let mut block = [0; BLOCK];
                // RFC 2104 section 2: a key longer than a block is hashed first.
                if secret.len() > BLOCK {
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
            pub fn sign(&self, pieces: &[&[u8]]) -> [u8; $words * 4] {
                let mut state = self.inner;
                absorb(pieces, |blocks| $compress(&mut state, blocks));
                let inner = to_bytes::<$words, { $words * 4 }>(state);
                let mut state = self.outer;
                absorb(&[&inner], |blocks| $compress(&mut state, blocks));
                to_bytes(state)
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
    5,
    START_SHA1,
    compress_sha1,
    crate::sha1
);
hmac!(
    /// A key for HMAC-SHA-256.
    HmacSha256,
    8,
    START_SHA256,
    compress_sha256,
    crate::sha256
);

/// Runs a message that follows one block of padding through a compression function: whole blocks
/// as they lie, then what is left with the end mark and the length in bits (RFC 6234 section 4.1).
#[inline]
fn absorb(pieces: &[&[u8]], mut compress: impl FnMut(&[[u8; BLOCK]])) {
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
    if filled >= BLOCK - 8 {
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

#[inline]
fn to_bytes<const WORDS: usize, const BYTES: usize>(state: [u32; WORDS]) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    for (place, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *place = word.to_be_bytes();
    }
    bytes
}

/// Block length of both hashes.
const BLOCK: usize = 64;
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

#[cfg(test)]
mod tests {
    use ::hmac::{Hmac, KeyInit, Mac};

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
                let mut other_sha1 = Hmac::<sha1::Sha1>::new_from_slice(secret).unwrap();
                other_sha1.update(message);
                let other_sha1: [u8; 20] = other_sha1.finalize().into_bytes().into();
                let mut other_sha256 = Hmac::<sha2::Sha256>::new_from_slice(secret).unwrap();
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

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
