//! What a client tells.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use icelab_sans_io::net::Ecn;
use icelab_stun::attribute::{Family, ReservationToken};
use thiserror::Error;

use crate::wire::ChannelNumber;

/// What a client tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The server relays from now on (RFC 8656 section 7.3).
    Allocated {
        /// The relayed transport addresses: one, or one of each family.
        relayed: Vec<SocketAddr>,
        /// The client's address as the server sees it.
        mapped: SocketAddr,
        /// For how long, unless refreshed.
        lifetime: Duration,
        /// The port next to the relayed one, if it was asked for.
        reservation: Option<ReservationToken>,
        /// The family that was asked for beside the other and not granted, with the error code.
        refused: Option<(Family, u16)>,
    },
    /// The server named another one, and the client asks there (RFC 8489 section 10).
    Redirected {
        /// The server from now on.
        server: SocketAddr,
    },
    /// The allocation was refreshed (RFC 8656 section 8.3).
    Refreshed {
        /// For how long, unless refreshed again.
        lifetime: Duration,
    },
    /// One of two relayed addresses was given back ([`Client::release`](crate::Client::release)).
    Released {
        /// The relayed address.
        relayed: SocketAddr,
    },
    /// The server wants another nonce (438), and gets it.
    NonceChanged,
    /// Data flows to and from this address, whatever the port (RFC 8656 section 10.3).
    PermissionGranted {
        /// The peer.
        peer: IpAddr,
    },
    /// The permission could not be had or kept; what waited for it is lost.
    PermissionFailed {
        /// The peer.
        peer: IpAddr,
        /// Why.
        reason: RequestFailure,
    },
    /// A channel is bound (RFC 8656 section 12.3).
    ChannelBound {
        /// The peer.
        peer: SocketAddr,
        /// The channel.
        number: ChannelNumber,
    },
    /// A channel could not be bound or kept; data goes by Send indications.
    ChannelFailed {
        /// The peer.
        peer: SocketAddr,
        /// The channel.
        number: ChannelNumber,
        /// Why.
        reason: RequestFailure,
    },
    /// A peer sent something.
    Data {
        /// The relayed address at which it arrived.
        relayed: SocketAddr,
        /// The peer.
        peer: SocketAddr,
        /// What it sent.
        payload: Vec<u8>,
        /// Congestion notification of the datagram that carried it.
        ecn: Ecn,
    },
    /// Something that was relayed to a peer was not delivered (RFC 8656 section 11.6).
    Icmp {
        /// The relayed address from which it was sent.
        relayed: SocketAddr,
        /// The peer; port 0 where the server does not know it.
        peer: SocketAddr,
        /// The ICMP type, ICMPv4's or ICMPv6's by the peer's family.
        kind: u8,
        /// The ICMP code.
        code: u16,
        /// The MTU where the message was too big; else 0.
        data: u32,
    },
    /// It is over: nothing is relayed any more.
    Closed {
        /// Why.
        reason: CloseReason,
    },
}

/// Why a permission or a channel could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RequestFailure {
    /// The server did not answer.
    #[error("the server did not answer")]
    TimedOut,
    /// The server said no.
    #[error("the server refused with {code}")]
    Refused {
        /// The error code.
        code: u16,
    },
}

/// Why an allocation ended, or was never made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CloseReason {
    /// [`Client::close`](crate::Client::close) was called.
    #[error("closed on request")]
    Requested,
    /// The server did not answer.
    #[error("the server did not answer")]
    TimedOut,
    /// Answers came, but none had the right integrity.
    #[error("no answer had the right integrity")]
    IntegrityViolated,
    /// The server does not accept the credentials (401, 441).
    #[error("the server refused the credentials")]
    CredentialsRefused,
    /// The server thinks that this client's address has an allocation already (437 to Allocate):
    /// try from another local port, three at most (RFC 8656 section 7.4).
    #[error("the server has an allocation for this address already")]
    AddressTaken,
    /// The server has lost the allocation (437 to anything else).
    #[error("the server has lost the allocation")]
    AllocationLost,
    /// The server refused to make or keep the allocation.
    #[error("the server refused with {code}")]
    Refused {
        /// The error code.
        code: u16,
    },
    /// Server and client disagree about channels (400 to ChannelBind, RFC 8656 section 12.3).
    #[error("server and client disagree about channels")]
    ChannelsOutOfStep,
    /// The answer lacks what it must have, or holds an address of a family nobody asked for (RFC
    /// 8656 section 7.3).
    #[error("the answer to Allocate makes no sense")]
    StrangeAnswer,
    /// The server sent the client to a server that it came from (RFC 8489 section 10).
    #[error("servers send the client in a circle")]
    RedirectedInCircles,
}

