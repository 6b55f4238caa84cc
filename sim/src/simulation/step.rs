//! What a simulation hands back while it runs.

use icelab_sans_io::Instant;

use crate::fabric::Fabric;
use crate::record::Name;
use crate::topology::NodeId;

/// What the simulation stopped for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step<E> {
    /// A guest says something.
    Event {
        /// Whose guest.
        node: NodeId,
        /// When.
        at: Instant,
        /// What.
        event: E,
    },
    /// A scheduled time has come.
    Timer {
        /// The token that was scheduled.
        token: u64,
        /// When.
        at: Instant,
    },
    /// Nothing more happens up to the given time, which is now.
    Reached,
}

/// How much a simulation does before it calls that endless, or loses packets rather than memory.
///
/// The defaults are far above what a sound guest needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Calls of guests and of the network at one instant.
    pub calls: u32,
    /// Firings of one guest's timers at one instant, with no other guest's in between.
    pub firings: u32,
    /// What guests say at one instant: requests and events.
    pub outputs: u32,
    /// Bytes that guests send at one instant.
    pub bytes: u64,
    /// Packets on their way or waiting at once; more are dropped, for the reason `no-room`.
    pub packets_on_their_way: usize,
    /// Their bytes; more are dropped likewise.
    pub bytes_on_their_way: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls: 1_000_000,
            firings: 10_000,
            outputs: 1_000_000,
            bytes: 1 << 28,
            packets_on_their_way: Fabric::MOST_PACKETS,
            bytes_on_their_way: Fabric::MOST_BYTES,
        }
    }
}

/// Work at one instant that does not end.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("endless work at {at}: {} does not come to rest{}", node, timer.map(|timer| format!(", its timer {timer} is always due")).unwrap_or_default())]
pub struct EndlessWork {
    /// Whose guest.
    pub node: Name,
    /// The timer that is due again and again; `None` when it is packets that do not end.
    pub timer: Option<&'static str>,
    /// When.
    pub at: Instant,
}
