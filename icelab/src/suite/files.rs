//! From paths to scenarios.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Component, Path, PathBuf};

use crate::scenario::load::Scenario;
use crate::scenario::text::fault::Refusal;
use crate::scenario::text::first_pass::MAX_BYTES;
use crate::scenario::text::nearest::nearest;

/// Scenarios in the order of their paths, and what could not be used.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The scenarios.
    pub scenarios: Vec<Scenario>,
    /// What could not be used.
    pub problems: Vec<Problem>,
}

/// Why a path gives no scenario.
#[derive(Debug)]
pub enum Problem {
    /// The file has faults.
    Refused(Box<Refusal>),
    /// The path cannot be read.
    Unreadable {
        /// The path.
        path: String,
        /// Why not.
        reason: String,
    },
}

/// Reads the files at these paths, and those named `*.yaml` in the folders at these paths and below. The path `-` is
/// the standard input.
#[must_use]
pub fn load(paths: &[PathBuf]) -> Loaded {
    let mut loaded = Loaded::default();
    let mut seen = BTreeSet::new();
    for path in paths {
        let mut found = Found::default();
        found.add(path, 0);
        if found.files.is_empty() && found.problems.is_empty() {
            found.problems.push(unreadable(path, "no scenario (`*.yaml`) in this folder"));
        }
        loaded.problems.append(&mut found.problems);
        for file in found.files {
            if seen.insert(plain(&file)) {
                match load_one(&file) {
                    Ok(scenario) => loaded.scenarios.push(scenario),
                    Err(problem) => loaded.problems.push(problem),
                }
            }
        }
    }
    loaded
}

/// Reads one file; `-` is the standard input.
///
/// # Errors
/// When it cannot be read, or has faults.
pub fn load_one(path: &Path) -> Result<Scenario, Problem> {
    let bytes = if is_input(path) {
        read(io::stdin().lock())
    } else if path.is_dir() {
        return Err(unreadable(path, "it is a folder; name one of its files"));
    } else {
        File::open(path).and_then(read)
    };
    let bytes = bytes.map_err(|error| unopened(path, &error))?;
    if bytes.len() > MAX_BYTES {
        return Err(unreadable(
            path,
            format!("it has more than {MAX_BYTES} bytes, which are the most"),
        ));
    }
    Scenario::read_bytes(name(path), &bytes).map_err(|refusal| Problem::Refused(Box::new(refusal)))
}

/// What a path leads to.
#[derive(Default)]
struct Found {
    files: Vec<PathBuf>,
    problems: Vec<Problem>,
}

impl Found {
    /// Adds a file, or the scenarios of a folder. What cannot be read does not hide the rest.
    fn add(&mut self, path: &Path, depth: usize) {
        let is_folder = match fs::metadata(path) {
            _ if is_input(path) => false,
            Ok(found) => found.is_dir(),
            Err(error) => return self.problems.push(unopened(path, &error)),
        };
        if !is_folder {
            return self.files.push(path.to_owned());
        }
        if depth > DEEPEST {
            let reason = format!("more than {DEEPEST} folders deep");
            return self.problems.push(unreadable(path, reason));
        }
        let entries = fs::read_dir(path)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>());
        let mut inside: Vec<PathBuf> = match entries {
            Ok(inside) => inside,
            Err(error) => return self.problems.push(unopened(path, &error)),
        };
        inside.sort();
        for path in inside {
            let is_hidden =
                path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            let is_scenario = path.extension().is_some_and(|end| end == "yaml");
            if !is_hidden && (is_scenario || path.is_dir()) {
                self.add(&path, depth + 1);
            }
        }
    }
}

/// One byte more than a scenario may have tells that it has too many.
fn read(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(path: &Path, reason: impl Into<String>) -> Problem {
    Problem::Unreadable { path: name(path), reason: reason.into() }
}

fn unopened(path: &Path, error: &io::Error) -> Problem {
    if error.kind() != ErrorKind::NotFound || path.is_symlink() {
        return unreadable(path, error.to_string());
    }
    let help = match meant(path) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "name the files or folders to use, or write a scenario to start from with \
                 `icelab new office`"
            .to_owned(),
    };
    unreadable(path, format!("there is no such file or folder; {help}"))
}

/// The file or folder beside a missing one that was probably meant.
fn meant(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut names: Vec<String> = fs::read_dir(folder.unwrap_or(Path::new(".")))
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    let with_end = format!("{wanted}.yaml");
    let found = names.iter().find(|name| **name == with_end).map(String::as_str);
    let found = found.or_else(|| nearest(wanted, names.iter().map(String::as_str)))?;
    Some(name(&path.with_file_name(found)))
}

/// Whether the path stands for the standard input.
#[must_use]
pub fn is_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The path without steps that lead nowhere: `./a.yaml` is `a.yaml`.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != Component::CurDir).collect()
}

/// A path as the user would write it, on every system.
#[must_use]
pub fn name(path: &Path) -> String {
    let name = path.display().to_string();
    if cfg!(windows) { name.replace('\\', "/") } else { name }
}

/// Deeper folders are a circle of links.
const DEEPEST: usize = 32;
