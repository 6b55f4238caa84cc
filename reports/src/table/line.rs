//! Files that are no grid: a line per case, one table for all of them.

use core::fmt;

use comfy_table::{Cell, CellAlignment, LineStyle, Table, TableStyle};
use indexmap::IndexMap;

use crate::results::{Case, Milliseconds, Transport, Verdict};
use crate::table::suite::{BAD, mark};

/// Writes the table of these files, each a list of its cases.
pub(crate) fn write_lines(text: &mut impl fmt::Write, files: &[Vec<&Case>]) -> fmt::Result {
    if files.is_empty() {
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_header(["case", "", "path", "selected", "connected"]);
    for cases in files {
        add_file(&mut table, cases);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
        if column.index == 4 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for line in table.lines() {
        writeln!(text, "{}", line.trim_end())?;
    }
    writeln!(text)
}

/// One row for a file with one case, else a heading and a row for each.
fn add_file(table: &mut Table, cases: &[&Case]) {
    let mut groups = IndexMap::<String, Vec<&Case>>::new();
    for case in cases {
        groups.entry(case.variables()).or_default().push(case);
    }
    let Some(first) = cases.first() else { return };
    let is_single = groups.len() == 1;
    if !is_single {
        table.add_row([first.file.as_str()]);
    }
    for (variables, runs) in groups {
        let label = match (is_single, variables.is_empty()) {
            (true, true) => first.file.clone(),
            (true, false) => first.title(),
            (false, _) => format!("  {variables}"),
        };
        add_runs(table, &label, &runs);
    }
}

/// The row of one case, or of all seeds of one case.
fn add_runs(table: &mut Table, label: &str, runs: &[&Case]) {
    let [only] = runs else {
        return add_sweep(table, label, runs);
    };
    let path = only.path.map_or_else(nothing, |path| path.to_string());
    let at = only.connected_ms.map_or_else(nothing, |at| at.to_string());
    let sides = only.selected.iter().filter_map(|(peer, side)| {
        side.map(|side| match side.transport {
            Transport::Udp => format!("{peer} {}", side.r#type),
            Transport::Tcp | Transport::Tls => format!("{peer} {side}"),
        })
    });
    let sides: Vec<_> = sides.collect();
    let selected = if sides.is_empty() { nothing() } else { sides.join(", ") };
    table.add_row(row(label.to_owned(), mark(only.verdict).to_owned(), path, selected, at));
}

/// All seeds of one case in one row: how many were wrong, which outcomes, the median time.
fn add_sweep(table: &mut Table, label: &str, runs: &[&Case]) {
    let wrong = runs.iter().filter(|case| case.verdict != Verdict::Passed).count();
    let verdict = match wrong {
        0 => mark(Verdict::Passed).to_owned(),
        _ => format!("{BAD} {wrong}"),
    };
    let path =
        counted(runs.iter().map(|case| case.path.map_or_else(nothing, |path| path.to_string())));
    let selected = counted(runs.iter().map(|case| kinds(case, "-")));
    let mut times: Vec<_> = runs.iter().filter_map(|case| case.connected_ms).collect();
    times.sort_unstable();
    let median = times.get(times.len().saturating_sub(1) / 2);
    let at = median.map_or_else(nothing, |at| format!("median {at}"));
    table.add_row(row(format!("{label}, {} runs", runs.len()), verdict, path, selected, at));
}

fn row(label: String, verdict: String, path: String, selected: String, at: String) -> Vec<Cell> {
    [label, verdict, path, selected, at].into_iter().map(Cell::new).collect()
}

/// The outcome where all runs agree, else each with its number: `direct 97, relayed 3`.
fn counted(outcomes: impl Iterator<Item = String>) -> String {
    let mut counts = IndexMap::<String, usize>::new();
    for outcome in outcomes {
        *counts.entry(outcome).or_default() += 1;
    }
    if counts.len() == 1 {
        return counts.into_keys().collect();
    }
    counts.sort_by(|one, few, other, many| many.cmp(few).then_with(|| one.cmp(other)));
    let parts: Vec<_> =
        counts.iter().map(|(outcome, count)| format!("{outcome} {count}")).collect();
    parts.join(", ")
}

/// The sides' types in their order, with the transport where it is not UDP: `srflx-relay/tls`.
pub(crate) fn kinds(case: &Case, between: &str) -> String {
    let sides = case.selected.values().map(|side| match side {
        None => nothing(),
        Some(side) if side.transport == Transport::Udp => side.r#type.to_string(),
        Some(side) => side.to_string(),
    });
    let sides: Vec<_> = sides.collect();
    if sides.is_empty() { nothing() } else { sides.join(between) }
}

/// When a case connected, to the millisecond: enough to compare cells.
pub(crate) fn connected(at: Milliseconds) -> String {
    format!("{at:.0}")
}

fn nothing() -> String {
    "-".to_owned()
}

/// A line under the header, blanks between columns.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
