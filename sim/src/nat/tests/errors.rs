//! ICMP errors through the NAT (RFC 5508).

use icelab_sans_io::net::IcmpKind;

use super::*;

const KIND: IcmpKind = IcmpKind::PortUnreachable;

fn labs() -> [Lab; 2] {
    [Lab::of(EI, APD), Lab::preset("linux")]
}

/// A packet as A sent it, and as the outside sees it.
fn sent(lab: &mut Lab) -> (Packet, Packet) {
    let before = Packet::udp(endpoint("192.168.1.2:5000"), endpoint(R1), &[9; 64]).unwrap();
    let mut after = before.clone();
    assert_eq!(lab.nat.outbound(&mut after, Instant::START), Verdict::Forward);
    (before, after)
}

#[test]
fn an_error_from_anyone_outside_reaches_the_inside_about_what_it_sent() {
    for mut lab in labs() {
        let (before, after) = sent(&mut lab);
        for from in ["198.51.100.1", "192.0.2.99"] {
            let mut error = Packet::icmp_error(&after, address(from), KIND).unwrap();
            assert_eq!(lab.nat.inbound(&mut error, Instant::START), Verdict::Forward);
            check(&error);
            assert_eq!(error.source(), address(from));
            assert_eq!(error.destination(), before.source());
            let Some(Icmp::Error(view)) = error.icmp() else { panic!("{error:?}") };
            assert_eq!((view.kind, view.about), (Some(KIND), before.flow()));
            // The quoted bytes are those that the inside sent.
            assert_eq!(&error.as_bytes()[28..], before.as_bytes());
        }
    }
}

#[test]
fn an_error_neither_refreshes_nor_ends_a_mapping() {
    for mut lab in labs() {
        let (_, after) = sent(&mut lab);
        let before = lab.nat.mappings();
        let mut error = Packet::icmp_error(&after, address("192.0.2.99"), KIND).unwrap();
        lab.nat.inbound(&mut error, seconds(10));
        assert_eq!(lab.nat.mappings(), before);
    }
}

#[test]
fn an_error_about_what_nobody_sent_is_dropped() {
    for mut lab in labs() {
        let (_, after) = sent(&mut lab);
        let stranger = Packet::udp(endpoint("203.0.113.1:9"), endpoint(R1), b"x").unwrap();
        let mut error = Packet::icmp_error(&stranger, address("192.0.2.99"), KIND).unwrap();
        let dropped = Verdict::Drop(DropReason::IcmpAboutNothing);
        assert_eq!(lab.nat.inbound(&mut error, Instant::START), dropped);
        // Not addressed to the one who sent the quoted packet.
        let mut error = Packet::icmp_error(&after, address("192.0.2.99"), KIND).unwrap();
        error.set_quoted_source(endpoint("203.0.113.2:5000"));
        assert_eq!(lab.nat.inbound(&mut error, Instant::START), dropped);
    }
}

#[test]
fn an_error_about_another_remote_endpoint_than_that_of_the_mapping_is_dropped() {
    for (mapping, passes) in [(EI, true), (AD, false), (APD, false)] {
        let mut lab = Lab::of(mapping, APD);
        let (_, after) = sent(&mut lab);
        let mut about = after.clone();
        about.set_destination(endpoint(R2));
        let mut error = Packet::icmp_error(&about, address("192.0.2.99"), KIND).unwrap();
        let verdict = lab.nat.inbound(&mut error, Instant::START);
        assert_eq!(verdict == Verdict::Forward, passes, "{mapping:?}");
    }
}

#[test]
fn an_error_with_a_wrong_checksum_is_dropped() {
    let mut lab = Lab::of(EI, APD);
    let (_, after) = sent(&mut lab);
    let error = Packet::icmp_error(&after, address("192.0.2.99"), KIND).unwrap();
    let last = error.length() * 8 - 1;
    let mut error = error.corrupt(last).unwrap();
    let verdict = lab.nat.inbound(&mut error, Instant::START);
    assert_eq!(verdict, Verdict::Drop(DropReason::IcmpChecksum));
}

