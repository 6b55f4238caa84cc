//! Which pair is nominated, when, and what may go wrong on the way (RFC 8445 sections 7.2.5.3.4,
//! 7.3.1.5 and 8.1.1).

use std::time::Duration;

use icelab_ice::{
    CandidateKind, Config, Event, Grace, LocalCandidate, Nomination, PairState, Role, State,
};
use icelab_sans_io::Instant;
use icelab_stun::attribute::{
    ErrorCode, IceControlling, Nomination as Rank, Priority, UseCandidate, Username,
};
use icelab_stun::{Class, MessageBuilder, Method};

use crate::network::{CONE, NatKind, Network, PORT, SYMMETRIC, config};
use crate::puppet::{BASE, OTHER, Puppet, REMOTE, address, candidate, nominates};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// libjuice#78: a relay that answers first is not nominated while direct pairs are being checked.
#[test]
fn a_direct_path_beats_a_relay_that_was_valid_first() {
    for seed in 0..30 {
        let mut network = Network::new([&[PORT], &[PORT]], seed);
        // The first checks between the homes are lost; the relays answer at once.
        let start = network.now + Duration::from_millis(400);
        let (mut held, homes) = (0, "198.51.100.");
        network.blocked = Box::new(move |_, source, destination| {
            let is_direct =
                [source, destination].iter().all(|it| it.ip().to_string().starts_with(homes));
            held += usize::from(is_direct);
            is_direct && held <= 3
        });
        network.call();
        network.run_until(State::Connected, seconds(2));
        network.run_until(State::Completed, seconds(5));
        assert_eq!(network.kinds(), "SS", "{start} {}", network.log);
    }
}

/// libdatachannel#155: a pair of the highest priority that never answers.
#[test]
fn a_dead_pair_of_high_priority_holds_the_nomination_no_longer_than_the_grace() {
    let mut puppet = Puppet::alone(Config { role: Role::Controlling, ..Config::default() });
    puppet.agent.add_remote_candidate(candidate("host", 2_130_706_431, OTHER), puppet.now);
    puppet.agent.add_remote_candidate(candidate("srflx", 1_694_498_815, REMOTE), puppet.now);
    puppet.agent.end_of_remote_candidates(puppet.now);
    puppet.meet();
    let start = puppet.now;
    while puppet.agent.state() != State::Completed {
        for request in puppet.take_requests() {
            if request.destination == address(REMOTE) {
                puppet.answer(&request);
            }
        }
        puppet.millis(5);
        assert!(puppet.now - start < Duration::from_millis(800), "{:#?}", puppet.events);
    }
    assert_eq!(puppet.agent.selected_pair(1).unwrap().destination, address(REMOTE));
    assert_eq!(puppet.agent.pairs().count(), 1, "section 8.1.2: the dead one is left alone");
}

#[test]
fn where_only_relays_work_a_direct_pair_gets_two_seconds_and_data_flows_meanwhile() {
    let mut network = Network::new([&[SYMMETRIC], &[SYMMETRIC]], 1);
    network.call();
    network.run_until(State::Connected, Duration::from_millis(600));
    let connected = network.now;
    network.run_until(State::Completed, seconds(4));
    let took = network.now - connected;
    assert!((Duration::from_millis(1500)..Duration::from_millis(2500)).contains(&took), "{took:?}");
}

#[test]
fn the_best_pair_is_nominated_at_once_where_nothing_better_can_come() {
    let mut puppet = Puppet::controlling();
    let request = puppet.next_request();
    assert!(!nominates(&request), "regular nomination");
    puppet.answer(&request);
    let before = puppet.now;
    let nomination = puppet.next_request();
    assert!(nominates(&nomination));
    assert!(puppet.now - before <= Duration::from_millis(50), "Ta");
    assert_eq!(nomination.destination, request.destination);
}

