//! What a reader of YAML could not read, in words that say how to mend it.

use super::elsewhere::place_of;
use super::fault::Fault;
use super::first_pass::MAX_DEPTH;
use super::source::{Source, Span};

/// What stops a reader at a byte of the text, for the reason that it gives.
pub(super) fn unreadable(source: &Source, at: usize, reason: &str) -> Fault {
    let text = source.text.as_ref();
    let span = Span::new(at, at);
    if reason.contains("recursion limit") {
        return too_deep(span);
    }
    if let Some(tab) = indenting_tab(text) {
        return Fault::new(Span::new(tab, tab + 1), "a tab in the indentation")
            .label("in this line")
            .help("YAML indents with blanks only");
    }
    let known = odd_blank(text)
        .or_else(|| odd_break(text))
        .or_else(|| control(text, reason))
        .or_else(|| comment(source, at, reason))
        .or_else(|| missing_blank(source, at, reason))
        .or_else(|| needs_quotes(source, at, reason))
        .or_else(|| quotes(text, at, reason))
        .or_else(|| brackets(source, at, reason));
    if let Some(known) = known {
        return known;
    }
    if reason.contains("mapping values are not allowed")
        && let Some(fault) = missing_colon(source, at)
    {
        return fault;
    }
    if reason.contains("mapping values are not allowed") {
        return Fault::new(span, "a `: ` inside of unquoted text").label("in this line").help(
            "quote the text, as in `asks: \"One thing: does it work?\"`, or check the indentation",
        );
    }
    if let Some(bound) = unquoted_bound(source.line_at(at)) {
        return Fault::new(span, format!("an unquoted `{bound}` starts a YAML text block"))
            .label("in this line")
            .help("quote the bound, as in `\">= 5 Mbit/s\"`, or write `{ at_least: 5 Mbit/s }`");
    }
    if reason.contains("u128") || reason.contains("i128") {
        return Fault::new(span, "a number that is too large")
            .help(format!("{} is the most", u64::MAX));
    }
    if let Some(fault) = indentation(source, at, reason) {
        return fault;
    }
    Fault::new(span, format!("not readable as YAML: {reason}"))
        .help("check quotes, brackets and indentation here and in the line before")
}

/// Tells of maps and lists in maps and lists without end.
pub(super) fn too_deep(span: Span) -> Fault {
    Fault::new(span, format!("nested deeper than {MAX_DEPTH} levels"))
        .help("no scenario needs so many levels: check the indentation and brackets")
}

/// The first tab among the blanks that a line begins with.
fn indenting_tab(text: &str) -> Option<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = line.get(..blank).and_then(|blank| blank.find('\t'))
            && !line.trim().is_empty()
        {
            return Some(start + tab);
        }
        start += line.len();
    }
    None
}

/// The `>` or `>=` that stands where a value begins, if one does.
fn unquoted_bound(line: &str) -> Option<&'static str> {
    let starts: [&str; 3] = [": >", "- >", ", >"];
    let at = starts.iter().filter_map(|start| line.find(start)).min()?;
    let rest = line.get(at + 2..)?;
    Some(if rest.starts_with(">=") { ">=" } else { ">" })
}

/// Letters that look like a blank, like nothing, or like a colon, and are neither to YAML.
fn looks_blank(letter: char) -> bool {
    matches!(
        letter,
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200d}' | '\u{202f}' | '\u{205f}' | '\u{2060}'
    ) || matches!(letter, '\u{3000}' | '\u{feff}' | '\u{ff1a}')
}

fn odd_letter(at: usize, letter: char) -> Fault {
    let code = u32::from(letter);
    let (what, help) = match letter {
        '\u{a0}' => ("a no-break space", "write an ordinary blank"),
        '\u{ff1a}' => ("a wide colon", "write `: `"),
        _ => ("a blank that YAML does not know", "write an ordinary blank, or nothing"),
    };
    Fault::new(Span::new(at, at + letter.len_utf8()), format!("{what} (U+{code:04X})"))
        .label("looks like another letter")
        .help(help)
}

/// Such a letter in a key.
pub(super) fn odd_blank_in(text: &str, key: Span) -> Option<Fault> {
    let key_text = text.get(key.start..key.end)?;
    let (at, letter) = key_text.char_indices().find(|(_, letter)| looks_blank(*letter))?;
    Some(odd_letter(key.start + at, letter))
}

/// Such a letter where structure is expected: at the beginning of a line, or after what ends in `: - , [ {`.
fn odd_blank(text: &str) -> Option<Fault> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let mut last = None;
        for (at, letter) in line.char_indices() {
            if letter == '#' && last.is_none_or(|last: char| last == ' ') {
                break;
            }
            let is_structure = last.is_none_or(|last| matches!(last, ':' | '-' | ',' | '[' | '{'));
            if looks_blank(letter) && (is_structure || letter == '\u{ff1a}') {
                return Some(odd_letter(start + at, letter));
            }
            if letter != ' ' {
                last = Some(letter);
            }
        }
        start += line.len();
    }
    None
}