#[test]
fn an_error_from_the_inside_shows_the_outside_endpoint() {
    for mut lab in labs() {
        let (_, after) = sent(&mut lab);
        let outside = after.flow().unwrap().source;
        let mut arrived = Packet::udp(endpoint(R1), outside, b"answer").unwrap();
        let before = arrived.clone();
        lab.nat.inbound(&mut arrived, Instant::START);
        // By the host itself, and by a router on the way to it.
        for from in ["192.168.1.2", "192.168.1.254"] {
            let mut error = Packet::icmp_error(&arrived, address(from), KIND).unwrap();
            assert_eq!(lab.nat.outbound(&mut error, Instant::START), Verdict::Forward);
            check(&error);
            assert_eq!(error.source(), outside.ip());
            assert_eq!(error.destination(), endpoint(R1).ip());
            let Some(Icmp::Error(view)) = error.icmp() else { panic!("{error:?}") };
            assert_eq!(view.about, before.flow());
        }
    }
}

#[test]
fn an_error_from_the_inside_about_nothing_is_dropped() {
    for mut lab in labs() {
        let packet = Packet::udp(endpoint(R1), endpoint(A), b"x").unwrap();
        let mut error = Packet::icmp_error(&packet, address("192.168.1.2"), KIND).unwrap();
        let verdict = lab.nat.outbound(&mut error, Instant::START);
        assert_eq!(verdict, Verdict::Drop(DropReason::IcmpAboutNothing));
    }
}

#[test]
fn an_error_about_a_hairpinned_packet_finds_its_sender() {
    let hairpin = Hairpin::ExternalSource;
    let mut lab = Lab::new(Config { hairpin, filtering: EI, ..Config::default() });
    let of_b = lab.send("192.168.1.3:7000", R1, Instant::START).unwrap();
    let mut packet = Packet::udp(endpoint(A), of_b, b"x").unwrap();
    let before = packet.clone();
    assert_eq!(lab.nat.outbound(&mut packet, Instant::START), Verdict::Hairpin);
    let mut error = Packet::icmp_error(&packet, address("192.168.1.3"), KIND).unwrap();
    assert_eq!(lab.nat.outbound(&mut error, Instant::START), Verdict::Hairpin);
    check(&error);
    assert_eq!(error.destination(), before.source());
    let Some(Icmp::Error(view)) = error.icmp() else { panic!("{error:?}") };
    assert_eq!(view.about, before.flow());
}

#[test]
fn errors_about_pings_find_their_way() {
    let mut lab = Lab::of(EI, APD);
    lab.nat.outbound(&mut ping("192.168.1.3", "198.51.100.1", 77), Instant::START);
    let mut request = ping("192.168.1.2", "198.51.100.1", 77);
    let before = request.flow();
    lab.nat.outbound(&mut request, Instant::START);
    let kind = IcmpKind::TimeExceeded;
    let mut error = Packet::icmp_error(&request, address("192.0.2.99"), kind).unwrap();
    assert_eq!(lab.nat.inbound(&mut error, Instant::START), Verdict::Forward);
    check(&error);
    let Some(Icmp::Error(view)) = error.icmp() else { panic!("{error:?}") };
    assert_eq!(view.about, before);
}

#[test]
fn one_to_one_translates_errors_by_address_alone() {
    let mut lab = Lab::new(Config { kind: Kind::OneToOne, ..Config::default() });
    lab.nat.pair(address("192.168.1.2"), address(OUTSIDE));
    let about = Packet::udp(endpoint("203.0.113.1:5000"), endpoint(R1), b"x").unwrap();
    let mut error = Packet::icmp_error(&about, address("192.0.2.99"), KIND).unwrap();
    assert_eq!(lab.nat.inbound(&mut error, Instant::START), Verdict::Forward);
    check(&error);
    assert_eq!(error.destination(), address("192.168.1.2"));
}
