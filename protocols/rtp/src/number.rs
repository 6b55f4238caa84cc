//! Ids and rates that many packets share.

use core::fmt;

/// A synchronization source: whose stream a packet belongs to (RFC 3550 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ssrc(pub u32);

impl fmt::Display for Ssrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// What a packet's payload is, by its number in the session: 0 to 127 (RFC 3550 section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayloadType(u8);

impl PayloadType {
    /// G.711 with the mu-law (RFC 3551 section 6).
    pub const PCMU: Self = Self(0);
    /// G.711 with the A-law (RFC 3551 section 6).
    pub const PCMA: Self = Self(8);

    /// The payload type of this number, or `None` above 127.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number < 128 { Some(Self(number)) } else { None }
    }

    /// The payload type in the low seven bits of a byte.
    #[inline]
    #[must_use]
    pub const fn from_low_bits(byte: u8) -> Self {
        Self(byte & 0x7F)
    }

    /// Its number, 0 to 127.
    #[inline]
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// Bits per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct BitRate(pub u64);

impl BitRate {
    /// `mantissa * 2^exponent`, at most [`u64::MAX`].
    pub(crate) const fn from_parts(mantissa: u32, exponent: u8) -> Self {
        let mantissa = mantissa as u64;
        if mantissa == 0 {
            Self(0)
        } else if exponent as u32 > mantissa.leading_zeros() {
            Self(u64::MAX)
        } else {
            Self(mantissa << exponent)
        }
    }

    /// The largest rate not above this one that a mantissa of `bits` bits can say: mantissa and
    /// exponent.
    pub(crate) const fn parts(self, bits: u32) -> (u32, u8) {
        let length = u64::BITS - self.0.leading_zeros();
        let exponent = length.saturating_sub(bits);
        ((self.0 >> exponent) as u32, exponent as u8)
    }
}
