//! One channel and its states.
//!
//! 1. `Connecting`: it has no stream yet, or there is no association yet. Where its stream is known, OPEN is
//!    on its way already.
//! 2. `Open`.
//! 3. `Closing`: both directions of its stream are being reset (RFC 8831 section 6.7).
//!
//! Then it is gone, and its stream may be used again. A stream that closes without a channel (its OPEN was
//! refused, or the peer sent data on it without one) has one too, of which the application is not told.

use icelab_sctp::StreamId;

use crate::early::Early;
use crate::event::Closure;
use crate::inbox::Inbox;
use crate::message::Delivery;
use crate::properties::Properties;
use crate::wire::dcep::Dcep;

/// The handle of a channel: no two channels of a layer ever have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(pub(crate) u64);

/// A channel's state, in the words of webrtc-pc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadyState {
    /// It waits for its stream, or for the association.
    Connecting,
    /// Messages can be sent.
    Open,
    /// What was sent before still goes.
    Closing,
    /// It is closed, or never was.
    Closed,
}

/// One channel.
#[derive(Debug)]
pub(crate) struct Channel {
    /// Both its streams have this number.
    pub(crate) stream: Option<StreamId>,
    pub(crate) properties: Properties,
    pub(crate) opening: Opening,
    pub(crate) state: State,
    /// Messages that are not complete.
    pub(crate) inbox: Inbox,
    /// What of the establishment protocol found no room to be sent.
    pub(crate) unsent: Option<Dcep>,
    /// How many bytes the application has given to be sent, ever.
    pub(crate) given: u64,
    /// [`Event::BufferedAmountLow`](crate::Event::BufferedAmountLow) comes when so much waits, or less.
    pub(crate) low_threshold: usize,
}

/// How both sides come to know of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// Their applications see to it.
    Negotiated,
    /// The peer's OPEN was answered.
    ByPeer,
    /// Own OPEN: nothing has come from the peer, so all goes in order (RFC 8832 section 6).
    Asked,
    /// Own OPEN: a message has come, and ACK is still due.
    Heard,
    /// Own OPEN was answered by ACK.
    Acknowledged,
    /// The application knows nothing of it.
    Unannounced,
}

/// Where a channel stands.
#[derive(Debug)]
pub(crate) enum State {
    /// It waits for its stream, or for the association.
    Connecting,
    /// Messages can be sent.
    Open,
    /// Its streams are being reset.
    Closing(Closing),
}

/// A channel whose streams are being reset.
#[derive(Debug)]
pub(crate) struct Closing {
    /// This side's direction.
    pub(crate) outgoing: Outgoing,
    /// The peer's direction.
    pub(crate) incoming: Incoming,
    /// Why.
    pub(crate) closure: Closure,
}

/// How far this side has reset its direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outgoing {
    /// The association has not been asked.
    Due,
    /// The peer has not answered.
    Asked,
    /// The peer has done it.
    Reset,
    /// It cannot be done: the stream is never used again.
    Stuck,
}

/// How far the peer has reset its direction.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// It has not.
    Open,
    /// It has. What comes now is for the stream's next channel.
    Reset(Early),
}

impl Channel {
    /// A channel whose beginning is this.
    pub(crate) fn new(properties: Properties, opening: Opening, delivery: Delivery) -> Self {
        Self {
            stream: None,
            properties,
            opening,
            state: State::Connecting,
            inbox: Inbox::new(delivery),
            unsent: None,
            given: 0,
            low_threshold: 0,
        }
    }

    /// Whether the application knows of it.
    pub(crate) fn is_announced(&self) -> bool {
        self.opening != Opening::Unannounced
    }

    /// Whether what is sent on it now keeps its order (RFC 8832 section 6).
    pub(crate) fn sends_in_order(&self) -> bool {
        self.properties.is_ordered || self.opening == Opening::Asked
    }

    /// Whether the peer may send without order. Where the applications agreed on the channel, each side has
    /// chosen for itself (RFC 8831 section 6.5).
    pub(crate) fn is_order_due(&self) -> bool {
        self.properties.is_ordered && self.opening != Opening::Negotiated
    }

    pub(crate) const fn ready_state(&self) -> ReadyState {
        match self.state {
            State::Connecting => ReadyState::Connecting,
            State::Open => ReadyState::Open,
            State::Closing(_) => ReadyState::Closing,
        }
    }
}

impl Incoming {
    /// The peer has reset its direction just now.
    pub(crate) fn reset() -> Self {
        Self::Reset(Early::default())
    }
}

impl Closing {
    /// Whether both directions are reset, so that the stream can be used again.
    pub(crate) const fn is_done(&self) -> bool {
        matches!(self.outgoing, Outgoing::Reset) && !matches!(self.incoming, Incoming::Open)
    }
}
