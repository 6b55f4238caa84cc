//! The two ends of the call, as the run sees them.

use icelab_ice as ice;
use icelab_sans_io::Instant;
use icelab_sim::NodeId;

use super::outcome::Selected;

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Which {
    /// Who made the first offer.
    Offerer,
    /// Who answered it.
    Answerer,
}

impl Which {
    /// Both.
    pub(super) const BOTH: [Self; 2] = [Self::Offerer, Self::Answerer];

    /// The other end.
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Offerer => Self::Answerer,
            Self::Answerer => Self::Offerer,
        }
    }
}

/// What is known of one end.
#[derive(Clone, Debug)]
pub(super) struct End {
    /// Its name.
    pub(super) name: String,
    /// Its host.
    pub(super) node: NodeId,
    /// The state of its ICE agent.
    pub(super) state: ice::State,
    /// When it first had gathered.
    pub(super) gathered: Option<Instant>,
    /// The local candidate of the pair that was selected last.
    pub(super) selected: Option<Selected>,
    /// Counts the times that its application began to wait for ICE to recover; odd while it waits.
    pub(super) waits: u32,
}

impl End {
    pub(super) const fn new(name: String, node: NodeId) -> Self {
        let (state, gathered, selected, waits) = (ice::State::New, None, None, 0);
        Self { name, node, state, gathered, selected, waits }
    }

    /// Whether its application can send and receive.
    pub(super) const fn is_connected(&self) -> bool {
        matches!(self.state, ice::State::Connected | ice::State::Completed)
    }

    /// Whether ICE has stopped working for it.
    pub(super) const fn is_down(&self) -> bool {
        matches!(self.state, ice::State::Disconnected | ice::State::Failed)
    }

    /// Whether its application waits for ICE to recover.
    pub(super) const fn is_waiting(&self) -> bool {
        self.waits % 2 == 1
    }
}
