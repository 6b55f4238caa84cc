//! What a message is: SCTP's payload protocol identifiers (RFC 8831 section 8, RFC 8832 section 8.1).

use crate::message::Kind;

/// A payload protocol identifier of data channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ppid {
    /// 50: a message of the establishment protocol.
    Dcep,
    /// 51 and 53: a message that is not empty; or the last fragment of one.
    Full(Kind),
    /// 54 and 52, deprecated: a fragment, after which others come.
    Fragment(Kind),
    /// 56 and 57: an empty message, for which one byte stands.
    Empty(Kind),
}

impl Ppid {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Dcep,
        Self::Full(Kind::Text),
        Self::Full(Kind::Binary),
        Self::Fragment(Kind::Text),
        Self::Fragment(Kind::Binary),
        Self::Empty(Kind::Text),
        Self::Empty(Kind::Binary),
    ];

    /// Its number.
    #[must_use]
    pub const fn number(self) -> icelab_sctp::Ppid {
        icelab_sctp::Ppid(match self {
            Self::Dcep => 50,
            Self::Full(Kind::Text) => 51,
            Self::Fragment(Kind::Binary) => 52,
            Self::Full(Kind::Binary) => 53,
            Self::Fragment(Kind::Text) => 54,
            Self::Empty(Kind::Text) => 56,
            Self::Empty(Kind::Binary) => 57,
        })
    }

    /// The one with this number.
    #[must_use]
    pub fn of(number: icelab_sctp::Ppid) -> Option<Self> {
        Self::ALL.into_iter().find(|ppid| ppid.number() == number)
    }
}
