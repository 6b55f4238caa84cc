//! The loop: order, deadlines, tokens, endless work, idle time.

use std::time::Duration;

use icelab_sans_io::net::{Datagram, Request};
use icelab_sans_io::{Instant, Rng};
use icelab_sim::{HostConfig, Level, Limits, LinkConfig, Network, Simulation, Step};

use crate::guest::{Guest, Lab};

fn pair() -> Network {
    let mut network = Network::new();
    network.host("alice", HostConfig::behind("internet"));
    network.host("bob", HostConfig::behind("internet"));
    network
}

#[test]
fn a_guest_first_hears_its_interfaces_and_counts_its_boots() {
    let mut simulation: Simulation<Guest> =
        Simulation::new(&pair(), &Rng::from_u64(1), Level::Hash).unwrap();
    let alice = simulation.node("alice").unwrap();
    assert_eq!(simulation.boots(alice), 0);
    for boot in 1..=2 {
        simulation.place(alice, Guest::default());
        let Step::Event { event, .. } = simulation.step(Instant::START).unwrap() else { panic!() };
        let icelab_sans_io::net::Notice::InterfacesChanged(interfaces) = event else { panic!() };
        assert_eq!(interfaces, simulation.interfaces(alice));
        assert_eq!(simulation.boots(alice), boot);
    }
}

#[test]
fn tokens_come_at_their_times_and_in_their_order() {
    let mut simulation = Lab::new(&pair()).simulation;
    for (at, token) in [(20, 1), (10, 2), (10, 3)] {
        simulation.schedule(Instant::from_millis(at), token);
    }
    let mut tokens = Vec::new();
    while let Step::Timer { token, at } = simulation.step(Instant::from_millis(15)).unwrap() {
        tokens.push((token, at.as_nanos() / 1_000_000));
    }
    assert_eq!(tokens, [(2, 10), (3, 10)]);
    assert_eq!(simulation.now(), Instant::from_millis(15));
}

#[test]
fn a_deadline_fires_once_each_time_and_is_in_the_record() {
    let mut lab = Lab::new(&pair());
    let alice = lab.node("alice");
    lab.simulation.with_guest(alice, |guest, _| {
        guest.deadline = Some(Instant::from_millis(10));
        guest.period = Some(Duration::from_millis(20));
    });
    lab.run(100);
    assert_eq!(lab.simulation.guest(alice).unwrap().fired, 5);
    assert!(lab.story().contains(&"50000 deadline alice guest.tick".to_owned()));
}

#[test]
fn endless_work_at_one_instant_names_the_host_and_the_timer() {
    let mut lab = Lab::new(&pair());
    let bob = lab.node("bob");
    lab.simulation.with_guest(bob, |guest, _| {
        guest.deadline = Some(Instant::from_millis(5));
        guest.period = Some(Duration::ZERO);
    });
    let error = lab.simulation.step(Instant::from_millis(10)).unwrap_err();
    assert_eq!((error.node.as_str(), error.timer), ("bob", Some("guest.tick")));
    let text = error.to_string();
    assert!(text.contains("bob") && text.contains("guest.tick"), "{text}");
    assert!(lab.simulation.step(Instant::from_millis(10)).is_err());
}

#[test]
fn two_hosts_that_never_stop_talking_in_no_time_are_stopped() {
    let mut network = Network::new();
    let link = LinkConfig::default();
    network.host("alice", HostConfig::behind("internet").with_link(&link));
    network.host("bob", HostConfig::behind("internet").with_link(&link));
    let mut lab = Lab::new(&network);
    lab.simulation.limit(Limits { calls: 5_000, ..Limits::default() });
    for name in ["alice", "bob"] {
        let node = lab.node(name);
        lab.simulation.with_guest(node, |guest, _| guest.is_echo = true);
    }
    lab.send("alice", lab.socket("bob"), b"!");
    let error = loop {
        if let Err(error) = lab.simulation.step(Instant::from_millis(1)) {
            break error;
        }
    };
    assert_eq!(error.timer, None);
    assert!((1_000..5_001).contains(&lab.simulation.fabric().handled()));
}

#[test]
fn what_guests_say_at_one_instant_is_counted_over_all_calls() {
    let once = |limits: Limits, bytes: usize| {
        let mut lab = Lab::new(&pair());
        lab.run(1);
        lab.simulation.limit(limits);
        let (alice, to) = (lab.node("alice"), lab.socket("bob"));
        let from = lab.socket("alice");
        for _ in 0..3 {
            lab.simulation.with_guest(alice, |guest, _| {
                for _ in 0..40 {
                    guest.ask(Request::Send(Datagram::new(from, to, vec![0; bytes])));
                }
            });
        }
        loop {
            match lab.simulation.step(Instant::from_millis(9)) {
                Ok(Step::Reached) => return (lab.simulation.fabric().packets_sent(), None),
                Ok(Step::Event { .. } | Step::Timer { .. }) => {}
                Err(error) => {
                    return (lab.simulation.fabric().packets_sent(), Some(error.node.to_string()));
                }
            }
        }
    };
    let alice = || Some("alice".to_owned());
    assert_eq!(once(Limits::default(), 1000), (120, None));
    assert_eq!(once(Limits { outputs: 100, ..Limits::default() }, 1000), (101, alice()));
    assert_eq!(once(Limits { bytes: 90_000, ..Limits::default() }, 1000), (91, alice()));
}

#[test]
fn the_network_loses_packets_rather_than_memory() {
    for limits in [
        Limits { packets_on_their_way: 5, ..Limits::default() },
        // 128 bytes each.
        Limits { bytes_on_their_way: 4 * 128 + 1, ..Limits::default() },
    ] {
        let mut lab = Lab::new(&pair());
        lab.simulation.limit(limits);
        for _ in 0..8 {
            lab.send("alice", lab.socket("bob"), &[0; 100]);
        }
        assert_eq!(lab.simulation.fabric().packets_on_their_way(), 5);
        lab.run(10);
        assert_eq!((lab.datagrams("bob").len(), lab.drops()), (5, vec!["no-room".to_owned(); 3]));
        lab.send("alice", lab.socket("alice"), b"there is room again");
        lab.run(20);
        assert_eq!(lab.datagrams("alice").len(), 1);
    }
}

#[test]
fn twenty_idle_minutes_take_no_work() {
    let mut lab = Lab::new(&pair());
    let before = lab.simulation.fabric().handled();
    lab.run(20 * 60 * 1000);
    assert_eq!(lab.simulation.fabric().handled(), before);
}
