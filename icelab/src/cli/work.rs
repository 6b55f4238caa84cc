//! Work that takes a while: on how many threads, and how far it is.

use std::io::{self, IsTerminal};
use std::num::NonZeroUsize;
use std::thread;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// As many threads as are asked for, or else as there are cores.
pub(super) fn threads(asked: Option<NonZeroUsize>) -> NonZeroUsize {
    asked.or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

/// A progress bar on a terminal; nothing elsewhere.
pub(super) fn bar() -> ProgressBar {
    let target = if io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(None, target);
    match ProgressStyle::with_template("{bar:40} {pos}/{len} {eta} {msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
