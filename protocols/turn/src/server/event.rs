//! What a server tells.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use icelab_stun::Method;

use crate::wire::ChannelNumber;

/// What a server tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerEvent {
    /// A client has an allocation.
    Allocated {
        /// The client, as the server sees it.
        client: SocketAddr,
        /// Whose credentials it has.
        username: String,
        /// The relayed addresses.
        relayed: Vec<SocketAddr>,
        /// For how long, unless refreshed.
        lifetime: Duration,
    },
    /// An allocation, or what is left of it, was refreshed.
    Refreshed {
        /// The client.
        client: SocketAddr,
        /// For how long, unless refreshed again.
        lifetime: Duration,
    },
    /// A relayed address is no more.
    Ended {
        /// The client.
        client: SocketAddr,
        /// The relayed address.
        relayed: SocketAddr,
        /// Why.
        reason: EndReason,
    },
    /// A client lets a peer in; refreshing tells nothing.
    Permitted {
        /// The client.
        client: SocketAddr,
        /// The peer.
        peer: IpAddr,
    },
    /// A client bound a channel; refreshing tells nothing.
    ChannelBound {
        /// The client.
        client: SocketAddr,
        /// The peer.
        peer: SocketAddr,
        /// The channel.
        number: ChannelNumber,
    },
    /// A request was answered with an error.
    Rejected {
        /// The client.
        client: SocketAddr,
        /// What it asked for.
        method: Method,
        /// The error code.
        code: u16,
    },
    /// An address to listen at could not be bound.
    NotListening {
        /// The address.
        address: SocketAddr,
    },
}

/// Why a relayed address is no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// Nobody refreshed it.
    Expired,
    /// The client gave it back.
    Deleted,
}

/// Why a datagram or a notice meant nothing to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServerDiscard {
    /// It is neither a STUN message nor ChannelData, or not a whole one.
    Malformed,
    /// It is a STUN message that a server does not expect.
    Unexpected,
    /// Data from a client without an allocation (RFC 8656 section 5).
    NoAllocation,
    /// Data on a channel that is not bound (RFC 8656 section 12.6).
    UnknownChannel,
    /// Data to or from a peer without permission (RFC 8656 sections 9 and 11.2).
    NoPermission,
    /// Data to a peer that is denied (RFC 8656 section 11.2).
    PeerDenied,
    /// A Send indication without a peer or data, or with an attribute unknown here.
    BadIndication,
    /// Data that fits into no message to the client.
    TooLong,
    /// A copy of an Allocate request whose ports are still being bound.
    AllocateInProgress,
    /// Something at a port that is reserved, or was relayed a moment ago.
    NoSuchRelay,
    /// An ICMP error about what was sent to a client, or to a peer without permission.
    UselessIcmp,
    /// A notice about something that the server never asked for.
    StrangeNotice,
}
