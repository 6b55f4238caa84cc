//! What can be asked of the command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use icelab_reports::results::Shard;

use super::bench::arguments::BenchArguments;
use crate::scenario::grammar::range::Seeds;

/// Which path will ICE pick, how soon, and what happens when the network changes?
///
/// icelab reads scenario files, builds the internet that they describe, runs whole ICE agents with STUN and TURN servers
/// behind real NAT models in simulated time, and says which path each call took and whether that was expected.
#[derive(Debug, Parser)]
#[command(name = "icelab", version, after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  icelab new my-office             a commented scenario to start from: my-office.yaml
  icelab run my-office.yaml        run it
  icelab explain my-office.yaml    its story: candidates, NAT mappings, checks, why this pair won
  icelab run                       run everything in scenarios/

Exit code 0: all as expected. 1: some case was not. 2: something could not be read, or was asked wrongly.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run scenarios: a table of what happened, and a verdict
    Run(Box<RunArguments>),
    /// Read scenarios and check them, without running
    Check(CheckArguments),
    /// Tell one run as a story: candidates, checks, NAT mappings, drops, why this pair won
    Explain(ExplainArguments),
    /// Write a commented scenario to start from
    New(NewArguments),
    /// Print the grammar of scenario files as JSON Schema, for editors
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema,
    /// Print what each preset of NATs, firewalls and links does, and its source
    Presets(PresetsArguments),
    /// Join the results files of shards
    Merge(MergeArguments),
    /// Say what changed between two results files
    Diff(DiffArguments),
    /// Measure: what data channels' transport makes of loss, delay and queues
    Bench(BenchArguments),
    #[command(hide = true)]
    Serve(LaterArguments),
}

#[derive(Debug, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub(super) struct RunArguments {
    /// Files, folders whose *.yaml files are run in the order of their names, or - for the standard input
    #[arg(value_name = "PATH", default_value = "scenarios")]
    pub(super) paths: Vec<PathBuf>,
    /// Run every case with this seed, whatever the files say
    #[arg(long, value_name = "N", conflicts_with = "sweep", value_parser = seed, allow_negative_numbers = true)]
    pub(super) seed: Option<u64>,
    /// Run every case with each of these seeds, both ends included, such as 1..100
    #[arg(long, value_name = "A..B", value_parser = seeds)]
    pub(super) sweep: Option<Seeds>,
    /// Run only cases whose title contains this text; a title is `FILE (a=symmetric b=open)`
    #[arg(long, visible_alias = "case", value_name = "TEXT")]
    pub(super) filter: Option<String>,
    /// Use so many threads; the results are the same with any number [default: one for each core]
    #[arg(long, value_name = "N", value_parser = jobs)]
    pub(super) jobs: Option<NonZeroUsize>,
    /// Run only one of N equal parts, such as 2/4; `icelab merge` joins their results
    #[arg(long, value_name = "K/N")]
    pub(super) shard: Option<Shard>,
    /// Run each case twice, and show the first entry of the record that differs, if any does
    #[arg(long)]
    pub(super) verify: bool,
    /// Write the results there, as JSON; - prints them, and the table goes to stderr. During a long run, FILE.unfinished
    /// holds what is done so far
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
    /// Keep each run's whole record there, as text; with --verify: compare with what was kept
    #[arg(long, value_name = "DIR")]
    pub(super) record: Option<PathBuf>,
    /// Compare each file's text report with the one in DIR
    #[arg(long, value_name = "DIR")]
    pub(super) snapshots: Option<PathBuf>,
    /// With --snapshots: write the reports there instead
    #[arg(long, requires = "snapshots")]
    pub(super) accept: bool,
    /// What drives the simulation
    #[arg(long, value_name = "R", default_value = "native", hide = true)]
    pub(super) runtime: String,
    #[arg(long, value_name = "FILE", hide = true)]
    pub(super) junit: Option<PathBuf>,
    #[arg(long, value_name = "DIR", hide = true)]
    pub(super) report: Option<PathBuf>,
    #[arg(long, value_name = "DIR", hide = true)]
    pub(super) pcap: Option<PathBuf>,
}

