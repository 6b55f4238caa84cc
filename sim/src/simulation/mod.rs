//! Hosts with guests, driven from event to event.

mod native;
mod network;
mod step;
mod tick;

pub use native::Simulation;
pub use step::{EndlessWork, Limits, Step};
