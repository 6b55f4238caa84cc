//! Many cases on several threads. The order of the results does not depend on how many.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use icelab_reports::results::Case;

use super::run::{RunOptions, run};
use super::select::Chosen;

/// Runs everything chosen on so many threads; `progress` hears each result as it comes, with all that came so far.
pub fn run_all(
    chosen: &[Chosen<'_>],
    jobs: NonZeroUsize,
    options: RunOptions<'_>,
    progress: impl FnMut(&Case, &[Option<Case>]),
) -> Vec<Case> {
    run_each(chosen, jobs, |one| run(&one.plan(), options), progress)
}

/// Does something with each item on so many threads; the results are in the order of the items.
pub(crate) fn run_each<T: Sync, R: Send>(
    items: &[T],
    jobs: NonZeroUsize,
    run: impl Fn(&T) -> R + Sync,
    mut progress: impl FnMut(&R, &[Option<R>]),
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let mut results: Vec<Option<R>> = items.iter().map(|_| None).collect();
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..jobs.get().min(items.len()) {
            let (sender, next, run) = (sender.clone(), &next, &run);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    if sender.send((index, run(item))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        for (index, result) in receiver {
            if let Some(slot) = results.get_mut(index) {
                *slot = Some(result);
            }
            if let Some(Some(result)) = results.get(index) {
                progress(result, &results);
            }
        }
    });
    results.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use icelab_reports::results::Verdict;

    use super::*;
    use crate::scenario::load::Scenario;
    use crate::scenario::plan::Plan;
    use crate::scenario::text::source::Source;
    use crate::suite::run::{guarded, judged};
    use crate::suite::select::Selection;

    #[test]
    fn a_case_that_panics_takes_none_of_the_others_with_it() {
        let text =
            "peers: { alice: {}, bob: {} }\nsweep: { seeds: 1..6 }\nexpect: { path: direct }";
        let scenarios = [Scenario::read(Source::new("a.yaml", text)).unwrap()];
        let chosen = Selection::default().choose(&scenarios);
        let run = |plan: &Plan| {
            guarded(plan, || match plan.seed {
                2 | 5 => panic!("seed {} is bad luck", plan.seed),
                _ => judged(plan, RunOptions::default()),
            })
        };
        let run = |one: &Chosen<'_>| run(&one.plan());
        let mut came = 0;
        let cases = run_each(&chosen, NonZeroUsize::new(2).unwrap(), run, |_, so_far| {
            came += 1;
            assert_eq!(so_far.iter().flatten().count(), came);
        });
        let verdicts: Vec<Verdict> = cases.iter().map(|case| case.verdict).collect();
        let (passed, error) = (Verdict::Passed, Verdict::Error);
        assert_eq!(verdicts, [passed, error, passed, passed, error, passed]);
        assert_eq!(cases.iter().map(|case| case.seed).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
        let reason = cases[4].error.as_deref().unwrap();
        assert!(reason.starts_with("a fault of icelab itself: panicked at "), "{reason}");
        assert!(reason.contains("jobs.rs:") && reason.ends_with("seed 5 is bad luck"), "{reason}");
    }
}
