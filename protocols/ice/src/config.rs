//! What an agent is told when it is made.

use core::time::Duration;

/// How an agent behaves. [`Config::default`] is a full controlled agent for one component with the
/// RFCs' own timings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The role to begin with (RFC 8445 section 6.1.1): the initiator controls. A lite peer of a
    /// full agent, or a full peer of a lite one, overrides it.
    pub role: Role,
    /// Whether this is a lite implementation, which answers checks and sends none (section 2.5).
    pub lite: bool,
    /// How many components the data stream has, numbered from 1: 1 with RTP and RTCP multiplexed
    /// (or for data channels), 2 without.
    pub components: u16,
    /// How a controlling agent nominates.
    pub nomination: Nomination,
    /// Ta: the time between two new checks (section 14.2).
    pub pacing: Duration,
    /// How long an agent looks for a pair before it may fail (RFC 8863 section 4).
    pub patience: Duration,
    /// When a controlling agent stops waiting for better pairs.
    pub grace: Grace,
    /// Whether the peer goes on agreeing to receive (RFC 7675).
    pub consent: Consent,
    /// Tr: how long a selected pair may be silent before a keepalive goes out (section 11). Only
    /// used where no consent checks are sent.
    pub keepalive: Duration,
    /// How many valid pairs of each component are kept alive beside the selected one, to fall back
    /// on when that dies. 0 keeps to RFC 8445 section 8.1.2 by the letter: then only an ICE restart
    /// helps.
    pub standby: usize,
    /// Bounds on what a peer can make an agent remember.
    pub limits: Limits,
    /// Relayed candidates only: any other local candidate is refused, peer-reflexive ones are not
    /// reported, and related addresses are blanked (RFC 8828's mode 4).
    pub relay_only: bool,
    /// Whether an ICMP error about a check fails its pair (section 7.2.5.2.2 leaves it open). Off
    /// by default: a NAT that rejects the first, too early check would cost the direct path, and
    /// anyone can forge the error.
    pub icmp_fails_checks: bool,
}

/// Who decides which pair is used (RFC 8445 section 6.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Nominates.
    Controlling,
    /// Follows.
    Controlled,
}

impl Role {
    /// The other role.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Controlling => Self::Controlled,
            Self::Controlled => Self::Controlling,
        }
    }
}

/// How a controlling agent nominates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Nomination {
    /// Once, the best valid pair (RFC 8445 section 8.1.1).
    #[default]
    Regular,
    /// At once, and again whenever a better pair becomes valid; the latest counts
    /// (draft-thatcher-ice-renomination). Only with a peer that said it can.
    Renomination,
    /// With every check (RFC 5245 section 8.1.1.2). For tests against peers that predate RFC 8445.
    Aggressive,
}

/// How long a controlling agent with a valid pair goes on looking for a better one. Data already
/// flows meanwhile (RFC 8445 section 12.1). It nominates at once when no better pair is left to
/// check and both sides have said that no candidates will follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grace {
    /// From the first valid pair without a relay; at least twice that pair's round trip.
    pub direct: Duration,
    /// From the first valid pair, where all go through a relay; at least three round trips.
    pub relayed: Duration,
    /// How long a nomination may stay unanswered, where another pair is valid, before that is
    /// nominated instead.
    pub unanswered: Duration,
}

/// Consent freshness (RFC 7675).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Whether consent checks are sent on selected pairs. Where not, keepalives are.
    pub enabled: bool,
    /// The basic period, of which each wait is 0.8 to 1.2; not below 5 s.
    pub interval: Duration,
    /// How long without an answer until consent is gone.
    pub expiry: Duration,
    /// How long a pair whose consent check was not answered (within 500 ms or three round trips,
    /// whichever is longer) has to answer the connectivity check that is then sent, and repeated,
    /// until it counts as disconnected; at least three round trips. So a dead path shows after
    /// 3.5 s to 9.5 s, and loss alone hardly ever looks like one.
    pub verdict: Duration,
    /// Where consent cannot be checked (lite agents): silence until disconnected.
    pub silence: Duration,
}

/// Bounds on what is kept, whatever a peer sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Candidate pairs (RFC 8445 section 6.1.2.5).
    pub pairs: usize,
    /// Local candidates.
    pub local_candidates: usize,
    /// Candidates that the peer signalled.
    pub remote_candidates: usize,
    /// Peer-reflexive candidates, of either side each.
    pub peer_reflexive: usize,
    /// Pairs of one base with one address of the peer whose checks were answered from elsewhere. With
    /// so many of them, no more of the peer's ports are learned there: where both NATs map by
    /// destination, each check and each answer makes another one, for ever.
    pub asymmetric: usize,
    /// Requests that arrived before the peer's credentials and wait for them.
    pub early_requests: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            role: Role::Controlled,
            lite: false,
            components: 1,
            nomination: Nomination::Regular,
            pacing: Duration::from_millis(50),
            patience: Duration::from_millis(39_500),
            grace: Grace::default(),
            consent: Consent::default(),
            keepalive: Duration::from_secs(15),
            standby: 4,
            limits: Limits::default(),
            relay_only: false,
            icmp_fails_checks: false,
        }
    }
}

impl Default for Grace {
    fn default() -> Self {
        Self {
            direct: Duration::from_millis(500),
            relayed: Duration::from_secs(2),
            unanswered: Duration::from_millis(7_500),
        }
    }
}

impl Default for Consent {
    fn default() -> Self {
        Self {
            enabled: true,
            interval: Duration::from_secs(5),
            expiry: Duration::from_secs(30),
            verdict: Duration::from_secs(3),
            silence: Duration::from_secs(15),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pairs: 100,
            local_candidates: 64,
            remote_candidates: 100,
            peer_reflexive: 32,
            asymmetric: 4,
            early_requests: 32,
        }
    }
}
