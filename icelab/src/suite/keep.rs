//! Records in a folder, one file a run.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use icelab_sim::record::{Entry, Record, read_text};

use super::save::replace_with;
use super::select::title;
use crate::scenario::plan::Plan;

/// Writes the record of a run.
///
/// # Errors
/// In one sentence.
pub fn write(folder: &Path, plan: &Plan, record: &Record) -> Result<(), String> {
    replace_with(&path(folder, plan), |part| {
        fs::create_dir_all(folder)?;
        let mut file = BufWriter::new(File::create(part)?);
        record.write_text(&mut file)?;
        file.flush()
    })
}

/// Reads the record of a run that was kept earlier.
///
/// # Errors
/// In one sentence.
pub fn read(folder: &Path, plan: &Plan) -> Result<Vec<Entry>, String> {
    let path = path(folder, plan);
    let file = File::open(&path).map_err(|error| {
        if error.kind() == ErrorKind::NotFound {
            return format!(
                "no record of this run was kept: there is no {}; the same command without --verify keeps one",
                path.display()
            );
        }
        format!("{} cannot be read: {error}", path.display())
    })?;
    let lines = read_text(BufReader::new(file)).enumerate();
    let entries = lines.map(|(index, entry)| {
        entry.map_err(|error| format!("{}:{} cannot be read: {error}", path.display(), index + 1))
    });
    entries.collect()
}

/// The file of a run: its title and seed, in letters that every file system takes.
#[must_use]
pub fn path(folder: &Path, plan: &Plan) -> PathBuf {
    folder.join(format!("{}.seed-{}.record", slug(&title(plan)), plan.seed))
}

/// A text as the name of a file, in letters that every file system takes. Texts that differ have names that differ: what
/// is no plain `NAME.yaml` ends with a hash of the text.
#[must_use]
pub fn slug(text: &str) -> String {
    let text = text.trim_start_matches("./");
    let mut slug = String::new();
    for letter in text.replace(".yaml", "").chars().take(LONGEST) {
        match letter {
            letter if letter.is_ascii_alphanumeric() || "=_.".contains(letter) => slug.push(letter),
            _ if slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    let slug = slug.trim_matches(['-', '.']);
    if !slug.is_empty() && text.strip_suffix(".yaml") == Some(slug) {
        return slug.to_owned();
    }
    format!("{slug}-{:08x}", hash(text))
}

/// FNV-1a of 32 bits.
fn hash(text: &str) -> u32 {
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    text.bytes().fold(0x811c_9dc5, step)
}

/// File systems take names of 255 bytes.
const LONGEST: usize = 150;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_name_stays_as_it_is() {
        assert_eq!(slug("two-homes.yaml"), "two-homes");
        assert_eq!(slug("./two-homes.yaml"), "two-homes");
    }

    #[test]
    fn texts_that_differ_in_punctuation_only_have_different_names() {
        let alike = [
            "a.yaml",
            "a",
            "a-b.yaml",
            "a b.yaml",
            "a/b.yaml",
            "a--b.yaml",
            "a (x=1 %).yaml",
            "a.yaml (x=1 %)",
            "a.yaml (x=1 )",
            "a.yaml (x=1)",
            "a.yaml (x=\u{e9})",
            ".a.yaml",
            "",
            ".yaml",
        ];
        let names: std::collections::BTreeSet<String> = alike.map(slug).into();
        assert_eq!(names.len(), alike.len(), "{names:?}");
        let letters =
            |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"=_.-".contains(&b));
        assert!(names.iter().all(|name| letters(name) && !name.starts_with('.')), "{names:?}");
    }

    #[test]
    fn a_long_text_has_a_name_that_file_systems_take() {
        let (one, other) = ("x".repeat(400) + "1.yaml", "x".repeat(400) + "2.yaml");
        assert!(slug(&one).len() < 200);
        assert_ne!(slug(&one), slug(&other));
    }
}
