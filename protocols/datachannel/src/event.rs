//! What the layer tells, and what its commands may answer.

use icelab_sctp::{CloseReason, Part, Payload, StreamId};
use thiserror::Error;

use crate::channel::ChannelId;
use crate::discard::Discard;
use crate::message::Kind;
use crate::properties::Properties;

/// What the layer tells the layer above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The association is there.
    Connected,
    /// A channel that this side has made can be used. Nothing says yet that the peer has taken it: a refusal
    /// comes as [`Closure::Refused`].
    Open {
        /// Which.
        channel: ChannelId,
    },
    /// The peer has opened a channel, which can be used.
    Opened {
        /// Its handle.
        channel: ChannelId,
        /// What the peer said of it.
        properties: Properties,
    },
    /// A message came.
    Message {
        /// On which channel.
        channel: ChannelId,
        /// What it is. Text is UTF-8: what was none is U+FFFD now, as webrtc-pc has it.
        kind: Kind,
        /// Its bytes.
        payload: Payload,
    },
    /// A part of a long message came, on a channel of [`Delivery::Parts`](crate::Delivery::Parts).
    Part {
        /// On which channel.
        channel: ChannelId,
        /// Which message: a number that no other message of the channel has. Two can be under way at once
        /// only where order does not matter.
        message: u64,
        /// What it is. The parts of a text are cut anywhere, and nobody has seen to it that they are UTF-8.
        kind: Kind,
        /// Which part; never [`Part::Whole`].
        part: Part,
        /// Its bytes.
        payload: Payload,
    },
    /// [`DataChannels::buffered_amount`](crate::DataChannels::buffered_amount) has fallen to the threshold.
    BufferedAmountLow {
        /// Of which channel.
        channel: ChannelId,
    },
    /// A message that this side sent was given up ([`Properties::reliability`]).
    GivenUp {
        /// On which channel.
        channel: ChannelId,
    },
    /// A channel closes, not because this side said so: nothing can be sent any more.
    Closing {
        /// Which.
        channel: ChannelId,
    },
    /// A channel is closed. Its handle means nothing any more.
    Closed {
        /// Which.
        channel: ChannelId,
        /// Why.
        closure: Closure,
    },
    /// The association is over, and with it everything.
    Ended {
        /// Why.
        reason: CloseReason,
    },
}

/// Why a channel is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closure {
    /// This side closed it.
    Local,
    /// The peer closed it.
    Peer,
    /// The peer would not have it: it was reset before anything was heard on it (RFC 8832 section 6).
    Refused,
    /// The peer broke a rule on it.
    Fault(Discard),
    /// There is no stream for it: none is left, or the peer allows fewer.
    NoStream,
    /// The peer began anew, and knows nothing of it.
    Restarted,
    /// The association is over.
    Ended(CloseReason),
}

/// Why a channel is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// The label does not fit its field.
    #[error("the label has {0} bytes, and may have 65535")]
    LabelTooLong(usize),
    /// The protocol does not fit its field.
    #[error("the protocol has {0} bytes, and may have 65535")]
    ProtocolTooLong(usize),
    /// The stream is taken, or was and is not reset in both directions yet.
    #[error("stream {0} is in use")]
    StreamInUse(StreamId),
    /// The number of the stream is too high.
    #[error("there is no stream {0}")]
    NoSuchStream(StreamId),
    /// All streams of this side are in use.
    #[error("no stream is left")]
    NoStreamLeft,
    /// There are as many channels as there may be.
    #[error("there are {0} channels, and no more may be")]
    TooManyChannels(usize),
    /// The association is over, or ends.
    #[error("the association is over or ends")]
    Ended,
}

/// Why a message is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SendError {
    /// The channel is not open, not any more or not yet; or there is no such channel.
    #[error("the channel is not open")]
    NotOpen,
    /// The peer takes no message as long as this (RFC 8841 section 6.1).
    #[error("the message has {length} bytes, and the peer takes {limit}")]
    TooLong {
        /// How long it is.
        length: usize,
        /// How long it may be.
        limit: usize,
    },
    /// Too much waits to be sent.
    #[error("the send buffer is full")]
    BufferFull,
}
