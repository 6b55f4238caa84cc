//! The cryptography that the protocols need, as plain functions and small types: the only crate
//! that names a cryptographic library. Every random byte comes from an
//! [`Rng`](icelab_sans_io::Rng) that is given; secrets are wiped; comparisons take constant time.
//!
//! - [`md5`](md5()), [`sha1`](sha1()), [`sha256`](sha256()), [`sha384`](sha384()),
//!   [`sha512`](sha512()): hashes of a few pieces in a row. [`enum@Hash`]: chosen while running;
//!   [`Transcript`]: one over bytes that are still coming.
//! - [`hmac`]: HMAC (RFC 2104) with keys that remember their first compressions.
//! - [`hkdf`] (RFC 5869) and [`prf`](prf()) (RFC 5246 section 5): keys out of keys.
//! - [`aead`]: AES-GCM and ChaCha20-Poly1305 in place.
//! - [`AesKey`]: counter mode and single blocks. [`MaskKey`]: masks for record numbers (RFC 9147
//!   section 4.2.3).
//! - [`agreement`]: X25519, P-256, P-384, X25519 with ML-KEM-768.
//! - [`signature`]: ECDSA, Ed25519; verification of RSA.
//! - [`certificate`]: those of peers, and one's own from the seed; [`Fingerprint`] (RFC 8122).
//! - [`equal`](equal()): comparison in constant time.
//! - [`Secret`]: bytes that are overwritten when they are dropped.
//! - [`base64`]: text for bytes (RFC 4648).
//!
//! The feature `aws-lc` puts a faster library behind the same functions; the bytes stay the same.

pub mod aead;
mod aes;
pub mod agreement;
mod asn1;
mod backend;
pub mod base64;
pub mod certificate;
mod digest;
mod equal;
mod fingerprint;
mod hash;
pub mod hkdf;
pub mod hmac;
mod mask;
mod prf;
mod secret;
pub mod signature;
#[cfg(test)]
mod testing;

pub use aead::{AeadKey, Cipher, Forged};
pub use aes::AesKey;
pub use agreement::{Group, Offer};
pub use certificate::{Certificate, Identity, Validity};
pub use digest::{md5, sha1, sha256, sha384, sha512};
pub use equal::equal;
pub use fingerprint::{Fingerprint, InvalidFingerprint};
pub use hash::{Digest, Hash, Transcript};
pub use hmac::{Hmac, HmacSha1, HmacSha256};
pub use mask::MaskKey;
pub use prf::prf;
pub use secret::Secret;
pub use signature::{KeyKind, PublicKey, Scheme, SigningKey};
