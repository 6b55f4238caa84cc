//! What can be asked of the command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use icelab_reports::results::Shard;

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
    #[command(hide = true)]
    Bench(LaterArguments),
    #[command(hide = true)]
    Serve(LaterArguments),
}

#[derive(Debug, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub(super) struct RunArguments {
    /// Files, and folders whose *.yaml files are run, in the order of their names
    #[arg(value_name = "PATH", default_value = "scenarios")]
    pub(super) paths: Vec<PathBuf>,
    /// Run every case with this seed, whatever the files say
    #[arg(long, value_name = "N", conflicts_with = "sweep")]
    pub(super) seed: Option<u64>,
    /// Run every case with each of these seeds, both ends included, such as 1..100
    #[arg(long, value_name = "A..B", value_parser = seeds)]
    pub(super) sweep: Option<Seeds>,
    /// Run only cases whose title contains this text; a title is `FILE (a=symmetric b=open)`
    #[arg(long, value_name = "TEXT")]
    pub(super) filter: Option<String>,
    /// Use so many threads; the results are the same with any number [default: one for each core]
    #[arg(long, value_name = "N")]
    pub(super) jobs: Option<NonZeroUsize>,
    /// Run only one of N equal parts, such as 2/4; `icelab merge` joins their results
    #[arg(long, value_name = "K/N")]
    pub(super) shard: Option<Shard>,
    /// Run each case twice, and show the first entry of the record that differs, if any does
    #[arg(long)]
    pub(super) verify: bool,
    /// Write the results there, as JSON
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

A failed case prints the one command that runs it again.";

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// Files, and folders whose *.yaml files are checked
    #[arg(value_name = "PATH", default_value = "scenarios")]
    pub(super) paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = EXPLAIN_EXAMPLES)]
pub(super) struct ExplainArguments {
    /// The scenario
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Of several cases, the first whose title contains this text
    #[arg(long, visible_alias = "case", value_name = "TEXT")]
    pub(super) filter: Option<String>,
    /// The seed [default: the file's]
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
}

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  icelab explain scenarios/nat/two-homes.yaml
  icelab explain grid.yaml --case 'a=symmetric b=symmetric' --seed 7";

#[derive(Debug, Args)]
pub(super) struct NewArguments {
    /// The name of the scenario, or the path of its file
    #[arg(value_name = "NAME")]
    pub(super) name: PathBuf,
}

const SCHEMA_EXAMPLES: &str = "\
Example: icelab schema > icelab.schema.json, and in the first line of a scenario
  # yaml-language-server: $schema=icelab.schema.json
so that editors complete keys and words, and mark mistakes.";

#[derive(Debug, Args)]
pub(super) struct PresetsArguments {
    /// Only presets of this name
    #[arg(value_name = "NAME")]
    pub(super) name: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct MergeArguments {
    /// Results files of shards, as `icelab run --shard K/N --json FILE` writes them
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    /// Write the joined results there, and print the table [default: print the joined results]
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct DiffArguments {
    /// The older results file
    #[arg(value_name = "A")]
    pub(super) older: PathBuf,
    /// The newer one
    #[arg(value_name = "B")]
    pub(super) newer: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct LaterArguments {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _rest: Vec<String>,
}

fn seeds(text: &str) -> Result<Seeds, String> {
    Seeds::parse(text)
        .ok_or_else(|| "write it as A..B, such as 1..100, the smaller first".to_owned())
}
