//! The laws of every layer, and that nothing grows without bound.

use core::time::Duration;

use icelab_sans_io::net::{Datagram, Notice};
use icelab_sans_io::testing::{LinkModel, Pair, laws};
use icelab_sans_io::{Deadline, Instant, Output, Protocol, Rng};
use icelab_stun::attribute::{ChannelNumber as Number, Data, XorPeerAddress};
use icelab_stun::{Class, MessageBuilder, Method, TransactionId};
use icelab_turn::client::Client;
use icelab_turn::server::ServerEvent;
use icelab_turn::wire::{ChannelData, ChannelNumber};
use proptest::prelude::*;

use crate::harness::{
    CLIENT, Caller, Host, Lab, PEER, SERVER, address, client, client_config, open_pair,
    server_config,
};

fn busy_pair() -> Pair<Client, Lab> {
    let link = LinkModel::terrible(Duration::from_millis(40));
    let lab = Lab::new(Host::new(server_config()));
    let mut pair = Pair::new(client(client_config()), lab, link, 11);
    pair.a.allocate(Instant::START).unwrap();
    pair.drive_while(Instant::from_secs(60), |pair| !pair.a.is_open());
    pair.a.send(address(PEER), b"x".as_slice(), pair.now()).unwrap();
    pair
}

#[test]
fn same_seed_same_log() {
    laws::same_seed_same_log(busy_pair, Duration::from_secs(1500));
}

#[test]
fn an_early_timeout_is_a_no_op() {
    laws::an_early_timeout_is_a_no_op(busy_pair, Duration::from_secs(1500));
}

#[test]
fn deadlines_advance_on_the_client() {
    for lateness in [Duration::ZERO, Duration::from_secs(90)] {
        let mut pair = open_pair(LinkModel::default());
        pair.a.send(address(PEER), b"x".as_slice(), pair.now()).unwrap();
        pair.drive_for(Duration::from_secs(1));
        laws::deadlines_advance(&mut pair.a, Duration::from_secs(3000), lateness);
    }
}

#[test]
fn deadlines_advance_on_the_server() {
    let mut pair = open_pair(LinkModel::default());
    pair.a.send(address(PEER), b"x".as_slice(), pair.now()).unwrap();
    pair.drive_for(Duration::from_secs(1));
    let server = &mut pair.z.host.server;
    laws::deadlines_advance(server, Duration::from_secs(3000), Duration::ZERO);
    assert_eq!(server.allocations(), 0);
    assert_eq!(server.poll_timeout(), None);
}

/// What the two ends say to each other in a whole life.
fn conversation() -> Vec<Datagram> {
    let mut samples = Vec::new();
    let lab = Lab::new(Host::new(server_config()));
    let mut pair = Pair::new(client(client_config()), lab, LinkModel::default(), 7);
    pair.a.allocate(Instant::START).unwrap();
    for _ in 0..3 {
        if pair.a.is_open() {
            pair.a.send(address(PEER), b"hello".as_slice(), pair.now()).unwrap();
        }
        loop {
            let mut moved = false;
            while let Some(output) = pair.a.poll_output() {
                moved = true;
                if let Output::Packet(datagram) = output {
                    samples.push(datagram.clone());
                    pair.z.handle_input(datagram, pair.now());
                }
            }
            while let Some(output) = pair.z.poll_output() {
                moved = true;
                if let Output::Packet(datagram) = output {
                    samples.push(datagram.clone());
                    pair.a.handle_input(datagram, pair.now());
                }
            }
            if !moved {
                break;
            }
        }
    }
    assert!(samples.len() >= 10);
    samples
}

#[test]
fn no_bytes_panic_on_the_client() {
    let make = || {
        let mut pair = open_pair(LinkModel::default());
        pair.a.send(address(PEER), b"x".as_slice(), pair.now()).unwrap();
        pair.drive_for(Duration::from_secs(1));
        pair.a
    };
    let samples = conversation();
    let from_server = samples.into_iter().filter(|datagram| datagram.source == address(SERVER));
    laws::no_bytes_panic(make, &from_server.collect::<Vec<_>>(), 1);
}

/// The server alone, as a layer of datagrams.
struct Datagrams(Host);

impl Protocol for Datagrams {
    type Input = Datagram;
    type Packet = ();
    type Event = ServerEvent;

