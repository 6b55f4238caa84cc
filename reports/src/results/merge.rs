//! Joining the results of shards into those of the whole suite.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::results::case::Case;
use crate::results::file::{FORMAT, Results};
use crate::results::group::Group;
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
    let groups = parts.iter().flat_map(|part| part.groups.iter().cloned()).collect();
    let cases = match parts.iter().map(|part| part.shard).collect::<Option<Vec<_>>>() {
        Some(shards) => {
            check_complete(&shards)?;
            in_order(parts)?
        }
        None => {
            check_unique(parts.iter().flat_map(|part| &part.cases))?;
            parts.into_iter().flat_map(|part| part.cases).collect()
        }
    };
    let groups = as_cases(groups, &cases);
    Ok(Results { format: FORMAT, icelab, shard: None, places: Vec::new(), cases, groups })
}

/// The groups in the order of their first cases. A group is never divided among shards.
fn as_cases(mut groups: Vec<Group>, cases: &[Case]) -> Vec<Group> {
    let mut firsts = BTreeMap::new();
    for (place, case) in cases.iter().enumerate() {
        firsts.entry((case.file.as_str(), case.variables(), case.runtime)).or_insert(place);
    }
    groups.sort_by_key(|group| {
        let (file, variables, _, runtime) = group.identity();
        firsts.get(&(file, variables, runtime)).copied()
    });
    groups
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
    /// A shard is among the files more than once.
    #[error("shard {shard} is given twice")]
    Again {
        /// That shard.
        shard: Shard,
    },
    /// The shards do not make up one suite.
    #[error(
        "the files are not the parts of one suite: its case number {number} is {}; run every shard \
         with the same files and options",
        if *is_there { "there twice" } else { "missing" }
    )]
    Suites {
        /// Which case of the suite, from 1.
        number: usize,
        /// Whether two shards have it, or none.
        is_there: bool,
    },
    /// A case is in the files twice.
    #[error("{title} with seed {seed} is there twice")]
    Twice {
        /// The case's name: the file, and the variables in brackets where there are any.
        title: String,
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
    let mut seen = BTreeSet::new();
    if let Some(&shard) = shards.iter().find(|shard| !seen.insert(**shard)) {
        return Err(MergeError::Again { shard });
    }
    let missing = (1..=one.of())
        .filter_map(|number| Shard::new(number, one.of()).ok())
        .find(|shard| !shards.contains(shard));
    missing.map_or(Ok(()), |missing| Err(MergeError::Missing { missing }))
}

/// The cases of all shards in the order of the suite.
fn in_order(mut parts: Vec<Results>) -> Result<Vec<Case>, MergeError> {
    check_unique(parts.iter().flat_map(|part| &part.cases))?;
    if parts.iter().any(|part| part.places.len() != part.cases.len()) {
        parts.sort_by_key(|part| part.shard);
        return Ok(deal_back(parts));
    }
    let placed = parts.into_iter().flat_map(|part| part.places.into_iter().zip(part.cases));
    let mut placed: Vec<(usize, Case)> = placed.collect();
    placed.sort_by_key(|(place, _)| *place);
    if let Some((index, (place, _))) = placed.iter().enumerate().find(|(at, one)| one.0 != *at) {
        let number = index.min(*place) + 1;
        return Err(MergeError::Suites { number, is_there: *place < index });
    }
    Ok(placed.into_iter().map(|(_, case)| case).collect())
}

/// Takes one case of each shard in turn: how suites were dealt out before their shards named places.
fn deal_back(parts: Vec<Results>) -> Vec<Case> {
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
fn check_unique<'a>(cases: impl IntoIterator<Item = &'a Case>) -> Result<(), MergeError> {
    let mut seen = BTreeSet::new();
    for case in cases {
        if !seen.insert(case.identity()) {
            return Err(MergeError::Twice { title: case.title(), seed: case.seed });
        }
    }
    Ok(())
}
