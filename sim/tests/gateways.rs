//! Gateways: NATs that nest, hairpins, firewalls, errors through a NAT.

use std::time::Duration;

use icelab_sans_io::net::{Datagram, IcmpKind, Notice, Request};
use icelab_sim::firewall::{self, Action};
use icelab_sim::link::{Bitrate, Reorder};
use icelab_sim::nat::{Behaviour, Config, Hairpin};
use icelab_sim::{
    Chance, Direction, DirectionConfig, Families, GatewayConfig, HostConfig, LinkChange,
    LinkConfig, Matcher, Network, What,
};

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

/// The numbers of the packets that reached a node, in order.
fn delivered(lab: &Lab, name: &str) -> Vec<u64> {
    let entries = lab.simulation.record().entries();
    let delivered = entries.filter_map(|entry| match entry.unwrap().what {
        What::Delivered { packet, node } if *node == *name => Some(packet.0),
        _ => None,
    });
    delivered.collect()
}

#[test]
fn fragments_that_waited_keep_their_numbers_and_follow_their_first_one() {
    // Each host's first fragment is held back on its link, alice's for longer.
    let slow = |millis| DirectionConfig {
        rate: Some(Bitrate::from_mbit(4)),
        reorder: Reorder { chance: Chance::ALWAYS, hold: Duration::from_millis(millis) },
        ..DirectionConfig::default()
    };
    let hosts = [("alice", 40), ("anna", 20)];
    let mut network = Network::new();
    network.gateway("home", GatewayConfig::nat(Config::default()));
    for (name, millis) in hosts {
        let link = LinkConfig { up: slow(millis), down: DirectionConfig::default() };
        network.host(name, HostConfig::behind("home").with_link(&link));
    }
    network.host("server", HostConfig::behind("internet"));
    network.host("other", HostConfig::behind("internet"));
    let mut lab = Lab::new(&network);
    lab.send("alice", lab.socket("server"), &[5; 4000]);
    lab.send("anna", lab.socket("other"), &[6; 4000]);
    // The first fragments are on their way, the second ones begin theirs after 3 ms.
    lab.run(1);
    for (name, _) in hosts {
        let link = lab.simulation.link(lab.node(name), None).unwrap();
        let set = LinkChange { reorder: Some(Reorder::default()), ..LinkChange::default() };
        lab.simulation.set_link(link, Direction::Up, &set);
    }
    lab.run(100);
    assert_eq!(delivered(&lab, "other"), [4, 5, 6], "{:#?}", lab.story());
    assert_eq!(delivered(&lab, "server"), [1, 2, 3], "{:#?}", lab.story());
    assert_eq!(lab.datagrams("other")[0].2, [6; 4000]);
    assert_eq!(lab.datagrams("server")[0].2, [5; 4000]);
}

/// Alice's first fragment is lost, so that the others wait in her gateway.
fn waiting_fragments() -> Lab {
    let mut lab = Lab::new(&two_homes());
    let first = Matcher { destination_port: Some(5000), ..Matcher::default() };
    lab.simulation.drop_each(first, [1]);
    lab.send("alice", lab.socket("server"), &[5; 4000]);
    lab.run(20);
    assert_eq!(lab.drops(), ["rule"]);
    lab
}

/// When, in microseconds, and as which packets the waiting fragments were dropped.
fn given_up(lab: &Lab) -> Vec<String> {
    let story = lab.story();
    story.iter().filter(|line| line.contains("nat-fragment-without-first")).cloned().collect()
}

#[test]
fn fragments_that_wait_in_vain_are_dropped_when_their_time_is_over() {
    let mut lab = waiting_fragments();
    lab.run(30_001);
    assert_eq!(given_up(&lab), [""; 0]);
    lab.run(40_000);
    let lines = ["2", "3"]
        .map(|number| format!("30001012 dropped #{number} at home_a nat-fragment-without-first"));
    assert_eq!(given_up(&lab), lines);
}

#[test]
fn fragments_that_wait_in_a_gateway_are_dropped_when_it_reboots_or_gets_another_address() {
    for is_reboot in [true, false] {
        let mut lab = waiting_fragments();
        let home = lab.node("home_a");
        if is_reboot {
            lab.simulation.reboot(home);
        } else {
            lab.simulation.rebind(home, &[]).unwrap();
        }
        let lines = ["2", "3"]
            .map(|number| format!("20000 dropped #{number} at home_a nat-fragment-without-first"));
        assert_eq!(given_up(&lab), lines);
        lab.send("alice", lab.socket("server"), b"well");
        lab.run(100_000);
        assert_eq!(lab.datagrams("server").len(), 1);
        assert_eq!(given_up(&lab).len(), 2);
    }
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

#[test]
fn a_drop_by_a_rule_names_the_rule() {
    let rules = vec![
        firewall::Rule { to_port: Some(9..=9), ..firewall::Rule::new(Action::Allow) },
        firewall::Rule::new(Action::Drop),
    ];
    let config = firewall::Config { rules, ..firewall::Config::default() };
    let mut network = Network::new();
    network.gateway("office", GatewayConfig::firewall(config));
    network.host("alice", HostConfig::behind("office"));
    network.host("server", HostConfig::behind("internet"));
    let mut lab = Lab::new(&network);
    lab.send("alice", lab.socket("server"), b"hello");
    lab.run(50);
    assert_eq!(lab.drops(), ["firewall-rule-2"]);
}
