//! One runnable case: everything a world needs, checked and resolved, with no text left to read.
//!
//! Names are unique over gateways, servers and peers, and every name that appears in a plan exists in
//! it. Gateways are listed outermost first, so building them in order always finds their uplink.

use core::time::Duration;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use icelab_sim::link::{LinkChange, LinkConfig};
use icelab_sim::packet::Prefix;
use icelab_sim::topology::Families;
use icelab_sim::{firewall, nat};
use indexmap::IndexMap;

use super::text::bound::Bound;
use super::text::quantity::{Rate, Share, Size, Time};

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

/// A call between two peers.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who makes the offer.
    pub offerer: String,
    /// Who answers it.
    pub answerer: String,
    /// Whether candidates are signalled as they are found; otherwise after gathering, all at once.
    pub trickle: bool,
    /// What the offerer does.
    pub offerer_side: Side,
    /// What the answerer does.
    pub answerer_side: Side,
    /// What the application does when ICE is disconnected.
    pub on_disconnected: OnDisconnected,
    /// The way of offers, answers and candidates.
    pub signalling: Signalling,
    /// Which ICE roles the sides start with.
    pub roles: Roles,
    /// Its data channels, with labels of their own; empty: it has none.
    pub data: Vec<Channel>,
}

/// A data channel, which the offerer opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its label, and whether it keeps order, gives up, and weighs.
    pub properties: icelab_datachannel::Properties,
    /// What the offerer sends on it, one after the other.
    pub offerer_sends: Vec<Send>,
    /// What the answerer sends on it, one after the other.
    pub answerer_sends: Vec<Send>,
}

/// What one side sends on a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Send {
    /// When it begins, since the start of the run; `None`: once it can.
    pub at: Option<Duration>,
    /// The bytes of a message.
    pub message: u64,
    /// How much is sent.
    pub amount: Amount,
}

impl Send {
    /// The bytes of a message where nothing else is written.
    pub const MESSAGE: u64 = 16 << 10;
    /// What the shortest message needs to say which it is.
    pub const SHORTEST: u64 = 12;
    /// The longest message.
    pub const LONGEST: u64 = 16 << 20;
}

/// How much is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// So many bytes, as fast as the channel takes them.
    Bytes(u64),
    /// As much as the channel takes.
    Saturating {
        /// From the first write; `None`: until the end of the run.
        lasts: Option<Duration>,
    },
    /// Evenly.
    Paced {
        /// Payload bits in a second.
        bits_per_second: u64,
        /// From the first write; `None`: until the end of the run.
        lasts: Option<Duration>,
    },
}

impl Call {
    /// What `peer` does in this call; `None` for one that takes no part.
    #[must_use]
    pub fn side(&self, peer: &str) -> Option<&Side> {
        if peer == self.offerer {
            Some(&self.offerer_side)
        } else if peer == self.answerer {
            Some(&self.answerer_side)
        } else {
            None
        }
    }
}

/// What one side of a call is configured with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// Which candidates it may use.
    pub policy: Policy,
    /// The names of the servers it asks, in order; a box with STUN and TURN is asked for both.
    pub ice_servers: Vec<String>,
}

/// Which candidates a side may use (W3C `iceTransportPolicy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Any.
    #[default]
    All,
    /// Relayed ones only.
    Relay,
}

/// What the application does when ICE is disconnected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDisconnected {
    /// The offerer restarts ICE once the state has lasted this long.
    RestartIce {
        /// How long it waits for ICE to recover by itself.
        after: Duration,
    },
    /// Nothing.
    Nothing,
}

/// The way of offers, answers and candidates between the two applications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signalling {
    /// One-way delay of each message.
    pub delay: Duration,
    /// While one of these lasts, messages wait for its end.
    pub outages: Vec<Outage>,
}

/// A time in which no signalling passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Since the start of the run.
    pub from: Duration,
    /// Since the start of the run; the first instant at which messages pass again.
    pub until: Duration,
}

/// Which ICE roles the two sides start with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Roles {
    /// The offerer controls (or the full agent, where the other is lite): RFC 8445 section 6.1.1.
    #[default]
    Standard,
    /// The answerer controls.
    Swapped,
    /// Both believe that they control: a role conflict (RFC 8445 section 7.3.1.1).
    BothControlling,
    /// Both believe that they are controlled: a role conflict.
    BothControlled,
}

/// Something that happens on the way.
#[derive(Clone, Debug)]
pub struct Event {
    /// When, since the start of the run.
    pub at: Duration,
    /// What.
    pub action: Action,
}

