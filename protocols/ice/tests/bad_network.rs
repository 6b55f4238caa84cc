//! Loss, delay, jitter, reordering, duplicates.

use std::time::Duration;

use icelab_ice::{Agent, Config, Event, LocalCandidate, Nomination, Role, State};
use icelab_sans_io::testing::{LinkModel, Pair, laws};
use icelab_sans_io::{Instant, Rng};

use crate::network::{CONE, NatKind, Network, PORT, SYMMETRIC, config};
use crate::puppet::{OTHER, Puppet, REMOTE};

/// Two agents with a host candidate each, that know each other's.
pub(crate) fn pair(model: LinkModel, seed: u64) -> Pair<Agent, Agent> {
    pair_of([config(Role::Controlling), config(Role::Controlled)], model, seed)
}

pub(crate) fn pair_of(configs: [Config; 2], model: LinkModel, seed: u64) -> Pair<Agent, Agent> {
    let now = Instant::START;
    let rng = Rng::from_u64(seed);
    let mut index = 0;
    let mut agents = configs.map(|config| {
        index += 1;
        let mut agent = Agent::new(config, rng.fork("agent", index));
        let host = format!("203.0.113.{index}:5000").parse().unwrap();
        let candidate = agent.add_local_candidate(LocalCandidate::host(1, host), now).unwrap();
        agent.end_of_local_candidates(now);
        (agent, candidate)
    });
    for side in 0..2 {
        let (other, candidate) = &agents[1 - side];
        let (candidate, lite) = (candidate.clone(), other.config().lite);
        let credentials = other.local_credentials().clone();
        let agent = &mut agents[side].0;
        agent.add_remote_candidate(candidate, now);
        agent.end_of_remote_candidates(now);
        agent.set_remote_credentials(credentials, lite, now).unwrap();
    }
    let [(a, _), (z, _)] = agents;
    Pair::new(a, z, model, seed)
}

pub(crate) fn both(pair: &Pair<Agent, Agent>, state: State) -> bool {
    pair.a.state() == state && pair.z.state() == state
}

fn connect(pair: &mut Pair<Agent, Agent>, limit: Duration) {
    pair.drive_while(Instant::START + limit, |pair| !both(pair, State::Completed));
    assert!(both(pair, State::Completed), "{}", pair.log());
    let (a, z) = (pair.a.selected_pair(1).unwrap(), pair.z.selected_pair(1).unwrap());
    assert_eq!(a.local.socket(), Some(z.destination));
    assert_eq!(z.local.socket(), Some(a.destination));
}

#[test]
fn on_a_clean_network_it_takes_two_round_trips() {
    let mut pair = pair(LinkModel::delayed(Duration::from_millis(50)), 1);
    connect(&mut pair, Duration::from_secs(1));
    // One for the check, one for the nomination, and what Ta waits.
    assert!(pair.now() <= Instant::from_millis(300), "{}", pair.log());
}

#[test]
fn with_twenty_per_cent_loss_reordering_and_duplicates_it_always_connects() {
    for seed in 0..60 {
        let mut pair = pair(LinkModel::terrible(Duration::from_millis(30)), seed);
        connect(&mut pair, Duration::from_secs(60));
    }
}

#[test]
fn with_two_seconds_of_delay_each_way_it_connects() {
    let mut pair = pair(LinkModel::delayed(Duration::from_secs(2)), 1);
    connect(&mut pair, Duration::from_secs(15));
    let mut lossy = crate::bad_network::pair(LinkModel::terrible(Duration::from_secs(2)), 2);
    connect(&mut lossy, Duration::from_secs(120));
}