/// `ex_ice`#76.
#[test]
fn a_lost_nomination_is_sent_again_and_survives() {
    let mut puppet = Puppet::controlling();
    let request = puppet.next_request();
    puppet.answer(&request);
    let first = puppet.next_request();
    assert!(nominates(&first));
    let second = puppet.next_request();
    assert_eq!(first.payload, second.payload, "the same transaction");
    assert_eq!(puppet.agent.state(), State::Connected);
    puppet.answer(&second);
    assert_eq!(puppet.agent.state(), State::Completed);
}

#[test]
fn a_nomination_that_is_refused_gives_way_to_the_next_pair() {
    let mut puppet = Puppet::alone(Config { role: Role::Controlling, ..Config::default() });
    puppet.agent.add_remote_candidate(candidate("host", 2_130_706_431, REMOTE), puppet.now);
    puppet.agent.add_remote_candidate(candidate("srflx", 1_694_498_815, OTHER), puppet.now);
    puppet.agent.end_of_remote_candidates(puppet.now);
    puppet.meet();
    let mut refused = false;
    for _ in 0..400 {
        puppet.millis(5);
        for request in puppet.take_requests() {
            if nominates(&request) && request.destination == address(REMOTE) {
                refused = true;
                let error = puppet.error(&request, ErrorCode::BAD_REQUEST);
                puppet.deliver(REMOTE, error);
            } else {
                puppet.answer(&request);
            }
        }
    }
    assert!(refused);
    assert_eq!(puppet.agent.selected_pair(1).unwrap().destination, address(OTHER));
    assert_eq!(puppet.agent.state(), State::Completed);
}

#[test]
fn a_nomination_that_stays_unanswered_gives_way_to_the_next_pair() {
    let grace = Grace { unanswered: seconds(4), ..Grace::default() };
    let mut puppet = Puppet::alone(Config { role: Role::Controlling, grace, ..Config::default() });
    puppet.agent.add_remote_candidate(candidate("host", 2_130_706_431, REMOTE), puppet.now);
    puppet.agent.add_remote_candidate(candidate("srflx", 1_694_498_815, OTHER), puppet.now);
    puppet.agent.end_of_remote_candidates(puppet.now);
    puppet.meet();
    while puppet.agent.state() != State::Completed {
        puppet.millis(5);
        assert!(puppet.now < Instant::from_millis(6000), "{:#?}", puppet.events);
        for request in puppet.take_requests() {
            if !(nominates(&request) && request.destination == address(REMOTE)) {
                puppet.answer(&request);
            }
        }
    }
    assert_eq!(puppet.agent.selected_pair(1).unwrap().destination, address(OTHER));
}

#[test]
fn after_a_fallback_that_stays_unanswered_the_next_one_is_nominated_at_once() {
    const THIRD: &str = "198.51.100.3:6001";
    let mut puppet = Puppet::alone(Config { role: Role::Controlling, ..Config::default() });
    for (place, remote) in (1..).zip([REMOTE, OTHER, THIRD]) {
        let remote = candidate("srflx", 1_694_498_815 - place, remote);
        puppet.agent.add_remote_candidate(remote, puppet.now);
    }
    puppet.agent.end_of_remote_candidates(puppet.now);
    puppet.meet();
    // The best pair is answered last, so that the others are valid by then, and stay in reserve.
    while puppet.now < Instant::from_millis(300) {
        puppet.millis(5);
        for request in puppet.take_requests() {
            if request.destination != address(REMOTE) {
                puppet.answer(&request);
            }
        }
    }
    puppet.answer_all_for(seconds(2));
    assert_eq!(puppet.agent.selected_pair(1).unwrap().destination, address(REMOTE));
    let mut nominated = Vec::new();
    while puppet.agent.selected_pair(1).unwrap().destination != address(THIRD) {
        puppet.millis(5);
        assert!(puppet.now < Instant::from_secs(25), "{nominated:?}");
        for request in puppet.take_requests() {
            let (remote, is_nomination) = (request.destination, nominates(&request));
            if is_nomination && remote != address(REMOTE) {
                nominated.push((puppet.now, remote));
            }
            if remote == address(THIRD) || remote == address(OTHER) && !is_nomination {
                puppet.answer(&request);
            }
        }
    }
    let first = |remote| nominated.iter().find(|(_, it)| *it == address(remote)).unwrap().0;
    let waited = first(THIRD) - first(OTHER);
    assert!(waited <= Grace::default().unanswered + Duration::from_millis(100), "{waited:?}");
}

