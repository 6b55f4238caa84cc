//! Who calls whom, and what the call carries.

use core::time::Duration;

/// A call between two peers.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who makes the offer.
    pub offerer: String,
    /// Who answers it.
    pub answerer: String,
    /// Whether candidates are signalled as they are found; otherwise after gathering, all at once.
    pub trickle: bool,
    /// What the offerer does.
    pub offerer_side: Side,
    /// What the answerer does.
    pub answerer_side: Side,
    /// What the application does when ICE is disconnected.
    pub on_disconnected: OnDisconnected,
    /// The way of offers, answers and candidates.
    pub signalling: Signalling,
    /// Which ICE roles the sides start with.
    pub roles: Roles,
    /// Its data channels, with labels of their own; empty: it has none.
    pub data: Vec<Channel>,
}

/// A data channel, which the offerer opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its label, and whether it keeps order, gives up, and weighs.
    pub properties: icelab_datachannel::Properties,
    /// What the offerer sends on it, one after the other.
    pub offerer_sends: Vec<Send>,
    /// What the answerer sends on it, one after the other.
    pub answerer_sends: Vec<Send>,
}

/// What one side sends on a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Send {
    /// When it begins, since the start of the run; `None`: once it can.
    pub at: Option<Duration>,
    /// The bytes of a message.
    pub message: u64,
    /// How much is sent.
    pub amount: Amount,
}

impl Send {
    /// The bytes of a message where nothing else is written.
    pub const MESSAGE: u64 = 16 << 10;
    /// What the shortest message needs to say which it is.
    pub const SHORTEST: u64 = 12;
    /// The longest message.
    pub const LONGEST: u64 = 16 << 20;
}

/// How much is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// So many bytes, as fast as the channel takes them.
    Bytes(u64),
    /// As much as the channel takes.
    Saturating {
        /// From the first write; `None`: until the end of the run.
        lasts: Option<Duration>,
    },
    /// Evenly.
    Paced {
        /// Payload bits in a second.
        bits_per_second: u64,
        /// From the first write; `None`: until the end of the run.
        lasts: Option<Duration>,
    },
}

impl Call {
    /// What `peer` does in this call; `None` for one that takes no part.
    #[must_use]
    pub fn side(&self, peer: &str) -> Option<&Side> {
        if peer == self.offerer {
            Some(&self.offerer_side)
        } else if peer == self.answerer {
            Some(&self.answerer_side)
        } else {
            None
        }
    }
}

/// What one side of a call is configured with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// Which candidates it may use.
    pub policy: Policy,
    /// The names of the servers it asks, in order; a box with STUN and TURN is asked for both.
    pub ice_servers: Vec<String>,
}

/// Which candidates a side may use (W3C `iceTransportPolicy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Any.
    #[default]
    All,
    /// Relayed ones only.
    Relay,
}

/// What the application does when ICE is disconnected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDisconnected {
    /// The offerer restarts ICE once the state has lasted this long.
    RestartIce {
        /// How long it waits for ICE to recover by itself.
        after: Duration,
    },
    /// Nothing.
    Nothing,
}

/// The way of offers, answers and candidates between the two applications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signalling {
    /// One-way delay of each message.
    pub delay: Duration,
    /// While one of these lasts, messages wait for its end.
    pub outages: Vec<Outage>,
}

/// A time in which no signalling passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Since the start of the run.
    pub from: Duration,
    /// Since the start of the run; the first instant at which messages pass again.
    pub until: Duration,
}

/// Which ICE roles the two sides start with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Roles {
    /// The offerer controls (or the full agent, where the other is lite): RFC 8445 section 6.1.1.
    #[default]
    Standard,
    /// The answerer controls.
    Swapped,
    /// Both believe that they control: a role conflict (RFC 8445 section 7.3.1.1).
    BothControlling,
    /// Both believe that they are controlled: a role conflict.
    BothControlled,
}
