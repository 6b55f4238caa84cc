//! The results file: what was measured, on which links, of whom.

use serde::{Deserialize, Serialize};

use crate::results::Milliseconds;

/// Everything that one command measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The version of the file's shape, [`Self::FORMAT`].
    pub format: u32,
    /// The version of icelab that measured.
    pub icelab: String,
    /// One stream that always has something to send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goodput: Option<Section<Goodput>>,
    /// Several streams over one bottleneck.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fairness: Option<Section<Fairness>>,
    /// Small messages at a steady pace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Section<Latency>>,
}

/// One kind of figures, on many links.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section<F> {
    /// How long each run lasts, in simulated seconds.
    pub seconds: u64,
    /// With how many seeds each figure was measured, unless it says otherwise.
    pub seeds: u64,
    /// The size of the messages.
    pub message_bytes: usize,
    /// The links, with what was measured there.
    pub cells: Vec<Cell<F>>,
}

impl Report {
    /// The version of the file's shape that this library writes.
    pub const FORMAT: u32 = 1;

    /// A report of nothing yet.
    pub fn new() -> Self {
        Self {
            format: Self::FORMAT,
            icelab: env!("CARGO_PKG_VERSION").to_owned(),
            goodput: None,
            fairness: None,
            latency: None,
        }
    }

    /// The file's text: indented JSON, keys in a fixed order, a line feed at the end.
    pub fn write(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("every key is a string");
        text.push('\n');
        text
    }

    /// How many measurements did not come to their end.
    pub fn problems(&self) -> usize {
        fn of<F>(section: Option<&Section<F>>) -> usize {
            let cells = section.map_or(&[][..], |section| &section.cells);
            let all = cells.iter().flat_map(|cell| &cell.measured);
            all.filter(|measured| measured.problem.is_some()).count()
        }
        of(self.goodput.as_ref()) + of(self.fairness.as_ref()) + of(self.latency.as_ref())
    }
}

impl Default for Report {
    fn default() -> Self {
        Self::new()
    }
}

/// One link, and all that was measured on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell<F> {
    /// The link.
    #[serde(flatten)]
    pub link: Link,
    /// What was measured, one contender after the other.
    pub measured: Vec<Measured<F>>,
}

/// A bottleneck.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// There and back, without any waiting.
    pub rtt_ms: Milliseconds,
    /// Loss at random, in each direction.
    pub loss_percent: f64,
    /// The rate, of IP packets; null: nothing waits.
    pub rate_mbit: Option<f64>,
    /// How much may wait; null where nothing waits.
    pub queue_bytes: Option<u64>,
    /// The receive window of all stacks.
    pub window_bytes: usize,
    /// The most payload that can get through.
    pub ceiling_mbit: f64,
}

/// What was measured of one contender, or of several together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured<F> {
    /// Its name.
    pub contender: String,
    /// Whether it is one of icelab's own.
    pub is_own: bool,
    /// How many seeds the figures are the mean of.
    pub seeds: u64,
    /// The figures, where there are any.
    #[serde(flatten)]
    pub figures: Option<F>,
    /// What went wrong in the first run in which something did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// One stream that always has something to send.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Goodput {
    /// Payload delivered in order over the whole run, the connection's setup included.
    pub goodput_mbit: f64,
    /// The same from the first delivery on that comes 5 s after the beginning or later; null in a run that is no longer than
    /// that.
    pub settled_mbit: Option<f64>,
    /// How long packets waited at the bottleneck: the mean.
    pub queueing_mean_ms: f64,
    /// How long all but 5 % of them waited at most.
    pub queueing_p95_ms: f64,
    /// The longest time without a message, from the first one on.
    pub longest_gap_ms: f64,
    /// Packets that the sender sent.
    pub packets: f64,
    /// Those of them that carry data again.
    pub repeated: f64,
    /// Those that found the queue full.
    pub overflowed: f64,
    /// Those that were lost at random.
    pub lost: f64,
}

/// Several streams over one bottleneck, over the time in which all of them run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fairness {
    /// Jain's index: 1 where all have the same, one over their number where one has all.
    pub jain: f64,
    /// Each stream, in the order of their beginning.
    pub flows: Vec<FlowShare>,
}

/// What one stream of several got.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowShare {
    /// The contender at both its ends.
    pub contender: String,
    /// When it began, before chance moved that by up to a round trip.
    pub began_ms: Milliseconds,
    /// Its goodput.
    pub goodput_mbit: f64,
    /// What part of all goodput that is.
    pub share: f64,
}

/// From writing a message to reading it; null where it did not arrive in time to be measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Half of the messages take no longer.
    pub p50_ms: Option<f64>,
    /// 95 % of them take no longer.
    pub p95_ms: Option<f64>,
    /// 99 % of them take no longer.
    pub p99_ms: Option<f64>,
    /// None takes longer.
    pub max_ms: Option<f64>,
    /// How many were written.
    pub messages: u64,
    /// How many of them never arrived.
    pub missing: u64,
}
