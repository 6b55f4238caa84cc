//! What is done to a network while it runs.

use icelab_sans_io::net::{Datagram, IcmpKind, Notice, Request};
use icelab_sim::nat::{Behaviour, Config};
use icelab_sim::{Attachment, BuildError, GatewayConfig, HostConfig, Network, NodeId};

use crate::guest::Lab;

fn home() -> Network {
    let mut network = Network::new();
    let config = Config { filtering: Behaviour::EndpointIndependent, ..Config::default() };
    network.gateway("home", GatewayConfig::nat(config));
    network.gateway("cafe", GatewayConfig::nat(Config::default()));
    network.host("alice", HostConfig::behind("home"));
    network.host("server", HostConfig::behind("internet"));
    network
}

#[test]
fn a_cut_is_silent_and_heals() {
    let mut lab = Lab::new(&home());
    let (alice, home) = (lab.node("alice"), lab.node("home"));
    assert!(lab.simulation.cut(home, alice));
    lab.send("alice", lab.socket("server"), b"lost");
    lab.run(20);
    assert_eq!(lab.datagrams("server"), []);
    assert_eq!(lab.notices("alice"), []);
    assert!(lab.simulation.heal(alice, home));
    lab.send("alice", lab.socket("server"), b"there");
    lab.run(40);
    assert_eq!(lab.datagrams("server").len(), 1);
    assert!(!lab.simulation.cut(alice, NodeId::INTERNET));
}

#[test]
fn a_packet_on_a_link_that_is_cut_is_lost() {
    let mut lab = Lab::new(&home());
    lab.send("alice", lab.socket("server"), b"half way");
    lab.simulation.cut(lab.node("alice"), lab.node("home"));
    lab.run(20);
    assert_eq!(lab.drops(), ["link-down"]);
}

#[test]
fn an_unplugged_host_knows_and_cannot_send() {
    let mut lab = Lab::new(&home());
    let (alice, home) = (lab.node("alice"), lab.node("home"));
    let socket = lab.socket("alice");
    assert!(lab.simulation.unplug(alice, home));
    assert!(!lab.simulation.unplug(alice, home));
    let datagram = Datagram::new(socket, lab.socket("server"), vec![1]);
    lab.ask(alice, Request::Send(datagram));
    lab.run(20);
    let notices = lab.notices("alice");
    let [Notice::InterfacesChanged(none), Notice::Icmp(error)] = &notices[..] else {
        panic!("{notices:?}")
    };
    assert_eq!((none.len(), error.kind), (0, IcmpKind::NetworkUnreachable));
    assert!(lab.simulation.heal(alice, home));
    lab.run(40);
    let notices = lab.notices("alice");
    assert!(matches!(&notices[2..], [Notice::InterfacesChanged(one)] if one.len() == 1));
}

#[test]
fn a_host_that_moves_gets_an_address_of_the_new_place() {
    let mut lab = Lab::new(&home());
    let alice = lab.node("alice");
    lab.simulation.unplug(alice, lab.node("home"));
    lab.simulation.plug(alice, &Attachment::behind("cafe")).unwrap();
    lab.ask(alice, Request::Bind { local: lab.socket("alice") });
    lab.run(1);
    let interfaces = lab.simulation.interfaces(alice);
    assert_eq!((interfaces.len(), interfaces[0].name.as_str()), (1, "eth1"));
    lab.send("alice", lab.socket("server"), b"from the cafe");
    lab.run(40);
    assert_eq!(lab.datagrams("server")[0].1.to_string(), "203.0.113.2:5000");
    let unknown = lab.simulation.plug(alice, &Attachment::behind("nowhere"));
    assert!(matches!(unknown, Err(BuildError::UnknownNode { .. })));
}

#[test]
fn a_gateway_that_reboots_forgets_its_mappings() {
    let mut lab = Lab::new(&home());
    lab.send("alice", lab.socket("server"), b"hello");
    lab.run(20);
    let seen = lab.datagrams("server")[0].1;
    assert!(lab.simulation.reboot(lab.node("home")));
    lab.send("server", seen, b"are you there?");
    lab.run(40);
    assert_eq!(lab.datagrams("alice"), []);
    let story = lab.story().join("\n");
    assert!(story.contains("rebooted home") && story.contains("mapping expired home"), "{story}");
}

#[test]
fn a_gateway_with_another_address_is_reached_there_and_not_at_the_old_one() {
    let mut lab = Lab::new(&home());
    let home = lab.node("home");
    let old = lab.socket("home");
    lab.simulation.rebind(home, &[]).unwrap();
    assert_eq!(lab.socket("home").to_string(), "203.0.113.3:5000");
    lab.send("alice", lab.socket("server"), b"hello");
    lab.run(20);
    assert_eq!(lab.datagrams("server")[0].1.to_string(), "203.0.113.3:5000");
    lab.send("server", old, b"old");
    lab.run(40);
    assert_eq!(lab.datagrams("alice"), []);
    let taken = lab.simulation.rebind(home, &[lab.socket("cafe").ip()]);
    assert!(matches!(taken, Err(BuildError::AddressTaken { .. })));
}

#[test]
fn a_crashed_host_is_silent_and_starts_with_other_ports() {
    let mut lab = Lab::new(&home());
    let server = lab.node("server");
    let free = |lab: &mut Lab| {
        lab.heard.clear();
        let local = (lab.socket("server").ip(), 0).into();
        lab.ask(server, Request::Bind { local });
        lab.run(lab.simulation.now().as_nanos() / 1_000_000);
        let notices = lab.notices("server");
        let Some(Notice::Bound { local, .. }) = notices.last() else { panic!("{notices:?}") };
        *local
    };
    let first = free(&mut lab);
    assert!(lab.simulation.crash(server).is_some());
    assert!(lab.simulation.crash(server).is_none());
    lab.send("alice", lab.socket("server"), b"hello?");
    lab.run(50);
    assert_eq!(lab.drops(), ["host-down"]);
    lab.start(server);
    let second = free(&mut lab);
    assert_ne!(first, second);
    let story = lab.story().join("\n");
    assert!(story.contains("crashed server") && story.contains("started server 2"), "{story}");
}