impl CloseReason {
    /// How long to leave this server alone (RFC 8656 section 7.4); `None` where nothing is gained
    /// by waiting, or nothing needs to be waited for.
    #[must_use]
    pub const fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Refused { code: 486 | 508 } => Some(Duration::from_secs(60)),
            Self::Requested
            | Self::TimedOut
            | Self::IntegrityViolated
            | Self::CredentialsRefused
            | Self::AddressTaken
            | Self::AllocationLost
            | Self::Refused { .. }
            | Self::ChannelsOutOfStep
            | Self::StrangeAnswer
            | Self::RedirectedInCircles => None,
        }
    }
}

/// Why [`Client::send`](crate::Client::send) did not take the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SendError {
    /// There is no allocation, or not any more.
    #[error("there is no allocation")]
    NotAllocated,
    /// No relayed address has the peer's family.
    #[error("no relayed address has the peer's family")]
    WrongFamily,
    /// Too much waits for the peer's permission already.
    #[error("too much waits for the peer's permission")]
    QueueFull,
    /// There are too many peers.
    #[error("too many peers")]
    TooManyPeers,
    /// The server refuses to relay to this peer.
    #[error("the server refuses this peer with {code}")]
    PeerRefused {
        /// The error code.
        code: u16,
    },
    /// The data does not fit into one message.
    #[error("the data does not fit into one message")]
    TooLong,
}

/// Why [`Client::permit`](crate::Client::permit) could not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PermitError {
    /// There is no allocation, or not any more.
    #[error("there is no allocation")]
    NotAllocated,
    /// No relayed address has the peer's family.
    #[error("no relayed address has the peer's family")]
    WrongFamily,
    /// There are too many peers.
    #[error("too many peers")]
    TooManyPeers,
}

/// Why [`Client::bind_channel`](crate::Client::bind_channel) could not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BindError {
    /// There is no allocation, or not any more.
    #[error("there is no allocation")]
    NotAllocated,
    /// No relayed address has the peer's family.
    #[error("no relayed address has the peer's family")]
    WrongFamily,
    /// There are too many channels, or all numbers are in use or cooling down.
    #[error("no channel number is free")]
    NoNumberFree,
}

/// Why [`Client::allocate`](crate::Client::allocate) could not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AllocateError {
    /// It was called before: a client makes one allocation in its life.
    #[error("this client has had its allocation")]
    AlreadyStarted,
    /// User name or password are no texts that may be credentials (RFC 8265).
    #[error("the credentials are not allowed")]
    NoCredentials,
    /// A reserved port, or a pair, of two families at once (RFC 8656 section 7.1).
    #[error("a pair of ports and a pair of families exclude each other")]
    Contradiction,
}

/// Why a datagram meant nothing to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Discard {
    /// It does not come from the server, or not to this client.
    NotFromServer,
    /// It is neither a STUN message nor ChannelData, or not a whole one.
    Malformed,
    /// It is a STUN message that a client does not expect: a request, or a strange method.
    Unexpected,
    /// It answers no request that is waiting.
    UnknownTransaction,
    /// An answer without the right integrity.
    BadIntegrity,
    /// Data from a peer without permission (RFC 8656 section 11.4).
    NoPermission,
    /// Data on a channel that is not bound (RFC 8656 section 12.6).
    UnknownChannel,
    /// Something came while there was no allocation.
    NoAllocation,
    /// It has an attribute that must be understood and is not.
    UnknownAttribute,
}
