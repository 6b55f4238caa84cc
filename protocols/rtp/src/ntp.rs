//! Time as RTCP carries it (RFC 3550 section 4).
//!
//! The second zero of a session is the run's start, as section 4 allows where there is no wall
//! clock: only differences are ever used.

use core::time::Duration;

/// Seconds since the session's second zero, 32 bits before the point and 32 after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// The moment `elapsed` after the second zero; the seconds wrap after 2^32.
    #[must_use]
    pub const fn from_elapsed(elapsed: Duration) -> Self {
        let seconds = elapsed.as_secs() << 32;
        let fraction = ((elapsed.subsec_nanos() as u64) << 32).div_ceil(NANOS);
        Self(seconds + fraction)
    }

    /// The time since the second zero, in whole nanoseconds.
    #[must_use]
    pub const fn elapsed(self) -> Duration {
        let nanos = ((self.0 & 0xFFFF_FFFF) * NANOS) >> 32;
        Duration::new(self.0 >> 32, nanos as u32)
    }

    /// The middle 32 bits: what report blocks echo.
    #[must_use]
    pub const fn compact(self) -> CompactNtp {
        CompactNtp((self.0 >> 16) as u32)
    }
}

/// The middle 32 bits of an [`NtpTime`]: 16 bits of seconds and 16 after the point. It wraps after
/// about 18 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct CompactNtp(pub u32);

impl CompactNtp {
    /// The time from `earlier` to here; zero where `earlier` lies after it.
    #[must_use]
    pub const fn since(self, earlier: Self) -> ShortInterval {
        let steps = self.0.wrapping_sub(earlier.0);
        if steps.cast_signed() < 0 { ShortInterval(0) } else { ShortInterval(steps) }
    }

    /// The moment `interval` before this one.
    #[must_use]
    pub const fn before(self, interval: ShortInterval) -> Self {
        Self(self.0.wrapping_sub(interval.0))
    }
}

/// A length of time in units of 1/65,536 second, such as the delay since the last sender report
/// (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ShortInterval(pub u32);

impl ShortInterval {
    /// The interval nearest to `duration`, at most 2^32 - 1 units.
    #[must_use]
    pub const fn from_duration(duration: Duration) -> Self {
        let units = ((duration.subsec_nanos() as u64) << 16) + NANOS / 2;
        let seconds = duration.as_secs();
        if seconds > u16::MAX as u64 {
            return Self(u32::MAX);
        }
        let units = (seconds << 16) + units / NANOS;
        if units > u32::MAX as u64 { Self(u32::MAX) } else { Self(units as u32) }
    }

    /// The interval in nanoseconds, rounded down.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_nanos((self.0 as u64 * NANOS) >> 16)
    }
}

/// Nanoseconds in a second.
const NANOS: u64 = 1_000_000_000;
