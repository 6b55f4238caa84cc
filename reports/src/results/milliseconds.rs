//! Times as the results file writes them: milliseconds with up to three decimals.

use core::fmt;
use core::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A span of time, kept in whole microseconds and written as a number of milliseconds.
///
/// Whole microseconds inside make it exact to compare and give the same bytes on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Milliseconds {
    microseconds: u64,
}

impl Milliseconds {
    /// A span of this many whole microseconds.
    pub const fn from_micros(microseconds: u64) -> Self {
        Self { microseconds }
    }

    /// The span in whole microseconds.
    pub const fn as_micros(self) -> u64 {
        self.microseconds
    }

    /// The span as the number that the file shows.
    #[expect(clippy::cast_precision_loss, reason = "2^53 microseconds are 285 years")]
    pub fn as_f64(self) -> f64 {
        self.microseconds as f64 / 1000.0
    }
}

impl From<Duration> for Milliseconds {
    /// Rounds to the nearest microsecond.
    fn from(span: Duration) -> Self {
        let rounded = (span.as_nanos() + 500) / 1000;
        Self { microseconds: u64::try_from(rounded).unwrap_or(u64::MAX) }
    }
}

impl fmt::Display for Milliseconds {
    /// Writes `312.4 ms`, or `312 ms` with a precision of 0; one decimal is the default.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.microseconds / 1000;
        let rest = self.microseconds % 1000;
        if formatter.precision() == Some(0) {
            return write!(formatter, "{} ms", whole + u64::from(rest >= 500));
        }
        let tenths = (self.microseconds + 50) / 100;
        write!(formatter, "{}.{} ms", tenths / 10, tenths % 10)
    }
}

impl Serialize for Milliseconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_f64())
    }
}

impl<'de> Deserialize<'de> for Milliseconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        if !(0.0..=MOST).contains(&number) {
            return Err(de::Error::custom("a time must be between 0 and 2^53 ms"));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range was checked above"
        )]
        let microseconds = (number * 1000.0).round() as u64;
        Ok(Self { microseconds })
    }
}

/// The longest time that a file may hold, in milliseconds: a double counts exactly up to here.
const MOST: f64 = 9_007_199_254_740_992.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_a_number_of_milliseconds() {
        let text = |span: Duration| serde_json::to_string(&Milliseconds::from(span)).unwrap();
        assert_eq!(text(Duration::from_micros(312_400)), "312.4");
        assert_eq!(text(Duration::from_secs(30)), "30000.0");
        assert_eq!(text(Duration::from_nanos(1_500)), "0.002");
    }

    #[test]
    fn every_microsecond_survives_a_round_trip() {
        for microseconds in [0, 1, 999, 1_001, 312_417, 86_400_000_001] {
            let text = serde_json::to_string(&Milliseconds::from_micros(microseconds)).unwrap();
            let back: Milliseconds = serde_json::from_str(&text).unwrap();
            assert_eq!(back.as_micros(), microseconds);
        }
    }

    #[test]
    fn a_negative_or_endless_time_is_refused() {
        assert!(serde_json::from_str::<Milliseconds>("-1").is_err());
        assert!(serde_json::from_str::<Milliseconds>("1e300").is_err());
    }

    #[test]
    fn people_read_one_decimal_or_none() {
        assert_eq!(Milliseconds::from_micros(312_449).to_string(), "312.4 ms");
        assert_eq!(format!("{:.0}", Milliseconds::from_micros(312_500)), "313 ms");
    }
}
