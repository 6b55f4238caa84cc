//! Whom a mapping lets in (RFC 4787 section 5).

use super::*;

/// Which of R1, R1's other port and R2 reach A after A sent to R1 alone.
fn let_in(mapping: Behaviour, filtering: Behaviour) -> [bool; 3] {
    let mut lab = Lab::of(mapping, filtering);
    let outside = lab.send(A, R1, Instant::START).unwrap();
    [R1, R1_OTHER, R2].map(|remote| lab.reaches(remote, outside, Instant::START))
}

#[test]
fn filtering_lets_in_whom_it_says_whatever_the_mapping() {
    for mapping in [EI, AD, APD] {
        assert_eq!(let_in(mapping, EI), [true, true, true], "{mapping:?}");
        assert_eq!(let_in(mapping, AD), [true, true, false], "{mapping:?}");
        assert_eq!(let_in(mapping, APD), [true, false, false], "{mapping:?}");
    }
}

#[test]
fn a_refused_packet_is_filtered_where_there_is_a_mapping_and_has_none_elsewhere() {
    let mut lab = Lab::of(EI, APD);
    let outside = lab.send(A, R1, Instant::START).unwrap();
    assert_eq!(lab.receive(R2, outside, Instant::START), Err(DropReason::Filtered));
    let elsewhere = endpoint("203.0.113.1:5001");
    assert_eq!(lab.receive(R1, elsewhere, Instant::START), Err(DropReason::NoMapping));
}

#[test]
fn a_refused_packet_opens_nothing() {
    for filtering in [AD, APD] {
        let mut lab = Lab::of(EI, filtering);
        let outside = lab.send(A, R1, Instant::START).unwrap();
        lab.receive(R2, outside, Instant::START).unwrap_err();
        assert_eq!(lab.receive(R2, outside, seconds(1)), Err(DropReason::Filtered));
    }
}

#[test]
fn an_admitted_packet_opens_nothing_for_others() {
    let mut lab = Lab::of(EI, APD);
    let outside = lab.send(A, R1, Instant::START).unwrap();
    lab.receive(R1, outside, Instant::START).unwrap();
    assert!(!lab.reaches(R1_OTHER, outside, Instant::START));
}

#[test]
fn sending_to_another_remote_endpoint_lets_it_in_too() {
    for filtering in [AD, APD] {
        let mut lab = Lab::of(EI, filtering);
        let outside = lab.send(A, R1, Instant::START).unwrap();
        lab.send(A, R2, Instant::START).unwrap();
        assert!(lab.reaches(R1, outside, Instant::START));
        assert!(lab.reaches(R2, outside, Instant::START));
        assert!(!lab.reaches(R3, outside, Instant::START));
    }
}

#[test]
fn what_one_inside_endpoint_sent_lets_nobody_in_to_another() {
    let mut lab = Lab::of(EI, APD);
    lab.send(A, R1, Instant::START).unwrap();
    let of_b = lab.send(B, R2, Instant::START).unwrap();
    assert!(!lab.reaches(R1, of_b, Instant::START));
}

#[test]
fn filter_state_per_mapping_does_not_open_the_other_mappings_of_an_inside_endpoint() {
    let mut lab = Lab::of(APD, AD);
    let first = lab.send(A, R1, Instant::START).unwrap();
    let second = lab.send(A, R2, Instant::START).unwrap();
    assert!(lab.reaches(R1, first, Instant::START));
    assert!(!lab.reaches(R1, second, Instant::START));
}

#[test]
fn filter_state_per_inside_endpoint_opens_all_its_mappings() {
    let filter_state = FilterState::InsideEndpoint;
    let mut lab = Lab::new(Config { mapping: APD, filter_state, ..Config::default() });
    let first = lab.send(A, R1, Instant::START).unwrap();
    let second = lab.send(A, R2, Instant::START).unwrap();
    assert!(lab.reaches(R1, first, Instant::START));
    assert!(lab.reaches(R1, second, Instant::START));
    let of_b = lab.send(B, R3, Instant::START).unwrap();
    assert!(!lab.reaches(R1, of_b, Instant::START));
}

#[test]
fn a_permission_ends_though_its_mapping_lives_on() {
    let mut lab = Lab::of(EI, APD);
    let outside = lab.send(A, R1, Instant::START).unwrap();
    lab.send(A, R2, seconds(200)).unwrap();
    assert!(lab.reaches(R1, outside, just_before(seconds(300))));
    assert!(!lab.reaches(R1, outside, seconds(300)));
    assert!(lab.reaches(R2, outside, just_before(seconds(500))));
    assert!(!lab.reaches(R2, outside, seconds(500)));
}

#[test]
fn permissions_of_a_mapping_end_with_it() {
    // The mapping is evicted, and another inside endpoint gets its port: its peers must not come in.
    let config =
        Config { capacity: Some(1), when_full: WhenFull::EvictOldest, ..Config::default() };
    let mut lab = Lab::new(config);
    let first = lab.send(A, R1, Instant::START).unwrap();
    lab.send(A, R3, Instant::START).unwrap();
    let second = lab.send(B, R2, seconds(1)).unwrap();
    assert_eq!(first, second);
    assert!(!lab.reaches(R1, second, seconds(1)));
    assert!(!lab.reaches(R3, second, seconds(1)));
    assert!(lab.reaches(R2, second, seconds(1)));
}
