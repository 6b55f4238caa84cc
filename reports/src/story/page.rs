//! Lines of a story: a time, who, and what, wrapped at about 100 columns.

use icelab_sans_io::Instant;

use crate::reading::time::milliseconds;

/// A page that is being written.
#[derive(Debug)]
pub(crate) struct Page {
    text: String,
    /// How wide the column of names is.
    names: usize,
}

/// How long lines may become.
const WIDTH: usize = 100;
/// Where the column of names begins: two blanks, a time, two blanks.
const NAMES_AT: usize = 16;

impl Page {
    /// An empty page on which these names will occur.
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let names = names.map(|name| name.chars().count()).max().unwrap_or(0);
        Self { text: String::new(), names }
    }

    /// The whole text.
    pub(crate) fn finish(self) -> String {
        self.text
    }

    /// A chapter's title, after an empty line.
    pub(crate) fn heading(&mut self, title: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text += title;
        self.text.push('\n');
    }

    /// A paragraph with a little indentation.
    pub(crate) fn paragraph(&mut self, text: &str) {
        self.wrapped("  ", 2, text);
    }

    /// Something that someone does at a time.
    pub(crate) fn entry(&mut self, at: Instant, who: &str, text: &str) {
        let first = format!("  {:>9} ms  {who:<width$}  ", milliseconds(at), width = self.names);
        self.wrapped(&first, self.column(), text);
    }

    /// More about the last entry, under its text.
    pub(crate) fn more(&mut self, text: &str) {
        let blank = " ".repeat(self.column());
        self.wrapped(&blank, self.column() + 2, text);
    }

    /// Something about someone, at no time.
    pub(crate) fn about(&mut self, who: &str, text: &str) {
        let first = format!("  {who:<width$}  ", width = self.names);
        self.wrapped(&first, self.names + 4, text);
    }

    /// An item of a numbered list.
    pub(crate) fn item(&mut self, number: usize, text: &str) {
        self.wrapped(&format!("{number:>5}. "), 7, text);
    }

    /// More about the last item, under its text.
    pub(crate) fn item_more(&mut self, text: &str) {
        self.wrapped("         ", 9, text);
    }

    fn column(&self) -> usize {
        NAMES_AT + self.names + 2
    }

    /// Words after `first`; further lines begin after `indent` blanks.
    fn wrapped(&mut self, first: &str, indent: usize, text: &str) {
        let mut line = first.to_owned();
        let mut length = first.chars().count();
        let mut is_fresh = true;
        for word in text.split_whitespace() {
            let wide = word.chars().count();
            if !is_fresh && length + 1 + wide > WIDTH {
                self.push_line(&line);
                line = " ".repeat(indent);
                length = indent;
                is_fresh = true;
            }
            if !is_fresh {
                line.push(' ');
                length += 1;
            }
            line += word;
            length += wide;
            is_fresh = false;
        }
        self.push_line(&line);
    }

    fn push_line(&mut self, line: &str) {
        self.text += line.trim_end();
        self.text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_wrapped_under_their_text() {
        let mut page = Page::new(["alice"].into_iter());
        page.entry(Instant::from_millis(1234), "alice", &"word ".repeat(30));
        let text = page.finish();
        let lines: Vec<_> = text.lines().collect();
        assert!(lines.iter().all(|line| line.chars().count() <= 100), "{text}");
        assert_eq!(lines[0].find("word"), lines[1].find("word"));
        assert!(lines[0].starts_with("     1234.0 ms  alice  word"), "{text}");
    }
}
