//! The record of one run.

use std::io;

use super::entry::Entry;
use super::level::Level;

/// The record of one run: its hash, and the entries that were kept.
pub struct Record {
    level: Level,
}

#[expect(clippy::todo, reason = "being written")]
#[expect(missing_docs, reason = "being written")]
impl Record {
    pub fn level(&self) -> Level {
        self.level
    }
    /// SHA-256 of all that happened so far, in lower-case hexadecimal.
    pub fn hash(&self) -> String {
        todo!()
    }
    /// How many entries there were, kept or not.
    pub fn len(&self) -> u64 {
        todo!()
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The kept entries in order; may read from the disk.
    pub fn entries(&self) -> Entries {
        todo!()
    }
}

/// The kept entries in order.
pub struct Entries {}

impl Iterator for Entries {
    type Item = io::Result<Entry>;
    fn next(&mut self) -> Option<Self::Item> {
        None
    }
}
