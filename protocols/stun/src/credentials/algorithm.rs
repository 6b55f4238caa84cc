//! How a long-term key is made from a password (RFC 8489 section 18.5).

/// A password algorithm; none has parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PasswordAlgorithm {
    /// The key is an MD5 (RFC 8489 section 18.5.1.1).
    Md5,
    /// The key is a SHA-256 (RFC 8489 section 18.5.1.2).
    Sha256,
}

impl PasswordAlgorithm {
    /// Its number in the IANA registry.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Md5 => 1,
            Self::Sha256 => 2,
        }
    }

    /// The algorithm of this number, if it is known.
    #[must_use]
    pub const fn from_number(number: u16) -> Option<Self> {
        match number {
            1 => Some(Self::Md5),
            2 => Some(Self::Sha256),
            _ => None,
        }
    }
}
