//! `firewall:`: a preset, or a list of rules of which the first match wins.

use crate::scenario::text::decode::{At, HasPresets, NameOr, OneOrMany, grammar, words};

use super::range::Ports;

/// A preset's name, or rules. What no rule matches: out passes, in only answers.
pub type Firewall = NameOr<Vec<At<Rule>>>;

grammar! {
    /// One of `allow`, `drop` and `reject` with a protocol, and what narrows it down.
    Rule, "a firewall rule" {
        /// Packets of this protocol pass.
        allow: ProtocolWord,
        /// Packets of this protocol vanish.
        drop: ProtocolWord,
        /// Packets of this protocol vanish, and their sender is told.
        reject: ProtocolWord,
        /// Only packets that go this way.
        direction: DirectionWord,
        /// Only from these addresses or ranges.
        from: OneOrMany<String>,
        /// Only to these addresses or ranges.
        to: OneOrMany<String>,
        /// Only from this port, or these: `1024..65535`.
        from_port: Ports,
        /// Only to this port, or these: `1024..65535`.
        to_port: Ports,
        /// Only packets whose bytes look like this. A rule that drops by it drops each such UDP packet, also of a conversation
        /// that another rule let begin.
        looks_like: LooksLikeWord,
    }
}

words! {
    /// What packets carry.
    ProtocolWord, "protocol" {
        /// Anything.
        Any = "any",
        /// UDP.
        Udp = "udp",
        /// TCP.
        Tcp = "tcp",
        /// ICMP.
        Icmp = "icmp",
    }
}

words! {
    /// Which way packets go.
    DirectionWord, "direction" {
        /// From the inside to the outside.
        Out = "out",
        /// From the outside to the inside.
        In = "in",
    }
}

words! {
    /// What a payload looks like, judged from its first bytes.
    LooksLikeWord, "look of a packet" {
        /// STUN and TURN messages.
        Stun = "stun",
        /// A TURN channel message.
        TurnChannel = "turn_channel",
        /// A DTLS record.
        Dtls = "dtls",
        /// RTP or RTCP.
        Rtp = "rtp",
        /// QUIC.
        Quic = "quic",
        /// DNS.
        Dns = "dns",
        /// A TLS record.
        Tls = "tls",
        /// An HTTP/1 request or response.
        Http = "http",
    }
}

impl HasPresets for Vec<At<Rule>> {
    const IS_OPEN: bool = false;
    fn names() -> Vec<&'static str> {
        crate::presets::firewall_names()
    }
}
