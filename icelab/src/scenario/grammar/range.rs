//! Ranges of whole numbers: `1..100`, both ends included.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::scenario::text::decode::FromNode;
use crate::scenario::text::fault::{Fault, Faults};
use crate::scenario::text::node::{Content, Node};

/// Seeds from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
    /// The first.
    pub first: u64,
    /// The last; not before the first.
    pub last: u64,
}

impl Seeds {
    /// One seed alone.
    #[must_use]
    pub const fn one(seed: u64) -> Self {
        Self { first: seed, last: seed }
    }

    /// Reads `A..B`; `None` where the text is something else or runs backwards.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once("..")?;
        let last = last.strip_prefix('=').unwrap_or(last);
        let seeds = Self { first: first.trim().parse().ok()?, last: last.trim().parse().ok()? };
        (seeds.first <= seeds.last).then_some(seeds)
    }

    /// How many there are.
    #[must_use]
    pub const fn count(self) -> u64 {
        (self.last - self.first).saturating_add(1)
    }

    /// Each of them.
    pub fn each(self) -> impl Iterator<Item = u64> {
        self.first..=self.last
    }
}

impl FromNode for Seeds {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        if let Content::Text(text) = &node.content
            && let Some(seeds) = Self::parse(text)
        {
            return Some(seeds);
        }
        let fault = Fault::new(node.span, format!("`{node}` is no range of seeds"));
        faults.push(match meant_range(node) {
            Some(range) => fault.help(format!("write `{range}`: both ends included")),
            None => fault.help("as in `1..100`: both ends included, the smaller first"),
        });
        None
    }
}

/// `A..B`, where somebody wrote `A-B`, `A–B`, `A:B`, `[A, B]` or the number of seeds alone.
fn meant_range(node: &Node) -> Option<String> {
    let text = node.to_string();
    let text = text.trim_matches(['[', ']']);
    if let (Content::Number(number), Some(count)) = (&node.content, text.parse::<u64>().ok()) {
        return number
            .is_u64()
            .then_some(count)
            .filter(|count| (1..=10_000).contains(count))
            .map(|count| format!("1..{count}"));
    }
    let (first, last) =
        text.split_once(['-', '\u{2013}', ':', ',']).or_else(|| text.split_once("to"))?;
    let (first, last) = (first.trim().parse::<u64>().ok()?, last.trim().parse::<u64>().ok()?);
    (first < last).then(|| format!("{first}..{last}"))
}

impl Serialize for Seeds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{}..{}", self.first, self.last))
    }
}

impl JsonSchema for Seeds {
    fn schema_name() -> Cow<'static, str> {
        "Seeds".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "both ends included, as in `1..100`",
            "type": "string",
            "pattern": "^[0-9]+\\.\\.[0-9]+$"
        })
    }
}

/// Which of the packets that match: `2`, `[1, 3]` or `1..4`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordinals(pub Vec<u64>);

/// A list longer than this is a mistake.
const MOST_ORDINALS: u64 = 10_000;

impl FromNode for Ordinals {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        let ordinal = |node: &Node| match &node.content {
            Content::Number(number) => number.as_u64().filter(|ordinal| *ordinal > 0),
            Content::Empty
            | Content::Bool(_)
            | Content::Text(_)
            | Content::List(_)
            | Content::Map(_) => None,
        };
        let ordinals = match &node.content {
            Content::List(items) if !items.is_empty() => items.iter().map(ordinal).collect(),
            Content::Text(text) => Seeds::parse(text)
                .filter(|range| range.first > 0 && range.count() <= MOST_ORDINALS)
                .map(|range| range.each().collect()),
            Content::Empty
            | Content::Bool(_)
            | Content::Number(_)
            | Content::List(_)
            | Content::Map(_) => ordinal(node).map(|one| vec![one]),
        };
        let Some(mut ordinals): Option<Vec<u64>> = ordinals else {
            faults.push(
                Fault::new(node.span, format!("`{node}` does not say which packets"))
                    .help("as in `2`, `[1, 3]` or `1..4`; the first packet is 1"),
            );
            return None;
        };
        ordinals.sort_unstable();
        ordinals.dedup();
        Some(Self(ordinals))
    }
}

impl Serialize for Ordinals {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl JsonSchema for Ordinals {
    fn schema_name() -> Cow<'static, str> {
        "Ordinals".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        let one = json_schema!({ "type": "integer", "minimum": 1 });
        json_schema!({
            "description": "which of the packets that match, as in `2`, `[1, 3]` or `1..4`",
            "anyOf": [
                one,
                { "type": "array", "items": one, "minItems": 1 },
                { "type": "string", "pattern": "^[0-9]+\\.\\.[0-9]+$" }
            ]
        })
    }
}

/// One port, or those from one to another: `443` or `1024..65535`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// The first.
    pub first: u16,
    /// The last; not before the first.
    pub last: u16,
}

impl FromNode for Ports {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        let range = match &node.content {
            Content::Number(number) => number.as_u64().map(Seeds::one),
            Content::Text(text) => Seeds::parse(text),
            Content::Empty | Content::Bool(_) | Content::List(_) | Content::Map(_) => None,
        };
        let port = |number: u64| u16::try_from(number).ok().filter(|port| *port > 0);
        let ports = range
            .and_then(|range| Some(Self { first: port(range.first)?, last: port(range.last)? }));
        if ports.is_none() {
            let fault = Fault::new(node.span, format!("`{node}` is no port"));
            faults.push(match meant_range(node) {
                Some(range) => fault.help(format!("write `{range}`")),
                None => fault.help("as in `443` or `1024..65535`; ports are from 1 to 65535"),
            });
        }
        ports
    }
}

impl Serialize for Ports {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.first == self.last {
            serializer.serialize_u16(self.first)
        } else {
            serializer.serialize_str(&format!("{}..{}", self.first, self.last))
        }
    }
}

impl JsonSchema for Ports {
    fn schema_name() -> Cow<'static, str> {
        "PortRange".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "a port, or the first and the last of some, as in `1024..65535`",
            "anyOf": [
                { "type": "integer", "minimum": 1, "maximum": 65535 },
                { "type": "string", "pattern": "^[0-9]+\\.\\.[0-9]+$" }
            ]
        })
    }
}
