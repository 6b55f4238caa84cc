//! Hosts: binding, sending, fragments, several interfaces.

use icelab_sans_io::net::{Datagram, Ecn, IcmpKind, Notice, Refusal, Request, Socket, Stream};
use icelab_sim::{Attachment, Families, GatewayConfig, HostConfig, Network, What};

use crate::guest::{Lab, address};

fn pair() -> Network {
    let mut network = Network::new();
    network.host("alice", HostConfig::behind("internet"));
    network.host("bob", HostConfig::behind("internet"));
    network
}

#[test]
fn a_datagram_takes_the_delays_and_the_rates_of_its_links() {
    let mut lab = Lab::new(&pair());
    lab.send("alice", lab.socket("bob"), b"hello");
    lab.run(10);
    // 33 bytes at 1 Gbit/s are 264 ns, twice, and 1 ms, twice.
    assert_eq!(lab.datagrams("bob"), [(2_000, address("198.51.100.1:5000"), b"hello".to_vec())]);
    let Some((at, ..)) = lab.heard.first() else { panic!("nothing heard") };
    assert_eq!(at.as_nanos(), 2_000_528);
}

#[test]
fn what_the_ip_header_says_arrives() {
    let mut lab = Lab::new(&pair());
    let mut datagram = Datagram::new(lab.socket("alice"), lab.socket("bob"), vec![1]);
    (datagram.ecn, datagram.ttl, datagram.dont_fragment) = (Ecn::Ect0, 9, true);
    lab.ask(lab.node("alice"), Request::Send(datagram.clone()));
    lab.run(10);
    datagram.ttl = 8;
    assert_eq!(lab.heard.first().unwrap().2, Notice::Datagram(datagram));
}

#[test]
fn a_datagram_that_fits_no_link_is_cut_and_put_together() {
    let mut lab = Lab::new(&pair());
    let payload: Vec<u8> = (0..10_000u32).map(|number| number.to_le_bytes()[0]).collect();
    lab.send("alice", lab.socket("bob"), &payload);
    lab.run(20);
    assert_eq!(lab.datagrams("bob").len(), 1);
    assert_eq!(lab.datagrams("bob")[0].2, payload);
}

#[test]
fn a_socket_address_is_given_once() {
    let mut lab = Lab::new(&pair());
    let (alice, socket) = (lab.node("alice"), lab.socket("alice"));
    lab.ask(alice, Request::Bind { local: socket });
    lab.ask(alice, Request::Bind { local: address("192.0.2.77:1") });
    lab.ask(alice, Request::Listen { local: socket });
    lab.ask(alice, Request::Connect { stream: Stream(1), local: socket, remote: socket });
    lab.run(1);
    let refused = |socket, reason| Notice::Refused { socket, reason };
    let expected = [
        refused(Socket::Udp(socket), Refusal::AddressInUse),
        refused(Socket::Udp(address("192.0.2.77:1")), Refusal::NoSuchAddress),
        refused(Socket::Listener(socket), Refusal::Unsupported),
        refused(Socket::Stream(Stream(1)), Refusal::Unsupported),
    ];
    assert_eq!(lab.notices("alice"), expected);
}

#[test]
fn a_free_port_is_dynamic_and_a_closed_socket_hears_nothing() {
    let mut lab = Lab::new(&pair());
    let bob = lab.node("bob");
    lab.ask(bob, Request::Bind { local: address("198.51.100.2:0") });
    lab.run(1);
    let notices = lab.notices("bob");
    let Some(Notice::Bound { local, .. }) = notices.first() else { panic!("{notices:?}") };
    assert!(local.port() >= 49152);
    lab.ask(bob, Request::Close(Socket::Udp(*local)));
    lab.send("alice", *local, b"late");
    lab.run(10);
    assert_eq!(lab.datagrams("bob"), []);
    let told = lab.notices("alice");
    let Some(Notice::Icmp(error)) = told.first() else { panic!("{told:?}") };
    assert_eq!(error.kind, IcmpKind::PortUnreachable);
    assert_eq!((error.local, error.remote), (lab.socket("alice"), *local));
    assert_eq!(error.from, local.ip());
}

#[test]
fn a_host_reaches_itself_by_its_own_address_and_by_the_loopback_one() {
    let mut lab = Lab::new(&pair());
    let alice = lab.node("alice");
    lab.send("alice", lab.socket("alice"), b"me");
    let loopback = address("127.0.0.1:7000");
    lab.ask(alice, Request::Bind { local: loopback });
    lab.send("alice", loopback, b"inner me");
    lab.run(0);
    let payloads: Vec<_> =
        lab.datagrams("alice").into_iter().map(|(.., payload)| payload).collect();
    assert_eq!(payloads, [b"me".to_vec(), b"inner me".to_vec()]);
}

