//! Connection tracking as Linux does it.

use super::*;

#[test]
fn linux_keeps_the_port_for_all_remote_endpoints() {
    let mut lab = Lab::preset("linux");
    for remote in [R1, R1_OTHER, R2] {
        assert_eq!(lab.send(A, remote, Instant::START), Ok(endpoint("203.0.113.1:5000")));
    }
    assert_eq!(lab.receive(R2, endpoint("203.0.113.1:5000"), Instant::START), Ok(endpoint(A)));
    let stranger = lab.receive(R3, endpoint("203.0.113.1:5000"), Instant::START);
    assert_eq!(stranger, Err(DropReason::Filtered));
}

#[test]
fn linux_gives_two_insides_the_same_port_as_long_as_the_remote_endpoints_differ() {
    let mut lab = Lab::preset("linux");
    let shared = endpoint("203.0.113.1:5000");
    assert_eq!(lab.send(A, R1, Instant::START), Ok(shared));
    assert_eq!(lab.send(B, R2, Instant::START), Ok(shared));
    assert_eq!(lab.receive(R1, shared, Instant::START), Ok(endpoint(A)));
    assert_eq!(lab.receive(R2, shared, Instant::START), Ok(endpoint(B)));
}

#[test]
fn on_collision_linux_takes_a_random_port_and_keeps_it_for_other_remote_endpoints() {
    let mut lab = Lab::preset("linux");
    lab.send(A, R1, Instant::START).unwrap();
    let other = lab.send(B, R1, Instant::START).unwrap();
    assert!(other.port() != 5000 && other.port() >= 1024);
    assert_eq!(lab.send(B, R2, Instant::START), Ok(other));
    assert_eq!(lab.send(B, R3, Instant::START), Ok(other));
}

#[test]
fn the_latest_connection_is_the_one_that_a_new_one_takes_after() {
    let mut lab = Lab::preset("linux");
    let kept = lab.send(B, R2, Instant::START).unwrap();
    assert_eq!(kept.port(), 5000);
    lab.send(A, R1, Instant::START).unwrap();
    let other = lab.send(B, R1, Instant::START).unwrap();
    assert_ne!(other, kept);
    assert_eq!(lab.send(B, R3, Instant::START), Ok(other));
    // Where that one is taken, the inside port is tried next.
    let mut lab = Lab::preset("linux");
    lab.send(A, R1, Instant::START).unwrap();
    let other = lab.send(B, R1, Instant::START).unwrap();
    let thief = format!("192.168.1.4:{}", other.port());
    assert_eq!(lab.send(&thief, R3, Instant::START), Ok(other));
    assert_eq!(lab.send(B, R3, Instant::START).unwrap().port(), 5000);
}

#[test]
fn address_dependent_tracking_takes_after_connections_with_that_address_alone() {
    let config = Config {
        mapping: AD,
        ports: Ports::Random,
        tracking: Tracking::Connections,
        ..Config::default()
    };
    let mut lab = Lab::new(config);
    let first = lab.send(A, R1, Instant::START).unwrap();
    assert_eq!(lab.send(A, R1_OTHER, Instant::START), Ok(first));
    assert_ne!(lab.send(A, R2, Instant::START), Ok(first));
}

#[test]
fn linux_random_takes_another_port_for_each_remote_endpoint() {
    let mut lab = Lab::preset("linux_random");
    let ports = [R1, R1_OTHER, R2].map(|to| lab.send(A, to, Instant::START).unwrap().port());
    assert!(ports[0] != ports[1] && ports[1] != ports[2] && ports[0] != ports[2]);
    assert!(ports.iter().all(|port| *port != 5000));
}

#[test]
fn where_input_drops_an_early_packet_leaves_no_trace() {
    let mut lab = Lab::preset("linux");
    let outside = endpoint("203.0.113.1:5000");
    assert_eq!(lab.receive(R1, outside, Instant::START), Err(DropReason::NoMapping));
    assert_eq!(lab.send(A, R1, Instant::START), Ok(outside));
}

