//! Errors and pings: what they say, when none may be sent, what they quote.

use icelab_sans_io::net::IcmpKind;

use super::*;

const KINDS: [IcmpKind; 6] = [
    IcmpKind::PortUnreachable,
    IcmpKind::HostUnreachable,
    IcmpKind::NetworkUnreachable,
    IcmpKind::AdministrativelyProhibited,
    IcmpKind::TimeExceeded,
    IcmpKind::TooBig { mtu: 1400 },
];

#[test]
fn an_error_says_what_is_wrong_and_with_which_packet() {
    for (ends, router) in [(V4, "10.0.0.1"), (V6, "2001:db8:9::1")] {
        for about in [udp(ends, b"payload"), tcp(ends, b""), echo(ends, 9)] {
            for kind in KINDS {
                let error = Packet::icmp_error(&about, address(router), kind).unwrap();
                check(&error);
                assert!(error.is_icmp_error());
                assert_eq!(error.source(), address(router));
                assert_eq!(error.destination(), about.source());
                let expected = IcmpError {
                    kind: Some(kind),
                    about: about.flow(),
                    sender: about.source(),
                    target: about.destination(),
                };
                assert_eq!(error.icmp(), Some(Icmp::Error(expected)));
                assert_eq!(error.flow(), None);
            }
        }
    }
}

#[test]
fn an_error_quotes_as_much_as_may_be() {
    for (ends, router, most) in [(V4, "10.0.0.1", 576), (V6, "2001:db8:9::1", 1280)] {
        let about = udp(ends, &[1; 2000]);
        let error = Packet::icmp_error(&about, address(router), KINDS[0]).unwrap();
        assert_eq!(error.length(), most);
        check(&error);
    }
}

#[test]
fn no_error_is_sent_where_none_may_be() {
    let router = address("10.0.0.1");
    let none = |about: &Packet| Packet::icmp_error(about, router, KINDS[0]).is_none();
    let error = Packet::icmp_error(&udp(V4, b"x"), router, KINDS[0]).unwrap();
    assert!(none(&error));
    let pieces = udp(V4, &[0; 1000]).fragments(500).unwrap();
    assert!(!none(&pieces[0]) && none(&pieces[1]));
    for destination in ["224.0.0.1:1", "255.255.255.255:1"] {
        assert!(none(&udp((V4.0, destination), b"x")), "{destination}");
    }
    for source in ["0.0.0.0:1", "127.0.0.1:1", "224.0.0.1:1", "255.255.255.255:1"] {
        assert!(none(&udp((source, V4.1), b"x")), "{source}");
    }
    // The router has no address of that version.
    assert!(none(&udp(V6, b"x")));
}

#[test]
fn too_big_about_multicast_is_sent_in_ipv6_alone() {
    let to_many = udp((V6.0, "[ff02::1]:5"), b"x");
    let router = address("2001:db8:9::1");
    assert!(Packet::icmp_error(&to_many, router, IcmpKind::TooBig { mtu: 1280 }).is_some());
    assert!(Packet::icmp_error(&to_many, router, IcmpKind::PortUnreachable).is_none());
    let to_many = udp((V4.0, "224.0.0.1:5"), b"x");
    let router = address("10.0.0.1");
    assert!(Packet::icmp_error(&to_many, router, IcmpKind::TooBig { mtu: 1280 }).is_none());
}

#[test]
fn a_ping_and_its_answer_have_flows_that_mirror_each_other() {
    for ends in [V4, V6] {
        let request = echo(ends, 77);
        let message = Icmp::EchoReply { identifier: 77, sequence: 3 };
        let reply = Packet::echo(request.destination(), request.source(), message, b"abc").unwrap();
        check(&reply);
        assert_eq!(reply.flow(), request.flow().map(Flow::reversed));
        assert_eq!(reply.icmp(), Some(message));
    }
}

#[test]
fn the_quoted_packet_can_be_rewritten() {
    for (ends, new) in [(V4, "203.0.113.1:9"), (V6, "[fd00::9]:9")] {
        for about in [udp(ends, b"payload"), tcp(ends, b"payload"), echo(ends, 5)] {
            let router = if ends == V4 { "10.0.0.1" } else { "2001:db8:9::1" };
            let mut error = Packet::icmp_error(&about, address(router), KINDS[0]).unwrap();
            error.set_quoted_source(endpoint(new));
            check(&error);
            error.set_quoted_destination(endpoint(new));
            check(&error);
            // What is quoted is what the same packet with those endpoints would be.
            let mut rewritten = about.clone();
            rewritten.set_source(endpoint(new));
            rewritten.set_destination(endpoint(new));
            let quote = if ends == V4 { 28 } else { 48 };
            assert_eq!(&error.as_bytes()[quote..], rewritten.as_bytes());
        }
    }
}

#[test]
fn rewriting_a_quote_that_is_none_changes_nothing() {
    let mut packet = echo(V4, 1);
    let before = packet.clone();
    packet.set_quoted_source(endpoint("203.0.113.1:9"));
    assert_eq!(packet, before);
}
