//! A scenario file, read and checked in every one of its cases.

use std::collections::BTreeMap;

use super::grammar::file::File;
use super::grammar::range::Seeds;
use super::matrix::{Case, Matrix};
use super::plan::{Plan, SweepExpectation};
use super::resolve::{Doubt, Resolved, When, resolve};
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
    /// What can be run and may yet be a mistake, in the order of the places.
    pub warnings: Vec<Fault>,
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
                let (cases, sweep, warnings) = read_cases(&source.name, &tree, &mut faults);
                if faults.is_empty() {
                    return Ok(Self { source, cases, sweep, warnings: warnings.into_sorted() });
                }
            }
            Err(fault) => faults.push(fault),
        }
        Err(Refusal { source, faults: faults.into_sorted() })
    }

    /// Reads a file's bytes.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read_bytes(name: impl Into<String>, bytes: &[u8]) -> Result<Self, Refusal> {
        let is_utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
        match core::str::from_utf8(bytes) {
            // Some editors begin a file with a byte order mark, which is no part of its text.
            Ok(text) => {
                Self::read(Source::new(name, text.strip_prefix('\u{feff}').unwrap_or(text)))
            }
            Err(_) if is_utf16 => Err(Refusal {
                source: Source::new(name, ""),
                faults: vec![
                    Fault::new(Span::default(), "the file is UTF-16").help("save it as UTF-8"),
                ],
            }),
            Err(error) => {
                let at = error.valid_up_to();
                let byte = bytes.get(at).copied().unwrap_or_default();
                let message = format!("the byte 0x{byte:02X} is no UTF-8");
                let span = Span::new(at, at + char::REPLACEMENT_CHARACTER.len_utf8());
                Err(Refusal {
                    source: Source::new(name, String::from_utf8_lossy(bytes)),
                    faults: vec![Fault::new(span, message).help("save the file as UTF-8")],
                })
            }
        }
    }

    /// How many runs its own sweep makes of its cases.
    #[must_use]
    pub fn runs(&self) -> u64 {
        (self.cases.len() as u64).saturating_mul(self.sweep.map_or(1, Seeds::count))
    }
}

fn read_cases(
    name: &str,
    tree: &Node,
    faults: &mut Faults,
) -> (Vec<ScenarioCase>, Option<Seeds>, Faults) {
    let mut read = Vec::new();
    let mut sweep = None;
    let mut doubts = Doubts::default();
    if !matches!(tree.content, Content::Map(_)) {
        faults.push(
            Fault::wrong_kind(tree, "a scenario: a map of keys such as `gateways` and `peers`")
                .help("`icelab new NAME` writes one to start from"),
        );
        return (read, sweep, Faults::default());
    }
    let matrix = Matrix::read(tree, faults);
    if faults.is_empty() {
        check_when(tree, &matrix, faults);
    }
    if !faults.is_empty() {
        return (read, sweep, Faults::default());
    }
    for case in matrix.cases() {
        if let Some((resolved, seeds)) = read_case(name, tree, &case, faults) {
            sweep = seeds;
            let Resolved { plan, over_seeds, doubts: of_case, expectations } = resolved;
            doubts.add(of_case, expectations);
            read.push(ScenarioCase { plan, over_seeds });
        }
        if faults.is_full() {
            break;
        }
    }
    if faults.is_empty() {
        matrix.check_used(tree, faults);
        doubts.check_judged(faults);
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
    (read, sweep, doubts.into_warnings(tree))
}

/// What was doubtful in the cases so far.
#[derive(Default)]
struct Doubts {
    /// Each doubt with the number of cases that have it.
    doubts: Vec<(Doubt, usize)>,
    cases: usize,
    /// The places of expectations, and whether some case is judged by them.
    expectations: BTreeMap<Span, bool>,
}

impl Doubts {
    fn add(&mut self, doubts: Vec<Doubt>, expectations: Vec<(Span, bool)>) {
        self.cases += 1;
        for doubt in doubts {
            match self.doubts.iter_mut().find(|(known, _)| *known == doubt) {
                Some((_, times)) => *times += 1,
                None => self.doubts.push((doubt, 1)),
            }
        }
        for (span, applies) in expectations {
            *self.expectations.entry(span).or_default() |= applies;
        }
    }

    /// Tells of expectations that no case is judged by.
    fn check_judged(&self, faults: &mut Faults) {
        for (span, _) in self.expectations.iter().filter(|(_, applies)| !**applies) {
            faults.push(
                Fault::new(*span, "no case is judged by this")
                    .label("one above it applies to each case")
                    .help("the first whose `when` holds counts: move this one up, or give the one above a `when`"),
            );
        }
    }

    /// What is doubtful in one case, and what is unused in all of them.
    fn into_warnings(self, tree: &Node) -> Faults {
        let mut warnings = Faults::default();
        for (doubt, times) in self.doubts {
            match doubt {
                Doubt::Case(fault) => warnings.push(fault),
                Doubt::Unused(fault) if times == self.cases => warnings.push(fault),
                Doubt::Unused(_) => {}
            }
        }
        if let (Some(seed), Some(_)) = (tree.get("seed"), tree.get("sweep")) {
            warnings.push(
                Fault::new(seed.key_span, "this seed is not used: `sweep` says which seeds are")
                    .help("remove `seed`, or `sweep`"),
            );
        }
        warnings
    }
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
