//! `events:`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use super::link::LinkFields;
use super::range::Ordinals;
use crate::scenario::text::decode::{At, FromNode, OneOrMany, grammar, map, words};
use crate::scenario::text::fault::Faults;
use crate::scenario::text::node::Node;
use crate::scenario::text::quantity::Time;

grammar! {
    /// Something that happens on the way: `at` and one thing.
    Event, "an event" {
        /// When, since the start of the run.
        at: Time,
        /// This gateway loses its NAT and firewall state.
        reboot: String,
        /// This gateway loses its state and gets another outside address.
        rebind: String,
        /// The cable between these two carries nothing any more, and nobody is told.
        cut: Vec<At<String>>,
        /// The cable between these two, which was cut, works again.
        heal: Vec<At<String>>,
        /// A cable changes.
        set: SetLink,
        /// From now on, these packets are lost, and no other.
        drop: Drop,
        /// This peer restarts ICE.
        restart_ice: String,
        /// This peer leaves the call.
        close: String,
        /// This peer's application reads its data channels no more: what comes waits, and then who sends.
        pause: String,
        /// This peer's application, which paused, reads its data channels again.
        resume: String,
    }
    later {
        "unplug", "move", "behind", "crash", "start", "renegotiate", "replace_track", "rotate_credentials",
    }
}

/// A cable changes; what is not written stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SetLink {
    /// Whose cable: a name, or, for a peer with several, `[PEER, GATEWAY]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<At<OneOrMany<String>>>,
    /// What changes.
    #[serde(flatten)]
    pub fields: LinkFields,
}

impl FromNode for SetLink {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        let entries = map(node, faults)?;
        let (link, rest): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| entry.key == "link");
        let link = link.first().and_then(|entry| FromNode::from_node(&entry.value, faults));
        Some(Self { link, fields: LinkFields::from_entries(rest, &["link"], faults) })
    }
}

impl JsonSchema for SetLink {
    fn schema_name() -> Cow<'static, str> {
        "SetLink".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let owner = generator.subschema_for::<OneOrMany<String>>();
        let mut schema = LinkFields::json_schema(generator);
        if let Some(properties) =
            schema.get_mut("properties").and_then(serde_json::Value::as_object_mut)
        {
            properties.insert("link".to_owned(), owner.into());
        }
        schema.insert("required".to_owned(), serde_json::json!(["link"]));
        let description = "A cable changes; what is not written stays as it is.";
        schema.insert("description".to_owned(), description.into());
        schema
    }
}

grammar! {
    /// Which packets are lost.
    Drop, "`drop`" {
        /// What they carry: a word, or a map that also says from whom to whom.
        r#match: Match,
        /// Which of those that match, counted from the event's time on: `2`, `[1, 3]` or `1..4`; default 1.
        nth: Ordinals,
        /// Whether all of them must come, so that the case fails where one never does; default true.
        must_come: bool,
    }
}

/// What packets carry, or that and from whom to whom.
pub type Match = MatchOr;

/// What packets carry, or that and from whom to whom.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
#[serde(untagged)]
pub enum MatchOr {
    /// What they carry.
    Packet(PacketWord),
    /// From whom to whom.
    Given(MatchFields),
}

impl FromNode for MatchOr {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        if matches!(node.content, crate::scenario::text::node::Content::Map(_)) {
            MatchFields::from_node(node, faults).map(Self::Given)
        } else {
            PacketWord::from_node(node, faults).map(Self::Packet)
        }
    }
}

grammar! {
    /// Which packets.
    MatchFields, "`match`" {
        /// What they carry; default any.
        packet: PacketWord,
        /// The peer or server that sent them.
        from: String,
        /// The peer or server that they are for.
        to: String,
    }
}

words! {
    /// What packets carry.
    PacketWord, "kind of packet" {
        /// Anything.
        Any = "any",
        /// A STUN Binding request, nominating or not.
        StunRequest = "stun_request",
        /// A STUN Binding success response.
        StunSuccess = "stun_success",
        /// A STUN Binding error response.
        StunError = "stun_error",
        /// A STUN Binding request with USE-CANDIDATE.
        Nomination = "nomination",
        /// A STUN Binding request without USE-CANDIDATE.
        PlainRequest = "plain_request",
        /// A TURN request: Allocate, Refresh, CreatePermission or ChannelBind.
        TurnRequest = "turn_request",
        /// An answer to a TURN request.
        TurnResponse = "turn_response",
        /// A piece of a DTLS handshake.
        DtlsHandshake = "dtls_handshake",
        /// Application data in DTLS; in 1.3 that cannot be told from ACKs and key updates.
        Data = "data",
    }
}
