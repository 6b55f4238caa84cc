//! What is wrong with a file, where, and how to mend it: the wording of every message in one place.

use core::fmt;

use super::elsewhere::place_of;
use super::nearest::{meant, nearest};
use super::node::{Entry, Node};
use super::source::{Source, Span};

/// One thing that is wrong with a scenario file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub span: Span,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What stands beside the excerpt.
    pub label: String,
    /// How to mend it.
    pub help: Option<String>,
}

impl Fault {
    /// A fault at a place.
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), label: "here".to_owned(), help: None }
    }

    /// With what stands beside the excerpt.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// With how to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With the nearest of the words that would be right, or, where none is near, with all of them.
    #[must_use]
    pub fn one_of(self, written: &str, words: &[&str]) -> Self {
        match meant(written, words) {
            Some(word) => self.help(format!("did you mean `{word}`?")),
            None if words.is_empty() => self,
            None => self.help(format!("one of: {}", words.join(", "))),
        }
    }

    /// A key that means nothing here.
    #[must_use]
    pub fn unknown_key(entry: &Entry, keys: &[&str], place: &str) -> Self {
        let fault = Self::new(entry.key_span, format!("unknown key `{}` in {place}", entry.key))
            .label("not known here");
        if place == "a server" && URL_KEYS.contains(&entry.key.as_str()) {
            return fault.help(
                "servers are part of the simulated network and have no url, as in `servers: { stun: { stun: {} } }`",
            );
        }
        let is_spelt_alike = nearest(&entry.key, keys.iter().copied()).is_some_and(|near| {
            near.eq_ignore_ascii_case(&entry.key) || is_plural(&entry.key, near)
        });
        match place_of(&entry.key).filter(|_| !is_spelt_alike) {
            Some(place) if place.is_later => {
                Self::not_supported_yet(entry.key_span, &entry.key).help(place.help)
            }
            Some(place) => fault.help(place.help),
            None => fault.one_of(&entry.key, keys),
        }
    }

    /// A word of the grammar whose meaning comes later.
    #[must_use]
    pub fn not_supported_yet(span: Span, word: &str) -> Self {
        Self::new(span, format!("not supported yet: {word}")).label("comes with a later version")
    }

    /// A value of another kind than is wanted.
    #[must_use]
    pub fn wrong_kind(node: &Node, wanted: &str) -> Self {
        let kind = node.content.kind();
        Self::new(node.span, format!("expected {wanted}, found {kind}"))
            .label(format!("should be {wanted}"))
    }

    /// A word that is none of those that would be right.
    #[must_use]
    pub fn unknown_word(span: Span, word: &str, words: &[&str], what: &str) -> Self {
        let fault =
            Self::new(span, format!("unknown {what} `{word}`")).label(format!("no such {what}"));
        match EXPLAINED.iter().find(|(of, words, _)| *of == what && words.contains(&word)) {
            Some((_, _, help)) => fault.help(*help),
            None => fault.one_of(word, words),
        }
    }

    /// A key that must be there.
    #[must_use]
    pub fn missing(span: Span, key: &str, place: &str) -> Self {
        Self::new(span, format!("{place} needs `{key}`")).label(format!("`{key}` is missing"))
    }
}

/// Keys that servers have elsewhere.
const URL_KEYS: [&str; 5] = ["url", "urls", "uri", "host", "hostname"];

/// What is looked for, words that are no such thing, and how to say what they mean.
const EXPLAINED: &[(&str, &[&str], &str)] = &[
    ("protocol", &["http"], "write it with its port: `{ allow: tcp, to_port: 80 }`"),
    ("protocol", &["https", "tls"], "write it with its port: `{ allow: tcp, to_port: 443 }`"),
    ("protocol", &["dns"], "write it with its port: `{ allow: udp, to_port: 53 }`"),
    ("protocol", &["stun", "turn"], "write it with its port: `{ allow: udp, to_port: 3478 }`"),
    ("behaviour", &["symmetric"], "that is `address_and_port_dependent`"),
    ("behaviour", &["full_cone", "cone"], "that is `endpoint_independent`"),
    (
        "behaviour",
        &["restricted", "restricted_cone", "address_restricted"],
        "as `filtering`, that is `address_dependent`; such a NAT's `mapping` is `endpoint_independent`",
    ),
    (
        "behaviour",
        &["port_restricted", "port_restricted_cone"],
        "as `filtering`, that is `address_and_port_dependent`; such a NAT's `mapping` is `endpoint_independent`",
    ),
];

/// Whether one of two words is the other with an `s`.
fn is_plural(left: &str, right: &str) -> bool {
    left.strip_suffix('s') == Some(right) || right.strip_suffix('s') == Some(left)
}

/// The faults found so far; at most [`Faults::LIMIT`] are kept.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    list: Vec<Fault>,
}

impl Faults {
    /// A file with more faults than this is told only of the first ones.
    pub const LIMIT: usize = 20;

    /// Keeps a fault, unless it is known already.
    pub fn push(&mut self, fault: Fault) {
        if self.list.len() < Self::LIMIT && !self.list.contains(&fault) {
            self.list.push(fault);
        }
    }

    /// Whether none was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether no more can be kept.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.list.len() >= Self::LIMIT
    }

    /// The faults, in the order of their places.
    #[must_use]
    pub fn into_sorted(mut self) -> Vec<Fault> {
        self.list.sort_by_key(|fault| fault.span);
        self.list
    }
}

/// A file that cannot be used, with all that is wrong with it.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The file.
    pub source: Source,
    /// What is wrong with it, in the order of the places; never empty.
    pub faults: Vec<Fault>,
}

impl Refusal {
    /// Each fault as `FILE:LINE:COLUMN: message`, without excerpts.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.faults
            .iter()
            .map(|fault| {
                let (line, column) = self.source.position(fault.span.start);
                let help = fault.help.as_ref().map_or(String::new(), |help| format!(" ({help})"));
                format!("{}:{line}:{column}: {}{help}", self.source.name, fault.message)
            })
            .collect()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.lines().join("\n"))
    }
}

impl core::error::Error for Refusal {}