/// What an event does.
#[derive(Clone, Debug)]
pub enum Action {
    /// A gateway loses its NAT and firewall state.
    Reboot {
        /// The gateway.
        gateway: String,
    },
    /// A gateway loses its state and gets other outside addresses.
    Rebind {
        /// The gateway.
        gateway: String,
    },
    /// A cable carries nothing any more, and nobody is told.
    Cut(Cable),
    /// A cable that was cut works again.
    Heal(Cable),
    /// A cable changes.
    Set {
        /// Which cable.
        cable: Cable,
        /// What changes towards the internet.
        up: Box<LinkChange>,
        /// What changes from the internet.
        down: Box<LinkChange>,
    },
    /// From now on, the packets with these numbers among those that match are dropped on their way.
    Drop(DropRule),
    /// A peer restarts ICE.
    RestartIce {
        /// The peer.
        peer: String,
    },
    /// A peer leaves the call.
    Close {
        /// The peer.
        peer: String,
    },
    /// A peer reads its data channels no more.
    Pause {
        /// The peer.
        peer: String,
    },
    /// A peer that paused reads its data channels again.
    Resume {
        /// The peer.
        peer: String,
    },
}

/// The cable of a node towards the internet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cable {
    /// Whose cable.
    pub node: String,
    /// What it leads to; a peer may have several.
    pub towards: Behind,
}

/// Which packets an event drops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropRule {
    /// What they carry.
    pub packet: PacketKind,
    /// The server or peer that sent them; `None`: any.
    pub from: Option<String>,
    /// The server or peer that they are for, whatever NATs it is behind; `None`: any.
    pub to: Option<String>,
    /// Which of those that match, counted from 1 from the event's time on; sorted, never empty.
    pub nth: Vec<u64>,
    /// Whether the case fails where one of them never comes.
    pub must_come: bool,
}

/// What a packet carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketKind {
    /// Anything.
    Any,
    /// A STUN Binding request, nominating or not.
    StunRequest,
    /// A STUN Binding success response.
    StunSuccess,
    /// A STUN Binding error response.
    StunError,
    /// A STUN Binding request with USE-CANDIDATE.
    Nomination,
    /// A STUN Binding request without USE-CANDIDATE.
    PlainRequest,
    /// A TURN request: Allocate, Refresh, CreatePermission or ChannelBind.
    TurnRequest,
    /// An answer to a TURN request, success or error.
    TurnResponse,
    /// A piece of a DTLS handshake.
    DtlsHandshake,
    /// Application data in DTLS; in 1.3 that cannot be told from ACKs and key updates.
    Data,
}

/// What must hold in this case.
#[derive(Clone, Debug, Default)]
pub struct Expectation {
    /// Judged at this time; `None`: when the run ends.
    pub at: Option<Duration>,
    /// Whether, and how soon, both sides are connected.
    pub connected: Option<Connected>,
    /// Any of these paths; empty: not asked.
    pub path: Vec<Path>,
    /// Any of these maps holds: for each peer named, any of these as its selected local candidate.
    /// Empty: not asked.
    pub selected: Vec<IndexMap<String, Vec<Selected>>>,
    /// How soon authenticated traffic flows both ways again after the latest event before this.
    pub reconnected: Option<Reconnected>,
    /// Any of these versions of DTLS was agreed on; empty: not asked.
    pub dtls: Vec<icelab_dtls::Version>,
    /// What channels carry, by label.
    pub data: IndexMap<String, Carried>,
}

/// What a channel carries in each direction in which something is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// How much of what was sent has arrived.
    pub delivered: Option<Delivered>,
    /// Payload from the first write to the last delivery.
    pub goodput: Option<Bound<Rate>>,
    /// Whether messages arrived in order.
    pub ordered: Option<bool>,
}

/// How much has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// A share of the messages.
    Share(Bound<Share>),
    /// Bytes of payload.
    Bytes(Bound<Size>),
}

/// Whether both sides are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connected {
    /// `false`: at the time of judging they are not (without `at`: they never were).
    No,
    /// `true`: at the time of judging they are.
    Yes,
    /// They were connected no later than this after the start of the call.
    Within(Duration),
}

/// How soon traffic flows again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconnected {
    /// `false`: it does not.
    No,
    /// No later than this after the latest event before.
    Within(Duration),
}

impl Reconnected {
    /// What the time is measured to.
    pub const RESOLUTION: Duration = Duration::from_millis(100);
}

/// Which kind of path a call takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Path {
    /// Neither side's selected candidate is relayed.
    Direct,
    /// Either side's selected candidate is relayed.
    Relayed,
    /// The call never connects.
    None,
}

/// A kind of local candidate with its transport, such as `srflx/udp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Selected {
    /// Its type.
    pub kind: CandidateKind,
    /// Its transport; for a relayed one, the way to the server.
    pub transport: Transport,
}

/// The type of a candidate (RFC 8445 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CandidateKind {
    /// `host`.
    Host,
    /// `srflx`.
    ServerReflexive,
    /// `prflx`.
    PeerReflexive,
    /// `relay`.
    Relayed,
}

/// What all seeds of one case must show together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepExpectation {
    /// Bounds on the time within which half of the runs connect; a run that does not connect takes for ever.
    pub p50: Option<Bound<Time>>,
    /// Bounds on the time within which 95 % of the runs connect.
    pub p95: Option<Bound<Time>>,
    /// Bounds on the time within which all runs connect.
    pub max: Option<Bound<Time>>,
    /// Bounds on the share of runs that connect.
    pub share: Option<Bound<Share>>,
}
