//! VP8 (RFC 7741).
//!
//! - [`descriptor`](Descriptor): what stands before a payload. [`packetiser`](packetise),
//!   [`depacketiser`](Depacketiser): a frame in many packets. [`key_frame`](KeyFrame): what a key
//!   frame begins with.

mod depacketiser;
mod descriptor;
mod key_frame;
mod packetiser;

pub use depacketiser::{Depacketiser, Frame};
pub use descriptor::{Descriptor, PictureId};
pub use key_frame::{KeyFrame, is_key_frame};
pub use packetiser::packetise;
