//! The packet engine: one heap of (time, sequence) events, and what nodes do with packets.
//!
//! The life of a packet: a host's socket sends it ([`Fabric::request`]); `transmit` puts it before a link; the link's
//! [`Pipe`](crate::link) says when it arrives; `arrive` gives it to the node there; `forward` finds the next link; and so on
//! until a host takes it, which ends as a [`Notice`](icelab_sans_io::net::Notice) from [`Fabric::poll_notice`].

mod arrive;
mod change;
mod engine;
mod errors;
mod event;
mod forward;
mod gateway;
mod parcel;
mod request;
mod rule;

pub use engine::Fabric;
pub use rule::{Awaited, DropRuleId, Matcher, Pattern, Place as PatternPlace};
