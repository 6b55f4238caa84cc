//! `use_srtp` (RFC 5764 section 4.1.1).

use icelab_wire::{DecodeError, Reader, Writer};

use crate::wire::list;

/// An SRTP protection profile, by its registered number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SrtpProfile(pub u16);

impl SrtpProfile {
    /// `SRTP_AES128_CM_HMAC_SHA1_80` (RFC 5764 section 4.1.2).
    pub const AES128_CM_SHA1_80: Self = Self(0x0001);
    /// `SRTP_AES128_CM_HMAC_SHA1_32`.
    pub const AES128_CM_SHA1_32: Self = Self(0x0002);
    /// `SRTP_AEAD_AES_128_GCM` (RFC 7714 section 14.2).
    pub const AEAD_AES_128_GCM: Self = Self(0x0007);
    /// `SRTP_AEAD_AES_256_GCM`.
    pub const AEAD_AES_256_GCM: Self = Self(0x0008);

    /// The lengths of the master key and of the master salt, in bytes, or `None` where the profile
    /// is not known.
    #[must_use]
    pub const fn key_lengths(self) -> Option<(usize, usize)> {
        match self {
            Self::AES128_CM_SHA1_80 | Self::AES128_CM_SHA1_32 => Some((16, 14)),
            Self::AEAD_AES_128_GCM => Some((16, 12)),
            Self::AEAD_AES_256_GCM => Some((32, 12)),
            Self(_) => None,
        }
    }
}

impl core::fmt::Display for SrtpProfile {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match *self {
            Self::AES128_CM_SHA1_80 => f.write_str("SRTP_AES128_CM_HMAC_SHA1_80"),
            Self::AES128_CM_SHA1_32 => f.write_str("SRTP_AES128_CM_HMAC_SHA1_32"),
            Self::AEAD_AES_128_GCM => f.write_str("SRTP_AEAD_AES_128_GCM"),
            Self::AEAD_AES_256_GCM => f.write_str("SRTP_AEAD_AES_256_GCM"),
            Self(number) => write!(f, "profile {number:#06x}"),
        }
    }
}

impl From<u16> for SrtpProfile {
    fn from(number: u16) -> Self {
        Self(number)
    }
}

impl From<SrtpProfile> for u16 {
    fn from(profile: SrtpProfile) -> Self {
        profile.0
    }
}

/// The profiles of one side, and its master key identifier.
///
/// ```text
/// struct {
///     SRTPProtectionProfile SRTPProtectionProfiles<2..2^16-1>;
///     opaque srtp_mki<0..255>;
/// } UseSRTPData;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseSrtp {
    /// The best first; a server sends exactly one.
    pub profiles: Vec<SrtpProfile>,
    /// Empty where none is used.
    pub mki: Vec<u8>,
}

impl UseSrtp {
    /// Reads the body of the extension.
    ///
    /// # Errors
    /// Where a field is cut off, or the list is empty.
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(body);
        let profiles = list::decode(reader.vector16()?, "SRTPProtectionProfiles")?;
        let mki = reader.vector8()?.to_vec();
        reader.finish()?;
        Ok(Self { profiles, mki })
    }

    /// Writes the body of the extension.
    pub fn encode(&self, writer: &mut Writer) {
        writer.vector16(|writer| list::encode(&self.profiles, writer));
        writer.vector8(|writer| writer.bytes(&self.mki));
    }
}
