//! What happens on the way: reboots, cuts, lost packets, long idle times.

use core::time::Duration;

use icelab::scenario::plan::{
    Action, Behind, Cable, Connected, DropRule, Expectation, OnDisconnected, Outage, PacketKind,
    Path, Reconnected,
};
use icelab::{Outcome, World};

use super::stage::{Home, assert_path, call, homes, letters, patient_call, preset};

const SECOND: Duration = Duration::from_secs(1);

fn two_homes(nat: &str) -> World {
    let home = Home::Nat(preset(nat));
    let mut world = homes(&home, &home, 1);
    world.call(call());
    world
}

fn back_within(limit: Duration) -> Expectation {
    Expectation { reconnected: Some(Reconnected::Within(limit)), ..Expectation::default() }
}

fn cable(node: &str) -> Cable {
    Cable { node: node.to_owned(), towards: Behind::Internet }
}

fn recovery(outcome: &Outcome) -> Duration {
    outcome.reconnected.flatten().expect("traffic flows again")
}

#[test]
fn a_call_comes_back_after_a_router_has_rebooted() {
    let mut world = two_homes("port_restricted");
    world.at(10 * SECOND, Action::Reboot { gateway: "home_a".to_owned() });
    world.expect(back_within(20 * SECOND));
    let outcome = world.run().unwrap();
    assert_path(&outcome, Path::Direct);
}

#[test]
fn a_call_comes_back_after_a_router_has_got_another_address() {
    let mut world = two_homes("port_restricted");
    world.at(10 * SECOND, Action::Rebind { gateway: "home_a".to_owned() });
    world.expect(back_within(25 * SECOND));
    assert_path(&world.run().unwrap(), Path::Direct);
}

#[test]
fn a_short_cut_heals_by_itself() {
    let mut world = two_homes("port_restricted");
    world.at(10 * SECOND, Action::Cut(cable("home_a")));
    world.at(12 * SECOND, Action::Heal(cable("home_a")));
    world.expect(back_within(SECOND));
    let outcome = world.run().unwrap();
    assert_path(&outcome, Path::Direct);
    assert!(recovery(&outcome) < SECOND, "{:?}", recovery(&outcome));
}

#[test]
fn a_cut_that_lasts_is_told_and_a_late_heal_repaired() {
    let mut world = two_homes("port_restricted");
    world.limit(Duration::from_secs(120));
    world.at(10 * SECOND, Action::Cut(cable("home_a")));
    world.at(60 * SECOND, Action::Heal(cable("home_a")));
    world.expect(Expectation {
        at: Some(45 * SECOND),
        connected: Some(Connected::No),
        reconnected: Some(Reconnected::No),
        ..Expectation::default()
    });
    world.expect(back_within(30 * SECOND));
    assert_path(&world.run().unwrap(), Path::Direct);
}

#[test]
fn nobody_repairs_a_call_whose_application_does_nothing() {
    let home = Home::Nat(preset("symmetric"));
    let mut world = homes(&home, &Home::Nat(preset("full_cone")), 1);
    let mut call = call();
    call.on_disconnected = OnDisconnected::Nothing;
    call.offerer_side.ice_servers = vec!["stun".to_owned()];
    call.answerer_side.ice_servers = vec!["stun".to_owned()];
    world.call(call);
    world.at(10 * SECOND, Action::Cut(cable("home_a")));
    world.at(50 * SECOND, Action::Heal(cable("home_a")));
    world.limit(100 * SECOND);
    world.expect(Expectation {
        connected: Some(Connected::Within(5 * SECOND)),
        reconnected: Some(Reconnected::No),
        ..Expectation::default()
    });
    assert_eq!(world.run().unwrap().failures, []);
}

#[test]
fn an_uninterrupted_call_counts_as_reconnected_at_once() {
    let mut world = two_homes("port_restricted");
    world.at(10 * SECOND, Action::RestartIce { peer: "bob".to_owned() });
    world.expect(back_within(Duration::ZERO));
    assert_path(&world.run().unwrap(), Path::Direct);
}

