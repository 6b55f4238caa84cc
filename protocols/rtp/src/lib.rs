//! RTP and RTCP (RFC 3550) and what WebRTC carries in them. Pure: bytes in, values out; nothing here
//! waits, resends or decides.
//!
//! - [`packet`](Packet): one RTP packet, read and built. [`extension`]: what its header carries
//!   beside its fields (RFC 8285).
//! - [`rtcp`]: reports, descriptions, feedback, one by one and in compounds.
//! - [`protection`]: redundancy (RFC 2198), retransmission (RFC 4588), parity (RFC 5109, RFC 8627).
//! - [`payload`]: frames cut into packets and put together again: Opus, G.711, VP8, H.264.
//! - [`ntp`](NtpTime): time as the packets carry it. [`number`](Ssrc): ids and rates.

pub mod extension;
mod ntp;
mod number;
mod packet;
pub mod payload;
pub mod protection;
pub mod rtcp;

pub use ntp::{CompactNtp, NtpTime, ShortInterval};
pub use number::{BitRate, PayloadType, Ssrc};
pub use packet::{Packet, PacketBuilder, is_rtcp};
