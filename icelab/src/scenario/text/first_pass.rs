//! Text to tree: a first pass with positions judges size, depth, aliases and duplicate keys, and only
//! then `serde_yaml` reads the values.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Marker, Parser, StrInput};
use serde_yaml::Value;

use super::fault::Fault;
use super::node::{Content, Entry, Node};
use super::slips;
use super::source::{Source, Span};

/// The longest file that is read, in bytes; real ones have a hundredth of it.
pub const MAX_BYTES: usize = 256 << 10;

/// How deep maps and lists may nest; no scenario needs half of it.
pub const MAX_DEPTH: usize = 24;

/// How many values a file may hold.
pub const MAX_NODES: usize = 20_000;

/// Reads a file's text into a tree of values with their places.
///
/// # Errors
/// One fault: the first thing that makes the text unreadable.
pub fn read(source: &Source) -> Result<Node, Fault> {
    if source.text.len() > MAX_BYTES {
        return Err(Fault::new(
            Span::default(),
            format!("the file has {} bytes; {MAX_BYTES} are the most", source.text.len()),
        ));
    }
    let shape = Shape::read(source)?;
    let value: Value = serde_yaml::from_str(&source.text).map_err(|error| {
        let at = error.location().map_or(0, |location| location.index());
        slips::unreadable(source, at, &error.to_string())
    })?;
    join(shape, &value).ok_or_else(|| {
        slips::odd_break(&source.text).unwrap_or_else(|| {
            Fault::new(Span::default(), "not readable as YAML: two readers disagree on its shape")
                .help("write it in a simpler way: plain keys, values, `[…]` and `{…}`")
        })
    })
}

/// The places of a value and all it holds.
struct Shape {
    span: Span,
    parts: Parts,
}

enum Parts {
    Scalar,
    List(Vec<Shape>),
    Map(Vec<(String, Span, Shape)>),
}

impl Shape {
    fn read(source: &Source) -> Result<Self, Fault> {
        let mut events = Events {
            parser: Parser::new_from_str(&source.text),
            source,
            offsets: Offsets::of(&source.text),
            nodes: 0,
        };
        let mut shape = None;
        loop {
            let (event, span) = events.next()?;
            match event {
                Event::StreamStart | Event::Nothing | Event::DocumentEnd => {}
                Event::StreamEnd => break,
                Event::DocumentStart(_) if shape.is_some() => {
                    return Err(Fault::new(span, "a second YAML document in one file")
                        .help("one file asks one question: put it into a file of its own"));
                }
                Event::DocumentStart(_) => shape = Some(events.value(0)?),
                Event::Alias(_)
                | Event::Scalar(..)
                | Event::SequenceStart(..)
                | Event::SequenceEnd
                | Event::MappingStart(..)
                | Event::MappingEnd => {
                    return Err(Fault::new(span, "not readable as YAML: a value out of place"));
                }
            }
        }
        shape.ok_or_else(|| {
            Fault::new(Span::default(), "the file is empty")
                .help("`icelab new NAME` writes a scenario to start from")
        })
    }
}

/// Hands out one event after the other, with places in bytes.
struct Events<'a> {
    parser: Parser<'a, StrInput<'a>>,
    source: &'a Source,
    offsets: Offsets,
    nodes: usize,
}

