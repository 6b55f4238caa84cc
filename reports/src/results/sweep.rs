//! A range of seeds that was judged as one.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Seeds from one to another, both included; reads and writes as `1..100`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sweep {
    /// The first.
    pub first: u64,
    /// The last.
    pub last: u64,
}

impl Sweep {
    /// Whether this seed is one of them.
    pub const fn contains(self, seed: u64) -> bool {
        self.first <= seed && seed <= self.last
    }
}

impl fmt::Display for Sweep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}..{}", self.first, self.last)
    }
}

impl Serialize for Sweep {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sweep {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let ends = text.split_once("..");
        let sweep = ends.and_then(|(first, last)| {
            Some(Self { first: first.parse().ok()?, last: last.parse().ok()? })
        });
        sweep.ok_or_else(|| de::Error::custom(format!("`{text}` is no range of seeds: A..B")))
    }
}
