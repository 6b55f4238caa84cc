//! Which part of a suite a run took: `--shard 2/4`.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// One of several equal parts of a suite; cases are dealt out like cards, so that a heavy file is spread too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard {
    number: usize,
    of: usize,
}

impl Shard {
    /// Part `number` (from 1) of `of` parts.
    pub fn new(number: usize, of: usize) -> Result<Self, ShardError> {
        if number == 0 || number > of {
            return Err(ShardError::OutOfRange { number, of });
        }
        Ok(Self { number, of })
    }

    /// Which part this is, from 1.
    pub const fn number(self) -> usize {
        self.number
    }

    /// How many parts there are.
    pub const fn of(self) -> usize {
        self.of
    }

    /// Whether the suite's case with this index (from 0) belongs to this part.
    pub const fn takes(self, index: usize) -> bool {
        index % self.of == self.number - 1
    }
}

/// Why a text names no shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ShardError {
    /// The text is not two numbers with a slash between them.
    #[error("a shard is written K/N, such as 2/4")]
    Malformed,
    /// There is no such part.
    #[error("shard {number}/{of} does not exist: K runs from 1 to N")]
    OutOfRange {
        /// The part asked for.
        number: usize,
        /// How many there are.
        of: usize,
    },
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let (number, of) = text.split_once('/').ok_or(ShardError::Malformed)?;
        let parse = |part: &str| part.trim().parse().map_err(|_| ShardError::Malformed);
        Self::new(parse(number)?, parse(of)?)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.number, self.of)
    }
}

impl Serialize for Shard {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Shard {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_belongs_to_exactly_one_shard() {
        let shards: Vec<_> = (1..=3).map(|number| Shard::new(number, 3).unwrap()).collect();
        for index in 0..20 {
            assert_eq!(shards.iter().filter(|shard| shard.takes(index)).count(), 1);
        }
    }

    #[test]
    fn only_parts_that_exist_can_be_named() {
        assert_eq!("2/4".parse(), Ok(Shard { number: 2, of: 4 }));
        assert_eq!("4".parse::<Shard>(), Err(ShardError::Malformed));
        for text in ["0/4", "5/4", "0/0"] {
            assert!(matches!(text.parse::<Shard>(), Err(ShardError::OutOfRange { .. })), "{text}");
        }
    }
}
