//! What a simulation hands back while it runs.

use icelab_sans_io::Instant;

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
