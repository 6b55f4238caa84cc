//! One agent, and a peer whose every byte the test writes itself.

use std::net::SocketAddr;
use std::time::Duration;

use icelab_ice::{
    Agent, Candidate, Config, Credentials, Discard, Event, LocalCandidate, Role, State,
};
use icelab_sans_io::net::Datagram;
use icelab_sans_io::{Instant, Output, Protocol, Rng};
use icelab_stun::attribute::{
    ErrorCode, IceControlled, IceControlling, Priority, UseCandidate, Username, XorMappedAddress,
};
use icelab_stun::{Class, Key, Message, MessageBuilder, Method, TransactionId};

pub(crate) struct Puppet {
    pub(crate) agent: Agent,
    pub(crate) now: Instant,
    pub(crate) peer: Credentials,
    pub(crate) events: Vec<Event>,
    pub(crate) packets: Vec<Datagram>,
    next_id: u8,
    deadlines: u32,
}

/// No test waits longer.
const LONGEST: Duration = Duration::from_secs(900);

pub(crate) const BASE: &str = "203.0.113.10:5000";
pub(crate) const REMOTE: &str = "203.0.113.20:6000";
pub(crate) const OTHER: &str = "203.0.113.21:7000";

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// A peer's candidate: `host`, `srflx`, … with that priority.
pub(crate) fn candidate(kind: &str, priority: u32, at: &str) -> Candidate {
    let at = address(at);
    let related = if kind == "host" { "" } else { " raddr 0.0.0.0 rport 9" };
    let text = format!(
        "{kind}{} 1 udp {priority} {} {} typ {kind}{related}",
        at.port(),
        at.ip(),
        at.port()
    );
    text.parse().unwrap()
}

impl Puppet {
    /// The agent with one host candidate at [`BASE`] that knows of one of the peer's at [`REMOTE`].
    pub(crate) fn new(config: Config) -> Self {
        let mut puppet = Self::alone(config);
        puppet.introduce();
        puppet
    }

    pub(crate) fn controlling() -> Self {
        Self::new(Config { role: Role::Controlling, ..Config::default() })
    }

    pub(crate) fn controlled() -> Self {
        Self::new(Config { role: Role::Controlled, ..Config::default() })
    }

    /// The agent with one host candidate that knows nothing of the peer.
    pub(crate) fn alone(config: Config) -> Self {
        let mut agent = Agent::new(config, Rng::from_u64(1));
        agent.add_local_candidate(LocalCandidate::host(1, address(BASE)), Instant::START);
        let peer = Credentials::new("PEER", "peerspasswordpeerspassword").unwrap();
        let mut puppet = Self {
            agent,
            now: Instant::START,
            peer,
            events: Vec::new(),
            packets: Vec::new(),
            next_id: 0,
            deadlines: 0,
        };
        puppet.collect();
        puppet
    }

    pub(crate) fn introduce(&mut self) {
        self.agent.add_remote_candidate(candidate("host", 2_130_706_431, REMOTE), self.now);
        self.agent.end_of_remote_candidates(self.now);
        self.meet();
    }

    /// Ends the local candidates, and gives the agent the peer's credentials.
    pub(crate) fn meet(&mut self) {
        self.agent.end_of_local_candidates(self.now);
        self.trust();
    }

    /// Gives the agent the peer's credentials; local candidates may follow.
    pub(crate) fn trust(&mut self) {
        self.agent.set_remote_credentials(self.peer.clone(), false, self.now).unwrap();
        self.collect();
    }

    pub(crate) fn collect(&mut self) {
        while let Some(output) = self.agent.poll_output() {
            match output {
                Output::Packet(packet) => self.packets.push(packet),
                Output::Event(event) => self.events.push(event),
            }
        }
    }

    pub(crate) fn advance(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some(deadline) = self.agent.poll_timeout().filter(|it| it.at <= end) {
            self.now = self.now.max(deadline.at);
            self.agent.handle_timeout(self.now);
            self.collect();
            self.deadlines += 1;
            assert!(self.deadlines < 100_000, "{}, again and again", deadline.timer);
        }
        self.now = end;
        assert!(self.now < Instant::START + LONGEST, "what a test waits for never comes");
    }

    pub(crate) fn millis(&mut self, millis: u64) {
        self.advance(Duration::from_millis(millis));
    }

    pub(crate) fn deliver(&mut self, source: &str, payload: Vec<u8>) {
        self.deliver_to(source, BASE, payload);
    }

    pub(crate) fn deliver_to(&mut self, source: &str, base: &str, payload: Vec<u8>) {
        let datagram = Datagram::new(address(source), address(base), payload);
        self.agent.handle_input(datagram, self.now);
        self.collect();
    }

    /// All packets since the last call.
    pub(crate) fn take(&mut self) -> Vec<Datagram> {
        self.collect();
        std::mem::take(&mut self.packets)
    }

    /// The requests among them.
    pub(crate) fn take_requests(&mut self) -> Vec<Datagram> {
        let mut packets = self.take();
        packets.retain(|packet| class(packet) == Class::Request);
        packets
    }

