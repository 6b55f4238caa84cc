//! Joining the results of shards into those of the whole suite.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::results::case::Case;
use crate::results::file::{FORMAT, Results};
use crate::results::shard::Shard;

/// Joins results files into one.
///
/// Files that say which shard they are come out in the suite's own order, whatever the order of the arguments, and all
/// of them must be there; other files are joined one after the other. No case may occur twice.
pub fn merge(parts: Vec<Results>) -> Result<Results, MergeError> {
    let icelab = parts.first().ok_or(MergeError::Nothing)?.icelab.clone();
    if let Some(other) = parts.iter().find(|part| part.icelab != icelab) {
        return Err(MergeError::Versions { one: icelab, other: other.icelab.clone() });
    }
    let cases = match parts.iter().map(|part| part.shard).collect::<Option<Vec<_>>>() {
        Some(shards) => {
            check_complete(&shards)?;
            deal_back(parts)
        }
        None => parts.into_iter().flat_map(|part| part.cases).collect(),
    };
    check_unique(&cases)?;
    Ok(Results { format: FORMAT, icelab, shard: None, cases })
}

/// Why results cannot be joined.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MergeError {
    /// No file was given.
    #[error("there is nothing to merge")]
    Nothing,
    /// The files were written by different versions of icelab.
    #[error("the files come from different versions of icelab: {one} and {other}")]
    Versions {
        /// The first file's version.
        one: String,
        /// Another file's version.
        other: String,
    },
    /// The files are shards of differently divided suites.
    #[error("shard {one} and shard {other} are not parts of one division")]
    Divisions {
        /// A shard.
        one: Shard,
        /// One of another division.
        other: Shard,
    },
    /// A shard is not among the files.
    #[error("shard {missing} is missing")]
    Missing {
        /// The first one that is missing.
        missing: Shard,
    },
    /// A case is in the files twice.
    #[error("{file} ({variables}) with seed {seed} is there twice")]
    Twice {
        /// The scenario file.
        file: String,
        /// The case's variables in words.
        variables: String,
        /// The seed.
        seed: u64,
    },
}

/// Every shard of one division is there.
fn check_complete(shards: &[Shard]) -> Result<(), MergeError> {
    let Some(&one) = shards.first() else {
        return Ok(());
    };
    if let Some(&other) = shards.iter().find(|shard| shard.of() != one.of()) {
        return Err(MergeError::Divisions { one, other });
    }
    let missing = (1..=one.of())
        .filter_map(|number| Shard::new(number, one.of()).ok())
        .find(|shard| !shards.contains(shard));
    missing.map_or(Ok(()), |missing| Err(MergeError::Missing { missing }))
}

/// Takes one case of each shard in turn: the reverse of [`Shard::takes`].
fn deal_back(mut parts: Vec<Results>) -> Vec<Case> {
    parts.sort_by_key(|part| part.shard);
    let mut hands: Vec<_> = parts.into_iter().map(|part| part.cases.into_iter()).collect();
    let mut cases = Vec::new();
    loop {
        let before = cases.len();
        cases.extend(hands.iter_mut().filter_map(Iterator::next));
        if cases.len() == before {
            return cases;
        }
    }
}

/// No case is there twice.
fn check_unique(cases: &[Case]) -> Result<(), MergeError> {
    let mut seen = BTreeSet::new();
    for case in cases {
        if !seen.insert(case.identity()) {
            return Err(MergeError::Twice {
                file: case.file.clone(),
                variables: case.variables(),
                seed: case.seed,
            });
        }
    }
    Ok(())
}