#[test]
fn behind_nats_and_with_loss_both_sides_agree() {
    let cells: [[&[NatKind]; 2]; 5] = [
        [&[PORT], &[PORT]],
        [&[CONE], &[SYMMETRIC]],
        [&[PORT], &[SYMMETRIC]],
        [&[SYMMETRIC], &[SYMMETRIC]],
        [&[], &[]],
    ];
    for kinds in cells {
        for seed in 0..15 {
            let mut network = Network::new(kinds, seed);
            network.loss_ppb = 200_000_000;
            network.duplicate_ppb = 100_000_000;
            network.jitter = Duration::from_millis(40);
            network.call();
            network.run_until(State::Completed, Duration::from_secs(90));
            // A lost answer may leave the two with different pairs until consent checks repeat
            // what the controlling side chose.
            network.run_for(Duration::from_secs(60));
            let states = network.ends.each_ref().map(|end| end.agent.state());
            assert!(states.iter().all(|state| *state != State::Failed), "{}", network.log);
            network.assert_mirrored();
        }
    }
}

#[test]
fn early_and_repeated_timeouts_change_nothing() {
    let jitter = Duration::from_nanos(1_234_567);
    let model = LinkModel { jitter, ..LinkModel::terrible(Duration::from_millis(30)) };
    laws::an_early_timeout_is_a_no_op(|| pair(model, 3), Duration::from_secs(60));
}

#[test]
fn the_same_seed_gives_the_same_log() {
    let model = LinkModel::terrible(Duration::from_millis(30));
    laws::same_seed_same_log(|| pair(model, 4), Duration::from_secs(60));
}

#[test]
fn another_seed_gives_another_log() {
    let run = |seed| {
        let mut pair = pair(LinkModel::default(), seed);
        pair.drive(Instant::from_millis(500));
        pair.log().to_owned()
    };
    assert_ne!(run(1), run(2));
}

#[test]
fn deadlines_advance_also_where_the_driver_is_late() {
    for late in [0, 1, 700] {
        let mut pair = pair(LinkModel::default(), 5);
        let late = Duration::from_millis(late);
        laws::deadlines_advance(&mut pair.a, Duration::from_secs(120), late);
        let mut connected = crate::bad_network::pair(LinkModel::default(), 6);
        connect(&mut connected, Duration::from_secs(1));
        laws::deadlines_advance(&mut connected.a, Duration::from_secs(120), late);
    }
}

#[test]
fn a_late_driver_delays_but_breaks_nothing() {
    let mut pair = pair(LinkModel::delayed(Duration::from_millis(20)), 7);
    pair.be_late(Duration::from_millis(30));
    connect(&mut pair, Duration::from_secs(5));
    pair.drive_for(Duration::from_secs(60));
    assert!(both(&pair, State::Completed));
}

#[test]
fn no_bytes_make_it_panic() {
    let mut samples = Vec::new();
    let mut pair = pair(LinkModel::delayed(Duration::from_millis(5)), 8);
    let (sender, receiver) = std::sync::mpsc::channel();
    pair.filter(move |_, packet, _| {
        let _ = sender.send(packet.clone());
        icelab_sans_io::testing::Passing::Pass
    });
    connect(&mut pair, Duration::from_secs(1));
    samples.extend(receiver.try_iter());
    assert!(samples.len() >= 6);
    let make = || {
        let mut pair = crate::bad_network::pair(LinkModel::delayed(Duration::from_millis(5)), 8);
        pair.drive(Instant::from_millis(7));
        pair.a
    };
    laws::no_bytes_panic(make, &samples, 9);
}

#[test]
fn every_way_to_nominate_connects_over_a_terrible_network() {
    for nomination in [Nomination::Renomination, Nomination::Aggressive] {
        for seed in 0..10 {
            let controlling = Config { nomination, ..config(Role::Controlling) };
            let configs = [controlling, config(Role::Controlled)];
            let mut pair = pair_of(configs, LinkModel::terrible(Duration::from_millis(30)), seed);
            connect(&mut pair, Duration::from_secs(60));
        }
    }
}

