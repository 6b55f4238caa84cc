//! A small network for two agents: NATs by mapping and filtering, relays, loss, delay, jitter.
//!
//! Each side has one host address, an optional chain of NATs before it, a server-reflexive and a
//! relayed candidate. What a NAT or a relay refuses is lost without a word.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use icelab_ice::{
    Agent, Candidate, CandidateKind, Config, Event, LocalCandidate, Role, SelectedPair, State,
};
use icelab_sans_io::net::Datagram;
use icelab_sans_io::{Instant, Output, Protocol, Rng};

/// Which of RFC 4787's three a NAT does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Depends {
    Endpoint,
    Address,
    AddressAndPort,
}

/// A NAT: mapping, filtering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NatKind {
    pub(crate) mapping: Depends,
    pub(crate) filtering: Depends,
}

pub(crate) const CONE: NatKind = nat(Depends::Endpoint, Depends::Endpoint);
pub(crate) const ADDRESS: NatKind = nat(Depends::Endpoint, Depends::Address);
pub(crate) const PORT: NatKind = nat(Depends::Endpoint, Depends::AddressAndPort);
pub(crate) const SYMMETRIC: NatKind = nat(Depends::AddressAndPort, Depends::AddressAndPort);

const fn nat(mapping: Depends, filtering: Depends) -> NatKind {
    NatKind { mapping, filtering }
}

struct Nat {
    kind: NatKind,
    outside: IpAddr,
    next_port: u16,
    /// By inside endpoint and what the mapping depends on: the outside port.
    mappings: BTreeMap<(SocketAddr, Option<SocketAddr>), u16>,
    /// By outside port: to whom it has sent.
    sent_to: BTreeSet<(u16, SocketAddr)>,
}

impl Nat {
    fn new(kind: NatKind, outside: IpAddr) -> Self {
        Self {
            kind,
            outside,
            next_port: 40_000,
            mappings: BTreeMap::new(),
            sent_to: BTreeSet::new(),
        }
    }

    fn key(depends: Depends, remote: SocketAddr) -> Option<SocketAddr> {
        match depends {
            Depends::Endpoint => None,
            Depends::Address => Some(SocketAddr::new(remote.ip(), 0)),
            Depends::AddressAndPort => Some(remote),
        }
    }

    fn outbound(&mut self, source: SocketAddr, destination: SocketAddr) -> SocketAddr {
        let key = (source, Self::key(self.kind.mapping, destination));
        let next = &mut self.next_port;
        let port = *self.mappings.entry(key).or_insert_with(|| {
            *next += 1;
            *next
        });
        self.sent_to.insert((port, destination));
        SocketAddr::new(self.outside, port)
    }

    fn inbound(&self, source: SocketAddr, destination: SocketAddr) -> Option<SocketAddr> {
        let port = destination.port();
        let allows = self.sent_to.iter().any(|(from, to)| {
            *from == port
                && Self::key(self.kind.filtering, *to) == Self::key(self.kind.filtering, source)
        });
        let inside = self.mappings.iter().find(|(_, mapped)| **mapped == port);
        inside.filter(|_| allows).map(|((inside, _), _)| *inside)
    }
}

/// One of the two.
pub(crate) struct End {
    pub(crate) agent: Agent,
    pub(crate) host: SocketAddr,
    pub(crate) relay: Option<SocketAddr>,
    /// From the host outwards.
    nats: Vec<Nat>,
    /// Whom the relay lets through.
    permissions: BTreeSet<IpAddr>,
    pub(crate) events: Vec<Event>,
}

/// The network.
pub(crate) struct Network {
    pub(crate) ends: [End; 2],
    pub(crate) now: Instant,
    pub(crate) delay: Duration,
    pub(crate) jitter: Duration,
    pub(crate) loss_ppb: u32,
    pub(crate) duplicate_ppb: u32,
    /// Loses what it returns true for: sender, source and destination on the public side.
    pub(crate) blocked: Box<dyn FnMut(usize, SocketAddr, SocketAddr) -> bool>,
    in_flight: BTreeMap<(Instant, u64), (SocketAddr, SocketAddr, Vec<u8>)>,
    sequence: u64,
    rng: Rng,
    pub(crate) log: String,
}

pub(crate) const STUN: &str = "192.0.2.1:3478";

impl Network {
    /// Two agents, `kinds` before each, the first controlling.
    pub(crate) fn new(kinds: [&[NatKind]; 2], seed: u64) -> Self {
        Self::with([config(Role::Controlling), config(Role::Controlled)], kinds, seed)
    }

