//! Scenario files: from YAML text to [`plan::Plan`]s that can be run.

pub mod grammar;
pub mod plan;
pub mod text;
