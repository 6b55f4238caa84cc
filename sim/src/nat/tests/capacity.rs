//! A NAT that is full, an inside address with a quota, and what a reboot loses.

use super::*;

fn lab(capacity: usize, when_full: WhenFull) -> Lab {
    Lab::new(Config { capacity: Some(capacity), when_full, ..Config::default() })
}

fn all_kinds(when_full: WhenFull) -> [Lab; 2] {
    let config = Config { capacity: Some(2), when_full, ..Config::default() };
    let connections = Config { tracking: Tracking::Connections, ..config.clone() };
    [Lab::new(config), Lab::new(connections)]
}

const FIRST: &str = "192.168.1.2:1001";
const SECOND: &str = "192.168.1.2:1002";
const THIRD: &str = "192.168.1.2:1003";

fn insides(lab: &Lab) -> Vec<u16> {
    let mut ports: Vec<u16> = lab.nat.mappings().iter().map(|entry| entry.inside.port()).collect();
    ports.sort_unstable();
    ports
}

#[test]
fn a_full_nat_drops_what_needs_another_mapping_and_serves_the_others() {
    for mut lab in all_kinds(WhenFull::Drop) {
        lab.send(FIRST, R1, Instant::START).unwrap();
        lab.send(SECOND, R1, Instant::START).unwrap();
        assert_eq!(lab.send(THIRD, R1, Instant::START), Err(DropReason::TableFull));
        assert!(lab.send(FIRST, R1, Instant::START).is_ok());
        assert!(lab.send(THIRD, R1, seconds(300)).is_ok());
    }
}

#[test]
fn the_mapping_that_would_end_first_gives_way() {
    for mut lab in all_kinds(WhenFull::EvictOldest) {
        lab.send(FIRST, R1, Instant::START).unwrap();
        lab.send(SECOND, R1, seconds(1)).unwrap();
        // Refreshed: though its timer was set first, it does not end first.
        lab.send(FIRST, R1, seconds(2)).unwrap();
        lab.notes();
        lab.send(THIRD, R1, seconds(3)).unwrap();
        assert_eq!(insides(&lab), [1001, 1003]);
        let notes = lab.notes();
        assert!(matches!(notes[0], Note::Expired { why: Ending::Evicted, .. }), "{notes:?}");
    }
}

#[test]
fn an_answered_mapping_gives_way_too_where_the_oldest_goes() {
    for mut lab in all_kinds(WhenFull::EvictOldest) {
        let outside = lab.send(FIRST, R1, Instant::START).unwrap();
        lab.receive(R1, outside, Instant::START).unwrap();
        lab.send(SECOND, R1, seconds(1)).unwrap();
        lab.send(THIRD, R1, seconds(3)).unwrap();
        assert_eq!(insides(&lab), [1002, 1003]);
    }
}

#[test]
fn only_unanswered_mappings_give_way_where_told_so() {
    for mut lab in all_kinds(WhenFull::EvictUnreplied) {
        let first = lab.send(FIRST, R1, Instant::START).unwrap();
        lab.receive(R1, first, Instant::START).unwrap();
        lab.send(SECOND, R1, seconds(1)).unwrap();
        let third = lab.send(THIRD, R1, seconds(3)).unwrap();
        assert_eq!(insides(&lab), [1001, 1003]);
        lab.receive(R1, third, seconds(3)).unwrap();
        assert_eq!(lab.send(SECOND, R1, seconds(4)), Err(DropReason::TableFull));
    }
}

#[test]
fn an_inside_address_has_no_more_mappings_than_its_quota() {
    let config = Config { quota: Some(2), ..Config::default() };
    for tracking in [Tracking::Mappings, Tracking::Connections] {
        let mut lab = Lab::new(Config { tracking, ..config.clone() });
        lab.send(FIRST, R1, Instant::START).unwrap();
        lab.send(SECOND, R1, Instant::START).unwrap();
        assert_eq!(lab.send(THIRD, R1, Instant::START), Err(DropReason::QuotaReached));
        assert!(lab.send(B, R1, Instant::START).is_ok());
        assert!(lab.send(THIRD, R1, seconds(300)).is_ok());
    }
}

#[test]
fn a_quota_counts_those_that_are_left_when_one_has_ended() {
    let config = Config { quota: Some(2), ..Config::default() };
    for tracking in [Tracking::Mappings, Tracking::Connections] {
        let mut lab = Lab::new(Config { tracking, ..config.clone() });
        lab.send(FIRST, R1, Instant::START).unwrap();
        lab.send(SECOND, R1, seconds(100)).unwrap();
        lab.send(THIRD, R1, seconds(300)).unwrap();
        assert_eq!(lab.send(FIRST, R1, seconds(300)), Err(DropReason::QuotaReached));
    }
}

#[test]
fn a_capacity_of_none_left_is_reached_with_the_first() {
    let mut lab = lab(0, WhenFull::EvictOldest);
    assert_eq!(lab.send(FIRST, R1, Instant::START), Err(DropReason::TableFull));
}

#[test]
fn a_reboot_loses_all_mappings_and_draws_other_ports() {
    let mut lab = Lab::preset("symmetric");
    let before = lab.send(A, R1, Instant::START).unwrap();
    lab.notes();
    lab.nat.reboot(seconds(1));
    assert_eq!(lab.nat.mappings(), []);
    assert_eq!(lab.nat.poll_timeout(), None);
    let notes = lab.notes();
    assert!(matches!(notes[..], [Note::Expired { why: Ending::Reboot, .. }]), "{notes:?}");
    assert_eq!(lab.receive(R1, before, seconds(1)), Err(DropReason::NoMapping));
    let after = lab.send(A, R1, seconds(1)).unwrap();
    lab.nat.reboot(seconds(2));
    let again = lab.send(A, R1, seconds(2)).unwrap();
    assert!(before != after && after != again && before != again);
}

#[test]
fn a_new_outside_address_ends_the_mappings_of_the_old_one_alone() {
    for tracking in [Tracking::Mappings, Tracking::Connections] {
        let config = Config { tracking, ..Config::default() };
        let mut lab = Lab::with_addresses(config, &["203.0.113.1", "203.0.113.2"]);
        let of_a = lab.send(A, R1, Instant::START).unwrap();
        let of_b = lab.send(B, R1, Instant::START).unwrap();
        assert_ne!(of_a.ip(), of_b.ip());
        lab.notes();
        lab.nat.rebind(vec![of_b.ip(), address("203.0.113.3")], seconds(1));
        assert_eq!(lab.nat.outside(), [of_b.ip(), address("203.0.113.3")]);
        let notes = lab.notes();
        let [Note::Expired { inside, outside, why, .. }] = notes[..] else {
            panic!("{notes:?}");
        };
        assert_eq!((inside, outside, why), (endpoint(A), of_a, Ending::Rebind));
        assert_eq!(lab.send(B, R1, seconds(1)), Ok(of_b));
        assert_eq!(lab.send(A, R1, seconds(1)).unwrap().ip(), address("203.0.113.3"));
        assert_eq!(lab.receive(R1, of_a, seconds(1)), Err(DropReason::WrongAddress));
    }
}
