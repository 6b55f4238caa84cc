//! What commands may refuse.

/// Why the peer's credentials were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// They differ from those of this session.
    #[error("the peer's credentials changed: that takes an ICE restart")]
    RestartNeeded,
}

/// Why data was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// No pair of the component is valid.
    #[error("no pair of this component is valid")]
    NotConnected,
    /// The agent is closed.
    #[error("the agent is closed")]
    Closed,
}
