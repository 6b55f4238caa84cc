//! A file with two matrix variables, as a grid: a row per value of the first, a column per value of the second.

use core::fmt;

use comfy_table::{LineStyle, Row, Table, TableStyle};
use indexmap::{IndexMap, IndexSet};

use crate::results::{CandidateType, Case, Transport, Verdict};
use crate::table::line::{again, connected, kinds};
use crate::table::suite::{BAD, mark};

/// The cases of one file with two variables, one seed, and at most one case per pair of values.
#[derive(Debug)]
pub(crate) struct Grid<'a> {
    file: &'a str,
    /// The two variables' names.
    names: (&'a str, &'a str),
    rows: IndexSet<String>,
    columns: IndexSet<String>,
    cells: IndexMap<(usize, usize), &'a Case>,
}

/// How a grid is folded to become narrower, widest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fold {
    /// A cell is one line.
    Open,
    /// A cell is two lines: types, then time.
    Stacked,
    /// A cell is letters and a bare number on one line; columns are headed by numbers that are explained.
    Lettered,
}

impl<'a> Grid<'a> {
    /// The grid of a file's cases, where they make one of at least two rows and two columns.
    pub(crate) fn of(cases: &[&'a Case]) -> Option<Self> {
        let first = *cases.first()?;
        let (row_name, _) = first.case.get_index(0)?;
        let (column_name, _) = first.case.get_index(1)?;
        let mut grid = Self {
            file: &first.file,
            names: (row_name, column_name),
            rows: IndexSet::new(),
            columns: IndexSet::new(),
            cells: IndexMap::new(),
        };
        for &case in cases {
            // What channels carry has no room in a cell.
            let is_flat = case.case.len() == 2 && case.data.is_empty();
            if !is_flat || case.seed != first.seed || case.runtime != first.runtime {
                return None;
            }
            let (row, _) = grid.rows.insert_full(case.case.get(row_name)?.to_string());
            let (column, _) = grid.columns.insert_full(case.case.get(column_name)?.to_string());
            if grid.cells.insert((row, column), case).is_some() {
                return None;
            }
        }
        (grid.rows.len() >= 2 && grid.columns.len() >= 2).then_some(grid)
    }

    /// Writes heading and grid, folded as little as the width allows.
    pub(crate) fn write(&self, text: &mut impl fmt::Write, width: usize) -> fmt::Result {
        let (rows, columns) = self.names;
        let bad = self.cells.values().filter(|case| case.verdict != Verdict::Passed).count();
        let verdict =
            if bad == 0 { "all as expected".to_owned() } else { format!("{bad} not as expected") };
        writeln!(text, "{}: {} cases, {verdict}", self.file, self.cells.len())?;
        let fits =
            |fold: &Fold| self.lines(*fold).iter().all(|line| line.chars().count() + 2 <= width);
        let fold = [Fold::Open, Fold::Stacked].into_iter().find(fits).unwrap_or(Fold::Lettered);
        write!(text, "  rows: {rows}, columns: {columns}")?;
        let is_timed_again = self.cells.values().any(|case| !case.reconnected_ms.is_empty());
        let then = if is_timed_again { ", then reconnected after" } else { "" };
        let sides = self.sides().map(|sides| match fold {
            Fold::Open | Fold::Stacked => {
                format!(", cells: selected for {sides}, connected after{then}")
            }
            Fold::Lettered => format!(
                ", cells: selected for {sides} (Host, Srflx, Prflx, Relay), connected after ms{then}"
            ),
        });
        writeln!(text, "{}", sides.unwrap_or_default())?;
        if fold == Fold::Lettered && !self.is_square() {
            let numbered = self.columns.iter().enumerate();
            let words: Vec<_> = numbered.map(|(at, value)| format!("{} {value}", at + 1)).collect();
            writeln!(text, "  columns: {}", words.join(", "))?;
        }
        for line in self.lines(fold) {
            writeln!(text, "  {line}")?;
        }
        writeln!(text)
    }

    /// The names of the sides in the order of a cell's types, where any case has a pair.
    fn sides(&self) -> Option<String> {
        let case = self.cells.values().find(|case| !case.selected.is_empty())?;
        Some(case.selected.keys().map(String::as_str).collect::<Vec<_>>().join("-"))
    }

    /// Both variables run over the same values, so that rows can explain the columns' numbers.
    fn is_square(&self) -> bool {
        self.rows.iter().eq(self.columns.iter())
    }

    fn lines(&self, fold: Fold) -> Vec<String> {
        let mut table = Table::new();
        table.load_style(STYLE);
        let numbered = |at: usize, value: &String| match fold {
            Fold::Open | Fold::Stacked => value.clone(),
            Fold::Lettered => format!("{}", at + 1),
        };
        let head = self.columns.iter().enumerate().map(|(at, value)| numbered(at, value));
        table.set_header(Row::from([String::new()].into_iter().chain(head).collect::<Vec<_>>()));
        for (row, value) in self.rows.iter().enumerate() {
            let label = match fold {
                Fold::Lettered if self.is_square() => format!("{} {value}", row + 1),
                Fold::Open | Fold::Stacked | Fold::Lettered => value.clone(),
            };
            let cells = (0..self.columns.len()).map(|column| {
                self.cells.get(&(row, column)).map_or("·".to_owned(), |case| cell(case, fold))
            });
            table.add_row([label].into_iter().chain(cells).collect::<Vec<_>>());
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        table.lines().map(|line| line.trim_end().to_owned()).collect()
    }
}

/// What a case came to: `srflx-prflx 312 ms` on one line or two, or `SP 312`.
fn cell(case: &Case, fold: Fold) -> String {
    let wrong = match case.verdict {
        Verdict::Passed => String::new(),
        Verdict::Error => return format!("{BAD} error"),
        Verdict::Failed => format!("{} ", mark(case.verdict)),
    };
    let Some(at) = case.connected_ms else {
        return format!("{wrong}none");
    };
    let then = case.reconnected_ms.iter().map(|after| again(*after));
    let then = then.map(|after| format!(", {after}")).collect::<String>();
    match fold {
        Fold::Open => format!("{wrong}{} {}{then}", kinds(case, "-"), connected(at)),
        Fold::Stacked => format!("{wrong}{}\n{}{then}", kinds(case, "-"), connected(at)),
        Fold::Lettered => {
            let times = format!("{}{then}", connected(at)).replace(" ms", "");
            format!("{wrong}{} {times}", letters(case))
        }
    }
}

/// The sides' types as their first letters, with the transport where it is not UDP: `SR/tls`.
fn letters(case: &Case) -> String {
    let sides = case.selected.values().flatten().map(|side| {
        let letter = match side.r#type {
            CandidateType::Host => "H",
            CandidateType::Srflx => "S",
            CandidateType::Prflx => "P",
            CandidateType::Relay => "R",
        };
        match side.transport {
            Transport::Udp => letter.to_owned(),
            Transport::Tcp | Transport::Tls => format!("{letter}/{} ", side.transport),
        }
    });
    sides.collect::<String>().trim_end().to_owned()
}

/// A line under the header, blanks between columns.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
