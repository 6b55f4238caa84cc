//! From the tree to typed values: each type reads itself from a node, and tells every fault it meets.

use core::fmt;
use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::fault::{Fault, Faults};
pub(crate) use super::macros::{grammar, words};
pub use super::named::{Definition, Named, is_name};
use super::node::{Content, Entry, Node};
use super::source::Span;

/// A type that reads itself from a value of a scenario file.
pub trait FromNode: Sized {
    /// The typed value; `None` after telling `faults` why not.
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self>;
}

/// A value, and where it stands. Equal when the values are.
#[derive(Clone, Debug, Default)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T: PartialEq> PartialEq for At<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T> At<T> {
    /// A value that stands nowhere, for files that are written rather than read.
    pub fn nowhere(value: T) -> Self {
        Self { value, span: Span::default() }
    }
}

impl<T: FromNode> FromNode for At<T> {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        if matches!(node.content, Content::Empty) {
            faults.push(
                Fault::new(node.span, "a key without a value")
                    .label("nothing is written here")
                    .help("write `{}` for an empty value, indent what belongs to it, or remove the key"),
            );
            return None;
        }
        Some(Self { value: T::from_node(node, faults)?, span: node.span })
    }
}

impl<T: Serialize> Serialize for At<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

/// In the schema, any value may also be a matrix variable.
impl<T: JsonSchema> JsonSchema for At<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Or_variable_{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [value, { "type": "string", "pattern": VARIABLE }] })
    }
}

/// `$name` alone, which keeps the type of the matrix's value.
const VARIABLE: &str = r"^\$[A-Za-z_][A-Za-z0-9_]*$";

impl FromNode for bool {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        if let Content::Bool(value) = &node.content {
            return Some(*value);
        }
        let fault = Fault::wrong_kind(node, "true or false");
        faults.push(match meant_boolean(node) {
            Some(help) => fault.help(help),
            None => fault,
        });
        None
    }
}

/// How to write the boolean that was meant, where one was.
pub fn meant_boolean(node: &Node) -> Option<String> {
    let text = node.to_string();
    let meant = match text.to_ascii_lowercase().as_str() {
        "yes" | "y" | "on" | "1" | "true" => "true",
        "no" | "n" | "off" | "0" | "false" => "false",
        _ => return None,
    };
    Some(match &node.content {
        Content::Text(text) if text == meant => format!("write `{meant}` without quotes"),
        Content::Text(_) => format!("write `{meant}`: `{text}` is a word in YAML 1.2"),
        Content::Empty
        | Content::Bool(_)
        | Content::Number(_)
        | Content::List(_)
        | Content::Map(_) => format!("write `{meant}`"),
    })
}

impl FromNode for u64 {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        if let Content::Number(number) = &node.content
            && let Some(value) = number.as_u64()
        {
            return Some(value);
        }
        let mut fault = Fault::wrong_kind(node, "a whole number from 0 up");
        if matches!(node.content, Content::Number(_)) && node.to_string().starts_with('-') {
            fault.message = format!("expected a whole number from 0 up, found {node}");
        }
        faults.push(match plain_number(&node.to_string()) {
            Some(number) => fault.help(format!("write `{number}`")),
            None => fault,
        });
        None
    }
}

/// The whole number that a text such as `1_000`, `007` or `3.0` means.
fn plain_number(text: &str) -> Option<u64> {
    let digits: String =
        text.chars().filter(|letter| !matches!(letter, '_' | '\'' | ' ')).collect();
    digits.strip_suffix(".0").unwrap_or(&digits).parse().ok()
}

impl FromNode for String {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        match &node.content {
            Content::Text(text) => Some(text.clone()),
            Content::Number(_) | Content::Bool(_) => {
                faults.push(
                    Fault::wrong_kind(node, "text").help(format!("put it into quotes: \"{node}\"")),
                );
                None
            }
            Content::Empty | Content::List(_) | Content::Map(_) => {
                faults.push(Fault::wrong_kind(node, "text"));
                None
            }
        }
    }
}

