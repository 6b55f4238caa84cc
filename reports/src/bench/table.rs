//! The tables: one for each link, rows for each loss, columns for each contender; of latency, rows.

use core::fmt::{self, Write};

use comfy_table::{CellAlignment, LineStyle, Row, Table, TableStyle};

use crate::bench::results::{Cell, Fairness, Goodput, Latency, Measured, Report, Section};
use crate::bench::standing::Standing;
use crate::bench::words::{in_order, loss, number, place, rate, size};

/// A report as text.
#[derive(Debug, Clone)]
pub struct BenchTable<'a> {
    report: &'a Report,
    width: usize,
}

impl<'a> BenchTable<'a> {
    /// The tables of a report, 120 columns wide.
    pub const fn new(report: &'a Report) -> Self {
        Self { report, width: 120 }
    }

    /// Leaves out columns so that the tables are no wider than this, as far as that is possible.
    pub const fn width(mut self, columns: usize) -> Self {
        self.width = columns;
        self
    }
}

impl fmt::Display for BenchTable<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { goodput, fairness, latency, .. } = self.report;
        if let Some(section) = goodput {
            self.write_goodput(out, section)?;
            write_problems(out, &section.cells)?;
            let claim = "ahead of all others, or within 1 % of the ceiling,";
            write_standings(out, &Standing::of_goodput(&section.cells), claim)?;
        }
        if let Some(section) = fairness {
            write_fairness(out, section)?;
            write_problems(out, &section.cells)?;
        }
        if let Some(section) = latency {
            write_latency(out, section)?;
            write_problems(out, &section.cells)?;
            let claim = "no slower than any other";
            write_standings(out, &Standing::of_latency(&section.cells), claim)?;
        }
        Ok(())
    }
}

impl BenchTable<'_> {
    fn write_goodput(&self, out: &mut impl Write, section: &Section<Goodput>) -> fmt::Result {
        let Section { seconds, message_bytes, cells, .. } = section;
        let message = size(*message_bytes as u64);
        writeln!(
            out,
            "Goodput of one stream of {message} messages, in order and reliable, over {seconds} s. {}",
            seeds_of(section, "mean of")
        )?;
        let columns = [
            Column {
                name: "Mbit/s",
                means: "payload delivered, setup included",
                of: |one: &Goodput| Some(rate(one.goodput_mbit)),
            },
            Column {
                name: "after 5 s",
                means: "the same from the first delivery after 5 s on",
                of: |one| one.settled_mbit.map(rate),
            },
            Column {
                name: "waited",
                means: "before the bottleneck: 95 % of packets no longer",
                of: |one| Some(milliseconds(one.queueing_p95_ms)),
            },
        ];
        let columns = fitting(cells, &columns, self.width);
        write_meanings(out, &columns)?;
        writeln!(
            out,
            "  ceiling: what full packets and the receive window can carry, less what is lost"
        )?;
        for cells in cells.chunk_by(|one, next| place(&one.link) == place(&next.link)) {
            let Some(first) = cells.first() else { continue };
            writeln!(out, "\n{}", place(&first.link))?;
            write_table(out, cells, &columns)?;
        }
        writeln!(out)
    }
}

/// Rows for contenders, so that all percentiles stand side by side however narrow the table is.
fn write_latency(out: &mut impl Write, section: &Section<Latency>) -> fmt::Result {
    let Section { seconds, message_bytes, cells, .. } = section;
    writeln!(
        out,
        "From writing a message of {message_bytes} bytes to reading it, one each 16 ms, in order and reliable, over \
         {seconds} s; ms. {}",
        seeds_of(section, "all messages of")
    )?;
    let columns = [
        Column {
            name: "p50",
            means: "half of the messages take no longer",
            of: |one: &Latency| Some(optional(one.p50_ms)),
        },
        Column { name: "p95", means: "95 % of them", of: |one| Some(optional(one.p95_ms)) },
        Column { name: "p99", means: "99 % of them", of: |one| Some(optional(one.p99_ms)) },
        Column { name: "worst", means: "all of them", of: |one| Some(optional(one.max_ms)) },
    ];
    write_meanings(out, &columns.each_ref())?;
    for cells in cells.chunk_by(|one, next| place(&one.link) == place(&next.link)) {
        let Some(first) = cells.first() else { continue };
        let one_way = number(first.link.rtt_ms.as_f64() / 2.0);
        writeln!(out, "\n{}, one way {one_way} ms", place(&first.link))?;
        let mut table = Table::new();
        table.load_style(STYLE);
        let mut head = vec!["loss", ""];
        head.extend(columns.iter().map(|column| column.name));
        table.set_header(Row::from(head));
        for cell in cells {
            for (index, one) in cell.measured.iter().enumerate() {
                let loss = if index == 0 { loss(&cell.link) } else { String::new() };
                let mut row = vec![loss, one.contender.clone()];
                row.extend(
                    columns.iter().zip(0..).map(|(column, at)| shown(Some(one), column, at)),
                );
                table.add_row(Row::from(row));
            }
        }
        align(&mut table, |index| index != 1);
        write_lines(out, &table)?;
    }
    writeln!(out)
}

