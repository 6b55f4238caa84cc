//! A scenario file's text, and places in it.

use std::sync::Arc;

/// A scenario file: its name, as the user gave it, and its text.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path, as the user named it.
    pub name: String,
    /// The whole text.
    pub text: Arc<str>,
}

impl Source {
    /// A file's text under its name.
    pub fn new(name: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// The line and column, both from 1 and in characters, of a byte of the text.
    #[must_use]
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
        (line, column)
    }

    /// The line (without its end) that holds a byte of the text.
    #[must_use]
    pub fn line_at(&self, offset: usize) -> &str {
        let offset = offset.min(self.text.len());
        let start = self.text.get(..offset).and_then(|b| b.rfind('\n')).map_or(0, |at| at + 1);
        self.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or("")
    }
}

/// A stretch of a text, in bytes; the end is not part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

impl Span {
    /// From one byte to before another.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }
}
