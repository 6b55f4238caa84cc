//! What the heap holds.

use std::cmp::Ordering;

use icelab_sans_io::Instant;

use crate::topology::{Direction, LinkId, NodeId};

/// Something that will happen. The heap gives the earliest first, and of equals the one that was planned first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub(super) at: Instant,
    pub(super) sequence: u64,
    pub(super) kind: Kind,
}

/// What will happen.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A packet reaches the end of a link.
    Arrive { link: LinkId, direction: Direction, slot: u32 },
    /// A link can send what waits.
    Serve { link: LinkId, direction: Direction },
    /// A change of a link's schedule is due.
    Change { link: LinkId, direction: Direction, index: u32 },
    /// A gateway's table has something to do.
    Gateway { node: NodeId },
    /// A packet that a host sent to itself.
    Loop { node: NodeId, slot: u32 },
}

impl Ord for Event {
    /// Reversed, since the standard heap gives the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.sequence).cmp(&(self.at, self.sequence))
    }
}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Event {}
