//! Two peers find each other, and talk.

use core::time::Duration;

use icelab_ice::{self as ice, CandidateKind};
use icelab_peer::{Event, Policy, RoleChoice, Signal, Trickle};

use crate::switchboard::Switchboard;

const ENOUGH: Duration = Duration::from_secs(5);

fn plain(trickle: Trickle) -> Switchboard {
    Switchboard::new(&["198.51.100.1"], &["198.51.100.2"], |_, config| config.trickle = trickle)
}

#[test]
fn two_hosts_with_public_addresses_talk_directly() {
    for trickle in [Trickle::Full, Trickle::Off] {
        let mut board = plain(trickle);
        board.call(ENOUGH);
        assert_eq!(board.selected(), [Some(CandidateKind::Host); 2]);
        assert_eq!(board.alice.state(), ice::State::Completed);
        assert_eq!(board.bob.state(), ice::State::Completed);
        assert!(board.talks());
    }
}

#[test]
fn two_hosts_behind_nats_talk_over_their_mapped_addresses() {
    let mut board = Switchboard::new(&["192.168.1.2"], &["192.168.1.2"], |_, config| {
        config.trickle = Trickle::Off;
    });
    board.ends[0].outside = Some("203.0.113.1".parse().unwrap());
    board.ends[1].outside = Some("203.0.113.2".parse().unwrap());
    board.call(ENOUGH);
    assert_eq!(board.selected(), [Some(CandidateKind::ServerReflexive); 2]);
    assert!(board.talks());
}

#[test]
fn two_hosts_that_only_reach_servers_talk_through_the_relay() {
    let mut board = plain(Trickle::Full);
    board.is_direct = false;
    board.call(ENOUGH);
    assert!(board.selected().contains(&Some(CandidateKind::Relayed)), "{:?}", board.selected());
    assert!(board.talks());
}

#[test]
fn with_the_policy_relay_nothing_but_relayed_candidates_is_told_or_used() {
    let mut board = Switchboard::new(&["198.51.100.1"], &["198.51.100.2"], |_, config| {
        config.policy = Policy::Relay;
    });
    board.call(ENOUGH);
    assert_eq!(board.selected(), [Some(CandidateKind::Relayed); 2]);
    assert!(board.talks());
    for number in 0..2 {
        let kinds = board.gathered(number);
        assert!(kinds.iter().all(|(kind, _)| *kind == CandidateKind::Relayed), "{kinds:?}");
    }
    let told = format!("{:?}", board.signals);
    assert!(!told.contains("198.51.100"), "an address leaks: {told}");
}

#[test]
fn a_selected_relay_gets_a_channel() {
    let mut board = plain(Trickle::Full);
    board.is_direct = false;
    board.call(ENOUGH);
    let is_channel = |event: &Event| {
        matches!(event, Event::Turn { event: icelab_turn::Event::ChannelBound { .. }, .. })
    };
    let events = board.events(0).chain(board.events(1));
    assert_eq!(events.filter(|event| is_channel(event)).count(), 1, "one relay is enough");
}

#[test]
fn without_trickle_one_offer_and_one_answer_say_it_all() {
    let mut board = plain(Trickle::Off);
    board.call(ENOUGH);
    let [(0, Signal::Offer(offer)), (1, Signal::Answer(answer))] = &board.signals[..] else {
        panic!("{:?}", board.signals);
    };
    assert!(offer.end_of_candidates && answer.end_of_candidates);
    assert!(offer.candidates.len() >= 2 && answer.candidates.len() >= 2);
}

#[test]
fn without_trickle_nobody_checks_before_both_have_gathered() {
    let mut board = plain(Trickle::Off);
    board.call(ENOUGH);
    let gathered = board.gathered_at(0).max(board.gathered_at(1)).unwrap();
    for end in &board.ends {
        let is_check = |event: &Event| matches!(event, Event::Ice(ice::Event::CheckSent { .. }));
        let first = end.events.iter().find(|(_, event)| is_check(event)).unwrap();
        assert!(first.0 >= gathered);
    }
}

#[test]
fn with_trickle_candidates_follow_and_their_end_comes_last() {
    let mut board = plain(Trickle::Full);
    board.call(ENOUGH);
    for number in 0..2 {
        let told: Vec<&Signal> =
            board.signals.iter().filter(|(from, _)| *from == number).map(|(_, s)| s).collect();
        let [Signal::Offer(first) | Signal::Answer(first), rest @ .., last] = &told[..] else {
            panic!("{told:?}");
        };
        assert_eq!(*last, &Signal::EndOfCandidates { ufrag: first.credentials.ufrag().to_owned() });
        assert!(rest.iter().all(|signal| matches!(signal, Signal::Candidate { .. })));
        assert_eq!(rest.len() + first.candidates.len(), board.gathered(number).len());
    }
}

