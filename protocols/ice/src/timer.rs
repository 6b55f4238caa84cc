//! The timers of an agent.

use icelab_stun::TransactionId;

use crate::path::PathId;

/// What an agent waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// Ta: the next check may be sent (RFC 8445 section 14.2).
    Pace,
    /// A request is to be sent again, or has waited long enough (RFC 8489 section 6.2.1).
    Retransmit(TransactionId),
    /// A component need not wait for better pairs any longer.
    Grace(u16),
    /// A nomination has waited long enough for an answer.
    Nomination(u16),
    /// RFC 8863's: from now on it may fail.
    Patience,
    /// A valid pair is to be checked again (RFC 7675).
    Consent(PathId),
    /// The answer to that check is late.
    Answer(PathId),
    /// A selected pair that is in doubt has had its time to answer.
    Verdict(PathId),
    /// Consent ends.
    Expiry(PathId),
    /// A selected pair needs a keepalive (RFC 8445 section 11).
    Keepalive(PathId),
    /// Nothing was heard where no checks are sent.
    Silence(PathId),
}

impl Timer {
    /// Its name in a deadline.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pace => "ice.check",
            Self::Retransmit(_) => "ice.retransmit",
            Self::Grace(_) => "ice.grace",
            Self::Nomination(_) => "ice.nomination",
            Self::Patience => "ice.patience",
            Self::Consent(_) => "ice.consent",
            Self::Answer(_) => "ice.answer",
            Self::Verdict(_) => "ice.verdict",
            Self::Expiry(_) => "ice.expiry",
            Self::Keepalive(_) => "ice.keepalive",
            Self::Silence(_) => "ice.silence",
        }
    }
}
