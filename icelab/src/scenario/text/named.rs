//! Maps whose keys are names that the file gives.

use std::borrow::Cow;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};

use super::decode::{At, FromNode, map};
use super::fault::{Fault, Faults};
use super::node::{Content, Node};
use super::source::Span;

/// Names with what they stand for, in the file's order.
#[derive(Clone, Debug, PartialEq)]
pub struct Named<T>(pub Vec<Definition<T>>);

/// A name with what it stands for.
#[derive(Clone, Debug)]
pub struct Definition<T> {
    /// The name.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// What it stands for.
    pub value: T,
}

impl<T: PartialEq> PartialEq for Definition<T> {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.value == other.value
    }
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: FromNode> FromNode for Named<T> {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        if let Content::List(items) = &node.content {
            let names: Vec<String> = items.iter().filter_map(name_of).collect();
            let fault = Fault::wrong_kind(node, "a map of names");
            let example = if names.is_empty() { vec!["name: {}".to_owned()] } else { names };
            faults.push(fault.help(format!("as in `{{ {} }}`", example.join(", "))));
            return None;
        }
        let entries = map(node, faults)?;
        let mut all = Some(Vec::with_capacity(entries.len()));
        for entry in entries {
            if !is_name(&entry.key) {
                faults.push(
                    Fault::new(entry.key_span, format!("`{}` cannot be a name", entry.key)).help(
                        "names are letters, digits, `_` and `-`, begin with a letter, and have at most 48 of them",
                    ),
                );
            }
            let value = At::<T>::from_node(&entry.value, faults);
            match (value, &mut all) {
                (Some(value), Some(list)) => list.push(Definition {
                    name: entry.key.clone(),
                    name_span: entry.key_span,
                    value: value.value,
                }),
                (None, _) => all = None,
                (Some(_), None) => {}
            }
        }
        all.map(Self)
    }
}

/// `name: {}` of an item that is a name, or a map with one.
fn name_of(item: &Node) -> Option<String> {
    let name = match &item.content {
        Content::Text(name) => name,
        Content::Map(_) => match &item.get("name")?.value.content {
            Content::Text(name) => name,
            Content::Empty
            | Content::Bool(_)
            | Content::Number(_)
            | Content::List(_)
            | Content::Map(_) => return None,
        },
        Content::Empty | Content::Bool(_) | Content::Number(_) | Content::List(_) => return None,
    };
    is_name(name).then(|| format!("{name}: {{}}"))
}

impl<T: Serialize> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer
            .collect_map(self.0.iter().map(|definition| (&definition.name, &definition.value)))
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Named_{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<IndexMap<String, At<T>>>()
    }
}

/// Whether a text can name something.
#[must_use]
pub fn is_name(text: &str) -> bool {
    text.len() <= 48
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-')
}
