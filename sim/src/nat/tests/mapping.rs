//! Which outside endpoint an inside one gets (RFC 4787 section 4.1).

use super::*;

fn ports(mapping: Behaviour) -> [u16; 3] {
    let mut lab = Lab::of(mapping, APD);
    [R1, R1_OTHER, R2].map(|remote| lab.send(A, remote, Instant::START).unwrap().port())
}

#[test]
fn an_endpoint_independent_mapping_is_the_same_for_all_remote_endpoints() {
    assert_eq!(ports(EI), [5000; 3]);
}

#[test]
fn an_address_dependent_mapping_differs_by_address_and_not_by_port() {
    let [first, same_address, other_address] = ports(AD);
    assert_eq!(first, same_address);
    assert_ne!(first, other_address);
}

#[test]
fn an_address_and_port_dependent_mapping_differs_by_both() {
    let [first, same_address, other_address] = ports(APD);
    assert!(first != same_address && first != other_address && same_address != other_address);
}

#[test]
fn every_mapping_behaviour_keeps_its_mapping_for_the_same_remote_endpoint() {
    for mapping in [EI, AD, APD] {
        let mut lab = Lab::new(Config { mapping, ports: Ports::Random, ..Config::default() });
        let first = lab.send(A, R1, Instant::START);
        lab.send(A, R2, Instant::START).unwrap();
        assert_eq!(lab.send(A, R1, seconds(1)), first);
    }
}

#[test]
fn two_inside_endpoints_with_the_same_port_get_different_outside_ports() {
    let mut lab = Lab::of(EI, EI);
    let of_a = lab.send(A, R1, Instant::START).unwrap();
    let of_b = lab.send(B, R1, Instant::START).unwrap();
    assert_ne!(of_a, of_b);
    assert_eq!(lab.receive(R2, of_a, Instant::START), Ok(endpoint(A)));
    assert_eq!(lab.receive(R2, of_b, Instant::START), Ok(endpoint(B)));
}

#[test]
fn udp_tcp_and_icmp_have_ports_of_their_own() {
    let mut lab = Lab::of(EI, APD);
    lab.send(A, R1, Instant::START).unwrap();
    let mut tcp = syn(B, R1);
    assert_eq!(lab.nat.outbound(&mut tcp, Instant::START), Verdict::Forward);
    check(&tcp);
    assert_eq!(tcp.flow().unwrap().source, endpoint("203.0.113.1:5000"));
    let mut icmp = ping("192.168.1.4", "198.51.100.1", 5000);
    assert_eq!(lab.nat.outbound(&mut icmp, Instant::START), Verdict::Forward);
    check(&icmp);
    assert_eq!(icmp.flow().unwrap().source, endpoint("203.0.113.1:5000"));
}

#[test]
fn a_ping_comes_back_to_the_one_who_sent_it() {
    let mut lab = Lab::of(EI, APD);
    for inside in ["192.168.1.2", "192.168.1.3"] {
        let mut request = ping(inside, "198.51.100.1", 77);
        assert_eq!(lab.nat.outbound(&mut request, Instant::START), Verdict::Forward);
        check(&request);
        let identifier = request.source_port().unwrap();
        let mut reply = pong("198.51.100.1", OUTSIDE, identifier);
        assert_eq!(lab.nat.inbound(&mut reply, Instant::START), Verdict::Forward);
        check(&reply);
        assert_eq!(reply.flow().unwrap().destination, endpoint(&format!("{inside}:77")));
    }
}

#[test]
fn a_reply_with_an_identifier_that_nobody_asked_with_is_dropped() {
    let mut lab = Lab::of(EI, APD);
    lab.nat.outbound(&mut ping("192.168.1.2", "198.51.100.1", 77), Instant::START);
    let mut reply = pong("198.51.100.1", OUTSIDE, 78);
    assert_eq!(lab.nat.inbound(&mut reply, Instant::START), Verdict::Drop(DropReason::NoMapping));
}

#[test]
fn a_ping_to_an_outside_address_is_for_the_gateway() {
    let mut lab = Lab::of(EI, EI);
    let mut from_outside = ping("198.51.100.1", OUTSIDE, 1);
    assert_eq!(lab.nat.inbound(&mut from_outside, Instant::START), Verdict::Local);
    let mut from_inside = ping("192.168.1.2", OUTSIDE, 1);
    assert_eq!(lab.nat.outbound(&mut from_inside, Instant::START), Verdict::Local);
}

#[test]
fn a_reply_that_nobody_asked_for_does_not_leave() {
    let mut lab = Lab::of(EI, EI);
    let mut reply = pong("192.168.1.2", "198.51.100.1", 1);
    assert_eq!(
        lab.nat.outbound(&mut reply, Instant::START),
        Verdict::Drop(DropReason::UnsupportedIcmp)
    );
}