#[test]
fn data_flows_both_ways_once_connected_and_before_the_nomination() {
    let mut pair = pair(LinkModel::delayed(Duration::from_millis(50)), 1);
    let limit = Instant::from_millis(2000);
    pair.drive_while(limit, |pair| !both(pair, State::Connected));
    let now = pair.now();
    assert!(both(&pair, State::Connected), "{}", pair.log());
    pair.a.send(1, b"early".to_vec(), now).unwrap();
    pair.z.send(1, b"too".to_vec(), now).unwrap();
    pair.drive(limit);
    let got = |events: Vec<Event>| {
        let mut events = events.into_iter();
        events.find_map(|event| match event {
            Event::Data { component: 1, payload, .. } => Some(payload),
            _ => None,
        })
    };
    assert_eq!(got(pair.events_z()).as_deref(), Some(&b"early"[..]));
    assert_eq!(got(pair.events_a()).as_deref(), Some(&b"too"[..]));
}

/// The times between the requests of an unanswered check that was sent at `last`, in milliseconds.
fn waits(puppet: &mut Puppet, mut last: Instant, count: usize) -> Vec<u128> {
    let mut next = || {
        puppet.next_request();
        let wait = puppet.now - core::mem::replace(&mut last, puppet.now);
        wait.as_millis()
    };
    (0..count).map(|_| next()).collect()
}

/// RFC 8489 section 6.2.1, and RFC 8445 section 14.3's least timeout.
#[test]
fn a_check_backs_off_where_nothing_was_heard() {
    let mut puppet = Puppet::controlled();
    puppet.next_request();
    assert_eq!(waits(&mut puppet, Instant::START, 4), [500, 1000, 2000, 4000]);
}

/// Where the peer's own check has come through, the path works, and silence means loss.
#[test]
fn a_check_is_repeated_steadily_where_the_peer_was_heard() {
    let mut puppet = Puppet::controlled();
    puppet.millis(1);
    puppet.next_request();
    let request = puppet.request(false);
    puppet.deliver(REMOTE, request);
    let triggered = puppet.next_request();
    let sent = puppet.now;
    let waits = waits(&mut puppet, sent, 13);
    assert_eq!(waits[..11], [500; 11]);
    assert_eq!(waits[11..], [1000, 2000]);
    // An answer to any of them counts.
    puppet.answer(&triggered);
    assert_eq!(puppet.agent.state(), State::Connected);
}

/// For the peer the pair is valid: nothing but an answer is missing.
#[test]
fn data_over_a_pair_under_check_brings_another_check() {
    let mut puppet = Puppet::controlled();
    puppet.next_request();
    let request = puppet.request(false);
    puppet.deliver(REMOTE, request);
    puppet.next_request();
    puppet.millis(100);
    assert!(puppet.take_requests().is_empty());
    puppet.deliver(REMOTE, vec![22; 20]);
    puppet.millis(1);
    assert_eq!(puppet.take_requests().len(), 1);
    // From anywhere else it brings nothing.
    puppet.deliver(OTHER, vec![22; 20]);
    puppet.millis(100);
    assert!(puppet.take_requests().is_empty());
}

/// Karn's algorithm (RFC 6298 section 3): the answer may belong to the first request or the second.
#[test]
fn an_answer_to_a_repeated_request_makes_no_round_trip_shorter_than_it_may_be() {
    let mut puppet = Puppet::controlled();
    let sent = puppet.now;
    let first = puppet.next_request();
    let second = puppet.next_request();
    assert_eq!(first.payload, second.payload);
    puppet.millis(30);
    puppet.answer(&second);
    let measured = |puppet: &Puppet| puppet.agent.sending_pair(1).unwrap().round_trip;
    assert_eq!(measured(&puppet), Some(puppet.now - sent));
    // A clean answer tells more.
    let request = puppet.request(true);
    puppet.deliver(REMOTE, request);
    let consent = puppet.next_request();
    puppet.millis(30);
    puppet.answer(&consent);
    assert_eq!(measured(&puppet).unwrap().as_millis(), 30);
}
