//! `gateways:`, `servers:` and `peers:`.

use schemars::JsonSchema;
use serde::Serialize;

use super::firewall::Firewall;
use super::link::Link;
use super::nat::Nat;
use crate::scenario::text::decode::{FromNode, Named, OneOrMany, grammar, words};
use crate::scenario::text::fault::{Fault, Faults};
use crate::scenario::text::node::{Content, Node};
use crate::scenario::text::quantity::Time;

grammar! {
    /// Whatever routes: NAT, firewall, or both.
    Gateway, "a gateway" {
        /// A preset, or what the NAT does; `none` routes.
        nat: Nat,
        /// A preset, or a list of rules of which the first match wins.
        firewall: Firewall,
        /// The gateway that this one is inside of; default internet.
        behind: String,
        /// The cable towards the internet; default ethernet.
        link: Link,
        /// The range of addresses inside; one per IP version. Ranges of different gateways may overlap.
        inside: OneOrMany<String>,
        /// The addresses outside.
        outside: OneOrMany<String>,
        /// Which IP versions it routes; default `[v4]`, or what the gateway that it is behind routes.
        ip: OneOrMany<String>,
    }
    short "nat"
}

grammar! {
    /// A box that serves STUN, TURN or both.
    Server, "a server" {
        /// STUN on udp 3478.
        stun: Stun,
        /// TURN on udp 3478.
        turn: Turn,
        /// The gateway that it is inside of; default internet.
        behind: String,
        /// The cable towards the internet; default ethernet.
        link: Link,
        /// IP versions (v4, v6) and addresses; default `[v4]`.
        ip: OneOrMany<String>,
    }
    later { "signal", "proxy" }
}

grammar! {
    /// What a STUN server does; nothing to say yet.
    Stun, "`stun`" {
    }
}

grammar! {
    /// What a TURN server allows.
    Turn, "`turn`" {
        /// How clients may reach it; default `[udp]`.
        transports: OneOrMany<TransportWord>,
        /// User names with their passwords. A peer asks as the user of its own name, or else as the first one.
        users: Named<String>,
        /// How many allocations a user may hold.
        quota: u64,
        /// The longest lifetime of an allocation; default 10 min.
        lifetime: Time,
        /// After how long a nonce is stale; default 10 min.
        nonce_lifetime: Time,
        /// The realm of the credentials; default the server's name.
        realm: String,
        /// How users prove who they are; default static.
        credentials: CredentialsWord,
    }
}

words! {
    /// How clients reach a TURN server.
    TransportWord, "transport" {
        /// UDP on port 3478.
        Udp = "udp",
    }
    later { "tcp", "tls" }
}

words! {
    /// How users prove who they are.
    CredentialsWord, "kind of credentials" {
        /// A password for each user.
        Static = "static",
    }
    later { "rest" }
}

grammar! {
    /// One end of a call.
    Peer, "a peer" {
        /// The gateway that it is inside of, or a list of them for several interfaces; default internet.
        behind: OneOrMany<String>,
        /// The cable towards the internet; a list gives each interface its own. Default ethernet.
        link: Links,
        /// IP versions (v4, v6) and addresses; default what its gateway routes.
        ip: OneOrMany<String>,
        /// Whose protocols it runs; default icelab.
        stack: StackWord,
        /// ICE-lite (RFC 8445 section 2.5); default false.
        lite: bool,
        /// How it nominates when it controls; default regular.
        nomination: NominationWord,
        /// The DTLS versions that it speaks (1.2, 1.3), or a map; default both, the newest that both sides speak.
        dtls: Dtls,
    }
    later { "tcp", "mdns" }
    short "behind"
}

/// The versions that a peer speaks, or how its handshakes go.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
#[serde(untagged)]
pub enum Dtls {
    /// The versions.
    Versions(OneOrMany<VersionWord>),
    /// All of it.
    Given(DtlsFields),
}

impl FromNode for Dtls {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        if matches!(node.content, Content::Map(_)) {
            DtlsFields::from_node(node, faults).map(Self::Given)
        } else {
            OneOrMany::from_node(node, faults).map(Self::Versions)
        }
    }
}

grammar! {
    /// How a peer's DTLS handshakes go.
    DtlsFields, "`dtls`" {
        /// The versions that it speaks; default `[1.2, 1.3]`.
        versions: OneOrMany<VersionWord>,
        /// The groups for the key exchange, the best first; default `[x25519, p256, p384, x25519_mlkem768]`.
        groups: OneOrMany<GroupWord>,
        /// For how many of the groups a 1.3 client sends a key share at once; default 1.
        key_shares: u64,
        /// Whether a server asks for a cookie though ICE has checked the address; default false.
        cookie: bool,
    }
}

/// A version of DTLS, which YAML takes for a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum VersionWord {
    /// DTLS 1.2 (RFC 6347).
    #[serde(rename = "1.2")]
    V1_2,
    /// DTLS 1.3 (RFC 9147).
    #[serde(rename = "1.3")]
    V1_3,
}

impl VersionWord {
    /// The version.
    #[must_use]
    pub const fn version(self) -> icelab_dtls::Version {
        match self {
            Self::V1_2 => icelab_dtls::Version::V1_2,
            Self::V1_3 => icelab_dtls::Version::V1_3,
        }
    }
}

impl FromNode for VersionWord {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        let text = node.to_string();
        match text.as_str() {
            "1.2" => Some(Self::V1_2),
            "1.3" => Some(Self::V1_3),
            _ => {
                let fault = Fault::new(node.span, format!("`{text}` is no version of DTLS"));
                faults.push(fault.label("should be 1.2 or 1.3"));
                None
            }
        }
    }
}

impl JsonSchema for VersionWord {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "VersionWord".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "enum": [1.2, 1.3, "1.2", "1.3"] })
    }
}

words! {
    /// A group for the key exchange (RFC 8446 section 4.2.7).
    GroupWord, "group" {
        /// X25519 (RFC 7748).
        X25519 = "x25519",
        /// NIST P-256.
        P256 = "p256",
        /// NIST P-384.
        P384 = "p384",
        /// ML-KEM-768 and X25519 together: post-quantum, 1.3 only; its hello does not fit one datagram.
        X25519Mlkem768 = "x25519_mlkem768",
    }
}

/// One link for all interfaces, or one for each.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
#[serde(transparent)]
pub struct Links(pub OneOrMany<Link>);

impl FromNode for Links {
    fn from_node(node: &Node, faults: &mut Faults) -> Option<Self> {
        OneOrMany::from_node(node, faults).map(Self)
    }
}

words! {
    /// Whose protocols a peer runs.
    StackWord, "stack" {
        /// Those of this project.
        Icelab = "icelab",
    }
}

words! {
    /// How a controlling agent nominates.
    NominationWord, "way of nomination" {
        /// First check, then nominate the best valid pair (RFC 8445 section 8.1.1).
        Regular = "regular",
        /// As regular, and again when a better pair appears.
        Renomination = "renomination",
        /// USE-CANDIDATE in every check (RFC 5245 section 8.1.1.2), as old peers do.
        Aggressive = "aggressive",
    }
}
