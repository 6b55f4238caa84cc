//! Hashes of a few pieces in a row, so that `username:realm:password` need not be joined first.

use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

/// MD5 (RFC 1321) over `pieces` in order. Only for STUN's long-term keys.
#[must_use]
pub fn md5(pieces: &[&[u8]]) -> [u8; 16] {
    hash::<Md5>(pieces).into()
}

/// SHA-1 (RFC 3174) over `pieces` in order.
#[must_use]
pub fn sha1(pieces: &[&[u8]]) -> [u8; 20] {
    hash::<Sha1>(pieces).into()
}

/// SHA-256 (RFC 6234) over `pieces` in order.
#[must_use]
pub fn sha256(pieces: &[&[u8]]) -> [u8; 32] {
    hash::<Sha256>(pieces).into()
}

/// SHA-384 (RFC 6234) over `pieces` in order.
#[must_use]
pub fn sha384(pieces: &[&[u8]]) -> [u8; 48] {
    hash::<Sha384>(pieces).into()
}

/// SHA-512 (RFC 6234) over `pieces` in order.
#[must_use]
pub fn sha512(pieces: &[&[u8]]) -> [u8; 64] {
    hash::<Sha512>(pieces).into()
}

fn hash<D: Digest>(pieces: &[&[u8]]) -> md5::digest::Output<D> {
    let mut state = D::new();
    for piece in pieces {
        state.update(piece);
    }
    state.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 1321 A.5, RFC 3174 7.3, RFC 6234 8.5: all of "abc".
    #[test]
    fn the_published_digests_of_abc() {
        assert_eq!(hex(&md5(&[b"a", b"bc"])), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(hex(&sha1(&[b"ab", b"", b"c"])), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(
            hex(&sha256(&[b"abc"])),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
