//! Gathering candidates (RFC 8445 section 5.1.1): sockets, questions to servers, and an end.
//!
//! 1. Every usable interface address gets a socket per component; each is a host candidate.
//! 2. Through each socket every server is asked, one new transaction per Ta.
//! 3. A mapped address is a server-reflexive candidate, a lent one a relayed candidate.
//! 4. When nothing is left to hear, or the time is over, gathering is done.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use icelab_ice as ice;
use icelab_sans_io::net::{Interface, Request, Socket as SocketName};
use icelab_sans_io::{Deadline, Instant};
use icelab_stun as stun;
use icelab_stun::attribute::Family;
use icelab_turn as turn;

use crate::config::{IceServer, Policy};
use crate::discard::Discard;
use crate::event::{Event, GatheringFailure};
use crate::peer::Peer;
use crate::preference::{interleave, local_preference};
use crate::socket::{Base, Lease, Progress, Query, Socket, SocketState, Start};

/// How far the current generation's gathering is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gathering {
    /// Nobody has asked for candidates.
    Idle,
    /// Servers are being asked.
    Running {
        /// When it ends at the latest.
        until: Instant,
        /// When the next transaction may begin.
        next_start: Instant,
    },
    /// Every candidate there will be has been found.
    Done,
}

impl Peer {
    /// Begins to gather for the current generation.
    pub(crate) fn start_gathering(&mut self, now: Instant) {
        self.gathering =
            Gathering::Running { until: now + self.config.gathering_limit, next_start: now };
        self.gathered.clear();
        self.starts.clear();
        self.output.event(Event::GatheringStarted);
        self.open_sockets();
    }

    /// Asks for a socket on every usable address that has none in this generation.
    fn open_sockets(&mut self) {
        let addresses = self.usable_addresses();
        if self.is_closed() {
            return;
        }
        for component in 1..=self.config.ice.components {
            for (rank, address) in addresses.iter().copied().enumerate() {
                let exists = self.sockets.iter().any(|socket| {
                    socket.generation == self.generation
                        && socket.component == component
                        && socket.address() == address
                });
                if !exists {
                    let (generation, state) = (self.generation, SocketState::Binding(address));
                    self.sockets.push(Socket { generation, component, rank, state });
                    self.output.packet(Request::Bind { local: SocketAddr::new(address, 0) });
                }
            }
        }
    }

    /// The interfaces' addresses that candidates may have, in order of preference.
    fn usable_addresses(&self) -> Vec<IpAddr> {
        let interfaces = self.interfaces.iter().flatten();
        let addresses: Vec<IpAddr> = interfaces
            .flat_map(|interface| interface.addresses.iter().copied())
            .filter(is_usable)
            .take(ADDRESSES)
            .collect();
        interleave(&addresses)
    }

    /// Takes the list of interfaces: gone addresses take their sockets with them, and new ones get
    /// sockets, candidates included, while a call is on.
    pub(crate) fn handle_interfaces(&mut self, interfaces: Vec<Interface>, now: Instant) {
        self.interfaces = Some(interfaces);
        let usable = self.usable_addresses();
        let (kept, gone): (Vec<_>, Vec<_>) = core::mem::take(&mut self.sockets)
            .into_iter()
            .partition(|socket| usable.contains(&socket.address()));
        self.sockets = kept;
        let mut told: Vec<IpAddr> = Vec::new();
        for socket in gone {
            if !told.contains(&socket.address()) {
                told.push(socket.address());
                self.output.event(Event::AddressGone(socket.address()));
            }
            if let Some(local) = socket.local() {
                self.drop_socket(local, now);
            }
        }
        match self.gathering {
            Gathering::Idle => {}
            Gathering::Running { .. } => self.open_sockets(),
            Gathering::Done => {
                let before = self.sockets.len();
                self.open_sockets();
                if self.sockets.len() > before {
                    let until = now + self.config.gathering_limit;
                    self.gathering = Gathering::Running { until, next_start: now };
                }
            }
        }
    }

    /// Forgets a socket whose address is gone, with all that went through it.
    fn drop_socket(&mut self, local: SocketAddr, now: Instant) {
        self.starts.retain(|start| start.base.local != local);
        self.queries.retain(|query| query.base.local != local);
        let relayed: Vec<SocketAddr> = (self.leases.iter())
            .filter(|lease| lease.base.local == local)
            .flat_map(|lease| lease.relayed.iter().copied())
            .collect();
        self.leases.retain(|lease| lease.base.local != local);
        for base in relayed.into_iter().chain([local]) {
            self.agent.remove_base(base, now);
        }
        self.output.packet(Request::Close(SocketName::Udp(local)));
    }

