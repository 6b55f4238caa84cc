//! Records in a folder, one file a run.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use icelab_sim::record::{Entry, Record, read_text};

use super::select::title;
use crate::scenario::plan::Plan;

/// Writes the record of a run.
///
/// # Errors
/// In one sentence.
pub fn write(folder: &Path, plan: &Plan, record: &Record) -> Result<(), String> {
    let path = path(folder, plan);
    let written = || -> std::io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut file = BufWriter::new(File::create(&path)?);
        record.write_text(&mut file)?;
        file.flush()
    };
    written().map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

/// Reads the record of a run that was kept earlier.
///
/// # Errors
/// In one sentence.
pub fn read(folder: &Path, plan: &Plan) -> Result<Vec<Entry>, String> {
    let path = path(folder, plan);
    let failed = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let file = File::open(&path).map_err(failed)?;
    let entries: std::io::Result<Vec<Entry>> = read_text(BufReader::new(file)).collect();
    entries.map_err(failed)
}

/// The file of a run: its title and seed, in letters that every file system takes.
#[must_use]
pub fn path(folder: &Path, plan: &Plan) -> PathBuf {
    folder.join(format!("{}.seed-{}.record", slug(&title(plan)), plan.seed))
}

/// A text in letters that every file system takes.
#[must_use]
pub fn slug(text: &str) -> String {
    let text = text.replace(".yaml", "");
    let letters = text.chars().map(|letter| match letter {
        letter if letter.is_ascii_alphanumeric() => letter,
        '=' | '_' | '.' => letter,
        _ => '-',
    });
    let mut slug: String = letters.collect();
    while slug.contains("--") {
        slug = slug.replace("--", "-");
    }
    slug.trim_matches(['-', '.']).to_owned()
}
