//! Inside hosts that meet at the outside address (RFC 4787 section 6).

use super::*;

fn lab(hairpin: Hairpin, filtering: Behaviour) -> (Lab, SocketAddr) {
    let mut lab = Lab::new(Config { hairpin, filtering, ..Config::default() });
    let of_b = lab.send(B, R1, Instant::START).unwrap();
    (lab, of_b)
}

#[test]
fn without_hairpinning_inside_packets_to_the_outside_address_vanish() {
    let (mut lab, of_b) = lab(Hairpin::None, EI);
    let outcome = lab.send(A, &of_b.to_string(), Instant::START);
    assert_eq!(outcome, Err(DropReason::HairpinRefused));
    assert_eq!(lab.nat.mappings().len(), 1);
}

#[test]
fn hairpinned_packets_show_the_source_that_is_configured() {
    for (hairpin, source) in [
        (Hairpin::ExternalSource, "203.0.113.1:4000"),
        (Hairpin::InternalSource, "192.168.1.2:4000"),
    ] {
        let (mut lab, of_b) = lab(hairpin, EI);
        let mut packet = Packet::udp(endpoint("192.168.1.2:4000"), of_b, b"x").unwrap();
        assert_eq!(lab.nat.outbound(&mut packet, Instant::START), Verdict::Hairpin);
        check(&packet);
        let flow = packet.flow().unwrap();
        assert_eq!((flow.source, flow.destination), (endpoint(source), endpoint(B)));
    }
}

#[test]
fn a_hairpinned_packet_is_filtered_by_what_the_outside_would_see() {
    for hairpin in [Hairpin::ExternalSource, Hairpin::InternalSource] {
        let (mut lab, of_b) = lab(hairpin, APD);
        let of_a = endpoint("203.0.113.1:4000");
        let outcome = lab.send("192.168.1.2:4000", &of_b.to_string(), Instant::START);
        assert_eq!(outcome, Err(DropReason::Filtered));
        lab.send(B, &of_a.to_string(), Instant::START).unwrap();
        assert!(lab.send("192.168.1.2:4000", &of_b.to_string(), Instant::START).is_ok());
        // And back.
        assert!(lab.send(B, &of_a.to_string(), Instant::START).is_ok());
    }
}

#[test]
fn a_hairpinned_packet_to_nobody_is_dropped() {
    let (mut lab, _) = lab(Hairpin::ExternalSource, EI);
    let outcome = lab.send(A, "203.0.113.1:9", Instant::START);
    assert_eq!(outcome, Err(DropReason::NoMapping));
}
