//! ICMP errors, MTUs and rules.

use std::time::Duration;

use icelab_sans_io::net::{Datagram, IcmpKind, Notice, Request};
use icelab_sim::fabric::{Awaited, PatternPlace};
use icelab_sim::link::Oversize;
use icelab_sim::packet::Protocol;
use icelab_sim::{
    DirectionConfig, Families, GatewayConfig, HostConfig, LinkConfig, Matcher, Network, Pattern,
};

use crate::guest::{Lab, address};

fn narrow(oversize: Oversize) -> Network {
    let narrow = DirectionConfig {
        mtu: 1300,
        oversize,
        delay: Duration::from_millis(1),
        ..DirectionConfig::default()
    };
    let mut network = Network::new();
    network.host("alice", HostConfig::behind("internet").with_families(Families::BOTH));
    let router = GatewayConfig::router().with_link(LinkConfig::symmetric(narrow));
    network.gateway("office", router.with_families(Families::BOTH));
    network.host("bob", HostConfig::behind("office").with_families(Families::BOTH));
    network
}

fn send(lab: &mut Lab, is_v4: bool, dont_fragment: bool) {
    let pick = |name: &str| {
        let addresses = lab.simulation.addresses(lab.node(name));
        (addresses.into_iter().find(|address| address.is_ipv4() == is_v4).unwrap(), 5000).into()
    };
    let mut datagram = Datagram::new(pick("alice"), pick("bob"), vec![9; 1400]);
    datagram.dont_fragment = dont_fragment;
    lab.ask(lab.node("alice"), Request::Send(datagram));
}

fn kinds(lab: &Lab, name: &str) -> Vec<IcmpKind> {
    let notices = lab.notices(name);
    notices
        .iter()
        .filter_map(|notice| match notice {
            Notice::Icmp(error) => Some(error.kind),
            _ => None,
        })
        .collect()
}

#[test]
fn a_narrow_link_tells_the_mtu_to_who_forbids_fragments() {
    for is_v4 in [true, false] {
        let mut lab = Lab::new(&narrow(Oversize::TooBig));
        send(&mut lab, is_v4, true);
        lab.run(20);
        assert_eq!(kinds(&lab, "alice"), [IcmpKind::TooBig { mtu: 1300 }]);
        assert_eq!(lab.datagrams("bob"), []);
        assert_eq!(lab.drops(), ["too-big"]);
    }
}

#[test]
fn a_black_hole_tells_nobody() {
    let mut lab = Lab::new(&narrow(Oversize::BlackHole));
    send(&mut lab, true, true);
    send(&mut lab, false, true);
    lab.run(20);
    assert_eq!(kinds(&lab, "alice"), []);
    assert_eq!(lab.drops(), ["too-big", "too-big"]);
}

#[test]
fn a_router_cuts_ipv4_and_a_host_cuts_ipv6_once_it_knows() {
    let mut lab = Lab::new(&narrow(Oversize::TooBig));
    send(&mut lab, true, false);
    lab.run(20);
    assert_eq!(lab.datagrams("bob").len(), 1);
    // The first IPv6 datagram is lost on the way of finding the MTU; the second one arrives in pieces.
    send(&mut lab, false, false);
    lab.run(40);
    assert_eq!(lab.datagrams("bob").len(), 1);
    send(&mut lab, false, false);
    lab.run(60);
    assert_eq!(lab.datagrams("bob").len(), 2);
    assert_eq!(lab.datagrams("bob")[1].2, vec![9; 1400]);
}

#[test]
fn a_packet_out_of_hops_comes_back_as_time_exceeded_from_where_it_died() {
    let mut lab = Lab::new(&narrow(Oversize::TooBig));
    for (ttl, from) in [(1, "198.51.100.254"), (2, "192.0.2.1")] {
        lab.heard.clear();
        let mut datagram = Datagram::new(lab.socket("alice"), lab.socket("bob"), vec![1]);
        datagram.ttl = ttl;
        lab.ask(lab.node("alice"), Request::Send(datagram));
        let now = lab.simulation.now().as_nanos() / 1_000_000;
        lab.run(now + 20);
        let notices = lab.notices("alice");
        let Some(Notice::Icmp(error)) = notices.first() else { panic!("{ttl}: {notices:?}") };
        assert_eq!((error.kind, error.from.to_string().as_str()), (IcmpKind::TimeExceeded, from));
    }
}

#[test]
fn nobody_there_and_no_way_there_are_told_apart() {
    let mut lab = Lab::new(&narrow(Oversize::TooBig));
    lab.send("alice", address("192.0.2.9:1"), b"nobody");
    lab.send("alice", address("10.1.2.3:1"), b"no way");
    lab.run(20);
    assert_eq!(kinds(&lab, "alice"), [IcmpKind::NetworkUnreachable, IcmpKind::HostUnreachable]);
}

#[test]
fn a_flood_to_a_closed_port_is_answered_only_so_often() {
    let mut lab = Lab::new(&narrow(Oversize::TooBig));
    for _ in 0..500 {
        lab.send("alice", (lab.socket("bob").ip(), 9).into(), b"anybody?");
    }
    lab.run(100);
    assert_eq!(kinds(&lab, "alice").len(), 50);
}

#[test]
fn the_nth_packet_that_matches_is_dropped_and_no_other() {
    let mut lab = Lab::new(&narrow(Oversize::TooBig));
    let matcher = Matcher {
        from: Some(lab.node("alice")),
        to: Some(lab.node("bob")),
        protocol: Some(Protocol::Udp),
        payload: vec![vec![Pattern {
            place: PatternPlace::At(1),
            bytes: b"ing".to_vec(),
            mask: Vec::new(),
        }]],
        ..Matcher::default()
    };
    let rule = lab.simulation.drop_each(matcher, [2, 9]);
    for text in ["ping1", "pong", "ping2", "ping3", "ping4"] {
        lab.send("alice", lab.socket("bob"), text.as_bytes());
    }
    lab.run(20);
    let heard: Vec<String> = lab
        .datagrams("bob")
        .into_iter()
        .map(|(.., payload)| String::from_utf8(payload).unwrap())
        .collect();
    assert_eq!(heard, ["ping1", "pong", "ping3", "ping4"]);
    assert_eq!(lab.drops(), ["rule"]);
    assert_eq!(lab.simulation.awaited(rule), Some(Awaited { next: 9, came: 4 }));
}

#[test]
fn a_rule_that_has_dropped_all_its_packets_waits_for_nothing() {
    let mut lab = Lab::new(&narrow(Oversize::TooBig));
    let matcher = Matcher { from: Some(lab.node("alice")), ..Matcher::default() };
    let rule = lab.simulation.drop_each(matcher.clone(), [1, 2]);
    let never = lab.simulation.drop_each(matcher, []);
    for _ in 0..3 {
        lab.send("alice", lab.socket("bob"), b"x");
    }
    lab.run(20);
    assert_eq!(lab.datagrams("bob").len(), 1);
    assert_eq!((lab.simulation.awaited(rule), lab.simulation.awaited(never)), (None, None));
}
