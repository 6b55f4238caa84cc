//! Messages, as the application sees them.

use bytes::Bytes;

use crate::wire::ppid::Ppid;

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(String),
    /// Bytes. They are shared with the one who sends, and never copied.
    Binary(Bytes),
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Text in UTF-8.
    Text,
    /// Bytes.
    Binary,
}

/// How messages that SCTP hands over in parts, because they are long, come to the application.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// As one, once it is complete.
    #[default]
    Whole,
    /// In parts, as they arrive.
    Parts,
}

impl Message {
    /// How many bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether there is no byte.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Text(_) => Kind::Text,
            Self::Binary(_) => Kind::Binary,
        }
    }

    /// As SCTP carries it: what it is, and at least one byte (RFC 8831 section 6.6).
    pub(crate) fn into_payload(self) -> (Ppid, Bytes) {
        let kind = self.kind();
        if self.is_empty() {
            return (Ppid::Empty(kind), Bytes::from_static(&[0]));
        }
        match self {
            Self::Text(text) => (Ppid::Full(kind), text.into()),
            Self::Binary(bytes) => (Ppid::Full(kind), bytes),
        }
    }
}
