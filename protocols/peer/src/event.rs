//! What a peer tells the application.

use core::net::{IpAddr, SocketAddr};

use icelab_datachannel as datachannel;
use icelab_dtls as dtls;
use icelab_ice as ice;
use icelab_turn as turn;

use crate::signal::Signal;

/// Something that the application, or whoever watches, should know.
#[derive(Clone, Debug)]
pub enum Event {
    /// To be carried to the other end, in order.
    Signal(Signal),
    /// A message of the other application, in a call without data channels.
    Data {
        /// What it said.
        payload: Vec<u8>,
    },
    /// Gathering has begun.
    GatheringStarted,
    /// A candidate was found that is not redundant (RFC 8445 section 5.1.3).
    CandidateGathered {
        /// The candidate, as it is signalled.
        candidate: ice::Candidate,
        /// The address it sends from.
        base: SocketAddr,
        /// The server that told or lent it.
        server: Option<SocketAddr>,
    },
    /// A server, or an interface, gave nothing.
    GatheringFailed {
        /// The socket that asked.
        local: SocketAddr,
        /// The server that was asked; `None` where no socket could be opened.
        server: Option<SocketAddr>,
        /// What went wrong.
        reason: GatheringFailure,
    },
    /// Gathering has ended.
    GatheringDone,
    /// The ICE agent did something.
    Ice(ice::Event),
    /// A pair can carry data: the DTLS handshake begins.
    HandshakeStarted {
        /// Whether this side begins.
        role: dtls::Role,
    },
    /// A datagram of DTLS went out that is none of the application's: mostly of the handshake.
    HandshakeSent {
        /// What it holds, by which it is found among the packets that were sent.
        datagram: Vec<u8>,
    },
    /// The DTLS connection did something; data are never shown here.
    Dtls(dtls::Event),
    /// The data channels did something.
    Channels(datachannel::Event),
    /// A TURN client did something after its allocation; payloads are never shown here.
    Turn {
        /// The server.
        server: SocketAddr,
        /// What.
        event: turn::Event,
    },
    /// An address of an interface that was in use is gone.
    AddressGone(IpAddr),
    /// The peer has closed, and freed what it held at servers.
    Closed,
}

/// Why a server or an interface gave no candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GatheringFailure {
    /// The host opens no socket there.
    NoSocket,
    /// Nothing came back.
    NoAnswer,
    /// The server refused.
    Refused,
    /// The time for gathering was over first.
    OutOfTime,
}

impl GatheringFailure {
    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoSocket => "no socket",
            Self::NoAnswer => "no answer",
            Self::Refused => "refused",
            Self::OutOfTime => "out of time",
        }
    }
}
