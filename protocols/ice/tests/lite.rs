//! Lite agents (RFC 8445 sections 2.5, 7.3.2 and 8.2).

use std::time::Duration;

use icelab_ice::{
    CandidateKind, Config, Event, LocalCandidate, Nomination, PairState, Role, SendError, State,
};
use icelab_sans_io::Instant;
use icelab_sans_io::testing::{LinkModel, Passing, Side};
use icelab_stun::Class;

use crate::bad_network::{both, pair_of};
use crate::network::config;
use crate::puppet::{OTHER, Puppet, REMOTE, address, candidate, class};

fn lite(role: Role) -> Config {
    Config { lite: true, ..config(role) }
}

const LIMIT: Instant = Instant::from_millis(60_000);

#[test]
fn a_full_agent_connects_to_a_lite_one_over_a_terrible_network() {
    for seed in 0..20 {
        let configs = [config(Role::Controlling), lite(Role::Controlled)];
        let mut pair = pair_of(configs, LinkModel::terrible(Duration::from_millis(30)), seed);
        pair.drive_while(LIMIT, |pair| !both(pair, State::Completed));
        assert!(both(&pair, State::Completed), "{}", pair.log());
        pair.drive_for(Duration::from_secs(30));
        assert_ne!(pair.a.state(), State::Failed);
        assert_ne!(pair.z.state(), State::Failed);
    }
}

#[test]
fn a_lite_agent_sends_no_checks_and_no_data_before_the_nomination() {
    let mut puppet = Puppet::new(lite(Role::Controlled));
    puppet.millis(5000);
    assert!(puppet.take().is_empty());
    let request = puppet.request(false);
    puppet.deliver(REMOTE, request);
    assert_eq!(puppet.take().len(), 1, "the answer");
    assert_eq!(puppet.agent.send(1, vec![1], puppet.now), Err(SendError::NotConnected));
    let request = puppet.request(true);
    puppet.deliver(REMOTE, request);
    assert_eq!(puppet.agent.state(), State::Completed);
    assert!(puppet.agent.send(1, vec![1], puppet.now).is_ok());
    let packets = puppet.take();
    assert_eq!(packets.iter().filter(|it| class(it) == Class::Request).count(), 0);
}

#[test]
fn a_lite_agent_selects_the_pair_of_the_nomination_also_from_an_unknown_address() {
    let mut puppet = Puppet::new(lite(Role::Controlled));
    let request = puppet.request(true);
    puppet.deliver(OTHER, request);
    let selected = puppet.agent.selected_pair(1).unwrap();
    assert_eq!(selected.destination, address(OTHER));
    assert_eq!(selected.remote.kind, CandidateKind::PeerReflexive);
    puppet.deliver(OTHER, b"data".to_vec());
    assert_eq!(puppet.count(|it| matches!(it, Event::Data { .. })), 1);
}

/// `ex_ice`#110.
#[test]
fn repeated_nominations_of_a_lite_agent_change_nothing() {
    let mut puppet = Puppet::new(lite(Role::Controlled));
    for _ in 0..20 {
        let request = puppet.request(true);
        puppet.deliver(REMOTE, request);
        puppet.millis(5000);
    }
    assert_eq!(puppet.count(|it| matches!(it, Event::Selected { .. })), 1);
    assert_eq!(puppet.agent.state(), State::Completed);
}

#[test]
fn a_lite_agent_notices_that_the_peer_fell_silent_and_that_it_came_back() {
    let mut puppet = Puppet::new(lite(Role::Controlled));
    let request = puppet.request(true);
    puppet.deliver(REMOTE, request);
    puppet.millis(14_900);
    assert_eq!(puppet.agent.state(), State::Completed);
    puppet.millis(200);
    assert_eq!(puppet.agent.state(), State::Disconnected);
    puppet.deliver(REMOTE, b"media".to_vec());
    assert_eq!(puppet.agent.state(), State::Completed);
    puppet.millis(31_000);
    assert_eq!(puppet.agent.state(), State::Failed);
}

