//! Values that know where they stand.

use core::fmt;

use serde_yaml::Number;

use super::source::Span;

/// A value of a scenario file, and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub content: Content,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Content {
    /// Nothing was written.
    Empty,
    /// `true` or `false`.
    Bool(bool),
    /// A number without a unit.
    Number(Number),
    /// Text, quoted or not.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Keys with values, in the file's order.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key's text.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// Its value.
    pub value: Node,
}

impl Node {
    /// The value of a key, where this is a map that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Entry> {
        match &self.content {
            Content::Map(entries) => entries.iter().find(|entry| entry.key == key),
            Content::Empty
            | Content::Bool(_)
            | Content::Number(_)
            | Content::Text(_)
            | Content::List(_) => None,
        }
    }
}

/// Equal when they say the same, wherever they stand. Maps are equal whatever their order.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        match (&self.content, &other.content) {
            (Content::Empty, Content::Empty) => true,
            (Content::Bool(left), Content::Bool(right)) => left == right,
            (Content::Number(left), Content::Number(right)) => left == right,
            (Content::Text(left), Content::Text(right)) => left == right,
            (Content::List(left), Content::List(right)) => left == right,
            (Content::Map(left), Content::Map(right)) => {
                left.len() == right.len()
                    && left.iter().all(|entry| {
                        other.get(&entry.key).is_some_and(|found| found.value == entry.value)
                    })
            }
            (
                Content::Empty
                | Content::Bool(_)
                | Content::Number(_)
                | Content::Text(_)
                | Content::List(_)
                | Content::Map(_),
                _,
            ) => false,
        }
    }
}

impl Content {
    /// What a message calls such a value.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Empty => "nothing",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

/// Scalars as they would be written; lists and maps in flow style.
impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.content {
            Content::Empty => formatter.write_str("{}"),
            Content::Bool(value) => write!(formatter, "{value}"),
            Content::Number(value) => write!(formatter, "{value}"),
            Content::Text(text) => formatter.write_str(text),
            Content::List(items) => {
                formatter.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(formatter, "{comma}{item}")?;
                }
                formatter.write_str("]")
            }
            Content::Map(entries) => {
                formatter.write_str("{")?;
                for (index, entry) in entries.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(formatter, "{comma}{}: {}", entry.key, entry.value)?;
                }
                formatter.write_str("}")
            }
        }
    }
}
