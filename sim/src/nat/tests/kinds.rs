//! One-to-one, NAT64, NPTv6, and no NAT at all.

use icelab_sans_io::net::IcmpKind;

use super::*;

fn one_to_one(filtering: Behaviour) -> Lab {
    let config = Config { kind: Kind::OneToOne, filtering, ..Config::default() };
    Lab::with_addresses(config, &["203.0.113.1", "203.0.113.2"])
}

#[test]
fn without_nat_packets_pass_as_they_are() {
    let mut lab = Lab::preset("none");
    let mut packet = Packet::udp(endpoint(A), endpoint(R1), b"x").unwrap();
    let before = packet.clone();
    assert_eq!(lab.nat.outbound(&mut packet, Instant::START), Verdict::Forward);
    assert_eq!(lab.nat.inbound(&mut packet, Instant::START), Verdict::Forward);
    assert_eq!(packet, before);
    assert_eq!(lab.notes(), []);
}

#[test]
fn one_to_one_gives_each_inside_address_one_of_its_own_and_keeps_all_ports() {
    let mut lab = one_to_one(APD);
    assert_eq!(lab.send("192.168.1.2:7", R1, Instant::START), Ok(endpoint("203.0.113.1:7")));
    assert_eq!(lab.send("192.168.1.2:8", R1, Instant::START), Ok(endpoint("203.0.113.1:8")));
    assert_eq!(lab.send("192.168.1.3:7", R1, Instant::START), Ok(endpoint("203.0.113.2:7")));
    let third = lab.send("192.168.1.4:7", R1, Instant::START);
    assert_eq!(third, Err(DropReason::NoAddressLeft));
}

#[test]
fn one_to_one_filters_like_any_other() {
    for (filtering, open) in [(EI, true), (AD, false), (APD, false)] {
        let mut lab = one_to_one(filtering);
        let outside = lab.send(A, R1, Instant::START).unwrap();
        assert!(lab.reaches(R1, outside, Instant::START));
        assert_eq!(lab.reaches(R2, outside, Instant::START), open);
        let other_port = endpoint("203.0.113.1:9");
        assert_eq!(lab.reaches(R1, other_port, Instant::START), open, "{filtering:?}");
        // What the filter does not let in leaves nothing behind.
        lab.receive(R1, other_port, Instant::START).ok();
        assert_eq!(lab.nat.mappings().len(), if open { 2 } else { 1 });
    }
}

#[test]
fn one_to_one_is_endpoint_independent_whatever_mapping_says_since_ports_stay() {
    for (mapping, filtering) in [(AD, APD), (APD, APD), (APD, EI)] {
        let config = Config { kind: Kind::OneToOne, mapping, filtering, ..Config::default() };
        let mut lab = Lab::with_addresses(config, &["203.0.113.1"]);
        let outside = lab.send(A, R1, Instant::START).unwrap();
        assert_eq!(lab.send(A, R2, seconds(100)), Ok(outside));
        for remote in [R1, R2] {
            assert_eq!(lab.receive(remote, outside, seconds(101)), Ok(endpoint(A)));
        }
        // What the first packet made has gone on with the second.
        assert_eq!(lab.receive(R2, outside, seconds(350)), Ok(endpoint(A)));
    }
}

#[test]
fn a_pair_that_was_configured_reaches_the_inside_before_it_ever_sent() {
    let mut lab = one_to_one(EI);
    assert!(lab.nat.pair(address("192.168.1.9"), address("203.0.113.2")));
    assert!(!lab.nat.pair(address("192.168.1.8"), address("203.0.113.2")));
    assert!(!lab.nat.pair(address("192.168.1.9"), address("203.0.113.1")));
    assert!(!lab.nat.pair(address("192.168.1.8"), address("203.0.113.9")));
    let inside = lab.receive(R1, endpoint("203.0.113.2:3478"), Instant::START);
    assert_eq!(inside, Ok(endpoint("192.168.1.9:3478")));
    assert_eq!(lab.send("192.168.1.9:3478", R1, Instant::START), Ok(endpoint("203.0.113.2:3478")));
    lab.nat.reboot(seconds(1));
    assert!(lab.reaches(R1, endpoint("203.0.113.2:3478"), seconds(1)));
}

