//! Which part of a suite a run took: `--shard 2/4`.

use core::cmp::Reverse;
use core::fmt;
use core::str::FromStr;
use std::collections::BinaryHeap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// One of several equal parts of a suite; cases are dealt out like cards, so that a heavy file is spread too, and cases
/// that are judged together stay in one part.
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

    /// Which hands of a suite belong to this part. A hand is so many cases that must stay together; each hand goes to
    /// the part that has the fewest cases so far, the first of those.
    pub fn takes(self, hands: impl ExactSizeIterator<Item = usize>) -> Vec<bool> {
        // A part beyond the number of hands gets none.
        let parts = 1..=self.of.min(hands.len());
        let mut parts: BinaryHeap<_> = parts.map(|number| Reverse((0, number))).collect();
        let deal = hands.map(|cases| {
            let Some(mut fewest) = parts.peek_mut() else { return false };
            let Reverse((held, number)) = *fewest;
            *fewest = Reverse((held + cases, number));
            number == self.number
        });
        deal.collect()
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

    /// The part, from 1, that takes each hand.
    fn dealt(hands: &[usize], of: usize) -> Vec<usize> {
        let takes = (1..=of)
            .map(|number| Shard::new(number, of).unwrap().takes(hands.iter().copied()).into_iter());
        let mut takes: Vec<_> = takes.collect();
        let takers = hands.iter().map(|_| {
            let taken: Vec<bool> = takes.iter_mut().map(|part| part.next().unwrap()).collect();
            assert_eq!(taken.iter().filter(|is| **is).count(), 1, "exactly one part takes a hand");
            taken.iter().position(|is| *is).unwrap() + 1
        });
        takers.collect()
    }

    #[test]
    fn single_cases_are_dealt_in_turn() {
        assert_eq!(dealt(&[1; 8], 3), [1, 2, 3, 1, 2, 3, 1, 2]);
    }

    #[test]
    fn a_large_hand_stays_whole_and_the_others_make_up_for_it() {
        assert_eq!(dealt(&[1, 4, 1, 1, 1, 1, 1, 1], 2), [1, 2, 1, 1, 1, 1, 2, 1]);
    }

    #[test]
    fn parts_without_number_cost_nothing() {
        let last = Shard::new(usize::MAX, usize::MAX).unwrap();
        assert_eq!(last.takes([1, 1].into_iter()), [false, false]);
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
