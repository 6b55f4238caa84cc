//! The fabric and turmoil, driven tick by tick.

use std::collections::BTreeMap;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use icelab_sans_io::{Instant, Rng};
use icelab_sim::simulation::EndlessWork;
use icelab_sim::topology::NodeKind;
use icelab_sim::{BuildError, Level, Network, NodeId, Simulation, Step};

use crate::host::Host;
use crate::office::{Mailbox, Office};
use crate::tick::Tick;

/// How a lab runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The seed of everything random.
    pub seed: u64,
    /// The longest that the run may last, in simulated time.
    pub limit: Duration,
    /// How much of the record is kept.
    pub level: Level,
}

/// A simulated network whose hosts run tokio code.
///
/// Each tick has three parts: the fabric advances to the end of the tick and fills the hosts'
/// inboxes, with exact times; turmoil runs the guests, which see what has arrived when its time has
/// come; what they sent enters the fabric, in the order (time, host, sequence). No packet can cross
/// a guest's link within one tick, so the order of these parts is invisible.
pub struct Lab<'a> {
    simulation: Simulation<Mailbox>,
    turmoil: turmoil::Sim<'a>,
    guests: BTreeMap<NodeId, Guest>,
    rng: Rng,
    tick: Tick,
    limit: Duration,
    now: Instant,
}

struct Guest {
    name: Rc<str>,
    office: Office,
}

/// Why a lab could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum NotBuilt {
    /// The network is not sound.
    #[error(transparent)]
    Network(#[from] BuildError),
    /// A guest's link is too fast for ticks of whole milliseconds.
    #[error(
        "a link of {host} can carry a packet in {least:?}: guests need at least 1 ms, without jitter"
    )]
    LinkTooFast {
        /// The host.
        host: String,
        /// The shortest time in which a packet can cross its link.
        least: Duration,
    },
    /// The network has no host of that name.
    #[error("there is no host {0}")]
    NoSuchHost(String),
    /// Something runs on that host already.
    #[error("something runs on {0} already")]
    Occupied(String),
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The code of a guest failed or panicked.
    #[error("a guest failed: {0}")]
    Guest(String),
    /// The run would take longer than its limit.
    #[error("the run reached its limit of {0:?}")]
    Limit(Duration),
    /// The fabric does not come to rest.
    #[error(transparent)]
    Fabric(#[from] EndlessWork),
}

impl<'a> Lab<'a> {
    /// A lab on `network`, with no guest yet.
    ///
    /// # Errors
    /// Where the network is not sound, or a host's link is too fast for ticks.
    pub fn new(network: &Network, config: Config) -> Result<Self, NotBuilt> {
        let rng = Rng::from_u64(config.seed);
        let simulation = Simulation::new(network, &rng.fork("network", 0), config.level)?;
        let mut tick = Tick::longest(Duration::MAX).expect("longer than a millisecond");
        for (host, least) in simulation.least_host_delays() {
            let longest = Tick::longest(least)
                .ok_or_else(|| NotBuilt::LinkTooFast { host: host.to_string(), least })?;
            tick = tick.min(longest);
        }
        // turmoil's own links carry nothing here. Their latency has equal bounds all the same, and
        // epoch, seed and duration are set: what is left to chance would differ from run to run.
        let turmoil = turmoil::Builder::new()
            .epoch(EPOCH)
            .rng_seed(config.seed)
            .simulation_duration(config.limit)
            .tick_duration(tick.duration())
            .min_message_latency(tick.duration())
            .max_message_latency(tick.duration())
            .build();
        let (guests, now, limit) = (BTreeMap::new(), Instant::START, config.limit);
        Ok(Self { simulation, turmoil, guests, rng, tick, limit, now })
    }