#[test]
fn one_to_one_pings_reach_the_inside_and_come_back() {
    let mut lab = one_to_one(EI);
    lab.nat.pair(address("192.168.1.9"), address("203.0.113.2"));
    let mut request = ping("198.51.100.1", "203.0.113.2", 5);
    assert_eq!(lab.nat.inbound(&mut request, Instant::START), Verdict::Forward);
    check(&request);
    assert_eq!(request.destination(), address("192.168.1.9"));
    let mut reply = pong("192.168.1.9", "198.51.100.1", 5);
    assert_eq!(lab.nat.outbound(&mut reply, Instant::START), Verdict::Forward);
    check(&reply);
    assert_eq!(reply.source(), address("203.0.113.2"));
    assert_eq!(reply.destination_port(), Some(5));
}

const SIX: &str = "[2001:db8:1::2]:5000";
const EMBEDDED: &str = "[64:ff9b::198.51.100.1]:6000";

#[test]
fn nat64_translates_udp_both_ways() {
    let mut lab = Lab::preset("nat64");
    let mut packet = Packet::udp(endpoint(SIX), endpoint(EMBEDDED), b"hello").unwrap();
    packet.set_ecn(icelab_sans_io::net::Ecn::Ect0);
    packet.set_ttl(33);
    assert_eq!(lab.nat.outbound(&mut packet, Instant::START), Verdict::Forward);
    check(&packet);
    let flow = packet.flow().unwrap();
    assert_eq!((flow.source, flow.destination), (endpoint("203.0.113.1:5000"), endpoint(R1)));
    assert_eq!((packet.ttl(), packet.payload()), (33, b"hello".as_slice()));
    assert_eq!(packet.ecn(), icelab_sans_io::net::Ecn::Ect0);
    let mut answer = Packet::udp(endpoint(R1), flow.source, b"world").unwrap();
    assert_eq!(lab.nat.inbound(&mut answer, Instant::START), Verdict::Forward);
    check(&answer);
    let flow = answer.flow().unwrap();
    assert_eq!((flow.source, flow.destination), (endpoint(EMBEDDED), endpoint(SIX)));
    assert_eq!(answer.payload(), b"world");
}

#[test]
fn nat64_translates_tcp_and_pings_both_ways() {
    let mut lab = Lab::preset("nat64");
    let mut packet = syn(SIX, EMBEDDED);
    assert_eq!(lab.nat.outbound(&mut packet, Instant::START), Verdict::Forward);
    check(&packet);
    let mut request = ping("2001:db8:1::2", "64:ff9b::198.51.100.1", 9);
    assert_eq!(lab.nat.outbound(&mut request, Instant::START), Verdict::Forward);
    check(&request);
    assert_eq!(request.icmp(), Some(Icmp::EchoRequest { identifier: 9, sequence: 1 }));
    let mut reply = pong("198.51.100.1", OUTSIDE, 9);
    assert_eq!(lab.nat.inbound(&mut reply, Instant::START), Verdict::Forward);
    check(&reply);
    assert_eq!(reply.icmp(), Some(Icmp::EchoReply { identifier: 9, sequence: 1 }));
    assert_eq!(reply.destination(), endpoint(SIX).ip());
}

#[test]
fn nat64_lets_native_packets_pass_and_refuses_the_wrong_side() {
    let mut lab = Lab::preset("nat64");
    let mut native = Packet::udp(endpoint(SIX), endpoint("[2001:db8:9::1]:1"), b"x").unwrap();
    let before = native.clone();
    assert_eq!(lab.nat.outbound(&mut native, Instant::START), Verdict::Forward);
    assert_eq!(native, before);
    let mut four = Packet::udp(endpoint(A), endpoint(R1), b"x").unwrap();
    assert_eq!(
        lab.nat.outbound(&mut four, Instant::START),
        Verdict::Drop(DropReason::WrongAddress)
    );
}

