//! The results file itself: reading and writing.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::results::case::{Case, Verdict};
use crate::results::group::Group;
use crate::results::shard::Shard;

/// The version of the file's shape that this library reads and writes.
pub const FORMAT: u32 = 1;

/// A results file: every case of a suite, in the order in which the suite lists them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// The version of the file's shape, [`FORMAT`].
    pub format: u32,
    /// The version of icelab that ran the cases.
    pub icelab: String,
    /// Which part of the suite this is, where it is not the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// In the file of a shard: where in the whole suite each case stands, from 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<usize>,
    /// The cases.
    pub cases: Vec<Case>,
    /// The cases whose seeds were judged together, in the order of the suite; left out where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
}

impl Results {
    /// A file of these cases, written by this version of icelab.
    pub fn new(cases: Vec<Case>) -> Self {
        let icelab = env!("CARGO_PKG_VERSION").to_owned();
        Self { format: FORMAT, icelab, shard: None, places: Vec::new(), cases, groups: Vec::new() }
    }

    /// Reads a results file.
    pub fn read(text: &str) -> Result<Self, ReadError> {
        let Head { format } = serde_json::from_str(text)?;
        if format != FORMAT {
            return Err(ReadError::Format { found: format });
        }
        Ok(serde_json::from_str(text)?)
    }

    /// The file's text: indented JSON, keys in a fixed order, a line feed at the end.
    pub fn write(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("every key is a string");
        text.push('\n');
        text
    }

    /// How many cases came to this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.cases.iter().filter(|case| case.verdict == verdict).count()
    }

    /// Whether every case was as expected, and all seeds together where they were judged so.
    pub fn all_as_expected(&self) -> bool {
        self.count(Verdict::Passed) == self.cases.len()
            && self.groups.iter().all(|group| group.verdict == Verdict::Passed)
    }
}

/// Why a text is no results file.
#[derive(Debug, Error)]
pub enum ReadError {
    /// Not JSON, or not of the file's shape; the message names line and column.
    #[error("not a results file: {0}")]
    Shape(#[from] serde_json::Error),
    /// A shape that this library does not know.
    #[error("format {found} is not known here: this icelab reads format {FORMAT}")]
    Format {
        /// The format that the file names.
        found: u32,
    },
}

/// The part of the file that says how to read the rest.
#[derive(Deserialize)]
struct Head {
    format: u32,
}