    /// Takes a socket that was asked for: a host candidate, and a way to the servers.
    pub(crate) fn handle_bound(&mut self, requested: SocketAddr, local: SocketAddr, now: Instant) {
        let waiting = SocketState::Binding(requested.ip());
        let Some(socket) = self.sockets.iter_mut().find(|socket| socket.state == waiting) else {
            self.discards.count(Discard::NotAskedFor);
            self.output.packet(Request::Close(SocketName::Udp(local)));
            return;
        };
        socket.state = SocketState::Open(local);
        let Socket { generation, component, rank, .. } = *socket;
        if generation != self.generation || self.is_closed() {
            self.retire(local, now);
            return;
        }
        let base = Base { local, generation, component, rank };
        if self.config.policy == Policy::All {
            let found = Found { kind: ice::CandidateKind::Host, address: local, related: None };
            self.add_candidate(base, found, None, now);
        }
        if !self.config.ice.lite {
            self.queue_starts(base);
        }
    }

    /// Takes note that a socket will not open.
    pub(crate) fn handle_refused(&mut self, name: SocketName) {
        let SocketName::Udp(requested) = name else {
            self.discards.count(Discard::NoStream);
            return;
        };
        let waiting = SocketState::Binding(requested.ip());
        let Some(index) = self.sockets.iter().position(|socket| socket.state == waiting) else {
            self.discards.count(Discard::NotAskedFor);
            return;
        };
        self.sockets.remove(index);
        let reason = GatheringFailure::NoSocket;
        self.output.event(Event::GatheringFailed { local: requested, server: None, reason });
    }

    /// Lines up the questions to the servers of the socket's family.
    fn queue_starts(&mut self, base: Base) {
        for (server, ice_server) in self.config.servers.iter().enumerate().take(SERVERS) {
            let stun = matches!(ice_server, IceServer::Stun { .. });
            if stun && self.config.policy == Policy::Relay {
                continue;
            }
            if let Some(address) = ice_server.address_for(base.local.ip()) {
                self.starts.push_back(Start { base, server, address });
            }
        }
    }

    /// Begins the transactions whose turn it is, and ends gathering when its time is over.
    pub(crate) fn handle_gathering_timeout(&mut self, now: Instant) {
        if let Gathering::Running { until, .. } = self.gathering
            && until <= now
        {
            self.give_up_gathering(now);
        }
    }

    /// Begins the next transaction if its turn has come (RFC 8445 section 14.2).
    pub(crate) fn pace_starts(&mut self, now: Instant) {
        while let Gathering::Running { until, next_start } = self.gathering
            && next_start <= now
            && let Some(start) = self.starts.pop_front()
        {
            self.gathering = Gathering::Running { until, next_start: now + self.config.pacing };
            self.ask(start, now);
        }
    }

    fn ask(&mut self, start: Start, now: Instant) {
        let Start { base, server, address } = start;
        let rng = self.rng.fork("client", self.clients_made);
        let progress = Progress::Asked;
        match self.config.servers.get(server) {
            Some(IceServer::Stun { .. }) => {
                let mut config = stun::ClientConfig::new(base.local, address);
                // RFC 8445 section 5.1.1.4: candidates are kept alive until ICE has completed.
                config.keepalive = stun::Keepalive::Indication(KEEPALIVE);
                let mut client = stun::Client::new(config, rng);
                client.start(now);
                self.queries.push(Query { base, server, address, progress, client });
            }
            Some(IceServer::Turn { username, password, .. }) => {
                let families = self.families(server, base.local.ip());
                let mut config = turn::client::ClientConfig::new(
                    base.local,
                    address,
                    username,
                    password.as_str(),
                );
                config.families = families;
                config.channels = turn::client::ChannelPolicy::OnRequest;
                let mut client = turn::Client::new(config, rng);
                client.allocate(now).expect("a new client that asks for no pair of ports");
                let relayed = Vec::new();
                self.leases.push(Lease { base, server, address, progress, relayed, client });
            }
            None => return,
        }
        self.clients_made += 1;
    }

    /// Which relayed addresses to ask for: the socket's own family, and the other one too where no
    /// socket can ask that server for it (RFC 8656 section 7.1), so that a host with one family
    /// reaches peers that have only the other.
    fn families(&self, server: usize, local: IpAddr) -> turn::client::Families {
        let other_asks = self.usable_addresses().iter().any(|address| {
            let server = self.config.servers.get(server);
            address.is_ipv4() != local.is_ipv4()
                && server.is_some_and(|server| server.address_for(*address).is_some())
        });
        match (other_asks, local) {
            (false, _) => turn::client::Families::Both,
            (true, IpAddr::V4(_)) => turn::client::Families::One(Family::V4),
            (true, IpAddr::V6(_)) => turn::client::Families::One(Family::V6),
        }
    }

    /// Hands a candidate to the agent, and signals it unless it is redundant.
    pub(crate) fn add_candidate(
        &mut self,
        base: Base,
        found: Found,
        server: Option<(usize, SocketAddr)>,
        now: Instant,
    ) {
        if base.generation != self.generation {
            return;
        }
        let Found { kind, address, related } = found;
        let is_relayed = kind == ice::CandidateKind::Relayed;
        let own_base = if is_relayed { address } else { base.local };
        let place = server.map_or(0, |(place, _)| place);
        let local = ice::LocalCandidate {
            component: base.component,
            kind,
            transport: icelab_sans_io::net::Transport::Udp,
            address,
            base: own_base,
            related,
            server: server.map(|(_, address)| address.ip()),
            local_preference: local_preference(base.rank, place, address.ip()),
            relay_transport: is_relayed.then_some(ice::RelayTransport::Udp),
        };
        let Some(candidate) = self.agent.add_local_candidate(local, now) else { return };
        self.gathered.push(candidate.clone());
        self.output.event(Event::CandidateGathered {
            candidate: candidate.clone(),
            base: own_base,
            server: server.map(|(_, address)| address),
        });
        self.signal_candidate(candidate);
    }