/// An end of a line that some readers of YAML take for one, and others do not.
pub(super) fn odd_break(text: &str) -> Option<Fault> {
    let (at, letter) = text
        .char_indices()
        .find(|(_, letter)| matches!(letter, '\u{85}' | '\u{2028}' | '\u{2029}'))?;
    let span = Span::new(at, at + letter.len_utf8());
    Some(
        Fault::new(span, format!("an unusual end of a line (U+{:04X})", u32::from(letter)))
            .help("remove it, or end the line as usual"),
    )
}

fn control(text: &str, reason: &str) -> Option<Fault> {
    if !reason.contains("control characters") {
        return None;
    }
    let is_bad = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    let (at, letter) = text.char_indices().find(|(_, letter)| is_bad(*letter))?;
    let span = Span::new(at, at + letter.len_utf8());
    let message = format!("a control character (U+{:04X})", u32::from(letter));
    Some(Fault::new(span, message).help("remove it"))
}

/// Comments of other languages, and those that stick to what is before them.
fn comment(source: &Source, at: usize, reason: &str) -> Option<Fault> {
    if reason.contains("comments must be separated") {
        return Some(
            Fault::new(Span::new(at, at + 1), "a comment without a blank before it")
                .help("write ` #`"),
        );
    }
    let (start, line) =
        lines_up_to(source, at).find(|(_, line)| line.trim_start().starts_with("//"))?;
    let start = start + (line.len() - line.trim_start().len());
    Some(
        Fault::new(Span::new(start, start + 2), "`//` begins no comment")
            .help("a comment begins with `#`"),
    )
}

/// The line at a byte and the one before, each with its first byte.
fn lines_up_to(source: &Source, at: usize) -> impl Iterator<Item = (usize, &str)> {
    let (line, _) = source.position(at);
    let starts = source.text.split_inclusive('\n').scan(0, |start, line| {
        let this = *start;
        *start += line.len();
        Some((this, line))
    });
    starts.take(line).skip(line.saturating_sub(2)).map(|(start, line)| (start, line.trim_end()))
}

/// `key:value`, which is one word.
fn missing_blank(source: &Source, at: usize, reason: &str) -> Option<Fault> {
    if !(reason.contains("mapping values")
        || reason.contains("':'")
        || reason.contains("expected key"))
    {
        return None;
    }
    lines_up_to(source, at).find_map(|(start, line)| {
        let indent = line.len() - line.trim_start_matches([' ', '-']).len();
        let rest = line.get(indent..)?;
        let (key, value) = rest.split_once(':')?;
        let is_key = !key.is_empty()
            && key.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        let is_stuck = !value.is_empty() && !value.starts_with([' ', '/', ':']);
        (is_key && is_stuck).then(|| {
            let colon = start + indent + key.len();
            Fault::new(Span::new(colon, colon + 1), "no blank after `:`")
                .help(format!("write `{key}: {value}`"))
        })
    })
}

/// `key value`, where the key is one of the grammar.
fn missing_colon(source: &Source, at: usize) -> Option<Fault> {
    lines_up_to(source, at).find_map(|(start, line)| {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let (key, value) = line.trim_start().split_once(' ')?;
        (!line.contains(':') && place_of(key).is_some()).then(|| {
            let end = start + indent + key.len();
            Fault::new(Span::new(start + indent, end), format!("no `:` after `{key}`"))
                .help(format!("write `{key}: {}`", value.trim_start()))
        })
    })
}

/// Text that begins with a letter that means something to YAML.
fn needs_quotes(source: &Source, at: usize, reason: &str) -> Option<Fault> {
    let line = source.line_at(at);
    if line.contains("${") && (reason.contains("flow") || reason.contains("'}'")) {
        let dollar = source.text.get(..=at).and_then(|before| before.rfind("${")).unwrap_or(at);
        return Some(
            Fault::new(Span::new(dollar, dollar + 2), "an unquoted `${` inside of `{…}` or `[…]`")
                .help("write `$name` alone, or quote the text: `\"${name} and more\"`"),
        );
    }
    if reason.contains("unexpected character") || reason.contains("unknown anchor") {
        let letter = source.text.get(at..).and_then(|rest| rest.chars().next())?;
        let span = Span::new(at, at + letter.len_utf8());
        return Some(
            Fault::new(span, format!("unquoted text that begins with `{letter}`"))
                .help("this letter means something to YAML: put the text into quotes"),
        );
    }
    None
}

/// Quotes that never end, or end too soon.
fn quotes(text: &str, at: usize, reason: &str) -> Option<Fault> {
    if reason.contains("trailing content after") {
        return Some(Fault::new(Span::new(at, at), "text goes on after its closing quote").help(
            "inside of '…' a `'` is written twice; inside of \"…\" a `\"` is written `\\\"`",
        ));
    }
    if !reason.contains("quoted scalar") {
        return None;
    }
    let quote = text.get(at..)?.chars().next().filter(|letter| matches!(letter, '"' | '\''))?;
    Some(
        Fault::new(Span::new(at, at + 1), "a quote that is never closed")
            .help(format!("write {quote} at the end of the text as well")),
    )
}

