//! `links:` and `link:`: what a cable does to packets.

use std::borrow::Cow;

use icelab_sim::link::Trace;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::scenario::text::decode::{
    At, FromNode, HasPresets, NameOr, OneOrMany, grammar, map, words,
};
use crate::scenario::text::fault::{Fault, Faults};
use crate::scenario::text::node::{Content, Node};
use crate::scenario::text::quantity::{Packets, QueueSize, Rate, Share, Size, Time};

/// A number of bytes, with or without the unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bytes(pub u64);

impl FromNode for Bytes {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        if matches!(node.content, Content::Number(_)) {
            return u64::from_node(node, faults).map(Self);
        }
        Size::from_node(node, faults).map(|size| Self(size.0))
    }
}

impl JsonSchema for Bytes {
    fn schema_name() -> Cow<'static, str> {
        "Bytes".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (number, size) = (generator.subschema_for::<u64>(), generator.subschema_for::<Size>());
        json_schema!({ "anyOf": [number, size] })
    }
}

/// A preset's or profile's name, or the settings.
pub type Link = NameOr<LinkFields>;

/// A cable. What is not written is as in the link it is like: `ethernet`, unless `like` names another.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LinkFields {
    /// The link whose settings hold where nothing else is written; default ethernet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub like: Option<At<String>>,
    /// Only towards the internet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up: Option<At<DirectionFields>>,
    /// Only from the internet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub down: Option<At<DirectionFields>>,
    /// In both directions.
    #[serde(flatten)]
    pub both: DirectionFields,
}

impl LinkFields {
    /// The keys beside those of a direction.
    const KEYS: &[&str] = &["like", "up", "down"];

    /// Reads the entries of a map; `more_keys` are known to the caller, for the messages.
    pub fn from_entries<'a>(
        entries: impl IntoIterator<Item = &'a crate::scenario::text::node::Entry>,
        more_keys: &[&str],
        faults: &mut Faults,
    ) -> Self {
        let mut read = Self::default();
        let mut rest = Vec::new();
        for entry in entries {
            match entry.key.as_str() {
                "like" => read.like = FromNode::from_node(&entry.value, faults),
                "up" => read.up = FromNode::from_node(&entry.value, faults),
                "down" => read.down = FromNode::from_node(&entry.value, faults),
                _ => rest.push(entry),
            }
        }
        let more_keys: Vec<&str> = more_keys.iter().chain(Self::KEYS).copied().collect();
        read.both = DirectionFields::from_entries(rest, &more_keys, faults);
        read
    }
}

impl FromNode for LinkFields {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        Some(Self::from_entries(map(node, faults)?, &[], faults))
    }
}

grammar! {
    /// What a cable does to packets in one direction.
    DirectionFields, "a link" {
        /// Bits per second, counting IP bytes.
        rate: Rate,
        /// Propagation, one way.
        delay: Time,
        /// Each packet takes up to this much longer; never reorders.
        jitter: Time,
        /// Share of packets lost.
        loss: Share,
        /// Mean number of packets lost in a row; default 1: each loss by itself.
        burst: Packets,
        /// Packets held back, so that those behind them arrive first.
        reorder: Reorder,
        /// Share of packets that arrive twice.
        duplicate: Share,
        /// Share of packets that arrive with one bit wrong.
        corrupt: Share,
        /// What may wait before the link.
        queue: QueueSize,
        /// What orders, drops and marks the packets that wait.
        discipline: DisciplineWord,
        /// The largest IP packet, in bytes.
        mtu: Bytes,
        /// What becomes of larger packets that may not be fragmented; default too_big.
        oversize: OversizeWord,
        /// Changes at times since the start of the run; each is an event like `set`.
        schedule: OneOrMany<Scheduled>,
        /// When the link could send, instead of a rate: text in mahimahi's format, a time in whole ms a line, each
        /// an opportunity to send 1504 bytes; after the last one it begins again.
        trace: TraceText,
    }
}

/// A change of a link at a time; what is not written stays as it is.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Scheduled {
    /// When, since the start of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<At<Time>>,
    /// What changes.
    #[serde(flatten)]
    pub set: DirectionFields,
}

impl FromNode for Scheduled {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        let entries = map(node, faults)?;
        let (at, rest): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| entry.key == "at");
        let at = at.first().and_then(|entry| FromNode::from_node(&entry.value, faults));
        Some(Self { at, set: DirectionFields::from_entries(rest, &["at"], faults) })
    }
}

/// A delivery trace in mahimahi's format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceText {
    /// What it says.
    pub trace: Trace,
    written: String,
}

impl FromNode for TraceText {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        let written = match &node.content {
            Content::Text(text) => text.clone(),
            Content::Number(number) => number.to_string(),
            Content::Empty | Content::Bool(_) | Content::List(_) | Content::Map(_) => {
                faults.push(Fault::wrong_kind(node, "the text of a trace").help(TRACE_HELP));
                return None;
            }
        };
        match written.parse() {
            Ok(trace) => Some(Self { trace, written }),
            Err(reason) => {
                faults.push(
                    Fault::new(node.span, format!("this trace cannot be used: {reason}"))
                        .help(TRACE_HELP),
                );
                None
            }
        }
    }
}

const TRACE_HELP: &str = "write `trace: |` and below it, indented, the lines of a file in mahimahi's format: \
                          times in whole ms that never decrease";

impl Serialize for TraceText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.written)
    }
}

impl JsonSchema for TraceText {
    fn schema_name() -> Cow<'static, str> {
        "Trace".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A delivery trace in mahimahi's format: a time in whole ms a line, never decreasing.",
            "type": "string",
            "pattern": "^\\s*[0-9]+(\\s+[0-9]+)*\\s*$"
        })
    }
}

/// A share of packets, or that with how long they are held back.
pub type Reorder = ReorderOr;

/// A share of packets, or that with how long they are held back.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
#[serde(untagged)]
pub enum ReorderOr {
    /// Held back for 10 ms.
    Share(Share),
    /// Held back for so long.
    Given(ReorderFields),
}

impl FromNode for ReorderOr {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        if matches!(node.content, Content::Map(_)) {
            ReorderFields::from_node(node, faults).map(Self::Given)
        } else {
            Share::from_node(node, faults).map(Self::Share)
        }
    }
}

grammar! {
    /// How packets are held back.
    ReorderFields, "`reorder`" {
        /// Share of packets held back.
        share: Share,
        /// For how long; default 10 ms.
        hold: Time,
    }
}

words! {
    /// What orders, drops and marks the packets that wait.
    DisciplineWord, "queue discipline" {
        /// First in, first out; what finds the queue full is dropped.
        DropTail = "drop_tail",
        /// Controlled delay (RFC 8289), marking what can carry a mark.
        CoDel = "codel",
        /// Controlled delay for each flow (RFC 8290), marking what can carry a mark.
        FqCoDel = "fq_codel",
    }
}

words! {
    /// What becomes of packets above the MTU.
    OversizeWord, "treatment of large packets" {
        /// Their sender is told (ICMP).
        TooBig = "too_big",
        /// Nobody is told.
        BlackHole = "black_hole",
    }
}

impl HasPresets for LinkFields {
    const IS_OPEN: bool = true;
    fn names() -> Vec<&'static str> {
        crate::presets::link_names()
    }
}
