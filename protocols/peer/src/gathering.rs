//! Gathering candidates (RFC 8445 section 5.1.1): questions to servers, their answers, and an end.
//!
//! 1. Every usable interface address gets a socket per component; each is a host candidate.
//! 2. Through each socket every server is asked, one new transaction per Ta.
//! 3. A mapped address is a server-reflexive candidate, a lent one a relayed candidate.
//! 4. When nothing is left to hear, or the time is over, gathering is done.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use icelab_ice as ice;
use icelab_sans_io::{Deadline, Instant};
use icelab_stun as stun;
use icelab_stun::attribute::Family;
use icelab_turn as turn;

use crate::config::{IceServer, Policy};
use crate::event::{Event, GatheringFailure};
use crate::peer::Peer;
use crate::preference::local_preference;
use crate::socket::{Base, Lease, Progress, Query, Question, SocketState, Start};

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

    /// Lines up the questions to the servers of the socket's family.
    pub(crate) fn queue_starts(&mut self, base: Base) {
        for (server, ice_server) in self.config.servers.iter().enumerate().take(SERVERS) {
            let question = match ice_server {
                IceServer::Stun { .. } => Question::Binding,
                IceServer::Turn { .. } => Question::Allocation,
            };
            if question == Question::Binding && self.config.policy == Policy::Relay {
                continue;
            }
            if let Some(address) = ice_server.address_for(base.local.ip()) {
                self.starts.push_back(Start { base, server, address, question });
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

    /// Asks a TURN server that lends nothing for what it tells everybody: without a mapped address,
    /// the other side's relay would not let this side in.
    pub(crate) fn ask_for_mapping_instead(&mut self, lease: &Lease) {
        let Lease { base, server, address, .. } = *lease;
        let is_asked = |known: &Query| known.base == base && known.address == address;
        if self.config.policy == Policy::All && !self.queries.iter().any(is_asked) {
            let question = Question::Binding;
            self.starts.push_back(Start { base, server, address, question });
        }
    }

    fn ask(&mut self, start: Start, now: Instant) {
        let Start { base, server, address, question } = start;
        let rng = self.rng.fork("client", self.clients_made);
        let progress = Progress::Asked;
        match (question, self.config.servers.get(server)) {
            (Question::Binding, _) => {
                let mut config = stun::ClientConfig::new(base.local, address);
                // RFC 8445 section 5.1.1.4: candidates are kept alive until ICE has completed.
                config.keepalive = stun::Keepalive::Indication(KEEPALIVE);
                let mut client = stun::Client::new(config, rng);
                client.start(now);
                self.queries.push(Query { base, server, address, progress, client });
            }
            (Question::Allocation, Some(IceServer::Turn { username, password, .. })) => {
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
            (Question::Allocation, Some(IceServer::Stun { .. }) | None) => return,
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

/// The time between two keepalives of a mapping (RFC 8445 section 14.3).
const KEEPALIVE: Duration = Duration::from_secs(15);
/// How many servers are asked.
const SERVERS: usize = 16;
