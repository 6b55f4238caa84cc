//! The reports from outside: hand-made results and records in, texts out.

mod results;
mod sample;
mod table;
