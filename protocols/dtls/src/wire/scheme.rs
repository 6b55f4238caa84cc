//! Signature schemes (RFC 8446 section 4.2.3; the same numbers as the pairs of RFC 5246
//! section 7.4.1.4.1).

/// How something is signed, by its registered number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignatureScheme(pub u16);

impl SignatureScheme {
    /// RSA with PKCS #1 v1.5 and SHA-256.
    pub const RSA_PKCS1_SHA256: Self = Self(0x0401);
    /// ECDSA with SHA-256; in 1.3 on P-256.
    pub const ECDSA_P256_SHA256: Self = Self(0x0403);
    /// RSA with PKCS #1 v1.5 and SHA-384.
    pub const RSA_PKCS1_SHA384: Self = Self(0x0501);
    /// ECDSA with SHA-384; in 1.3 on P-384.
    pub const ECDSA_P384_SHA384: Self = Self(0x0503);
    /// RSA with PKCS #1 v1.5 and SHA-512.
    pub const RSA_PKCS1_SHA512: Self = Self(0x0601);
    /// RSA-PSS with SHA-256, an ordinary RSA key.
    pub const RSA_PSS_SHA256: Self = Self(0x0804);
    /// RSA-PSS with SHA-384, an ordinary RSA key.
    pub const RSA_PSS_SHA384: Self = Self(0x0805);
    /// RSA-PSS with SHA-512, an ordinary RSA key.
    pub const RSA_PSS_SHA512: Self = Self(0x0806);
    /// Ed25519.
    pub const ED25519: Self = Self(0x0807);
}

impl From<u16> for SignatureScheme {
    fn from(number: u16) -> Self {
        Self(number)
    }
}

impl From<SignatureScheme> for u16 {
    fn from(scheme: SignatureScheme) -> Self {
        scheme.0
    }
}
