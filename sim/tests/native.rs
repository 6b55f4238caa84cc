//! The loop: order, deadlines, tokens, endless work, idle time.

use std::time::Duration;

use icelab_sans_io::{Instant, Rng};
use icelab_sim::{HostConfig, Level, LinkConfig, Network, Simulation, Step};

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
#[ignore = "takes seconds without optimisation"]
fn two_hosts_that_never_stop_talking_in_no_time_are_stopped() {
    let mut network = Network::new();
    let link = LinkConfig::default();
    network.host("alice", HostConfig::behind("internet").with_link(&link));
    network.host("bob", HostConfig::behind("internet").with_link(&link));
    let mut lab = Lab::new(&network);
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
}

#[test]
fn twenty_idle_minutes_take_no_work() {
    let mut lab = Lab::new(&pair());
    let before = lab.simulation.fabric().handled();
    lab.run(20 * 60 * 1000);
    assert_eq!(lab.simulation.fabric().handled(), before);
}
