//! A whole scenario file.

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use std::borrow::Cow;

use super::call::Call;
use super::event::Event;
use super::expect::Expect;
use super::link::LinkFields;
use super::node::{Gateway, Peer, Server};
use super::range::Seeds;
use crate::scenario::text::decode::{Anything, At, FromNode, Named, OneOrMany, grammar, words};
use crate::scenario::text::fault::Faults;
use crate::scenario::text::node::Node;
use crate::scenario::text::quantity::Time;

grammar! {
    /// One question about a network, and what the answer should be.
    File, "a scenario" {
        /// The question, in one sentence.
        asks: String,
        /// The seed of every random draw; default 1.
        seed: u64,
        /// The simulated time after which the run stops; default 60 s. It ends sooner once every expectation is decided.
        limit: Time,
        /// What drives the simulation; default native.
        runtime: RuntimeWord,
        /// Link profiles beside the built-in ones.
        links: Named<LinkFields>,
        /// Whatever routes: NAT, firewall, or both.
        gateways: Named<Gateway>,
        /// Boxes that serve STUN, TURN or both.
        servers: Named<Server>,
        /// The ends of the call.
        peers: Named<Peer>,
        /// The call; default: the first peer calls the second.
        call: Call,
        /// What happens on the way.
        events: Vec<At<Event>>,
        /// Names with lists of values; the cases are the product. `$name` stands for the value.
        matrix: Matrix,
        /// Many seeds instead of one.
        sweep: Sweep,
        /// What must hold; a map, or a list of maps.
        expect: OneOrMany<Expect>,
    }
    later { "calls", "traffic" }
}

grammar! {
    /// Many seeds instead of one.
    Sweep, "`sweep`" {
        /// Both ends included, as in `1..100`.
        seeds: Seeds,
    }
    short "seeds"
}

words! {
    /// What drives the simulation.
    RuntimeWord, "runtime" {
        /// The loop that jumps from event to event.
        Native = "native",
    }
    later { "tokio" }
}

/// The matrix as it is written. It has done its work before a case is read, so that it is not read again.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix(pub Anything);

impl FromNode for Matrix {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        Anything::from_node(node, faults).map(Self)
    }
}

impl Serialize for Matrix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl JsonSchema for Matrix {
    fn schema_name() -> Cow<'static, str> {
        "Matrix".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let lists = generator.subschema_for::<IndexMap<String, Vec<Anything>>>();
        json_schema!({
            "description": "Names with lists of values; the cases are the product.",
            "allOf": [lists],
            "propertyNames": { "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" }
        })
    }
}
