//! The reports from outside: hand-made results and records in, texts out.

mod bench;
mod difference;
mod record;
mod results;
mod sample;
mod story;
mod table;
mod telling;
mod timeline;
