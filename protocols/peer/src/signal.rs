//! What the two ends of a call tell each other over signalling (RFC 8839, as types).

use icelab_crypto::Fingerprint;
use icelab_ice as ice;

/// A message from one end of a call to the other. The way there must keep their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Opens a call, or restarts ICE where its credentials are new ones (RFC 8839 section 4.4.1).
    Offer(Description),
    /// Agrees to the offer that came last.
    Answer(Description),
    /// One more candidate (RFC 8838).
    Candidate {
        /// The credentials it belongs to.
        ufrag: String,
        /// The candidate.
        candidate: ice::Candidate,
    },
    /// No more candidates will come (RFC 8838 section 14).
    EndOfCandidates {
        /// The credentials that had them.
        ufrag: String,
    },
    /// The answerer asks the offerer for an ICE restart.
    RestartRequest,
}

impl Signal {
    /// What it is, in one word.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Offer(_) => "offer",
            Self::Answer(_) => "answer",
            Self::Candidate { .. } => "candidate",
            Self::EndOfCandidates { .. } => "end-of-candidates",
            Self::RestartRequest => "restart-request",
        }
    }
}

/// The transport's part of an offer or an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// User name fragment and password (RFC 8839 section 5.4).
    pub credentials: ice::Credentials,
    /// Whether this side is a lite agent (RFC 8839 section 5.3).
    pub lite: bool,
    /// The candidates found so far.
    pub candidates: Vec<ice::Candidate>,
    /// Whether these are all.
    pub end_of_candidates: bool,
    /// What this side's certificate hashes to (RFC 8122 section 5).
    pub fingerprint: Fingerprint,
    /// Who begins the DTLS handshake (RFC 8842 section 5).
    pub setup: Setup,
    /// The longest message that this side takes on its data channels (RFC 8841 section 6), 0 for any;
    /// `None` where it has no channels.
    pub longest_message: Option<usize>,
}

/// Who begins the DTLS handshake: `a=setup` (RFC 8842 section 5, RFC 4145 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    /// The answerer decides: `actpass`.
    Either,
    /// The side that says so: `active`.
    Active,
    /// The other side: `passive`.
    Passive,
}