#[test]
fn a_socket_of_every_address_answers_from_the_one_that_was_asked() {
    let mut lab = Lab::new(&pair());
    let bob = lab.node("bob");
    lab.ask(bob, Request::Bind { local: address("0.0.0.0:53") });
    lab.send("alice", address("198.51.100.2:53"), b"?");
    let unspecified = Datagram::new(address("0.0.0.0:53"), lab.socket("alice"), b"!".to_vec());
    lab.ask(bob, Request::Send(unspecified));
    lab.run(10);
    assert_eq!(lab.datagrams("bob").len(), 1);
    assert_eq!(lab.datagrams("alice")[0].1, address("198.51.100.2:53"));
}

#[test]
fn a_bound_address_picks_the_interface() {
    let mut network = Network::new();
    network.gateway("one", GatewayConfig::router());
    network.gateway("two", GatewayConfig::router());
    let attachments = vec![Attachment::behind("one"), Attachment::behind("two")];
    network.host("phone", HostConfig { attachments });
    network.host("server", HostConfig::behind("internet"));
    let mut lab = Lab::new(&network);
    let [first, second] = lab.simulation.addresses(lab.node("phone"))[..] else { panic!("two") };
    for (from, by) in [(first, "one"), (second, "two")] {
        let phone = lab.node("phone");
        let datagram = Datagram::new((from, 5000).into(), lab.socket("server"), vec![1]);
        let before = lab.story().len();
        lab.ask(phone, Request::Send(datagram));
        let now = lab.simulation.now().as_nanos() / 1_000_000;
        lab.simulation.cut(lab.node(by), icelab_sim::NodeId::INTERNET);
        lab.run(now + 10);
        let lost = format!("between {by} internet link-down");
        let story = lab.story();
        assert!(story[before..].iter().any(|line| line.ends_with(&lost)), "{story:#?}");
    }
}

#[test]
fn both_versions_of_ip_work_side_by_side() {
    let mut network = Network::new();
    network.gateway("office", GatewayConfig::router().with_families(Families::BOTH));
    network.host("alice", HostConfig::behind("office").with_families(Families::BOTH));
    network.host("bob", HostConfig::behind("internet").with_families(Families::BOTH));
    let mut lab = Lab::new(&network);
    for own in lab.simulation.addresses(lab.node("alice")) {
        let theirs = lab.simulation.addresses(lab.node("bob"));
        let remote = theirs.into_iter().find(|theirs| theirs.is_ipv4() == own.is_ipv4()).unwrap();
        let datagram = Datagram::new((own, 5000).into(), (remote, 5000).into(), vec![0; 3000]);
        lab.ask(lab.node("alice"), Request::Send(datagram));
    }
    lab.run(10);
    assert_eq!(lab.datagrams("bob").len(), 2);
    let sent = |what: &What| matches!(what, What::Sent { .. });
    let entries = lab.simulation.record().entries();
    // IPv6 is cut by its sender alone, IPv4 too where its own link asks for it.
    assert_eq!(entries.filter(|entry| sent(&entry.as_ref().unwrap().what)).count(), 6);
}

#[test]
fn who_sends_what_no_packet_can_carry_is_told() {
    let mut network = Network::new();
    for name in ["alice", "bob"] {
        network.host(name, HostConfig::behind("internet").with_families(Families::BOTH));
    }
    let mut lab = Lab::new(&network);
    let alice = lab.node("alice");
    let everywhere = address("0.0.0.0:6000");
    lab.ask(alice, Request::Bind { local: everywhere });
    lab.run(1);
    lab.heard.clear();
    let (v4, v6) = (lab.socket("alice"), lab.simulation.addresses(lab.node("bob"))[1]);
    let (v4_peer, v6_peer) = (lab.socket("bob"), (v6, 5000).into());
    for (source, destination, length) in
        [(v4, v4_peer, 65_507), (v4, v4_peer, 65_508), (v4, v6_peer, 1), (everywhere, v6_peer, 1)]
    {
        let datagram = Datagram::new(source, destination, vec![0; length]);
        lab.ask(alice, Request::Send(datagram));
    }
    lab.run(100);
    let told: Vec<IcmpKind> = lab
        .notices("alice")
        .iter()
        .filter_map(|notice| match notice {
            Notice::Icmp(error) => Some(error.kind),
            _ => None,
        })
        .collect();
    let unreachable = IcmpKind::NetworkUnreachable;
    assert_eq!(told, [IcmpKind::TooBig { mtu: 65_535 }, unreachable, unreachable]);
    let lengths: Vec<usize> =
        lab.datagrams("bob").iter().map(|(.., payload)| payload.len()).collect();
    assert_eq!(lengths, [65_507]);
}
