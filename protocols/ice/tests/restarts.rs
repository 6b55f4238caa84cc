//! ICE restarts (RFC 8445 section 9).

use std::time::Duration;

use icelab_ice::{Config, Event, LocalCandidate, RemoteError, Role, State};
use icelab_sans_io::Instant;
use icelab_sans_io::testing::LinkModel;
use icelab_stun::Class;

use crate::bad_network::{both, pair};
use crate::network::{CONE, Network, PORT};
use crate::puppet::{BASE, Puppet, REMOTE, address, class};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn restart(network: &mut Network) {
    for side in 0..2 {
        let now = network.now;
        network.ends[side].agent.restart(now);
    }
    let gathered = [network.gather(0), network.gather(1)];
    network.settle();
    network.exchange(gathered);
}

#[test]
fn a_restart_changes_username_fragment_and_password_and_keeps_the_role() {
    let mut puppet = Puppet::controlling();
    puppet.connect();
    let before = puppet.agent.local_credentials().clone();
    puppet.agent.restart(puppet.now);
    let after = puppet.agent.local_credentials();
    assert_ne!(before.ufrag(), after.ufrag());
    assert_ne!(before.password(), after.password());
    assert_eq!(puppet.agent.role(), Role::Controlling);
    assert_eq!(puppet.agent.generation(), 1);
}

#[test]
fn the_old_pair_carries_data_until_the_new_one_is_selected_and_no_state_says_otherwise() {
    let mut network = Network::new([&[CONE], &[PORT]], 1);
    network.call();
    network.run_until(State::Completed, seconds(5));
    let before = network.selected(0).clone();
    let now = network.now;
    for end in &mut network.ends {
        end.events.clear();
        end.agent.restart(now);
    }
    network.settle();
    network.run_for(seconds(20));
    for end in &mut network.ends {
        assert_eq!(end.agent.state(), State::Connected, "webrtc-pc: completed becomes connected");
        end.agent.send(1, b"still here".to_vec(), network.now).unwrap();
    }
    assert_eq!(*network.selected(0), before);
    network.run_for(seconds(1));
    let heard = |network: &Network, side: usize| {
        network.ends[side].events.iter().any(|it| matches!(it, Event::Data { .. }))
    };
    assert!(heard(&network, 0) && heard(&network, 1));
    let gathered = [network.gather(0), network.gather(1)];
    network.exchange(gathered);
    network.run_until(State::Completed, seconds(5));
    network.assert_mirrored();
    for side in 0..2 {
        assert_eq!(network.states(side), [State::Connected, State::Completed]);
        let selected = network.ends[side].events.iter();
        assert_eq!(selected.filter(|it| matches!(it, Event::Selected { .. })).count(), 1);
    }
}

#[test]
fn consent_goes_on_under_the_old_credentials_during_a_restart() {
    let mut puppet = Puppet::controlling();
    puppet.connect();
    let request_before = puppet.request(false);
    puppet.agent.restart(puppet.now);
    puppet.answer_all_for(seconds(60));
    assert_eq!(puppet.agent.state(), State::Connected, "{:?}", puppet.events);
    // And the peer's own consent checks, signed as before, are answered.
    puppet.take();
    puppet.deliver(REMOTE, request_before);
    assert_eq!(class(&puppet.take()[0]), Class::Success);
}

#[test]
fn when_the_old_pair_dies_during_a_restart_the_new_session_goes_on() {
    let mut puppet = Puppet::controlling();
    puppet.connect();
    puppet.agent.restart(puppet.now);
    puppet.millis(60_000);
    assert_eq!(puppet.agent.state(), State::Checking);
    puppet.agent.add_local_candidate(LocalCandidate::host(1, address(BASE)), puppet.now);
    puppet.agent.end_of_local_candidates(puppet.now);
    puppet.introduce();
    puppet.answer_all_for(seconds(1));
    assert_eq!(puppet.agent.state(), State::Completed);
}

