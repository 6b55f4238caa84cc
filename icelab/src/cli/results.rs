//! `icelab merge` and `icelab diff`.

use std::fs;
use std::path::Path;

use icelab_reports::results::{self, Comparison, Results};
use icelab_reports::table::SuiteTable;

use super::arguments::{DiffArguments, MergeArguments};
use super::run::is_coloured;
use super::{Ending, message, print};
use crate::suite::files::name;

/// Joins the results of shards.
pub(super) fn merge(arguments: &MergeArguments) -> Ending {
    let mut parts = Vec::new();
    for path in &arguments.files {
        match read(path) {
            Ok(part) => parts.push(part),
            Err(reason) => return message::problem(&reason),
        }
    }
    let whole = match results::merge(parts) {
        Ok(whole) => whole,
        Err(error) => return message::problem(&error.to_string()),
    };
    let mut ending = match &arguments.json {
        None => print(&whole.write()),
        Some(path) => match fs::write(path, whole.write()) {
            Ok(()) => print(&SuiteTable::new(&whole).coloured(is_coloured()).to_string()),
            Err(error) => message::problem(&format!("{} cannot be written: {error}", name(path))),
        },
    };
    if !whole.all_as_expected() {
        ending = ending.max(Ending::NotAsExpected);
    }
    ending
}

/// Says what changed.
pub(super) fn diff(arguments: &DiffArguments) -> Ending {
    let (older, newer) = match (read(&arguments.older), read(&arguments.newer)) {
        (Ok(older), Ok(newer)) => (older, newer),
        (Err(reason), _) | (_, Err(reason)) => return message::problem(&reason),
    };
    let comparison = Comparison::between(&older, &newer);
    let ending = print(&comparison.to_string());
    if comparison.is_empty() { ending } else { ending.max(Ending::NotAsExpected) }
}

fn read(path: &Path) -> Result<Results, String> {
    let text = fs::read_to_string(path)
        .map_err(|error| format!("{} cannot be read: {error}", name(path)))?;
    Results::read(&text).map_err(|error| format!("{}: {error}", name(path)))
}
