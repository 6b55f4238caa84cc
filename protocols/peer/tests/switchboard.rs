//! A network in memory: hosts, a STUN and a TURN server, 10 ms from one to any other, and
//! signalling that takes 20 ms.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use icelab_crypto::Fingerprint;
use icelab_ice as ice;
use icelab_peer::{Config, Event, IceServer, Peer, Setup, Signal};
use icelab_sans_io::net::{
    Datagram, IcmpError, IcmpKind, Interface, Notice, Refusal, Request, Socket,
};
use icelab_sans_io::{Instant, Output, Protocol, Rng};
use icelab_stun as stun;
use icelab_turn as turn;

/// Where the servers are.
pub(crate) const STUN: &str = "192.0.2.1:3478";
pub(crate) const TURN: &str = "192.0.2.2:3478";
pub(crate) const TURN_V6: &str = "[2001:db8::2]:3478";

/// The whole of it: alice is host 0, bob host 1.
pub(crate) struct Switchboard {
    pub(crate) now: Instant,
    pub(crate) alice: Peer,
    pub(crate) bob: Peer,
    pub(crate) turn: turn::Server,
    pub(crate) ends: [End; 2],
    stun: stun::Server,
    turn_sockets: BTreeSet<SocketAddr>,
    in_flight: BTreeMap<(Instant, u64), Letter>,
    posted: u64,
    /// Every signal, with the number of its sender.
    pub(crate) signals: Vec<(usize, Signal)>,
    /// Whether anything but the servers can be reached.
    pub(crate) is_direct: bool,
    /// The TURN server's answers are lost while this is set.
    pub(crate) turn_is_silent: bool,
    /// What somebody in the middle of the signalling writes into bob's descriptions.
    pub(crate) forge: Option<Fingerprint>,
    /// What offers say of who begins the handshake, where it is not theirs.
    pub(crate) offer_setup: Option<Setup>,
    /// How long a signal takes.
    pub(crate) signal_delay: Duration,
    /// So many DTLS datagrams are still to be lost.
    pub(crate) lost_handshakes: u32,
    /// One of so many datagrams is lost, whichever it is.
    pub(crate) loss: Option<u64>,
    luck: Rng,
}

/// What is known of one peer's host.
#[derive(Default)]
pub(crate) struct End {
    /// Its own addresses.
    pub(crate) addresses: Vec<IpAddr>,
    /// Its address outside, where a 1:1 NAT stands before it.
    pub(crate) outside: Option<IpAddr>,
    pub(crate) sockets: BTreeSet<SocketAddr>,
    next_port: u16,
    pub(crate) events: Vec<(Instant, Event)>,
}

enum Letter {
    Datagram(Datagram),
    Signal { to: usize, signal: Box<Signal> },
}

impl Switchboard {
    /// Two peers at these addresses, asking the STUN and the TURN server.
    pub(crate) fn new(alice: &[&str], bob: &[&str], adjust: impl Fn(usize, &mut Config)) -> Self {
        let peer = |number: usize| {
            let mut config = Config {
                servers: vec![
                    IceServer::Stun { addresses: vec![STUN.parse().unwrap()] },
                    IceServer::Turn {
                        addresses: vec![TURN.parse().unwrap(), TURN_V6.parse().unwrap()],
                        username: "user".to_owned(),
                        password: "secret".to_owned(),
                    },
                ],
                ..Config::default()
            };
            adjust(number, &mut config);
            Peer::new(config, Rng::from_u64(1).fork("peer", number as u64))
        };
        let end = |addresses: &[&str]| End {
            addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
            next_port: 50_000,
            ..End::default()
        };
        let mut board = Self {
            now: Instant::START,
            alice: peer(0),
            bob: peer(1),
            turn: turn_server(),
            ends: [end(alice), end(bob)],
            stun: stun::Server::new(
                stun::ServerConfig::new(STUN.parse().unwrap()),
                Rng::from_u64(2),
            ),
            turn_sockets: BTreeSet::new(),
            in_flight: BTreeMap::new(),
            posted: 0,
            signals: Vec::new(),
            is_direct: true,
            turn_is_silent: false,
            forge: None,
            offer_setup: None,
            signal_delay: Duration::from_millis(20),
            lost_handshakes: 0,
            loss: None,
            luck: Rng::from_u64(4),
        };
        board.turn.start(Instant::START);
        board.tell_interfaces(0);
        board.tell_interfaces(1);
        board
    }

