//! Goodput against loss as SVG: a panel for each link, a line for each contender.

use core::fmt::{self, Write};

use crate::bench::results::{Cell, Goodput, Link, Report};
use crate::bench::words::{in_order, number, place};

/// The goodput of a report as an SVG image: round trips from left to right, rates and queues from top to bottom.
#[derive(Debug, Clone)]
pub struct Chart<'a> {
    cells: &'a [Cell<Goodput>],
    seconds: u64,
}

impl<'a> Chart<'a> {
    /// The chart of a report.
    pub fn new(report: &'a Report) -> Self {
        let section = report.goodput.as_ref();
        Self {
            cells: section.map_or(&[], |section| &section.cells),
            seconds: section.map_or(0, |section| section.seconds),
        }
    }
}

impl fmt::Display for Chart<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = in_order(
            self.cells.iter().flat_map(|cell| &cell.measured).map(|one| one.contender.as_str()),
        );
        let columns = in_order(self.cells.iter().map(|cell| cell.link.rtt_ms));
        let rows = in_order(self.cells.iter().map(|cell| row_of(&cell.link)));
        let width = MARGIN * 2.0 + columns.len().max(2) as f64 * PANEL.0;
        let height = HEAD + rows.len() as f64 * PANEL.1 + MARGIN;
        writeln!(
            out,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="sans-serif" font-size="11" fill="{INK}">"#
        )?;
        writeln!(out, r#"<rect width="100%" height="100%" fill="white"/>"#)?;
        writeln!(
            out,
            r#"<text x="{MARGIN}" y="24" font-size="15" font-weight="bold">Goodput against random loss, {} s</text>"#,
            self.seconds
        )?;
        legend(out, &names)?;
        for (at, row) in rows.iter().enumerate() {
            for (across, rtt) in columns.iter().enumerate() {
                let of =
                    |cell: &&Cell<Goodput>| row_of(&cell.link) == *row && cell.link.rtt_ms == *rtt;
                let cells: Vec<&Cell<Goodput>> = self.cells.iter().filter(of).collect();
                let corner = (MARGIN + across as f64 * PANEL.0, HEAD + at as f64 * PANEL.1);
                if let Some(panel) = Panel::new(corner, cells) {
                    panel.write(out, &names)?;
                }
            }
        }
        writeln!(out, "</svg>")
    }
}

