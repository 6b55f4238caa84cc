//! `icelab run`.

use std::env;
use std::fs;
use std::io::{self, IsTerminal};
use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;
use std::time::Instant;

use icelab_reports::results::{Results, Verdict};
use icelab_reports::table::SuiteTable;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::arguments::RunArguments;
use super::{Ending, message, print};
use crate::scenario::grammar::range::Seeds;
use crate::suite::files::{Loaded, load};
use crate::suite::jobs::run_all;
use crate::suite::run::RunOptions;
use crate::suite::select::{Chosen, Selection};
use crate::suite::snapshot::{Compared, compare};
use crate::suite::sweep;

/// Runs scenarios, prints the table, and says how it went.
pub(super) fn run(arguments: &RunArguments) -> Ending {
    if let Some(what) = later(arguments) {
        return message::not_supported_yet(&what);
    }
    let started = Instant::now();
    let Loaded { scenarios, problems } = load(&arguments.paths);
    message::problems(&problems);
    let selection = Selection {
        seeds: arguments.seed.map(Seeds::one).or(arguments.sweep),
        filter: arguments.filter.clone(),
        shard: arguments.shard,
    };
    let count = selection.count(&scenarios);
    if count > MOST_RUNS {
        return message::problem(&format!(
            "{count} runs are asked for; {MOST_RUNS} are the most at once: sweep fewer seeds, or use --filter"
        ));
    }
    let chosen = selection.choose(&scenarios);
    if chosen.is_empty() {
        return nothing_chosen(arguments, problems.is_empty());
    }
    let results = results(arguments, &chosen);
    let table = SuiteTable::new(&results)
        .coloured(is_coloured())
        .took(started.elapsed())
        .width(terminal_width());
    let mut ending = print(&table.to_string());
    if !results.all_as_expected() {
        ending = ending.max(Ending::NotAsExpected);
    }
    if let Some(folder) = &arguments.snapshots {
        ending = ending.max(snapshots(folder, &results, arguments.accept));
    }
    if let Some(path) = &arguments.json
        && let Err(error) = fs::write(path, results.write())
    {
        ending = message::problem(&format!("{} cannot be written: {error}", path.display()));
    }
    if !problems.is_empty() {
        let files =
            if problems.len() == 1 { "1 file" } else { &format!("{} files", problems.len()) };
        ending = message::problem(&format!("{files} could not be used; the messages stand above"));
    }
    ending
}

/// What is asked for and comes with a later version.
fn later(arguments: &RunArguments) -> Option<String> {
    if arguments.runtime != "native" {
        return Some(format!("--runtime {}", arguments.runtime));
    }
    let flags = [
        ("--junit", arguments.junit.is_some()),
        ("--report", arguments.report.is_some()),
        ("--pcap", arguments.pcap.is_some()),
    ];
    flags.iter().find(|(_, is)| *is).map(|(flag, _)| (*flag).to_owned())
}

fn nothing_chosen(arguments: &RunArguments, is_all_read: bool) -> Ending {
    match &arguments.filter {
        Some(text) if is_all_read => message::problem(&format!(
            "no case has `{text}` in its title; `icelab check` lists the files, and titles look like `FILE (a=symmetric b=open)`"
        )),
        _ if is_all_read => {
            // One of more shards than there are cases: a part may well be empty.
            let results = Results { shard: arguments.shard, ..Results::new(Vec::new()) };
            let written = arguments.json.as_ref().map(|path| fs::write(path, results.write()));
            match written {
                Some(Err(error)) => {
                    message::problem(&format!("the results cannot be written: {error}"))
                }
                Some(Ok(())) | None => print("no case in this part\n"),
            }
        }
        _ => message::problem("nothing could be run; the messages stand above"),
    }
}

fn results(arguments: &RunArguments, chosen: &[Chosen<'_>]) -> Results {
    let jobs = arguments
        .jobs
        .or_else(|| thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN);
    let options = RunOptions { verify: arguments.verify, records: arguments.record.as_deref() };
    let bar = bar(chosen.len());
    let mut unexpected = 0;
    let mut cases = run_all(chosen, jobs, options, |case| {
        if case.verdict != Verdict::Passed {
            unexpected += 1;
            bar.set_message(format!("{unexpected} not as expected"));
        }
        bar.inc(1);
    });
    bar.finish_and_clear();
    match arguments.shard {
        None => sweep::judge(chosen, &mut cases),
        Some(_) if chosen.iter().any(|one| !one.case.over_seeds.is_empty()) => {
            message::note(
                "`over: seeds` is not judged in a shard, which sees only some of the seeds",
            );
        }
        Some(_) => {}
    }
    Results { shard: arguments.shard, ..Results::new(cases) }
}

/// A progress bar on a terminal; nothing elsewhere.
fn bar(cases: usize) -> ProgressBar {
    let target = if io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(cases as u64), target);
    match ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn snapshots(folder: &Path, results: &Results, accept: bool) -> Ending {
    let compared = match compare(folder, results, accept) {
        Ok(compared) => compared,
        Err(reason) => return message::problem(&reason),
    };
    let mut ending = Ending::AsExpected;
    for one in compared {
        let text = match one {
            Compared::Same => continue,
            Compared::Written(path) => {
                message::note(&format!("wrote {}", path.display()));
                continue;
            }
            Compared::Missing { path } => format!("{} is not there yet", path.display()),
            Compared::Different { path, line, accepted, now } => format!(
                "{}:{line} differs\n  accepted  {accepted}\n  now       {now}",
                path.display()
            ),
        };
        message::write(&format!("snapshot: {text}\n"));
        ending = Ending::NotAsExpected;
    }
    if ending == Ending::NotAsExpected {
        message::note("`--accept` writes the reports as they are now");
    }
    ending
}

/// Whether results are coloured.
pub(super) fn is_coloured() -> bool {
    io::stdout().is_terminal() && env::var_os("NO_COLOR").is_none_or(|no| no.is_empty())
}

/// How many columns the table may have.
fn terminal_width() -> usize {
    let columns = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    columns.filter(|columns| (40..=500).contains(columns)).unwrap_or(DEFAULT_WIDTH)
}

const DEFAULT_WIDTH: usize = 120;

/// How many runs one command may ask for: their results are held in memory.
const MOST_RUNS: u64 = 1_000_000;
