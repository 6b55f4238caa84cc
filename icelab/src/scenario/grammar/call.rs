//! `call:`.

use std::borrow::Cow;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::data::Channel;
use crate::scenario::text::decode::{
    AnyNumber, At, Definition, FromNode, Named, OneOrMany, grammar, map, words,
};
use crate::scenario::text::fault::Faults;
use crate::scenario::text::node::{Content, Node};
use crate::scenario::text::quantity::Time;

grammar! {
    /// A call between two peers.
    Call, "a call" {
        /// Who makes the offer; default the first peer.
        offerer: String,
        /// Who answers it; default the next peer.
        answerer: String,
        /// Whether candidates are signalled as they are found, rather than all at once; default true.
        trickle: bool,
        /// Which candidates may be used: a word for both sides, or a map with a word for each peer. Default all.
        policy: PerPeer<PolicyWord>,
        /// The servers to ask: a list for both sides, or a map with a list for each peer. Default none.
        ice_servers: PerPeer<AnyNumber<String>>,
        /// What the application does once ICE was disconnected for 5 s; default restart_ice.
        on_disconnected: OnDisconnectedWord,
        /// How offers, answers and candidates travel.
        signalling: Signalling,
        /// Which ICE roles the sides start with; default standard: the offerer controls.
        roles: RolesWord,
        /// Its data channels: one, or a list; default none.
        data: AnyNumber<Channel>,
    }
    later { "media" }
    short "offerer"
}

words! {
    /// Which candidates may be used.
    PolicyWord, "policy" {
        /// Any.
        All = "all",
        /// Relayed ones only.
        Relay = "relay",
    }
}

words! {
    /// What the application does when ICE is disconnected.
    OnDisconnectedWord, "answer to a disconnection" {
        /// The offerer restarts ICE after 5 s.
        RestartIce = "restart_ice",
        /// Nothing.
        Nothing = "nothing",
    }
}

words! {
    /// Which ICE roles the sides start with.
    RolesWord, "choice of roles" {
        /// The offerer controls, or the full agent where the other is lite (RFC 8445 section 6.1.1).
        Standard = "standard",
        /// The answerer controls.
        Swapped = "swapped",
        /// Both believe that they control: a role conflict (RFC 8445 section 7.3.1.1).
        BothControlling = "both_controlling",
        /// Both believe that they are controlled: a role conflict.
        BothControlled = "both_controlled",
    }
}

grammar! {
    /// How offers, answers and candidates travel.
    Signalling, "`signalling`" {
        /// One-way delay; default 20 ms.
        delay: Time,
        /// Times in which messages wait.
        outage: OneOrMany<Outage>,
    }
    short "delay"
}

grammar! {
    /// A time in which messages wait.
    Outage, "an outage" {
        /// When it begins.
        at: Time,
        /// How long it lasts.
        r#for: Time,
    }
}

/// One value for both sides, or a value for each peer.
#[derive(Clone, Debug, PartialEq)]
pub enum PerPeer<T> {
    /// For both sides.
    Both(At<T>),
    /// For each peer by name.
    Each(Vec<Definition<T>>),
}

impl<T: FromNode> FromNode for PerPeer<T> {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        if matches!(node.content, Content::Map(_)) {
            map(node, faults)?;
            return Named::from_node(node, faults).map(|named| Self::Each(named.0));
        }
        At::from_node(node, faults).map(Self::Both)
    }
}

impl<T: Serialize> Serialize for PerPeer<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Both(value) => value.serialize(serializer),
            Self::Each(each) => serializer.collect_map(each.iter().map(|d| (&d.name, &d.value))),
        }
    }
}

impl<T: JsonSchema> JsonSchema for PerPeer<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Per_peer_{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let both = generator.subschema_for::<T>();
        let each = generator.subschema_for::<IndexMap<String, At<T>>>();
        json_schema!({ "anyOf": [both, each] })
    }
}
