//! H.264 (RFC 6184), packetization modes 0 and 1.
//!
//! - [`unit`](UnitType): NAL units and where they begin. [`packetiser`](Packetiser),
//!   [`depacketiser`](Depacketiser): an access unit in many packets. `fragment`: the headers of
//!   fragments.

mod depacketiser;
mod fragment;
mod packetiser;
mod unit;

pub use depacketiser::{AccessUnit, Depacketiser};
pub use packetiser::{CannotPacketise, Mode, Packetiser};
pub use unit::{UnitType, units};