#[test]
fn the_peers_new_credentials_without_a_restart_are_refused() {
    let mut puppet = Puppet::controlling();
    let other = icelab_ice::Credentials::new("OTHR", "otherpasswordotherpassword").unwrap();
    let refused = puppet.agent.set_remote_credentials(other.clone(), false, puppet.now);
    assert_eq!(refused, Err(RemoteError::RestartNeeded));
    puppet.agent.restart(puppet.now);
    assert_eq!(puppet.agent.set_remote_credentials(other, false, puppet.now), Ok(()));
}

/// pion/ice#942.
#[test]
fn a_restart_while_gathering_works() {
    let mut network = Network::new([&[CONE], &[CONE]], 4);
    // Gathering began, and checks too, with what there was; nothing has ended.
    let halves = [network.gather(0), network.gather(1)];
    for side in 0..2 {
        let credentials = network.ends[1 - side].agent.local_credentials().clone();
        let now = network.now;
        let agent = &mut network.ends[side].agent;
        agent.add_remote_candidate(halves[1 - side][0].clone(), now);
        agent.set_remote_credentials(credentials, false, now).unwrap();
    }
    network.run_for(Duration::from_millis(120));
    restart(&mut network);
    network.run_until(State::Completed, seconds(5));
    network.assert_mirrored();
}

#[test]
fn restarts_in_a_row_leave_the_last_one_standing() {
    let mut network = Network::new([&[CONE], &[PORT]], 5);
    network.call();
    network.run_until(State::Completed, seconds(5));
    for _ in 0..5 {
        restart(&mut network);
        network.run_for(Duration::from_millis(35));
    }
    network.run_until(State::Completed, seconds(5));
    network.run_for(seconds(60));
    network.assert_mirrored();
    for end in &network.ends {
        assert_eq!(end.agent.state(), State::Completed);
    }
}

#[test]
fn a_restart_heals_a_lost_call() {
    let mut network = Network::new([&[CONE], &[CONE]], 6);
    network.call();
    network.run_until(State::Completed, seconds(5));
    network.blocked = Box::new(|_, _, _| true);
    network.run_until(State::Failed, seconds(60));
    network.blocked = Box::new(|_, _, _| false);
    restart(&mut network);
    network.run_until(State::Completed, seconds(5));
    network.assert_mirrored();
}

#[test]
fn the_answerer_may_check_before_its_answer_arrives() {
    // The offerer restarted; the answerer's checks come before its answer does.
    let mut pair = pair(LinkModel::delayed(Duration::from_millis(10)), 1);
    pair.drive_while(Instant::from_millis(2000), |pair| !both(pair, State::Completed));
    let now = pair.now();
    let hosts = ["203.0.113.1:5000", "203.0.113.2:5000"].map(address);
    pair.a.restart(now);
    let a = pair.a.add_local_candidate(LocalCandidate::host(1, hosts[0]), now).unwrap();
    pair.a.end_of_local_candidates(now);
    pair.z.restart(now);
    let z = pair.z.add_local_candidate(LocalCandidate::host(1, hosts[1]), now).unwrap();
    pair.z.end_of_local_candidates(now);
    pair.z.add_remote_candidate(a, now);
    pair.z.set_remote_credentials(pair.a.local_credentials().clone(), false, now).unwrap();
    pair.drive_for(Duration::from_millis(200));
    let now = pair.now();
    pair.a.add_remote_candidate(z, now);
    pair.a.end_of_remote_candidates(now);
    pair.z.end_of_remote_candidates(now);
    pair.a.set_remote_credentials(pair.z.local_credentials().clone(), false, now).unwrap();
    pair.drive_for(seconds(2));
    assert!(both(&pair, State::Completed), "{}", pair.log());
    assert_eq!((pair.a.generation(), pair.z.generation()), (1, 1));
}

#[test]
fn a_restart_may_turn_a_full_peer_into_a_lite_one() {
    let mut puppet = Puppet::new(Config::default());
    puppet.agent.restart(puppet.now);
    let peer = puppet.peer.clone();
    puppet.agent.set_remote_credentials(peer, true, puppet.now).unwrap();
    assert_eq!(puppet.agent.role(), Role::Controlling);
}
