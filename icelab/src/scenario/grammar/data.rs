//! `data:` of a call and of what is expected of it: its data channels.

use super::expect::is_bound;
use crate::scenario::text::bound::{Bound, or_alone};
use crate::scenario::text::decode::{FromNode, OneOrMany, grammar, words};
use crate::scenario::text::fault::Faults;
use crate::scenario::text::node::Node;
use crate::scenario::text::quantity::{Quantity, Rate, Share, Size, Time, parse};

grammar! {
    /// A data channel. The offerer opens it.
    Channel, "a data channel" {
        /// Its name, by which `expect` and results know it; default `data`.
        label: String,
        /// Whether messages arrive in the order in which they were sent; default true.
        ordered: bool,
        /// A message is given up where a part of it would have to be sent again more often than this.
        /// Default: it never is.
        max_retransmits: u64,
        /// A message is given up this long after it was written. Default: it never is.
        max_lifetime: Time,
        /// What it weighs beside other channels; default low. Each word weighs twice the one before it.
        priority: PriorityWord,
        /// What is sent on it: one thing, or a list. What one side sends goes out in the order of writing.
        send: OneOrMany<Send>,
    }
}

words! {
    /// What a channel weighs beside others, in the words of webrtc-pc (RFC 8831 section 6.4).
    PriorityWord, "priority" {
        /// 128.
        VeryLow = "very-low",
        /// 256.
        Low = "low",
        /// 512.
        Medium = "medium",
        /// 1024.
        High = "high",
    }
}

grammar! {
    /// What one side sends on a channel. Without `size` and `rate` there is always something to send.
    Send, "`send`" {
        /// Who sends: a side of the call.
        from: String,
        /// So many bytes in all, written as fast as the channel takes them.
        size: Size,
        /// Payload at this rate, written evenly whether or not the channel keeps up.
        rate: Rate,
        /// How long it goes on, from the first write; default until the end of the run.
        r#for: Time,
        /// When it begins, since the start of the run; default as soon as the channel is open.
        at: Time,
        /// The size of a message; default 16 KiB. The last one may be shorter.
        message: Size,
    }
    short "from"
}

grammar! {
    /// What must hold of a channel, in each direction in which something is sent. A message that arrives
    /// twice, or not as it was sent, never is as expected.
    Carried, "a channel under `data`" {
        /// How much of what was sent has arrived: a share (`100 %`, `">= 94 %"`) of the messages, or bytes of
        /// payload (`2 MiB`); alone it means at least this.
        delivered: Delivered,
        /// Payload that has arrived (on an ordered channel: in order), from the first write to the last
        /// delivery; alone it means at least this.
        goodput: AtLeastRate,
        /// Whether messages arrived in the order in which they were sent. On an unordered channel, `false`
        /// says that some overtook others.
        ordered: bool,
    }
    short "delivered"
}

/// How much has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, schemars::JsonSchema, serde::Serialize)]
#[serde(untagged)]
pub enum Delivered {
    /// A share of the messages.
    Share(AtLeastShare),
    /// Bytes of payload.
    Bytes(AtLeastSize),
}

/// A share that is reached, or a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtLeastShare(pub Bound<Share>);

/// A size that is reached, or a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtLeastSize(pub Bound<Size>);

/// A rate that is reached, or a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtLeastRate(pub Bound<Rate>);

impl FromNode for AtLeastRate {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        at_least(node, faults).map(Self)
    }
}

impl FromNode for Delivered {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        if is_of_bytes(node) {
            return at_least(node, faults).map(|bound| Self::Bytes(AtLeastSize(bound)));
        }
        at_least(node, faults).map(|bound| Self::Share(AtLeastShare(bound)))
    }
}

/// Whether an amount, or a limit of a bound, is a size.
fn is_of_bytes(node: &Node) -> bool {
    let is_size = |node: &Node| {
        let text = node.to_string();
        parse::<Size>(text.trim_start_matches(['<', '>', '=', ' '])).is_ok()
    };
    let limits = ["at_least", "at_most"].map(|limit| node.get(limit));
    is_size(node) || limits.into_iter().flatten().any(|entry| is_size(&entry.value))
}

/// A bound; what stands alone is the least.
fn at_least<Q: Quantity + FromNode>(node: &Node, faults: &mut Faults) -> Option<Bound<Q>> {
    if is_bound(node) {
        return Bound::from_node(node, faults);
    }
    let least = Q::from_node(node, faults)?;
    Some(Bound { at_least: Some(least), at_most: None })
}

or_alone!(AtLeastShare of Share, AtLeastSize of Size, AtLeastRate of Rate);
