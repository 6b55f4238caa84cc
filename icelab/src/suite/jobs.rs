//! Many cases on several threads. The order of the results does not depend on how many.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use icelab_reports::results::Case;

use super::run::{RunOptions, run};
use super::select::Chosen;

/// Runs everything chosen on so many threads; `progress` hears each result as it comes.
pub fn run_all(
    chosen: &[Chosen<'_>],
    jobs: NonZeroUsize,
    options: RunOptions<'_>,
    mut progress: impl FnMut(&Case),
) -> Vec<Case> {
    let next = AtomicUsize::new(0);
    let mut results: Vec<Option<Case>> = chosen.iter().map(|_| None).collect();
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..jobs.get().min(chosen.len()) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(one) = chosen.get(index) else { break };
                    if sender.send((index, run(&one.plan(), options))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        for (index, case) in receiver {
            progress(&case);
            if let Some(slot) = results.get_mut(index) {
                *slot = Some(case);
            }
        }
    });
    results.into_iter().flatten().collect()
}
