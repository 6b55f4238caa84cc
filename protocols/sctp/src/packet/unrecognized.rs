//! What to do about a chunk or parameter that nobody here knows.

/// The two highest bits of a chunk's or parameter's type: what a receiver that does not know the
/// type does with it (RFC 9260 sections 3.2 and 3.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unrecognized {
    /// 00: it and all that follows are discarded.
    StopSilently,
    /// 01: it and all that follows are discarded, and it is reported.
    StopAndReport,
    /// 10: it is skipped.
    SkipSilently,
    /// 11: it is skipped and reported.
    SkipAndReport,
}

impl Unrecognized {
    /// What the lowest two bits of `bits` ask for.
    pub(super) const fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::StopSilently,
            1 => Self::StopAndReport,
            2 => Self::SkipSilently,
            _ => Self::SkipAndReport,
        }
    }

    /// Whether what follows is not to be processed.
    #[must_use]
    pub const fn is_stop(self) -> bool {
        matches!(self, Self::StopSilently | Self::StopAndReport)
    }

    /// Whether the sender is to be told.
    #[must_use]
    pub const fn is_reported(self) -> bool {
        matches!(self, Self::StopAndReport | Self::SkipAndReport)
    }
}