const RUN_EXAMPLES: &str = "\
Examples:
  icelab run                                     everything in scenarios/
  icelab run scenarios/nat --filter symmetric    only cases that say so in their title
  icelab run lossy.yaml --sweep 1..100           a hundred seeds
  icelab run --verify --jobs 2                   each case twice: is every run the same?
  icelab run --shard 1/4 --json part-1.json      a quarter, for one of four machines
  icelab run --record kept                       keep every record; later, to find the first change:
  icelab run --verify --record kept
  icelab new - | icelab run -                    a scenario from the standard input

A failed case prints the command that runs it again, and the one that tells its story.";

#[derive(Debug, Args)]
#[command(after_help = CHECK_EXAMPLES)]
pub(super) struct CheckArguments {
    /// Files, folders whose *.yaml files are checked, or - for the standard input
    #[arg(value_name = "PATH", default_value = "scenarios")]
    pub(super) paths: Vec<PathBuf>,
}

const CHECK_EXAMPLES: &str = "\
Examples:
  icelab check                  everything in scenarios/
  icelab check office.yaml      right? If not: the line, the column, and how to mend it";

#[derive(Debug, Args)]
#[command(after_help = EXPLAIN_EXAMPLES)]
pub(super) struct ExplainArguments {
    /// The scenario; - for the standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Of several cases, the first whose title contains this text
    #[arg(long, visible_alias = "case", value_name = "TEXT")]
    pub(super) filter: Option<String>,
    /// The seed [default: the file's]
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    pub(super) seed: Option<u64>,
}

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  icelab explain scenarios/nat/two-homes.yaml
  icelab explain grid.yaml --case 'a=symmetric b=symmetric' --seed 7";

#[derive(Debug, Args)]
#[command(after_help = NEW_EXAMPLES)]
pub(super) struct NewArguments {
    /// The name of the scenario, or the path of its file; - prints it
    #[arg(value_name = "NAME")]
    pub(super) name: PathBuf,
}

const NEW_EXAMPLES: &str = "\
Examples:
  icelab new office             office.yaml
  icelab new rooms/office       rooms/office.yaml; the folder is made where it is missing

What is there already is never overwritten.";

const SCHEMA_EXAMPLES: &str = "\
Example: icelab schema > icelab.schema.json, and in the first line of a scenario
  # yaml-language-server: $schema=icelab.schema.json
so that editors complete keys and words, and mark mistakes.";

#[derive(Debug, Args)]
#[command(after_help = PRESETS_EXAMPLES)]
pub(super) struct PresetsArguments {
    /// Only presets of this name
    #[arg(value_name = "NAME")]
    pub(super) name: Option<String>,
}

const PRESETS_EXAMPLES: &str = "\
Examples:
  icelab presets                all of them
  icelab presets symmetric      one, with its terms";

#[derive(Debug, Args)]
#[command(after_help = MERGE_EXAMPLES)]
pub(super) struct MergeArguments {
    /// Results files of all shards, in any order, as `icelab run --shard K/N --json FILE` writes them
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    /// Write the joined results there, and print the table [default: print the joined results]
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
}

const MERGE_EXAMPLES: &str = "\
Examples:
  icelab run --shard 1/2 --json part-1.json      on one machine
  icelab run --shard 2/2 --json part-2.json      on another
  icelab merge part-*.json --json all.json       as if one had run everything

Exit code 0: all as expected. 1: some case was not. 2: the files are not all parts of one run.";

#[derive(Debug, Args)]
#[command(after_help = DIFF_EXAMPLES)]
pub(super) struct DiffArguments {
    /// The older results file
    #[arg(value_name = "A")]
    pub(super) older: PathBuf,
    /// The newer one
    #[arg(value_name = "B")]
    pub(super) newer: PathBuf,
}

const DIFF_EXAMPLES: &str = "\
Example:
  icelab run --json before.json
  icelab run --json after.json
  icelab diff before.json after.json

Exit code 0: all is the same, wall time aside. 1: something changed. 2: a file cannot be read.";

#[derive(Debug, Args)]
pub(super) struct LaterArguments {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _rest: Vec<String>,
}

fn seeds(text: &str) -> Result<Seeds, String> {
    Seeds::parse(text)
        .ok_or_else(|| "write it as A..B, such as 1..100, the smaller first".to_owned())
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "a seed is a whole number from 0 up, such as 7".to_owned())
}

pub(super) fn jobs(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "write how many threads to use, 1 or more".to_owned())
}
