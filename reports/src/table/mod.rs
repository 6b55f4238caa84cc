//! The terminal's view of a suite: what every case came to, on as few lines as stay readable.
//!
//! [`SuiteTable`] prints, in this order: a line per case (the seeds of a sweep share one), a grid for each file with
//! two matrix variables, a block for each case that was not as expected, and one line that counts.

mod failure;
mod grid;
mod line;
mod suite;

pub use failure::replay_command;
pub use suite::SuiteTable;