#[test]
fn where_input_accepts_an_early_packet_takes_the_port_towards_its_sender_alone() {
    let mut lab = Lab::preset("linux_input_accept");
    let outside = endpoint("203.0.113.1:5000");
    assert_eq!(lab.receive(R1, outside, Instant::START), Err(DropReason::NoMapping));
    assert_eq!(lab.note_names(), ["nat.tracked", "nat.dropped"]);
    assert_eq!(lab.send(A, R2, Instant::START), Ok(outside));
    assert_eq!(lab.send(A, R1_OTHER, Instant::START), Ok(outside));
    lab.notes();
    let clashed = lab.send(A, R1, Instant::START).unwrap();
    assert!(clashed.port() != 5000 && clashed.port() >= 1024);
    let notes = lab.notes();
    assert!(
        matches!(notes[0], Note::Collision { wanted, is_by_unsolicited: true, .. } if wanted == outside),
        "{notes:?}"
    );
    // The peer's own packets still do not come in by the port that it knows.
    assert_eq!(lab.receive(R1, outside, Instant::START), Err(DropReason::Filtered));
    assert_eq!(lab.receive(R1, clashed, Instant::START), Ok(endpoint(A)));
}

#[test]
fn a_packet_of_a_known_connection_is_not_unsolicited() {
    let mut lab = Lab::preset("linux_input_accept");
    let outside = lab.send(A, R1, Instant::START).unwrap();
    lab.notes();
    lab.receive(R1, outside, seconds(1)).unwrap();
    assert!(!lab.note_names().contains(&"nat.tracked"));
}

#[test]
fn a_tracked_packet_holds_the_port_for_thirty_seconds_after_the_last() {
    let mut lab = Lab::preset("linux_input_accept");
    let outside = endpoint("203.0.113.1:5000");
    lab.receive(R1, outside, Instant::START).unwrap_err();
    lab.receive(R1, outside, seconds(20)).unwrap_err();
    assert_eq!(lab.note_names().iter().filter(|name| **name == "nat.tracked").count(), 1);
    assert_ne!(lab.clone().send(A, R1, just_before(seconds(50))), Ok(outside));
    assert_eq!(lab.clone().send(A, R1, seconds(50)), Ok(outside));
    assert_eq!(lab.nat.poll_timeout(), Some(seconds(30)));
    lab.nat.handle_timeout(seconds(30));
    assert_eq!(lab.nat.poll_timeout(), Some(seconds(50)));
    lab.nat.handle_timeout(seconds(50));
    assert_eq!(lab.nat.poll_timeout(), None);
}

#[test]
fn a_tracked_packet_refreshes_whatever_refreshes_mappings() {
    // What the gateway remembers is a connection of its own, not a mapping (RFC 4787 section 4.3 is about mappings).
    for refresh in [Refresh::Outbound, Refresh::Inbound, Refresh::Both, Refresh::None] {
        let mut lab = Lab::preset("linux_input_accept");
        lab.nat.config.refresh = refresh;
        let outside = endpoint("203.0.113.1:5000");
        lab.receive(R1, outside, Instant::START).unwrap_err();
        lab.receive(R1, outside, seconds(20)).unwrap_err();
        let clashed = lab.clone().send(A, R1, just_before(seconds(50)));
        assert_ne!(clashed, Ok(outside), "{refresh:?}");
    }
}

#[test]
fn tracked_packets_end_with_a_reboot_and_with_a_new_address() {
    let outside = endpoint("203.0.113.1:5000");
    let mut lab = Lab::preset("linux_input_accept");
    lab.receive(R1, outside, Instant::START).unwrap_err();
    let mut rebooted = lab.clone();
    rebooted.nat.reboot(seconds(1));
    assert_eq!(rebooted.send(A, R1, seconds(1)), Ok(outside));
    lab.nat.rebind(vec![address("203.0.113.1"), address("203.0.113.2")], seconds(1));
    assert_eq!(lab.send(A, R1, seconds(1)).unwrap().port(), 5000);
}

