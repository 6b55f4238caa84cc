//! Real IP packets: parse, look, rewrite in place, build.
//!
//! | file | what it holds |
//! |---|---|
//! | [`Packet`] in `whole` | the owned bytes of one checked packet: views and setters |
//! | `header` | where things lie; shared by packets and by the pieces that ICMP errors quote |
//! | `flow` | protocol, source, destination |
//! | `build` | packets from datagrams, segments and queries |
//! | `icmp` | ICMP queries and errors; when an error may be sent |
//! | `fragment` | fragmentation and bounded reassembly |
//! | `translate` | the same packet in the other IP version |
//! | `checksum`, `bytes` | arithmetic |
//! | `prefix` | ranges of addresses |
//! | `malformed` | why bytes are not a packet |
//!
//! Nothing here changes the TTL by itself: who forwards a packet (the fabric) calls [`Packet::decrement_ttl`].

mod build;
mod bytes;
mod checksum;
mod flow;
mod fragment;
mod header;
mod icmp;
mod malformed;
mod prefix;
#[cfg(test)]
mod tests;
mod translate;
mod whole;

pub use build::{TcpFlags, TcpSegment, Unbuildable};
pub use flow::{Flow, Protocol};
pub use fragment::{Reassembly, ReassemblyDrop, Unfragmentable};
pub use header::{Fragment, Version};
pub use icmp::{Icmp, IcmpError};
pub use malformed::Malformed;
pub use prefix::{NotAPrefix, Prefix};
pub use translate::QuotedEnds;
pub use whole::Packet;
