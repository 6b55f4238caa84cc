//! `icelab check`.

use core::fmt::Write;

use super::arguments::CheckArguments;
use super::{Ending, message, print};
use crate::suite::files::{Loaded, load};

/// Reads scenarios, and says how many cases each has.
pub(super) fn check(arguments: &CheckArguments) -> Ending {
    let Loaded { scenarios, problems } = load(&arguments.paths);
    message::problems(&problems);
    let mut text = String::new();
    for scenario in &scenarios {
        let (cases, runs) = (scenario.cases.len() as u64, scenario.runs());
        let seeds = if runs > cases { format!(", {runs} runs") } else { String::new() };
        let _ = writeln!(text, "ok  {}: {}{seeds}", scenario.source.name, count(cases, "case"));
    }
    let all: u64 = scenarios.iter().map(|scenario| scenario.cases.len() as u64).sum();
    let files = count(scenarios.len() as u64, "file");
    let _ = writeln!(text, "{files}, {}, all readable", count(all, "case"));
    if problems.is_empty() {
        return print(&text);
    }
    let text = text.replace(", all readable", " readable");
    print(&text);
    message::problem(&format!("{} could not be used", count(problems.len() as u64, "file")))
}

fn count(number: u64, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}