fn write_fairness(out: &mut impl Write, section: &Section<Fairness>) -> fmt::Result {
    let Section { seconds, cells, .. } = section;
    let figures =
        || cells.iter().flat_map(|cell| &cell.measured).filter_map(|one| one.figures.as_ref());
    let flows = figures().map(|figures| figures.flows.len()).max().unwrap_or(0);
    let apart = figures().find_map(|figures| Some(figures.flows.get(1)?.began_ms));
    let apart = number(apart.unwrap_or_default().as_f64() / 1000.0);
    writeln!(
        out,
        "Flows that share a bottleneck, each {apart} s after the one before; {seconds} s, of which those count in which \
         all run. {}",
        seeds_of(section, "mean of")
    )?;
    writeln!(
        out,
        "  Jain's index: 1 where all get the same, one over their number where one gets all"
    )?;
    for cell in cells {
        writeln!(out, "\n{}, loss {}", place(&cell.link), loss(&cell.link))?;
        let mut table = Table::new();
        table.load_style(STYLE);
        let names = (1..=flows).map(|number| match number {
            1 => "first".to_owned(),
            2 => "second".to_owned(),
            _ => format!("flow {number}"),
        });
        let mut head: Vec<String> = names.flat_map(|name| [name, "Mbit/s".to_owned()]).collect();
        head.push("Jain".to_owned());
        table.set_header(Row::from(head));
        for one in cell.measured.iter().filter_map(|one| one.figures.as_ref()) {
            table.add_row(Row::from(shares(one, flows)));
        }
        align(&mut table, |index| index % 2 == 1 || index == flows * 2);
        write_lines(out, &table)?;
    }
    writeln!(out)
}

/// A figure that stands in a column of each contender.
struct Column<F> {
    name: &'static str,
    means: &'static str,
    /// `None` where there is no such figure.
    of: fn(&F) -> Option<String>,
}

fn write_meanings<F>(out: &mut impl Write, columns: &[&Column<F>]) -> fmt::Result {
    for column in columns {
        writeln!(out, "  {}: {}", column.name, column.means)?;
    }
    Ok(())
}

/// The columns for which there is room and a figure; the first one always.
fn fitting<'a, F>(cells: &[Cell<F>], columns: &'a [Column<F>], width: usize) -> Vec<&'a Column<F>> {
    let figures = || {
        cells.iter().flat_map(|cell| cell.measured.iter().filter_map(|one| one.figures.as_ref()))
    };
    let is_there = |column: &&Column<F>| figures().any(|one| (column.of)(one).is_some());
    let mut chosen: Vec<&Column<F>> = columns.iter().filter(is_there).collect();
    let is_too_wide = |chosen: &[&Column<F>]| {
        let mut text = String::new();
        // A table of everything at once is as wide as the widest one.
        let _ = write_table(&mut text, cells, chosen);
        text.lines().any(|line| line.chars().count() > width)
    };
    while chosen.len() > 1 && is_too_wide(&chosen) {
        // What stands in the middle can be missed first.
        chosen.remove(if chosen.len() > 2 { 1 } else { chosen.len() - 1 });
    }
    chosen
}

