//! `icelab new`.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use super::arguments::NewArguments;
use super::{Ending, message, print};
use crate::suite::files::name;

/// Writes a commented scenario, where there is none yet.
pub(super) fn new(arguments: &NewArguments) -> Ending {
    let mut path: PathBuf = arguments.name.clone();
    if path.extension().is_none_or(|end| end != "yaml") {
        path.as_mut_os_string().push(".yaml");
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
        Ok(()) => print(&format!(
            "wrote {shown}; try `icelab run {shown}` and `icelab explain {shown}`\n"
        )),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            message::problem(&format!("{shown} is there already; choose another name"))
        }
        Err(error) => message::problem(&format!("{shown} cannot be written: {error}")),
    }
}

/// The scenario to start from.
pub(super) const TEMPLATE: &str = include_str!("template.yaml");
