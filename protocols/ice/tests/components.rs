//! Two components, with and without RTCP of their own (RFC 8445 section 6.1.2).

use std::time::Duration;

use icelab_ice::{
    Agent, Candidate, Config, Event, Ignored, LocalCandidate, PairState, Role, SendError, State,
};
use icelab_sans_io::testing::{LinkModel, Pair, Passing};
use icelab_sans_io::{Instant, Rng};

use crate::bad_network::both;
use crate::network::config;
use crate::puppet::{OTHER, Puppet, REMOTE, address, candidate};

/// Two agents whose hosts have a socket for each component; `components` of each side.
fn pair(components: [u16; 2], model: LinkModel, seed: u64) -> Pair<Agent, Agent> {
    let now = Instant::START;
    let rng = Rng::from_u64(seed);
    let side = |index: usize, role| {
        let config = Config { components: components[index], ..config(role) };
        let mut agent = Agent::new(config, rng.fork("agent", index as u64));
        let candidates: Vec<Candidate> = (1..=components[index])
            .map(|component| {
                let host = format!("203.0.113.{}:{}", index + 1, 5000 + component);
                let local = LocalCandidate::host(component, address(&host));
                agent.add_local_candidate(local, now).unwrap()
            })
            .collect();
        agent.end_of_local_candidates(now);
        (agent, candidates)
    };
    let (mut a, of_a) = side(0, Role::Controlling);
    let (mut z, of_z) = side(1, Role::Controlled);
    let (for_a, for_z) = (z.local_credentials().clone(), a.local_credentials().clone());
    for candidate in of_z {
        a.add_remote_candidate(candidate, now);
    }
    for candidate in of_a {
        z.add_remote_candidate(candidate, now);
    }
    a.end_of_remote_candidates(now);
    z.end_of_remote_candidates(now);
    a.set_remote_credentials(for_a, false, now).unwrap();
    z.set_remote_credentials(for_z, false, now).unwrap();
    Pair::new(a, z, model, seed)
}

const LIMIT: Instant = Instant::from_millis(60_000);

#[test]
fn both_components_are_selected_before_it_is_completed() {
    let mut pair = pair([2, 2], LinkModel::terrible(Duration::from_millis(20)), 1);
    pair.drive_while(LIMIT, |pair| !both(pair, State::Completed));
    assert!(both(&pair, State::Completed), "{}", pair.log());
    for component in [1, 2] {
        let (a, z) = (pair.a.selected_pair(component), pair.z.selected_pair(component));
        let (a, z) = (a.unwrap(), z.unwrap());
        assert_eq!(a.local.socket(), Some(z.destination));
        assert_eq!(a.base.port(), 5000 + component);
    }
}

#[test]
fn data_keeps_to_its_component() {
    let mut pair = pair([2, 2], LinkModel::delayed(Duration::from_millis(5)), 1);
    pair.drive_while(LIMIT, |pair| !both(pair, State::Completed));
    let now = pair.now();
    pair.a.send(1, b"rtp".to_vec(), now).unwrap();
    pair.a.send(2, b"rtcp".to_vec(), now).unwrap();
    assert_eq!(pair.a.send(3, vec![1], now), Err(SendError::NotConnected));
    pair.drive(now + Duration::from_millis(20));
    let mut got: Vec<(u16, Vec<u8>)> = Vec::new();
    for event in pair.events_z() {
        if let Event::Data { component, payload, .. } = event {
            got.push((component, payload));
        }
    }
    assert_eq!(got, [(1, b"rtp".to_vec()), (2, b"rtcp".to_vec())]);
}

#[test]
fn one_component_that_cannot_be_reached_fails_the_session() {
    let mut pair = pair([2, 2], LinkModel::delayed(Duration::from_millis(5)), 1);
    pair.filter(|_, packet, _| {
        let is_rtcp = [packet.source.port(), packet.destination.port()].contains(&5002);
        if is_rtcp { Passing::Lost } else { Passing::Pass }
    });
    pair.drive(LIMIT);
    assert!(both(&pair, State::Failed), "{:?} {:?}", pair.a.state(), pair.z.state());
}

#[test]
fn where_the_peer_has_one_component_the_second_does_not_count() {
    for components in [[1, 2], [2, 1]] {
        let mut pair = pair(components, LinkModel::delayed(Duration::from_millis(5)), 1);
        pair.drive_while(LIMIT, |pair| !both(pair, State::Completed));
        assert!(both(&pair, State::Completed), "{}", pair.log());
        assert!(pair.now() < Instant::from_millis(1000));
    }
}

#[test]
fn a_component_can_be_dropped_when_rtcp_is_multiplexed_after_all() {
    let mut puppet = Puppet::alone(Config { components: 2, ..config(Role::Controlling) });
    puppet.agent.add_remote_candidate(candidate("host", 5, REMOTE), puppet.now);
    puppet.meet();
    puppet.answer_all_for(Duration::from_secs(1));
    assert_eq!(puppet.agent.state(), State::Checking, "RTCP is missing");
    puppet.agent.remove_component(2, puppet.now);
    puppet.answer_all_for(Duration::from_secs(1));
    assert_eq!(puppet.agent.state(), State::Completed);
    let two = "9 2 udp 5 203.0.113.21 7000 typ host".parse().unwrap();
    puppet.agent.restart(puppet.now);
    puppet.agent.add_remote_candidate(two, puppet.now);
    puppet.collect();
    let why = Ignored::Component;
    assert_eq!(
        puppet.count(|it| matches!(it, Event::CandidateIgnored { why: w, .. } if *w == why)),
        1
    );
}