#[test]
fn what_is_neither_udp_nor_tcp_nor_icmp_is_dropped() {
    let mut bytes = ping("192.168.1.2", "198.51.100.1", 1).into_bytes();
    bytes[9] = 47;
    bytes[10] = 0;
    bytes[11] = 0;
    let sum: u32 = bytes[..20].chunks(2).map(|w| u32::from(w[0]) * 256 + u32::from(w[1])).sum();
    let field = !(((sum >> 16) + (sum & 0xffff)) as u16);
    bytes[10..12].copy_from_slice(&field.to_be_bytes());
    let mut packet = Packet::parse(bytes).unwrap();
    let verdict = Lab::of(EI, EI).nat.outbound(&mut packet, Instant::START);
    assert_eq!(verdict, Verdict::Drop(DropReason::UnsupportedProtocol));
}

#[test]
fn a_packet_for_an_address_that_is_none_of_the_nat_is_dropped() {
    let mut lab = Lab::of(EI, EI);
    let outcome = lab.receive(R1, endpoint("203.0.113.9:5000"), Instant::START);
    assert_eq!(outcome, Err(DropReason::WrongAddress));
}

#[test]
fn a_nat_without_an_address_of_that_version_drops() {
    let mut lab = Lab::of(EI, EI);
    let outcome = lab.send("[fd00::2]:1", "[2001:db8::1]:1", Instant::START);
    assert_eq!(outcome, Err(DropReason::NoAddressLeft));
}

#[test]
fn paired_pooling_keeps_one_outside_address_for_an_inside_address() {
    let outside = ["203.0.113.1", "203.0.113.2", "203.0.113.3"];
    let config = Config { mapping: APD, ..Config::default() };
    let mut lab = Lab::with_addresses(config, &outside);
    for inside in ["192.168.1.2", "192.168.1.3", "192.168.1.4"] {
        let used: Vec<IpAddr> = (1000..1020)
            .map(|port| lab.send(&format!("{inside}:{port}"), R1, Instant::START).unwrap().ip())
            .collect();
        assert!(used.iter().all(|address| *address == used[0]));
    }
    let shares: Vec<usize> = outside
        .iter()
        .map(|text| {
            let uses = |entry: &&Entry| entry.outside.ip() == address(text);
            lab.nat.mappings().iter().filter(uses).count()
        })
        .collect();
    assert_eq!(shares, [20, 20, 20]);
}

#[test]
fn arbitrary_pooling_uses_all_addresses_for_one_inside_address() {
    let config = Config { pooling: Pooling::Arbitrary, mapping: APD, ..Config::default() };
    let mut lab = Lab::with_addresses(config, &["203.0.113.1", "203.0.113.2"]);
    let mut used: Vec<IpAddr> = (1000..1040)
        .map(|port| lab.send(&format!("192.168.1.2:{port}"), R1, Instant::START).unwrap().ip())
        .collect();
    used.sort_unstable();
    used.dedup();
    assert_eq!(used.len(), 2);
}

#[test]
fn the_notes_tell_of_mapping_translation_and_drop() {
    let mut lab = Lab::of(EI, APD);
    let outside = lab.send(A, R1, Instant::START).unwrap();
    assert_eq!(lab.note_names(), ["nat.mapping.made", "nat.translated"]);
    lab.send(A, R1, seconds(1)).unwrap();
    assert_eq!(lab.note_names(), ["nat.translated"]);
    lab.receive(R2, outside, seconds(1)).unwrap_err();
    let notes = lab.notes();
    let [Note::Dropped { flow: Some(flow), reason }] = notes[..] else {
        panic!("{notes:?}");
    };
    assert_eq!((flow.source, flow.destination), (endpoint(R2), outside));
    assert_eq!(reason, DropReason::Filtered);
}

#[test]
fn a_mapping_shows_as_much_of_the_remote_endpoint_as_it_is_for() {
    for (mapping, shown) in [(EI, None), (AD, Some("198.51.100.1:0")), (APD, Some(R1))] {
        let mut lab = Lab::of(mapping, APD);
        lab.send(A, R1, Instant::START).unwrap();
        let entry = lab.nat.mappings()[0];
        assert_eq!(entry.remote, shown.map(endpoint));
        assert_eq!(entry.expires, Some(seconds(300)));
        assert_eq!(lab.notes()[0], Note::Made(entry));
    }
}

#[test]
fn mappings_are_told_oldest_first_whatever_ended_in_between() {
    let mut lab = Lab::of(EI, APD);
    lab.send("192.168.1.2:1001", R1, Instant::START).unwrap();
    for port in [1002, 1003] {
        lab.send(&format!("192.168.1.2:{port}"), R1, seconds(100)).unwrap();
    }
    for port in [1004, 1005] {
        lab.send(&format!("192.168.1.2:{port}"), R1, seconds(300)).unwrap();
    }
    let ports: Vec<u16> = lab.nat.mappings().iter().map(|entry| entry.inside.port()).collect();
    assert_eq!(ports, [1002, 1003, 1004, 1005]);
}
