//! Role conflicts (RFC 8445 sections 7.2.5.1 and 7.3.1.1).

use std::time::Duration;

use icelab_ice::{Config, Event, LocalCandidate, Role, State};
use icelab_sans_io::Instant;
use icelab_sans_io::testing::LinkModel;
use icelab_stun::attribute::ErrorCode;

use crate::bad_network::{both, pair_of};
use crate::network::{Network, PORT, SYMMETRIC, config};
use crate::puppet::{OTHER, Puppet, REMOTE, address, candidate, claims, class, code, nominates};

#[test]
fn two_agents_with_the_same_role_sort_it_out() {
    for role in [Role::Controlling, Role::Controlled] {
        for seed in 0..20 {
            let model = LinkModel::terrible(Duration::from_millis(20));
            let mut pair = pair_of([config(role), config(role)], model, seed);
            let limit = Instant::from_millis(60_000);
            pair.drive_while(limit, |pair| !both(pair, State::Completed));
            assert!(both(&pair, State::Completed), "{}", pair.log());
            assert_ne!(pair.a.role(), pair.z.role(), "{}", pair.log());
        }
    }
}

#[test]
fn behind_nats_a_conflict_costs_no_path() {
    for role in [Role::Controlling, Role::Controlled] {
        for kinds in [[PORT, PORT], [SYMMETRIC, PORT]] {
            let kinds = [&kinds[..1], &kinds[1..]];
            let mut network = Network::with([config(role), config(role)], kinds, 3);
            network.call();
            network.run_until(State::Completed, Duration::from_secs(10));
            network.assert_mirrored();
        }
    }
}

/// Sends a request with the agent's own role and the given tie-breaker relative to the agent's.
fn conflict(role: Role, larger: bool) -> (Puppet, u16) {
    let mut puppet = Puppet::new(Config { role, ..Config::default() });
    let request = puppet.next_request();
    let (claimed, tie_breaker) = claims(&request);
    assert_eq!(claimed, role);
    let theirs = if larger { u64::MAX } else { tie_breaker };
    let request = puppet.request_as(role, theirs, false);
    puppet.take();
    puppet.deliver(REMOTE, request);
    let packets = puppet.take();
    let reply = packets.iter().find(|packet| class(packet) != icelab_stun::Class::Request).unwrap();
    let code = if class(reply) == icelab_stun::Class::Error { code(reply) } else { 200 };
    (puppet, code)
}

#[test]
fn a_controlling_agent_with_the_larger_or_equal_tie_breaker_refuses() {
    let (puppet, code) = conflict(Role::Controlling, false);
    assert_eq!((puppet.agent.role(), code), (Role::Controlling, 487));
    assert_eq!(puppet.count(|it| matches!(it, Event::RoleSwitched(_))), 0);
}

#[test]
fn a_controlling_agent_with_the_smaller_tie_breaker_switches() {
    let (puppet, code) = conflict(Role::Controlling, true);
    assert_eq!((puppet.agent.role(), code), (Role::Controlled, 200));
}

#[test]
fn a_controlled_agent_with_the_larger_or_equal_tie_breaker_switches() {
    let (puppet, code) = conflict(Role::Controlled, false);
    assert_eq!((puppet.agent.role(), code), (Role::Controlling, 200));
}

#[test]
fn a_controlled_agent_with_the_smaller_tie_breaker_refuses() {
    let (puppet, code) = conflict(Role::Controlled, true);
    assert_eq!((puppet.agent.role(), code), (Role::Controlled, 487));
    assert_eq!(puppet.count(|it| matches!(it, Event::RoleSwitched(_))), 0);
}

#[test]
fn a_487_switches_the_role_changes_the_tie_breaker_and_repeats_the_check() {
    let mut puppet = Puppet::controlling();
    let request = puppet.next_request();
    let error = puppet.error(&request, ErrorCode::ROLE_CONFLICT);
    puppet.deliver(REMOTE, error);
    assert_eq!(puppet.agent.role(), Role::Controlled);
    let again = puppet.next_request();
    let ((_, before), (role, after)) = (claims(&request), claims(&again));
    assert_eq!(role, Role::Controlled);
    assert_ne!(before, after);
    assert_ne!(request.payload, again.payload);
}

/// Section 7.2.5.1 holds for every check, also for those over valid pairs.
#[test]
fn a_487_to_a_check_of_a_valid_pair_switches_the_role_and_repeats_the_check_as_well() {
    let mut puppet = Puppet::controlling();
    puppet.connect();
    let consent = puppet.next_request();
    let error = puppet.error(&consent, ErrorCode::ROLE_CONFLICT);
    puppet.deliver(REMOTE, error);
    let again = puppet.take_requests();
    assert_eq!(again.len(), 1, "a consent check that was refused");
    assert_eq!(claims(&again[0]).0, Role::Controlled);
    assert_ne!(claims(&again[0]).1, claims(&consent).1, "another tie-breaker");
    let error = puppet.error(&again[0], ErrorCode::ROLE_CONFLICT);
    puppet.deliver(REMOTE, error);
    let verification = puppet.take_requests();
    assert_eq!(verification.len(), 1, "its repetition, refused again");
    assert_eq!(claims(&verification[0]).0, Role::Controlling);
    puppet.answer(&verification[0]);
    puppet.millis(3500);
    assert_eq!(puppet.count(|it| matches!(it, Event::ConsentDoubtful { .. })), 0, "answered");
    assert_eq!(puppet.agent.state(), State::Completed);
}