/// esp-webrtc#179.
#[test]
fn a_controlled_agent_selects_nothing_before_its_own_check_is_answered() {
    let mut puppet = Puppet::controlled();
    let request = puppet.request(true);
    puppet.deliver(REMOTE, request);
    assert!(puppet.agent.selected_pair(1).is_none());
    puppet.millis(200);
    assert!(puppet.agent.selected_pair(1).is_none());
    assert_eq!(puppet.agent.state(), State::Checking);
    let check = puppet.next_request();
    puppet.answer(&check);
    assert!(puppet.agent.selected_pair(1).is_some());
    assert_eq!(puppet.agent.state(), State::Completed);
}

#[test]
fn a_controlled_agent_selects_at_once_where_its_check_was_answered_before() {
    let mut puppet = Puppet::controlled();
    let check = puppet.next_request();
    puppet.answer(&check);
    assert_eq!(puppet.agent.state(), State::Connected);
    let request = puppet.request(true);
    puppet.deliver(REMOTE, request);
    assert_eq!(puppet.agent.state(), State::Completed);
}

/// librice#168: mapped is not base.
#[test]
fn a_controlled_agent_behind_a_nat_takes_the_nomination() {
    let mut puppet = Puppet::controlled();
    let check = puppet.next_request();
    puppet.answer_with(&check, address("198.51.100.1:777"));
    let request = puppet.request(true);
    puppet.deliver(REMOTE, request);
    let selected = puppet.agent.selected_pair(1).expect("nominated");
    assert_eq!(selected.local.socket(), Some(address("198.51.100.1:777")));
    assert_eq!(selected.local.kind, CandidateKind::PeerReflexive);
    assert_eq!(selected.base, address(BASE));
}

/// pjproject#2806: pairs with learned candidates take their place in the order, and are nominated.
#[test]
fn a_peer_reflexive_pair_is_sorted_in_and_nominated() {
    let mut puppet = Puppet::alone(Config { role: Role::Controlling, ..Config::default() });
    puppet.agent.add_remote_candidate(candidate("relay", 16_777_215, OTHER), puppet.now);
    puppet.agent.end_of_remote_candidates(puppet.now);
    puppet.meet();
    let request = puppet.request(false);
    puppet.deliver(REMOTE, request);
    let order: Vec<_> = puppet.agent.pairs().map(|pair| pair.remote).collect();
    assert_eq!(order, [address(REMOTE), address(OTHER)], "higher priority first");
    puppet.answer_all_for(seconds(1));
    let selected = puppet.agent.selected_pair(1).unwrap();
    assert_eq!(selected.destination, address(REMOTE));
    assert_eq!(selected.remote.kind, CandidateKind::PeerReflexive);
    assert_eq!(selected.remote.priority, 1_862_270_975, "from the request's PRIORITY");
}

#[test]
fn a_controlled_agent_follows_the_better_pair_of_an_aggressive_peer() {
    let mut puppet = Puppet::alone(Config::default());
    puppet.agent.add_remote_candidate(candidate("host", 2_130_706_431, REMOTE), puppet.now);
    puppet.agent.add_remote_candidate(candidate("relay", 16_777_215, OTHER), puppet.now);
    puppet.agent.end_of_remote_candidates(puppet.now);
    puppet.meet();
    let request = puppet.request(true);
    puppet.deliver(OTHER, request);
    puppet.answer_all_for(Duration::from_millis(200));
    assert_eq!(puppet.agent.selected_pair(1).unwrap().destination, address(OTHER));
    let request = puppet.request(true);
    puppet.deliver(REMOTE, request);
    puppet.answer_all_for(Duration::from_millis(200));
    assert_eq!(puppet.agent.selected_pair(1).unwrap().destination, address(REMOTE));
    // The worse one again: no.
    let request = puppet.request(true);
    puppet.deliver(OTHER, request);
    puppet.answer_all_for(Duration::from_millis(200));
    assert_eq!(puppet.agent.selected_pair(1).unwrap().destination, address(REMOTE));
    assert_eq!(puppet.count(|it| matches!(it, Event::Selected { .. })), 2);
}