/// Any value, read later.
#[derive(Clone, Debug, PartialEq)]
pub struct Anything(pub Node);

impl FromNode for Anything {
    fn from_node(node: &Node, _faults: &mut Faults) -> Option<Self> {
        Some(Self(node.clone()))
    }
}

impl Serialize for Anything {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fn value(node: &Node) -> serde_yaml::Value {
            match &node.content {
                Content::Empty => serde_yaml::Value::Null,
                Content::Bool(value) => (*value).into(),
                Content::Number(number) => serde_yaml::Value::Number(number.clone()),
                Content::Text(text) => text.clone().into(),
                Content::List(items) => items.iter().map(value).collect::<Vec<_>>().into(),
                Content::Map(entries) => serde_yaml::Value::Mapping(
                    entries.iter().map(|e| (e.key.clone().into(), value(&e.value))).collect(),
                ),
            }
        }
        value(&self.0).serialize(serializer)
    }
}

impl JsonSchema for Anything {
    fn schema_name() -> Cow<'static, str> {
        "Anything".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!(true)
    }
}

/// One value, or a list of such, which may be empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnyNumber<T>(pub Vec<At<T>>);

impl<T: FromNode> FromNode for AnyNumber<T> {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        match &node.content {
            Content::List(items) if items.is_empty() => Some(Self(Vec::new())),
            Content::List(_)
            | Content::Empty
            | Content::Bool(_)
            | Content::Number(_)
            | Content::Text(_)
            | Content::Map(_) => OneOrMany::from_node(node, faults).map(|many| Self(many.0)),
        }
    }
}

impl<T: Serialize> Serialize for AnyNumber<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<T: JsonSchema> JsonSchema for AnyNumber<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Any_number_{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        let many = generator.subschema_for::<Vec<At<T>>>();
        json_schema!({ "anyOf": [one, many] })
    }
}

/// One value, or a list of such.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OneOrMany<T>(pub Vec<At<T>>);

impl<T: FromNode> FromNode for OneOrMany<T> {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        match &node.content {
            Content::List(items) if items.is_empty() => {
                faults.push(
                    Fault::new(node.span, "an empty list, which says nothing")
                        .label("should have at least one value")
                        .help("write a value, or remove the key"),
                );
                None
            }
            Content::List(_) => Vec::from_node(node, faults).map(Self),
            Content::Empty
            | Content::Bool(_)
            | Content::Number(_)
            | Content::Text(_)
            | Content::Map(_) => Some(Self(vec![At::from_node(node, faults)?])),
        }
    }
}

impl<T: Serialize> Serialize for OneOrMany<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            many => many.serialize(serializer),
        }
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("One_or_many_{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        let item = generator.subschema_for::<At<T>>();
        let many = json_schema!({ "type": "array", "items": item, "minItems": 1 });
        json_schema!({ "anyOf": [one, many] })
    }
}

impl<T: FromNode> FromNode for Vec<At<T>> {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        let Content::List(items) = &node.content else {
            faults.push(
                Fault::wrong_kind(node, "a list")
                    .help("a list is `[a, b]`, or lines that start with `- `"),
            );
            return None;
        };
        let read: Vec<_> = items.iter().map(|item| At::from_node(item, faults)).collect();
        read.into_iter().collect()
    }
}

/// The entries of a map.
pub fn map<'a>(node: &'a Node, faults: &mut Faults) -> Option<&'a [Entry]> {
    if let Content::Map(entries) = &node.content {
        return Some(entries);
    }
    faults.push(
        Fault::wrong_kind(node, "a map")
            .help("a map is `{ key: value }`, or lines of `key: value`"),
    );
    None
}