#[test]
fn a_lost_nomination_is_sent_again() {
    let mut world = two_homes("port_restricted");
    world.call(patient_call());
    let rule = DropRule {
        packet: PacketKind::Nomination,
        from: Some("alice".to_owned()),
        to: None,
        nth: vec![1],
        must_come: true,
    };
    world.at(Duration::ZERO, Action::Drop(rule));
    world.record(icelab_sim::Level::Full);
    let outcome = world.run().unwrap();
    assert_path(&outcome, Path::Direct);
    let is_rule = |entry: icelab_sim::Entry| matches!(entry.what, icelab_sim::What::Dropped { reason, .. } if reason == "rule");
    let dropped = outcome.record.entries().filter(|entry| is_rule(entry.as_ref().unwrap().clone()));
    assert_eq!(dropped.count(), 1);
}

/// alice gives up the pair that bob has followed her to, and takes another one.
#[test]
fn a_call_whose_sides_settled_on_different_relays_is_relayed() {
    let [alice, bob] = ["port_restricted", "symmetric"].map(|nat| Home::Nat(preset(nat)));
    let mut world = homes(&alice, &bob, 1);
    world.call(call());
    let answers = DropRule {
        packet: PacketKind::StunSuccess,
        ..nominations_of("bob", &[3, 4, 5, 6, 7, 8, 9])
    };
    world.at(Duration::ZERO, Action::Drop(answers));
    let outcome = world.run().unwrap();
    assert_eq!(letters(&outcome), "SP", "each sends to the other's relay");
    assert_path(&outcome, Path::Relayed);
}

fn nominations_of(peer: &str, nth: &[u64]) -> DropRule {
    DropRule {
        packet: PacketKind::Nomination,
        from: Some(peer.to_owned()),
        to: None,
        nth: nth.to_vec(),
        must_come: true,
    }
}

fn failures(outcome: &Outcome) -> Vec<String> {
    let failures = outcome.failures.iter();
    failures
        .map(|failure| format!("{}: {}: {}", failure.expect, failure.wanted, failure.got))
        .collect()
}

#[test]
fn a_packet_that_should_be_lost_and_never_came_fails_the_case() {
    for (peer, nth, told) in [
        ("bob", &[1][..], "drop: the 1st nomination from bob: it never came; 0 did"),
        ("alice", &[1, 500], "drop: the 500th nomination from alice: it never came; "),
    ] {
        let mut world = two_homes("port_restricted");
        world.call(patient_call());
        let (mut tolerant, rule) = (world.clone(), nominations_of(peer, nth));
        world.at(Duration::ZERO, Action::Drop(rule.clone()));
        let outcome = world.run().unwrap();
        let failures_told = failures(&outcome);
        assert!(matches!(&failures_told[..], [one] if one.starts_with(told)), "{failures_told:?}");
        assert_eq!(outcome.simulated, 60 * SECOND, "it may come until the end");
        tolerant.at(Duration::ZERO, Action::Drop(DropRule { must_come: false, ..rule }));
        let outcome = tolerant.run().unwrap();
        assert_eq!(failures(&outcome), [""; 0]);
        assert!(outcome.simulated < 10 * SECOND, "nothing is waited for");
    }
}

#[test]
fn a_packet_that_should_be_lost_is_waited_for_beyond_the_end_of_all_else() {
    let mut world = two_homes("port_restricted");
    world.record(icelab_sim::Level::Full);
    let rule = DropRule { packet: PacketKind::StunRequest, ..nominations_of("alice", &[15]) };
    world.at(Duration::ZERO, Action::Drop(rule));
    let outcome = world.run().unwrap();
    assert_path(&outcome, Path::Direct);
    assert_eq!(dropped_by_rule(&outcome).len(), 1, "a consent check");
    assert!(outcome.simulated >= dropped_by_rule(&outcome)[0] + SECOND, "and what comes of it");
}

#[test]
fn an_event_at_the_very_beginning_meets_the_first_packet_of_the_call() {
    let mut world = two_homes("port_restricted");
    world.record(icelab_sim::Level::Full);
    let rule = DropRule { packet: PacketKind::StunRequest, ..nominations_of("alice", &[1]) };
    world.at(Duration::ZERO, Action::Drop(rule));
    assert_eq!(dropped_by_rule(&world.run().unwrap()), [Duration::ZERO]);
}

/// When packets were dropped on purpose.
fn dropped_by_rule(outcome: &Outcome) -> Vec<Duration> {
    let entries = outcome.record.entries().map(Result::unwrap);
    entries
        .filter(|entry| matches!(&entry.what, icelab_sim::What::Dropped { reason, .. } if reason == "rule"))
        .map(|entry| entry.at.since_start())
        .collect()
}

