//! Headers rewritten in place: endpoints, TTL, marks, and their checksums.

use icelab_sans_io::net::Ecn;

use super::*;

#[test]
fn a_rewritten_source_and_destination_keep_all_checksums_right() {
    for ends in [V4, V6] {
        let (new_source, new_destination) = match ends == V4 {
            true => ("203.0.113.77:65535", "10.255.0.1:1"),
            false => ("[fd00:ffff::7]:65535", "[2001:db8:ffff::]:1"),
        };
        for packet in [udp(ends, b"odd"), udp(ends, b"even"), tcp(ends, b"abc"), echo(ends, 5)] {
            let mut packet = packet;
            packet.set_source(endpoint(new_source));
            check(&packet);
            packet.set_destination(endpoint(new_destination));
            check(&packet);
            let flow = packet.flow().unwrap();
            assert_eq!(flow.source, endpoint(new_source));
            assert_eq!(flow.destination.ip(), endpoint(new_destination).ip());
            let port = if packet.protocol() == Protocol::Icmp { 0 } else { 1 };
            assert_eq!(flow.destination.port(), port);
        }
    }
}

#[test]
fn rewriting_is_the_same_as_building_with_the_new_endpoints() {
    let mut packet = udp(V4, b"payload");
    packet.set_source(endpoint("203.0.113.1:7"));
    assert_eq!(packet, udp(("203.0.113.1:7", V4.1), b"payload"));
}

#[test]
fn an_address_of_the_other_version_changes_nothing() {
    let before = udp(V4, b"x");
    let mut packet = before.clone();
    packet.set_source(endpoint(V6.0));
    packet.set_destination_address(address("::1"));
    assert_eq!(packet, before);
}

#[test]
fn a_missing_checksum_stays_missing() {
    let mut bytes = udp(V4, b"x").into_bytes();
    bytes[26] = 0;
    bytes[27] = 0;
    let mut packet = Packet::parse(bytes).unwrap();
    packet.set_source(endpoint("203.0.113.1:7"));
    assert_eq!(packet.as_bytes()[26..28], [0, 0]);
    check(&packet);
}

#[test]
fn a_damaged_packet_stays_damaged() {
    let mut packet = udp(V4, b"payload").corrupt(30 * 8).unwrap();
    packet.set_source(endpoint("203.0.113.1:7"));
    packet.set_destination(endpoint("10.0.0.1:9"));
    assert!(!packet.has_valid_checksum());
}

#[test]
fn the_ttl_runs_out() {
    for ends in [V4, V6] {
        let mut packet = udp(ends, b"x");
        packet.set_ttl(2);
        check(&packet);
        assert!(packet.decrement_ttl());
        check(&packet);
        assert_eq!(packet.ttl(), 1);
        assert!(!packet.decrement_ttl());
        assert!(!packet.decrement_ttl());
        assert_eq!(packet.ttl(), 0);
        check(&packet);
    }
}

#[test]
fn marking_changes_only_the_mark() {
    for ends in [V4, V6] {
        for ecn in [Ecn::Ce, Ecn::Ect0, Ecn::Ect1, Ecn::NotEct] {
            let mut packet = udp(ends, b"x");
            packet.set_ecn(ecn);
            check(&packet);
            assert_eq!((packet.ecn(), packet.ttl()), (ecn, 64));
            packet.set_ecn(Ecn::NotEct);
            assert_eq!(packet, udp(ends, b"x"));
        }
    }
}

#[test]
fn the_identification_is_set_in_ipv4_alone() {
    let mut packet = udp(V4, b"x");
    packet.set_identification(777);
    check(&packet);
    assert_eq!(packet.identification(), 777);
    let mut packet = udp(V6, b"x");
    packet.set_identification(777);
    assert_eq!((packet.identification(), &packet), (0, &udp(V6, b"x")));
}

#[test]
fn later_fragments_have_addresses_to_rewrite_and_nothing_else() {
    let pieces = udp(V4, &[3; 1000]).fragments(500).unwrap();
    let mut later = pieces[1].clone();
    let payload = later.payload().to_vec();
    later.set_source(endpoint("203.0.113.1:7"));
    check(&later);
    assert_eq!(later.source(), address("203.0.113.1"));
    assert_eq!(later.payload(), payload);
    assert_eq!(later.flow(), None);
}