/// The entries of a map; where it is none, a message with the keys that it may have.
pub fn map_of<'a>(
    node: &'a Node,
    keys: &[&str],
    short: Option<&str>,
    place: &str,
    faults: &mut Faults,
) -> Option<&'a [Entry]> {
    if let Content::Map(entries) = &node.content {
        return Some(entries);
    }
    let fault = Fault::wrong_kind(node, "a map");
    faults.push(match (&node.content, short) {
        (Content::Text(_) | Content::Number(_), Some(key)) => {
            fault.help(format!("as in `{{ {key}: {node} }}`"))
        }
        (Content::List(_), _) if place == "`nat`" => fault
            .help("as in `nat: symmetric`, a preset, or `nat: { mapping: endpoint_independent }`"),
        _ if keys.is_empty() => fault.help("write `{}`"),
        (Content::Bool(true), _) => fault.help("write `{}`: what it does not say has a default"),
        _ => fault
            .help(format!("{place} is a map, `{{ key: value }}`; its keys: {}", keys.join(", "))),
    });
    None
}

/// A preset's or profile's name, or the settings themselves.
#[derive(Clone, Debug, PartialEq)]
pub enum NameOr<T> {
    /// The name.
    Name(String),
    /// The settings.
    Given(T),
}

impl<T: FromNode> FromNode for NameOr<T> {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        match &node.content {
            Content::Text(name) => Some(Self::Name(name.clone())),
            Content::Map(_) | Content::List(_) => T::from_node(node, faults).map(Self::Given),
            Content::Empty | Content::Bool(_) | Content::Number(_) => {
                faults.push(Fault::wrong_kind(node, "a name or its settings"));
                None
            }
        }
    }
}

impl<T: Serialize> Serialize for NameOr<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Name(name) => name.serialize(serializer),
            Self::Given(given) => given.serialize(serializer),
        }
    }
}

/// A key as it is written: without Rust's mark for its own words.
#[must_use]
pub const fn plain_key(field: &'static str) -> &'static str {
    match field.as_bytes() {
        [b'r', b'#', ..] => field.split_at(2).1,
        _ => field,
    }
}

/// Tells that a key means nothing here, or not yet.
pub fn refuse_key(
    entry: &Entry,
    keys: &[&str],
    more_keys: &[&str],
    later: &[&str],
    place: &str,
    faults: &mut Faults,
) {
    if later.contains(&entry.key.as_str()) {
        faults.push(Fault::not_supported_yet(entry.key_span, &entry.key));
    } else {
        let known: Vec<&str> = more_keys.iter().chain(keys).copied().collect();
        faults.push(Fault::unknown_key(entry, &known, place));
    }
}

/// Reads one of some words.
pub fn read_word<T>(
    node: &Node,
    from_word: impl Fn(&str) -> Option<T>,
    words: &[&str],
    later: &[&str],
    what: &str,
    faults: &mut Faults,
) -> Option<T> {
    let Content::Text(text) = &node.content else {
        faults.push(Fault::wrong_kind(node, what).help(format!("one of: {}", words.join(", "))));
        return None;
    };
    if let Some(value) = from_word(text) {
        return Some(value);
    }
    if later.contains(&text.as_str()) {
        faults.push(Fault::not_supported_yet(node.span, &format!("{what} `{text}`")));
    } else {
        faults.push(Fault::unknown_word(node.span, text, words, what));
    }
    None
}

impl<T: fmt::Display> fmt::Display for At<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(formatter)
    }
}

/// Settings that may be named instead of written.
pub trait HasPresets {
    /// The names.
    fn names() -> Vec<&'static str>;
    /// Whether a file can add names of its own.
    const IS_OPEN: bool;
}

impl<T: HasPresets + JsonSchema> JsonSchema for NameOr<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Name_or_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let given = generator.subschema_for::<T>();
        let mut names = vec![json_schema!({ "enum": T::names() })];
        if T::IS_OPEN {
            names.push(json_schema!({ "type": "string" }));
        }
        names.push(given);
        json_schema!({ "anyOf": names })
    }
}
