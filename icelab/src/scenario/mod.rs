//! Scenario files: from YAML text to [`plan::Plan`]s that can be run.
//!
//! [`text`] reads the YAML and keeps every place, [`matrix`] makes cases of it, [`grammar`] says what may be
//! written, [`resolve`] finds out what is meant. [`load::Scenario`] does all of it.

pub mod grammar;
pub mod load;
pub mod matrix;
mod network;
pub mod plan;
pub mod resolve;
pub mod text;