    pub(crate) fn with(configs: [Config; 2], kinds: [&[NatKind]; 2], seed: u64) -> Self {
        let rng = Rng::from_u64(seed);
        let [a, b] = configs;
        let end = |index: u64, config: Config| {
            let kinds = kinds[index as usize];
            let host: SocketAddr = if kinds.is_empty() {
                format!("203.0.113.{}:5000", 10 + index).parse().unwrap()
            } else {
                // Both homes use the same private range, as homes do.
                format!("192.168.0.{}:5000", 2 + index).parse().unwrap()
            };
            let nats = kinds.iter().enumerate().map(|(level, kind)| {
                let outside = if level + 1 == kinds.len() {
                    format!("198.51.100.{}", 10 + index)
                } else {
                    format!("100.64.{index}.{}", 10 + level)
                };
                Nat::new(*kind, outside.parse().unwrap())
            });
            End {
                agent: Agent::new(config, rng.fork("agent", index)),
                host,
                relay: Some(format!("192.0.2.{}:{}", 100 + index, 50_000).parse().unwrap()),
                nats: nats.collect(),
                permissions: BTreeSet::new(),
                events: Vec::new(),
            }
        };
        Self {
            ends: [end(0, a), end(1, b)],
            now: Instant::START,
            delay: Duration::from_millis(10),
            jitter: Duration::ZERO,
            loss_ppb: 0,
            duplicate_ppb: 0,
            blocked: Box::new(|_, _, _| false),
            in_flight: BTreeMap::new(),
            sequence: 0,
            rng: rng.fork("network", 0),
            log: String::new(),
        }
    }

    /// Both gather everything, then exchange it, then check.
    pub(crate) fn call(&mut self) {
        let gathered = [self.gather(0), self.gather(1)];
        self.exchange(gathered);
    }

    pub(crate) fn exchange(&mut self, gathered: [Vec<Candidate>; 2]) {
        self.introduce(0, &gathered[1]);
        self.introduce(1, &gathered[0]);
    }

    /// Tells a side all there is to know of the other.
    pub(crate) fn introduce(&mut self, side: usize, candidates: &[Candidate]) {
        let other = &self.ends[1 - side].agent;
        let credentials = other.local_credentials().clone();
        let lite = other.config().lite;
        let agent = &mut self.ends[side].agent;
        agent.end_of_local_candidates(self.now);
        for candidate in candidates {
            agent.add_remote_candidate(candidate.clone(), self.now);
        }
        agent.end_of_remote_candidates(self.now);
        agent.set_remote_credentials(credentials, lite, self.now).unwrap();
        self.settle();
    }

    /// Adds a side's host, server-reflexive and relayed candidates; returns what to signal.
    pub(crate) fn gather(&mut self, side: usize) -> Vec<Candidate> {
        let now = self.now;
        let stun: SocketAddr = STUN.parse().unwrap();
        let host = self.ends[side].host;
        let mut all = vec![LocalCandidate::host(1, host)];
        let mapped = self.translate_out(side, host, stun);
        all.push(LocalCandidate::reflexive(1, mapped, host, stun.ip()));
        if let Some(relay) = self.ends[side].relay {
            all.push(LocalCandidate::relayed(1, relay, mapped, stun.ip()));
        }
        let agent = &mut self.ends[side].agent;
        all.into_iter().filter_map(|local| agent.add_local_candidate(local, now)).collect()
    }

    fn translate_out(&mut self, side: usize, source: SocketAddr, to: SocketAddr) -> SocketAddr {
        self.ends[side].nats.iter_mut().fold(source, |source, nat| nat.outbound(source, to))
    }

    /// Takes what the agents have finished, and puts their packets on the way.
    pub(crate) fn settle(&mut self) {
        for side in 0..2 {
            while let Some(output) = self.ends[side].agent.poll_output() {
                match output {
                    Output::Packet(datagram) => self.send(side, datagram),
                    Output::Event(event) => {
                        self.log.push_str(&format!("{} {side} {event:?}\n", self.now));
                        self.ends[side].events.push(event);
                    }
                }
            }
        }
    }

