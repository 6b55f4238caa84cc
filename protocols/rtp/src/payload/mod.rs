//! Payload formats: frames cut into packets, and put together again.
//!
//! - [`audio`]: one packet, one frame. [`opus`], [`g711`]: how long a frame is.
//! - [`vp8`], [`h264`]: a frame in many packets.
//! - [`order`](Pushed): what a packet that is handed in brings about.
//!
//! A depacketiser takes the packets of one stream in the order of their numbers, as a jitter buffer
//! gives them, and says where some are missing.

mod assembly;
pub mod audio;
pub mod g711;
pub mod h264;
pub mod opus;
mod order;
pub mod vp8;

pub use assembly::FrameLimit;
pub use order::{Discard, Gap, Pushed};
