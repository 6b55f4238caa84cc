//! Fingerprints of certificates, as session descriptions show them (RFC 8122 section 5).

use core::fmt;
use core::str::FromStr;

use thiserror::Error;

use crate::hash::{Digest, Hash};

/// The digest of a certificate, with the hash that made it.
#[derive(Clone, PartialEq, Eq)]
pub struct Fingerprint {
    hash: Hash,
    digest: Digest,
}

impl Fingerprint {
    /// The fingerprint of the certificate in `der`.
    #[must_use]
    pub fn of(hash: Hash, der: &[u8]) -> Self {
        Self { hash, digest: hash.digest(&[der]) }
    }

    /// The hash that made it.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The digest.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.digest
    }

    /// Whether it is the fingerprint of the certificate in `der`.
    #[must_use]
    pub fn matches(&self, der: &[u8]) -> bool {
        self.hash.digest(&[der]) == self.digest
    }
}

/// The value of `a=fingerprint`: `sha-256 4A:AD:B9:…`.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(hash, _)| *hash == self.hash).map_or("", |(_, name)| name);
        f.write_str(name)?;
        for (byte, separator) in
            self.digest.iter().zip([' '].into_iter().chain(core::iter::repeat(':')))
        {
            write!(f, "{separator}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// Letters may be small or capital.
impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Self, InvalidFingerprint> {
        let (name, digits) = text.split_once(' ').ok_or(InvalidFingerprint::Malformed)?;
        let (hash, _) = NAMES
            .iter()
            .find(|(_, known)| known.eq_ignore_ascii_case(name))
            .ok_or(InvalidFingerprint::UnknownHash)?;
        let mut bytes = Vec::with_capacity(hash.length());
        for pair in digits.split(':').take(hash.length() + 1) {
            if pair.len() != 2 || !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(InvalidFingerprint::Malformed);
            }
            bytes.push(u8::from_str_radix(pair, 16).map_err(|_| InvalidFingerprint::Malformed)?);
        }
        if bytes.len() != hash.length() {
            return Err(InvalidFingerprint::Malformed);
        }
        Ok(Self { hash: *hash, digest: Digest::new(&bytes) })
    }
}

/// Why a text is not taken for a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidFingerprint {
    /// It is of a hash that is not known here (MD5 and MD2 are not trusted).
    #[error("the fingerprint's hash is not known here")]
    UnknownHash,
    /// It is not a hash and as many pairs of hexadecimal digits as its digests have bytes.
    #[error("the fingerprint is malformed")]
    Malformed,
}

/// The hashes by their names in the registry (RFC 8122 section 5).
const NAMES: [(Hash, &str); 4] = [
    (Hash::Sha1, "sha-1"),
    (Hash::Sha256, "sha-256"),
    (Hash::Sha384, "sha-384"),
    (Hash::Sha512, "sha-512"),
];

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 8122 section 5 shows this form.
    const TEXT: &str = "sha-256 12:DF:3E:5D:49:6B:19:E5:7C:AB:4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB:4A:AD";

    #[test]
    fn the_text_of_a_session_description_both_ways() {
        let fingerprint: Fingerprint = TEXT.parse().unwrap();
        assert_eq!(fingerprint.hash(), Hash::Sha256);
        assert_eq!(fingerprint.as_bytes()[..3], [0x12, 0xDF, 0x3E]);
        assert_eq!(fingerprint.to_string(), TEXT);
        assert_eq!(TEXT.to_ascii_lowercase().parse(), Ok(fingerprint));
    }

    #[test]
    fn it_matches_the_one_certificate_it_was_made_of() {
        for hash in [Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512] {
            let fingerprint = Fingerprint::of(hash, b"certificate");
            assert!(fingerprint.matches(b"certificate"));
            assert!(!fingerprint.matches(b"certificatf"));
            assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        }
    }

    #[test]
    fn what_is_not_a_fingerprint_is_refused() {
        let refused = |text: &str| text.parse::<Fingerprint>().unwrap_err();
        assert_eq!(refused("md5 00"), InvalidFingerprint::UnknownHash);
        assert_eq!(refused("sha-256"), InvalidFingerprint::Malformed);
        for text in [&TEXT[..TEXT.len() - 3], &TEXT[..TEXT.len() - 1], &format!("{TEXT}:00")] {
            assert_eq!(refused(text), InvalidFingerprint::Malformed, "{text}");
        }
        for (from, to) in [("12:", "+2:"), ("12:", "1:2"), (":", " "), ("sha-256 ", "sha-256  ")] {
            assert_eq!(refused(&TEXT.replace(from, to)), InvalidFingerprint::Malformed, "{to}");
        }
    }
}