#[test]
fn a_lite_agent_keeps_its_nat_binding_alive() {
    let mut puppet = Puppet::new(lite(Role::Controlled));
    let request = puppet.request(true);
    puppet.deliver(REMOTE, request);
    puppet.take();
    for _ in 0..4 {
        puppet.millis(4000);
        puppet.deliver(REMOTE, b"media".to_vec());
    }
    let indications = puppet.take();
    assert_eq!(indications.len(), 1);
    assert_eq!(class(&indications[0]), Class::Indication);
}

#[test]
fn two_lite_agents_send_no_checks_at_all() {
    for roles in [[Role::Controlling, Role::Controlled], [Role::Controlled, Role::Controlled]] {
        let mut pair = pair_of(roles.map(lite), LinkModel::default(), 1);
        pair.filter(|_: Side, _, _| Passing::Lost);
        pair.drive(Instant::from_millis(100));
        assert!(both(&pair, State::Completed));
        let (a, z) = (pair.a.selected_pair(1).unwrap(), pair.z.selected_pair(1).unwrap());
        assert_eq!(a.local.socket(), Some(z.destination));
        assert_eq!(z.local.socket(), Some(a.destination));
        assert!(!pair.log().contains("CheckSent"));
    }
}

#[test]
fn two_lite_agents_with_both_families_take_the_same_one() {
    let mut puppet = Puppet::alone(lite(Role::Controlling));
    puppet.agent.restart(puppet.now);
    for (at, preference) in [("203.0.113.1:9", 10), ("[2001:db8::1]:9", 40)] {
        let mut local = LocalCandidate::host(1, address(at));
        local.local_preference = preference;
        puppet.agent.add_local_candidate(local, puppet.now).unwrap();
    }
    puppet.agent.add_remote_candidate(candidate("host", 9, "203.0.113.2:9"), puppet.now);
    puppet.agent.add_remote_candidate(candidate("host", 30, "[2001:db8::2]:9"), puppet.now);
    puppet.agent.end_of_local_candidates(puppet.now);
    puppet.agent.end_of_remote_candidates(puppet.now);
    let peer = puppet.peer.clone();
    puppet.agent.set_remote_credentials(peer, true, puppet.now).unwrap();
    assert!(puppet.agent.selected_pair(1).unwrap().destination.is_ipv6());
}

#[test]
fn a_lite_agent_takes_host_candidates_only() {
    let mut puppet = Puppet::alone(lite(Role::Controlled));
    let at = address("198.51.100.1:1");
    let reflexive = LocalCandidate::reflexive(1, at, address(crate::puppet::BASE), at.ip());
    assert_eq!(puppet.agent.add_local_candidate(reflexive, puppet.now), None);
}

#[test]
fn a_lite_agent_follows_an_aggressive_peer_to_the_better_pair() {
    let mut puppet = Puppet::new(lite(Role::Controlled));
    puppet.take();
    for (source, expected) in [(OTHER, OTHER), (REMOTE, REMOTE), (OTHER, REMOTE)] {
        let request = puppet.request(true);
        puppet.deliver(source, request);
        assert_eq!(puppet.agent.selected_pair(1).unwrap().destination, address(expected));
    }
}

#[test]
fn a_lite_agent_does_not_remember_ever_new_addresses() {
    let mut puppet = Puppet::new(lite(Role::Controlled));
    for port in 1..200 {
        let request = puppet.request(true);
        puppet.deliver(&format!("203.0.113.77:{port}"), request);
    }
    assert!(puppet.agent.valid_pairs(1).count() <= 6);
    assert_eq!(puppet.agent.remote_candidates().count(), 1);
}

#[test]
fn a_full_agent_may_be_aggressive_with_a_lite_one() {
    let aggressive = Config { nomination: Nomination::Aggressive, ..config(Role::Controlling) };
    let mut pair = pair_of([aggressive, lite(Role::Controlled)], LinkModel::default(), 1);
    pair.drive(Instant::from_millis(1000));
    assert!(both(&pair, State::Completed));
    assert!(pair.a.pairs().all(|it| it.state == PairState::Succeeded));
}
