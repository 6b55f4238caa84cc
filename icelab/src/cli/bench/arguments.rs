//! What can be asked of `icelab bench`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use icelab_sim::Chance;
use icelab_sim::link::Bitrate;

use crate::cli::arguments::{LaterArguments, jobs};
use crate::scenario::text::quantity::{Quantity, Rate, Share, Size, Time, parse};

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct BenchArguments {
    #[command(subcommand)]
    pub(in crate::cli) subject: Subject,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Subject {
    /// Data channels' transport on links that lose, delay and queue: goodput, fairness, latency
    ///
    /// Two hosts with a bottleneck between them, in simulated time: every combination of rate, round trip, queue and loss is
    /// measured with every congestion controller. A list has commas between its values, which are written as in scenario
    /// files: `20 ms`, `18 Mbit/s`, `0.1 %`, `256 KiB`; blanks may be left out.
    Data(Box<DataArguments>),
    #[command(hide = true)]
    Media(LaterArguments),
}

/// `icelab bench data` as a command of its own, with other stacks beside icelab's.
#[derive(Debug, Parser)]
#[command(name = "benchmarks/data")]
pub(in crate::cli) struct DataCommand {
    #[command(flatten)]
    pub(in crate::cli) arguments: DataArguments,
}

#[derive(Debug, Args)]
#[command(after_help = DATA_EXAMPLES)]
pub(in crate::cli) struct DataArguments {
    /// How much one stream delivers that always has something to send; measured where nothing else is asked for
    #[arg(long)]
    pub(super) goodput: bool,
    /// What two streams get over one bottleneck, the second 3 s later, in the second half of the run: each controller against
    /// itself and against Reno
    #[arg(long)]
    pub(super) fairness: bool,
    /// How long a message of 64 bytes takes, of which one is written each 16 ms
    #[arg(long)]
    pub(super) latency: bool,
    /// The whole grid: RTT 20, 60 and 200 ms; 5, 18 and 100 Mbit/s and no limit; queues from 32 KiB to 2 MiB. Takes long
    #[arg(long)]
    pub(super) full: bool,
    /// Round trips without any waiting
    #[arg(long, value_name = "TIME,…", value_delimiter = ',', value_parser = rtt)]
    pub(super) rtt: Vec<Time>,
    /// Shares of packets lost at random, in each direction
    #[arg(long, value_name = "SHARE,…", value_delimiter = ',', value_parser = loss)]
    pub(super) loss: Vec<Chance>,
    /// Rates of the bottleneck, in each direction, or `unlimited`; then the receive window is the limit
    #[arg(long, value_name = "RATE,…", value_delimiter = ',', value_parser = rate)]
    pub(super) rate: Vec<Limit>,
    /// How many bytes may wait before the bottleneck; what finds no place is dropped
    #[arg(long, value_name = "SIZE,…", value_delimiter = ',', value_parser = queue)]
    pub(super) queue: Vec<Size>,
    /// The receive window [default: 5 MiB; where no rate limits the link, 1 MiB]
    #[arg(long, value_name = "SIZE", value_parser = window)]
    pub(super) window: Option<Size>,
    /// Congestion controllers [default: all]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(super) congestion: Vec<Controller>,
    /// Simulated seconds of each run [default: 10 for goodput, 120 for fairness, 30 for latency]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(super) seconds: Option<u64>,
    /// With how many seeds, from 1 up, each figure is measured; means are shown, and of latency the messages of all seeds
    /// together [default: 3, for latency 20]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub(super) seeds: Option<u64>,
    /// Use so many threads; the results are the same with any number [default: one for each core]
    #[arg(long, value_name = "N", value_parser = jobs)]
    pub(super) jobs: Option<NonZeroUsize>,
    /// Write all figures there, as JSON; - prints them, and the tables go to stderr
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
    /// Draw goodput against loss there, a panel for each link
    #[arg(long, value_name = "FILE")]
    pub(super) svg: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Example:
  icelab bench data      goodput of each congestion controller against loss, about a minute";

const DATA_EXAMPLES: &str = "\
Examples:
  icelab bench data --svg goodput.svg                        a table, and a chart of it
  icelab bench data --rtt 200ms --rate '100 Mbit/s' --queue 64KiB,2MiB --loss 0%,1%
  icelab bench data --congestion path --seeds 20 --seconds 60
  icelab bench data --fairness --rate 18Mbit/s               who starves whom?
  icelab bench data --latency --loss 0%,10%                  what a game feels
  icelab bench data --full --json all.json                   everything, for other programs

Exit code 0: all was measured. 1: some connection broke or delivered nothing.
2: something was asked wrongly.";

/// A rate, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit(pub(super) Option<Bitrate>);

/// The congestion controllers of icelab's SCTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Controller {
    /// As RFC 9260 says
    Reno,
    /// RFC 9438
    Cubic,
    /// Models the path's rate and round trip
    Path,
}

fn rtt(text: &str) -> Result<Time, String> {
    let time: Time = quantity(text)?;
    let range = Time::from_smallest(1_000)..=Time::from_smallest(10_000_000_000);
    within(time, range)
}

fn loss(text: &str) -> Result<Chance, String> {
    let share: Share = quantity(text)?;
    match u32::try_from(share.0) {
        Ok(parts) if share < Share::WHOLE => Ok(Chance::from_ppb(parts)),
        _ => Err(format!("`{share}` of all packets cannot be lost: write less than `100 %`")),
    }
}

fn rate(text: &str) -> Result<Limit, String> {
    if text.trim() == "unlimited" {
        return Ok(Limit(None));
    }
    let rate: Rate = quantity(text).map_err(|message| format!("{message}; or `unlimited`"))?;
    let rate = within(rate, Rate(10_000)..=Rate(10_000_000_000))?;
    Ok(Limit(Some(Bitrate::from_bits_per_second(rate.0))))
}

fn queue(text: &str) -> Result<Size, String> {
    within(quantity(text)?, Size(1_500)..=Size(1 << 30))
}

fn window(text: &str) -> Result<Size, String> {
    within(quantity(text)?, Size(32 << 10)..=Size(1 << 30))
}

/// A quantity as scenario files have it.
fn quantity<Q: Quantity>(text: &str) -> Result<Q, String> {
    if text.trim() == "0" {
        return Ok(Q::from_smallest(0));
    }
    parse(text).map_err(|slip| match slip.help {
        Some(help) => format!("{}: {help}", slip.message),
        None => slip.message,
    })
}

fn within<Q: Quantity + core::fmt::Display>(
    value: Q,
    range: core::ops::RangeInclusive<Q>,
) -> Result<Q, String> {
    if range.contains(&value) {
        return Ok(value);
    }
    Err(format!("`{value}` cannot be measured: from `{}` to `{}`", range.start(), range.end()))
}
