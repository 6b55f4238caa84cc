//! The words of a line, and the entry that they make.

use std::borrow::Cow;
use std::time::Duration;

use icelab_sans_io::Instant;

use super::entry::{Entry, MappingChange, Name, NetworkEvent, PacketId, Place, What, Word};
use super::value::Value;
use crate::packet::{Flow, Protocol};
use crate::topology::Direction;

/// The words of a line that were not read yet, the first one last.
pub(super) struct Words(Vec<Token>);

/// One word.
struct Token {
    text: String,
    is_quoted: bool,
}

impl Words {
    pub(super) fn new(line: &str) -> Option<Self> {
        let mut words = Vec::new();
        let mut rest = line;
        loop {
            let (word, after) = match rest.strip_prefix('"') {
                Some(quoted) => unquote(quoted)?,
                None => {
                    let end = rest.find(' ').unwrap_or(rest.len());
                    let (text, after) = rest.split_at_checked(end)?;
                    (Token { text: text.to_owned(), is_quoted: false }, after)
                }
            };
            words.push(word);
            match after.strip_prefix(' ') {
                Some(next) => rest = next,
                None if after.is_empty() => break,
                None => return None,
            }
        }
        words.reverse();
        Some(Self(words))
    }

    pub(super) fn entry(mut self) -> Option<Entry> {
        let index = self.parse()?;
        let nanos = self.seconds()?.as_nanos().try_into().ok()?;
        let what = self.what()?;
        self.0.is_empty().then_some(Entry { index, at: Instant::from_nanos(nanos), what })
    }

    fn what(&mut self) -> Option<What> {
        let kind = self.text()?;
        Some(match kind.as_str() {
            "sent" => What::Sent {
                packet: self.packet()?,
                node: self.name()?,
                flow: self.flow()?,
                length: self.parse()?,
                payload: self.parse()?,
            },
            "queued" => What::Queued { packet: self.packet()?, place: self.place()? },
            "marked" => What::Marked { packet: self.packet()?, place: self.place()? },
            "dropped" => {
                What::Dropped { packet: self.packet()?, place: self.place()?, reason: self.word()? }
            }
            "translated" => What::Translated {
                packet: self.packet()?,
                gateway: self.name()?,
                from: self.flow()?,
                to: self.literal("into").and_then(|()| self.flow())?,
            },
            "copied" => {
                What::Copied { packet: self.packet()?, copy: self.packet()?, place: self.place()? }
            }
            "delivered" => What::Delivered { packet: self.packet()?, node: self.name()? },
            "mapping" => {
                let change = self.change()?;
                What::Mapping {
                    gateway: self.name()?,
                    change,
                    protocol: self.protocol()?,
                    inside: self.parse()?,
                    outside: self.parse()?,
                }
            }
            "note" => self.note()?,
            "deadline" => What::Deadline { node: self.name()?, timer: self.word()? },
            other => What::Event(self.event(other)?),
        })
    }

    fn note(&mut self) -> Option<What> {
        let (node, name) = (self.name()?, self.word()?);
        let mut fields = Vec::new();
        while !self.0.is_empty() {
            fields.push((self.word()?, self.value()?));
        }
        Some(What::Note { node, name, fields })
    }

    fn event(&mut self, kind: &str) -> Option<NetworkEvent> {
        Some(match kind {
            "cut" => NetworkEvent::Cut { a: self.name()?, b: self.name()? },
            "healed" => NetworkEvent::Healed { a: self.name()?, b: self.name()? },
            "rebooted" => NetworkEvent::Rebooted { gateway: self.name()? },
            "rebound" => {
                let gateway = self.name()?;
                let mut outside = Vec::new();
                while !self.0.is_empty() {
                    outside.push(self.parse()?);
                }
                NetworkEvent::Rebound { gateway, outside }
            }
            "link-set" => NetworkEvent::LinkSet {
                owner: self.name()?,
                towards: self.name()?,
                direction: match self.text()?.as_str() {
                    "up" => Direction::Up,
                    "down" => Direction::Down,
                    _ => return None,
                },
            },
            "unplugged" => NetworkEvent::Unplugged { node: self.name()?, from: self.name()? },
            "plugged" => NetworkEvent::Plugged { node: self.name()?, into: self.name()? },
            "crashed" => NetworkEvent::Crashed { node: self.name()? },
            "started" => NetworkEvent::Started { node: self.name()?, boot: self.parse()? },
            _ => return None,
        })
    }