    /// The next request that the agent sends within 10 s.
    pub(crate) fn next_request(&mut self) -> Datagram {
        for _ in 0..10_000 {
            let found = self.packets.iter().position(|it| class(it) == Class::Request);
            if let Some(found) = found {
                return self.packets.remove(found);
            }
            self.millis(1);
        }
        panic!("no request: {:#?}", self.events);
    }

    pub(crate) fn agents_key(&self) -> Key {
        Key::from_bytes(self.agent.local_credentials().password().as_bytes())
    }

    pub(crate) fn peers_key(&self) -> Key {
        Key::from_bytes(self.peer.password().as_bytes())
    }

    pub(crate) fn fresh_id(&mut self) -> TransactionId {
        self.next_id += 1;
        TransactionId([self.next_id; 12])
    }

    pub(crate) fn username(&self) -> String {
        format!("{}:{}", self.agent.local_credentials().ufrag(), self.peer.ufrag())
    }

    /// A request of the peer's, as its role demands.
    pub(crate) fn request(&mut self, nominating: bool) -> Vec<u8> {
        let theirs = self.agent.role().opposite();
        self.request_as(theirs, 1, nominating)
    }

    pub(crate) fn request_as(&mut self, role: Role, tie_breaker: u64, nominating: bool) -> Vec<u8> {
        let id = self.fresh_id();
        let username = self.username();
        let builder = MessageBuilder::new(Class::Request, Method::BINDING, id)
            .add(&Username(&username))
            .add(&Priority(1_862_270_975));
        let builder = match role {
            Role::Controlling => builder.add(&IceControlling(tie_breaker)),
            Role::Controlled => builder.add(&IceControlled(tie_breaker)),
        };
        let builder = if nominating { builder.add(&UseCandidate) } else { builder };
        builder.finish_with(Some(&self.agents_key()), true)
    }

    /// Answers a request of the agent's.
    pub(crate) fn answer(&mut self, request: &Datagram) {
        self.answer_with(request, request.source);
    }

    pub(crate) fn answer_with(&mut self, request: &Datagram, mapped: SocketAddr) {
        let response = self.response(request, mapped);
        let (source, base) = (request.destination.to_string(), request.source.to_string());
        self.deliver_to(&source, &base, response);
    }

    pub(crate) fn response(&self, request: &Datagram, mapped: SocketAddr) -> Vec<u8> {
        let id = Message::parse(&request.payload).unwrap().transaction_id();
        MessageBuilder::new(Class::Success, Method::BINDING, id)
            .add(&XorMappedAddress(mapped))
            .finish_with(Some(&self.peers_key()), true)
    }

    pub(crate) fn error(&self, request: &Datagram, error: ErrorCode<'_>) -> Vec<u8> {
        let id = Message::parse(&request.payload).unwrap().transaction_id();
        MessageBuilder::new(Class::Error, Method::BINDING, id)
            .add(&error)
            .finish_with(Some(&self.peers_key()), true)
    }

    /// Answers every request for so long, and lets the peer check, too, in the given way.
    pub(crate) fn answer_all_for(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.now < end {
            for request in self.take_requests() {
                self.answer(&request);
            }
            self.millis(5);
        }
    }

    /// Until the agent has selected a pair.
    pub(crate) fn connect(&mut self) {
        if self.agent.role() == Role::Controlled {
            let request = self.request(true);
            self.deliver(REMOTE, request);
        }
        self.answer_all_for(Duration::from_secs(1));
        assert_eq!(self.agent.state(), State::Completed, "{:#?}", self.events);
        self.take();
        self.events.clear();
    }

    pub(crate) fn discarded(&self, reason: Discard) -> u64 {
        self.agent.discards().count(reason)
    }

    pub(crate) fn count(&self, is_it: impl Fn(&Event) -> bool) -> usize {
        self.events.iter().filter(|event| is_it(event)).count()
    }
}

pub(crate) fn class(packet: &Datagram) -> Class {
    Message::parse(&packet.payload).map_or(Class::Indication, |message| message.class())
}

pub(crate) fn nominates(packet: &Datagram) -> bool {
    let message = Message::parse(&packet.payload).unwrap();
    message.get::<UseCandidate>().is_some()
}

pub(crate) fn claims(packet: &Datagram) -> (Role, u64) {
    let message = Message::parse(&packet.payload).unwrap();
    match (message.get::<IceControlling>(), message.get::<IceControlled>()) {
        (Some(Ok(it)), None) => (Role::Controlling, it.0),
        (None, Some(Ok(it))) => (Role::Controlled, it.0),
        both => panic!("both roles, or none: {both:?}"),
    }
}

/// The code of an error response.
pub(crate) fn code(packet: &Datagram) -> u16 {
    let message = Message::parse(&packet.payload).unwrap();
    assert_eq!(message.class(), Class::Error);
    message.get::<ErrorCode<'_>>().unwrap().unwrap().code
}
