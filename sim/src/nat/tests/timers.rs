//! When mappings and permissions end, and what refreshes them (RFC 4787 section 4.3).

use core::time::Duration;

use super::*;

fn with(timeouts: Timeouts, refresh: Refresh) -> Lab {
    Lab::new(Config { timeouts, refresh, ..Config::default() })
}

/// Whether the mapping is there, and whether the note of its end came, at a time.
fn assert_ends_at(lab: &Lab, at: Instant) {
    for (now, alive) in [(just_before(at), true), (at, false), (just_after(at), false)] {
        let mut lab = lab.clone();
        lab.notes();
        lab.nat.handle_timeout(now);
        assert_eq!(lab.nat.mappings().len(), usize::from(alive), "at {now:?}");
        let ended = lab.note_names().contains(&"nat.mapping.expired");
        assert_eq!(ended, !alive, "at {now:?}");
    }
}

#[test]
fn a_mapping_ends_exactly_when_its_time_is_over() {
    for mapping in [EI, AD, APD] {
        for filtering in [EI, AD, APD] {
            let mut lab = Lab::of(mapping, filtering);
            let outside = lab.send(A, R1, seconds(10)).unwrap();
            assert_ends_at(&lab, seconds(310));
            assert!(lab.reaches(R1, outside, just_before(seconds(310))));
            assert!(!lab.reaches(R1, outside, seconds(310)));
        }
    }
}

#[test]
fn outbound_traffic_refreshes_and_inbound_does_not_by_default() {
    let mut lab = with(Timeouts::udp(Duration::from_secs(300)), Refresh::Outbound);
    let outside = lab.send(A, R1, Instant::START).unwrap();
    lab.receive(R1, outside, seconds(100)).unwrap();
    assert_ends_at(&lab, seconds(300));
    lab.send(A, R1, seconds(200)).unwrap();
    assert_ends_at(&lab, seconds(500));
}

#[test]
fn inbound_traffic_alone_refreshes_where_told_so() {
    let mut lab = with(Timeouts::udp(Duration::from_secs(300)), Refresh::Inbound);
    let outside = lab.send(A, R1, Instant::START).unwrap();
    lab.send(A, R1, seconds(100)).unwrap();
    assert_ends_at(&lab, seconds(300));
    lab.receive(R1, outside, seconds(200)).unwrap();
    assert_ends_at(&lab, seconds(500));
    assert!(lab.reaches(R1, outside, just_before(seconds(500))));
}

#[test]
fn both_directions_refresh_where_told_so() {
    let mut lab = with(Timeouts::udp(Duration::from_secs(300)), Refresh::Both);
    let outside = lab.send(A, R1, Instant::START).unwrap();
    lab.send(A, R1, seconds(100)).unwrap();
    assert_ends_at(&lab, seconds(400));
    lab.receive(R1, outside, seconds(200)).unwrap();
    assert_ends_at(&lab, seconds(500));
}

#[test]
fn an_absolute_lifetime_ends_whatever_the_traffic() {
    let mut lab = with(Timeouts::udp(Duration::from_secs(60)), Refresh::None);
    let outside = lab.send(A, R1, Instant::START).unwrap();
    for second in 1..60 {
        assert_eq!(lab.send(A, R1, seconds(second)), Ok(outside));
        assert_eq!(lab.receive(R1, outside, seconds(second)), Ok(endpoint(A)));
    }
    assert_ends_at(&lab, seconds(60));
}

#[test]
fn a_later_permission_of_an_absolute_lifetime_ends_with_its_mapping() {
    let mut lab = with(Timeouts::udp(Duration::from_secs(60)), Refresh::None);
    let outside = lab.send(A, R1, Instant::START).unwrap();
    lab.send(A, R2, seconds(50)).unwrap();
    assert!(lab.reaches(R2, outside, just_before(seconds(60))));
    assert!(!lab.reaches(R2, outside, seconds(60)));
}

#[test]
fn refused_packets_do_not_refresh() {
    let mut lab = with(Timeouts::udp(Duration::from_secs(300)), Refresh::Both);
    let outside = lab.send(A, R1, Instant::START).unwrap();
    lab.receive(R2, outside, seconds(200)).unwrap_err();
    assert_ends_at(&lab, seconds(300));
}

#[test]
fn an_answered_mapping_lives_as_long_as_its_state_says() {
    let timeouts = Timeouts {
        udp_unreplied: Duration::from_secs(30),
        ..Timeouts::udp(Duration::from_secs(180))
    };
    let mut lab = with(timeouts, Refresh::Outbound);
    let outside = lab.send(A, R1, Instant::START).unwrap();
    lab.send(A, R1, seconds(1)).unwrap();
    assert_ends_at(&lab, seconds(31));
    lab.receive(R1, outside, seconds(2)).unwrap();
    // The answer changes the state, the last outbound packet counts.
    assert_ends_at(&lab, seconds(181));
    assert_eq!(lab.nat.mappings()[0].state, State::Replied);
    lab.send(A, R1, seconds(3)).unwrap();
    assert_ends_at(&lab, seconds(183));
}

