//! The terminal's view of a suite: what every case came to, on as few lines as stay readable.
//!
//! [`SuiteTable`] prints, in this order: a line per case (the seeds of a sweep share one), a grid for each file with
//! two matrix variables, a block for each way in which a case was not as expected, and one line that counts.

mod failure;
mod grid;
mod line;
mod suite;
mod word;

pub use failure::{explain_command, replay_command};
pub use suite::SuiteTable;
pub use word::quoted;
