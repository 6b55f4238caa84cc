//! The builder: a network, who is on it, a call, events, and what is expected.

use core::time::Duration;

use icelab_peer::Handshake;
use icelab_sim::{HostConfig, Level, Network, NodeId};

use super::error::WorldError;
use super::outcome::Outcome;
use super::run::Run;
use crate::scenario::plan::{
    Action, Call, Event, Expectation, IceOptions, OnDisconnected, Roles, Side, Signalling, Stun,
    Turn,
};

/// A simulated internet with peers and servers on it, ready to run.
///
/// A scenario file compiles into the very same calls.
///
/// ```no_run
/// use icelab::World;
/// use icelab_sim::{GatewayConfig, HostConfig, Network};
///
/// let mut network = Network::new();
/// network.gateway("home", GatewayConfig::router());
/// let mut world = World::new(network, 1);
/// world.stun_server("stun", HostConfig::behind("internet"));
/// world.peer("alice", HostConfig::behind("home"));
/// world.peer("bob", HostConfig::behind("internet"));
/// world.call(World::call_between("alice", "bob", &["stun"]));
/// let outcome = world.run()?;
/// println!("{:?}", outcome.path);
/// # Ok::<(), icelab::WorldError>(())
/// ```
#[derive(Clone, Debug)]
pub struct World {
    pub(super) network: Network,
    pub(super) seed: u64,
    pub(super) limit: Duration,
    pub(super) level: Level,
    pub(super) servers: Vec<ServerSpec>,
    pub(super) peers: Vec<PeerSpec>,
    pub(super) call: Option<Call>,
    pub(super) events: Vec<Event>,
    pub(super) expectations: Vec<Expectation>,
}

/// A server that was added.
#[derive(Clone, Debug)]
pub(super) struct ServerSpec {
    pub(super) name: String,
    pub(super) node: NodeId,
    pub(super) stun: Option<Stun>,
    pub(super) turn: Option<Turn>,
}

/// A peer that was added.
#[derive(Clone, Debug)]
pub(super) struct PeerSpec {
    pub(super) name: String,
    pub(super) node: NodeId,
    pub(super) ice: IceOptions,
    pub(super) handshake: Handshake,
}

impl World {
    /// A world on this network; every random draw in it follows from the seed.
    #[must_use]
    pub const fn new(network: Network, seed: u64) -> Self {
        Self {
            network,
            seed,
            limit: Duration::from_secs(60),
            level: Level::Hash,
            servers: Vec::new(),
            peers: Vec::new(),
            call: None,
            events: Vec::new(),
            expectations: Vec::new(),
        }
    }

    /// The network, to add gateways to.
    pub const fn network(&mut self) -> &mut Network {
        &mut self.network
    }

    /// Ends the run after this much simulated time at the latest; 60 s unless said otherwise.
    pub const fn limit(&mut self, limit: Duration) -> &mut Self {
        self.limit = limit;
        self
    }

    /// How much of the record is kept; its hash alone unless said otherwise.
    pub const fn record(&mut self, level: Level) -> &mut Self {
        self.level = level;
        self
    }

    /// Adds a box that answers STUN Binding requests on udp 3478.
    pub fn stun_server(&mut self, name: &str, host: HostConfig) -> &mut Self {
        self.server(name, host, Some(Stun::default()), None)
    }

    /// Adds a box that relays on udp 3478.
    pub fn turn_server(&mut self, name: &str, host: HostConfig, turn: Turn) -> &mut Self {
        self.server(name, host, None, Some(turn))
    }

    /// Adds a box that serves STUN, TURN, or both.
    pub fn server(
        &mut self,
        name: &str,
        host: HostConfig,
        stun: Option<Stun>,
        turn: Option<Turn>,
    ) -> &mut Self {
        let node = self.network.host(name, host);
        self.servers.push(ServerSpec { name: name.to_owned(), node, stun, turn });
        self
    }

    /// Adds an end of a call.
    pub fn peer(&mut self, name: &str, host: HostConfig) -> &mut Self {
        self.peer_with(name, host, IceOptions::default(), Handshake::default())
    }

    /// Adds an end of a call whose ICE agent behaves so, and whose DTLS handshakes go so.
    pub fn peer_with(
        &mut self,
        name: &str,
        host: HostConfig,
        ice: IceOptions,
        handshake: Handshake,
    ) -> &mut Self {
        let node = self.network.host(name, host);
        self.peers.push(PeerSpec { name: name.to_owned(), node, ice, handshake });
        self
    }

    /// Sets the call that begins when the run does.
    pub fn call(&mut self, call: Call) -> &mut Self {
        self.call = Some(call);
        self
    }

    /// A call with the defaults of scenario files, in which both sides ask these servers.
    #[must_use]
    pub fn call_between(offerer: &str, answerer: &str, ice_servers: &[&str]) -> Call {
        let ice_servers: Vec<String> =
            ice_servers.iter().map(|server| (*server).to_owned()).collect();
        let side = Side { ice_servers, ..Side::default() };
        Call {
            offerer: offerer.to_owned(),
            answerer: answerer.to_owned(),
            trickle: true,
            offerer_side: side.clone(),
            answerer_side: side,
            on_disconnected: OnDisconnected::RestartIce { after: Duration::from_secs(5) },
            signalling: Signalling { delay: Duration::from_millis(20), outages: Vec::new() },
            roles: Roles::Standard,
            data: Vec::new(),
        }
    }

    /// Lets something happen at a time since the start of the run.
    pub fn at(&mut self, at: Duration, action: Action) -> &mut Self {
        let after = self.events.partition_point(|event| event.at <= at);
        self.events.insert(after, Event { at, action });
        self
    }

    /// Adds something that must hold.
    pub fn expect(&mut self, expectation: Expectation) -> &mut Self {
        self.expectations.push(expectation);
        self
    }

    /// Runs it.
    ///
    /// # Errors
    /// Where the network cannot be built, something is named that is not there, or something does
    /// not come to rest.
    pub fn run(self) -> Result<Outcome, WorldError> {
        Run::start(self)?.finish()
    }
}