    fn text(&mut self) -> Option<String> {
        self.0.pop().map(|word| word.text)
    }

    fn word(&mut self) -> Option<Word> {
        self.text().map(Cow::Owned)
    }

    fn name(&mut self) -> Option<Name> {
        self.text().map(|text| Name::new(&text))
    }

    fn parse<T: std::str::FromStr>(&mut self) -> Option<T> {
        self.text()?.parse().ok()
    }

    fn literal(&mut self, expected: &str) -> Option<()> {
        (self.text()? == expected).then_some(())
    }

    fn packet(&mut self) -> Option<PacketId> {
        self.text()?.strip_prefix('#')?.parse().ok().map(PacketId)
    }

    fn seconds(&mut self) -> Option<Duration> {
        seconds(&self.text()?)
    }

    fn place(&mut self) -> Option<Place> {
        match self.text()?.as_str() {
            "at" => self.name().map(Place::Node),
            "between" => Some(Place::Link { from: self.name()?, to: self.name()? }),
            _ => None,
        }
    }

    fn protocol(&mut self) -> Option<Protocol> {
        Some(match self.text()?.as_str() {
            "udp" => Protocol::Udp,
            "tcp" => Protocol::Tcp,
            "icmp" => Protocol::Icmp,
            other => Protocol::Other(other.strip_prefix("ip")?.parse().ok()?),
        })
    }

    fn flow(&mut self) -> Option<Flow> {
        let (protocol, source) = (self.protocol()?, self.parse()?);
        self.literal(">")?;
        Some(Flow { protocol, source, destination: self.parse()? })
    }

    fn change(&mut self) -> Option<MappingChange> {
        Some(match self.text()?.as_str() {
            "made" => MappingChange::Made,
            "refreshed" => MappingChange::Refreshed,
            "expired" => MappingChange::Expired,
            _ => return None,
        })
    }

    fn value(&mut self) -> Option<Value> {
        let word = self.0.pop()?;
        if word.is_quoted {
            return Some(Value::Text(word.text));
        }
        let text = word.text.as_str();
        let duration = || text.strip_suffix('s').and_then(seconds).map(Value::Duration);
        text.parse()
            .map(Value::Flag)
            .or_else(|_| text.parse().map(Value::Number))
            .or_else(|_| text.parse().map(Value::Address))
            .or_else(|_| text.parse().map(Value::Ip))
            .ok()
            .or_else(duration)
    }
}

/// The word up to the closing quote, and what follows.
fn unquote(quoted: &str) -> Option<(Token, &str)> {
    let mut text = String::new();
    let mut characters = quoted.chars();
    loop {
        match characters.next()? {
            '"' => return Some((Token { text, is_quoted: true }, characters.as_str())),
            '\\' => text.push(match characters.next()? {
                'n' => '\n',
                'r' => '\r',
                same @ ('"' | '\\') => same,
                _ => return None,
            }),
            other => text.push(other),
        }
    }
}

fn seconds(text: &str) -> Option<Duration> {
    let (seconds, nanos) = text.split_once('.')?;
    let is_exact = nanos.len() == 9 && nanos.bytes().all(|byte| byte.is_ascii_digit());
    let nanos = nanos.parse().ok().filter(|_| is_exact)?;
    Some(Duration::new(seconds.parse().ok()?, nanos))
}
