//! Delivery traces: when a link could send, as mahimahi records it.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// Delivery opportunities, repeated for ever.
///
/// mahimahi's format: one time in whole milliseconds a line, never decreasing; each line is the opportunity to
/// send 1,504 bytes; the last line's time is also the trace's length, after which it begins again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trace {
    milliseconds: Arc<[u64]>,
}

/// A trace that cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TraceError {
    /// A line is not a whole number.
    #[error("line {line} is not a whole number of milliseconds")]
    NotANumber {
        /// Counted from 1.
        line: usize,
    },
    /// A time is before the one above it.
    #[error("line {line} goes back in time")]
    GoesBack {
        /// Counted from 1.
        line: usize,
    },
    /// No line, or all at 0 ms.
    #[error("a trace must last at least 1 ms")]
    Empty,
    /// A time is too far away to be counted in nanoseconds.
    #[error("line {line} is later than a trace may last (a year)")]
    TooLong {
        /// Counted from 1.
        line: usize,
    },
}

impl Trace {
    /// The bytes of one opportunity, as in mahimahi.
    pub const BYTES: u32 = 1504;

    /// From times in milliseconds that never decrease.
    ///
    /// # Errors
    /// When they do, when there is none above 0, or one is beyond a year.
    pub fn new(milliseconds: &[u64]) -> Result<Self, TraceError> {
        for (index, pair) in milliseconds.windows(2).enumerate() {
            if let [earlier, later] = pair
                && later < earlier
            {
                return Err(TraceError::GoesBack { line: index + 2 });
            }
        }
        match milliseconds.last() {
            None | Some(0) => Err(TraceError::Empty),
            Some(last) if *last > YEAR => Err(TraceError::TooLong { line: milliseconds.len() }),
            Some(_) => Ok(Self { milliseconds: milliseconds.into() }),
        }
    }

    /// The `index`th opportunity since the run's beginning.
    pub(crate) fn opportunity(&self, index: u64) -> Duration {
        let count = self.milliseconds.len() as u64;
        let length = self.milliseconds.last().copied().unwrap_or(1);
        let within = usize::try_from(index % count).unwrap_or(0);
        let within = self.milliseconds.get(within).copied().unwrap_or(0);
        Duration::from_millis((index / count).saturating_mul(length).saturating_add(within))
    }

    /// The first opportunity at this time or later.
    pub(crate) fn first_at(&self, time: Duration) -> u64 {
        let count = self.milliseconds.len() as u64;
        let length = self.milliseconds.last().copied().unwrap_or(1);
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let millis = nanos.div_ceil(1_000_000);
        // An opportunity at the very end of one round is that round's, not the next one's first.
        let round = millis.saturating_sub(1) / length;
        let within = millis - round * length;
        let skipped = self.milliseconds.partition_point(|at| *at < within) as u64;
        round * count + skipped
    }
}

impl FromStr for Trace {
    type Err = TraceError;

    fn from_str(text: &str) -> Result<Self, TraceError> {
        let mut milliseconds = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line_text = line.trim();
            if line_text.is_empty() {
                continue;
            }
            let number =
                line_text.parse().map_err(|_| TraceError::NotANumber { line: index + 1 })?;
            milliseconds.push(number);
        }
        Self::new(&milliseconds)
    }
}

const YEAR: u64 = 365 * 24 * 3600 * 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_repeats_after_its_last_line() {
        let trace: Trace = "1\n3\n3\n10\n".parse().unwrap();
        let times: Vec<u128> = (0..9).map(|index| trace.opportunity(index).as_millis()).collect();
        assert_eq!(times, [1, 3, 3, 10, 11, 13, 13, 20, 21]);
    }

    #[test]
    fn the_first_opportunity_at_a_time_is_found_as_by_counting() {
        for text in ["1\n3\n3\n10\n", "0\n0\n5\n", "7", "2\n2\n2"] {
            let trace: Trace = text.parse().unwrap();
            for micros in (0..40_000).step_by(500) {
                let time = Duration::from_micros(micros);
                let counted = (0..).find(|index| trace.opportunity(*index) >= time).unwrap();
                assert_eq!(trace.first_at(time), counted, "{text:?} at {time:?}");
            }
        }
    }

    #[test]
    fn a_trace_that_goes_back_or_lasts_no_time_is_refused() {
        assert_eq!("3\n1".parse::<Trace>(), Err(TraceError::GoesBack { line: 2 }));
        assert_eq!("0\n0".parse::<Trace>(), Err(TraceError::Empty));
        assert_eq!("".parse::<Trace>(), Err(TraceError::Empty));
        assert_eq!("1\nx".parse::<Trace>(), Err(TraceError::NotANumber { line: 2 }));
    }
}
