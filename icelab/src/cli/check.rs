//! `icelab check`.

use core::fmt::Write;

use super::arguments::CheckArguments;
use super::{Ending, message, print};
use crate::suite::files::{Loaded, load};

/// Reads scenarios, and says how many cases each has.
pub(super) fn check(arguments: &CheckArguments) -> Ending {
    let Loaded { scenarios, problems } = load(&arguments.paths);
    message::problems(&problems);
    message::warnings(&scenarios);
    let mut text = String::new();
    for scenario in &scenarios {
        let (cases, runs) = (scenario.cases.len() as u64, scenario.runs());
        let seeds = if runs > cases { format!(", {runs} runs") } else { String::new() };
        let _ = writeln!(text, "ok  {}: {}{seeds}", scenario.source.name, count(cases, "case"));
    }
    if scenarios.is_empty() {
        // The messages say it all.
        return Ending::Unreadable;
    }
    let all: u64 = scenarios.iter().map(|scenario| scenario.cases.len() as u64).sum();
    let files = count(scenarios.len() as u64, "file");
    let is_all = problems.is_empty();
    let readable = if is_all { ", all readable" } else { " readable" };
    let _ = writeln!(text, "{files}, {}{readable}", count(all, "case"));
    let ending = print(&text);
    if is_all {
        return ending;
    }
    message::problem(&format!("{} could not be used", count(problems.len() as u64, "file")))
}

fn count(number: u64, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}
