//! The sockets of a peer, and the clients that ask servers through them.

use core::net::{IpAddr, SocketAddr};

use icelab_stun as stun;
use icelab_turn as turn;

/// One UDP socket: one interface address, one component, one generation of candidates.
#[derive(Debug)]
pub(crate) struct Socket {
    /// Which gathering it belongs to. Each ICE restart opens sockets of its own, so that it does
    /// not hear from mappings that a NAT has forgotten.
    pub(crate) generation: u32,
    /// Which component it carries.
    pub(crate) component: u16,
    /// Its place in the order of preference.
    pub(crate) rank: usize,
    /// How far it is.
    pub(crate) state: SocketState,
}

/// How far a socket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SocketState {
    /// Asked for on this interface address.
    Binding(IpAddr),
    /// Open at this address, the base of its candidates.
    Open(SocketAddr),
    /// Open only until the servers know that it is going.
    Retiring(SocketAddr),
}

impl Socket {
    /// The interface address it stands on.
    pub(crate) const fn address(&self) -> IpAddr {
        match self.state {
            SocketState::Binding(address) => address,
            SocketState::Open(local) | SocketState::Retiring(local) => local.ip(),
        }
    }

    /// The transport address it has, once it is open.
    pub(crate) const fn local(&self) -> Option<SocketAddr> {
        match self.state {
            SocketState::Binding(_) => None,
            SocketState::Open(local) | SocketState::Retiring(local) => Some(local),
        }
    }
}

/// What is known of a socket by whoever gathers through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    /// The socket's transport address.
    pub(crate) local: SocketAddr,
    /// Its generation.
    pub(crate) generation: u32,
    /// Its component.
    pub(crate) component: u16,
    /// Its place in the order of preference.
    pub(crate) rank: usize,
}

/// A question to a server that waits for its turn (RFC 8445 section 14.2).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    /// Who asks.
    pub(crate) base: Base,
    /// Which of the configured servers is asked.
    pub(crate) server: usize,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// What is asked.
    pub(crate) question: Question,
}

/// What a server is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// How it sees the socket.
    Binding,
    /// To lend an address, and how it sees the socket.
    Allocation,
}

/// A STUN client that asks for a mapped address.
#[derive(Debug)]
pub(crate) struct Query {
    /// Who asks.
    pub(crate) base: Base,
    /// Which of the configured servers is asked.
    pub(crate) server: usize,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Whether it has answered.
    pub(crate) progress: Progress,
    /// The client.
    pub(crate) client: stun::Client,
}

/// A TURN client, and what it holds at its server.
#[derive(Debug)]
pub(crate) struct Lease {
    /// Who asks.
    pub(crate) base: Base,
    /// Which of the configured servers is asked.
    pub(crate) server: usize,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Whether it has answered.
    pub(crate) progress: Progress,
    /// The relayed addresses that it holds.
    pub(crate) relayed: Vec<SocketAddr>,
    /// The client.
    pub(crate) client: turn::Client,
}

/// How far a server is with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It has been asked.
    Asked,
    /// It has answered.
    Answered,
    /// It will not answer, or has refused.
    Failed,
    /// What it lent is being given back.
    Closing,
}