/// Brackets that do not match.
fn brackets(source: &Source, at: usize, reason: &str) -> Option<Fault> {
    let is_about_them = ["flow", "bracket", "illegal placement", "':'", "'}'", "']'"];
    if !is_about_them.iter().any(|word| reason.contains(word)) {
        return None;
    }
    match unbalanced(&source.text)? {
        Unbalanced::Open(open, bracket) => Some(
            Fault::new(Span::new(open, open + 1), format!("a `{bracket}` that is never closed"))
                .help(format!("write `{}` where it ends", closing(bracket))),
        ),
        Unbalanced::Mixed(open, bracket, close, found) => {
            let (line, column) = source.position(open);
            Some(
                Fault::new(Span::new(close, close + 1), format!("`{found}` closes no `{bracket}`"))
                    .label(format!("`{bracket}` was opened in line {line}, column {column}"))
                    .help(format!("write `{}`", closing(bracket))),
            )
        }
        Unbalanced::Spare(close, found) if close <= at + 1 => Some(
            Fault::new(Span::new(close, close + 1), format!("a `{found}` too many"))
                .help("nothing is open here: remove it"),
        ),
        Unbalanced::Spare(..) => None,
    }
}

enum Unbalanced {
    /// One that is never closed.
    Open(usize, char),
    /// One that is closed by one of the other kind.
    Mixed(usize, char, usize, char),
    /// One that closes nothing.
    Spare(usize, char),
}

const fn closing(bracket: char) -> char {
    if bracket == '[' { ']' } else { '}' }
}

/// The first bracket that does not match; quotes, comments and unquoted text are passed over.
fn unbalanced(text: &str) -> Option<Unbalanced> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut may_begin = true;
    let mut last = '\n';
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\n' => may_begin |= open.is_empty(),
            ' ' | '\t' | '\r' => {}
            '#' if last.is_whitespace() => {
                while letters.next_if(|(_, letter)| *letter != '\n').is_some() {}
            }
            '"' | '\'' if may_begin => {
                while let Some((_, inner)) = letters.next() {
                    if inner == '\\' && letter == '"' {
                        letters.next();
                    } else if inner == letter {
                        break;
                    }
                }
                may_begin = false;
            }
            '[' | '{' if may_begin || !open.is_empty() => {
                open.push((at, letter));
                may_begin = true;
            }
            ']' | '}' => {
                match open.pop() {
                    Some((_, bracket)) if closing(bracket) == letter => {}
                    Some((place, bracket)) => {
                        return Some(Unbalanced::Mixed(place, bracket, at, letter));
                    }
                    None if matches!(last, ']' | '}') => {
                        return Some(Unbalanced::Spare(at, letter));
                    }
                    None => {}
                }
                may_begin = false;
            }
            ',' => may_begin |= !open.is_empty(),
            ':' | '-' | '?' => {
                let is_mark = letters.peek().is_none_or(|(_, next)| next.is_whitespace());
                may_begin = is_mark && (may_begin || letter == ':');
            }
            _ => may_begin = false,
        }
        last = letter;
    }
    open.pop().map(|(at, bracket)| Unbalanced::Open(at, bracket))
}

/// A line whose first letter is in no column that a line above begins in.
fn indentation(source: &Source, at: usize, reason: &str) -> Option<Fault> {
    if !(reason.contains("expected key") || reason.contains("'-' indicator")) {
        return None;
    }
    let (line, column) = source.position(at);
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let above = source.text.lines().take(line.saturating_sub(1));
    let is_content = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let mut columns: Vec<usize> = Vec::new();
    for above in above.filter(is_content).collect::<Vec<_>>().into_iter().rev() {
        let here = indent(above) + 1;
        if columns.last().is_none_or(|inner| here < *inner) {
            columns.push(here);
        }
    }
    if columns.is_empty() || columns.contains(&column) {
        return None;
    }
    let columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
    Some(
        Fault::new(Span::new(at, at), "the indentation fits none of the lines above")
            .label(format!("begins in column {column}"))
            .help(format!(
                "the lines above that it can belong to begin in column {}",
                columns.join(" or ")
            )),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_quotes_comments_and_plain_text_are_no_brackets() {
        for text in [
            "asks: a { b\nx: '{' # {\ny: \"[\\\"[\"\n",
            "a: [b, {c: d}]\n- e: it's {\n",
            "x: don't\ny: { a: 'it''s' }\n",
        ] {
            assert!(unbalanced(text).is_none(), "{text}");
        }
        assert!(matches!(unbalanced("a: {b: [c}"), Some(Unbalanced::Mixed(7, '[', 9, '}'))));
        assert!(matches!(unbalanced("a: { b\nc: {}\n"), Some(Unbalanced::Open(3, '{'))));
        assert!(matches!(unbalanced("a: [b]]"), Some(Unbalanced::Spare(6, ']'))));
    }
}
