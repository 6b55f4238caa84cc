//! Entries as lines of text, and back.
//!
//! A line is words with single spaces between them: the index, the time in seconds, what happened, and its
//! fields. A word in quotes may hold anything, with `\\`, `\"`, `\n` and `\r` for what cannot stand for itself.

use std::fmt::{self, Write as _};
use std::io::BufRead;
use std::str::FromStr;
use std::time::Duration;

use super::entry::{Entry, MappingChange, Name, NetworkEvent, PacketId, PayloadHash, Place, What};
use super::parse::Words;
use super::value::Value;
use crate::packet::{Flow, Protocol};
use crate::topology::Direction;

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.index, Seconds(self.at.since_start()), self.what)
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent { packet, node, flow, length, payload } => {
                write!(f, "sent {packet} {} {} {length} {payload}", Quoted(node), FlowText(*flow))
            }
            Self::Queued { packet, place } => write!(f, "queued {packet} {place}"),
            Self::Marked { packet, place } => write!(f, "marked {packet} {place}"),
            Self::Dropped { packet, place, reason } => {
                write!(f, "dropped {packet} {place} {}", Quoted(reason))
            }
            Self::Translated { packet, gateway, from, to } => {
                let (from, to) = (FlowText(*from), FlowText(*to));
                write!(f, "translated {packet} {} {from} into {to}", Quoted(gateway))
            }
            Self::Copied { packet, copy, place } => write!(f, "copied {packet} {copy} {place}"),
            Self::Delivered { packet, node } => write!(f, "delivered {packet} {}", Quoted(node)),
            Self::Mapping { gateway, change, protocol, inside, outside } => {
                let protocol = ProtocolText(*protocol);
                write!(f, "mapping {change} {} {protocol} {inside} {outside}", Quoted(gateway))
            }
            Self::Note { node, name, fields } => {
                write!(f, "note {} {}", Quoted(node), Quoted(name))?;
                fields.iter().try_for_each(|(name, value)| write!(f, " {} {value}", Quoted(name)))
            }
            Self::Event(event) => write!(f, "{event}"),
            Self::Deadline { node, timer } => {
                write!(f, "deadline {} {}", Quoted(node), Quoted(timer))
            }
        }
    }
}

impl fmt::Display for NetworkEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut { a, b } => write!(f, "cut {} {}", Quoted(a), Quoted(b)),
            Self::Healed { a, b } => write!(f, "healed {} {}", Quoted(a), Quoted(b)),
            Self::Rebooted { gateway } => write!(f, "rebooted {}", Quoted(gateway)),
            Self::Rebound { gateway, outside } => {
                write!(f, "rebound {}", Quoted(gateway))?;
                outside.iter().try_for_each(|address| write!(f, " {address}"))
            }
            Self::LinkSet { owner, towards, direction } => {
                let direction = match direction {
                    Direction::Up => "up",
                    Direction::Down => "down",
                };
                write!(f, "link-set {} {} {direction}", Quoted(owner), Quoted(towards))
            }
            Self::Unplugged { node, from } => {
                write!(f, "unplugged {} {}", Quoted(node), Quoted(from))
            }
            Self::Plugged { node, into } => write!(f, "plugged {} {}", Quoted(node), Quoted(into)),
            Self::Crashed { node } => write!(f, "crashed {}", Quoted(node)),
            Self::Started { node, boot } => write!(f, "started {} {boot}", Quoted(node)),
        }
    }
}

impl fmt::Display for PacketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(node) => write!(f, "at {}", Quoted(node)),
            Self::Link { from, to } => write!(f, "between {} {}", Quoted(from), Quoted(to)),
        }
    }
}

impl fmt::Display for MappingChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Made => "made",
            Self::Refreshed => "refreshed",
            Self::Expired => "expired",
        })
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write_quoted(f, text),
            Self::Number(number) => write!(f, "{number}"),
            Self::Address(address) => write!(f, "{address}"),
            Self::Ip(address) => write!(f, "{address}"),
            Self::Duration(duration) => write!(f, "{}s", Seconds(*duration)),
            Self::Flag(flag) => write!(f, "{flag}"),
        }
    }
}

/// A line that is no entry.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not an entry of a record: {line}")]
pub struct NotAnEntry {
    /// The line.
    pub line: String,
}

impl FromStr for Entry {
    type Err = NotAnEntry;

    fn from_str(line: &str) -> Result<Self, NotAnEntry> {
        Words::new(line).and_then(Words::entry).ok_or_else(|| NotAnEntry { line: line.to_owned() })
    }
}

/// Reads entries that [`Record::write_text`](super::Record::write_text) wrote.
pub fn read_text(lines: impl BufRead) -> impl Iterator<Item = std::io::Result<Entry>> {
    lines.lines().map(|line| line?.parse().map_err(std::io::Error::other))
}

struct Quoted<'a>(&'a str);

impl<'a> From<&'a Name> for Quoted<'a> {
    fn from(name: &'a Name) -> Self {
        Quoted(name)
    }
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        if !self.0.is_empty() && self.0.bytes().all(is_plain) {
            return f.write_str(self.0);
        }
        write_quoted(f, self.0)
    }
}

fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('"')
}

struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}", self.0.as_secs(), self.0.subsec_nanos())
    }
}

struct FlowText(Flow);

impl fmt::Display for FlowText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Flow { protocol, source, destination } = self.0;
        write!(f, "{} {source} > {destination}", ProtocolText(protocol))
    }
}

struct ProtocolText(Protocol);

impl fmt::Display for ProtocolText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Protocol::Other(number) => write!(f, "ip{number}"),
            protocol @ (Protocol::Udp | Protocol::Tcp | Protocol::Icmp) => {
                f.write_str(protocol.name())
            }
        }
    }
}

impl FromStr for PayloadHash {
    type Err = NotAnEntry;

    fn from_str(text: &str) -> Result<Self, NotAnEntry> {
        let refuse = || NotAnEntry { line: text.to_owned() };
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(refuse());
        }
        let number = u128::from_str_radix(text, 16).map_err(|_| refuse())?;
        Ok(Self(number.to_be_bytes()))
    }
}