    /// Takes a mapped address (RFC 8445 section 5.1.1.2).
    pub(crate) fn handle_mapped(
        &mut self,
        base: Base,
        mapped: SocketAddr,
        server: (usize, SocketAddr),
        now: Instant,
    ) {
        if self.config.policy == Policy::All {
            let kind = ice::CandidateKind::ServerReflexive;
            let found = Found { kind, address: mapped, related: Some(base.local) };
            self.add_candidate(base, found, Some(server), now);
        }
    }

    /// Tells that a server gave nothing.
    pub(crate) fn fail(&mut self, base: Base, server: SocketAddr, reason: GatheringFailure) {
        if base.generation == self.generation {
            let server = Some(server);
            self.output.event(Event::GatheringFailed { local: base.local, server, reason });
        }
    }

    /// Stops to wait for whatever has not answered.
    fn give_up_gathering(&mut self, now: Instant) {
        let reason = GatheringFailure::OutOfTime;
        for start in core::mem::take(&mut self.starts) {
            self.fail(start.base, start.address, reason);
        }
        let mut failed = Vec::new();
        for query in &mut self.queries {
            if query.progress == Progress::Asked {
                query.progress = Progress::Failed;
                failed.push((query.base, query.address));
            }
        }
        for lease in &mut self.leases {
            if lease.progress == Progress::Asked {
                lease.progress = Progress::Closing;
                lease.client.close(now);
                failed.push((lease.base, lease.address));
            }
        }
        for (base, address) in failed {
            self.fail(base, address, reason);
        }
        self.queries.retain(|query| query.progress != Progress::Failed);
        self.sockets.retain(|socket| !matches!(socket.state, SocketState::Binding(_)));
    }

    /// Ends gathering once nothing is left to hear.
    pub(crate) fn finish_gathering(&mut self, now: Instant) -> bool {
        let open = self.sockets.iter().any(|socket| {
            socket.generation == self.generation && matches!(socket.state, SocketState::Binding(_))
        });
        let asked = |base: &Base, progress: Progress| {
            base.generation == self.generation && progress == Progress::Asked
        };
        let waits = self.interfaces.is_none()
            || open
            || !self.starts.is_empty()
            || self.queries.iter().any(|query| asked(&query.base, query.progress))
            || self.leases.iter().any(|lease| asked(&lease.base, lease.progress));
        let ends = matches!(self.gathering, Gathering::Running { .. }) && !waits;
        if ends {
            self.gathering = Gathering::Done;
            self.output.event(Event::GatheringDone);
            self.agent.end_of_local_candidates(now);
            self.signal_end_of_gathering(now);
        }
        ends
    }

    /// When gathering next has something to do.
    pub(crate) fn gathering_deadline(&self) -> Option<Deadline> {
        let Gathering::Running { until, next_start } = self.gathering else { return None };
        let limit = Deadline { at: until, timer: "peer.gathering.limit" };
        let start = Deadline { at: next_start, timer: "peer.gathering.start" };
        Deadline::earlier(Some(limit), (!self.starts.is_empty()).then_some(start))
    }
}

/// An address that was found to be one of ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    /// How.
    pub(crate) kind: ice::CandidateKind,
    /// The address.
    pub(crate) address: SocketAddr,
    /// The related address (RFC 8839 section 5.1).
    pub(crate) related: Option<SocketAddr>,
}

/// Whether candidates may be made from an interface address (RFC 8445 section 5.1.1.1): no loopback
/// and no link-local ones, no deprecated kinds of IPv6 address.
fn is_usable(address: &IpAddr) -> bool {
    let refused = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => {
            let first = address.segments()[0];
            let site_local = first & 0xFFC0 == 0xFEC0;
            address.is_unicast_link_local() || site_local || address.to_ipv4_mapped().is_some()
        }
    };
    !(refused || address.is_loopback() || address.is_unspecified() || address.is_multicast())
}

/// The time between two keepalives of a mapping (RFC 8445 section 14.3).
const KEEPALIVE: Duration = Duration::from_secs(15);
/// How many interface addresses are used.
const ADDRESSES: usize = 32;
/// How many servers are asked.
const SERVERS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_link_local_addresses_make_no_candidates() {
        let usable = |text: &str| is_usable(&text.parse().unwrap());
        assert!(usable("192.168.1.10") && usable("2001:db8::1") && usable("fd00::1"));
        for refused in ["127.0.0.1", "169.254.1.1", "::1", "fe80::1", "fec0::1", "::ffff:10.0.0.1"]
        {
            assert!(!usable(refused), "{refused}");
        }
    }
}
