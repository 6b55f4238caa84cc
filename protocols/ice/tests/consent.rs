//! Consent freshness (RFC 7675), keepalives, falling back.

use std::time::Duration;

use icelab_ice::{CheckPurpose, Config, Consent, Event, Role, SendError, State};
use icelab_sans_io::net::Datagram;
use icelab_stun::attribute::ErrorCode;
use icelab_stun::{Class, Message};

use crate::network::{CONE, Network, PORT, config};
use crate::puppet::{Puppet, REMOTE, class, nominates};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Lets the agent run for so long, and returns when each request went out.
fn request_times(puppet: &mut Puppet, duration: Duration, answer: bool) -> Vec<u64> {
    let (start, end) = (puppet.now, puppet.now + duration);
    let mut times = Vec::new();
    while puppet.now < end {
        puppet.millis(1);
        for request in puppet.take_requests() {
            times.push((puppet.now - start).as_millis() as u64);
            if answer {
                puppet.answer(&request);
            }
        }
    }
    times
}

#[test]
fn consent_is_checked_every_four_to_six_seconds_with_a_new_transaction_each_time() {
    let mut puppet = Puppet::controlling();
    puppet.connect();
    let times = request_times(&mut puppet, seconds(120), true);
    let gaps: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.len() >= 19, "{times:?}");
    assert!(gaps.iter().all(|gap| (4000..=6000).contains(gap)), "{gaps:?}");
    assert!(gaps.iter().any(|gap| *gap < 4700) && gaps.iter().any(|gap| *gap > 5300), "{gaps:?}");
    assert_eq!(puppet.agent.state(), State::Completed);
}

/// pion/ice#767, rtc#86: media on the pair is no reason to leave consent checks out, and no
/// replacement for their answers; a call without them ends after 30 s.
#[test]
fn consent_is_checked_while_media_flows() {
    let mut puppet = Puppet::controlling();
    puppet.connect();
    let mut checks = 0;
    for _ in 0..3000 {
        puppet.millis(20);
        puppet.agent.send(1, vec![0x80; 100], puppet.now).unwrap();
        puppet.deliver(REMOTE, vec![0x80; 100]);
        for request in puppet.take_requests() {
            checks += 1;
            puppet.answer(&request);
        }
    }
    assert!((9..=15).contains(&checks), "{checks} in 60 s");
    assert_eq!(puppet.agent.state(), State::Completed);
}

#[test]
fn a_silent_peer_is_disconnected_within_ten_seconds_and_lost_thirty_after_its_last_answer() {
    let mut puppet = Puppet::controlling();
    puppet.connect();
    let request = puppet.next_request();
    puppet.answer(&request);
    let last_answer = puppet.now;
    let mut disconnected = None;
    while puppet.agent.state() != State::Failed {
        puppet.millis(10);
        if puppet.agent.state() == State::Disconnected {
            disconnected.get_or_insert(puppet.now - last_answer);
        }
    }
    let disconnected = disconnected.expect("Disconnected comes before Failed");
    assert!((seconds(5)..seconds(10)).contains(&disconnected), "{disconnected:?}");
    let lost = puppet.now - last_answer;
    assert!((seconds(30)..=Duration::from_millis(30_010)).contains(&lost), "{lost:?}");
    assert_eq!(puppet.count(|it| matches!(it, Event::ConsentLost { .. })), 1);
    assert_eq!(puppet.agent.send(1, vec![1], puppet.now), Err(SendError::NotConnected));
    puppet.take();
    puppet.millis(60_000);
    assert!(puppet.take().is_empty(), "transmission must cease");
}

#[test]
fn a_peer_that_answers_again_is_connected_again() {
    let mut puppet = Puppet::controlling();
    puppet.connect();
    while puppet.agent.state() != State::Disconnected {
        puppet.millis(10);
    }
    puppet.take();
    let request = puppet.next_request();
    puppet.answer(&request);
    assert_eq!(puppet.agent.state(), State::Completed);
    puppet.answer_all_for(seconds(40));
    assert_eq!(puppet.agent.state(), State::Completed);
}

