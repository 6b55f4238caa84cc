//! What one end is told before it starts.

use icelab_sctp::StreamId;

use crate::message::Delivery;

/// What one end is told before it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// The association's.
    pub sctp: icelab_sctp::Config,
    /// This side's part in the DTLS connection, where it is known already
    /// ([`DataChannels::set_role`](crate::DataChannels::set_role)).
    pub role: Option<Role>,
    /// The longest message that is taken: what goes into a=max-message-size (RFC 8841 section 6). A longer
    /// one closes its channel.
    pub longest_message: usize,
    /// The longest message that the peer takes, in the words of its a=max-message-size: 65,536 where it has
    /// none; for 0, `usize::MAX`.
    pub peer_longest_message: usize,
    /// How many channels there may be at once, whoever opened them.
    pub channels: usize,
    /// The bytes that may be kept of messages that are not complete, all channels together; each piece
    /// counts for as much as a packet. Beyond that, the channel that asks for more is closed.
    pub unfinished: usize,
    /// The bytes of the labels and protocols of the peer's channels, all together.
    pub names: usize,
    /// How long messages come to the application on channels that the peer opens.
    pub delivery: Delivery,
}

impl Default for Config {
    /// All the channels that there are streams for, and messages of up to 256 MiB.
    fn default() -> Self {
        Self {
            sctp: icelab_sctp::Config::default(),
            role: None,
            longest_message: 256 << 20,
            peer_longest_message: 1 << 16,
            channels: usize::from(u16::MAX),
            unfinished: 512 << 20,
            names: 16 << 20,
            delivery: Delivery::Whole,
        }
    }
}

/// A side's part in the DTLS connection, which says whose the even streams are (RFC 8832 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Opens channels on even streams.
    Client,
    /// Opens channels on odd streams.
    Server,
}

impl Role {
    /// The lowest stream that this side may open.
    pub(crate) const fn first(self) -> u16 {
        match self {
            Self::Client => 0,
            Self::Server => 1,
        }
    }

    /// Whether this side may open a channel on `stream`.
    pub(crate) const fn owns(self, stream: StreamId) -> bool {
        stream.0 % 2 == self.first()
    }
}