#[test]
fn nat64_keeps_parity_and_ends_after_five_minutes() {
    let mut lab = Lab::preset("nat64");
    for host in 2..12 {
        let from = endpoint(&format!("[2001:db8:1::{host}]:5001"));
        let mut packet = Packet::udp(from, endpoint(EMBEDDED), b"x").unwrap();
        lab.nat.outbound(&mut packet, Instant::START);
        assert_eq!(packet.source_port().unwrap() % 2, 1);
    }
    lab.nat.handle_timeout(just_before(seconds(300)));
    assert_eq!(lab.nat.mappings().len(), 10);
    lab.nat.handle_timeout(seconds(300));
    assert_eq!(lab.nat.mappings(), []);
}

#[test]
fn nat64_hairpins_between_two_insides() {
    let mut lab = Lab::preset("nat64");
    let mut opener = Packet::udp(endpoint(SIX), endpoint(EMBEDDED), b"x").unwrap();
    lab.nat.outbound(&mut opener, Instant::START);
    let own = endpoint("[64:ff9b::203.0.113.1]:5000");
    let mut packet = Packet::udp(endpoint("[2001:db8:1::3]:4000"), own, b"x").unwrap();
    assert_eq!(lab.nat.outbound(&mut packet, Instant::START), Verdict::Hairpin);
    check(&packet);
    let flow = packet.flow().unwrap();
    assert_eq!(flow.source, endpoint("[64:ff9b::203.0.113.1]:4000"));
    assert_eq!(flow.destination, endpoint(SIX));
}

#[test]
fn nat64_gives_udp_without_checksum_one() {
    let mut lab = Lab::preset("nat64");
    let mut opener = Packet::udp(endpoint(SIX), endpoint(EMBEDDED), b"x").unwrap();
    lab.nat.outbound(&mut opener, Instant::START);
    let mut bytes =
        Packet::udp(endpoint(R1), endpoint("203.0.113.1:5000"), b"odd").unwrap().into_bytes();
    bytes[26] = 0;
    bytes[27] = 0;
    let mut packet = Packet::parse(bytes).unwrap();
    assert_eq!(lab.nat.inbound(&mut packet, Instant::START), Verdict::Forward);
    check(&packet);
}

#[test]
fn a_damaged_packet_stays_damaged_through_nat64() {
    let mut lab = Lab::preset("nat64");
    let packet = Packet::udp(endpoint(SIX), endpoint(EMBEDDED), b"hello").unwrap();
    let mut packet = packet.corrupt(48 * 8 + 3).unwrap();
    assert_eq!(lab.nat.outbound(&mut packet, Instant::START), Verdict::Forward);
    assert!(!packet.has_valid_checksum());
}

#[test]
fn nat64_translates_errors_from_the_outside() {
    let mut lab = Lab::preset("nat64");
    let mut sent = Packet::udp(endpoint(SIX), endpoint(EMBEDDED), &[7; 100]).unwrap();
    let before = sent.flow();
    lab.nat.outbound(&mut sent, Instant::START);
    for (kind, translated) in [
        (IcmpKind::PortUnreachable, IcmpKind::PortUnreachable),
        (IcmpKind::HostUnreachable, IcmpKind::NetworkUnreachable),
        (IcmpKind::TimeExceeded, IcmpKind::TimeExceeded),
        (IcmpKind::AdministrativelyProhibited, IcmpKind::AdministrativelyProhibited),
        (IcmpKind::TooBig { mtu: 1400 }, IcmpKind::TooBig { mtu: 1420 }),
        (IcmpKind::TooBig { mtu: 0 }, IcmpKind::TooBig { mtu: 1280 }),
    ] {
        let mut error = Packet::icmp_error(&sent, address("198.51.100.77"), kind).unwrap();
        assert_eq!(lab.nat.inbound(&mut error, Instant::START), Verdict::Forward);
        check(&error);
        assert_eq!(error.source(), address("64:ff9b::198.51.100.77"));
        assert_eq!(error.destination(), endpoint(SIX).ip());
        let Some(Icmp::Error(view)) = error.icmp() else { panic!("{error:?}") };
        assert_eq!((view.kind, view.about), (Some(translated), before));
    }
}