#[test]
fn a_487_to_a_nomination_repeats_the_check_without_it() {
    let mut puppet = Puppet::controlling();
    let check = puppet.next_request();
    puppet.answer(&check);
    let nomination = puppet.next_request();
    assert!(nominates(&nomination));
    let error = puppet.error(&nomination, ErrorCode::ROLE_CONFLICT);
    puppet.deliver(REMOTE, error);
    assert_eq!(puppet.agent.role(), Role::Controlled);
    let again = puppet.next_request();
    assert_eq!((claims(&again).0, nominates(&again)), (Role::Controlled, false));
    assert_ne!(again.payload, nomination.payload);
    assert!(puppet.agent.selected_pair(1).is_none(), "now the peer nominates");
}

/// A peer that refuses whatever it is asked is asked no more often than it answers, and given up.
#[test]
fn a_peer_that_answers_everything_with_487_is_disconnected() {
    let mut puppet = Puppet::controlling();
    puppet.connect();
    let mut sent = 0;
    for _ in 0..1_000 {
        for request in puppet.take_requests() {
            sent += 1;
            let error = puppet.error(&request, ErrorCode::ROLE_CONFLICT);
            puppet.deliver(REMOTE, error);
        }
        puppet.millis(50);
    }
    assert_eq!(puppet.agent.state(), State::Failed);
    assert!(sent <= 1_000, "{sent}: one for each of the peer's");
}

/// `ex_ice`#71.
#[test]
fn a_stale_487_does_not_switch_the_role_twice() {
    let mut puppet = Puppet::controlling();
    puppet.agent.add_remote_candidate(candidate("host", 5, OTHER), puppet.now);
    let first = puppet.next_request();
    // Meanwhile the peer's own request settled the conflict.
    let request = puppet.request_as(Role::Controlling, u64::MAX, false);
    puppet.deliver(REMOTE, request);
    assert_eq!(puppet.agent.role(), Role::Controlled);
    let error = puppet.error(&first, ErrorCode::ROLE_CONFLICT);
    puppet.deliver(REMOTE, error.clone());
    puppet.deliver(REMOTE, error);
    assert_eq!(puppet.agent.role(), Role::Controlled);
    assert_eq!(puppet.count(|it| matches!(it, Event::RoleSwitched(_))), 1);
}

#[test]
fn a_switch_of_roles_recomputes_the_priorities_of_pairs() {
    let mut puppet = Puppet::controlling();
    let low = candidate("srflx", 1_000, OTHER);
    let mut puppet_two = Puppet::alone(Config { role: Role::Controlling, ..Config::default() });
    puppet_two.agent.add_remote_candidate(low, puppet_two.now);
    let before = puppet_two.agent.pairs().next().unwrap().priority;
    puppet_two.agent.set_role(Role::Controlled, puppet_two.now);
    let after = puppet_two.agent.pairs().next().unwrap().priority;
    assert_eq!(before, after + 1, "G > D no more");
    puppet.millis(0);
}

/// Section 6.1.2.3: of two mirrored pairs the better is the one whose controlling side is better, and
/// the list stands in the order of the new role (pjproject#2806: a list that was not sorted again).
#[test]
fn a_switch_of_roles_sorts_the_pairs_again() {
    let mut puppet = Puppet::alone(Config { role: Role::Controlling, ..Config::default() });
    let second = LocalCandidate::host(1, address("[2001:db8::1]:5000"));
    let second = puppet.agent.add_local_candidate(second, puppet.now).unwrap();
    let first = puppet.agent.local_candidates().next().unwrap().priority;
    for (priority, at) in [(second.priority, REMOTE), (first, "[2001:db8::2]:6000")] {
        puppet.agent.add_remote_candidate(candidate("host", priority, at), puppet.now);
    }
    let order = |puppet: &Puppet| -> Vec<bool> {
        puppet.agent.pairs().map(|pair| pair.base.is_ipv4()).collect()
    };
    assert_eq!(order(&puppet), [true, false], "this side's better candidate controls");
    puppet.agent.set_role(Role::Controlled, puppet.now);
    assert_eq!(order(&puppet), [false, true], "the peer's better candidate controls");
    assert!(puppet.agent.pairs().map(|pair| pair.priority).is_sorted_by(|a, b| a > b));
}

#[test]
fn a_full_agent_controls_a_lite_one_whatever_it_was_told() {
    let lite = Config { lite: true, ..config(Role::Controlling) };
    let mut pair = pair_of([config(Role::Controlled), lite], LinkModel::default(), 1);
    pair.drive(Instant::from_millis(2000));
    assert_eq!((pair.a.role(), pair.z.role()), (Role::Controlling, Role::Controlled));
    assert!(both(&pair, State::Completed), "{}", pair.log());
}