#[test]
fn linux_makes_a_stream_of_what_goes_on_for_more_than_two_seconds() {
    let reply = |at: Instant| {
        let mut lab = Lab::preset("linux");
        let outside = lab.send(A, R1, Instant::START).unwrap();
        assert_ends_at(&lab, seconds(30));
        lab.receive(R1, outside, seconds(1)).unwrap();
        assert_ends_at(&lab, seconds(31));
        lab.send(A, R1, at).unwrap();
        lab
    };
    assert_ends_at(&reply(seconds(2)), seconds(32));
    let after_two_seconds = just_after(seconds(2));
    assert_ends_at(&reply(after_two_seconds), after_two_seconds + Duration::from_secs(120));
}

#[test]
fn the_first_answer_makes_no_stream_however_late_it_comes() {
    let mut lab = Lab::preset("linux");
    let outside = lab.send(A, R1, Instant::START).unwrap();
    lab.receive(R1, outside, seconds(10)).unwrap();
    assert_ends_at(&lab, seconds(40));
    lab.receive(R1, outside, seconds(11)).unwrap();
    assert_ends_at(&lab, seconds(131));
}

#[test]
fn one_direction_alone_makes_no_stream() {
    let mut lab = Lab::preset("linux");
    for second in 0..20 {
        lab.send(A, R1, seconds(second)).unwrap();
    }
    assert_ends_at(&lab, seconds(49));
}

#[test]
fn inbound_traffic_alone_keeps_a_linux_mapping() {
    let mut lab = Lab::preset("linux");
    let outside = lab.send(A, R1, Instant::START).unwrap();
    for at in (20..600).step_by(20) {
        assert_eq!(lab.receive(R1, outside, seconds(at)), Ok(endpoint(A)), "at {at} s");
    }
}

#[test]
fn pf_gives_a_repeated_packet_less_time_than_the_first() {
    let mut lab = Lab::preset("pf");
    let outside = lab.send(A, R1, Instant::START).unwrap();
    assert_ends_at(&lab, seconds(60));
    lab.send(A, R1, seconds(1)).unwrap();
    assert_ends_at(&lab, seconds(31));
    lab.receive(R1, outside, seconds(2)).unwrap();
    assert_ends_at(&lab, seconds(62));
}

#[test]
fn icmp_and_tcp_have_times_of_their_own() {
    let mut lab = Lab::of(EI, APD);
    lab.nat.outbound(&mut ping("192.168.1.2", "198.51.100.1", 7), Instant::START);
    assert_ends_at(&lab, seconds(60));
    let mut lab = Lab::of(EI, APD);
    let mut packet = syn(A, R1);
    lab.nat.outbound(&mut packet, Instant::START);
    assert_ends_at(&lab, seconds(240));
    let mut answer = syn(R1, &packet.flow().unwrap().source.to_string());
    assert_eq!(lab.nat.inbound(&mut answer, seconds(1)), Verdict::Forward);
    assert_ends_at(&lab, seconds(7440));
}

#[test]
fn a_spread_lengthens_each_lifetime_by_a_time_of_its_own() {
    let mut lab = Lab::preset("cgn_strict");
    let mut ends: Vec<Instant> = Vec::new();
    for port in 1000..1050 {
        lab.send(&format!("192.168.1.2:{port}"), R1, Instant::START).unwrap();
    }
    ends.extend(lab.nat.mappings().iter().filter_map(|entry| entry.expires));
    assert!(ends.iter().all(|end| (seconds(50)..=seconds(75)).contains(end)));
    ends.sort_unstable();
    ends.dedup();
    assert!(ends.len() > 40);
    assert!(ends.iter().any(|end| *end < seconds(58)) && ends.iter().any(|end| *end > seconds(67)));
}

#[test]
fn a_refreshed_mapping_keeps_its_own_spread() {
    let timeouts =
        Timeouts { spread: Duration::from_secs(25), ..Timeouts::udp(Duration::from_secs(50)) };
    let mut lab = with(timeouts, Refresh::Outbound);
    lab.send(A, R1, Instant::START).unwrap();
    let end = lab.nat.mappings()[0].expires.unwrap();
    assert_ne!(end, seconds(50));
    lab.send(A, R1, seconds(10)).unwrap();
    assert_ends_at(&lab, end + Duration::from_secs(10));
}

