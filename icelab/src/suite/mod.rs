//! A suite: files in, results out.
//!
//! - [`files`]: paths to scenarios, and what could not be read.
//! - [`select`]: which cases with which seeds.
//! - [`run`]: one case, caught when it panics, verified when asked.
//! - [`jobs`]: many cases on several threads, their results in one order.
//! - [`sweep`]: what all seeds of a case must show together.
//! - [`snapshot`] and [`keep`]: text reports and records in folders; [`save`]: files that replace others whole.

pub mod files;
pub mod jobs;
pub mod keep;
pub mod run;
pub mod save;
pub mod select;
pub mod snapshot;
pub mod sweep;
