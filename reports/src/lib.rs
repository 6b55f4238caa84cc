//! What a run leaves for people to read: tables, stories, timelines and the results file.
//!
//! | module | what it makes |
//! |---|---|
//! | [`results`] | the results file: cases and their verdicts; written, read, merged, compared |
//! | [`table`] | a suite on a terminal: grids, lines, failures, counts |
//! | [`story`] | one run told in plain words, for `icelab explain` |
//! | [`timeline`] | one run in short lines, for snapshots |
//! | [`mod@bench`] | what `icelab bench` measured: tables, a chart, its results file |
//! | [`difference`] | the first entry at which two runs part, for `--verify` |
//! | [`scene`] | what stories need to know beside the record: who is where |
//!
//! `reading` below them makes sense of a record.

pub mod bench;
pub mod difference;
mod reading;
pub mod results;
pub mod scene;
pub mod story;
pub mod table;
pub mod timeline;
