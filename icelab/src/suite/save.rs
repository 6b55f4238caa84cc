//! Files that a run writes. What stood there before stays until the new one is whole.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A file that will be written at the end of a run. That it can be is found out before.
#[derive(Debug)]
pub struct Destination {
    path: PathBuf,
    /// Whether the file is written aside and then moved there; devices and pipes cannot be replaced.
    is_moved: bool,
}

impl Destination {
    /// Finds out whether a file can be written, and leaves everything as it was.
    ///
    /// # Errors
    /// Why not, in one sentence.
    pub fn prepare(path: &Path) -> Result<Self, String> {
        let failed = |reason: String| format!("{} cannot be written: {reason}", path.display());
        // A link stays, and what it points to is replaced.
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let is_there = match fs::metadata(&real) {
            Ok(found) if found.is_dir() => return Err(failed("it is a folder".to_owned())),
            Ok(found) if !found.is_file() => return Ok(Self { path: real, is_moved: false }),
            Ok(_) => {
                let opened = OpenOptions::new().append(true).open(&real);
                opened.map_err(|error| failed(error.to_string()))?;
                true
            }
            Err(_) => false,
        };
        if real.file_name().is_none() {
            return Err(failed("it is no name of a file".to_owned()));
        }
        let folder = folder_of(&real);
        if !folder.is_dir() {
            return Err(failed(format!("there is no folder {}", folder.display())));
        }
        match probe(&beside(&real, PART)) {
            Ok(()) => Ok(Self { path: real, is_moved: true }),
            Err(_) if is_there => Ok(Self { path: real, is_moved: false }),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    /// Saves what there is so far beside the file, under its name and `.unfinished`.
    ///
    /// # Errors
    /// In one sentence.
    pub fn save_unfinished(&self, text: &str) -> Result<(), String> {
        if self.is_moved { replace(&beside(&self.path, UNFINISHED), text) } else { Ok(()) }
    }

    /// Writes the whole.
    ///
    /// # Errors
    /// In one sentence.
    pub fn finish(self, text: &str) -> Result<(), String> {
        if !self.is_moved {
            let written = fs::write(&self.path, text);
            return written
                .map_err(|error| format!("{} cannot be written: {error}", self.path.display()));
        }
        replace(&self.path, text)?;
        let _ = fs::remove_file(beside(&self.path, UNFINISHED));
        Ok(())
    }
}

/// Makes a folder where there is none, and finds out whether files can be written there.
///
/// # Errors
/// Why not, in one sentence.
pub fn prepare_folder(folder: &Path) -> Result<(), String> {
    let made = fs::create_dir_all(folder).and_then(|()| probe(&folder.join(PROBE)));
    made.map_err(|error| {
        let is_file = [ErrorKind::AlreadyExists, ErrorKind::NotADirectory].contains(&error.kind());
        let why =
            if is_file { "there is a file in its place".to_owned() } else { error.to_string() };
        format!("the folder {} cannot be written: {why}", folder.display())
    })
}

/// Replaces a file in one step: whoever reads it sees the old text or the new one.
///
/// # Errors
/// In one sentence.
pub fn replace(path: &Path, text: &str) -> Result<(), String> {
    replace_with(path, |part| fs::write(part, text))
}

/// Replaces a file in one step by what `write` writes.
///
/// # Errors
/// In one sentence.
pub fn replace_with(
    path: &Path,
    write: impl FnOnce(&Path) -> std::io::Result<()>,
) -> Result<(), String> {
    let part = beside(path, PART);
    let written = write(&part).and_then(|()| fs::rename(&part, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&part);
        format!("{} cannot be written: {error}", path.display())
    })
}

/// Writes an empty file and removes it.
fn probe(path: &Path) -> std::io::Result<()> {
    File::create(path)?;
    fs::remove_file(path)
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.to_owned();
    name.as_mut_os_string().push(end);
    name
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// What ends the name of a file that is being written.
const PART: &str = ".part";

/// What ends the name of results that are not all there yet.
const UNFINISHED: &str = ".unfinished";

/// The file that shows whether a folder can be written.
const PROBE: &str = ".icelab-probe";
