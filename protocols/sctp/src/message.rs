//! Messages: what is sent and what arrives.

use core::time::Duration;

use bytes::{Bytes, BytesMut};

use crate::packet::{Ppid, StreamId};

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// On which stream.
    pub stream: StreamId,
    /// What the payload is, for the application (payload protocol identifier).
    pub ppid: Ppid,
    /// At least one byte (RFC 9260 section 3.3.1).
    pub payload: Bytes,
    /// Whether it is handed over as soon as it is complete, past those before it.
    pub is_unordered: bool,
    /// When it is given up.
    pub reliability: Reliability,
}

/// When a message is given up (RFC 3758, RFC 7496). Where the peer knows no FORWARD TSN, never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reliability {
    /// Never.
    #[default]
    Full,
    /// When a part of it would have to be sent again more often than this.
    Retransmissions(u32),
    /// This long after it was given to `send`.
    Lifetime(Duration),
}

/// A message, or a part of one, as it arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// On which of the peer's streams.
    pub stream: StreamId,
    /// What the payload is, for the application.
    pub ppid: Ppid,
    /// Whether the sender asked for no order.
    pub is_unordered: bool,
    /// Which part of the message this is.
    pub part: Part,
    /// The bytes, as the packets brought them.
    pub payload: Payload,
}

/// Which part of a message. Parts of several messages may alternate; those of one (by stream and
/// `is_unordered`) follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The message is complete.
    Whole,
    /// More follows.
    First,
    /// More follows.
    Middle,
    /// The message ends here.
    Last,
    /// The sender gave the message up: what came of it is void, nothing follows.
    Void,
}

/// Bytes in pieces, in order: nothing was copied to put them together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payload {
    pieces: Vec<Bytes>,
    length: usize,
}

impl Payload {
    /// How many bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Whether there is no byte.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The pieces in order.
    #[must_use]
    pub fn pieces(&self) -> &[Bytes] {
        &self.pieces
    }

    /// All bytes in a row. Copies, unless there is only one piece.
    #[must_use]
    pub fn into_bytes(mut self) -> Bytes {
        if self.pieces.len() == 1
            && let Some(only) = self.pieces.pop()
        {
            return only;
        }
        let mut all = BytesMut::with_capacity(self.length);
        for piece in &self.pieces {
            all.extend_from_slice(piece);
        }
        all.freeze()
    }

    /// Puts a piece at the end.
    pub fn push(&mut self, piece: Bytes) {
        self.length += piece.len();
        self.pieces.push(piece);
    }

    /// Puts the pieces of another at the end.
    pub fn append(&mut self, mut other: Self) {
        self.length += other.length;
        if self.pieces.is_empty() {
            self.pieces = other.pieces;
        } else {
            self.pieces.append(&mut other.pieces);
        }
    }
}

impl From<Bytes> for Payload {
    fn from(bytes: Bytes) -> Self {
        Self { length: bytes.len(), pieces: vec![bytes] }
    }
}
