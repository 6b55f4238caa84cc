//! The state of an agent as a whole.

use core::fmt;

/// The state of an agent (RFC 8445 section 6.1.3, in the words of the W3C's `RTCIceTransportState`).
///
/// ```text
/// New -> Checking -> Connected -> Completed <-> Disconnected -> Failed
///           |            ^  |                        |             |
///           +-> Failed   |  +------- restart --------+-------------+-> Checking
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// The peer's credentials are not known.
    New,
    /// Pairs are being checked; none is valid for some component.
    Checking,
    /// Each component has a valid pair and can send data; the pair may still change.
    Connected,
    /// Each component has a selected pair.
    Completed,
    /// A selected pair has stopped answering, and nothing else is valid. It may come back.
    Disconnected,
    /// No pair was found in time, or consent was lost. Only a restart helps, or the peer's own
    /// checks, where they still arrive and consent was not lost.
    Failed,
    /// [`Agent::close`](crate::Agent::close) was called.
    Closed,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "new",
            Self::Checking => "checking",
            Self::Connected => "connected",
            Self::Completed => "completed",
            Self::Disconnected => "disconnected",
            Self::Failed => "failed",
            Self::Closed => "closed",
        })
    }
}
