//! `icelab run`.

use std::env;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Instant;

use icelab_reports::results::{Results, Verdict};
use icelab_reports::table::{SuiteTable, quoted};

use super::arguments::RunArguments;
use super::outputs::{Outputs, Saving, part};
use super::work::{bar, threads};
use super::{Ending, message, print};
use crate::scenario::grammar::range::Seeds;
use crate::scenario::load::Scenario;
use crate::suite::files::{Loaded, Problem, load, name};
use crate::suite::jobs::run_all;
use crate::suite::run::RunOptions;
use crate::suite::select::{Chosen, Selection, title};
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
    message::warnings(&scenarios);
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
    if count == 0 {
        return nothing_chosen(arguments.filter.as_deref(), &scenarios, &problems);
    }
    let outputs = match Outputs::prepare(arguments) {
        Ok(outputs) => outputs,
        Err(reason) => return message::problem(&reason),
    };
    if chosen.is_empty() {
        message::note("there are more parts than cases: this one has none");
    }
    let results = results(arguments, &chosen, &outputs);
    let words = again_with(arguments);
    let table = SuiteTable::new(&results)
        .coloured(!outputs.is_json_printed() && is_coloured())
        .took(started.elapsed())
        .width(terminal_width())
        .again_with(&words.iter().map(String::as_str).collect::<Vec<_>>())
        .to_string();
    let mut ending = if outputs.is_json_printed() {
        message::write(&table);
        Ending::AsExpected
    } else {
        print(&table)
    };
    ending = ending.max(outputs.finish(&results));
    if !results.all_as_expected() {
        ending = ending.max(Ending::NotAsExpected);
    }
    if let Some(folder) = &arguments.snapshots {
        ending = ending.max(snapshots(folder, &results, arguments.accept));
    }
    if !problems.is_empty() {
        let files =
            if problems.len() == 1 { "1 file" } else { &format!("{} files", problems.len()) };
        ending = message::problem(&format!("{files} could not be used; the messages stand above"));
    }
    ending
}

/// The options without which a failure may not come again.
fn again_with(arguments: &RunArguments) -> Vec<String> {
    let mut words = Vec::new();
    if arguments.verify {
        words.push("--verify".to_owned());
        if let Some(folder) = &arguments.record {
            words.push(format!("--record {}", quoted(&name(folder))));
        }
    }
    words
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

fn nothing_chosen(filter: Option<&str>, scenarios: &[Scenario], problems: &[Problem]) -> Ending {
    let Some(text) = filter.filter(|_| !scenarios.is_empty()) else {
        // The messages about what could not be read say it all.
        return Ending::Unreadable;
    };
    let ending = message::problem(&no_such_title(text, scenarios));
    if !problems.is_empty() {
        message::note("some files could not be used; the messages stand above");
    }
    ending
}

/// What to say where no title contains a filter.
pub(super) fn no_such_title(text: &str, scenarios: &[Scenario]) -> String {
    let listed =
        |titles: Vec<String>| titles.iter().map(|title| format!("\n  {title}")).collect::<String>();
    let near = Selection::nearest_titles(text, scenarios);
    if !near.is_empty() {
        return format!("no case has `{text}` in its title; close to it are{}", listed(near));
    }
    let cases = scenarios.iter().flat_map(|scenario| &scenario.cases);
    let some = cases.take(SHOWN_TITLES).map(|case| title(&case.plan)).collect();
    format!("no case has `{text}` in its title; titles look like{}", listed(some))
}

fn results(arguments: &RunArguments, chosen: &[Chosen<'_>], outputs: &Outputs) -> Results {
    let options = RunOptions { verify: arguments.verify, records: arguments.record.as_deref() };
    let bar = bar();
    bar.set_length(chosen.len() as u64);
    let mut unexpected = 0;
    let mut saving = Saving::new(outputs, arguments.shard);
    let cases = run_all(chosen, threads(arguments.jobs), options, |case, so_far| {
        if case.verdict != Verdict::Passed {
            unexpected += 1;
            bar.set_message(format!("{unexpected} not as expected"));
        }
        bar.inc(1);
        saving.progress(so_far, chosen);
    });
    bar.finish_and_clear();
    let mut groups = Vec::new();
    if arguments.seed.is_none() {
        groups = sweep::judge(chosen, &cases);
    } else if chosen.iter().any(|one| !one.case.over_seeds.is_empty()) {
        message::note("one seed is no sweep: with --seed, `over: seeds` is not judged");
    }
    Results { groups, ..part(arguments.shard, chosen, cases) }
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
pub(super) fn terminal_width() -> usize {
    let columns = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    columns.filter(|columns| (40..=500).contains(columns)).unwrap_or(DEFAULT_WIDTH)
}

const DEFAULT_WIDTH: usize = 120;

/// So many titles show what titles look like.
const SHOWN_TITLES: usize = 3;

/// How many runs one command may ask for: their results are held in memory.
const MOST_RUNS: u64 = 1_000_000;
