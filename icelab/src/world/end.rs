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

    /// What belongs to this end, of two things.
    pub(super) fn of<T>(self, offerer: T, answerer: T) -> T {
        match self {
            Self::Offerer => offerer,
            Self::Answerer => answerer,
        }
    }

    /// The other end.
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Offerer => Self::Answerer,
            Self::Answerer => Self::Offerer,
        }
    }
}

/// How far a DTLS connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// Its handshake is not over.
    Pending,
    /// The other side has proven who it is.
    Secure,
    /// It has failed or ended.
    Over,
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
    /// How far its DTLS connection is.
    pub(super) security: Security,
    /// Why its handshake failed, where it did.
    pub(super) handshake_failure: Option<String>,
    /// When it first had gathered.
    pub(super) gathered: Option<Instant>,
    /// The local candidate of the pair that was selected last.
    pub(super) selected: Option<Selected>,
    /// Counts the times that its application began to wait for ICE to recover; odd while it waits.
    pub(super) waits: u32,
}

impl End {
    pub(super) const fn new(name: String, node: NodeId) -> Self {
        let (state, security) = (ice::State::New, Security::Pending);
        Self {
            name,
            node,
            state,
            security,
            handshake_failure: None,
            gathered: None,
            selected: None,
            waits: 0,
        }
    }

    /// Whether ICE has a pair that works.
    pub(super) const fn has_pair(&self) -> bool {
        matches!(self.state, ice::State::Connected | ice::State::Completed)
    }

    /// Whether its application can send and receive.
    pub(super) fn is_connected(&self) -> bool {
        self.has_pair() && self.security == Security::Secure
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
