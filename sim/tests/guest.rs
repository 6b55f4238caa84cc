//! A guest that does what the test says and tells all that it hears.

use std::collections::VecDeque;
use std::net::SocketAddr;

use icelab_sans_io::net::{Datagram, Notice, Request};
use icelab_sans_io::{Deadline, Instant, Output, Protocol, Rng};
use icelab_sim::{Level, Network, NodeId, Simulation, Step};

/// What a test hears: when, who, what.
pub(crate) type Heard = (Instant, NodeId, Notice);

#[derive(Debug, Default)]
pub(crate) struct Guest {
    outputs: VecDeque<Output<Request, Notice>>,
    /// Whether datagrams are sent back.
    pub(crate) is_echo: bool,
    /// When to say nothing but fire a timer; moved on by `period` each time.
    pub(crate) deadline: Option<Instant>,
    pub(crate) period: Option<std::time::Duration>,
    pub(crate) fired: u32,
}

impl Guest {
    pub(crate) fn ask(&mut self, request: Request) {
        self.outputs.push_back(Output::Packet(request));
    }
}

impl Protocol for Guest {
    type Input = Notice;
    type Packet = Request;
    type Event = Notice;

    fn handle_input(&mut self, input: Notice, _now: Instant) {
        if let (true, Notice::Datagram(datagram)) = (self.is_echo, &input) {
            let Datagram { source, destination, payload, .. } = datagram.clone();
            self.ask(Request::Send(Datagram::new(destination, source, payload)));
        }
        self.outputs.push_back(Output::Event(input));
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.deadline.is_some_and(|at| at <= now) {
            self.fired += 1;
            self.deadline = self.period.map(|period| now + period);
        }
    }

    fn poll_output(&mut self) -> Option<Output<Request, Notice>> {
        self.outputs.pop_front()
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        self.deadline.map(|at| Deadline { at, timer: "guest.tick" })
    }
}

/// A simulation with a guest on every host, each with a socket on port 5000 of each of its addresses.
pub(crate) struct Lab {
    pub(crate) simulation: Simulation<Guest>,
    pub(crate) heard: Vec<Heard>,
}

impl Lab {
    pub(crate) fn new(network: &Network) -> Self {
        Self::with(network, 1, Level::Full)
    }

    pub(crate) fn with(network: &Network, seed: u64, level: Level) -> Self {
        let simulation = Simulation::new(network, &Rng::from_u64(seed), level).unwrap();
        let mut lab = Self { simulation, heard: Vec::new() };
        let hosts: Vec<NodeId> = lab.simulation.fabric().nodes().collect();
        for host in hosts {
            lab.start(host);
        }
        lab.run(0);
        lab.heard.clear();
        lab
    }

    pub(crate) fn start(&mut self, host: NodeId) {
        self.simulation.place(host, Guest::default());
        if self.simulation.guest(host).is_some() {
            for address in self.simulation.addresses(host) {
                self.ask(host, Request::Bind { local: (address, 5000).into() });
            }
        }
    }

    pub(crate) fn node(&self, name: &str) -> NodeId {
        self.simulation.node(name).unwrap()
    }

    pub(crate) fn socket(&self, name: &str) -> SocketAddr {
        (self.simulation.address(self.node(name)).unwrap(), 5000).into()
    }

    pub(crate) fn ask(&mut self, host: NodeId, request: Request) {
        self.simulation.with_guest(host, |guest, _| guest.ask(request));
    }

    /// Sends `payload` from a host's first socket.
    pub(crate) fn send(&mut self, from: &str, to: SocketAddr, payload: &[u8]) {
        let datagram = Datagram::new(self.socket(from), to, payload.to_vec());
        self.ask(self.node(from), Request::Send(datagram));
    }

    /// Runs up to this millisecond.
    pub(crate) fn run(&mut self, millis: u64) {
        let until = Instant::from_millis(millis);
        loop {
            match self.simulation.step(until).unwrap() {
                Step::Event { node, at, event } => self.heard.push((at, node, event)),
                Step::Timer { .. } => {}
                Step::Reached => return,
            }
        }
    }

    /// The datagrams that a host got, with their times in microseconds and their sources.
    pub(crate) fn datagrams(&self, name: &str) -> Vec<(u64, SocketAddr, Vec<u8>)> {
        let node = self.node(name);
        let heard = self.heard.iter().filter(|(_, at, _)| *at == node);
        heard
            .filter_map(|(at, _, notice)| match notice {
                Notice::Datagram(datagram) => {
                    Some((at.as_nanos() / 1000, datagram.source, datagram.payload.clone()))
                }
                _ => None,
            })
            .collect()
    }

    /// What else a host was told.
    pub(crate) fn notices(&self, name: &str) -> Vec<Notice> {
        let node = self.node(name);
        let heard = self.heard.iter().filter(|(_, at, _)| *at == node);
        let others = heard.filter(|(.., notice)| !matches!(notice, Notice::Datagram(_)));
        others.map(|(.., notice)| notice.clone()).collect()
    }

    /// The record as lines without their index.
    pub(crate) fn story(&self) -> Vec<String> {
        let entries = self.simulation.record().entries();
        entries
            .map(|entry| entry.unwrap())
            .map(|entry| format!("{} {}", entry.at.as_nanos() / 1000, entry.what))
            .collect()
    }

    /// The reasons for which packets were dropped.
    pub(crate) fn drops(&self) -> Vec<String> {
        let entries = self.simulation.record().entries();
        entries
            .filter_map(|entry| match entry.unwrap().what {
                icelab_sim::What::Dropped { reason, .. } => Some(reason.into_owned()),
                _ => None,
            })
            .collect()
    }
}

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}
