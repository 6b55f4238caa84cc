//! `gateways:`, `servers:` and `peers:`.

use schemars::JsonSchema;
use serde::Serialize;

use super::firewall::Firewall;
use super::link::Link;
use super::nat::Nat;
use crate::scenario::text::decode::{FromNode, Named, OneOrMany, grammar, words};
use crate::scenario::text::fault::Faults;
use crate::scenario::text::node::Node;
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
    }
    later { "tcp", "mdns", "dtls" }
    short "behind"
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
