//! Signatures: ECDSA with the nonces of RFC 6979, Ed25519, and the verification of RSA.

mod public_key;
mod rsa;
mod signing_key;

pub use public_key::{BadSignature, PublicKey, UnknownKey};
pub use signing_key::{SigningKey, Unsupported};

use crate::hash::Hash;

/// The kind of a key that signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyKind {
    /// ECDSA on NIST P-256.
    P256,
    /// ECDSA on NIST P-384.
    P384,
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// RSA (RFC 8017) with a modulus of 2048 to 8192 bits. Verified here, never made.
    Rsa,
}

/// How a message is signed. The curve is the key's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// ECDSA over the message's digest; the signature is `Ecdsa-Sig-Value` in DER (RFC 3279 section
    /// 2.2.3).
    Ecdsa(Hash),
    /// Ed25519 (RFC 8032 section 5.1).
    Ed25519,
    /// RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2).
    RsaPkcs1(Hash),
    /// RSASSA-PSS (RFC 8017 section 8.1), mask and salt as TLS 1.3 wants them: of the same hash, and
    /// as long as a digest (RFC 8446 section 4.2.3).
    RsaPss(Hash),
}

#[cfg(test)]
mod tests;
