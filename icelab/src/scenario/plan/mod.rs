//! One runnable case: everything a world needs, checked and resolved, with no text left to read.
//!
//! Names are unique over gateways, servers and peers, and every name that appears in a plan exists in
//! it. Gateways are listed outermost first, so building them in order always finds their uplink.
//!
//! The network is here; `call`: who calls whom; `event`: what happens on the way; `expectation`: what must hold.

mod call;
mod event;
mod expectation;

use core::time::Duration;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use icelab_sim::link::LinkConfig;
use icelab_sim::packet::Prefix;
use icelab_sim::topology::Families;
use icelab_sim::{firewall, nat};
use indexmap::IndexMap;

pub use call::{
    Amount, Call, Channel, OnDisconnected, Outage, Policy, Roles, Send, Side, Signalling,
};
pub use event::{Action, DropRule, Event, PacketKind};
pub use expectation::{
    CandidateKind, Carried, Connected, Delivered, Expectation, Path, Reconnected, Selected,
    SweepExpectation,
};

/// One case of a scenario file, ready to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The file, as the user named it.
    pub file: String,
    /// The matrix variables of this case, as shown in results; empty without a matrix.
    pub case: IndexMap<String, String>,
    /// The seed of every random draw in this case.
    pub seed: u64,
    /// The simulated time after which the run stops at the latest.
    pub limit: Duration,
    /// What drives the simulation.
    pub runtime: Runtime,
    /// The question that the file asks.
    pub asks: Option<String>,
    /// What routes, outermost first.
    pub gateways: Vec<Gateway>,
    /// STUN and TURN servers, in the file's order.
    pub servers: Vec<Server>,
    /// The ends of calls, in the file's order.
    pub peers: Vec<Peer>,
    /// The one call of the case.
    pub call: Call,
    /// What happens on the way, sorted by time (the file's order where times are equal).
    pub events: Vec<Event>,
    /// What must hold, already narrowed to this case, sorted by time (those at the end last).
    pub expectations: Vec<Expectation>,
}

impl Plan {
    /// The gateway of that name.
    #[must_use]
    pub fn gateway(&self, name: &str) -> Option<&Gateway> {
        self.gateways.iter().find(|gateway| gateway.name == name)
    }

    /// The server of that name.
    #[must_use]
    pub fn server(&self, name: &str) -> Option<&Server> {
        self.servers.iter().find(|server| server.name == name)
    }

    /// The peer of that name.
    #[must_use]
    pub fn peer(&self, name: &str) -> Option<&Peer> {
        self.peers.iter().find(|peer| peer.name == name)
    }

    /// The matrix values in one line, such as `a=symmetric b=full_cone`; empty without a matrix.
    #[must_use]
    pub fn case_label(&self) -> String {
        let values: Vec<String> =
            self.case.iter().map(|(name, value)| format!("{name}={value}")).collect();
        values.join(" ")
    }
}

/// What drives the simulation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Runtime {
    /// The loop that jumps from event to event.
    #[default]
    Native,
}

/// What lies on the internet side of a node's cable.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Behind {
    /// The node has a public address of its own.
    #[default]
    Internet,
    /// The node is inside this gateway.
    Gateway(String),
}

/// A node that routes: NAT, firewall, or both.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Its name in the file.
    pub name: String,
    /// What it is connected to.
    pub behind: Behind,
    /// Its cable towards `behind`.
    pub link: LinkConfig,
    /// What its NAT does with IPv4; `None` routes.
    pub nat: Option<nat::Config>,
    /// The preset that its NAT is, where it is one.
    pub nat_preset: Option<String>,
    /// What it lets through; `None` lets everything through.
    pub firewall: Option<firewall::Config>,
    /// The preset that its firewall is, where it is one.
    pub firewall_preset: Option<String>,
    /// The IPv4 range of its inside; `None`: assigned (private behind a NAT, public otherwise).
    pub inside_v4: Option<Prefix>,
    /// The IPv6 range of its inside; `None`: assigned.
    pub inside_v6: Option<Prefix>,
    /// Its outside addresses; empty: one per family, assigned.
    pub outside: Vec<IpAddr>,
    /// Which families it routes.
    pub families: Families,
}

/// A box that serves STUN, TURN or both.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its name in the file.
    pub name: String,
    /// Its one interface.
    pub interface: Interface,
    /// STUN on udp 3478.
    pub stun: Option<Stun>,
    /// TURN on udp 3478.
    pub turn: Option<Turn>,
}

/// What a STUN server does beyond answering Binding requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stun {}

/// What a TURN server allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// How clients may reach it.
    pub transports: Vec<Transport>,
    /// Who may allocate: user names with their passwords; never empty.
    pub users: IndexMap<String, String>,
    /// The realm of its long-term credentials.
    pub realm: String,
    /// How many allocations one user may hold; `None`: as many as they like.
    pub quota: Option<u32>,
    /// The longest lifetime of an allocation; `None`: the server's default.
    pub lifetime: Option<Duration>,
    /// After how long a nonce is stale; `None`: the server's default.
    pub nonce_lifetime: Option<Duration>,
}

impl Turn {
    /// The user name and password with which `peer` asks: its own where `users` has its name, else the first.
    #[must_use]
    pub fn credentials_for(&self, peer: &str) -> Option<(&str, &str)> {
        self.users
            .get_key_value(peer)
            .or_else(|| self.users.first())
            .map(|(user, password)| (user.as_str(), password.as_str()))
    }
}

/// How packets travel to a TURN server, or for a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
}

/// One end of a call.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its name in the file.
    pub name: String,
    /// Its interfaces, at least one, in the file's order.
    pub interfaces: Vec<Interface>,
    /// Its ICE options.
    pub ice: IceOptions,
    /// How its DTLS handshakes go.
    pub handshake: icelab_peer::Handshake,
}

/// One interface of a peer or server.
#[derive(Clone, Debug)]
pub struct Interface {
    /// What it is connected to.
    pub behind: Behind,
    /// Its cable towards `behind`.
    pub link: LinkConfig,
    /// Which families it speaks there.
    pub families: Families,
    /// Its IPv4 address; `None`: assigned.
    pub address_v4: Option<Ipv4Addr>,
    /// Its IPv6 address; `None`: assigned.
    pub address_v6: Option<Ipv6Addr>,
}

/// How a peer's ICE agent behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IceOptions {
    /// ICE-lite (RFC 8445 section 2.5): answers checks and sends none.
    pub lite: bool,
    /// How it nominates when controlling.
    pub nomination: Nomination,
}

/// How a controlling agent nominates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nomination {
    /// Check first, then nominate the best valid pair (RFC 8445 section 8.1.1).
    #[default]
    Regular,
    /// As `Regular`, and again whenever a better pair appears (draft-thatcher-ice-renomination).
    Renomination,
    /// USE-CANDIDATE in every check (RFC 5245 section 8.1.1.2), as old peers do.
    Aggressive,
}

/// The cable of a node towards the internet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cable {
    /// Whose cable.
    pub node: String,
    /// What it leads to; a peer may have several.
    pub towards: Behind,
}
