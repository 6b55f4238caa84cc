//! Role conflicts (RFC 8445 sections 7.2.5.1 and 7.3.1.1).

use std::time::Duration;

use icelab_ice::{Config, Event, Role, State};
use icelab_sans_io::Instant;
use icelab_sans_io::testing::LinkModel;
use icelab_stun::attribute::ErrorCode;

use crate::bad_network::{both, pair_of};
use crate::network::{Network, PORT, SYMMETRIC, config};
use crate::puppet::{Puppet, REMOTE, claims, class, code};

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

/// `ex_ice`#71.
#[test]
fn a_stale_487_does_not_switch_the_role_twice() {
    let mut puppet = Puppet::controlling();
    puppet.agent.add_remote_candidate(
        crate::puppet::candidate("host", 5, crate::puppet::OTHER),
        puppet.now,
    );
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
    let low = crate::puppet::candidate("srflx", 1_000, crate::puppet::OTHER);
    let mut puppet_two = Puppet::alone(Config { role: Role::Controlling, ..Config::default() });
    puppet_two.agent.add_remote_candidate(low, puppet_two.now);
    let before = puppet_two.agent.pairs().next().unwrap().priority;
    puppet_two.agent.set_role(Role::Controlled, puppet_two.now);
    let after = puppet_two.agent.pairs().next().unwrap().priority;
    assert_eq!(before, after + 1, "G > D no more");
    puppet.millis(0);
}

#[test]
fn a_full_agent_controls_a_lite_one_whatever_it_was_told() {
    let lite = Config { lite: true, ..config(Role::Controlling) };
    let mut pair = pair_of([config(Role::Controlled), lite], LinkModel::default(), 1);
    pair.drive(Instant::from_millis(2000));
    assert_eq!((pair.a.role(), pair.z.role()), (Role::Controlling, Role::Controlled));
    assert!(both(&pair, State::Completed), "{}", pair.log());
}