#[test]
fn unsolicited_packets_are_dropped_rejected_or_tracked_as_told() {
    let outcome = |unsolicited| {
        let mut lab = Lab::new(Config { unsolicited, ..Config::default() });
        let mut packet = Packet::udp(endpoint(R1), endpoint("203.0.113.1:9"), b"hello").unwrap();
        (lab.nat.inbound(&mut packet, Instant::START), packet)
    };
    let (verdict, _) = outcome(Unsolicited::Drop);
    assert_eq!(verdict, Verdict::Drop(DropReason::NoMapping));
    for unsolicited in [Unsolicited::Reject, Unsolicited::Track] {
        let (verdict, packet) = outcome(unsolicited);
        let Verdict::Reject { reason: DropReason::NoMapping, reply } = verdict else {
            panic!("{verdict:?}");
        };
        check(&reply);
        assert_eq!((reply.source(), reply.destination()), (address(OUTSIDE), packet.source()));
        let Some(Icmp::Error(error)) = reply.icmp() else { panic!("{reply:?}") };
        assert_eq!(error.kind, Some(icelab_sans_io::net::IcmpKind::PortUnreachable));
        assert_eq!(error.about, packet.flow());
    }
}

#[test]
fn unsolicited_replies_to_pings_are_never_answered() {
    let mut lab = Lab::new(Config { unsolicited: Unsolicited::Reject, ..Config::default() });
    let verdict = lab.nat.inbound(&mut pong("198.51.100.1", OUTSIDE, 5), Instant::START);
    assert_eq!(verdict, Verdict::Drop(DropReason::NoMapping));
}

#[test]
fn connections_with_laxer_filtering_let_others_in_and_remember_them() {
    for (filtering, expected) in [(EI, [true, true]), (AD, [true, false]), (APD, [false, false])] {
        let config = Config { filtering, tracking: Tracking::Connections, ..Config::default() };
        let mut lab = Lab::new(config);
        let outside = lab.send(A, R1, Instant::START).unwrap();
        let reached = [R1_OTHER, R2].map(|from| lab.receive(from, outside, Instant::START).is_ok());
        assert_eq!(reached, expected, "{filtering:?}");
        let count = 1 + expected.iter().filter(|let_in| **let_in).count();
        assert_eq!(lab.nat.mappings().len(), count);
        if filtering == EI {
            assert_eq!(lab.send(A, R2, Instant::START), Ok(outside));
        }
    }
}

#[test]
fn who_talks_to_the_inside_over_another_port_is_not_let_in_twice() {
    let config = Config {
        mapping: APD,
        filtering: EI,
        ports: Ports::Random,
        tracking: Tracking::Connections,
        ..Config::default()
    };
    let mut lab = Lab::new(config);
    let first = lab.send(A, R1, Instant::START).unwrap();
    lab.send(A, R2, Instant::START).unwrap();
    assert_eq!(lab.receive(R2, first, Instant::START), Err(DropReason::Filtered));
}

#[test]
fn a_cool_down_holds_for_the_same_remote_endpoint_alone() {
    let mut lab = Lab::preset("linux");
    lab.nat.config.hold_down = core::time::Duration::from_secs(60);
    let outside = lab.send(A, R1, Instant::START).unwrap();
    lab.nat.handle_timeout(seconds(30));
    assert_eq!(lab.clone().send(A, R2, seconds(30)), Ok(outside));
    assert_ne!(lab.clone().send(A, R1, just_before(seconds(90))), Ok(outside));
    assert_eq!(lab.clone().send(A, R1, seconds(90)), Ok(outside));
}

#[test]
fn a_new_connection_takes_after_none_that_is_over() {
    let mut lab = Lab::preset("linux");
    lab.send(A, R1, Instant::START).unwrap();
    assert_ne!(lab.send(B, R1, Instant::START).unwrap().port(), 5000);
    // Both end, and others stand in their places.
    lab.send("192.168.1.4:4000", R3, seconds(30)).unwrap();
    lab.send("192.168.1.4:4001", R3, seconds(30)).unwrap();
    assert_eq!(lab.send(B, R2, seconds(30)).unwrap().port(), 5000);
}
