//! The record: one hash for one run, and every entry back.

use std::time::Duration;

use icelab_sans_io::net::{Datagram, Request};
use icelab_sans_io::{Instant, Rng};
use icelab_sim::link::Loss;
use icelab_sim::nat::Config;
use icelab_sim::record::{NetworkEvent, Place, first_difference, read_text};
use icelab_sim::{
    Chance, DirectionConfig, Entry, Fabric, GatewayConfig, HostConfig, Level, LinkConfig, Name,
    Network, Value, What,
};

use crate::guest::Lab;

fn network(delay: Duration) -> Network {
    let bad = LinkConfig::symmetric(DirectionConfig {
        delay,
        jitter: Duration::from_millis(3),
        loss: Loss::Independent(Chance::from_percent(10)),
        ..DirectionConfig::default()
    });
    let mut network = Network::new();
    network.host("alice", HostConfig::behind("internet").with_link(&bad));
    network.host("bob the \"builder\"", HostConfig::behind("internet").with_link(&bad));
    network
}

fn run(network: &Network, seed: u64, level: Level) -> Lab {
    let mut lab = Lab::with(network, seed, level);
    let bob = lab.node("bob the \"builder\"");
    lab.simulation.with_guest(bob, |guest, _| guest.is_echo = true);
    for index in 0..20u8 {
        lab.send("alice", lab.socket("bob the \"builder\""), &[index; 40]);
        lab.run(u64::from(index) * 5);
    }
    let alice = lab.node("alice");
    let fields = [
        ("text", Value::from("two words, \"quoted\"\nand \\ broken")),
        ("looks-like-a-number", Value::from("7")),
        ("number", Value::Number(-7)),
        ("address", Value::from("[2001:db8::1]:80".parse::<std::net::SocketAddr>().unwrap())),
        ("ip", Value::from("192.0.2.1".parse::<std::net::IpAddr>().unwrap())),
        ("duration", Value::from(Duration::from_nanos(1_500_000_001))),
        ("flag", Value::from(true)),
    ];
    lab.simulation.note(alice, "test.note", fields);
    lab.simulation.cut(alice, icelab_sim::NodeId::INTERNET);
    lab.run(200);
    lab
}

fn entries(lab: &Lab) -> Vec<Entry> {
    lab.simulation.record().entries().map(Result::unwrap).collect()
}

fn ten() -> Network {
    network(Duration::from_millis(10))
}

#[test]
fn the_hash_does_not_depend_on_what_is_kept() {
    let [hash, notes, full] =
        [Level::Hash, Level::Notes, Level::Full].map(|level| run(&ten(), 1, level));
    assert_eq!(hash.simulation.record().hash(), full.simulation.record().hash());
    assert_eq!(notes.simulation.record().hash(), full.simulation.record().hash());
    assert_eq!(hash.simulation.record().len(), full.simulation.record().len());
    assert_eq!(entries(&hash), []);
    assert_eq!(entries(&full).len() as u64, full.simulation.record().len());
    // What is kept at a lower level is the same, with the same index.
    let kept = entries(&notes);
    assert!(kept.len() >= 4, "{kept:?}");
    assert!(kept.iter().all(|entry| entries(&full).contains(entry)));
    let is_packet = |what: &What| matches!(what, What::Sent { .. } | What::Delivered { .. });
    assert!(!kept.iter().any(|entry| is_packet(&entry.what)));
}

#[test]
fn one_seed_is_one_run_and_another_seed_or_a_millisecond_is_another() {
    let hash = |network: &Network, seed| run(network, seed, Level::Hash).simulation.record().hash();
    assert_eq!(hash(&ten(), 1), hash(&ten(), 1));
    assert_ne!(hash(&ten(), 1), hash(&ten(), 2));
    assert_ne!(hash(&ten(), 1), hash(&network(Duration::from_millis(11)), 1));
}

#[test]
fn a_record_is_written_as_text_and_read_back() {
    let lab = run(&ten(), 1, Level::Full);
    let mut text = Vec::new();
    lab.simulation.record().write_text(&mut text).unwrap();
    let read: Vec<Entry> = read_text(&text[..]).map(Result::unwrap).collect();
    assert_eq!(read, entries(&lab));
    assert!(read_text(&b"1 0.000000000 teleported #1 alice\n"[..]).next().unwrap().is_err());
}

