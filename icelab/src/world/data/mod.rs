//! What the channels of a call carry.
//!
//! - [`content`]: what a message holds, by which its receiver knows which it is and that nothing has changed it.
//! - [`writer`]: what is still to be sent, and when. [`meter`]: what has arrived.
//! - [`flow`]: both of one direction of a channel; [`channels`]: all of a call.
//! - [`carrying`]: the run hands them what happens, and does what they want.

mod carrying;
mod channels;
mod content;
mod flow;
mod meter;
mod writer;

pub(super) use channels::{Channels, FlowId, PROBE_STREAM, probe_properties};
