//! What a run leaves for people to read: tables, stories, timelines and the results file.
//!
//! | module | what it makes |
//! |---|---|
//! | [`results`] | the results file: cases and their verdicts; written, read, merged, compared |
//! | [`table`] | a suite on a terminal: grids, lines, failures, counts |

pub mod results;
pub mod table;
