//! Two hosts with a bottleneck between them, and what went over it.

use std::net::SocketAddr;

use icelab_sans_io::{Instant, Rng};
use icelab_sim::{
    BuildError, Direction, EndlessWork, HostConfig, Level, LinkConfig, Network, NodeId, Simulation,
    Step,
};
use thiserror::Error;

use super::end::{End, Log, Task};
use super::host::Host;
use super::link::MTU;
use super::stack::{Contender, Setup, Side};
use super::sweep::Conditions;

/// A connection to be measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    /// What both its ends are.
    pub(super) contender: Contender,
    /// When its client connects.
    pub(super) begins: Instant,
    /// What its client does; the server reads.
    pub(super) task: Task,
}

/// What became of the connections.
#[derive(Debug)]
pub(super) struct Traffic {
    /// Of each connection, the ends that wrote and that read.
    pub(super) flows: Vec<FlowLog>,
    /// Packets towards the readers that found the queue full.
    pub(super) overflowed: u64,
    /// Packets towards the readers that were lost at random.
    pub(super) lost: u64,
}

/// What is noted of both ends of a connection.
#[derive(Debug)]
pub(super) struct FlowLog {
    pub(super) writer: Log,
    pub(super) reader: Log,
}

impl FlowLog {
    /// What went wrong, at either end.
    pub(super) fn problem(&self) -> Option<String> {
        let never =
            || self.reader.deliveries.is_empty().then(|| "nothing was delivered".to_owned());
        let ends = [("sender", &self.writer), ("receiver", &self.reader)];
        let failure = ends
            .into_iter()
            .find_map(|(name, log)| log.failure.as_ref().map(|reason| format!("{name}: {reason}")));
        failure.or_else(never)
    }
}

/// Why a run has no result.
#[derive(Debug, Error)]
pub(super) enum RunError {
    /// The network is wrong.
    #[error(transparent)]
    Network(#[from] BuildError),
    /// A stack does not come to rest.
    #[error(transparent)]
    Endless(#[from] EndlessWork),
    /// A host is not there.
    #[error("a host is missing")]
    NoHost,
}

/// Runs connections over a bottleneck. Equal arguments give equal traffic.
pub(super) fn run(conditions: &Conditions, flows: &[Flow]) -> Result<Traffic, RunError> {
    let Conditions { link, window, lasting, seed } = *conditions;
    let rng = Rng::from_u64(seed);
    let mut network = Network::new();
    let writers = HostConfig::behind(Network::INTERNET).with_link(&link.config());
    let readers = HostConfig::behind(Network::INTERNET).with_link(&LinkConfig::default());
    let nodes = [network.host("writers", writers), network.host("readers", readers)];
    let mut simulation = Simulation::new(&network, &rng.fork("network", 0), Level::Hash)?;
    let [left, right] = nodes.map(|node| simulation.address(node));
    let (left, right) = left.zip(right).ok_or(RunError::NoHost)?;
    for (side, node) in [Side::Client, Side::Server].into_iter().zip(nodes) {
        let ends = flows.iter().zip(0_u16..).map(|(flow, index)| {
            let [here, there]: [SocketAddr; 2] =
                [left, right].map(|address| (address, FIRST_PORT + index).into());
            let (name, addresses, begins, task) = match side {
                Side::Client => ("client", [here, there], Some(flow.begins), flow.task),
                Side::Server => ("server", [there, here], None, Task::Read),
            };
            let rng = rng.fork(name, u64::from(index));
            let stack = (flow.contender.make)(Setup { side, mtu: MTU, window, rng });
            End::new(stack, task, addresses, begins)
        });
        simulation.place(node, Host::new(ends.collect()));
    }
    while simulation.step(Instant::START + lasting)? != Step::Reached {}
    traffic(simulation, nodes)
}

fn traffic(mut simulation: Simulation<Host>, nodes: [NodeId; 2]) -> Result<Traffic, RunError> {
    let [writers, _] = nodes;
    let link = simulation.link(writers, None).ok_or(RunError::NoHost)?;
    let dropped = |reason| simulation.fabric().dropped(link, Direction::Up, reason);
    let (overflowed, lost) = (dropped("queue-full"), dropped("loss"));
    let [writers, readers] = nodes.map(|node| simulation.crash(node));
    let (writers, readers) = writers.zip(readers).ok_or(RunError::NoHost)?;
    let ends = writers.into_ends().into_iter().zip(readers.into_ends());
    let flows = ends
        .map(|(writer, reader)| FlowLog { writer: writer.into_log(), reader: reader.into_log() });
    Ok(Traffic { flows: flows.collect(), overflowed, lost })
}

/// The port of the first connection, at both hosts.
const FIRST_PORT: u16 = 5000;
