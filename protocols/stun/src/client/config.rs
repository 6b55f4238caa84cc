//! What a client is told, and what it tells.

use core::time::Duration;
use std::net::SocketAddr;

use crate::credentials::{ClientCredentials, Refusal};
use crate::transaction::Retransmission;

/// The configuration of a [`Client`](crate::Client).
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The socket's own address.
    pub local: SocketAddr,
    /// The server.
    pub server: SocketAddr,
    /// What the server may ask for.
    pub credentials: ClientCredentials,
    /// The text of SOFTWARE.
    pub software: Option<String>,
    /// Whether messages carry FINGERPRINT, and answers must (RFC 8489 section 7).
    pub with_fingerprint: bool,
    /// How often and how long to try.
    pub retransmission: Retransmission,
    /// How to keep the mapping alive.
    pub keepalive: Keepalive,
    /// Whether to follow ALTERNATE-SERVER.
    pub redirects: Redirects,
}

impl ClientConfig {
    /// No credentials, no keepalive, no fingerprint, RFC 8489's times.
    #[must_use]
    pub fn new(local: SocketAddr, server: SocketAddr) -> Self {
        Self {
            local,
            server,
            credentials: ClientCredentials::None,
            software: None,
            with_fingerprint: false,
            retransmission: Retransmission::default(),
            keepalive: Keepalive::None,
            redirects: Redirects::Authenticated,
        }
    }
}

/// How a mapping is kept alive once it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keepalive {
    /// Not at all.
    #[default]
    None,
    /// By a binding request every so often, which also shows whether the mapping changed.
    Request(Duration),
    /// By a binding indication every so often, which nobody answers.
    Indication(Duration),
}

/// Whether error 300 sends the client elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Redirects {
    /// Never: it is a failure.
    Never,
    /// Where the response's integrity was checked, as RFC 8489 section 14.8 demands.
    #[default]
    Authenticated,
    /// Always: for servers without credentials, as RFC 8489 section 10 allows.
    Any,
}

/// What a client tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientEvent {
    /// The mapped address is known, or is another than before.
    Mapped {
        /// The server that said so.
        server: SocketAddr,
        /// The reflexive transport address.
        mapped: SocketAddr,
        /// How long the answer took, where only one request was sent.
        rtt: Option<Duration>,
    },
    /// The server sends the client to another one, and it goes.
    Redirected {
        /// The other server.
        server: SocketAddr,
        /// The name that must be in the other server's certificate.
        domain: Option<String>,
    },
    /// The server could not be made to answer; the client has stopped.
    Failed {
        /// The server.
        server: SocketAddr,
        /// Why.
        reason: Failure,
    },
}

/// Why a client stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nobody answered.
    TimedOut,
    /// All answers were discarded for their integrity (RFC 8489 sections 9.1.4 and 9.2.5).
    IntegrityViolated,
    /// A hard ICMP error came back.
    Unreachable,
    /// The credentials did not serve.
    Refused(Refusal),
    /// The server answered with this error code.
    Error(u16),
    /// The server did not understand these attributes (420).
    UnknownAttributes(Vec<u16>),
    /// The answer held comprehension-required attributes that are not known here, or lacked what
    /// it must hold (RFC 8489 sections 6.3.3 and 6.3.4).
    Incomprehensible,
    /// The server sent the client to one that it had asked within the last five minutes (RFC
    /// 8489 section 10).
    RedirectLoop,
}