#[test]
fn a_peer_that_insists_on_one_pair_is_followed() {
    let mut puppet = Puppet::alone(Config::default());
    puppet.agent.add_remote_candidate(candidate("host", 2_130_706_431, REMOTE), puppet.now);
    puppet.agent.add_remote_candidate(candidate("relay", 16_777_215, OTHER), puppet.now);
    puppet.agent.end_of_remote_candidates(puppet.now);
    puppet.meet();
    for (source, expected) in [(REMOTE, REMOTE), (OTHER, REMOTE), (OTHER, OTHER)] {
        let request = puppet.request(true);
        puppet.deliver(source, request);
        puppet.answer_all_for(seconds(5));
        assert_eq!(puppet.agent.selected_pair(1).unwrap().destination, address(expected));
    }
}

#[test]
fn a_nomination_while_the_selected_pair_is_in_doubt_is_followed_at_once() {
    let mut puppet = Puppet::alone(Config::default());
    puppet.agent.add_remote_candidate(candidate("host", 2_130_706_431, REMOTE), puppet.now);
    puppet.agent.add_remote_candidate(candidate("relay", 16_777_215, OTHER), puppet.now);
    puppet.agent.end_of_remote_candidates(puppet.now);
    puppet.meet();
    puppet.connect();
    while puppet.count(|it| matches!(it, Event::ConsentDoubtful { .. })) == 0 {
        puppet.millis(10);
    }
    puppet.take();
    let request = puppet.request(true);
    puppet.deliver(OTHER, request);
    for _ in 0..20 {
        puppet.millis(5);
        for request in puppet.take_requests() {
            if request.destination == address(OTHER) {
                puppet.answer(&request);
            }
        }
    }
    assert_eq!(puppet.agent.selected_pair(1).unwrap().destination, address(OTHER));
    assert_eq!(puppet.agent.state(), State::Completed);
}

/// A request with a rank (draft-thatcher-ice-renomination).
pub(crate) fn ranked(puppet: &mut Puppet, rank: u32) -> Vec<u8> {
    let (id, username, key) = (puppet.fresh_id(), puppet.username(), puppet.agents_key());
    MessageBuilder::new(Class::Request, Method::BINDING, id)
        .add(&Username(&username))
        .add(&Priority(1))
        .add(&IceControlling(1))
        .add(&UseCandidate)
        .add(&Rank(rank))
        .finish_with(Some(&key), true)
}

#[test]
fn of_renominations_the_latest_counts_whatever_its_priority() {
    let mut puppet = Puppet::alone(Config::default());
    puppet.agent.add_remote_candidate(candidate("host", 2_130_706_431, REMOTE), puppet.now);
    puppet.agent.add_remote_candidate(candidate("relay", 16_777_215, OTHER), puppet.now);
    puppet.agent.end_of_remote_candidates(puppet.now);
    puppet.meet();
    for (rank, source, expected) in [(1, REMOTE, REMOTE), (2, OTHER, OTHER), (1, REMOTE, OTHER)] {
        let request = ranked(&mut puppet, rank);
        puppet.deliver(source, request);
        puppet.answer_all_for(Duration::from_millis(300));
        assert_eq!(puppet.agent.selected_pair(1).unwrap().destination, address(expected));
    }
}

#[test]
fn a_nomination_that_was_held_up_does_not_lower_the_rank_of_its_pair() {
    let mut puppet = Puppet::alone(Config::default());
    puppet.agent.add_remote_candidate(candidate("host", 2_130_706_431, REMOTE), puppet.now);
    puppet.agent.add_remote_candidate(candidate("relay", 16_777_215, OTHER), puppet.now);
    puppet.agent.end_of_remote_candidates(puppet.now);
    puppet.meet();
    for (rank, source) in [(3, REMOTE), (1, REMOTE), (2, OTHER)] {
        let request = ranked(&mut puppet, rank);
        puppet.deliver(source, request);
        puppet.answer_all_for(Duration::from_millis(300));
        assert_eq!(puppet.agent.selected_pair(1).unwrap().destination, address(REMOTE));
    }
}

