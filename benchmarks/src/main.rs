//! Media protected and handshakes done, in one run with software that others wrote. icelab chooses
//! its cryptographic library when it is built, so there are two builds of this program: `compare`
//! starts both as workers and asks them in turn.
//!
//! - `contest`: what is measured, of whom. `media`, `handshakes`: each of them.
//! - `worker`: measures what it is told to. `compare`: asks the workers in rounds. `report`: tables.

mod compare;
mod contest;
mod handshakes;
mod media;
mod report;
mod worker;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["work"] => worker::run(),
        ["compare", portable, fast, rounds, milliseconds, filter @ ..] => {
            let numbers = rounds.parse().ok().zip(milliseconds.parse().ok());
            let Some((rounds, milliseconds)) = numbers else { return usage() };
            compare::run(&[portable, fast], rounds, milliseconds, &filter.join(" "));
        }
        _ => return usage(),
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("usage: icelab-benchmarks compare PORTABLE FAST ROUNDS MILLISECONDS [TEXT], or work");
    ExitCode::from(2)
}
