//! Gateways: NATs that nest, hairpins, firewalls, errors through a NAT.

use icelab_sans_io::net::{Datagram, IcmpKind, Notice, Request};
use icelab_sim::firewall::{self, Action};
use icelab_sim::nat::{Behaviour, Config, Hairpin};
use icelab_sim::{Families, GatewayConfig, HostConfig, Network};

use crate::guest::Lab;

fn full_cone() -> Config {
    Config { filtering: Behaviour::EndpointIndependent, ..Config::default() }
}

fn two_homes() -> Network {
    let mut network = Network::new();
    network.gateway("home_a", GatewayConfig::nat(Config::default()));
    network.gateway("home_b", GatewayConfig::nat(full_cone()));
    network.host("alice", HostConfig::behind("home_a"));
    network.host("bob", HostConfig::behind("home_b"));
    network.host("server", HostConfig::behind("internet"));
    network
}

#[test]
fn a_nat_gives_its_own_address_and_takes_answers() {
    let mut lab = Lab::new(&two_homes());
    let server = lab.node("server");
    lab.simulation.with_guest(server, |guest, _| guest.is_echo = true);
    lab.send("alice", lab.socket("server"), b"who am I?");
    lab.run(50);
    let [(_, seen, _)] = &lab.datagrams("server")[..] else { panic!("{:#?}", lab.story()) };
    assert_eq!(seen.to_string(), "203.0.113.1:5000");
    assert_eq!(lab.datagrams("alice").len(), 1);
    let story = lab.story().join("\n");
    assert!(story.contains("mapping made home_a udp 192.168.1.2:5000 203.0.113.1:5000"), "{story}");
    assert!(story.contains(
        "translated #1 home_a udp 192.168.1.2:5000 > 198.51.100.1:5000 into udp 203.0.113.1:5000"
    ));
}

#[test]
fn unsolicited_packets_stop_at_the_nat() {
    let mut lab = Lab::new(&two_homes());
    lab.send("server", (lab.socket("home_a").ip(), 5000).into(), b"knock");
    lab.run(50);
    assert_eq!(lab.datagrams("alice"), []);
    assert_eq!(lab.drops(), ["nat-no-mapping"]);
}

#[test]
fn two_homes_with_one_range_reach_each_other_through_what_the_nats_let_in() {
    let mut lab = Lab::new(&two_homes());
    // Bob's NAT lets anybody in once bob has sent something.
    lab.send("bob", lab.socket("server"), b"hello");
    lab.run(20);
    let seen = lab.datagrams("server")[0].1;
    lab.send("alice", seen, b"from alice");
    lab.run(40);
    assert_eq!(lab.datagrams("bob")[0].2, b"from alice");
    assert_eq!(lab.datagrams("bob")[0].1.to_string(), "203.0.113.1:5000");
}

#[test]
fn nats_nest_and_their_ranges_may_be_the_same() {
    let mut network = Network::new();
    network.gateway("outer", GatewayConfig::nat(Config::default()));
    network.gateway("inner", GatewayConfig::nat(Config::default()).behind("outer"));
    network.host("alice", HostConfig::behind("inner"));
    network.host("neighbour", HostConfig::behind("outer"));
    network.host("server", HostConfig::behind("internet"));
    let mut lab = Lab::new(&network);
    for name in ["server", "neighbour"] {
        let node = lab.node(name);
        lab.simulation.with_guest(node, |guest, _| guest.is_echo = true);
    }
    assert_eq!(lab.socket("alice").to_string(), "192.168.1.2:5000");
    assert_eq!(lab.socket("inner").to_string(), "192.168.1.2:5000");
    lab.send("alice", lab.socket("server"), b"out");
    lab.run(50);
    assert_eq!(lab.datagrams("server")[0].1.to_string(), "203.0.113.1:5000");
    assert_eq!(lab.datagrams("alice").len(), 1);
    // The neighbour's address is one of alice's own range, where nobody has it.
    lab.send("alice", lab.socket("neighbour"), b"next door");
    lab.run(100);
    assert_eq!(lab.datagrams("neighbour"), []);
    let kind = IcmpKind::HostUnreachable;
    assert!(matches!(&lab.notices("alice")[..], [Notice::Icmp(error)] if error.kind == kind));
}

#[test]
fn hosts_behind_one_gateway_talk_without_it() {
    let mut network = two_homes();
    network.host("anna", HostConfig::behind("home_a"));
    let mut lab = Lab::new(&network);
    lab.send("alice", lab.socket("anna"), b"hi");
    lab.run(50);
    assert_eq!(lab.datagrams("anna")[0].1, lab.socket("alice"));
    assert!(!lab.story().iter().any(|line| line.contains(" translated ")));
}

#[test]
fn a_hairpin_turns_where_the_nat_allows_it() {
    for (hairpin, arrives) in [(Hairpin::None, false), (Hairpin::ExternalSource, true)] {
        let mut network = Network::new();
        let config = Config { hairpin, ..full_cone() };
        network.gateway("home", GatewayConfig::nat(config));
        network.host("alice", HostConfig::behind("home"));
        network.host("anna", HostConfig::behind("home"));
        network.host("server", HostConfig::behind("internet"));
        let mut lab = Lab::new(&network);
        lab.send("anna", lab.socket("server"), b"hello");
        lab.run(20);
        let seen = lab.datagrams("server")[0].1;
        lab.send("alice", seen, b"by the outside");
        lab.run(40);
        let heard = lab.datagrams("anna");
        assert_eq!(heard.len(), usize::from(arrives), "{:#?}", lab.story());
        if let Some((_, source, _)) = heard.first() {
            assert_eq!(source.ip(), seen.ip());
        }
    }
}

