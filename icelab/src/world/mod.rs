//! Worlds: a simulated internet with peers and servers on it, a call, and what becomes of it.
//!
//! - [`world`](World): the way in from Rust; [`compile`](World::from_plan): the way in from a
//!   scenario file.
//! - [`guest`]: what runs on a host: a peer, a STUN server, a TURN server, or both in one box.
//! - [`run`]: the run from step to step; [`agenda`] what is to happen when; [`signalling`] how offers
//!   and answers travel; [`patience`] what applications do when ICE is disconnected; [`event`] what
//!   events do; [`drop_rule`] which packets they drop, [`drops`] which of those are still to come.
//! - [`data`]: what the data channels of a call carry.
//! - [`traffic`]: little application messages that show whether the call still works.
//! - [`notes`]: protocol events as the record's notes; [`link_note`] what a link is set to.
//! - [`scene`]: who stands where, for stories.
//! - [`judge`], [`judge_data`]: what was expected against what happened; [`outcome`]: what a run comes to.

mod agenda;
mod compile;
mod data;
mod drop_rule;
mod drops;
mod end;
mod error;
mod event;
mod guest;
mod judge;
mod judge_data;
mod link_note;
mod notes;
mod outcome;
mod patience;
mod run;
mod scene;
mod signalling;
mod start;
mod traffic;
#[expect(clippy::module_inception, reason = "the folder's main type, as in every folder")]
mod world;

pub use error::WorldError;
pub use outcome::{Channel, Failure, Flow, Outcome, Selected};
pub use world::World;