/// Section 6.1.2.6: of a foundation one pair waits, that of the first component; the others are
/// frozen until it succeeds (section 7.2.5.3.3).
#[test]
fn the_second_components_pairs_stay_frozen_until_the_first_ones_succeed() {
    let mut puppet = Puppet::alone(Config { components: 2, ..config(Role::Controlling) });
    let second = LocalCandidate::host(2, address("203.0.113.10:5001"));
    puppet.agent.add_local_candidate(second, puppet.now).unwrap();
    for (component, port) in [(1, 6000), (2, 6001)] {
        let text = format!("7 {component} udp 2130706431 203.0.113.20 {port} typ host");
        puppet.agent.add_remote_candidate(text.parse().unwrap(), puppet.now);
    }
    puppet.meet();
    let states = |puppet: &Puppet| {
        let mut pairs: Vec<_> = puppet.agent.pairs().map(|it| (it.component, it.state)).collect();
        pairs.sort_unstable();
        pairs
    };
    assert_eq!(states(&puppet), [(1, PairState::Waiting), (2, PairState::Frozen)]);
    let check = puppet.next_request();
    assert_eq!(check.destination, address(REMOTE));
    puppet.millis(300);
    assert_eq!(states(&puppet), [(1, PairState::InProgress), (2, PairState::Frozen)]);
    puppet.answer(&check);
    assert_eq!(states(&puppet), [(1, PairState::Succeeded), (2, PairState::Waiting)]);
}

#[test]
fn a_frozen_pair_thaws_when_its_foundations_check_has_failed() {
    let mut puppet = Puppet::alone(Config { components: 2, ..config(Role::Controlling) });
    let second = LocalCandidate::host(2, address("203.0.113.10:5001"));
    puppet.agent.add_local_candidate(second, puppet.now).unwrap();
    for (component, port) in [(1, 6000), (2, 6001)] {
        let text = format!("7 {component} udp 2130706431 203.0.113.20 {port} typ host");
        puppet.agent.add_remote_candidate(text.parse().unwrap(), puppet.now);
    }
    puppet.meet();
    let check = puppet.next_request();
    let error = puppet.error(&check, icelab_stun::attribute::ErrorCode::BAD_REQUEST);
    puppet.deliver(REMOTE, error);
    let next = puppet.next_request();
    assert_eq!(next.destination.port(), 6001, "section 6.1.4.2 step 2");
}

#[test]
fn a_component_that_is_dropped_leaves_the_other_as_it_is() {
    let mut puppet = Puppet::alone(Config { components: 2, ..config(Role::Controlling) });
    let second = LocalCandidate::host(2, address("203.0.113.10:5001"));
    puppet.agent.add_local_candidate(second, puppet.now).unwrap();
    for (foundation, component, port) in [(7, 1, 6000), (8, 2, 6001), (9, 2, 6002)] {
        let text = format!("{foundation} {component} udp {port} 203.0.113.20 {port} typ host");
        puppet.agent.add_remote_candidate(text.parse().unwrap(), puppet.now);
    }
    puppet.trust();
    let checks = [(); 3].map(|()| puppet.next_request());
    let answered = checks.iter().find(|check| check.destination.port() == 6001).unwrap();
    puppet.answer(answered);
    assert_eq!(puppet.agent.valid_pairs(2).count(), 1);
    puppet.take();
    puppet.agent.remove_component(2, puppet.now);
    let left: Vec<u16> = puppet.agent.pairs().map(|pair| pair.component).collect();
    assert_eq!((left, puppet.agent.valid_pairs(2).count()), (vec![1], 0));
    puppet.millis(1000);
    let again: Vec<u16> = puppet.take_requests().iter().map(|it| it.destination.port()).collect();
    assert_eq!(again, [6000], "its check goes on, those of the other do not");
    let one = puppet.agent.pairs().next().unwrap();
    assert_eq!(one.state, PairState::InProgress);
}

#[test]
fn one_base_serves_one_component() {
    let mut puppet = Puppet::alone(Config { components: 2, ..Config::default() });
    let same = LocalCandidate::host(2, address(crate::puppet::BASE));
    assert_eq!(puppet.agent.add_local_candidate(same, puppet.now), None);
    let (base, mapped) = (address(crate::puppet::BASE), address("198.51.100.1:1"));
    let reflexive = LocalCandidate::reflexive(2, mapped, base, mapped.ip());
    assert_eq!(puppet.agent.add_local_candidate(reflexive, puppet.now), None);
    let third = LocalCandidate::host(3, address(OTHER));
    assert_eq!(puppet.agent.add_local_candidate(third, puppet.now), None);
}
