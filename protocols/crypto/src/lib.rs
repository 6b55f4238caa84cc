//! The cryptography that the protocols need, as plain functions: the only crate that names a
//! cryptographic library.
//!
//! - [`md5`](md5()), [`sha1`](sha1()), [`sha256`](sha256()): hashes of a few pieces in a row.
//! - [`hmac`]: HMAC (RFC 2104) with keys that remember their first compressions.
//! - [`equal`](equal()): comparison in constant time.
//! - [`Secret`]: bytes that are overwritten when they are dropped.
//! - [`base64`]: text for bytes (RFC 4648).

pub mod base64;
mod digest;
mod equal;
pub mod hmac;
mod secret;

pub use digest::{md5, sha1, sha256};
pub use equal::equal;
pub use hmac::{HmacSha1, HmacSha256};
pub use secret::Secret;