    fn send(&mut self, side: usize, datagram: Datagram) {
        let Datagram { source, destination, payload, .. } = datagram;
        let public = if Some(source) == self.ends[side].relay {
            self.ends[side].permissions.insert(destination.ip());
            source
        } else {
            if source != self.ends[side].host {
                return;
            }
            // Private addresses of the other home lead nowhere.
            if is_private(destination) {
                return;
            }
            self.translate_out(side, source, destination)
        };
        if is_private(destination)
            || (self.blocked)(side, public, destination)
            || self.rng.chance_ppb(self.loss_ppb)
        {
            return;
        }
        let copies = if self.rng.chance_ppb(self.duplicate_ppb) { 2 } else { 1 };
        for _ in 0..copies {
            let jitter = self.rng.below(self.jitter.as_nanos() as u64 + 1);
            let at = self.now + self.delay + Duration::from_nanos(jitter);
            self.sequence += 1;
            self.in_flight.insert((at, self.sequence), (public, destination, payload.clone()));
        }
    }

    fn deliver(&mut self, source: SocketAddr, destination: SocketAddr, payload: Vec<u8>) {
        for side in 0..2 {
            let end = &mut self.ends[side];
            let arrived = if Some(destination) == end.relay {
                end.permissions.contains(&source.ip()).then_some(destination)
            } else {
                let mut inside = Some(destination);
                for nat in end.nats.iter().rev() {
                    let here = inside.filter(|address| address.ip() == nat.outside);
                    inside = here.and_then(|address| nat.inbound(source, address));
                }
                inside.filter(|inside| *inside == end.host)
            };
            if let Some(base) = arrived {
                end.agent.handle_input(Datagram::new(source, base, payload.clone()), self.now);
            }
        }
    }

    /// One event; false where nothing will happen until `limit`.
    pub(crate) fn step(&mut self, limit: Instant) -> bool {
        self.settle();
        let arrival = self.in_flight.first_key_value().map(|((at, _), _)| *at);
        let deadlines = self.ends.iter().map(|end| end.agent.poll_timeout().map(|it| it.at));
        let next = deadlines.chain([arrival]).flatten().min();
        let Some(next) = next.filter(|next| *next <= limit) else {
            self.now = self.now.max(limit);
            return false;
        };
        self.now = self.now.max(next);
        if arrival.is_some_and(|at| at <= self.now) {
            let (_, (source, destination, payload)) = self.in_flight.pop_first().unwrap();
            self.deliver(source, destination, payload);
        } else {
            for end in &mut self.ends {
                if end.agent.poll_timeout().is_some_and(|deadline| deadline.at <= self.now) {
                    end.agent.handle_timeout(self.now);
                }
            }
        }
        self.settle();
        true
    }

    pub(crate) fn run_for(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.step(end) {}
    }

    /// Runs until both are in `state`; panics with the log where they are not in time.
    pub(crate) fn run_until(&mut self, state: State, limit: Duration) {
        let end = self.now + limit;
        while self.ends.iter().any(|end| end.agent.state() != state) {
            assert!(self.step(end), "not {state} in {limit:?}:\n{}", self.log);
        }
    }

    pub(crate) fn selected(&self, side: usize) -> &SelectedPair {
        let selected = self.ends[side].agent.selected_pair(1);
        selected.unwrap_or_else(|| panic!("{side} has no selected pair:\n{}", self.log))
    }

    /// The kinds of both sides' selected local candidates: `SP`.
    pub(crate) fn kinds(&self) -> String {
        let letter = |side: usize| match self.selected(side).local.kind {
            CandidateKind::Host => 'L',
            CandidateKind::ServerReflexive => 'S',
            CandidateKind::PeerReflexive => 'P',
            CandidateKind::Relayed => 'R',
        };
        [letter(0), letter(1)].iter().collect()
    }

    /// Each side's valid local address is the other's remote.
    pub(crate) fn assert_mirrored(&self) {
        for side in 0..2 {
            let (mine, theirs) = (self.selected(side), self.selected(1 - side));
            assert_eq!(
                mine.local.socket(),
                Some(theirs.destination),
                "not mirrored:\n{mine:?}\n{theirs:?}\n{}",
                self.log
            );
        }
    }

    pub(crate) fn states(&self, side: usize) -> Vec<State> {
        let states = self.ends[side].events.iter().filter_map(|event| match event {
            Event::StateChanged(state) => Some(*state),
            _ => None,
        });
        states.collect()
    }
}

pub(crate) fn config(role: Role) -> Config {
    Config { role, ..Config::default() }
}

fn is_private(address: SocketAddr) -> bool {
    matches!(address.ip(), IpAddr::V4(ip) if ip.octets()[..2] == [192, 168])
}
