//! A scenario file, read and checked in every one of its cases.

use super::grammar::file::File;
use super::grammar::range::Seeds;
use super::matrix::{Case, Matrix};
use super::plan::{Plan, SweepExpectation};
use super::resolve::{Resolved, When, resolve};
use super::text::decode::FromNode;
use super::text::fault::{Fault, Faults, Refusal};
use super::text::first_pass;
use super::text::node::{Content, Node};
use super::text::source::{Source, Span};

/// A scenario that can be run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file.
    pub source: Source,
    /// Its cases, the last matrix variable changing fastest; each with the seed of the file.
    pub cases: Vec<ScenarioCase>,
    /// The seeds of its sweep.
    pub sweep: Option<Seeds>,
}

/// One case of a scenario.
#[derive(Clone, Debug)]
pub struct ScenarioCase {
    /// The case itself.
    pub plan: Plan,
    /// What all its seeds must show together.
    pub over_seeds: Vec<SweepExpectation>,
}

impl Scenario {
    /// Reads a file's text.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(source: Source) -> Result<Self, Refusal> {
        let mut faults = Faults::default();
        match first_pass::read(&source) {
            Ok(tree) => {
                let (cases, sweep) = read_cases(&source.name, &tree, &mut faults);
                if faults.is_empty() {
                    return Ok(Self { source, cases, sweep });
                }
            }
            Err(fault) => faults.push(fault),
        }
        Err(Refusal { source, faults: faults.into_sorted() })
    }

    /// How many runs its own sweep makes of its cases.
    #[must_use]
    pub fn runs(&self) -> u64 {
        (self.cases.len() as u64).saturating_mul(self.sweep.map_or(1, Seeds::count))
    }
}

fn read_cases(name: &str, tree: &Node, faults: &mut Faults) -> (Vec<ScenarioCase>, Option<Seeds>) {
    let mut read = Vec::new();
    let mut sweep = None;
    if !matches!(tree.content, Content::Map(_)) {
        faults.push(
            Fault::wrong_kind(tree, "a scenario: a map of keys such as `gateways` and `peers`")
                .help("`icelab new NAME` writes one to start from"),
        );
        return (read, sweep);
    }
    let matrix = Matrix::read(tree, faults);
    check_when(tree, &matrix, faults);
    if !faults.is_empty() {
        return (read, sweep);
    }
    for case in matrix.cases() {
        if let Some((resolved, seeds)) = read_case(name, tree, &case, faults) {
            sweep = seeds;
            let Resolved { plan, over_seeds } = resolved;
            read.push(ScenarioCase { plan, over_seeds });
        }
        if faults.is_full() {
            break;
        }
    }
    if let Some(seeds) = sweep {
        let runs = (read.len() as u64).saturating_mul(seeds.count());
        if runs > MOST_RUNS {
            let span = tree.get("sweep").map_or(Span::default(), |entry| entry.value.span);
            faults.push(
                Fault::new(span, format!("{runs} runs in one file"))
                    .label(format!("{MOST_RUNS} are the most"))
                    .help("sweep fewer seeds, or split the matrix"),
            );
        }
    }
    (read, sweep)
}

fn read_case(
    name: &str,
    tree: &Node,
    case: &Case<'_>,
    faults: &mut Faults,
) -> Option<(Resolved, Option<Seeds>)> {
    let substituted = case.substitute(tree, faults);
    let file = File::from_node(&substituted, faults)?;
    if !faults.is_empty() {
        return None;
    }
    let when_holds = |when: &When| holds(when, case);
    let resolved = resolve(name, &file, case.labels(), &when_holds, faults)?;
    let sweep = file.sweep.as_ref().and_then(|sweep| sweep.value.seeds.as_ref());
    if let Some(sweep) = file.sweep.as_ref().filter(|sweep| sweep.value.seeds.is_none()) {
        faults
            .push(Fault::missing(sweep.span, "seeds", "`sweep`").help("as in `{ seeds: 1..100 }`"));
    }
    Some((resolved, sweep.map(|seeds| seeds.value)))
}

/// Whether the values of a case are those of a `when`.
fn holds(when: &When, case: &Case<'_>) -> bool {
    when.value.iter().all(|(variable, wanted)| {
        case.values.get(variable.as_str()).is_some_and(|value| {
            matches_value(&wanted.0, &value.node, &value.label)
                || match &wanted.0.content {
                    Content::List(any) => {
                        any.iter().any(|one| matches_value(one, &value.node, &value.label))
                    }
                    Content::Empty
                    | Content::Bool(_)
                    | Content::Number(_)
                    | Content::Text(_)
                    | Content::Map(_) => false,
                }
        })
    })
}

fn matches_value(wanted: &Node, value: &Node, label: &str) -> bool {
    wanted == value || matches!(&wanted.content, Content::Text(text) if text == label)
}

/// Tells of variables and values in `when` that no case has.
fn check_when(tree: &Node, matrix: &Matrix, faults: &mut Faults) {
    let Some(expect) = tree.get("expect") else { return };
    let alone = core::slice::from_ref(&expect.value);
    let maps = match &expect.value.content {
        Content::List(maps) => maps.as_slice(),
        Content::Map(_)
        | Content::Empty
        | Content::Bool(_)
        | Content::Number(_)
        | Content::Text(_) => alone,
    };
    for entry in maps.iter().filter_map(|map| map.get("when")) {
        let Content::Map(conditions) = &entry.value.content else { continue };
        for condition in conditions {
            let Some(values) = matrix.values(&condition.key) else {
                let names: Vec<&str> = matrix.names().collect();
                let fault = Fault::new(
                    condition.key_span,
                    format!("`when` asks for `{}`, which is not in `matrix`", condition.key),
                );
                faults.push(fault.one_of(&condition.key, &names));
                continue;
            };
            let whole = core::slice::from_ref(&condition.value);
            let known = |wanted: &Node| {
                values.iter().any(|value| matches_value(wanted, &value.node, &value.label))
            };
            let wanted = match &condition.value.content {
                Content::List(any) if !known(&condition.value) => any.as_slice(),
                Content::List(_)
                | Content::Empty
                | Content::Bool(_)
                | Content::Number(_)
                | Content::Text(_)
                | Content::Map(_) => whole,
            };
            for one in wanted.iter().filter(|one| !known(one)) {
                let labels: Vec<&str> = values.iter().map(|value| value.label.as_str()).collect();
                faults.push(
                    Fault::new(one.span, format!("`{}` is never `{one}`", condition.key))
                        .label("no such value in `matrix`")
                        .one_of(&one.to_string(), &labels),
                );
            }
        }
    }
}

/// How many runs one file may ask for by itself.
const MOST_RUNS: u64 = 100_000;