#[test]
fn what_is_planned_for_after_the_end_is_an_error() {
    let mut late_event = two_homes("full_cone");
    late_event.at(61 * SECOND, Action::Reboot { gateway: "home_a".to_owned() });
    let mut late_expectation = two_homes("full_cone");
    late_expectation.expect(Expectation { at: Some(61 * SECOND), ..Expectation::default() });
    for (world, what) in [(late_event, "event"), (late_expectation, "expectation")] {
        let error = world.run().unwrap_err().to_string();
        assert_eq!(error, format!("the {what} at 61s is after the end of the run, at 60s"));
    }
}

#[test]
fn what_is_judged_at_the_time_of_an_event_is_judged_before_it() {
    let mut world = two_homes("port_restricted");
    world.at(10 * SECOND, Action::RestartIce { peer: "bob".to_owned() });
    world.at(20 * SECOND, Action::Cut(cable("home_a")));
    world.limit(21 * SECOND);
    world.expect(Expectation { at: Some(20 * SECOND), ..back_within(Duration::ZERO) });
    world.expect(Expectation { reconnected: Some(Reconnected::No), ..Expectation::default() });
    assert_eq!(failures(&world.run().unwrap()), [""; 0]);
}

#[test]
fn events_at_one_time_happen_in_their_order() {
    let run = |heals_last: bool| {
        let mut world = two_homes("port_restricted");
        let (first, last) = (Action::Cut(cable("home_a")), Action::Heal(cable("home_a")));
        let (first, last) = if heals_last { (first, last) } else { (last, first) };
        world.at(10 * SECOND, first).at(10 * SECOND, last);
        world.limit(14 * SECOND);
        recovered(&world.run().unwrap())
    };
    assert_eq!([run(true), run(false)], [true, false]);
}

fn recovered(outcome: &Outcome) -> bool {
    outcome.reconnected.flatten().is_some()
}

#[test]
fn a_restart_is_watched_until_the_new_session_carries_the_call() {
    let mut world = two_homes("port_restricted");
    let mut call = call();
    call.signalling.delay = 3 * SECOND;
    world.call(call);
    world.at(20 * SECOND, Action::RestartIce { peer: "alice".to_owned() });
    world.expect(back_within(Duration::ZERO));
    let outcome = world.run().unwrap();
    assert_eq!(failures(&outcome), [""; 0]);
    assert!(outcome.simulated > 27 * SECOND, "{:?}", outcome.simulated);
}

#[test]
fn a_call_waits_for_the_end_of_a_signalling_outage() {
    let mut world = two_homes("port_restricted");
    let mut call = call();
    let outage = Outage { from: Duration::from_millis(10), until: 3 * SECOND };
    call.signalling.outages = vec![outage];
    world.call(call);
    let outcome = world.run().unwrap();
    assert_eq!(outcome.path, Path::Direct);
    assert!(outcome.connected.unwrap() > 3 * SECOND);
}

#[test]
fn consent_checks_keep_the_mappings_of_an_idle_call_alive() {
    for nat in ["linux", "routeros"] {
        let mut world = two_homes(nat);
        world.limit(Duration::from_secs(25 * 60));
        world.expect(Expectation {
            at: Some(Duration::from_secs(20 * 60)),
            connected: Some(Connected::Yes),
            path: vec![Path::Direct],
            ..Expectation::default()
        });
        let outcome = world.run().unwrap();
        assert_path(&outcome, Path::Direct);
        assert_eq!(outcome.simulated, Duration::from_secs(20 * 60));
    }
}

#[test]
fn a_relayed_call_outlives_the_lifetime_of_its_allocations() {
    let mut world = two_homes("symmetric");
    world.limit(Duration::from_secs(70 * 60));
    world.expect(Expectation {
        at: Some(Duration::from_secs(60 * 60)),
        connected: Some(Connected::Yes),
        path: vec![Path::Relayed],
        ..Expectation::default()
    });
    assert_path(&world.run().unwrap(), Path::Relayed);
}

#[test]
fn a_peer_that_leaves_ends_the_call_and_the_run() {
    let mut world = two_homes("port_restricted");
    world.at(10 * SECOND, Action::Close { peer: "bob".to_owned() });
    world.limit(Duration::from_secs(300));
    let outcome = world.run().unwrap();
    assert_eq!(outcome.failures, []);
    assert!(outcome.simulated < Duration::from_secs(60), "{:?}", outcome.simulated);
}
