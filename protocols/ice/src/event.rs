//! What an agent tells the layer above: a few facts to act on, and a trace to explain them with.

use core::net::SocketAddr;
use core::time::Duration;

use crate::candidate::{Candidate, CandidateKind};
use crate::config::Role;
use crate::state::State;

/// What happened.
///
/// In all of them `local` is the address from which packets leave, the base, unless it says
/// otherwise; `remote` is the address they are sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "events are handed over one by one, and not kept")]
pub enum Event {
    /// The agent's state is another.
    StateChanged(State),
    /// A component has another selected pair.
    Selected {
        /// Which component.
        component: u16,
        /// The pair.
        pair: SelectedPair,
    },
    /// A datagram that is not STUN, over a pair that has passed a check.
    Data {
        /// Which component.
        component: u16,
        /// What it carries.
        payload: Vec<u8>,
        /// Its source.
        source: SocketAddr,
        /// The base on which it arrived.
        destination: SocketAddr,
    },
    /// The agent has new credentials, to be sent to the peer, and forgot all but the selected pairs.
    Restarted {
        /// How often it was restarted.
        generation: u32,
    },
    /// A pair joined the check list.
    PairAdded {
        /// Which component.
        component: u16,
        /// The base.
        local: SocketAddr,
        /// What the local candidate is.
        local_kind: CandidateKind,
        /// The remote candidate's address.
        remote: SocketAddr,
        /// What the remote candidate is.
        remote_kind: CandidateKind,
        /// The pair's priority.
        priority: u64,
    },
    /// A request of a check went out.
    CheckSent {
        /// Which component.
        component: u16,
        /// The base.
        local: SocketAddr,
        /// The remote address.
        remote: SocketAddr,
        /// What the check is for.
        purpose: CheckPurpose,
        /// Whether it carries USE-CANDIDATE.
        nominating: bool,
        /// 1 for the first request of a transaction.
        attempt: u32,
        /// The message, by which the request is found among the packets that were sent.
        request: Vec<u8>,
    },
    /// A check was answered.
    CheckSucceeded {
        /// Which component.
        component: u16,
        /// The base.
        local: SocketAddr,
        /// The remote address.
        remote: SocketAddr,
        /// How the peer saw the request's source.
        mapped: SocketAddr,
        /// What the check was for.
        purpose: CheckPurpose,
        /// Whether it carried USE-CANDIDATE.
        nominating: bool,
        /// From the last request to the answer.
        round_trip: Duration,
    },
    /// A check failed.
    CheckFailed {
        /// Which component.
        component: u16,
        /// The base.
        local: SocketAddr,
        /// The remote address.
        remote: SocketAddr,
        /// Why.
        why: CheckFailure,
    },
    /// A valid request arrived and was answered.
    RequestReceived {
        /// Which component.
        component: u16,
        /// The base on which it arrived.
        local: SocketAddr,
        /// Its source.
        remote: SocketAddr,
        /// Whether it carried USE-CANDIDATE.
        nominating: bool,
    },
    /// A request arrived and was answered with an error.
    RequestRefused {
        /// The base on which it arrived.
        local: SocketAddr,
        /// Its source.
        remote: SocketAddr,
        /// The error code.
        code: u16,
    },
    /// Both sides had the same role, and this one changed its own.
    RoleSwitched(Role),
    /// A candidate was learned from a check.
    PeerReflexive {
        /// Whose candidate it is.
        side: Side,
        /// The base at which, or from which, it was learned.
        local: SocketAddr,
        /// The candidate.
        candidate: Candidate,
    },
    /// A peer-reflexive remote candidate was signalled after all, and is what the signal says.
    RemoteCandidateNamed {
        /// The candidate.
        candidate: Candidate,
    },
    /// A remote candidate was left alone.
    CandidateIgnored {
        /// The candidate.
        candidate: Candidate,
        /// Why.
        why: Ignored,
    },
    /// A valid pair was nominated and its own check was answered.
    Nominated {
        /// Which component.
        component: u16,
        /// The base.
        local: SocketAddr,
        /// The remote address.
        remote: SocketAddr,
    },
    /// Checks of a selected pair stay unanswered.
    ConsentDoubtful {
        /// Which component.
        component: u16,
        /// The base.
        local: SocketAddr,
        /// The remote address.
        remote: SocketAddr,
    },
    /// Consent to send on a selected pair is gone.
    ConsentLost {
        /// Which component.
        component: u16,
        /// The base.
        local: SocketAddr,
        /// The remote address.
        remote: SocketAddr,
    },
}

/// The pair that carries a component's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectedPair {
    /// The local candidate of the valid pair: how the peer sees this side (RFC 8445 section
    /// 7.2.5.3.2).
    pub local: Candidate,
    /// From where packets are sent.
    pub base: SocketAddr,
    /// The remote candidate.
    pub remote: Candidate,
    /// Where packets are sent to: the remote candidate's address.
    pub destination: SocketAddr,
    /// The latest round trip.
    pub round_trip: Option<Duration>,
}

/// Whose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// This agent's.
    Local,
    /// The peer's.
    Remote,
}

/// What a check is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckPurpose {
    /// It was its turn in the check list.
    Ordinary,
    /// The peer's request, a role conflict or a nomination asked for it.
    Triggered,
    /// To hear that the selected pair still works (RFC 7675).
    Consent,
    /// To keep another valid pair alive.
    Standby,
    /// To find out whether a valid pair that stopped answering is dead.
    Verification,
}

/// Why a check failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckFailure {
    /// No answer came to any of the requests.
    TimedOut,
    /// The answer's addresses are not the request's (RFC 8445 section 7.2.5.2.1).
    NotSymmetric,
    /// The peer answered with an error.
    Refused {
        /// Its code.
        code: u16,
    },
    /// The network said that nobody is there.
    Unreachable,
}

/// Why a remote candidate was left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ignored {
    /// Its address is a name (RFC 8839 section 5.1).
    Name,
    /// It is not for UDP.
    Transport,
    /// The data stream has no such component.
    Component,
    /// Its address or port cannot be sent to.
    Address,
    /// Its `ufrag` extension names another ICE session.
    OtherSession,
    /// The peer had said that no more would come (RFC 8838 section 14).
    AfterEnd,
    /// Too many are known.
    Limit,
    /// It is known.
    Duplicate,
}
