//! The lines around a fault, cut to a width that people can read.

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::scenario::text::source::{Source, Span};

/// Three lines of a file: that of a fault, with those around it.
#[derive(Debug)]
pub(super) struct Excerpt {
    name: String,
    text: String,
    /// How many lines of the file come before.
    lines_before: usize,
    /// How many columns were cut off at the left.
    columns_before: usize,
    /// The place of the fault in `text`, no further than to the end of its line.
    pub(super) mark: SourceSpan,
}

impl Excerpt {
    /// The lines around a place.
    pub(super) fn new(source: &Source, span: Span) -> Self {
        let (line, column) = source.position(span.start);
        let first = line.saturating_sub(2);
        let columns_before = column.saturating_sub(WIDTH / 2);
        let mut text = String::new();
        let mut mark = (0, 0);
        for (index, whole) in source.text.lines().enumerate().skip(first).take(line + 1 - first) {
            let shown: String = whole.chars().skip(columns_before).take(WIDTH).collect();
            if index + 1 == line {
                let ahead = column - 1 - columns_before;
                let start: usize = shown.chars().take(ahead).map(char::len_utf8).sum();
                let marked = source.text.get(span.start..span.end).unwrap_or("");
                let marked = marked.lines().next().map_or(0, |line| line.trim_end().len());
                mark = (text.len() + start, marked.min(shown.len() - start));
            }
            text.push_str(&shown);
            text.push('\n');
        }
        Self {
            name: source.name.clone(),
            text,
            lines_before: first,
            columns_before,
            mark: mark.into(),
        }
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let inner = self.text.read_span(span, context_lines_before, context_lines_after)?;
        let cut = if inner.column() > 0 { self.columns_before } else { 0 };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            inner.data(),
            *inner.span(),
            inner.line() + self.lines_before,
            inner.column() + cut,
            inner.line_count(),
        )))
    }
}

/// How many columns of a line are shown.
const WIDTH: usize = 140;