    /// Lets `software` run on the host called `name`. It is called again each time the host is
    /// started, with the boot count in its [`Host`].
    ///
    /// # Errors
    /// Where the network has no such host, or something runs there already.
    pub fn host<F, Running>(&mut self, name: &str, software: F) -> Result<(), NotBuilt>
    where
        F: Fn(Host) -> Running + 'a,
        Running: Future<Output = turmoil::Result> + 'static,
    {
        let no_such_host = || NotBuilt::NoSuchHost(name.to_owned());
        let node = self.simulation.node(name).ok_or_else(no_such_host)?;
        if self.simulation.kind(node) != NodeKind::Host {
            return Err(no_such_host());
        }
        if self.guests.contains_key(&node) {
            return Err(NotBuilt::Occupied(name.to_owned()));
        }
        let office = Office::default();
        let name: Rc<str> = name.into();
        self.simulation.place(node, Mailbox(office.clone()));
        self.guests.insert(node, Guest { name: name.clone(), office: office.clone() });
        let rng = self.rng.fork("host", node.index() as u64);
        let called = name.to_string();
        self.turmoil.host(called, move || {
            let boots = {
                let mut office = office.borrow_mut();
                office.boots += 1;
                office.boots
            };
            let rng = rng.fork("boot", boots);
            software(Host { name: name.clone(), office: office.clone(), rng, boots })
        });
        Ok(())
    }

    /// Runs for `duration`, to the end of the tick in which that lies.
    ///
    /// # Errors
    /// Where a guest fails or panics, the limit is reached first, or the fabric does not come to rest.
    pub fn run_for(&mut self, duration: Duration) -> Result<(), Failure> {
        let end = self.now + duration;
        while self.now < end {
            self.step()?;
        }
        Ok(())
    }

    /// Crashes the host: its tasks are dropped where they stand, its sockets closed. What it has sent
    /// is on its way; what is on the way to it is lost, unless it runs again by then.
    pub fn crash(&mut self, name: &str) {
        let Some((node, office)) = self.guest(name) else { return };
        self.turmoil.crash(name);
        office.borrow_mut().clear();
        self.submit();
        self.simulation.crash(node);
    }

    /// Starts a host again, which crashes first if it runs.
    pub fn bounce(&mut self, name: &str) {
        self.crash(name);
        let Some((node, office)) = self.guest(name) else { return };
        self.simulation.place(node, Mailbox(office));
        self.turmoil.bounce(name);
    }

    /// The time.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// How long a tick is.
    #[must_use]
    pub const fn tick(&self) -> Tick {
        self.tick
    }

    /// The network, for its record and addresses.
    #[must_use]
    pub const fn simulation(&self) -> &Simulation<Mailbox> {
        &self.simulation
    }

    /// One tick: fabric, guests, outboxes.
    fn step(&mut self) -> Result<(), Failure> {
        if self.now.since_start() >= self.limit {
            return Err(Failure::Limit(self.limit));
        }
        let end = self.now + self.tick.duration();
        while self.simulation.step(end)? != Step::Reached {}
        self.set_running(true);
        let outcome = self.turmoil.step();
        self.now = end;
        self.set_running(false);
        outcome.map_err(|error| Failure::Guest(error.to_string()))?;
        self.submit();
        Ok(())
    }

    fn set_running(&self, is_running: bool) {
        for guest in self.guests.values() {
            let mut office = guest.office.borrow_mut();
            office.is_running = is_running;
            office.now = self.now;
        }
    }

    /// Lets what the guests asked for enter the fabric, by (time, host, sequence).
    fn submit(&mut self) {
        let mut requests = Vec::new();
        for (node, guest) in &self.guests {
            let asked = std::mem::take(&mut guest.office.borrow_mut().outbox);
            requests.extend(asked.into_iter().map(|(at, request)| (at, *node, request)));
        }
        requests.sort_by_key(|(at, node, _)| (*at, *node));
        for (at, node, request) in requests {
            self.simulation.submit(node, request, at);
        }
    }

    fn guest(&self, name: &str) -> Option<(NodeId, Office)> {
        let guest = self.guests.iter().find(|(_, guest)| &*guest.name == name);
        guest.map(|(node, guest)| (*node, guest.office.clone()))
    }
}

#[expect(
    clippy::disallowed_types,
    reason = "a constant, and what turmoil takes: nobody asks what time it is"
)]
const EPOCH: std::time::SystemTime = std::time::SystemTime::UNIX_EPOCH;