#[test]
fn a_renominating_agent_takes_the_first_pair_and_moves_to_better_ones() {
    let renominating = |role| Config { nomination: Nomination::Renomination, ..config(role) };
    let configs = [renominating(Role::Controlling), renominating(Role::Controlled)];
    let mut network = Network::with(configs, [&[PORT], &[PORT]], 3);
    let mut held = 0;
    network.blocked = Box::new(move |_, source, destination| {
        let is_direct =
            [source, destination].iter().all(|it| it.ip().to_string().starts_with("198.51.100."));
        held += usize::from(is_direct);
        is_direct && held <= 6
    });
    network.call();
    network.run_until(State::Completed, seconds(3));
    assert!(network.kinds().contains('R'), "{}", network.kinds());
    network.run_for(seconds(10));
    assert_eq!(network.kinds(), "SS", "{}", network.log);
    network.assert_mirrored();
}

#[test]
fn an_aggressive_agent_nominates_with_its_first_check() {
    let aggressive =
        Config { role: Role::Controlling, nomination: Nomination::Aggressive, ..Config::default() };
    let mut puppet = Puppet::new(aggressive);
    let request = puppet.next_request();
    assert!(nominates(&request));
    puppet.answer(&request);
    assert_eq!(puppet.agent.state(), State::Completed);
}

#[test]
fn aggressive_nomination_across_nats_ends_on_the_best_pair() {
    let cells: [[&[NatKind]; 2]; 3] =
        [[&[CONE], &[CONE]], [&[PORT], &[PORT]], [&[CONE], &[SYMMETRIC]]];
    for kinds in cells {
        let aggressive = Config { nomination: Nomination::Aggressive, ..config(Role::Controlling) };
        let mut network = Network::with([aggressive, config(Role::Controlled)], kinds, 3);
        network.call();
        network.run_until(State::Completed, seconds(5));
        network.run_for(seconds(12));
        network.assert_mirrored();
        assert!(!network.kinds().contains('R'), "{}", network.kinds());
    }
}

/// Section 8.1.1: one pair, and one only.
#[test]
fn a_regular_agent_nominates_one_pair_only() {
    let mut network = Network::new([&[CONE], &[PORT]], 9);
    network.call();
    network.run_until(State::Completed, seconds(5));
    network.run_for(seconds(120));
    let nominated = network.ends[0].events.iter().filter_map(|it| match it {
        Event::CheckSent { nominating: true, local, remote, .. } => Some((*local, *remote)),
        _ => None,
    });
    let pairs: std::collections::BTreeSet<_> = nominated.collect();
    assert_eq!(pairs.len(), 1);
}

#[test]
fn after_the_nomination_the_pairs_of_the_component_leave_the_check_list() {
    let strict = Config { role: Role::Controlling, standby: 0, ..Config::default() };
    let mut puppet = Puppet::alone(strict);
    for port in 1..=9 {
        let at = format!("203.0.113.77:{port}");
        puppet.agent.add_remote_candidate(candidate("srflx", 1000 + port, &at), puppet.now);
    }
    puppet.introduce();
    while puppet.agent.state() != State::Completed {
        for request in puppet.take_requests() {
            if request.destination == address(REMOTE) {
                puppet.answer(&request);
            }
        }
        puppet.millis(5);
    }
    let left: Vec<_> = puppet.agent.pairs().collect();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].state, PairState::Succeeded);
    assert!(left[0].is_nominated);
    puppet.take();
    puppet.millis(3500);
    let late = puppet.take_requests();
    assert!(late.iter().all(|it| it.destination == address(REMOTE)), "cancelled: {late:?}");
}