fn write_table<F>(out: &mut impl Write, cells: &[Cell<F>], columns: &[&Column<F>]) -> fmt::Result {
    let measured = cells.iter().flat_map(|cell| &cell.measured);
    let names = in_order(measured.map(|one| one.contender.as_str()));
    let mut table = Table::new();
    table.load_style(STYLE);
    let mut head = vec!["loss".to_owned(), "ceiling".to_owned()];
    for name in &names {
        head.extend(columns.iter().enumerate().map(|(index, column)| {
            format!("{}\n{}", if index == 0 { name } else { "" }, column.name)
        }));
    }
    table.set_header(Row::from(head));
    for cell in cells {
        let mut row = vec![loss(&cell.link), rate(cell.link.ceiling_mbit)];
        for name in &names {
            let one = cell.measured.iter().find(|one| one.contender == **name);
            row.extend(columns.iter().enumerate().map(|(index, column)| shown(one, column, index)));
        }
        table.add_row(Row::from(row));
    }
    align(&mut table, |_| true);
    // A wider gap between one contender and the next.
    for (index, column) in table.column_iter_mut().enumerate().skip(1) {
        if (index - 1).is_multiple_of(columns.len()) {
            column.set_padding((0, 4));
        }
    }
    write_lines(out, &table)
}

/// A figure; a mark where a run went wrong.
fn shown<F>(one: Option<&Measured<F>>, column: &Column<F>, index: usize) -> String {
    let Some(one) = one else { return "·".to_owned() };
    let figure = one.figures.as_ref().and_then(column.of).unwrap_or_else(|| "·".to_owned());
    let mark = if index == 0 && one.problem.is_some() { "✗ " } else { "" };
    format!("{mark}{figure}")
}

fn shares(figures: &Fairness, flows: usize) -> Vec<String> {
    let all = (0..flows).map(|index| figures.flows.get(index));
    let mut row: Vec<String> = all
        .flat_map(|flow| match flow {
            Some(flow) => [
                flow.contender.clone(),
                format!("{} ({:.0} %)", rate(flow.goodput_mbit), flow.share * 100.0),
            ],
            None => [String::new(), String::new()],
        })
        .collect();
    row.push(format!("{:.3}", figures.jain));
    row
}

/// What went wrong, each contender once.
fn write_problems<F>(out: &mut impl Write, cells: &[Cell<F>]) -> fmt::Result {
    let mut told: Vec<&str> = Vec::new();
    for cell in cells {
        for one in &cell.measured {
            let Some(problem) = &one.problem else { continue };
            if told.contains(&one.contender.as_str()) {
                continue;
            }
            told.push(&one.contender);
            let at = format!("{}, loss {}", place(&cell.link), loss(&cell.link));
            writeln!(out, "✗ {}, first at {at}: {problem}", one.contender)?;
        }
    }
    if told.is_empty() { Ok(()) } else { writeln!(out) }
}

/// How each of icelab's own stands; where the best of them is behind.
fn write_standings(out: &mut impl Write, standings: &[Standing], claim: &str) -> fmt::Result {
    let most = standings.iter().map(|standing| standing.ahead).max().unwrap_or(0);
    for standing in standings {
        let Standing { contender, ahead, of, behind } = standing;
        writeln!(out, "{contender}: {claim} in {ahead} of {of} cells")?;
        if *ahead == most {
            for line in behind {
                writeln!(out, "  not: {line}")?;
            }
        }
    }
    if standings.is_empty() { Ok(()) } else { writeln!(out) }
}

/// With how many seeds the contenders were measured, and what a figure is of several.
fn seeds_of<F>(section: &Section<F>, several: &str) -> String {
    let all = || section.cells.iter().flat_map(|cell| &cell.measured);
    let most = |is_own: bool| all().filter(|one| one.is_own == is_own).map(|one| one.seeds).max();
    let least = all().map(|one| one.seeds).min();
    let words = |seeds: u64| {
        if seeds == 1 { "1 seed".to_owned() } else { format!("{several} {seeds} seeds") }
    };
    let own = most(true).or(most(false)).unwrap_or(section.seeds);
    let mut text = words(own);
    if let Some(others) = most(false).filter(|others| *others != own) {
        text = format!("icelab's: {text}; others: {}", words(others));
    }
    if least.is_some_and(|least| least < most(false).unwrap_or(own).min(own)) {
        text.push_str("; without loss 1");
    }
    format!("({text})")
}

fn milliseconds(figure: f64) -> String {
    if figure >= 9.95 { format!("{figure:.0} ms") } else { format!("{figure:.1} ms") }
}

fn optional(figure: Option<f64>) -> String {
    figure.map_or_else(|| "never".to_owned(), |figure| format!("{figure:.1}"))
}

fn align(table: &mut Table, is_right: impl Fn(usize) -> bool) {
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if is_right(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

fn write_lines(out: &mut impl Write, table: &Table) -> fmt::Result {
    for line in table.lines() {
        writeln!(out, "  {}", line.trim_end())?;
    }
    Ok(())
}

/// A line under the header, blanks between columns.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
