//! One case: run, timed, caught when it panics, and verified when asked.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Once;
use std::time::Instant;

use icelab_reports::difference::Divergence;
use icelab_reports::results::{self, Case, Verdict};
use icelab_sim::record::{Entry, Level, Record};

use super::keep;
use super::select::values;
use crate::scenario::plan::{self, Plan};
use crate::world::{Outcome, World};

/// How cases are run.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunOptions<'a> {
    /// Each case runs twice, and both runs must be the same.
    pub verify: bool,
    /// Where records are kept, or, when verifying, where they were kept.
    pub records: Option<&'a Path>,
}

/// Runs one case to its verdict. Never panics: a case that does comes to the verdict `error`.
#[must_use]
pub fn run(plan: &Plan, options: RunOptions<'_>) -> Case {
    guarded(plan, || judged(plan, options))
}

/// Does the work of one case. Where that panics, the case comes to the verdict `error`.
pub(super) fn guarded(plan: &Plan, work: impl FnOnce() -> Result<Case, String>) -> Case {
    let started = Instant::now();
    let mut case = match caught(work) {
        Ok(case) => case,
        Err(reason) => failed(plan, reason),
    };
    case.wall_ms = started.elapsed().into();
    case
}

/// Runs one case, and gives all that came out.
///
/// # Errors
/// Why it could not be run, in one sentence.
pub fn outcome(plan: &Plan, level: Level) -> Result<Outcome, String> {
    caught(|| simulate(plan, level))
}

fn simulate(plan: &Plan, level: Level) -> Result<Outcome, String> {
    World::from_plan(plan, level).run().map_err(|error| error.to_string())
}

pub(super) fn judged(plan: &Plan, options: RunOptions<'_>) -> Result<Case, String> {
    let level = if options.records.is_some() { Level::Full } else { Level::Hash };
    let outcome = simulate(plan, level)?;
    let mut case = outcome.case(plan);
    if options.verify {
        let again = simulate(plan, level)?;
        if let Some(difference) = difference(plan, &outcome, &again)? {
            return Ok(unlike(case, difference));
        }
    }
    if let Some(folder) = options.records {
        if options.verify {
            let kept = keep::read(folder, plan)?;
            let fresh = entries(&outcome.record)?;
            if let Some(divergence) = Divergence::between(kept, fresh) {
                let text = divergence.told("the kept record and this run", ["kept", "now"]);
                return Ok(unlike(case, text));
            }
        } else {
            keep::write(folder, plan, &outcome.record)?;
        }
    }
    if case.error.is_some() {
        case.verdict = Verdict::Error;
    }
    Ok(case)
}

/// Where two runs differ, if they do. What the level did not keep is made again.
fn difference(plan: &Plan, one: &Outcome, other: &Outcome) -> Result<Option<String>, String> {
    if one.record_hash() == other.record_hash() {
        return Ok(None);
    }
    let whole = |outcome: &Outcome| match outcome.record.level() {
        Level::Full => entries(&outcome.record),
        Level::Hash | Level::Notes => entries(&simulate(plan, Level::Full)?.record),
    };
    let text = match Divergence::between(whole(one)?, whole(other)?) {
        Some(divergence) => divergence.to_string(),
        None => "the two runs differ, but two more did not: run it again".to_owned(),
    };
    Ok(Some(text))
}

/// The entries of a record.
fn entries(record: &Record) -> Result<Vec<Entry>, String> {
    let read: Result<Vec<Entry>, _> = record.entries().collect();
    read.map_err(|error| format!("the record cannot be read back: {error}"))
}

fn unlike(mut case: Case, text: String) -> Case {
    case.verdict = Verdict::Error;
    case.error = Some(text);
    case
}

/// A case that could not be run.
fn failed(plan: &Plan, reason: String) -> Case {
    let runtime = match plan.runtime {
        plan::Runtime::Native => results::Runtime::Native,
    };
    unlike(Case::new(&plan.file, values(plan), plan.seed, runtime), reason)
}

thread_local! {
    /// What the panic on this thread said, where one is being caught.
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
    /// Whether a panic on this thread is caught, and so needs no message of its own.
    static IS_CAUGHT: RefCell<bool> = const { RefCell::new(false) };
}

/// Runs something; a panic in it becomes an error that says where.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if IS_CAUGHT.with_borrow(|is| *is) {
                LAST_PANIC.set(Some(info.to_string()));
            } else {
                usual(info);
            }
        }));
    });
    IS_CAUGHT.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    IS_CAUGHT.set(false);
    result.unwrap_or_else(|_| {
        let said = LAST_PANIC.take().unwrap_or_else(|| "for an unknown reason".to_owned());
        Err(format!("a fault of icelab itself: {said}"))
    })
}
