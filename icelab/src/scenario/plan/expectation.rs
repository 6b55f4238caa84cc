//! What must hold.

use core::time::Duration;

use indexmap::IndexMap;

use super::Transport;
use crate::scenario::text::bound::Bound;
use crate::scenario::text::quantity::{Rate, Share, Size, Time};

/// What must hold in this case.
#[derive(Clone, Debug, Default)]
pub struct Expectation {
    /// Judged at this time; `None`: when the run ends.
    pub at: Option<Duration>,
    /// Whether, and how soon, both sides are connected.
    pub connected: Option<Connected>,
    /// Any of these paths; empty: not asked.
    pub path: Vec<Path>,
    /// Any of these maps holds: for each peer named, any of these as its selected local candidate.
    /// Empty: not asked.
    pub selected: Vec<IndexMap<String, Vec<Selected>>>,
    /// How soon authenticated traffic flows both ways again after the latest event before this.
    pub reconnected: Option<Reconnected>,
    /// Any of these versions of DTLS was agreed on; empty: not asked.
    pub dtls: Vec<icelab_dtls::Version>,
    /// What channels carry, by label.
    pub data: IndexMap<String, Carried>,
}

/// What a channel carries in each direction in which something is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// How much of what was sent has arrived.
    pub delivered: Option<Delivered>,
    /// Payload from the first write to the last delivery.
    pub goodput: Option<Bound<Rate>>,
    /// Whether messages arrived in order.
    pub ordered: Option<bool>,
}

/// How much has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// A share of the messages.
    Share(Bound<Share>),
    /// Bytes of payload.
    Bytes(Bound<Size>),
}

/// Whether both sides are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connected {
    /// `false`: at the time of judging they are not (without `at`: they never were).
    No,
    /// `true`: at the time of judging they are.
    Yes,
    /// They were connected no later than this after the start of the call.
    Within(Duration),
}

/// How soon traffic flows again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconnected {
    /// `false`: it does not.
    No,
    /// No later than this after the latest event before.
    Within(Duration),
}

impl Reconnected {
    /// What the time is measured to.
    pub const RESOLUTION: Duration = Duration::from_millis(100);
}

/// Which kind of path a call takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Path {
    /// Neither side's selected candidate is relayed.
    Direct,
    /// Either side's selected candidate is relayed.
    Relayed,
    /// The call never connects.
    None,
}

/// A kind of local candidate with its transport, such as `srflx/udp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Selected {
    /// Its type.
    pub kind: CandidateKind,
    /// Its transport; for a relayed one, the way to the server.
    pub transport: Transport,
}

/// The type of a candidate (RFC 8445 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CandidateKind {
    /// `host`.
    Host,
    /// `srflx`.
    ServerReflexive,
    /// `prflx`.
    PeerReflexive,
    /// `relay`.
    Relayed,
}

/// What all seeds of one case must show together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepExpectation {
    /// Bounds on the time within which half of the runs connect; a run that does not connect takes for ever.
    pub p50: Option<Bound<Time>>,
    /// Bounds on the time within which 95 % of the runs connect.
    pub p95: Option<Bound<Time>>,
    /// Bounds on the time within which all runs connect.
    pub max: Option<Bound<Time>>,
    /// Bounds on the share of runs that connect.
    pub share: Option<Bound<Share>>,
}
