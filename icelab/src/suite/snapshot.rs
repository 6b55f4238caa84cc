//! Each file's text report, compared with the one that was accepted earlier.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use icelab_reports::results::{Case, Results};
use icelab_reports::table::SuiteTable;

use super::keep::slug;
use super::save::replace;

/// What comparing, or writing, a report came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// As accepted.
    Same,
    /// Written, because the user accepts it.
    Written(PathBuf),
    /// Nothing was accepted for this file yet.
    Missing {
        /// Where it would stand.
        path: PathBuf,
    },
    /// Something else was accepted.
    Different {
        /// Where it stands.
        path: PathBuf,
        /// The number of the first line that differs, from 1.
        line: usize,
        /// That line as it was accepted; empty where the report was shorter.
        accepted: String,
        /// That line now.
        now: String,
    },
}

/// Compares the report of each file among the results with the one in a folder, or writes it there.
///
/// # Errors
/// When a report cannot be read or written, in one sentence.
pub fn compare(folder: &Path, results: &Results, accept: bool) -> Result<Vec<Compared>, String> {
    let mut files: BTreeMap<&str, Vec<Case>> = BTreeMap::new();
    for case in &results.cases {
        files.entry(&case.file).or_default().push(case.clone());
    }
    let mut compared = Vec::new();
    for (file, cases) in files {
        let path = folder.join(format!("{}.txt", slug(file)));
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        let groups = results.groups.iter().filter(|group| group.file == file).cloned();
        let now = SuiteTable::new(&Results { groups: groups.collect(), ..Results::new(cases) })
            .to_string();
        let accepted = match fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        compared.push(match accepted {
            Some(accepted) if accepted == now => Compared::Same,
            _ if accept => {
                fs::create_dir_all(folder).map_err(failed)?;
                replace(&path, &now)?;
                Compared::Written(path)
            }
            None => Compared::Missing { path },
            Some(accepted) => different(path, &accepted, &now),
        });
    }
    Ok(compared)
}

fn different(path: PathBuf, accepted: &str, now: &str) -> Compared {
    let (mut old, mut new) = (accepted.lines(), now.lines());
    let mut line = 0;
    loop {
        line += 1;
        let (old, new) = (old.next(), new.next());
        if old != new || old.is_none() {
            let text = |line: Option<&str>| line.unwrap_or("").to_owned();
            return Compared::Different { path, line, accepted: text(old), now: text(new) };
        }
    }
}
