//! The command `icelab`.

use std::process::ExitCode;

fn main() -> ExitCode {
    icelab::cli::main()
}
