//! `expect:`.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::data::Carried;
use super::node::VersionWord;
use crate::scenario::text::bound::{Bound, or_alone};
use crate::scenario::text::decode::{
    Anything, FromNode, Named, OneOrMany, grammar, meant_boolean, words,
};
use crate::scenario::text::fault::{Fault, Faults};
use crate::scenario::text::node::{Content, Node};
use crate::scenario::text::quantity::{Share, Time, parse};

grammar! {
    /// What must hold.
    Expect, "`expect`" {
        /// Only in the cases whose matrix values are these; a list means any of them.
        when: IndexMap<String, Anything>,
        /// Judged at this time, not at the end.
        at: Time,
        /// `seeds` judges a sweep as one.
        over: OverWord,
        /// Whether, and how soon, both sides are connected.
        connected: Connected,
        /// direct, relayed or none; a list means any of these.
        path: OneOrMany<PathWord>,
        /// For each peer its selected local candidate, as in `srflx/udp`; a list means any of these. A
        /// list of such maps means any of those: what goes together stands in one map.
        selected: OneOrMany<Named<OneOrMany<SelectedWord>>>,
        /// How soon traffic flows both ways again after the latest event before.
        reconnected: Reconnected,
        /// The DTLS version that both sides agreed on, 1.2 or 1.3; a list means any of these.
        dtls: OneOrMany<VersionWord>,
        /// What data channels carry, by label.
        data: Named<Carried>,
    }
    later { "media" }
}

impl FromNode for IndexMap<String, Anything> {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        let entries = crate::scenario::text::decode::map(node, faults)?;
        Some(entries.iter().map(|e| (e.key.clone(), Anything(e.value.clone()))).collect())
    }
}

words! {
    /// What is judged as one.
    OverWord, "group of cases" {
        /// All seeds of a sweep.
        Seeds = "seeds",
    }
}

/// `true`, `false`, or how soon.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
#[serde(untagged)]
pub enum Connected {
    /// Whether at all.
    Is(bool),
    /// How soon.
    Soon(Box<Soon>),
}

grammar! {
    /// How soon both sides are connected.
    Soon, "`connected`" {
        /// No later than this after the start of the call.
        within: Time,
        /// Over seeds: half of the runs are no slower.
        p50: AtMost,
        /// Over seeds: 95 % of the runs are no slower.
        p95: AtMost,
        /// Over seeds: no run is slower.
        max: AtMost,
        /// Over seeds: the share of runs that connect.
        share: AtLeast,
    }
}

/// `true`, `false`, or how soon.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
#[serde(untagged)]
pub enum Reconnected {
    /// Whether at all.
    Is(bool),
    /// How soon.
    Soon(Again),
}

grammar! {
    /// How soon traffic flows again.
    Again, "`reconnected`" {
        /// No later than this after the latest event before.
        within: Time,
    }
}

impl FromNode for Connected {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        if matches!(node.content, Content::Map(_)) {
            return Soon::from_node(node, faults).map(|soon| Self::Soon(Box::new(soon)));
        }
        whether(node, faults).map(Self::Is)
    }
}

/// `true` or `false`, where a map would say how soon.
fn whether(node: &Node, faults: &mut Faults) -> Option<bool> {
    if let Content::Bool(whether) = &node.content {
        return Some(*whether);
    }
    let fault = Fault::wrong_kind(node, "true, false or `{ within: … }`");
    let text = node.to_string();
    let time = text.trim_start_matches(['<', '=', ' ']);
    let help = meant_boolean(node).unwrap_or_else(|| match parse::<Time>(time) {
        Ok(_) => format!("write `{{ within: {time} }}`"),
        Err(_) => "as in `true` or `{ within: 2 s }`".to_owned(),
    });
    faults.push(fault.help(help));
    None
}

impl FromNode for Reconnected {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        if matches!(node.content, Content::Map(_)) {
            return Again::from_node(node, faults).map(Self::Soon);
        }
        whether(node, faults).map(Self::Is)
    }
}

/// A time that is not exceeded, or a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtMost(pub Bound<Time>);

/// A share that is reached, or a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtLeast(pub Bound<Share>);

impl FromNode for AtMost {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        if is_bound(node) {
            return Bound::from_node(node, faults).map(Self);
        }
        let most = Time::from_node(node, faults)?;
        Some(Self(Bound { at_least: None, at_most: Some(most) }))
    }
}

impl FromNode for AtLeast {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        if is_bound(node) {
            return Bound::from_node(node, faults).map(Self);
        }
        let least = Share::from_node(node, faults)?;
        Some(Self(Bound { at_least: Some(least), at_most: None }))
    }
}

/// Whether it is written as a bound, and not as a quantity alone.
pub(super) fn is_bound(node: &Node) -> bool {
    match &node.content {
        Content::Text(text) => text.trim_start().starts_with(['<', '>']),
        Content::Map(_) => true,
        Content::Empty | Content::Bool(_) | Content::Number(_) | Content::List(_) => false,
    }
}

or_alone!(AtMost of Time, AtLeast of Share);

words! {
    /// Which kind of path a call takes.
    PathWord, "path" {
        /// Neither side's selected candidate is relayed.
        Direct = "direct",
        /// Either side's selected candidate is relayed.
        Relayed = "relayed",
        /// The call never connects.
        None = "none",
    }
}

words! {
    /// A kind of candidate with its transport.
    SelectedWord, "kind of candidate" {
        /// An address of the peer's own.
        HostUdp = "host/udp",
        /// What a STUN server saw.
        SrflxUdp = "srflx/udp",
        /// What the other peer saw.
        PrflxUdp = "prflx/udp",
        /// An address on a TURN server that is reached over UDP.
        RelayUdp = "relay/udp",
    }
    later {
        "host/tcp", "srflx/tcp", "prflx/tcp", "relay/tcp", "relay/tls",
    }
}