impl<'a> Events<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Fault> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, self.offsets.span(span.start, span.end))),
            Some(Err(error)) => {
                let at = self.offsets.byte(*error.marker());
                Err(slips::unreadable(self.source, at, error.info()))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    /// The next value, whole.
    fn value(&mut self, depth: usize) -> Result<Shape, Fault> {
        let (event, span) = self.next()?;
        self.value_from(event, span, depth)
    }

    fn value_from(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Shape, Fault> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let message = format!("more than {MAX_NODES} values in one file");
            return Err(Fault::new(span, message));
        }
        let (Event::Scalar(_, _, _, tag)
        | Event::SequenceStart(_, tag)
        | Event::MappingStart(_, tag)) = &event
        else {
            return Err(if matches!(event, Event::Alias(_)) {
                Fault::new(span, "aliases (`*name`) are not used in scenarios")
                    .help("write the value out, or name it under `links:` or `matrix:`")
            } else {
                Fault::new(span, "not readable as YAML: a value is missing")
            });
        };
        if tag.is_some() {
            return Err(Fault::new(span, "tags (`!name`) are not used in scenarios"));
        }
        if depth >= MAX_DEPTH {
            return Err(slips::too_deep(span));
        }
        if matches!(event, Event::SequenceStart(..)) {
            self.list(span, depth)
        } else if matches!(event, Event::MappingStart(..)) {
            self.map(span, depth)
        } else {
            Ok(Shape { span, parts: Parts::Scalar })
        }
    }

    fn list(&mut self, start: Span, depth: usize) -> Result<Shape, Fault> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                let last = items.last().map(|last: &Shape| last.span.end);
                return Ok(Shape { span: whole(start, last, span), parts: Parts::List(items) });
            }
            items.push(self.value_from(event, span, depth + 1)?);
        }
    }

    fn map(&mut self, start: Span, depth: usize) -> Result<Shape, Fault> {
        let mut entries: Vec<(String, Span, Shape)> = Vec::new();
        let mut seen: BTreeMap<String, Span> = BTreeMap::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                let last = entries.last().map(|(_, _, last)| last.span.end);
                return Ok(Shape { span: whole(start, last, span), parts: Parts::Map(entries) });
            }
            let Event::Scalar(text, _, _, None) = event else {
                return Err(Fault::new(span, "a key must be a plain word").help(
                    "a list or map cannot be a key; quote a value that begins with `[` or `{`",
                ));
            };
            if let Some(fault) = slips::odd_blank_in(&self.source.text, span) {
                return Err(fault);
            }
            let key = text.into_owned();
            if let Some(first) = seen.insert(key.clone(), span) {
                let (line, _) = self.source.position(first.start);
                return Err(Fault::new(span, format!("duplicate key `{key}`"))
                    .label(format!("already written in line {line}"))
                    .help("a key may stand only once in a map: rename one, or merge the two"));
            }
            let value = self.value(depth + 1)?;
            entries.push((key, span, value));
        }
    }
}

/// From the first to the last byte of a list or map; only `]` and `}` have a width of their own.
fn whole(start: Span, last: Option<usize>, closing: Span) -> Span {
    let end = if closing.end > closing.start { closing.end } else { last.unwrap_or(start.end) };
    Span::new(start.start, end.max(start.start))
}

/// From the scanner's characters to bytes.
struct Offsets {
    /// The byte of each character, where not every character is one byte.
    bytes: Option<Vec<usize>>,
    length: usize,
}

impl Offsets {
    fn of(text: &str) -> Self {
        let bytes = (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).collect());
        Self { bytes, length: text.len() }
    }

    fn byte(&self, marker: Marker) -> usize {
        let byte = match &self.bytes {
            Some(bytes) => bytes.get(marker.index()).copied().unwrap_or(self.length),
            None => marker.index(),
        };
        byte.min(self.length)
    }

    fn span(&self, start: Marker, end: Marker) -> Span {
        let start = self.byte(start);
        Span::new(start, self.byte(end).max(start))
    }
}

/// Values with their places; `None` where the two readers saw different shapes.
fn join(shape: Shape, value: &Value) -> Option<Node> {
    let content = match (shape.parts, value) {
        (Parts::Scalar, Value::Null) => Content::Empty,
        (Parts::Scalar, Value::Bool(value)) => Content::Bool(*value),
        (Parts::Scalar, Value::Number(value)) => Content::Number(value.clone()),
        (Parts::Scalar, Value::String(text)) => Content::Text(text.clone()),
        (Parts::List(shapes), Value::Sequence(values)) if shapes.len() == values.len() => {
            let items = shapes.into_iter().zip(values).map(|(shape, value)| join(shape, value));
            Content::List(items.collect::<Option<_>>()?)
        }
        (Parts::Map(shapes), Value::Mapping(values)) if shapes.len() == values.len() => {
            let entries =
                shapes.into_iter().zip(values).map(|((key, key_span, shape), (_, value))| {
                    Some(Entry { key, key_span, value: join(shape, value)? })
                });
            Content::Map(entries.collect::<Option<_>>()?)
        }
        _ => return None,
    };
    Some(Node { span: shape.span, content })
}
