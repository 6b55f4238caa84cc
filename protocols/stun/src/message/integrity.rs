//! MESSAGE-INTEGRITY and MESSAGE-INTEGRITY-SHA256: keys, signing and checking
//! (RFC 8489 sections 14.5, 14.6, 9.1.1 and 9.2.2).

use core::fmt;

use icelab_crypto::{HmacSha1, HmacSha256, equal, md5, sha256};
use icelab_wire::Writer;

use super::builder::set_length;
use super::{HEADER_LENGTH, Message};
use crate::attribute::kind;
use crate::credentials::algorithm::PasswordAlgorithm;
use crate::credentials::opaque::{OpaqueError, opaque_string};

/// An integrity key that remembers its first compressions, and which attribute it signs with.
#[derive(Clone)]
pub struct Key {
    sha1: HmacSha1,
    sha256: HmacSha256,
    signs_with: IntegrityKind,
}

/// Which integrity attributes a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IntegrityKind {
    /// MESSAGE-INTEGRITY.
    Sha1,
    /// MESSAGE-INTEGRITY-SHA256, in full.
    Sha256,
    /// Both, as the first request of a short-term client may (RFC 8489 section 9.1.2).
    Both,
}

/// What checking the integrity of a message found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Integrity {
    /// The message carries no integrity attribute.
    Absent,
    /// The attribute that counts is not made with this key over this message.
    Bad,
    /// It is.
    Good {
        /// Whether MESSAGE-INTEGRITY-SHA256 was the attribute that counted.
        sha256: bool,
    },
}

impl Key {
    /// The key of these bytes as they are; signs with MESSAGE-INTEGRITY.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self {
            sha1: HmacSha1::new(bytes),
            sha256: HmacSha256::new(bytes),
            signs_with: IntegrityKind::Sha1,
        }
    }

    /// The key of a short-term password: `OpaqueString(password)` (RFC 8489 section 9.1.1);
    /// signs with MESSAGE-INTEGRITY, as ICE does.
    ///
    /// # Errors
    /// Where the profile forbids the password.
    pub fn short_term(password: &str) -> Result<Self, OpaqueError> {
        Ok(Self::from_bytes(opaque_string(password)?.as_bytes()))
    }

    /// The key of a long-term password:
    /// `HASH(OpaqueString(username) ":" OpaqueString(realm) ":" OpaqueString(password))`
    /// (RFC 8489 sections 9.2.2, 18.5.1.1 and 18.5.1.2). With MD5 it signs with
    /// MESSAGE-INTEGRITY, with SHA-256 it signs with MESSAGE-INTEGRITY-SHA256.
    ///
    /// # Errors
    /// Where the profile forbids one of the three.
    pub fn long_term(
        username: &str,
        realm: &str,
        password: &str,
        algorithm: PasswordAlgorithm,
    ) -> Result<Self, OpaqueError> {
        let (username, realm) = (opaque_string(username)?, opaque_string(realm)?);
        let password = opaque_string(password)?;
        let pieces = [username.as_bytes(), b":", realm.as_bytes(), b":", password.as_bytes()];
        Ok(match algorithm {
            PasswordAlgorithm::Md5 => Self::from_bytes(&md5(&pieces)),
            PasswordAlgorithm::Sha256 => {
                Self::from_bytes(&sha256(&pieces)).signing_with(IntegrityKind::Sha256)
            }
        })
    }

    /// The same key, signing with these attributes.
    #[must_use]
    pub const fn signing_with(mut self, kind: IntegrityKind) -> Self {
        self.signs_with = kind;
        self
    }

    /// Which attributes it signs with.
    #[must_use]
    pub const fn signs_with(&self) -> IntegrityKind {
        self.signs_with
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("signs_with", &self.signs_with).finish_non_exhaustive()
    }
}

impl Message<'_> {
    /// Whether MESSAGE-INTEGRITY-SHA256 or, where that is absent, MESSAGE-INTEGRITY was made
    /// with `key` (RFC 8489 sections 9.1.3 and 9.2.4). The SHA-256 value must be in full, since
    /// no usage here allows less (section 14.6).
    #[must_use]
    pub fn verify_integrity(&self, key: &Key) -> Integrity {
        self.verify_integrity_truncated(key, HmacSha256::LENGTH)
    }

    /// The same for a usage that allows MESSAGE-INTEGRITY-SHA256 to be truncated to `least`
    /// bytes; below 16 counts as 16 (RFC 8489 section 14.6).
    #[must_use]
    pub fn verify_integrity_truncated(&self, key: &Key, least: usize) -> Integrity {
        if let Some(at) = self.integrity_sha256 {
            let Some((pieces, tag)) = self.signed(at) else {
                return Integrity::Bad;
            };
            let allowed = least.max(16)..=HmacSha256::LENGTH;
            let full = key.sha256.sign(&[&pieces.0, pieces.1]);
            let is_good = allowed.contains(&tag.len())
                && tag.len().is_multiple_of(4)
                && full.get(..tag.len()).is_some_and(|expected| equal(expected, tag));
            if is_good { Integrity::Good { sha256: true } } else { Integrity::Bad }
        } else if let Some(at) = self.integrity_sha1 {
            let Some((pieces, tag)) = self.signed(at) else {
                return Integrity::Bad;
            };
            if key.sha1.verify(&[&pieces.0, pieces.1], tag) {
                Integrity::Good { sha256: false }
            } else {
                Integrity::Bad
            }
        } else {
            Integrity::Absent
        }
    }

    /// What the integrity attribute at `at` covers (the header with the length that it had when
    /// it was signed, and the rest), and the attribute's value.
    #[expect(clippy::type_complexity, reason = "two pieces and a tag, taken apart at once")]
    fn signed(&self, at: usize) -> Option<(([u8; HEADER_LENGTH], &[u8]), &[u8])> {
        let (covered, attribute) = self.bytes.split_at_checked(at)?;
        let (header, rest) = covered.split_first_chunk::<HEADER_LENGTH>()?;
        let [_, _, high, low, value @ ..] = attribute else {
            return None;
        };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let tag = value.get(..length)?;
        let end = at + 4 + length.next_multiple_of(4) - HEADER_LENGTH;
        let mut header = *header;
        let [_, _, high, low, ..] = &mut header;
        [*high, *low] = u16::try_from(end).ok()?.to_be_bytes();
        Some(((header, rest), tag))
    }
}

/// Signs what is written in the key's way.
#[inline]
pub(super) fn append(writer: &mut Writer, key: &Key) {
    let (with_sha1, with_sha256) = match key.signs_with {
        IntegrityKind::Sha1 => (true, false),
        IntegrityKind::Sha256 => (false, true),
        IntegrityKind::Both => (true, true),
    };
    if with_sha1 {
        set_length(writer, 4 + HmacSha1::LENGTH);
        let tag = key.sha1.sign(&[writer.as_slice()]);
        write_tag(writer, kind::MESSAGE_INTEGRITY, &tag);
    }
    if with_sha256 {
        set_length(writer, 4 + HmacSha256::LENGTH);
        let tag = key.sha256.sign(&[writer.as_slice()]);
        write_tag(writer, kind::MESSAGE_INTEGRITY_SHA256, &tag);
    }
}

#[inline]
fn write_tag(writer: &mut Writer, kind: u16, tag: &[u8]) {
    writer.u16(kind);
    writer.u16(u16::try_from(tag.len()).expect("a tag has 32 bytes at most"));
    writer.bytes(tag);
}