#[test]
fn a_permission_lives_as_long_as_the_spread_mapping_that_it_is_for() {
    let mut lab = Lab::preset("cgn_strict");
    let outside = lab.send(A, R1, Instant::START).unwrap();
    let end = lab.nat.mappings()[0].expires.unwrap();
    assert!(lab.reaches(R1, outside, just_before(end)));
    assert!(!lab.reaches(R1, outside, end));
}

#[test]
fn the_next_timeout_is_never_later_than_the_next_end() {
    let mut lab = Lab::of(EI, EI);
    assert_eq!(lab.nat.poll_timeout(), None);
    lab.send(A, R1, seconds(5)).unwrap();
    assert_eq!(lab.nat.poll_timeout(), Some(seconds(305)));
    lab.send(A, R1, seconds(100)).unwrap();
    assert_eq!(lab.nat.poll_timeout(), Some(seconds(305)));
    // The timer finds the mapping refreshed, says so, and is set anew.
    lab.notes();
    lab.nat.handle_timeout(seconds(305));
    assert_eq!(lab.note_names(), ["nat.mapping.refreshed"]);
    assert_eq!(lab.nat.poll_timeout(), Some(seconds(400)));
    lab.nat.handle_timeout(seconds(400));
    assert_eq!(lab.nat.poll_timeout(), None);
    assert_eq!(lab.note_names(), ["nat.mapping.expired"]);
}

#[test]
fn what_the_filter_remembers_of_an_inside_endpoint_has_a_timeout_of_its_own() {
    let mut lab = Lab::new(Config {
        filter_state: FilterState::InsideEndpoint,
        refresh: Refresh::None,
        timeouts: Timeouts::udp(Duration::from_secs(60)),
        ..Config::default()
    });
    lab.send(A, R1, Instant::START).unwrap();
    lab.send(A, R2, seconds(50)).unwrap();
    lab.nat.handle_timeout(seconds(60));
    assert_eq!(lab.nat.mappings(), []);
    assert_eq!(lab.nat.poll_timeout(), Some(seconds(110)));
    lab.nat.handle_timeout(seconds(110));
    assert_eq!(lab.nat.poll_timeout(), None);
}

#[test]
fn a_mapping_that_was_ended_leaves_no_timeout_behind() {
    for tracking in [Tracking::Mappings, Tracking::Connections] {
        for filtering in [EI, APD] {
            let config = Config { tracking, filtering, ..Config::default() };
            let mut lab = Lab::with_addresses(config, &["203.0.113.1", "203.0.113.2"]);
            lab.send(A, R1, Instant::START).unwrap();
            let kept = lab.send(B, R1, seconds(100)).unwrap().ip();
            lab.nat.rebind(vec![kept], seconds(200));
            assert_eq!(lab.nat.poll_timeout(), Some(seconds(400)), "{tracking:?} {filtering:?}");
            lab.nat.handle_timeout(seconds(400));
            assert_eq!(lab.nat.poll_timeout(), None);
        }
    }
}

#[test]
fn an_early_timeout_changes_nothing() {
    let mut lab = Lab::of(EI, APD);
    lab.send(A, R1, Instant::START).unwrap();
    lab.notes();
    lab.nat.handle_timeout(just_before(seconds(300)));
    assert_eq!(lab.notes(), []);
    assert_eq!(lab.nat.mappings().len(), 1);
}

#[test]
fn a_packet_ends_what_is_due_though_no_timeout_was_handled() {
    let mut lab = Lab::new(Config { ports: Ports::Random, ..Config::default() });
    let before = lab.send(A, R1, Instant::START).unwrap();
    lab.notes();
    let after = lab.send(A, R1, seconds(300)).unwrap();
    assert_ne!(before, after);
    assert_eq!(lab.note_names(), ["nat.mapping.expired", "nat.mapping.made", "nat.translated"]);
}

#[test]
fn a_change_of_state_is_noted_once() {
    let mut lab = Lab::preset("linux");
    let outside = lab.send(A, R1, Instant::START).unwrap();
    lab.notes();
    lab.receive(R1, outside, seconds(1)).unwrap();
    assert_eq!(lab.note_names(), ["nat.mapping.refreshed", "nat.translated"]);
    lab.receive(R1, outside, seconds(2)).unwrap();
    assert_eq!(lab.note_names(), ["nat.translated"]);
    lab.send(A, R1, seconds(3)).unwrap();
    assert_eq!(lab.note_names(), ["nat.mapping.refreshed", "nat.translated"]);
    assert_eq!(lab.nat.mappings()[0].state, State::Stream);
}

#[test]
fn a_lifetime_with_one_state_notes_no_change_while_unanswered() {
    let mut lab = Lab::of(EI, APD);
    lab.send(A, R1, Instant::START).unwrap();
    lab.send(A, R1, seconds(1)).unwrap();
    assert_eq!(lab.nat.mappings()[0].state, State::Unreplied);
}
