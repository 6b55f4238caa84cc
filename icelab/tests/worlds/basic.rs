//! One call each, with nothing happening to it.

use core::time::Duration;

use icelab::World;
use icelab::scenario::plan::{
    Call, Connected, Expectation, IceOptions, Path, Policy, Reconnected, Roles, Side,
};
use icelab_peer::Handshake;
use icelab_sim::{Families, HostConfig, Level, Network};

use super::stage::{Home, assert_path, call, homes, letters, patient_call, preset, run, turn};

#[test]
fn two_public_hosts_use_their_own_addresses() {
    let outcome = run(&Home::Open, &Home::Open, call());
    assert_path(&outcome, Path::Direct);
    assert_eq!(letters(&outcome), "LL");
    assert!(outcome.connected.unwrap() < Duration::from_millis(300), "{:?}", outcome.connected);
    assert!(outcome.phases.contains_key("gathered") && outcome.phases.contains_key("ice"));
}

#[test]
fn two_homes_use_their_mapped_addresses() {
    let home = Home::Nat(preset("port_restricted"));
    let outcome = run(&home, &home, patient_call());
    assert_path(&outcome, Path::Direct);
    assert_eq!(letters(&outcome), "SS");
    let alice = outcome.selected["alice"].unwrap();
    assert_ne!(alice.address.ip(), alice.base.ip());
}

#[test]
fn two_symmetric_nats_need_a_relay() {
    let home = Home::Nat(preset("symmetric"));
    let outcome = run(&home, &home, call());
    assert_path(&outcome, Path::Relayed);
}

#[test]
fn two_symmetric_nats_without_a_relay_never_connect() {
    let home = Home::Nat(preset("symmetric"));
    let outcome = run(&home, &home, World::call_between("alice", "bob", &["stun"]));
    assert_path(&outcome, Path::None);
    assert_eq!(outcome.connected, None);
    assert!(outcome.simulated < Duration::from_secs(60), "both sides give up first");
}

#[test]
fn the_policy_relay_relays_what_could_be_direct() {
    let mut relayed = call();
    for side in [&mut relayed.offerer_side, &mut relayed.answerer_side] {
        *side = Side { policy: Policy::Relay, ..side.clone() };
    }
    let outcome = run(&Home::Open, &Home::Open, relayed);
    assert_path(&outcome, Path::Relayed);
    assert_eq!(letters(&outcome), "RR");
}

#[test]
fn a_home_behind_a_carrier_nat_is_reached_directly() {
    let home = Home::Double(preset("full_cone"), preset("port_restricted"));
    let outcome = run(&home, &Home::Nat(preset("restricted")), patient_call());
    assert_path(&outcome, Path::Direct);
    assert_eq!(letters(&outcome), "SS");
}

#[test]
fn a_lite_server_on_the_internet_is_reached_from_behind_a_symmetric_nat() {
    let mut world = homes(&Home::Nat(preset("symmetric")), &Home::Open, 1);
    let lite = IceOptions { lite: true, ..IceOptions::default() };
    let host = HostConfig::behind(Network::INTERNET);
    world.peer_with("server", host, lite, Handshake::default());
    for (offerer, answerer) in [("alice", "server"), ("server", "alice")] {
        let mut world = world.clone();
        world.call(World::call_between(offerer, answerer, &["stun"]));
        assert_path(&world.run().unwrap(), Path::Direct);
    }
}

#[test]
fn every_start_of_roles_leads_to_a_call() {
    for roles in [Roles::Standard, Roles::Swapped, Roles::BothControlling, Roles::BothControlled] {
        let outcome = run(&Home::Open, &Home::Open, Call { roles, ..call() });
        assert_path(&outcome, Path::Direct);
    }
}

#[test]
fn of_two_families_ipv6_is_used() {
    let mut world = World::new(Network::new(), 1);
    let host = || HostConfig::behind(Network::INTERNET).with_families(Families::BOTH);
    world.server("both", host(), Some(Default::default()), Some(turn()));
    world.peer("alice", host()).peer("bob", host());
    world.call(World::call_between("alice", "bob", &["both"]));
    let outcome = world.run().unwrap();
    assert_path(&outcome, Path::Direct);
    assert!(outcome.selected["alice"].unwrap().address.is_ipv6());
}

#[test]
fn a_host_with_one_family_reaches_one_with_the_other_through_a_relay_with_both() {
    let mut world = World::new(Network::new(), 1);
    let host = |families| HostConfig::behind(Network::INTERNET).with_families(families);
    world.turn_server("turn", host(Families::BOTH), turn());
    world.peer("alice", host(Families::V4)).peer("bob", host(Families::V6));
    world.call(World::call_between("alice", "bob", &["turn"]));
    assert_path(&world.run().unwrap(), Path::Relayed);
}

#[test]
fn the_same_seed_is_the_same_run_and_another_seed_is_another() {
    let home = Home::Nat(preset("symmetric"));
    let hash = |seed, level| {
        let mut world = homes(&home, &home, seed);
        world.call(call()).record(level);
        world.run().unwrap().record_hash()
    };
    assert_eq!(hash(1, Level::Hash), hash(1, Level::Hash));
    assert_eq!(hash(1, Level::Hash), hash(1, Level::Full), "whatever is kept");
    assert_ne!(hash(1, Level::Hash), hash(2, Level::Hash));
}

#[test]
fn the_record_tells_what_the_protocols_did() {
    let home = Home::Nat(preset("symmetric"));
    let mut world = homes(&home, &home, 1);
    world.call(call()).record(Level::Notes);
    let record = world.run().unwrap().record;
    let names: std::collections::BTreeSet<String> = record
        .entries()
        .filter_map(|entry| match entry.unwrap().what {
            icelab_sim::What::Note { name, .. } => Some(name.into_owned()),
            _ => None,
        })
        .collect();
    for name in [
        "signal.sent",
        "signal.received",
        "gather.started",
        "gather.candidate",
        "gather.done",
        "ice.state",
        "ice.pair",
        "ice.check.sent",
        "ice.check.succeeded",
        "ice.nominated",
        "ice.selected",
        "turn.allocated",
        "turn.permission",
        "turn.channel",
        "call.connected",
    ] {
        assert!(names.contains(name), "{name} is not in {names:?}");
    }
}

#[test]
fn expectations_that_do_not_hold_are_told() {
    let mut world = homes(&Home::Open, &Home::Open, 1);
    world.call(call());
    world.expect(Expectation {
        connected: Some(Connected::Within(Duration::from_millis(1))),
        path: vec![Path::Relayed],
        ..Expectation::default()
    });
    world.expect(Expectation {
        at: Some(Duration::from_millis(5)),
        connected: Some(Connected::Yes),
        reconnected: Some(Reconnected::Within(Duration::ZERO)),
        ..Expectation::default()
    });
    let outcome = world.run().unwrap();
    let told: Vec<&str> = outcome.failures.iter().map(|f| f.expect.as_str()).collect();
    assert_eq!(told, ["connected", "reconnected", "connected", "path"]);
}

#[test]
fn what_is_not_there_is_an_error() {
    let mut world = homes(&Home::Open, &Home::Open, 1);
    world.call(World::call_between("alice", "carol", &[]));
    assert_eq!(world.run().unwrap_err().to_string(), "there is no peer named `carol`");
}
