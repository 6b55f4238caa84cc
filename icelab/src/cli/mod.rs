//! The command line.
//!
//! - [`arguments`]: what can be asked.
//! - [`run`], [`check`], [`explain`], [`new`], [`presets`], [`results`]: a command each.
//! - [`bench`]: `icelab bench`, also for programs that bring other stacks.
//! - [`outputs`]: where results of a run go, and what of them is saved before its end.
//! - [`work`]: on how many threads long work is done, and how far it is.
//! - [`message`]: refusals and problems, with excerpts, on stderr; [`excerpt`]: the lines around a fault.

mod arguments;
mod bench;
mod check;
mod excerpt;
mod explain;
mod message;
mod new;
mod outputs;
mod presets;
mod results;
mod run;
mod work;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
pub use bench::data_beside;

/// How a command ended (section 7 of the design).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ending {
    /// All was as expected.
    AsExpected,
    /// Some case was not.
    NotAsExpected,
    /// Something could not be read, or was asked wrongly.
    Unreadable,
}

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ending = match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Check(arguments) => check::check(&arguments),
        Command::Explain(arguments) => explain::explain(&arguments),
        Command::New(arguments) => new::new(&arguments),
        Command::Schema => print(&crate::schema::text()),
        Command::Presets(arguments) => presets::presets(&arguments),
        Command::Merge(arguments) => results::merge(&arguments),
        Command::Diff(arguments) => results::diff(&arguments),
        Command::Bench(arguments) => bench::bench(&arguments),
        Command::Serve(_) => message::not_supported_yet("icelab serve"),
    };
    ending.into()
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        Self::from(match ending {
            Ending::AsExpected => 0,
            Ending::NotAsExpected => 1,
            Ending::Unreadable => 2,
        })
    }
}

/// Writes a result. A reader that has gone away is no fault.
fn print(text: &str) -> Ending {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            message::problem(&format!("stdout cannot be written: {error}"))
        }
        _ => Ending::AsExpected,
    }
}