    /// Tells a host which addresses it has.
    pub(crate) fn tell_interfaces(&mut self, number: usize) {
        let addresses = self.ends[number].addresses.clone();
        let interface = Interface { name: "eth0".to_owned(), addresses };
        let now = self.now;
        self.peer(number).handle_input(Notice::InterfacesChanged(vec![interface]), now);
        self.settle();
    }

    pub(crate) fn peer(&mut self, number: usize) -> &mut Peer {
        if number == 0 { &mut self.alice } else { &mut self.bob }
    }

    /// Alice calls bob, and the network runs for so long.
    pub(crate) fn call(&mut self, duration: Duration) {
        self.alice.call(self.now);
        self.run(duration);
    }

    /// Lets the network run for so long.
    pub(crate) fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        self.settle();
        loop {
            let letter = self.in_flight.first_key_value().map(|((at, _), _)| *at);
            let timers =
                [self.alice.poll_timeout(), self.bob.poll_timeout(), self.turn.poll_timeout()];
            let timers = timers.into_iter().flatten().map(|deadline| deadline.at);
            let Some(next) = timers.chain(letter).min().filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            while let Some(first) = self.in_flight.first_entry()
                && first.key().0 <= self.now
            {
                let letter = first.remove();
                self.deliver(letter);
                self.settle();
            }
            self.alice.handle_timeout(self.now);
            self.bob.handle_timeout(self.now);
            self.turn.handle_timeout(self.now);
            self.settle();
        }
        self.now = end;
    }

    /// Sends a message each way; says whether both arrive.
    pub(crate) fn talks(&mut self) -> bool {
        let now = self.now;
        let before = [self.heard(0), self.heard(1)];
        let sent =
            [self.alice.send(b"from alice", now).is_ok(), self.bob.send(b"from bob", now).is_ok()];
        self.run(Duration::from_millis(200));
        sent == [true; 2] && self.heard(0) == before[0] + 1 && self.heard(1) == before[1] + 1
    }

    fn heard(&self, number: usize) -> usize {
        self.events(number).filter(|event| matches!(event, Event::Data { .. })).count()
    }

    pub(crate) fn events(&self, number: usize) -> impl Iterator<Item = &Event> {
        self.ends[number].events.iter().map(|(_, event)| event)
    }

    /// The kinds of both selected local candidates.
    pub(crate) fn selected(&self) -> [Option<ice::CandidateKind>; 2] {
        [&self.alice, &self.bob].map(|peer| peer.selected_pair().map(|pair| pair.local.kind))
    }

    /// The kinds and addresses of the candidates that a peer gathered.
    pub(crate) fn gathered(&self, number: usize) -> Vec<(ice::CandidateKind, SocketAddr)> {
        let found = self.events(number).filter_map(|event| {
            let Event::CandidateGathered { candidate, .. } = event else { return None };
            Some((candidate.kind, candidate.socket().unwrap()))
        });
        found.collect()
    }

    /// When a peer's gathering was first over.
    pub(crate) fn gathered_at(&self, number: usize) -> Option<Instant> {
        let mut events = self.ends[number].events.iter();
        events.find(|(_, event)| matches!(event, Event::GatheringDone)).map(|(at, _)| *at)
    }

    fn settle(&mut self) {
        loop {
            let mut moved = false;
            for number in 0..2 {
                while let Some(output) = self.peer(number).poll_output() {
                    moved = true;
                    match output {
                        Output::Packet(request) => self.request(number, request),
                        Output::Event(event) => self.hear(number, event),
                    }
                }
            }
            while let Some(output) = self.stun.poll_output() {
                moved = true;
                if let Output::Packet(datagram) = output {
                    self.post(datagram);
                }
            }
            while let Some(output) = self.turn.poll_output() {
                moved = true;
                if let Output::Packet(request) = output {
                    self.turn_request(request);
                }
            }
            if !moved {
                break;
            }
        }
    }

    fn hear(&mut self, number: usize, event: Event) {
        if let Event::Signal(signal) = &event {
            self.signals.push((number, signal.clone()));
            let mut signal = signal.clone();
            if let (1, Some(forged)) = (number, &self.forge)
                && let Signal::Offer(description) | Signal::Answer(description) = &mut signal
            {
                description.fingerprint = forged.clone();
            }
            if let (Some(setup), Signal::Offer(offer)) = (self.offer_setup, &mut signal) {
                offer.setup = setup;
            }
            let letter = Letter::Signal { to: 1 - number, signal: Box::new(signal) };
            self.put(letter, self.signal_delay);
        }
        self.ends[number].events.push((self.now, event));
    }

    fn request(&mut self, number: usize, request: Request) {
        let now = self.now;
        let end = &mut self.ends[number];
        match request {
            Request::Bind { local } if end.addresses.contains(&local.ip()) => {
                let bound = SocketAddr::new(local.ip(), end.next_port);
                end.next_port += 1;
                end.sockets.insert(bound);
                let notice = Notice::Bound { requested: local, local: bound };
                self.peer(number).handle_input(notice, now);
            }
            Request::Bind { local } => {
                let (socket, reason) = (Socket::Udp(local), Refusal::NoSuchAddress);
                self.peer(number).handle_input(Notice::Refused { socket, reason }, now);
            }
            Request::Send(mut datagram) => {
                assert!(end.sockets.contains(&datagram.source), "{datagram:?} has no socket");
                if let Some(outside) = end.outside.filter(|_| datagram.source.is_ipv4()) {
                    datagram.source.set_ip(outside);
                }
                self.post(datagram);
            }
            Request::Close(Socket::Udp(local)) => {
                assert!(end.sockets.remove(&local) || !end.addresses.contains(&local.ip()));
            }
            Request::Listen { .. }
            | Request::Connect { .. }
            | Request::Write { .. }
            | Request::Close(_) => panic!("a peer asks for a stream"),
        }
    }

    fn turn_request(&mut self, request: Request) {
        match request {
            Request::Bind { local } => {
                self.turn_sockets.insert(local);
                self.turn.handle_input(Notice::Bound { requested: local, local }, self.now);
            }
            Request::Send(datagram) => self.post(datagram),
            Request::Close(Socket::Udp(local)) => assert!(self.turn_sockets.remove(&local)),
            Request::Listen { .. }
            | Request::Connect { .. }
            | Request::Write { .. }
            | Request::Close(_) => panic!("a TURN server asks for a stream"),
        }
    }

    fn post(&mut self, datagram: Datagram) {
        self.put(Letter::Datagram(datagram), Duration::from_millis(10));
    }

    fn put(&mut self, letter: Letter, delay: Duration) {
        self.posted += 1;
        self.in_flight.insert((self.now + delay, self.posted), letter);
    }

    fn deliver(&mut self, letter: Letter) {
        let now = self.now;
        match letter {
            Letter::Signal { to, signal } => self.peer(to).handle_signal(*signal, now),
            Letter::Datagram(datagram) => self.deliver_datagram(datagram),
        }
    }

    fn deliver_datagram(&mut self, mut datagram: Datagram) {
        let now = self.now;
        if self.loss.is_some_and(|one_of| self.luck.below(one_of) == 0) {
            return;
        }
        let is_dtls = datagram.payload.first().is_some_and(|first| (20..64).contains(first));
        if is_dtls && self.lost_handshakes > 0 {
            self.lost_handshakes -= 1;
            return;
        }
        let from_turn = self.turn_sockets.contains(&datagram.source);
        let from_server = from_turn || datagram.source == STUN.parse().unwrap();
        if datagram.destination == STUN.parse().unwrap() {
            self.stun.handle_input(datagram, now);
        } else if self.turn_sockets.contains(&datagram.destination) {
            self.turn.handle_input(Notice::Datagram(datagram), now);
        } else if (self.is_direct || from_server) && !(from_turn && self.turn_is_silent) {
            for number in 0..2 {
                let end = &self.ends[number];
                if end.outside == Some(datagram.destination.ip()) {
                    datagram.destination.set_ip(end.addresses[0]);
                } else if end.outside.is_some() && datagram.destination.is_ipv4() {
                    continue;
                }
                if end.sockets.contains(&datagram.destination) {
                    self.peer(number).handle_input(Notice::Datagram(datagram), now);
                    return;
                }
            }
        }
    }

    /// Tells a peer that a host cannot be reached.
    pub(crate) fn icmp(&mut self, number: usize, local: SocketAddr, remote: SocketAddr) {
        let (from, kind) = (remote.ip(), IcmpKind::HostUnreachable);
        let now = self.now;
        let error = IcmpError { local, remote, from, kind };
        self.peer(number).handle_input(Notice::Icmp(error), now);
        self.settle();
    }
}

fn turn_server() -> turn::Server {
    let [v4, v6]: [SocketAddr; 2] = [TURN, TURN_V6].map(|address| address.parse().unwrap());
    let users = turn::server::Users::one("user", "secret");
    let mut config = turn::ServerConfig::new(v4, v4.ip(), "icelab", users);
    config.listen.push(v6);
    if let IpAddr::V6(address) = v6.ip() {
        config.relay_v6 = Some(address);
    }
    turn::Server::new(config, Rng::from_u64(3))
}
