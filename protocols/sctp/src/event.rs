//! What an association tells, and what its commands may answer.

use bytes::Bytes;
use thiserror::Error;

use crate::packet::{Ppid, StreamId};

/// What an association tells the layer above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Messages can be sent and received. What was given to `send` before is on its way.
    Connected {
        /// How many streams this end may send on.
        outgoing: u16,
        /// How many streams the peer may send on.
        incoming: u16,
    },
    /// The peer began anew (RFC 9260 section 5.2.4): all that was under way is lost, the streams
    /// begin at zero.
    Restarted,
    /// Something waits for `receive`.
    Readable,
    /// What waits to be sent on the stream has fallen to its threshold.
    BufferedAmountLow {
        /// The stream.
        stream: StreamId,
    },
    /// A message was given up before all of it had been received.
    GivenUp {
        /// The stream.
        stream: StreamId,
        /// Its payload protocol identifier.
        ppid: Ppid,
    },
    /// Own outgoing streams were reset: their numbers begin at zero (RFC 6525 section 5.2.7).
    StreamsReset {
        /// Which.
        streams: Vec<StreamId>,
    },
    /// The peer refused to have own outgoing streams reset, or knows no such request.
    ResetRefused {
        /// Which.
        streams: Vec<StreamId>,
    },
    /// The peer reset its outgoing streams (RFC 6525 section 5.2.2): all that it had sent on them has
    /// been received.
    PeerReset {
        /// Which; empty: all of them.
        streams: Vec<StreamId>,
    },
    /// The peer asks this end to reset its outgoing streams (RFC 6525 section 5.2.3).
    ResetAsked {
        /// Which; empty: all of them.
        streams: Vec<StreamId>,
    },
    /// There are more streams now (RFC 6525 sections 5.2.5 and 5.2.6).
    StreamsAdded {
        /// How many streams this end may send on.
        outgoing: u16,
        /// How many streams the peer may send on.
        incoming: u16,
    },
    /// The peer wants to end and takes nothing new; what is under way still goes.
    PeerShutdown,
    /// The peer reported an error that does not end the association (RFC 9260 section 3.3.10).
    PeerError {
        /// The cause's code.
        cause: u16,
        /// What the cause holds.
        information: Bytes,
    },
    /// The association is over.
    Closed {
        /// Why.
        reason: CloseReason,
    },
}

/// Why an association is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// One side asked for it and all was delivered (RFC 9260 section 9.2).
    Shutdown,
    /// `abort` was called.
    Aborted,
    /// The peer sent ABORT.
    PeerAborted {
        /// The code of the first cause, where one was given.
        cause: Option<u16>,
        /// What the cause holds.
        information: Bytes,
    },
    /// The peer never answered INIT or COOKIE ECHO.
    SetupTimeout,
    /// The peer answers no more.
    PeerSilent,
    /// The peer broke the protocol in a way that RFC 9260 ends associations for.
    ProtocolViolation,
    /// The peer's answer to INIT could not be used.
    UnusableInitAck,
}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SendError {
    /// The association is over, or ends.
    #[error("the association is closed or closing")]
    Closed,
    /// RFC 9260 knows no message without a byte.
    #[error("a message has at least one byte")]
    Empty,
    /// The stream's number is too high.
    #[error("there is no stream {stream}: the last one is {last}")]
    NoSuchStream {
        /// The stream that was asked for.
        stream: StreamId,
        /// The highest number.
        last: StreamId,
    },
    /// The stream is being reset.
    #[error("stream {stream} is being reset")]
    Resetting {
        /// The stream that was asked for.
        stream: StreamId,
    },
    /// Too much waits already.
    #[error("the send buffer is full: {waiting} of {limit} bytes wait")]
    BufferFull {
        /// The bytes that wait.
        waiting: usize,
        /// The most that may wait.
        limit: usize,
    },
}

/// Why streams are not reset or added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReconfigureError {
    /// There is no association.
    #[error("the association is not open")]
    NotOpen,
    /// The peer does not speak RFC 6525.
    #[error("the peer cannot change streams")]
    Unsupported,
    /// There are no such streams, or no more can be had.
    #[error("there is no such stream, or there cannot be as many")]
    NoSuchStream,
}
