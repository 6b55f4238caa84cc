//! Probabilities as whole numbers, so that no float decides what a run does.

use std::fmt;
use std::str::FromStr;

use icelab_sans_io::Rng;

/// A probability in parts per billion.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Chance(u32);

impl Chance {
    /// It never happens.
    pub const NEVER: Self = Self(0);
    /// It always happens.
    pub const ALWAYS: Self = Self(BILLION);

    /// From parts per billion; more than a billion counts as always.
    #[must_use]
    pub const fn from_ppb(parts: u32) -> Self {
        if parts > BILLION { Self::ALWAYS } else { Self(parts) }
    }

    /// From whole per cent.
    #[must_use]
    pub const fn from_percent(percent: u32) -> Self {
        Self::from_ppb(percent.saturating_mul(BILLION / 100))
    }

    /// One time in `times`, rounded down; 0 counts as always.
    #[must_use]
    pub const fn one_in(times: u32) -> Self {
        match BILLION.checked_div(times) {
            Some(parts) => Self(parts),
            None => Self::ALWAYS,
        }
    }

    /// Parts per billion.
    #[must_use]
    pub const fn as_ppb(self) -> u32 {
        self.0
    }

    /// Whether it can never happen.
    #[must_use]
    pub const fn is_never(self) -> bool {
        self.0 == 0
    }

    /// Draws: whether it happens now. `NEVER` and `ALWAYS` draw nothing.
    pub(crate) fn happens(self, rng: &mut Rng) -> bool {
        match self.0 {
            0 => false,
            BILLION => true,
            parts => rng.chance_ppb(parts),
        }
    }
}

/// As per cent without needless zeros: `0.02 %`.
impl fmt::Display for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0 / (BILLION / 100);
        let rest = format!("{:07}", self.0 % (BILLION / 100));
        match rest.trim_end_matches('0') {
            "" => write!(f, "{whole} %"),
            digits => write!(f, "{whole}.{digits} %"),
        }
    }
}

impl fmt::Debug for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no probability in per cent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a share between 0 % and 100 % with at most 7 decimals")]
pub struct ChanceError;

/// Reads `2 %`, `0.05%`.
impl FromStr for Chance {
    type Err = ChanceError;

    fn from_str(text: &str) -> Result<Self, ChanceError> {
        let number = text.trim().strip_suffix('%').ok_or(ChanceError)?.trim_end();
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !is_digits(whole) || !is_digits(decimals) || decimals.len() > 7 {
            return Err(ChanceError);
        }
        let whole: u32 = whole.parse().map_err(|_| ChanceError)?;
        let decimals: u32 = format!("{decimals:0<7}").parse().map_err(|_| ChanceError)?;
        let parts = whole.checked_mul(BILLION / 100).and_then(|parts| parts.checked_add(decimals));
        parts.filter(|parts| *parts <= BILLION).map(Self).ok_or(ChanceError)
    }
}

const BILLION: u32 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chance_prints_and_reads_as_per_cent() {
        for text in ["0 %", "0.02 %", "2 %", "99.9999999 %", "100 %"] {
            assert_eq!(text.parse::<Chance>().unwrap().to_string(), text);
        }
        assert_eq!("30%".parse(), Ok(Chance::from_percent(30)));
        for wrong in ["2", "101 %", "-1 %", ". %", "0.12345678 %", "9999999999 %"] {
            assert_eq!(wrong.parse::<Chance>(), Err(ChanceError), "{wrong}");
        }
    }

    #[test]
    fn one_in_a_number_of_times_rounds_down() {
        assert_eq!(Chance::one_in(3).as_ppb(), 333_333_333);
        assert_eq!(Chance::one_in(0), Chance::ALWAYS);
    }
}