#[test]
fn an_answer_to_a_cancelled_check_still_counts() {
    let mut puppet = Puppet::controlled();
    let first = puppet.next_request();
    puppet.millis(20);
    let request = puppet.request(false);
    puppet.deliver(REMOTE, request);
    assert_eq!(puppet.agent.pairs().next().unwrap().state, PairState::Waiting);
    puppet.answer(&first);
    assert_eq!(puppet.agent.state(), State::Connected);
    puppet.take();
    puppet.millis(2000);
    assert!(puppet.take_requests().is_empty(), "nothing is left to check");
}

/// pion/ice@99fbdea: each request triggers a check, which triggers a check, …
#[test]
fn triggered_checks_do_not_play_ping_pong() {
    let mut puppet = Puppet::controlled();
    puppet.next_request();
    let mut checks = 0;
    for _ in 0..100 {
        let request = puppet.request(false);
        puppet.deliver(REMOTE, request);
        puppet.millis(20);
        checks += puppet.take_requests().len();
    }
    // Two seconds: one for the first request, and one whenever that has been out for 500 ms.
    assert!((2..=6).contains(&checks), "{checks}");
}

#[test]
fn a_lower_priority_pair_is_checked_out_of_turn_when_the_peer_checks_it() {
    let mut puppet = Puppet::alone(Config::default());
    for port in 1..=9 {
        let at = format!("203.0.113.77:{port}");
        puppet.agent.add_remote_candidate(candidate("host", 2_000_000_000 + port, &at), puppet.now);
    }
    puppet.agent.add_remote_candidate(candidate("srflx", 1000, REMOTE), puppet.now);
    puppet.meet();
    puppet.next_request();
    let request = puppet.request(false);
    puppet.deliver(REMOTE, request);
    assert_eq!(puppet.next_request().destination, address(REMOTE));
}

#[test]
fn checks_are_paced_by_ta() {
    let mut puppet = Puppet::alone(Config::default());
    for port in 1..=9 {
        let at = format!("203.0.113.77:{port}");
        puppet.agent.add_remote_candidate(candidate("host", 2_000_000_000 + port, &at), puppet.now);
    }
    puppet.meet();
    puppet.millis(0);
    let mut times = Vec::new();
    for _ in 0..480 {
        for request in puppet.take_requests() {
            times.push((puppet.now.as_nanos() / 1_000_000, request.destination.port()));
        }
        puppet.millis(1);
    }
    let gaps: Vec<u64> = times.windows(2).map(|two| two[1].0 - two[0].0).collect();
    assert!(gaps.iter().all(|gap| *gap == 50), "{times:?}");
    let ports: Vec<u16> = times.iter().map(|(_, port)| *port).collect();
    assert_eq!(ports, [9, 8, 7, 6, 5, 4, 3, 2, 1], "by priority");
}

#[test]
fn the_second_request_waits_longer_the_more_checks_there_are() {
    let second_after = |remotes: u32| {
        let mut puppet = Puppet::alone(Config::default());
        for port in 1..=remotes {
            let at = format!("203.0.113.77:{port}");
            puppet.agent.add_remote_candidate(candidate("host", 2_000_000 + port, &at), puppet.now);
        }
        puppet.meet();
        puppet.millis(0);
        let first = puppet.next_request();
        let start = puppet.now;
        loop {
            let next = puppet.next_request();
            if next.payload == first.payload {
                return (puppet.now - start).as_millis();
            }
        }
    };
    assert_eq!(second_after(1), 500);
    assert_eq!(second_after(10), 500);
    assert_eq!(second_after(40), 2000, "Ta * 40");
}

#[test]
fn a_local_candidate_that_comes_late_is_paired_too() {
    let mut puppet = Puppet::alone(config(Role::Controlling));
    puppet.agent.add_remote_candidate(candidate("host", 2_130_706_431, REMOTE), puppet.now);
    puppet.trust();
    puppet.next_request();
    let late = LocalCandidate::host(1, address("203.0.113.11:5000"));
    let signalled = puppet.agent.add_local_candidate(late, puppet.now).unwrap();
    assert_ne!(signalled.priority, 2_130_706_431, "priorities are unique");
    assert_eq!(puppet.agent.pairs().count(), 2);
}