#[test]
fn the_offerer_controls_and_the_answerer_follows() {
    let mut board = plain(Trickle::Full);
    board.call(ENOUGH);
    assert_eq!(board.alice.agent().role(), ice::Role::Controlling);
    assert_eq!(board.bob.agent().role(), ice::Role::Controlled);
}

#[test]
fn a_role_conflict_is_settled_by_the_checks() {
    for role in [ice::Role::Controlling, ice::Role::Controlled] {
        let mut board = Switchboard::new(&["198.51.100.1"], &["198.51.100.2"], |_, config| {
            config.role = RoleChoice::Fixed(role);
        });
        board.call(ENOUGH);
        assert_eq!(board.alice.agent().role(), board.bob.agent().role().opposite());
        assert!(board.talks());
    }
}

#[test]
fn a_lite_answerer_gathers_hosts_only_and_is_controlled() {
    let mut board = Switchboard::new(&["198.51.100.1"], &["198.51.100.2"], |number, config| {
        config.ice.lite = number == 1;
    });
    board.call(ENOUGH);
    let kinds: Vec<_> = board.gathered(1).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [CandidateKind::Host]);
    assert_eq!(board.alice.agent().role(), ice::Role::Controlling);
    assert_eq!(board.selected(), [Some(CandidateKind::Host); 2]);
    assert!(board.talks());
}

#[test]
fn a_lite_offerer_is_controlled_all_the_same() {
    let mut board = Switchboard::new(&["198.51.100.1"], &["198.51.100.2"], |number, config| {
        config.ice.lite = number == 0;
    });
    board.call(ENOUGH);
    assert_eq!(board.bob.agent().role(), ice::Role::Controlling);
    assert!(board.talks());
}

#[test]
fn a_host_with_ipv4_reaches_one_with_ipv6_through_a_relay_with_both() {
    let mut board = Switchboard::new(&["198.51.100.1"], &["2001:db8:1::1"], |_, _| {});
    board.call(ENOUGH);
    assert!(board.selected().contains(&Some(CandidateKind::Relayed)), "{:?}", board.selected());
    assert!(board.talks());
}

#[test]
fn where_both_have_both_families_ipv6_is_used() {
    let mut board = Switchboard::new(
        &["198.51.100.1", "2001:db8:1::1"],
        &["198.51.100.2", "2001:db8:1::2"],
        |_, _| {},
    );
    board.call(ENOUGH);
    let pair = board.alice.selected_pair().unwrap();
    assert!(pair.base.is_ipv6(), "{pair:?}");
}

#[test]
fn a_relayed_path_stays_in_the_ip_version_of_the_way_to_the_server() {
    for own in ["198.51.100.1", "2001:db8:1::1"] {
        let both = ["198.51.100.2", "2001:db8:1::2"];
        let mut board = Switchboard::new(&[own], &both, |number, config| {
            config.trickle = Trickle::Off;
            config.policy = if number == 0 { Policy::Relay } else { Policy::All };
        });
        board.call(ENOUGH);
        let pair = board.alice.selected_pair().unwrap();
        assert_eq!(pair.base.is_ipv6(), own.contains(':'), "{pair:?}");
        assert!(board.talks());
    }
}

#[test]
fn closing_frees_allocations_and_sockets_and_says_so() {
    let mut board = plain(Trickle::Full);
    board.call(ENOUGH);
    assert_eq!(board.turn.allocations(), 2);
    board.alice.close(board.now);
    board.run(ENOUGH);
    assert_eq!(board.turn.allocations(), 1);
    assert!(board.ends[0].sockets.is_empty());
    assert!(matches!(board.events(0).last(), Some(Event::Closed)));
    assert!(board.alice.send(b"hello", board.now).is_err());
}

#[test]
fn closing_while_gathering_leaves_nothing_behind() {
    let mut board = plain(Trickle::Full);
    board.call(Duration::from_millis(61));
    board.alice.close(board.now);
    board.run(ENOUGH);
    assert_eq!(board.turn.allocations(), 1, "bob's alone");
    assert!(board.ends[0].sockets.is_empty());
}

#[test]
fn an_icmp_error_does_not_end_a_working_call() {
    let mut board = plain(Trickle::Full);
    board.call(ENOUGH);
    let pair = board.alice.selected_pair().unwrap().clone();
    board.icmp(0, pair.base, pair.destination);
    assert!(board.talks());
}
