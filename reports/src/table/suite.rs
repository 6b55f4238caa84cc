//! The whole table: which file is shown in which way, and the counts.

use core::fmt;
use core::time::Duration;

use crate::results::{Case, Results, Verdict};
use crate::table::failure::write_failures;
use crate::table::grid::Grid;
use crate::table::line::write_lines;

/// A suite as a table; displays as plain text that holds no wall time unless [`Self::took`] gives one.
#[derive(Debug, Clone)]
pub struct SuiteTable<'a> {
    results: &'a Results,
    width: usize,
    is_coloured: bool,
    took: Option<Duration>,
    options: String,
}

impl<'a> SuiteTable<'a> {
    /// The table of these results: plain, 120 columns wide.
    pub const fn new(results: &'a Results) -> Self {
        Self { results, width: 120, is_coloured: false, took: None, options: String::new() }
    }

    /// Folds grids so that they fit this many columns, as far as that is possible.
    pub const fn width(mut self, columns: usize) -> Self {
        self.width = columns;
        self
    }

    /// Colours the marks, for a terminal.
    pub const fn coloured(mut self, is_coloured: bool) -> Self {
        self.is_coloured = is_coloured;
        self
    }

    /// Ends the last line with the time that the suite took on this machine.
    pub const fn took(mut self, wall: Duration) -> Self {
        self.took = Some(wall);
        self
    }

    /// Adds these words, such as `--verify`, to the commands that run a case again.
    pub fn again_with(mut self, words: &[&str]) -> Self {
        self.options = words.iter().map(|word| format!(" {word}")).collect();
        self
    }

    fn plain(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        let files = by_file(&self.results.cases);
        let (grids, listed): (Vec<_>, Vec<_>) = files
            .into_iter()
            .map(|file| (Grid::of(&file).filter(|_| !self.is_grouped(&file)), file))
            .partition(|(grid, _)| grid.is_some());
        let listed: Vec<_> = listed.into_iter().map(|(_, file)| file).collect();
        write_lines(&mut text, &listed, &self.results.groups)?;
        for grid in grids.into_iter().filter_map(|(grid, _)| grid) {
            grid.write(&mut text, self.width)?;
        }
        write_failures(&mut text, self.results, &self.options)?;
        self.write_total(&mut text)?;
        Ok(text)
    }

    /// Whether some of these were judged together, which a grid does not show.
    fn is_grouped(&self, file: &[&Case]) -> bool {
        self.results.groups.iter().any(|group| file.iter().any(|case| group.covers(case)))
    }

    fn write_total(&self, text: &mut impl fmt::Write) -> fmt::Result {
        let all = self.results.cases.len();
        let passed = self.results.count(Verdict::Passed);
        let cases = if all == 1 { "case" } else { "cases" };
        write!(text, "{all} {cases}, {passed} as expected, {} not", all - passed)?;
        let broken = self.results.count(Verdict::Error);
        if broken > 0 {
            write!(text, " ({broken} could not be run)")?;
        }
        let groups = &self.results.groups;
        let apart = groups.iter().filter(|group| group.verdict != Verdict::Passed).count();
        if apart > 0 {
            let sweeps = if groups.len() == 1 { "sweep" } else { "sweeps" };
            write!(text, "; {apart} of {} {sweeps} not as expected as one", groups.len())?;
        }
        if let Some(took) = self.took {
            write!(text, ", in {:.2} s", took.as_secs_f64())?;
        }
        text.write_char('\n')
    }
}

impl fmt::Display for SuiteTable<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.plain()?;
        if self.is_coloured {
            return formatter.write_str(&text.replace(GOOD, GREEN_GOOD).replace(BAD, RED_BAD));
        }
        formatter.write_str(&text)
    }
}

/// The mark of a case that was as expected.
pub(crate) const GOOD: &str = "✓";
/// The mark of a case that was not.
pub(crate) const BAD: &str = "✗";
const GREEN_GOOD: &str = "\x1b[32m✓\x1b[0m";
const RED_BAD: &str = "\x1b[1;31m✗\x1b[0m";

/// The mark of this verdict.
pub(crate) const fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => GOOD,
        Verdict::Failed | Verdict::Error => BAD,
    }
}

/// The cases of each file, files in the order of their first case.
fn by_file(cases: &[Case]) -> Vec<Vec<&Case>> {
    let mut files = indexmap::IndexMap::<&str, Vec<&Case>>::new();
    for case in cases {
        files.entry(&case.file).or_default().push(case);
    }
    files.into_values().collect()
}
