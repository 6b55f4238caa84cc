//! `icelab merge` and `icelab diff`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use icelab_reports::results::{self, Comparison, Results};
use icelab_reports::table::SuiteTable;

use super::arguments::{DiffArguments, MergeArguments};
use super::run::{is_coloured, terminal_width};
use super::{Ending, message, print};
use crate::suite::files::{is_input, name};
use crate::suite::save::Destination;

/// Joins the results of shards.
pub(super) fn merge(arguments: &MergeArguments) -> Ending {
    let Some(parts) = read_all(&arguments.files) else { return Ending::Unreadable };
    let destination = match arguments.json.as_ref().filter(|path| !is_input(path)) {
        None => None,
        Some(path) => match Destination::prepare(path) {
            Ok(destination) => Some(destination),
            Err(reason) => return message::problem(&reason),
        },
    };
    let whole = match results::merge(parts) {
        Ok(whole) => whole,
        Err(error) => return message::problem(&error.to_string()),
    };
    let table = SuiteTable::new(&whole).coloured(is_coloured()).width(terminal_width());
    let mut ending = match destination {
        None => print(&whole.write()),
        Some(destination) => match destination.finish(&whole.write()) {
            Ok(()) => print(&table.to_string()),
            Err(reason) => message::problem(&reason),
        },
    };
    if !whole.all_as_expected() {
        ending = ending.max(Ending::NotAsExpected);
    }
    ending
}

/// Says what changed.
pub(super) fn diff(arguments: &DiffArguments) -> Ending {
    let files = read_all(&[arguments.older.clone(), arguments.newer.clone()]);
    let Some([older, newer]) = files.as_deref() else { return Ending::Unreadable };
    let comparison = Comparison::between(older, newer);
    let ending = print(&comparison.to_string());
    if comparison.is_empty() { ending } else { ending.max(Ending::NotAsExpected) }
}

/// Reads results files; tells of each that is none.
fn read_all(paths: &[PathBuf]) -> Option<Vec<Results>> {
    let mut read = Vec::new();
    for path in paths {
        match read_one(path) {
            Ok(results) => read.push(results),
            Err(reason) => _ = message::problem(&reason),
        }
    }
    (read.len() == paths.len()).then_some(read)
}

fn read_one(path: &Path) -> Result<Results, String> {
    let text =
        if is_input(path) { io::read_to_string(io::stdin()) } else { fs::read_to_string(path) };
    let text = text.map_err(|error| {
        if error.kind() == io::ErrorKind::NotFound {
            format!("{} cannot be read: there is no such file", name(path))
        } else {
            format!("{} cannot be read: {error}", name(path))
        }
    })?;
    Results::read(&text).map_err(|error| {
        format!("{}: {error}; `icelab run --json FILE` writes results files", name(path))
    })
}
