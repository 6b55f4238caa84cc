//! What goes to stderr: refusals with excerpts, and other problems.

use core::fmt;
use std::env;
use std::io::{self, IsTerminal, Write};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, Severity, SourceCode,
    ThemeCharacters, ThemeStyles,
};

use super::Ending;
use super::excerpt::Excerpt;
use crate::scenario::load::Scenario;
use crate::scenario::text::fault::Fault;
use crate::scenario::text::source::Source;
use crate::suite::files::Problem;

/// Tells of one problem in one line.
pub(super) fn problem(text: &str) -> Ending {
    write(&format!("error: {text}\n"));
    Ending::Unreadable
}

/// Tells that something comes with a later version.
pub(super) fn not_supported_yet(what: &str) -> Ending {
    problem(&format!("not supported yet: {what}"))
}

/// Tells of a fact that is no result.
pub(super) fn note(text: &str) {
    write(&format!("note: {text}\n"));
}

/// Tells of everything that could not be used.
pub(super) fn problems(problems: &[Problem]) {
    let style = Style::of_stderr();
    for problem in problems {
        match problem {
            Problem::Refused(refusal) => {
                write(&render(&refusal.source, &refusal.faults, Severity::Error, style));
            }
            Problem::Unreadable { path, reason } => {
                write(&format!("error: {path} cannot be read: {reason}\n"));
            }
        }
    }
}

/// Tells of what can be run and may yet be a mistake.
pub(super) fn warnings(scenarios: &[Scenario]) {
    let style = Style::of_stderr();
    for scenario in scenarios.iter().filter(|scenario| !scenario.warnings.is_empty()) {
        write(&render(&scenario.source, &scenario.warnings, Severity::Warning, style));
    }
}

/// How messages look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Style {
    is_coloured: bool,
    is_unicode: bool,
}

impl Style {
    fn of_stderr() -> Self {
        let is_terminal = io::stderr().is_terminal();
        let is_coloured = is_terminal && env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
        Self { is_coloured, is_unicode: is_terminal }
    }
}

/// Every fault of a file, each with its excerpt.
fn render(source: &Source, faults: &[Fault], severity: Severity, style: Style) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme {
        characters: if style.is_unicode {
            ThemeCharacters::unicode()
        } else {
            ThemeCharacters {
                error: "error:".into(),
                warning: "warning:".into(),
                ..ThemeCharacters::ascii()
            }
        },
        styles: if style.is_coloured { ThemeStyles::ansi() } else { ThemeStyles::none() },
    })
    .with_links(false)
    .with_width(100)
    .with_context_lines(1);
    let mut text = String::new();
    for fault in faults {
        let (line, column) = source.position(fault.span.start);
        let place = format!("{}:{line}:{column}", source.name);
        let message = format!("{place}: {}", fault.message);
        let excerpt = Excerpt::new(source, fault.span);
        let shown = Shown { message, fault, severity, excerpt };
        if handler.render_report(&mut text, &shown).is_err() {
            text.push_str(&shown.message);
        }
        text.push('\n');
    }
    text
}

/// A fault as the renderer wants it.
#[derive(Debug)]
struct Shown<'a> {
    message: String,
    fault: &'a Fault,
    severity: Severity,
    excerpt: Excerpt,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl core::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.fault.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new_with_span(Some(self.fault.label.clone()), self.excerpt.mark);
        Some(Box::new(core::iter::once(label)))
    }
}

/// Writes to stderr. Where nobody listens, nobody needs to be told.
pub(super) fn write(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
