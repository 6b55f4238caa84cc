//! RTCP: how a session tells of itself (RFC 3550 section 6).
//!
//! - [`compound`](Compound): several packets in one datagram; `header`: how each begins;
//!   [`builder`](CompoundBuilder): the way back.
//! - [`report`](SenderReport), [`description`](Description), [`goodbye`](Goodbye),
//!   [`application`](Application): the packets of RFC 3550.
//! - [`feedback`]: those of RFC 4585, RFC 5104, RFC 8888 and their kin.

mod application;
mod builder;
mod compound;
mod description;
pub mod feedback;
mod goodbye;
mod header;
mod report;

pub use application::Application;
pub use builder::CompoundBuilder;
pub use compound::{Compound, Rtcp, RtcpPackets};
pub use description::{Chunk, Chunks, Description, Item, ItemKind, Items};
pub use goodbye::Goodbye;
pub use header::{PacketType, RawPacket};
pub use report::{ReceiverReport, ReportBlock, ReportBlocks, SenderInfo, SenderReport};