fn legend(out: &mut impl Write, names: &[&str]) -> fmt::Result {
    let mut x = MARGIN;
    let y = 44.0;
    for (index, name) in names.iter().enumerate() {
        let look = Look::of(index);
        writeln!(out, r#"<path d="M{x} {y}h22" stroke="{}" stroke-width="2"/>"#, look.colour)?;
        look.mark(out, (x + 11.0, y))?;
        writeln!(out, r#"<text x="{}" y="{}">{}</text>"#, x + 28.0, y + 4.0, escaped(name))?;
        x += 28.0 + 7.0 * name.chars().count() as f64 + 22.0;
    }
    writeln!(out, r#"<path d="M{x} {y}h22" stroke="{FAINT_INK}" stroke-dasharray="4 3"/>"#)?;
    writeln!(out, r#"<text x="{}" y="{}">the most that is possible</text>"#, x + 28.0, y + 4.0)
}

/// One link with all its losses.
struct Panel<'a> {
    cells: Vec<&'a Cell<Goodput>>,
    title: String,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    /// The figure at the top, and the distance between two lines.
    most: f64,
    step: f64,
}

impl<'a> Panel<'a> {
    fn new((x, y): (f64, f64), cells: Vec<&'a Cell<Goodput>>) -> Option<Self> {
        let title = place(&cells.first()?.link);
        let figures = cells.iter().flat_map(|cell| {
            let measured = cell.measured.iter().filter_map(|one| one.figures.as_ref());
            measured.map(|one| one.goodput_mbit).chain([cell.link.ceiling_mbit])
        });
        let most = figures.fold(0.0, f64::max);
        let step = step_for(most);
        let most = (most / step).ceil().max(1.0) * step;
        let (left, right) = (x + 44.0, x + PANEL.0 - 16.0);
        let (top, bottom) = (y + 26.0, y + PANEL.1 - 44.0);
        Some(Self { cells, title, left, right, top, bottom, most, step })
    }

    fn write(&self, out: &mut impl Write, names: &[&str]) -> fmt::Result {
        let Self { left, right, top, bottom, .. } = *self;
        writeln!(
            out,
            r#"<text x="{left:.1}" y="{:.1}" font-weight="bold">{}</text>"#,
            top - 10.0,
            escaped(&self.title)
        )?;
        let mut figure = 0.0;
        while figure <= self.most + self.step / 2.0 {
            let y = self.y(figure);
            writeln!(out, r#"<path d="M{left:.1} {y:.1}H{right:.1}" stroke="{GRID}"/>"#)?;
            writeln!(
                out,
                r#"<text x="{:.1}" y="{:.1}" text-anchor="end">{}</text>"#,
                left - 5.0,
                y + 4.0,
                number(figure)
            )?;
            figure += self.step;
        }
        writeln!(
            out,
            r#"<text x="{:.1}" y="{:.1}" text-anchor="middle" transform="rotate(-90 {0:.1} {1:.1})">Mbit/s</text>"#,
            left - 34.0,
            (top + bottom) / 2.0
        )?;
        for (index, cell) in self.cells.iter().enumerate() {
            writeln!(
                out,
                r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
                self.x(index),
                bottom + 15.0,
                number(cell.link.loss_percent)
            )?;
        }
        writeln!(
            out,
            r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">loss in each direction, %</text>"#,
            (left + right) / 2.0,
            bottom + 30.0
        )?;
        let ceilings: Vec<_> = self.cells.iter().map(|cell| Some(cell.link.ceiling_mbit)).collect();
        self.line(out, &ceilings, &format!(r#"stroke="{FAINT_INK}" stroke-dasharray="4 3""#))?;
        for (index, name) in names.iter().enumerate() {
            let look = Look::of(index);
            let figures: Vec<Option<f64>> =
                self.cells.iter().map(|cell| figure_of(cell, name)).collect();
            self.line(out, &figures, &format!(r#"stroke="{}" stroke-width="2""#, look.colour))?;
            for (at, figure) in figures.iter().enumerate() {
                if let Some(figure) = figure {
                    look.mark(out, (self.x(at), self.y(*figure)))?;
                }
            }
        }
        Ok(())
    }

    /// A line through those figures that there are.
    fn line(&self, out: &mut impl Write, figures: &[Option<f64>], style: &str) -> fmt::Result {
        let mut path = String::new();
        for (index, figure) in figures.iter().enumerate() {
            let Some(figure) = figure else { continue };
            let letter = if path.is_empty() { 'M' } else { 'L' };
            write!(path, "{letter}{:.1} {:.1}", self.x(index), self.y(*figure))?;
        }
        if path.is_empty() {
            Ok(())
        } else {
            writeln!(out, r#"<path d="{path}" fill="none" {style}/>"#)
        }
    }

    /// Losses stand at equal distances: they are chosen by hand, and lie far apart.
    fn x(&self, index: usize) -> f64 {
        let step = (self.right - self.left) / self.cells.len() as f64;
        self.left + step * (index as f64 + 0.5)
    }

    fn y(&self, figure: f64) -> f64 {
        self.bottom - (self.bottom - self.top) * figure / self.most
    }
}

/// How a contender is drawn: a colour (of Okabe and Ito's, which the colour-blind can tell apart) and a shape.
struct Look {
    colour: &'static str,
    shape: usize,
}

impl Look {
    fn of(index: usize) -> Self {
        let colour = COLOURS.get(index % COLOURS.len()).copied().unwrap_or(INK);
        Self { colour, shape: index }
    }

    fn mark(&self, out: &mut impl Write, (x, y): (f64, f64)) -> fmt::Result {
        let colour = self.colour;
        match self.shape % 4 {
            0 => writeln!(out, r#"<circle cx="{x:.1}" cy="{y:.1}" r="3.5" fill="{colour}"/>"#),
            1 => writeln!(
                out,
                r#"<rect x="{:.1}" y="{:.1}" width="6" height="6" fill="{colour}"/>"#,
                x - 3.0,
                y - 3.0
            ),
            2 => writeln!(out, r#"<path d="M{x:.1} {:.1}l4 7h-8z" fill="{colour}"/>"#, y - 4.0),
            _ => writeln!(
                out,
                r#"<path d="M{x:.1} {:.1}l4.5 4.5l-4.5 4.5l-4.5 -4.5z" fill="{colour}"/>"#,
                y - 4.5
            ),
        }
    }
}

fn figure_of(cell: &Cell<Goodput>, name: &str) -> Option<f64> {
    let one = cell.measured.iter().find(|one| one.contender == name)?;
    one.figures.as_ref().map(|figures| figures.goodput_mbit)
}

/// Which row of panels a link is in.
fn row_of(link: &Link) -> (Option<u64>, Option<u64>) {
    (link.rate_mbit.map(f64::to_bits), link.queue_bytes)
}

/// The distance between lines of which there are no more than five up to `most`: 1, 2 or 5 and a power of ten.
fn step_for(most: f64) -> f64 {
    let mut decade = 0.001;
    loop {
        for step in [decade, decade * 2.0, decade * 5.0] {
            if most <= step * 5.0 {
                return step;
            }
        }
        decade *= 10.0;
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

const MARGIN: f64 = 16.0;
/// How high title and legend are.
const HEAD: f64 = 64.0;
/// Width and height of a panel with what belongs to it.
const PANEL: (f64, f64) = (330.0, 230.0);

const INK: &str = "#222";
const FAINT_INK: &str = "#888";
const GRID: &str = "#e4e4e4";
const COLOURS: [&str; 7] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_panel_are_no_more_than_five_and_at_round_figures() {
        let near = |most, step: f64| (step_for(most) / step - 1.0).abs() < 1e-9;
        assert!(near(16.7, 5.0) && near(92.6, 20.0) && near(4.6, 1.0) && near(419.4, 100.0));
        assert!(near(0.0, 0.001) && near(5.0, 1.0) && near(5.1, 2.0));
    }
}
