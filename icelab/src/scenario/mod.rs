//! Scenario files: from YAML text to [`plan::Plan`]s that can be run.

pub mod plan;
mod stand_in;
pub mod text;