#[test]
fn a_doctored_entry_is_found_and_named() {
    let honest = entries(&run(&ten(), 1, Level::Full));
    assert_eq!(first_difference(honest.clone(), honest.clone()), None);
    let mut doctored = honest.clone();
    let at = honest.len() / 2;
    doctored[at].at += Duration::from_nanos(1);
    let found = first_difference(honest.clone(), doctored.clone()).unwrap();
    assert_eq!(found.index, at as u64);
    assert_eq!((found.left.as_ref(), found.right.as_ref()), (honest.get(at), doctored.get(at)));
    let short = first_difference(honest.clone(), honest[..3].to_vec()).unwrap();
    assert_eq!((short.index, short.right), (3, None));
}

#[test]
fn every_kind_of_entry_reads_back_from_its_line() {
    let name = |text: &str| Name::new(text);
    let (a, b) = (name("a"), name("b c"));
    let packet = icelab_sim::record::PacketId(7);
    let place = Place::Link { from: a.clone(), to: b.clone() };
    let events = [
        NetworkEvent::Cut { a: a.clone(), b: b.clone() },
        NetworkEvent::Healed { a: a.clone(), b: b.clone() },
        NetworkEvent::Rebooted { gateway: b.clone() },
        NetworkEvent::Rebound { gateway: a.clone(), outside: vec!["::1".parse().unwrap()] },
        NetworkEvent::LinkSet {
            owner: a.clone(),
            towards: b.clone(),
            direction: icelab_sim::Direction::Down,
        },
        NetworkEvent::Unplugged { node: a.clone(), from: b.clone() },
        NetworkEvent::Plugged { node: a.clone(), into: b.clone() },
        NetworkEvent::Crashed { node: b.clone() },
        NetworkEvent::Started { node: a.clone(), boot: 3 },
    ];
    let others = [
        What::Queued { packet, place: place.clone() },
        What::Marked { packet, place: Place::Node(b.clone()) },
        What::Copied { packet, copy: packet, place: place.clone() },
        What::Dropped { packet, place, reason: "queue-full".into() },
        What::Deadline { node: a, timer: "ice.check".into() },
        What::Note { node: b, name: String::new().into(), fields: Vec::new() },
    ];
    let whats = events.into_iter().map(What::Event).chain(others);
    for (index, what) in (0..).zip(whats) {
        let entry = Entry { index, at: Instant::from_nanos(1_000_000_001), what };
        assert_eq!(entry.to_string().parse().as_ref(), Ok(&entry));
    }
}

/// A little network that uses most of the fabric, without guests.
fn little_fabric(level: Level) -> Fabric {
    let mut network = Network::new();
    network.gateway("home", GatewayConfig::nat(Config::default()));
    network.host("alice", HostConfig::behind("home").with_link(&preset("wifi_bad")));
    network.host("server", HostConfig::behind("internet").with_link(&preset("cable")));
    let mut fabric = Fabric::new(&network, &Rng::from_u64(7), level).unwrap();
    for name in ["alice", "server"] {
        let node = fabric.node(name).unwrap();
        fabric.boot(node);
        let local = (fabric.address(node).unwrap(), 5000).into();
        fabric.request(node, Request::Bind { local });
    }
    fabric
}

fn preset(name: &str) -> LinkConfig {
    icelab_sim::LinkPreset::find(name).unwrap().config()
}

fn talk(fabric: &mut Fabric, packets: u32) {
    let [alice, server] = ["alice", "server"].map(|name| fabric.node(name).unwrap());
    let [from, to] = [alice, server].map(|node| (fabric.address(node).unwrap(), 5000).into());
    for index in 0..packets {
        let datagram = Datagram::new(from, to, index.to_be_bytes().repeat(30));
        fabric.request(alice, Request::Send(datagram));
        while fabric.poll_timeout().is_some_and(|at| at <= Instant::from_millis(u64::from(index))) {
            fabric.handle_next();
        }
        while fabric.poll_notice().is_some() {}
    }
    while fabric.packets_on_their_way() > 0 && fabric.handle_next() {}
}

#[test]
fn a_little_network_has_the_hash_that_it_always_had() {
    let mut fabric = little_fabric(Level::Hash);
    talk(&mut fabric, 500);
    assert_eq!(fabric.record().hash(), GOLDEN);
}

/// Changes only when the fabric's behaviour or the record's encoding is meant to change.
const GOLDEN: &str = "6ee4c69694c40339930ea0f10326a038704ca215bf2ccec79aec810e98eeaad7";
