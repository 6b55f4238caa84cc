//! What two libraries can do, and the one that does it: the portable one, unless the feature
//! `aws-lc` asks for the fast one. Both give the same bytes, and the tests hold them to it.

#[cfg(feature = "aws-lc")]
mod fast;
#[cfg(any(test, not(feature = "aws-lc")))]
mod portable;

#[cfg(feature = "aws-lc")]
pub(crate) use fast::{Aead, PrivateKey, sign, verify};
#[cfg(not(feature = "aws-lc"))]
pub(crate) use portable::{Aead, PrivateKey, sign, verify};

/// An elliptic curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    /// RFC 7748; only for agreement.
    X25519,
    /// NIST P-256, secp256r1.
    P256,
    /// NIST P-384, secp384r1.
    P384,
}

impl Curve {
    /// Length of a private key, and of an agreed secret, in bytes.
    pub(crate) const fn scalar_length(self) -> usize {
        match self {
            Self::X25519 | Self::P256 => 32,
            Self::P384 => 48,
        }
    }
}

#[cfg(test)]
mod tests;
