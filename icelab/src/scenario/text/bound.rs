//! Bounds of quantities: `{ at_least: 5 Mbit/s, at_most: 8 Mbit/s }` or `">= 5 Mbit/s"`.

use core::fmt;
use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::decode::{Anything, At, FromNode, grammar, map};
use super::fault::{Fault, Faults};
use super::node::{Content, Node};
use super::quantity::Quantity;

/// Limits on a quantity: `{ at_least: 5 Mbit/s, at_most: 8 Mbit/s }` or `">= 5 Mbit/s"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound<Q> {
    /// Not less than this.
    pub at_least: Option<Q>,
    /// Not more than this.
    pub at_most: Option<Q>,
}

impl<Q: Quantity> Bound<Q> {
    /// Whether a quantity is within the limits.
    #[must_use]
    pub fn holds(&self, quantity: Q) -> bool {
        self.at_least.is_none_or(|least| quantity >= least)
            && self.at_most.is_none_or(|most| quantity <= most)
    }
}

grammar! {
    /// The limits of a bound, as a map.
    Limits, "a bound" {
        /// Not less than this.
        at_least: Anything,
        /// Not more than this.
        at_most: Anything,
    }
}

impl<Q: Quantity + FromNode> FromNode for Bound<Q> {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        match &node.content {
            Content::Map(_) => {
                let limits = Limits::from_entries(map(node, faults)?, &[], faults);
                let mut side = |limit: Option<At<Anything>>| match limit {
                    Some(limit) => Q::from_node(&limit.value.0, faults).map(Some),
                    None => Some(None),
                };
                let (at_least, at_most) = (side(limits.at_least)?, side(limits.at_most)?);
                if at_least.is_none() && at_most.is_none() {
                    faults.push(Fault::missing(node.span, "at_least", "a bound"));
                    return None;
                }
                if let (Some(least), Some(most)) = (at_least, at_most)
                    && least > most
                {
                    faults.push(Fault::new(node.span, "nothing is within these bounds"));
                    return None;
                }
                Some(Self { at_least, at_most })
            }
            Content::Text(text) => {
                let text = text.trim();
                let (is_least, rest) = match (text.strip_prefix(">="), text.strip_prefix("<=")) {
                    (Some(rest), _) => (true, rest),
                    (None, Some(rest)) => (false, rest),
                    (None, None) => {
                        faults.push(Fault::new(node.span, format!("`{text}` is no bound")).help(
                            format!(
                                "as in `\">= {}\"` (with the quotes), or `{{ at_least: {} }}`",
                                Q::EXAMPLE,
                                Q::EXAMPLE
                            ),
                        ));
                        return None;
                    }
                };
                let inner =
                    Node { span: node.span, content: Content::Text(rest.trim().to_owned()) };
                let limit = Q::from_node(&inner, faults)?;
                Some(if is_least {
                    Self { at_least: Some(limit), at_most: None }
                } else {
                    Self { at_least: None, at_most: Some(limit) }
                })
            }
            Content::Empty | Content::Bool(_) | Content::Number(_) | Content::List(_) => {
                faults.push(Fault::wrong_kind(node, "a bound").help(format!(
                    "as in `\">= {}\"`, or `{{ at_least: {} }}`",
                    Q::EXAMPLE,
                    Q::EXAMPLE
                )));
                None
            }
        }
    }
}

/// `at least 5 Mbit/s, at most 8 Mbit/s`.
impl<Q: fmt::Display> fmt::Display for Bound<Q> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.at_least, &self.at_most) {
            (Some(least), Some(most)) => write!(out, "at least {least}, at most {most}"),
            (Some(least), None) => write!(out, "at least {least}"),
            (None, Some(most)) => write!(out, "at most {most}"),
            (None, None) => Ok(()),
        }
    }
}

impl<Q: fmt::Display> Serialize for Bound<Q> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let limits = [("at_least", &self.at_least), ("at_most", &self.at_most)];
        serializer.collect_map(
            limits.iter().filter_map(|(key, limit)| Some((key, limit.as_ref()?.to_string()))),
        )
    }
}

impl<Q: Quantity + JsonSchema> JsonSchema for Bound<Q> {
    fn schema_name() -> Cow<'static, str> {
        format!("Bound_{}", Q::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let quantity = generator.subschema_for::<Q>();
        json_schema!({
            "description": "{ at_least: …, at_most: … }, or quoted text such as \">= 5 Mbit/s\"",
            "anyOf": [
                { "type": "string", "pattern": "^[<>]=" },
                {
                    "type": "object",
                    "properties": { "at_least": quantity, "at_most": quantity },
                    "additionalProperties": false,
                    "minProperties": 1
                }
            ]
        })
    }
}

/// Makes new types of a bound readable as the quantity alone, too: in the schema, and in what is written.
macro_rules! or_alone {
    ($($name:ident of $quantity:ident),*) => { $(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let alone = generator.subschema_for::<$quantity>();
                let bound = generator.subschema_for::<Bound<$quantity>>();
                schemars::json_schema!({ "anyOf": [alone, bound] })
            }
        }
    )* };
}
pub(crate) use or_alone;
