//! Sockets as words.
//!
//! A layer that opens sockets says what it wants as a [`Request`] and hears what came of it as a
//! [`Notice`]. The simulator, turmoil and real sockets all speak these words, so a layer cannot
//! tell which of them it runs on.

use core::net::{IpAddr, SocketAddr};

/// The two bits of congestion notification in the IP header (RFC 3168 section 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ecn {
    /// The sender does not take part: `00`.
    #[default]
    NotEct,
    /// The sender takes part: `01`.
    Ect1,
    /// The sender takes part: `10`.
    Ect0,
    /// A router on the way was congested: `11`.
    Ce,
}

impl Ecn {
    /// The two bits, in the low end of a byte.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Self::NotEct => 0b00,
            Self::Ect1 => 0b01,
            Self::Ect0 => 0b10,
            Self::Ce => 0b11,
        }
    }

    /// What the low two bits of `bits` mean.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        match bits & 0b11 {
            0b00 => Self::NotEct,
            0b01 => Self::Ect1,
            0b10 => Self::Ect0,
            _ => Self::Ce,
        }
    }
}

/// A UDP datagram, with what of the IP header concerns its sender or receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Where it comes from. On one to be sent: the local socket.
    pub source: SocketAddr,
    /// Where it goes. On one that arrived: the local socket.
    pub destination: SocketAddr,
    /// Congestion notification.
    pub ecn: Ecn,
    /// How many routers it may still pass.
    pub ttl: u8,
    /// Whether routers must refuse it rather than cut it into fragments.
    pub dont_fragment: bool,
    /// What it carries.
    pub payload: Vec<u8>,
}

impl Datagram {
    /// How many routers a fresh datagram may pass (RFC 1700's recommendation).
    pub const TTL: u8 = 64;

    /// A datagram with the usual header: no congestion notification, a full TTL, may be
    /// fragmented.
    #[must_use]
    pub const fn new(source: SocketAddr, destination: SocketAddr, payload: Vec<u8>) -> Self {
        let (ecn, ttl, dont_fragment) = (Ecn::NotEct, Self::TTL, false);
        Self { source, destination, ecn, ttl, dont_fragment, payload }
    }
}

/// How bytes travel between two addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
}

/// The name of a stream. Whoever connects chooses it, unique among its own; the runtime chooses it
/// for a stream that was accepted, from the upper half of the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stream(pub u64);

/// Something that was opened and can be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Socket {
    /// A UDP socket, by its local address.
    Udp(SocketAddr),
    /// A TCP listener, by its local address.
    Listener(SocketAddr),
    /// A TCP stream.
    Stream(Stream),
}

/// What a layer asks of its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Open a UDP socket. Port 0 means any free one. Answered by [`Notice::Bound`] or
    /// [`Notice::Refused`].
    Bind {
        /// The local address.
        local: SocketAddr,
    },
    /// Send a datagram from a bound socket. Lost without a word where it is not bound.
    Send(Datagram),
    /// Accept streams. Answered by [`Notice::Bound`] or [`Notice::Refused`].
    Listen {
        /// The local address.
        local: SocketAddr,
    },
    /// Open a stream. Answered by [`Notice::Opened`] or [`Notice::Refused`].
    Connect {
        /// Its name from now on.
        stream: Stream,
        /// The local address; port 0 means any free one.
        local: SocketAddr,
        /// To whom.
        remote: SocketAddr,
    },
    /// Write to a stream, at most as much as [`Notice::Writable`] allowed.
    Write {
        /// Which stream.
        stream: Stream,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Close a socket.
    Close(Socket),
}

/// What a host tells a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A datagram arrived on a bound socket.
    Datagram(Datagram),
    /// A socket or listener is open.
    Bound {
        /// The address that was asked for.
        requested: SocketAddr,
        /// The address that it has.
        local: SocketAddr,
    },
    /// A request could not be met.
    Refused {
        /// What was to be opened.
        socket: Socket,
        /// Why it was not.
        reason: Refusal,
    },
    /// A stream is open: one that was asked for, or one that a listener accepted.
    Opened {
        /// Its name.
        stream: Stream,
        /// The local address.
        local: SocketAddr,
        /// The other end.
        remote: SocketAddr,
    },
    /// Bytes arrived on a stream, in order.
    Bytes {
        /// Which stream.
        stream: Stream,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// So many more bytes may be written to a stream.
    Writable {
        /// Which stream.
        stream: Stream,
        /// How many bytes, on top of what is left of earlier credit.
        credit: usize,
    },
    /// A stream has ended.
    Closed {
        /// Which stream.
        stream: Stream,
        /// How.
        reason: Closing,
    },
    /// The network could not deliver a datagram that a socket of this host sent.
    Icmp(IcmpError),
    /// The host's interfaces, whenever they change, and first of all when the host starts.
    InterfacesChanged(Vec<Interface>),
}

/// Why a socket was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// Another socket has this address.
    AddressInUse,
    /// The host has no such address.
    NoSuchAddress,
    /// Every port is taken.
    NoPortLeft,
    /// No way leads there.
    Unreachable,
    /// The other end said no.
    ConnectionRefused,
    /// This runtime cannot do that.
    Unsupported,
}

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Closing {
    /// Both ends finished.
    Finished,
    /// The other end broke it off.
    Reset,
    /// The other end fell silent.
    TimedOut,
}

/// What an ICMP message said about a datagram that a socket of this host sent (RFC 792, RFC 4443).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IcmpError {
    /// The socket that sent it.
    pub local: SocketAddr,
    /// Where it was to go.
    pub remote: SocketAddr,
    /// Who says so.
    pub from: IpAddr,
    /// What happened to it.
    pub kind: IcmpKind,
}

/// Why a datagram was not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IcmpKind {
    /// No socket listens there.
    PortUnreachable,
    /// No such host.
    HostUnreachable,
    /// No way to that network.
    NetworkUnreachable,
    /// A firewall forbids it.
    AdministrativelyProhibited,
    /// It passed too many routers.
    TimeExceeded,
    /// It is too large for a link on the way and must not be fragmented.
    TooBig {
        /// The largest IP packet, in bytes, that the link carries.
        mtu: u16,
    },
}

/// A network interface of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name, unique on the host.
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ecn_bits_round_trip() {
        for bits in 0..=0b11 {
            assert_eq!(Ecn::from_bits(bits).bits(), bits);
        }
        assert_eq!(Ecn::from_bits(0b1111_1110), Ecn::Ect0);
    }
}