#[test]
fn nat64_translates_errors_from_the_inside() {
    let mut lab = Lab::preset("nat64");
    let mut sent = Packet::udp(endpoint(SIX), endpoint(EMBEDDED), b"x").unwrap();
    lab.nat.outbound(&mut sent, Instant::START);
    let mut got = Packet::udp(endpoint(R1), endpoint("203.0.113.1:5000"), b"y").unwrap();
    let before = got.flow();
    lab.nat.inbound(&mut got, Instant::START);
    let kind = IcmpKind::PortUnreachable;
    let mut error = Packet::icmp_error(&got, endpoint(SIX).ip(), kind).unwrap();
    assert_eq!(lab.nat.outbound(&mut error, Instant::START), Verdict::Forward);
    check(&error);
    assert_eq!((error.source(), error.destination()), (address(OUTSIDE), endpoint(R1).ip()));
    let Some(Icmp::Error(view)) = error.icmp() else { panic!("{error:?}") };
    assert_eq!((view.kind, view.about), (Some(kind), before));
}

fn nptv6() -> Lab {
    let outside = "2001:db8:1::/48".parse().unwrap();
    let config = Config { kind: Kind::Nptv6 { outside }, ..Config::default() };
    let inside = "fd01:203:405::/48".parse().unwrap();
    Lab { nat: Nat::new(config, vec![], inside, Rng::from_u64(1)) }
}

#[test]
fn nptv6_exchanges_prefixes_without_touching_checksums() {
    let mut lab = nptv6();
    let remote = endpoint("[2001:db8:9::1]:6000");
    let mut packet =
        Packet::udp(endpoint("[fd01:203:405:1::1234]:5000"), remote, b"hello").unwrap();
    let transport = packet.as_bytes()[40..].to_vec();
    assert_eq!(lab.nat.outbound(&mut packet, Instant::START), Verdict::Forward);
    check(&packet);
    let outside = endpoint("[2001:db8:1:d550::1234]:5000");
    assert_eq!(packet.flow().unwrap().source, outside);
    assert_eq!(packet.as_bytes()[40..], transport);
    let mut answer = Packet::udp(remote, outside, b"world").unwrap();
    assert_eq!(lab.nat.inbound(&mut answer, Instant::START), Verdict::Forward);
    check(&answer);
    assert_eq!(answer.destination(), address("fd01:203:405:1::1234"));
    assert!(lab.nat.is_outside(outside.ip()) && !lab.nat.is_outside(remote.ip()));
}

#[test]
fn nptv6_refuses_addresses_of_other_prefixes_and_hairpins_its_own() {
    let mut lab = nptv6();
    let mut stranger =
        Packet::udp(endpoint("[fd09::1]:1"), endpoint("[2001:db8:9::1]:1"), b"x").unwrap();
    let verdict = lab.nat.outbound(&mut stranger, Instant::START);
    assert_eq!(verdict, Verdict::Drop(DropReason::WrongAddress));
    let inside = endpoint("[fd01:203:405:2::7]:1");
    let mut packet = Packet::udp(inside, endpoint("[2001:db8:1:d550::1234]:2"), b"x").unwrap();
    assert_eq!(lab.nat.outbound(&mut packet, Instant::START), Verdict::Hairpin);
    check(&packet);
    assert_eq!(packet.destination(), address("fd01:203:405:1::1234"));
    assert!(lab.nat.is_outside(packet.source()));
}

#[test]
fn nptv6_translates_what_an_error_quotes() {
    let mut lab = nptv6();
    let remote = endpoint("[2001:db8:9::1]:6000");
    let mut packet =
        Packet::udp(endpoint("[fd01:203:405:1::1234]:5000"), remote, b"hello").unwrap();
    let before = packet.flow();
    lab.nat.outbound(&mut packet, Instant::START);
    let mut error = Packet::icmp_error(&packet, remote.ip(), IcmpKind::PortUnreachable).unwrap();
    assert_eq!(lab.nat.inbound(&mut error, Instant::START), Verdict::Forward);
    check(&error);
    assert_eq!(error.destination(), address("fd01:203:405:1::1234"));
    let Some(Icmp::Error(view)) = error.icmp() else { panic!("{error:?}") };
    assert_eq!(view.about, before);
}
