//! Where icelab's own stacks stand beside others.

use crate::bench::results::{Cell, Goodput, Latency, Link, Measured};
use crate::bench::words::{loss, place, rate};

/// How one of icelab's own stacks stands beside all others: where it is ahead, and where it is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The name of the own one.
    pub contender: String,
    /// In how many places it is as it should be.
    pub ahead: usize,
    /// Of how many.
    pub of: usize,
    /// A line for each of the others.
    pub behind: Vec<String>,
}

impl Standing {
    /// Each own stack that was measured beside others: in a cell it is ahead of all of them, or within 1 % of the ceiling.
    pub fn of_goodput(cells: &[Cell<Goodput>]) -> Vec<Self> {
        standings(cells, |link, own, others| {
            let own = own.map_or(0.0, |own| own.goodput_mbit);
            let best =
                others.iter().max_by(|a, b| a.1.goodput_mbit.total_cmp(&b.1.goodput_mbit))?;
            let is_ahead = own > best.1.goodput_mbit || own >= 0.99 * link.ceiling_mbit;
            let line = || {
                format!(
                    "{}, loss {}: {} Mbit/s, {} {}, ceiling {}",
                    place(link),
                    loss(link),
                    rate(own),
                    best.0,
                    rate(best.1.goodput_mbit),
                    rate(link.ceiling_mbit)
                )
            };
            Some((!is_ahead).then(line))
        })
    }

    /// Each own stack that was measured beside others: in a cell none of them is faster at p50, p95 or p99.
    pub fn of_latency(cells: &[Cell<Latency>]) -> Vec<Self> {
        standings(cells, |link, own, others| {
            let figures = |of: &Latency| {
                [of.p50_ms, of.p95_ms, of.p99_ms].map(|figure| figure.unwrap_or(f64::INFINITY))
            };
            let own = own.map_or([f64::INFINITY; 3], figures);
            let is_behind = |(_, other): &&(&str, &Latency)| {
                own.iter().zip(figures(other)).any(|(own, other)| *own > other)
            };
            let faster = others.iter().find(is_behind);
            let line = faster.map(|(name, other)| {
                let one = |figure: f64| {
                    if figure.is_finite() { format!("{figure:.1}") } else { "never".to_owned() }
                };
                let shown = |figures: [f64; 3]| figures.map(one).join(" / ");
                let (own, other) = (shown(own), shown(figures(other)));
                format!("{}, loss {}: {own}, {name} {other} ms", place(link), loss(link))
            });
            (!others.is_empty()).then_some(line)
        })
    }
}

/// Asks of each own stack in each cell whether it is behind (a line), is not (`None`), or has nobody beside it.
fn standings<F>(
    cells: &[Cell<F>],
    judge: impl Fn(&Link, Option<&F>, &[(&str, &F)]) -> Option<Option<String>>,
) -> Vec<Standing> {
    let Some(first) = cells.first() else { return Vec::new() };
    let names = first.measured.iter().filter(|one| one.is_own).map(|one| one.contender.clone());
    let standing = |contender: String| {
        let mut standing = Standing { contender, ahead: 0, of: 0, behind: Vec::new() };
        for cell in cells {
            let of = |one: &&Measured<F>| one.contender == standing.contender;
            let own = cell.measured.iter().find(of).and_then(|own| own.figures.as_ref());
            let others = cell.measured.iter().filter(|one| !one.is_own);
            let others: Vec<(&str, &F)> = others
                .filter_map(|one| Some((one.contender.as_str(), one.figures.as_ref()?)))
                .collect();
            let Some(verdict) = judge(&cell.link, own, &others) else { continue };
            standing.of += 1;
            match verdict {
                None => standing.ahead += 1,
                Some(line) => standing.behind.push(line),
            }
        }
        standing
    };
    names.map(standing).filter(|standing| standing.of > 0).collect()
}