#[test]
fn an_answer_after_consent_was_lost_restores_nothing() {
    let mut puppet = Puppet::controlling();
    puppet.connect();
    let request = puppet.next_request();
    puppet.millis(40_000);
    assert_eq!(puppet.agent.state(), State::Failed);
    puppet.answer(&request);
    assert_eq!(puppet.agent.state(), State::Failed);
    let request = puppet.request(false);
    puppet.take();
    puppet.deliver(REMOTE, request);
    puppet.millis(5000);
    assert!(puppet.take_requests().is_empty(), "not with the same credentials");
}

#[test]
fn a_signed_403_revokes_consent_at_once_and_an_unsigned_one_does_not() {
    let mut puppet = Puppet::controlling();
    puppet.connect();
    let request = puppet.next_request();
    let id = Message::parse(&request.payload).unwrap().transaction_id();
    let forged = icelab_stun::MessageBuilder::new(Class::Error, icelab_stun::Method::BINDING, id)
        .add(&ErrorCode::FORBIDDEN)
        .finish_with(None, true);
    puppet.deliver(REMOTE, forged);
    assert_eq!(puppet.agent.state(), State::Completed);
    let signed = puppet.error(&request, ErrorCode::FORBIDDEN);
    puppet.deliver(REMOTE, signed);
    assert_eq!(puppet.agent.state(), State::Failed);
}

#[test]
fn a_late_answer_to_an_earlier_consent_check_counts() {
    let mut puppet = Puppet::controlling();
    puppet.connect();
    let first = puppet.next_request();
    puppet.millis(20_000);
    puppet.take();
    puppet.answer(&first);
    assert_eq!(puppet.agent.state(), State::Completed);
    puppet.millis(29_000);
    assert_ne!(puppet.agent.state(), State::Failed, "30 s from the answer");
}

#[test]
fn without_consent_checks_a_keepalive_goes_out_after_fifteen_silent_seconds() {
    let consent = Consent { enabled: false, ..Consent::default() };
    let config = Config { consent, role: Role::Controlling, ..Config::default() };
    let mut puppet = Puppet::new(config);
    puppet.connect();
    puppet.millis(13_900);
    assert!(puppet.take().is_empty());
    puppet.millis(1_200);
    let packets = puppet.take();
    assert_eq!(packets.len(), 1);
    let message = Message::parse(&packets[0].payload).unwrap();
    assert_eq!(message.class(), Class::Indication);
    assert_eq!(message.attributes().count(), 1, "FINGERPRINT alone");
    // Data counts as well.
    for _ in 0..60 {
        puppet.millis(1000);
        puppet.agent.send(1, vec![0x80], puppet.now).unwrap();
    }
    let is_stun = |packet: &&Datagram| Message::parse(&packet.payload).is_ok();
    assert_eq!(puppet.take().iter().filter(is_stun).count(), 0);
    assert_eq!(puppet.agent.state(), State::Completed);
}

/// firezone#9525: the direct path dies, the relay lives.
#[test]
fn when_the_direct_path_dies_both_sides_fall_back_to_the_relay() {
    let mut network = Network::new([&[CONE], &[PORT]], 1);
    network.call();
    network.run_until(State::Completed, seconds(5));
    network.run_for(seconds(3));
    assert_eq!(network.kinds(), "SS");
    let cut = network.now;
    network.blocked = Box::new(|_, source, destination| {
        // Between the two homes nothing passes; to and from the relays all does.
        [source, destination].iter().all(|it| it.ip().to_string().starts_with("198.51.100."))
    });
    while network.kinds() == "SS" {
        assert!(network.now - cut < seconds(12), "{}", network.log);
        network.step(cut + seconds(20));
    }
    network.run_for(seconds(8));
    network.assert_mirrored();
    assert!(network.kinds().contains('R'), "{}", network.kinds());
    for side in 0..2 {
        assert_eq!(network.ends[side].agent.state(), State::Completed);
        assert!(!network.states(side).contains(&State::Failed));
    }
}

#[test]
fn a_call_that_was_direct_from_the_first_check_has_a_relay_to_fall_back_to() {
    let mut network = Network::new([&[], &[]], 1);
    network.call();
    network.run_until(State::Completed, seconds(1));
    network.run_for(seconds(3));
    assert_eq!(network.kinds(), "LL");
    network.blocked = Box::new(|_, source, destination| {
        [source, destination].iter().all(|it| it.ip().to_string().starts_with("203.0.113."))
    });
    network.run_for(seconds(20));
    assert!(network.kinds().contains('R'), "{}", network.log);
    network.assert_mirrored();
}

