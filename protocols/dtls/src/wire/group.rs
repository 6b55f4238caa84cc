//! Groups for the key exchange (RFC 8446 section 4.2.7).

/// A group by its registered number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NamedGroup(pub u16);

impl NamedGroup {
    /// NIST P-256.
    pub const P256: Self = Self(0x0017);
    /// NIST P-384.
    pub const P384: Self = Self(0x0018);
    /// X25519 (RFC 7748).
    pub const X25519: Self = Self(0x001D);
    /// ML-KEM-768 and X25519 together: post-quantum, for 1.3 only.
    pub const X25519_MLKEM768: Self = Self(0x11EC);
}

impl core::fmt::Display for NamedGroup {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match *self {
            Self::P256 => f.write_str("secp256r1"),
            Self::P384 => f.write_str("secp384r1"),
            Self::X25519 => f.write_str("x25519"),
            Self::X25519_MLKEM768 => f.write_str("X25519MLKEM768"),
            Self(number) => write!(f, "group {number:#06x}"),
        }
    }
}

impl From<u16> for NamedGroup {
    fn from(number: u16) -> Self {
        Self(number)
    }
}

impl From<NamedGroup> for u16 {
    fn from(group: NamedGroup) -> Self {
        group.0
    }
}
