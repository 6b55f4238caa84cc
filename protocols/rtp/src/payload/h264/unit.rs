//! NAL units (RFC 6184 section 1.3) and the byte stream they come in (H.264 annex B).

/// What a NAL unit is: the low five bits of its first byte (RFC 6184 section 5.2).
///
/// ```text
/// +---------------+
/// |0|1|2|3|4|5|6|7|
/// +-+-+-+-+-+-+-+-+
/// |F|NRI|  Type   |
/// +---------------+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitType(pub u8);

impl UnitType {
    /// A slice of a picture that depends on others.
    pub const SLICE: Self = Self(1);
    /// A slice of a picture that stands alone (IDR).
    pub const IDR_SLICE: Self = Self(5);
    /// Supplemental enhancement information.
    pub const SEI: Self = Self(6);
    /// A sequence parameter set (SPS).
    pub const SEQUENCE_PARAMETERS: Self = Self(7);
    /// A picture parameter set (PPS).
    pub const PICTURE_PARAMETERS: Self = Self(8);
    /// An access unit begins (AUD).
    pub const DELIMITER: Self = Self(9);
    /// Several units in one payload (STAP-A, RFC 6184 section 5.7.1).
    pub const AGGREGATE: Self = Self(24);
    /// A part of a unit (FU-A, RFC 6184 section 5.8).
    pub const FRAGMENT: Self = Self(28);

    /// The type of the unit that `byte` begins.
    #[must_use]
    pub const fn of(byte: u8) -> Self {
        Self(byte & 0x1F)
    }

    /// Whether it is the codec's own, not the payload format's: 1 to 23.
    #[must_use]
    pub const fn is_single(self) -> bool {
        self.0 >= 1 && self.0 <= 23
    }
}

/// Whether the bytes from the first of a unit on show that it is the first of an access unit, or
/// as good as that: a delimiter, a parameter set or the picture's first slice, whose first number,
/// `first_mb_in_slice`, is zero: a single bit (H.264 sections 7.4.1.2.3 and 7.3.3).
pub(super) const fn begins_access_unit(unit: &[u8]) -> bool {
    let [first, rest @ ..] = unit else { return false };
    match UnitType::of(*first) {
        UnitType::DELIMITER | UnitType::SEQUENCE_PARAMETERS => true,
        UnitType::SLICE | UnitType::IDR_SLICE => matches!(rest, [0x80..=0xFF, ..]),
        UnitType(_) => false,
    }
}

/// The units in a byte stream, without their start codes and the zeros around them (H.264 annex B).
pub fn units(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = after_start_code(stream).map(|(_, rest)| rest);
    core::iter::from_fn(move || {
        let now = rest?;
        let (unit, later) = match after_start_code(now) {
            Some((unit, later)) => (unit, Some(later)),
            None => (now, None),
        };
        rest = later;
        let zeros = unit.iter().rev().take_while(|byte| **byte == 0).count();
        unit.get(..unit.len() - zeros)
    })
    .filter(|unit| !unit.is_empty())
}

/// What stands before the first start code, and what after it.
fn after_start_code(stream: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = stream.windows(3).position(|window| window == [0, 0, 1])?;
    Some((stream.get(..start)?, stream.get(start + 3..)?))
}
