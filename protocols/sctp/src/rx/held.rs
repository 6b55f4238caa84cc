//! Fragments as they arrive, and those that are held behind a reset of their stream.

use crate::packet::StreamId;
use crate::rx::pieces::Piece;
use crate::tx::LongTsn;

/// A fragment, and where it says that it belongs.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) tsn: LongTsn,
    pub(crate) stream: StreamId,
    pub(crate) number: Number,
    pub(crate) is_unordered: bool,
    pub(crate) piece: Piece,
}

/// The number of a message, as chunks carry it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    /// A stream sequence number (DATA).
    Ssn(u16),
    /// A message identifier (I-DATA).
    Mid(u32),
}

/// A reset that waits for the data before it, and the data behind it (RFC 6525 section 5.2.2 E2).
#[derive(Clone, Debug)]
pub(crate) struct Hold {
    last: LongTsn,
    streams: Vec<StreamId>,
    pub(crate) chunks: Vec<Arrived>,
}

impl Hold {
    /// What comes after `last` on these streams is held; on all, where none is named.
    pub(crate) const fn new(last: LongTsn, streams: Vec<StreamId>) -> Self {
        Self { last, streams, chunks: Vec::new() }
    }

    pub(crate) fn concerns(&self, arrived: &Arrived) -> bool {
        arrived.tsn > self.last
            && (self.streams.is_empty() || self.streams.contains(&arrived.stream))
    }
}
