//! The rules of a firewall.

use core::ops::RangeInclusive;
use core::time::Duration;

use crate::packet::{Prefix, Protocol};

/// What a firewall does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Asked in order; the first that matches a packet decides.
    pub rules: Vec<Rule>,
    /// What happens to packets towards the outside that no rule matches.
    pub otherwise_out: Action,
    /// What happens to packets towards the inside that no rule matches.
    pub otherwise_in: Action,
    /// Whether the answers to a packet that was allowed are allowed too, without asking the rules.
    pub is_stateful: bool,
    /// How long a conversation is remembered after its last packet (RFC 6092 section 3.2.1: at least 2 minutes for UDP).
    pub timeout: Duration,
}

impl Default for Config {
    /// Everything may go out, only answers may come in.
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            otherwise_out: Action::Allow,
            otherwise_in: Action::Drop,
            is_stateful: true,
            timeout: Duration::from_secs(300),
        }
    }
}

/// What happens to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It passes.
    Allow,
    /// It vanishes.
    Drop,
    /// It vanishes, and its sender is told "administratively prohibited".
    Reject,
}

/// Which way a packet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// From the inside to the outside.
    Out,
    /// From the outside to the inside.
    In,
}

/// One rule: what it leaves open matches everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What happens to packets that match.
    pub action: Action,
    /// Which way they go.
    pub direction: Option<Direction>,
    /// What they carry.
    pub protocol: Option<Protocol>,
    /// Their source is in one of these ranges; none: anywhere.
    pub from: Vec<Prefix>,
    /// Their destination is in one of these ranges; none: anywhere.
    pub to: Vec<Prefix>,
    /// Their source port.
    pub from_port: Option<RangeInclusive<u16>>,
    /// Their destination port.
    pub to_port: Option<RangeInclusive<u16>>,
    /// What their bytes look like.
    pub looks_like: Option<LooksLike>,
}

impl Rule {
    /// A rule that matches everything.
    pub fn new(action: Action) -> Self {
        Self {
            action,
            direction: None,
            protocol: None,
            from: Vec::new(),
            to: Vec::new(),
            from_port: None,
            to_port: None,
            looks_like: None,
        }
    }
}

/// What a payload looks like, judged from its first bytes (RFC 7983 for UDP).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LooksLike {
    /// STUN and TURN messages, with their magic cookie.
    Stun,
    /// A TURN channel message.
    TurnChannel,
    /// A DTLS record.
    Dtls,
    /// RTP or RTCP, plain or secured.
    Rtp,
    /// QUIC.
    Quic,
    /// DNS.
    Dns,
    /// A TLS record.
    Tls,
    /// An HTTP/1 request or response.
    Http,
}