    fn handle_input(&mut self, input: Datagram, now: Instant) {
        self.0.notice(Notice::Datagram(input), now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.0.timeout(now);
    }

    fn poll_output(&mut self) -> Option<Output<(), ServerEvent>> {
        None
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        self.0.server.poll_timeout()
    }
}

#[test]
fn no_bytes_panic_on_the_server() {
    let make = || {
        let mut pair = open_pair(LinkModel::default());
        pair.a.send(address(PEER), b"x".as_slice(), pair.now()).unwrap();
        pair.drive_for(Duration::from_secs(1));
        Datagrams(pair.z.host)
    };
    let samples = conversation();
    let from_client = samples.into_iter().filter(|datagram| datagram.source == address(CLIENT));
    laws::no_bytes_panic(make, &from_client.collect::<Vec<_>>(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever many clients ask for in whatever order, the server keeps to its limits, every port
    /// it has is one of its allocations', and in the end nothing is left.
    #[test]
    fn a_server_keeps_to_its_limits_and_cleans_up(
        seed: u64,
        steps in prop::collection::vec((0_u16..12, 0_u8..9, 0_u64..40), 1..120),
    ) {
        let mut config = server_config();
        config.limits.allocations = 6;
        config.limits.allocations_per_user = 5;
        config.limits.permissions = 4;
        config.limits.channels = 3;
        config.limits.reservations = 2;
        config.ports = 50_000..=50_019;
        let mut host = Host::new(config);
        let mut rng = Rng::from_u64(seed);
        let mut callers: Vec<_> = (0..12).map(|number| Caller::new(2000 + number)).collect();
        let mut now = Instant::START;
        for (client, action, seconds) in steps {
            now += Duration::from_secs(seconds);
            host.timeout(now);
            act(&mut host, &mut callers[usize::from(client)], action, &mut rng, now);
            prop_assert!(host.server.allocations() <= 5);
            // A relayed address each, and at most two ports held.
            prop_assert!(host.relayed().len() <= 5 * 2 + 2);
            prop_assert!(host.server.relayed().count() >= host.server.allocations());
        }
        host.timeout(now + Duration::from_secs(3700));
        prop_assert_eq!(host.server.allocations(), 0);
        prop_assert_eq!(host.relayed(), []);
        prop_assert_eq!(host.server.poll_timeout(), None);
    }

    #[test]
    fn channel_data_round_trips(number in 0x4000_u16..=0x4FFF, data: Vec<u8>, padding in 0..4_usize) {
        let number = ChannelNumber::new(number).unwrap();
        let message = ChannelData { number, data: &data };
        let mut bytes = message.encode().unwrap();
        bytes.resize(bytes.len() + padding, 0);
        prop_assert_eq!(ChannelData::decode(&bytes), Ok(message));
    }

    #[test]
    fn no_bytes_break_channel_data(bytes: Vec<u8>) {
        if let Ok(message) = ChannelData::decode(&bytes) {
            prop_assert!(message.data.len() + 4 <= bytes.len());
        }
    }
}

/// One client does one thing.
fn act(host: &mut Host, caller: &mut Caller, action: u8, rng: &mut Rng, now: Instant) {
    use icelab_stun::attribute as stun;
    let peer = format!("203.0.113.{}:{}", rng.below(6), rng.below(3) + 1);
    let peer = XorPeerAddress(address(&peer));
    let number = Number(u16::try_from(0x4000 + rng.below(5)).unwrap());
    let transport = stun::RequestedTransport::UDP;
    let server = address(SERVER);
    match action {
        0 => {
            caller.ask(host, Method::ALLOCATE, now, |message| message.add(&transport));
        }
        1 => {
            let both = stun::AdditionalAddressFamily(stun::Family::V6);
            caller.ask(host, Method::ALLOCATE, now, |message| message.add(&transport).add(&both));
        }
        2 => {
            let pair = stun::EvenPort { reserve: true };
            caller.ask(host, Method::ALLOCATE, now, |message| message.add(&transport).add(&pair));
        }
        3 => {
            caller.refresh(host, 600, now);
        }
        4 => {
            caller.refresh(host, 0, now);
        }
        5 => {
            caller.ask(host, Method::CREATE_PERMISSION, now, |message| message.add(&peer));
        }
        6 => {
            caller.ask(host, Method::CHANNEL_BIND, now, |message| message.add(&number).add(&peer));
        }
        7 => {
            let id = TransactionId::random(rng);
            let message = MessageBuilder::new(Class::Indication, Method::SEND, id);
            let bytes = message.add(&peer).add(&Data(b"x")).finish();
            host.datagram(caller.address, server, &bytes, now);
        }
        _ => {
            let number = ChannelNumber::new(number.0).unwrap();
            let bytes = ChannelData { number, data: b"x" }.encode().unwrap();
            host.datagram(caller.address, server, &bytes, now);
        }
    }
    host.to_peers.clear();
}
