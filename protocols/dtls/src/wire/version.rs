//! Protocol versions (RFC 6347 section 4.1, RFC 9147 section 5.3).

/// A protocol version as it stands on the wire: the one's complement of what TLS writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProtocolVersion(pub u16);

impl ProtocolVersion {
    /// DTLS 1.0, seen in the record headers of first hellos, and never spoken.
    pub const DTLS_1_0: Self = Self(0xFEFF);
    /// DTLS 1.2.
    pub const DTLS_1_2: Self = Self(0xFEFD);
    /// DTLS 1.3.
    pub const DTLS_1_3: Self = Self(0xFEFC);
}

impl From<u16> for ProtocolVersion {
    fn from(number: u16) -> Self {
        Self(number)
    }
}

impl From<ProtocolVersion> for u16 {
    fn from(version: ProtocolVersion) -> Self {
        version.0
    }
}

/// A version that this crate speaks, the better one last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// DTLS 1.2 (RFC 6347).
    V1_2,
    /// DTLS 1.3 (RFC 9147).
    V1_3,
}

impl Version {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> ProtocolVersion {
        match self {
            Self::V1_2 => ProtocolVersion::DTLS_1_2,
            Self::V1_3 => ProtocolVersion::DTLS_1_3,
        }
    }
}

impl core::fmt::Display for Version {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::V1_2 => "DTLS 1.2",
            Self::V1_3 => "DTLS 1.3",
        })
    }
}
