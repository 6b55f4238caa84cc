//! From paths to scenarios.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::scenario::load::Scenario;
use crate::scenario::text::fault::Refusal;
use crate::scenario::text::first_pass::MAX_BYTES;
use crate::scenario::text::source::Source;

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

/// Reads the files at these paths, and those named `*.yaml` in the folders at these paths and below.
#[must_use]
pub fn load(paths: &[PathBuf]) -> Loaded {
    let mut loaded = Loaded::default();
    let mut seen = BTreeSet::new();
    for path in paths {
        let mut files = Vec::new();
        match find(path, 0, &mut files) {
            Ok(()) if files.is_empty() => loaded.problems.push(Problem::Unreadable {
                path: name(path),
                reason: "no scenario (`*.yaml`) in this folder".to_owned(),
            }),
            Ok(()) => {}
            Err(problem) => loaded.problems.push(problem),
        }
        for file in files {
            if seen.insert(file.clone()) {
                match load_one(&file) {
                    Ok(scenario) => loaded.scenarios.push(scenario),
                    Err(problem) => loaded.problems.push(problem),
                }
            }
        }
    }
    loaded
}

/// Reads one file.
///
/// # Errors
/// When it cannot be read, or has faults.
pub fn load_one(path: &Path) -> Result<Scenario, Problem> {
    let unreadable = |reason: String| Problem::Unreadable { path: name(path), reason };
    let length = fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
    if length > MAX_BYTES as u64 {
        return Err(unreadable(format!("it has {length} bytes; {MAX_BYTES} are the most")));
    }
    let bytes = fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        unreadable(format!("not UTF-8 from byte {} on", error.utf8_error().valid_up_to()))
    })?;
    // Some editors begin a file with a byte order mark, which is no part of its text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    Scenario::read(Source::new(name(path), text))
        .map_err(|refusal| Problem::Refused(Box::new(refusal)))
}

fn find(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Problem> {
    let unreadable =
        |error: std::io::Error| Problem::Unreadable { path: name(path), reason: error.to_string() };
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    if depth > DEEPEST {
        return Err(Problem::Unreadable {
            path: name(path),
            reason: format!("more than {DEEPEST} folders deep"),
        });
    }
    let mut inside = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        inside.push(entry.map_err(unreadable)?.path());
    }
    inside.sort();
    for path in inside {
        let is_hidden =
            path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let is_scenario = path.extension().is_some_and(|end| end == "yaml");
        if !is_hidden && (is_scenario || path.is_dir()) {
            find(&path, depth + 1, files)?;
        }
    }
    Ok(())
}

/// A path as the user would write it, on every system.
#[must_use]
pub fn name(path: &Path) -> String {
    let name = path.display().to_string();
    if cfg!(windows) { name.replace('\\', "/") } else { name }
}

/// Deeper folders are a circle of links.
const DEEPEST: usize = 32;