#[test]
fn with_no_standby_a_dead_path_is_lost_as_the_rfc_says() {
    let strict = |role| Config { standby: 0, ..config(role) };
    let configs = [strict(Role::Controlling), strict(Role::Controlled)];
    let mut network = Network::with(configs, [&[CONE], &[PORT]], 1);
    network.call();
    network.run_until(State::Completed, seconds(5));
    assert!(network.ends[0].agent.pairs().count() <= 1, "section 8.1.2 removed the others");
    network.blocked = Box::new(|_, source, destination| {
        [source, destination].iter().all(|it| it.ip().to_string().starts_with("198.51.100."))
    });
    network.run_until(State::Failed, seconds(40));
}

#[test]
fn other_valid_pairs_are_kept_alive_more_rarely() {
    let mut network = Network::new([&[CONE], &[CONE]], 2);
    network.call();
    network.run_until(State::Completed, seconds(5));
    network.run_for(seconds(5));
    network.ends[0].events.clear();
    network.run_for(seconds(100));
    let of = |purpose: CheckPurpose| {
        let events = network.ends[0].events.iter();
        events
            .filter(|it| matches!(it, Event::CheckSent { purpose: p, .. } if *p == purpose))
            .count()
    };
    assert!((16..=25).contains(&of(CheckPurpose::Consent)), "{}", of(CheckPurpose::Consent));
    let standby = of(CheckPurpose::Standby);
    let pairs = network.ends[0].agent.valid_pairs(1).count() - 1;
    assert!((1..=4).contains(&pairs));
    assert!((8 * pairs..=13 * pairs).contains(&standby), "{standby} for {pairs}");
}

/// `ex_ice`#110: USE-CANDIDATE again and again, in consent checks too, changes nothing.
#[test]
fn a_peer_that_nominates_in_every_consent_check_is_tolerated() {
    let mut puppet = Puppet::controlled();
    puppet.connect();
    for _ in 0..20 {
        let request = puppet.request(true);
        puppet.deliver(REMOTE, request);
        puppet.answer_all_for(seconds(5));
    }
    assert_eq!(puppet.agent.state(), State::Completed);
    let is_news = |it: &Event| {
        matches!(it, Event::Selected { .. } | Event::Nominated { .. } | Event::StateChanged(_))
    };
    assert_eq!(puppet.count(is_news), 0, "{:#?}", puppet.events);
}

#[test]
fn a_controlling_agent_repeats_its_nomination_in_consent_checks() {
    let mut puppet = Puppet::controlling();
    puppet.connect();
    assert!(nominates(&puppet.next_request()));
    let mut puppet = Puppet::controlled();
    puppet.connect();
    assert!(!nominates(&puppet.next_request()), "a controlled one must not");
}

#[test]
fn requests_are_answered_after_completion_too() {
    let mut puppet = Puppet::controlled();
    puppet.connect();
    for _ in 0..5 {
        puppet.answer_all_for(seconds(10));
        let request = puppet.request(false);
        puppet.deliver(REMOTE, request);
        let packets = puppet.take();
        assert_eq!(packets.iter().filter(|it| class(it) == Class::Success).count(), 1);
        assert_eq!(packets.iter().filter(|it| class(it) == Class::Request).count(), 0);
    }
}

#[test]
fn a_base_that_goes_away_is_noticed_at_once() {
    let mut puppet = Puppet::controlling();
    puppet.connect();
    puppet.agent.remove_base(crate::puppet::address(crate::puppet::BASE), puppet.now);
    assert_eq!(puppet.agent.state(), State::Disconnected);
    puppet.millis(31_000);
    assert!(puppet.take().is_empty(), "nothing is sent from an address that is no more");
    assert_eq!(puppet.agent.state(), State::Failed);
}

#[test]
fn when_the_interface_goes_away_the_relay_takes_over() {
    let mut network = Network::new([&[CONE], &[CONE]], 1);
    network.call();
    network.run_until(State::Completed, seconds(5));
    network.run_for(seconds(3));
    let (host, now) = (network.ends[0].host, network.now);
    network.ends[0].agent.remove_base(host, now);
    network.run_for(seconds(1));
    assert_eq!(network.kinds().chars().next(), Some('R'), "{}", network.log);
    network.run_for(seconds(30));
    network.assert_mirrored();
}
