//! `icelab new`.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{MAIN_SEPARATOR, PathBuf};

use icelab_reports::table::quoted;

use super::arguments::NewArguments;
use super::{Ending, message, print};
use crate::suite::files::{is_input, name};

/// Writes a commented scenario, where there is none yet; `-` prints it.
pub(super) fn new(arguments: &NewArguments) -> Ending {
    if is_input(&arguments.name) {
        return print(TEMPLATE);
    }
    let is_folder = arguments.name.to_string_lossy().ends_with(['/', MAIN_SEPARATOR]);
    if is_folder || arguments.name.file_name().is_none() {
        return message::problem("name the file too, as in `icelab new rooms/office`");
    }
    let mut path: PathBuf = arguments.name.clone();
    match path.extension() {
        Some(end) if end == "yaml" => {}
        // A folder's scenarios are its `*.yaml` files.
        Some(end) if end == "yml" => _ = path.set_extension("yaml"),
        _ => path.as_mut_os_string().push(".yaml"),
    }
    let written = || -> std::io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        file.write_all(TEMPLATE.as_bytes())
    };
    let shown = name(&path);
    match written() {
        Ok(()) => {
            let word = quoted(&shown);
            print(&format!(
                "wrote {shown}; try it:\n  icelab run {word}\n  icelab explain {word}\n"
            ))
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            message::problem(&format!("{shown} is there already; choose another name"))
        }
        Err(error) => message::problem(&format!("{shown} cannot be written: {error}")),
    }
}

/// The scenario to start from.
pub(super) const TEMPLATE: &str = include_str!("template.yaml");
