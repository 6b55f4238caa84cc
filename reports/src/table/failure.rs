//! What was not as expected, in full: what was wanted, what came, how to run it again, and how to see why.

use core::fmt;

use indexmap::{IndexMap, IndexSet};

use crate::results::{Case, Failure, Group, Results, Runtime, Sweep, Verdict};
use crate::table::suite::BAD;
use crate::table::word::quoted;

/// Writes a block for all that went wrong in the same way: seeds of one case that failed alike share one. Seeds that
/// were judged together and failed so come last.
pub(crate) fn write_failures(
    text: &mut impl fmt::Write,
    results: &Results,
    options: &str,
) -> fmt::Result {
    let mut blocks = IndexMap::<Kind, Vec<&Case>>::new();
    for case in results.cases.iter().filter(|case| case.verdict != Verdict::Passed) {
        blocks.entry(Kind::of(case)).or_default().push(case);
    }
    for runs in blocks.values() {
        if let [first, ..] = runs.as_slice() {
            write_runs(text, first, runs, options)?;
        }
    }
    for group in results.groups.iter().filter(|group| group.verdict != Verdict::Passed) {
        write_group(text, group, &results.cases, options)?;
    }
    Ok(())
}

/// What went wrong, so far as several seeds of one case can have it in common.
#[derive(PartialEq, Eq, Hash)]
struct Kind {
    title: String,
    runtime: Runtime,
    error: Option<String>,
    /// Each failure, what was found without its figures.
    failures: Vec<(String, String, String)>,
}

impl Kind {
    fn of(case: &Case) -> Self {
        let failures = case.failures.iter().map(|failure| {
            let Failure { expect, wanted, got, .. } = failure;
            (expect.clone(), wanted.clone(), without_figures(got))
        });
        Self {
            title: case.title(),
            runtime: case.runtime,
            error: case.error.clone(),
            failures: failures.collect(),
        }
    }
}

/// What was found, alike for all times: `connected after #` for `connected after 812 ms` and `connected after 12.1 s`.
fn without_figures(got: &str) -> String {
    let mut words = String::new();
    for letter in got.chars() {
        match letter {
            '0'..='9' | '.' if words.ends_with('#') => {}
            '0'..='9' => words.push('#'),
            _ => words.push(letter),
        }
    }
    words.replace("# ms", "#").replace("# s", "#")
}

/// One run, or all runs that failed alike.
fn write_runs(
    text: &mut impl fmt::Write,
    first: &Case,
    runs: &[&Case],
    options: &str,
) -> fmt::Result {
    let seeds = if runs.len() == 1 { "seed" } else { "seeds" };
    let numbers = listed(runs.iter().map(|case| case.seed.to_string()));
    writeln!(text, "{BAD} {}, {seeds} {numbers}", first.title())?;
    if let Some(error) = &first.error {
        for line in error.trim_end().lines() {
            writeln!(text, "    {line}")?;
        }
    }
    for (index, failure) in first.failures.iter().enumerate() {
        let same = runs.iter().filter_map(|case| case.failures.get(index));
        write_failure(text, failure, &same.collect::<Vec<_>>())?;
    }
    writeln!(text, "    again: {}{options}", run_command(first, None))?;
    if first.verdict == Verdict::Failed {
        writeln!(text, "    why:   {}", explain_command(first))?;
    }
    writeln!(text)
}

/// Seeds that were judged together.
fn write_group(
    text: &mut impl fmt::Write,
    group: &Group,
    cases: &[Case],
    options: &str,
) -> fmt::Result {
    writeln!(text, "{BAD} {}", group.title())?;
    for failure in &group.failures {
        write_failure(text, failure, &[failure])?;
    }
    if let Some(slowest) = slowest(group, cases) {
        let at = slowest.connected_ms.map_or("never".to_owned(), |at| format!("after {at}"));
        writeln!(text, "    the slowest is seed {}, connected {at}", slowest.seed)?;
        writeln!(text, "    again: {}{options}", run_command(slowest, Some(group.seeds)))?;
        writeln!(text, "    why:   {}", explain_command(slowest))?;
    }
    writeln!(text)
}

fn write_failure(text: &mut impl fmt::Write, first: &Failure, same: &[&Failure]) -> fmt::Result {
    let Failure { expect, wanted, at_ms, .. } = first;
    let got: IndexSet<&str> = same.iter().map(|failure| failure.got.as_str()).collect();
    let got = listed(got.into_iter().map(str::to_owned));
    write!(text, "    {expect}: wanted {wanted}, got {got}")?;
    if same.iter().all(|failure| failure.at_ms == *at_ms) {
        write!(text, " (judged at {at_ms})")?;
    }
    writeln!(text)
}

/// The run of a group that connected last, or never.
fn slowest<'a>(group: &Group, cases: &'a [Case]) -> Option<&'a Case> {
    let runs = cases.iter().filter(|case| group.covers(case));
    let lateness = |case: &Case| (case.connected_ms.is_none(), case.connected_ms);
    runs.reduce(|slowest, run| if lateness(run) > lateness(slowest) { run } else { slowest })
}

/// The first few of many: `3, 17, 40 and 12 more`.
fn listed(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.collect();
    match words.as_slice() {
        [one, two, three, rest @ ..] if rest.len() > 1 => {
            format!("{one}, {two}, {three} and {} more", rest.len())
        }
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        few => few.concat(),
    }
}

/// The one command that runs exactly this case again.
///
/// The filter is the variables as the title writes them, so `--filter` must match a case whose title contains it.
pub fn replay_command(case: &Case) -> String {
    run_command(case, None)
}

/// The command that tells the story of this case.
pub fn explain_command(case: &Case) -> String {
    let seed = format!("--seed {}", case.seed);
    command("explain", case, &seed)
}

fn run_command(case: &Case, sweep: Option<Sweep>) -> String {
    let seeds =
        sweep.map_or_else(|| format!("--seed {}", case.seed), |sweep| format!("--sweep {sweep}"));
    let mut command = command("run", case, &seeds);
    if case.runtime != Runtime::Native {
        command += &format!(" --runtime {}", case.runtime);
    }
    command
}

fn command(name: &str, case: &Case, seeds: &str) -> String {
    let mut command = format!("icelab {name} {} {seeds}", quoted(&case.file));
    if !case.case.is_empty() {
        command += &format!(" --filter {}", quoted(&format!("({})", case.variables())));
    }
    command
}
