//! Cipher suites (RFC 8446 appendix B.4, RFC 5289, RFC 7905).

use icelab_crypto::{Cipher, Hash};

use super::version::Version;

/// A cipher suite by its registered number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CipherSuite(pub u16);

impl CipherSuite {
    /// `TLS_AES_128_GCM_SHA256`, for 1.3.
    pub const AES_128_GCM: Self = Self(0x1301);
    /// `TLS_AES_256_GCM_SHA384`, for 1.3.
    pub const AES_256_GCM: Self = Self(0x1302);
    /// `TLS_CHACHA20_POLY1305_SHA256`, for 1.3.
    pub const CHACHA20_POLY1305: Self = Self(0x1303);
    /// `TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256`.
    pub const ECDHE_ECDSA_AES_128_GCM: Self = Self(0xC02B);
    /// `TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384`.
    pub const ECDHE_ECDSA_AES_256_GCM: Self = Self(0xC02C);
    /// `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`.
    pub const ECDHE_RSA_AES_128_GCM: Self = Self(0xC02F);
    /// `TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384`.
    pub const ECDHE_RSA_AES_256_GCM: Self = Self(0xC030);
    /// `TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256`.
    pub const ECDHE_RSA_CHACHA20_POLY1305: Self = Self(0xCCA8);
    /// `TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256`.
    pub const ECDHE_ECDSA_CHACHA20_POLY1305: Self = Self(0xCCA9);
    /// `TLS_EMPTY_RENEGOTIATION_INFO_SCSV` (RFC 5746 section 3.3): not a suite, a sign.
    pub const EMPTY_RENEGOTIATION_INFO: Self = Self(0x00FF);

    /// What the suite stands for, or `None` where this crate does not speak it. RC4 must not be spoken (RFC
    /// 6347 section 4.1.2.2), nor AES-CCM with short tags (RFC 9147 section 4.5.3).
    #[must_use]
    pub const fn parameters(self) -> Option<Parameters> {
        use Authentication::{Ecdsa, Rsa};
        use Cipher::{Aes128Gcm, Aes256Gcm, ChaCha20Poly1305};
        use Hash::{Sha256, Sha384};
        let (authentication, cipher, hash) = match self {
            Self::AES_128_GCM => (None, Aes128Gcm, Sha256),
            Self::AES_256_GCM => (None, Aes256Gcm, Sha384),
            Self::CHACHA20_POLY1305 => (None, ChaCha20Poly1305, Sha256),
            Self::ECDHE_ECDSA_AES_128_GCM => (Some(Ecdsa), Aes128Gcm, Sha256),
            Self::ECDHE_ECDSA_AES_256_GCM => (Some(Ecdsa), Aes256Gcm, Sha384),
            Self::ECDHE_ECDSA_CHACHA20_POLY1305 => (Some(Ecdsa), ChaCha20Poly1305, Sha256),
            Self::ECDHE_RSA_AES_128_GCM => (Some(Rsa), Aes128Gcm, Sha256),
            Self::ECDHE_RSA_AES_256_GCM => (Some(Rsa), Aes256Gcm, Sha384),
            Self::ECDHE_RSA_CHACHA20_POLY1305 => (Some(Rsa), ChaCha20Poly1305, Sha256),
            Self(_) => return None,
        };
        Some(Parameters { authentication, cipher, hash })
    }
}

impl From<u16> for CipherSuite {
    fn from(number: u16) -> Self {
        Self(number)
    }
}

impl From<CipherSuite> for u16 {
    fn from(suite: CipherSuite) -> Self {
        suite.0
    }
}

/// What a cipher suite stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// The kind of certificate that the suite names; 1.3 leaves that to the signature schemes.
    pub authentication: Option<Authentication>,
    /// What protects records.
    pub cipher: Cipher,
    /// What the transcript, the key derivation and Finished are made with.
    pub hash: Hash,
}

impl Parameters {
    /// The version that the suite belongs to.
    #[must_use]
    pub const fn version(&self) -> Version {
        match self.authentication {
            None => Version::V1_3,
            Some(_) => Version::V1_2,
        }
    }
}

/// The kind of key in the server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// ECDSA or EdDSA (RFC 8422 section 2.2).
    Ecdsa,
    /// RSA signatures.
    Rsa,
}
