//! Files that are no grid: a line per case, one table for all of them.

use core::fmt;

use comfy_table::{Cell, CellAlignment, LineStyle, Table, TableStyle};
use indexmap::IndexMap;

use crate::results::{Case, Group, Milliseconds, Rate, Transport, Verdict};
use crate::table::suite::{BAD, mark};

/// Writes the table of these files, each a list of its cases.
pub(crate) fn write_lines(
    text: &mut impl fmt::Write,
    files: &[Vec<&Case>],
    groups: &[Group],
) -> fmt::Result {
    if files.is_empty() {
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(STYLE);
    let shown = Shown {
        again: files.iter().flatten().any(|case| !case.reconnected_ms.is_empty()),
        data: files.iter().flatten().any(|case| !case.data.is_empty()),
    };
    let head = ["case", "", "path", "selected", "connected", "reconnected", "data"];
    table.set_header(shown.columns(head));
    for cases in files {
        add_file(&mut table, cases, groups, shown);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
        if column.index == 4 || (column.index == 5 && shown.again) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for line in table.lines() {
        writeln!(text, "{}", line.trim_end())?;
    }
    writeln!(text)
}

/// Which columns there are beside those that always are.
#[derive(Clone, Copy)]
struct Shown {
    again: bool,
    data: bool,
}

impl Shown {
    fn columns<T>(self, row: [T; 7]) -> impl Iterator<Item = T> {
        let row = row.into_iter().enumerate();
        row.filter(move |(index, _)| match index {
            5 => self.again,
            6 => self.data,
            _ => true,
        })
        .map(|(_, cell)| cell)
    }
}

/// One row for a file with one case, else a heading and a row for each.
fn add_file(table: &mut Table, cases: &[&Case], judged: &[Group], shown: Shown) {
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
        let all =
            |group: &&Group| group.runs == runs.len() && runs.iter().all(|case| group.covers(case));
        let group = judged.iter().find(all);
        let row = match runs.as_slice() {
            [only] if group.is_none() => run(label, only),
            runs => sweep(&label, runs, group),
        };
        table.add_row(shown.columns(row).map(Cell::new));
    }
}

/// The row of one case.
fn run(label: String, case: &Case) -> [String; 7] {
    let path = case.path.map_or_else(nothing, |path| path.to_string());
    let at = case.connected_ms.map_or_else(nothing, |at| at.to_string());
    let sides = case.selected.iter().filter_map(|(peer, side)| {
        side.map(|side| match side.transport {
            Transport::Udp => format!("{peer} {}", side.r#type),
            Transport::Tcp | Transport::Tls => format!("{peer} {side}"),
        })
    });
    let sides: Vec<_> = sides.collect();
    let selected = if sides.is_empty() { nothing() } else { sides.join(", ") };
    let again: Vec<_> = case.reconnected_ms.iter().map(|after| again(*after)).collect();
    let data = case.data.iter().map(|(label, channel)| format!("{label}: {channel}"));
    let data = data.collect::<Vec<_>>().join("; ");
    [label, mark(case.verdict).to_owned(), path, selected, at, again.join(", "), data]
}

/// All seeds of one case in one row: how many were wrong, which outcomes, the times.
fn sweep(label: &str, runs: &[&Case], group: Option<&Group>) -> [String; 7] {
    let wrong = runs.iter().filter(|case| case.verdict != Verdict::Passed).count();
    let verdict = match wrong {
        0 => mark(group.map_or(Verdict::Passed, |group| group.verdict)).to_owned(),
        _ => format!("{BAD} {wrong}"),
    };
    let path =
        counted(runs.iter().map(|case| case.path.map_or_else(nothing, |path| path.to_string())));
    let selected = counted(runs.iter().map(|case| kinds(case, "-")));
    let at = group.map_or_else(|| median(runs), together);
    let count = if runs.len() == 1 { "1 run".to_owned() } else { format!("{} runs", runs.len()) };
    [format!("{label}, {count}"), verdict, path, selected, at, median_again(runs), carried(runs)]
}

/// The median time of the runs that connected.
fn median(runs: &[&Case]) -> String {
    let mut times: Vec<_> = runs.iter().filter_map(|case| case.connected_ms).collect();
    times.sort_unstable();
    let median = times.get(times.len().saturating_sub(1) / 2);
    median.map_or_else(nothing, |at| format!("median {at}"))
}

/// What is judged of all runs together.
fn together(group: &Group) -> String {
    let [p50, p95, max] = [group.p50_ms, group.p95_ms, group.max_ms].map(again);
    format!("p50 {p50}, p95 {p95}, max {max}, {} connected", group.share())
}

/// The median time of all runs until traffic flowed again; those where it never did are the slowest.
fn median_again(runs: &[&Case]) -> String {
    let mut times: Vec<_> = runs.iter().flat_map(|case| &case.reconnected_ms).copied().collect();
    times.sort_unstable_by_key(|after| (after.is_none(), *after));
    let median = times.get(times.len().saturating_sub(1) / 2);
    median.map_or_else(String::new, |after| format!("median {}", again(*after)))
}

/// What all runs together carried on each channel, and their median goodput: `file 640/640, median 9.6 Mbit/s`.
fn carried(runs: &[&Case]) -> String {
    let mut all = IndexMap::<String, (u64, u64, Vec<u64>)>::new();
    for (label, channel) in runs.iter().flat_map(|case| &case.data) {
        for (from, flow) in &channel.from {
            let name = format!("{label}: {from}");
            let (delivered, sent, rates) = all.entry(name).or_default();
            *delivered += flow.delivered;
            *sent += flow.sent;
            rates.extend(flow.goodput_bits_per_s);
        }
    }
    let parts = all.into_iter().map(|(name, (delivered, sent, mut rates))| {
        rates.sort_unstable();
        let median = rates.get(rates.len().saturating_sub(1) / 2);
        let median = median.map_or_else(String::new, |rate| format!(", median {}", Rate(*rate)));
        format!("{name} {delivered}/{sent}{median}")
    });
    parts.collect::<Vec<_>>().join("; ")
}

/// How long it took until traffic flowed again.
pub(crate) fn again(after: Option<Milliseconds>) -> String {
    after.map_or_else(|| "never".to_owned(), |after| after.to_string())
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
