//! Hosts with guests, driven from event to event.

mod matcher;
mod native;
mod step;

pub use matcher::{Matcher, Pattern, PatternPlace};
pub use native::Simulation;
pub use step::{EndlessWork, Step};