#[test]
fn an_error_from_beyond_finds_its_way_through_the_nat() {
    let mut lab = Lab::new(&two_homes());
    let closed = (lab.socket("server").ip(), 9).into();
    lab.send("alice", closed, b"anybody?");
    lab.run(50);
    let notices = lab.notices("alice");
    let [Notice::Icmp(error)] = &notices[..] else { panic!("{notices:?} {:#?}", lab.story()) };
    assert_eq!((error.kind, error.remote), (IcmpKind::PortUnreachable, closed));
    assert_eq!(error.local, lab.socket("alice"));
}

#[test]
fn hops_are_counted_through_nats_and_the_nat_itself_answers() {
    let mut lab = Lab::new(&two_homes());
    for (ttl, from) in [(1, "192.168.1.1"), (2, "198.51.100.254")] {
        lab.heard.clear();
        let mut datagram = Datagram::new(lab.socket("alice"), lab.socket("server"), vec![1]);
        datagram.ttl = ttl;
        lab.ask(lab.node("alice"), Request::Send(datagram));
        let now = lab.simulation.now().as_nanos() / 1_000_000;
        lab.run(now + 50);
        let notices = lab.notices("alice");
        let [Notice::Icmp(error)] = &notices[..] else { panic!("{notices:?} {:#?}", lab.story()) };
        assert_eq!((error.kind, error.from.to_string().as_str()), (IcmpKind::TimeExceeded, from));
    }
}

#[test]
fn a_narrow_uplink_of_a_nat_tells_the_host_behind_it() {
    let mut network = Network::new();
    let mut gateway = GatewayConfig::nat(Config::default());
    gateway.link.up.mtu = 1300;
    network.gateway("home", gateway);
    network.host("alice", HostConfig::behind("home"));
    network.host("server", HostConfig::behind("internet"));
    let mut lab = Lab::new(&network);
    let mut datagram = Datagram::new(lab.socket("alice"), lab.socket("server"), vec![1; 1400]);
    datagram.dont_fragment = true;
    lab.ask(lab.node("alice"), Request::Send(datagram));
    lab.run(50);
    let notices = lab.notices("alice");
    let [Notice::Icmp(error)] = &notices[..] else { panic!("{notices:?} {:#?}", lab.story()) };
    assert_eq!(error.kind, IcmpKind::TooBig { mtu: 1300 });
    assert_eq!((error.local, error.remote), (lab.socket("alice"), lab.socket("server")));
}

#[test]
fn fragments_pass_a_nat() {
    let mut lab = Lab::new(&two_homes());
    lab.send("alice", lab.socket("server"), &[5; 4000]);
    lab.run(50);
    let [(_, seen, payload)] = &lab.datagrams("server")[..] else { panic!("{:#?}", lab.story()) };
    assert_eq!((seen.to_string().as_str(), payload.len()), ("203.0.113.1:5000", 4000));
}

#[test]
fn ipv6_behind_a_nat_is_routed_and_takes_only_answers() {
    let mut network = Network::new();
    let gateway = GatewayConfig::nat(full_cone()).with_families(Families::BOTH);
    network.gateway("home", gateway);
    network.host("alice", HostConfig::behind("home").with_families(Families::V6));
    network.host("server", HostConfig::behind("internet").with_families(Families::V6));
    let mut lab = Lab::new(&network);
    lab.send("server", lab.socket("alice"), b"knock");
    lab.run(20);
    assert_eq!(lab.datagrams("alice"), []);
    assert_eq!(lab.drops(), ["firewall-unsolicited"]);
    lab.send("alice", lab.socket("server"), b"hello");
    lab.run(40);
    assert_eq!(lab.datagrams("server")[0].1, lab.socket("alice"));
    lab.send("server", lab.socket("alice"), b"welcome");
    lab.run(60);
    assert_eq!(lab.datagrams("alice").len(), 1);
}

#[test]
fn a_firewall_that_rejects_tells_the_sender() {
    let mut network = Network::new();
    let config = firewall::Config { otherwise_out: Action::Reject, ..firewall::Config::default() };
    network.gateway("office", GatewayConfig::firewall(config));
    network.host("alice", HostConfig::behind("office"));
    network.host("server", HostConfig::behind("internet"));
    let mut lab = Lab::new(&network);
    lab.send("alice", lab.socket("server"), b"out");
    lab.run(20);
    let kind = IcmpKind::AdministrativelyProhibited;
    let notices = lab.notices("alice");
    assert!(matches!(&notices[..], [Notice::Icmp(error)] if error.kind == kind), "{notices:?}");
}

#[test]
fn an_unused_mapping_expires_and_is_recorded() {
    let mut lab = Lab::new(&two_homes());
    lab.send("alice", lab.socket("server"), b"hello");
    lab.run(1_000_000);
    assert!(lab.story().iter().any(|line| line.contains("mapping expired home_a udp")));
    lab.send("server", "203.0.113.1:5000".parse().unwrap(), b"too late");
    lab.run(1_001_000);
    assert_eq!(lab.datagrams("alice"), []);
}
