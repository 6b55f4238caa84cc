//! Candidates that come late, twice, from the wrong place, or not at all (RFC 8838, RFC 8839).

use std::time::Duration;

use icelab_ice::{
    CandidateKind, Config, Event, Ignored, Limits, LocalCandidate, PairState, RelayTransport, Role,
    Side, State,
};
use icelab_sans_io::Instant;

use crate::network::{CONE, NatKind, Network, PORT, SYMMETRIC, config};
use crate::puppet::{BASE, OTHER, Puppet, REMOTE, address, candidate};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Delivers each side's candidates one by one, `gap` apart; credentials first.
fn trickle(network: &mut Network, gap: Duration) {
    for side in 0..2 {
        let credentials = network.ends[1 - side].agent.local_credentials().clone();
        let now = network.now;
        network.ends[side].agent.set_remote_credentials(credentials, false, now).unwrap();
    }
    let gathered = [network.gather(0), network.gather(1)];
    for index in 0..3 {
        for side in 0..2 {
            if let Some(candidate) = gathered[1 - side].get(index) {
                let now = network.now;
                network.ends[side].agent.add_remote_candidate(candidate.clone(), now);
            }
        }
        network.settle();
        network.run_for(gap);
    }
    for end in &mut network.ends {
        end.agent.end_of_local_candidates(network.now);
        end.agent.end_of_remote_candidates(network.now);
    }
    network.settle();
}

#[test]
fn trickling_connects_through_every_pair_of_nats() {
    let kinds: [&[NatKind]; 4] = [&[], &[CONE], &[PORT], &[SYMMETRIC]];
    for a in kinds {
        for b in kinds {
            for gap in [0, 35, 400] {
                let mut network = Network::new([a, b], 11);
                trickle(&mut network, Duration::from_millis(gap));
                network.run_until(State::Completed, seconds(8));
                network.run_for(seconds(12));
                network.assert_mirrored();
            }
        }
    }
}

#[test]
fn half_trickle_connects() {
    let mut network = Network::new([&[PORT], &[PORT]], 12);
    let offer = network.gather(0);
    let now = network.now;
    network.ends[0].agent.end_of_local_candidates(now);
    // The answerer has all of the offer at once, and trickles its own.
    let credentials = network.ends[0].agent.local_credentials().clone();
    for candidate in offer {
        network.ends[1].agent.add_remote_candidate(candidate, now);
    }
    network.ends[1].agent.end_of_remote_candidates(now);
    network.ends[1].agent.set_remote_credentials(credentials, false, now).unwrap();
    network.settle();
    network.run_for(Duration::from_millis(40));
    let answer = network.gather(1);
    let credentials = network.ends[1].agent.local_credentials().clone();
    let now = network.now;
    network.ends[0].agent.set_remote_credentials(credentials, false, now).unwrap();
    for candidate in answer {
        let now = network.now;
        network.ends[0].agent.add_remote_candidate(candidate, now);
        network.settle();
        network.run_for(Duration::from_millis(30));
    }
    let now = network.now;
    network.ends[0].agent.end_of_remote_candidates(now);
    network.ends[1].agent.end_of_local_candidates(now);
    network.run_until(State::Completed, seconds(5));
    network.assert_mirrored();
}

/// str0m#485, str0m#908, pion/ice#913.
#[test]
fn a_learned_candidate_that_is_signalled_later_is_renamed_without_a_disconnect() {
    let mut puppet = Puppet::alone(Config::default());
    puppet.meet();
    let request = puppet.request(true);
    puppet.deliver(REMOTE, request);
    let check = puppet.next_request();
    puppet.answer(&check);
    assert_eq!(puppet.agent.state(), State::Completed);
    let learned = puppet.agent.selected_pair(1).unwrap().remote.clone();
    assert_eq!(learned.kind, CandidateKind::PeerReflexive);
    puppet.events.clear();

    let signalled = candidate("srflx", 1_694_498_815, REMOTE);
    puppet.agent.add_remote_candidate(signalled.clone(), puppet.now);
    puppet.collect();
    assert_eq!(puppet.agent.selected_pair(1).unwrap().remote, signalled);
    assert_eq!(puppet.agent.remote_candidates().count(), 1);
    let pair = puppet.agent.pairs().next().unwrap();
    assert_eq!(
        (pair.state, pair.remote_kind),
        (PairState::Succeeded, CandidateKind::ServerReflexive)
    );
    assert_eq!(puppet.events, [Event::RemoteCandidateNamed { candidate: signalled }]);
    puppet.answer_all_for(seconds(60));
    assert_eq!(puppet.agent.state(), State::Completed);
    assert_eq!(puppet.count(|it| matches!(it, Event::StateChanged(_))), 0);
}

#[test]
fn only_the_pairs_of_a_learned_candidate_take_the_name_that_is_signalled() {
    let mut puppet = Puppet::alone(Config::default());
    let other = candidate("srflx", 1_694_498_815, OTHER);
    puppet.agent.add_remote_candidate(other.clone(), puppet.now);
    puppet.trust();
    let request = puppet.request(false);
    puppet.deliver(REMOTE, request);
    puppet.answer_all_for(Duration::from_millis(200));
    let signalled = candidate("host", 2_130_706_431, REMOTE);
    puppet.agent.add_remote_candidate(signalled.clone(), puppet.now);
    let valid: Vec<_> = puppet.agent.valid_pairs(1).map(|pair| pair.remote.clone()).collect();
    assert_eq!(valid, [signalled, other]);
}

#[test]
fn a_learned_candidate_that_is_signalled_while_its_check_is_on_the_way_keeps_that_check() {
    let mut puppet = Puppet::alone(Config { role: Role::Controlling, ..Config::default() });
    puppet.meet();
    let request = puppet.request(false);
    puppet.deliver(REMOTE, request);
    let check = puppet.next_request();
    let before = puppet.agent.pairs().next().unwrap();
    puppet.agent.add_remote_candidate(candidate("host", 2_130_706_431, REMOTE), puppet.now);
    let after = puppet.agent.pairs().next().unwrap();
    assert_eq!((after.state, puppet.agent.pairs().count()), (PairState::InProgress, 1));
    assert!(after.priority > before.priority);
    puppet.answer(&check);
    assert_eq!(puppet.agent.state(), State::Connected);
}

#[test]
fn a_learned_remote_candidate_has_the_requests_priority_and_a_foundation_of_its_own() {
    let mut puppet = Puppet::controlled();
    let request = puppet.request(false);
    puppet.deliver(OTHER, request);
    let all: Vec<_> = puppet.agent.remote_candidates().cloned().collect();
    let learned = &all[1];
    assert_eq!(learned.kind, CandidateKind::PeerReflexive);
    assert_eq!(learned.priority, 1_862_270_975);
    assert_ne!(learned.foundation, all[0].foundation);
    assert_eq!(puppet.count(|it| matches!(it, Event::PeerReflexive { side: Side::Remote, .. })), 1);
}

/// Section 7.3.1.3: the agent does not pair it with any local candidate but the one that was asked.
#[test]
fn a_learned_remote_candidate_is_paired_by_its_check_only_until_it_is_signalled() {
    let mut puppet = Puppet::alone(Config::default());
    puppet.trust();
    let request = puppet.request(false);
    puppet.deliver(REMOTE, request);
    let second = LocalCandidate::host(1, address("203.0.113.11:5000"));
    puppet.agent.add_local_candidate(second, puppet.now).unwrap();
    let bases = |puppet: &Puppet| -> Vec<_> { puppet.agent.pairs().map(|it| it.base).collect() };
    assert_eq!(bases(&puppet), [address(BASE)]);
    puppet.agent.add_remote_candidate(candidate("srflx", 1_694_498_815, REMOTE), puppet.now);
    assert_eq!(bases(&puppet), [address(BASE), address("203.0.113.11:5000")]);
}

/// libjuice#285.
#[test]
fn a_request_through_the_relay_makes_a_peer_reflexive_candidate() {
    let relay = "192.0.2.100:50000";
    let mut puppet = Puppet::alone(Config::default());
    let local = LocalCandidate::relayed(1, address(relay), address(BASE), address(BASE).ip());
    puppet.agent.add_local_candidate(local, puppet.now).unwrap();
    puppet.meet();
    let request = puppet.request(true);
    puppet.deliver_to(REMOTE, relay, request);
    let check = puppet.next_request();
    assert_eq!((check.source, check.destination), (address(relay), address(REMOTE)));
    puppet.answer(&check);
    let selected = puppet.agent.selected_pair(1).unwrap();
    assert_eq!(selected.local.kind, CandidateKind::Relayed);
    assert_eq!(selected.remote.kind, CandidateKind::PeerReflexive);
}

/// str0m#639: a server may give a host that it reaches over IPv4 an IPv6 relay, too (RFC 8656 section
/// 7.1). What counts is the relay's own family (section 6.1.2.2).
#[test]
fn a_relayed_candidate_is_paired_within_its_own_family_whatever_its_hosts_is() {
    let mut puppet = Puppet::alone(Config::default());
    let server = address("192.0.2.1:3478").ip();
    for relay in ["192.0.2.100:50000", "[2001:db8::100]:50000"] {
        let local = LocalCandidate::relayed(1, address(relay), address(BASE), server);
        puppet.agent.add_local_candidate(local, puppet.now).unwrap();
    }
    puppet.agent.add_remote_candidate(candidate("host", 2_130_706_431, REMOTE), puppet.now);
    for (priority, relay) in [(16_777_215, "192.0.2.101:1"), (16_777_214, "[2001:db8::101]:1")] {
        puppet.agent.add_remote_candidate(candidate("relay", priority, relay), puppet.now);
    }
    let pairs: Vec<_> = puppet.agent.pairs().map(|it| (it.base, it.remote)).collect();
    assert_eq!(pairs.len(), 5, "two IPv4 bases with two remotes, and relay with relay on IPv6");
    for (base, remote) in pairs {
        assert_eq!(base.is_ipv4(), remote.is_ipv4(), "{base} {remote}");
    }
}

/// firezone#9564.
#[test]
fn two_relays_are_paired_with_each_other() {
    let relay = "192.0.2.100:50000";
    let mut puppet = Puppet::alone(Config::default());
    let server = address("192.0.2.1:3478").ip();
    let local = LocalCandidate::relayed(1, address(relay), address(OTHER), server);
    puppet.agent.add_local_candidate(local, puppet.now).unwrap();
    puppet
        .agent
        .add_remote_candidate(candidate("relay", 16_777_215, "192.0.2.101:50001"), puppet.now);
    let pairs: Vec<_> = puppet.agent.pairs().map(|it| (it.local_kind, it.remote_kind)).collect();
    use CandidateKind::{Host, Relayed};
    assert_eq!(pairs, [(Host, Relayed), (Relayed, Relayed)]);
}

#[test]
fn a_reflexive_candidates_pairs_are_redundant_with_its_bases() {
    let mut puppet = Puppet::alone(Config::default());
    let server = address("192.0.2.1:3478").ip();
    let reflexive = LocalCandidate::reflexive(1, address(OTHER), address(BASE), server);
    assert!(puppet.agent.add_local_candidate(reflexive.clone(), puppet.now).is_some());
    assert!(puppet.agent.add_local_candidate(reflexive, puppet.now).is_none(), "redundant");
    puppet.agent.add_remote_candidate(candidate("host", 5, REMOTE), puppet.now);
    let pairs: Vec<_> = puppet.agent.pairs().collect();
    assert_eq!(pairs.len(), 1);
    assert_eq!(pairs[0].local_kind, CandidateKind::Host);
}

#[test]
fn without_a_nat_the_reflexive_candidate_is_redundant_with_the_host_candidate() {
    let mut puppet = Puppet::alone(Config::default());
    let server = address("192.0.2.1:3478").ip();
    let same = LocalCandidate::reflexive(1, address(BASE), address(BASE), server);
    assert_eq!(puppet.agent.add_local_candidate(same, puppet.now), None);
}

#[test]
fn a_mapped_address_that_is_known_makes_no_new_candidate() {
    let mut puppet = Puppet::alone(config(Role::Controlling));
    let server = address("192.0.2.1:3478").ip();
    let mapped = address("198.51.100.7:7777");
    let reflexive = LocalCandidate::reflexive(1, mapped, address(BASE), server);
    puppet.agent.add_local_candidate(reflexive, puppet.now).unwrap();
    puppet.introduce();
    let check = puppet.next_request();
    puppet.answer_with(&check, mapped);
    assert_eq!(puppet.agent.local_candidates().count(), 2);
    let valid = puppet.agent.valid_pairs(1).next().unwrap();
    assert_eq!(valid.local.kind, CandidateKind::ServerReflexive);
    assert_eq!(valid.base, address(BASE));
}

#[test]
fn a_new_mapped_address_is_a_local_peer_reflexive_candidate_with_the_checks_priority() {
    let mut puppet = Puppet::controlling();
    let check = puppet.next_request();
    puppet.answer_with(&check, address("198.51.100.7:7777"));
    let learned = puppet.agent.local_candidates().nth(1).unwrap();
    assert_eq!(learned.kind, CandidateKind::PeerReflexive);
    assert_eq!(learned.priority, 1_862_270_975);
    assert_eq!(learned.related, Some(address(BASE)));
    assert_eq!(puppet.agent.pairs().count(), 1, "it is not paired (section 7.2.5.3.1)");
}

#[test]
fn what_cannot_be_used_is_ignored_with_a_reason() {
    let mut puppet = Puppet::alone(Config::default());
    let cases = [
        ("1 1 udp 5 4b2f4f36-aaaa-bbbb-cccc-1234567890ab.local 9 typ host", Ignored::Name),
        ("1 1 tcp 5 192.0.2.9 9 typ host tcptype passive", Ignored::Transport),
        ("1 1 sctp 5 192.0.2.9 9 typ host", Ignored::Transport),
        ("1 2 udp 5 192.0.2.9 9 typ host", Ignored::Component),
        ("1 1 udp 5 0.0.0.0 9 typ host", Ignored::Address),
        ("1 1 udp 5 192.0.2.9 0 typ host", Ignored::Address),
        ("1 1 udp 5 224.0.0.1 9 typ host", Ignored::Address),
    ];
    for (text, expected) in cases {
        puppet.events.clear();
        puppet.agent.add_remote_candidate(text.parse().unwrap(), puppet.now);
        puppet.collect();
        let why = puppet.events.iter().find_map(|it| match it {
            Event::CandidateIgnored { why, .. } => Some(*why),
            _ => None,
        });
        assert_eq!(why, Some(expected), "{text}");
    }
    assert_eq!(puppet.agent.remote_candidates().count(), 0);
}

#[test]
fn a_candidate_of_another_family_is_kept_and_not_paired() {
    let mut puppet = Puppet::alone(Config::default());
    puppet.agent.add_remote_candidate(candidate("host", 5, "[2001:db8::1]:9"), puppet.now);
    assert_eq!(puppet.agent.remote_candidates().count(), 1);
    assert_eq!(puppet.agent.pairs().count(), 0);
}

#[test]
fn link_local_addresses_are_paired_with_link_local_ones_only() {
    let mut puppet = Puppet::alone(Config::default());
    puppet.agent.restart(puppet.now);
    for host in ["[fe80::1]:9", "[2001:db8::1]:9"] {
        puppet.agent.add_local_candidate(LocalCandidate::host(1, address(host)), puppet.now);
    }
    puppet.agent.add_remote_candidate(candidate("host", 5, "[fe80::2]:9"), puppet.now);
    puppet.agent.add_remote_candidate(candidate("host", 6, "[2001:db8::2]:9"), puppet.now);
    let pairs: Vec<_> = puppet.agent.pairs().map(|it| (it.base, it.remote)).collect();
    assert_eq!(pairs.len(), 2);
    for (base, remote) in pairs {
        assert_eq!(base.to_string().starts_with("[fe80"), remote.to_string().starts_with("[fe80"));
    }
}

#[test]
fn a_candidate_of_another_session_is_ignored_whether_it_comes_before_or_after_the_credentials() {
    let text = |port: u16, ufrag: &str| {
        format!("1 1 udp {port} 192.0.2.9 {port} typ host generation 0 ufrag {ufrag}")
    };
    let mut puppet = Puppet::alone(Config::default());
    puppet.agent.add_remote_candidate(text(1, "OLD0").parse().unwrap(), puppet.now);
    puppet.agent.add_remote_candidate(text(2, "PEER").parse().unwrap(), puppet.now);
    puppet.meet();
    puppet.agent.add_remote_candidate(text(3, "OLD0").parse().unwrap(), puppet.now);
    puppet.agent.add_remote_candidate(text(4, "PEER").parse().unwrap(), puppet.now);
    puppet.collect();
    let ports: Vec<u16> = puppet.agent.pairs().map(|it| it.remote.port()).collect();
    assert_eq!(ports, [4, 2]);
    let is_stranger =
        |it: &Event| matches!(it, Event::CandidateIgnored { why: Ignored::OtherSession, .. });
    assert_eq!(puppet.count(is_stranger), 2);
}

#[test]
fn after_the_end_of_candidates_none_is_taken() {
    let mut puppet = Puppet::controlled();
    puppet.agent.add_remote_candidate(candidate("host", 5, OTHER), puppet.now);
    assert_eq!(puppet.agent.remote_candidates().count(), 1);
}

/// RFC 8838 section 13: neither after the end of candidates nor after a nomination may a candidate be
/// signalled, and by its section 10 one that was not signalled is not paired.
#[test]
fn local_candidates_after_their_end_or_after_the_nomination_have_to_wait_for_a_restart() {
    let late = LocalCandidate::host(1, address("203.0.113.11:5000"));
    let mut ended = Puppet::alone(Config::default());
    ended.introduce();
    assert_eq!(ended.agent.add_local_candidate(late.clone(), ended.now), None);
    assert_eq!(ended.agent.pairs().count(), 1);
    ended.agent.restart(ended.now);
    assert!(ended.agent.add_local_candidate(late.clone(), ended.now).is_some());

    let mut nominated = Puppet::alone(Config::default());
    nominated.agent.add_remote_candidate(candidate("host", 5, REMOTE), nominated.now);
    nominated.trust();
    nominated.connect();
    assert_eq!(nominated.agent.add_local_candidate(late.clone(), nominated.now), None);
    nominated.agent.restart(nominated.now);
    assert!(nominated.agent.add_local_candidate(late, nominated.now).is_some());
}

#[test]
fn the_same_candidate_twice_is_one() {
    let mut puppet = Puppet::alone(Config::default());
    for _ in 0..2 {
        puppet.agent.add_remote_candidate(candidate("host", 5, OTHER), puppet.now);
    }
    assert_eq!(puppet.agent.remote_candidates().count(), 1);
    assert_eq!(puppet.agent.pairs().count(), 1);
}

#[test]
fn a_local_candidate_that_cannot_be_sent_from_is_refused() {
    let limits = Limits { local_candidates: 2, ..Limits::default() };
    let mut puppet = Puppet::alone(Config { limits, ..Config::default() });
    let good = LocalCandidate::host(1, address("203.0.113.11:5000"));
    let with = |change: fn(&mut LocalCandidate)| {
        let mut changed = good.clone();
        change(&mut changed);
        changed
    };
    let bad = [
        with(|it| it.address = "203.0.113.11:0".parse().unwrap()),
        with(|it| it.base = "203.0.113.11:0".parse().unwrap()),
        with(|it| it.address = "0.0.0.0:5000".parse().unwrap()),
        with(|it| it.transport = icelab_sans_io::net::Transport::Tcp),
        with(|it| it.kind = CandidateKind::PeerReflexive),
        with(|it| it.component = 2),
    ];
    for candidate in bad {
        assert_eq!(puppet.agent.add_local_candidate(candidate.clone(), puppet.now), None);
    }
    assert!(puppet.agent.add_local_candidate(good, puppet.now).is_some());
    let third = LocalCandidate::host(1, address("203.0.113.12:5000"));
    assert_eq!(puppet.agent.add_local_candidate(third.clone(), puppet.now), None, "one too many");
    puppet.agent.close(puppet.now);
    assert_eq!(puppet.agent.add_local_candidate(third, puppet.now), None);
}

#[test]
fn a_base_that_goes_away_takes_its_own_pairs_along_and_no_others() {
    let mut puppet = Puppet::alone(Config::default());
    let second = "203.0.113.11:5000";
    puppet.agent.add_local_candidate(LocalCandidate::host(1, address(second)), puppet.now).unwrap();
    puppet.agent.add_remote_candidate(candidate("host", 9, REMOTE), puppet.now);
    puppet.trust();
    for base in [BASE, second] {
        let request = puppet.request(false);
        puppet.deliver_to(REMOTE, base, request);
    }
    let checked = [puppet.next_request().source, puppet.next_request().source];
    assert!(checked.contains(&address(BASE)) && checked.contains(&address(second)));
    puppet.take();
    puppet.agent.remove_base(address(BASE), puppet.now);
    puppet.millis(700);
    let again: Vec<_> = puppet.take_requests().iter().map(|it| it.source).collect();
    assert_eq!(again, [address(second)], "the check of the other goes on");
    puppet.agent.add_remote_candidate(candidate("host", 5, OTHER), puppet.now);
    let pairs: Vec<_> = puppet.agent.pairs().map(|it| (it.base, it.remote)).collect();
    let second_base = address(second);
    assert_eq!(pairs, [(second_base, address(REMOTE)), (second_base, address(OTHER))]);
    let unknown = icelab_ice::Discard::UnknownBase;
    for payload in [puppet.request(false), b"data".to_vec()] {
        puppet.deliver(REMOTE, payload);
    }
    assert_eq!(puppet.discarded(unknown), 2);
    puppet.take();
    puppet.deliver_to(REMOTE, second, b"data".to_vec());
    assert_eq!(puppet.count(|it| matches!(it, Event::Data { .. })), 1);
    let request = puppet.request(false);
    puppet.deliver_to(REMOTE, second, request);
    assert_eq!(puppet.take().len(), 1, "the answer");
}

/// Section 5.1.3: of redundant candidates the one with the lower priority goes.
#[test]
fn of_two_candidates_with_one_address_the_better_counts() {
    let mut puppet = Puppet::alone(Config::default());
    for (priority, expected) in [(5, 5), (9, 9), (7, 9), (9, 9)] {
        puppet.agent.add_remote_candidate(candidate("host", priority, OTHER), puppet.now);
        let known: Vec<u32> = puppet.agent.remote_candidates().map(|it| it.priority).collect();
        assert_eq!(known, [expected]);
    }
    puppet.collect();
    let why = Ignored::Duplicate;
    let is_it = |it: &Event| matches!(it, Event::CandidateIgnored { why: w, .. } if *w == why);
    assert_eq!(puppet.count(is_it), 2);
}

#[test]
fn relay_only_leaks_nothing() {
    let config = Config { relay_only: true, role: Role::Controlling, ..Config::default() };
    let mut puppet = Puppet::alone(config);
    assert_eq!(puppet.agent.local_candidates().count(), 0, "the host candidate was refused");
    let relay = "192.0.2.100:50000";
    let local = LocalCandidate::relayed(1, address(relay), address(OTHER), address(BASE).ip());
    let signalled = puppet.agent.add_local_candidate(local, puppet.now).unwrap();
    assert_eq!(signalled.related, Some(address("0.0.0.0:9")));
    puppet.introduce();
    let check = puppet.next_request();
    assert_eq!(check.source, address(relay));
    puppet.answer_with(&check, address("198.51.100.7:7777"));
    puppet.answer_all_for(seconds(1));
    let leaks = |it: &Event| matches!(it, Event::PeerReflexive { side: Side::Local, .. });
    assert_eq!(puppet.count(leaks), 0);
    assert_eq!(puppet.agent.state(), State::Completed);
}

/// pion/ice#879.
#[test]
fn relays_over_udp_are_preferred_to_those_over_tcp_and_tls() {
    let mut puppet = Puppet::alone(Config::default());
    let mut priorities = Vec::new();
    for (port, transport) in
        [(1, RelayTransport::Tls), (2, RelayTransport::Udp), (3, RelayTransport::Tcp)]
    {
        let at = address(&format!("192.0.2.100:{port}"));
        let mut local = LocalCandidate::relayed(1, at, address(OTHER), at.ip());
        local.relay_transport = Some(transport);
        priorities.push(puppet.agent.add_local_candidate(local, puppet.now).unwrap().priority);
    }
    let [tls, udp, tcp] = priorities[..] else { panic!() };
    assert!(udp > tcp && tcp > tls, "{priorities:?}");
}

/// RFC 8421: the local preferences from outside decide how families are mixed.
#[test]
fn families_are_interleaved_as_the_local_preferences_say() {
    let mut puppet = Puppet::alone(Config::default());
    puppet.agent.restart(puppet.now);
    let locals =
        [("[2001:db8::1]:1", 60_000), ("192.0.2.1:1", 50_000), ("[2001:db8::2]:1", 40_000)];
    for (at, preference) in locals {
        let mut local = LocalCandidate::host(1, address(at));
        local.local_preference = preference;
        puppet.agent.add_local_candidate(local, puppet.now).unwrap();
    }
    let high = 2_130_706_431;
    puppet.agent.add_remote_candidate(candidate("host", high, "[2001:db8::9]:1"), puppet.now);
    puppet.agent.add_remote_candidate(candidate("host", high - 256, "192.0.2.9:1"), puppet.now);
    let families: Vec<bool> = puppet.agent.pairs().map(|it| it.base.is_ipv6()).collect();
    assert_eq!(families, [true, false, true]);
}

#[test]
fn pairs_candidates_and_learned_candidates_are_bounded() {
    let limits =
        Limits { pairs: 20, remote_candidates: 30, peer_reflexive: 5, ..Limits::default() };
    let mut puppet = Puppet::alone(Config { limits, ..Config::default() });
    for port in 1..=60 {
        let at = format!("192.0.2.9:{port}");
        puppet.agent.add_remote_candidate(candidate("host", 1000 + port, &at), puppet.now);
    }
    puppet.meet();
    assert_eq!(puppet.agent.remote_candidates().count(), 30);
    let ports: Vec<u16> = puppet.agent.pairs().map(|it| it.remote.port()).collect();
    assert_eq!(ports, (11..=30).rev().collect::<Vec<u16>>(), "the best twenty (section 6.1.2.5)");
    for port in 1..=50 {
        let request = puppet.request(false);
        puppet.deliver(&format!("198.51.100.9:{port}"), request);
    }
    assert_eq!(puppet.agent.remote_candidates().count(), 35);
    assert!(puppet.agent.pairs().count() <= 20);
    assert!(puppet.discarded(icelab_ice::Discard::Limit) >= 45);
}

#[test]
fn ports_that_never_answer_from_where_they_were_asked_are_not_learned_for_ever() {
    let mut puppet = Puppet::alone(Config::default());
    puppet.meet();
    let known = |puppet: &Puppet| puppet.agent.remote_candidates().count();
    let before = known(&puppet);
    for port in 1..=20 {
        let request = puppet.request(false);
        puppet.deliver(&format!("198.51.100.9:{port}"), request);
        puppet.millis(50);
        for check in puppet.take_requests() {
            let response = puppet.response(&check, address(BASE));
            puppet.deliver(&format!("198.51.100.9:{}", 100 + port), response);
        }
    }
    assert_eq!(known(&puppet), before + Limits::default().asymmetric);
    let request = puppet.request(false);
    puppet.deliver("198.51.100.8:1", request);
    assert_eq!(known(&puppet), before + Limits::default().asymmetric + 1, "another address");
}

#[test]
fn local_peer_reflexive_candidates_are_bounded_too() {
    let limits = Limits { peer_reflexive: 3, ..Limits::default() };
    let mut puppet = Puppet::alone(Config { limits, role: Role::Controlling, ..Config::default() });
    for port in 1..=9 {
        let at = format!("192.0.2.9:{port}");
        puppet.agent.add_remote_candidate(candidate("host", 1000 + port, &at), puppet.now);
    }
    puppet.meet();
    for port in 0..9 {
        let check = puppet.next_request();
        puppet.answer_with(&check, address(&format!("198.51.100.7:{}", 7000 + port)));
    }
    assert_eq!(puppet.agent.local_candidates().count(), 4);
}

#[test]
fn a_candidate_after_failure_revives_the_session() {
    let mut puppet = Puppet::alone(Config { role: Role::Controlling, ..Config::default() });
    puppet.meet();
    puppet.millis(40_000);
    assert_eq!(
        puppet.agent.state(),
        State::Failed,
        "no end of candidates came, patience stands in"
    );
    puppet.agent.add_remote_candidate(candidate("host", 5, REMOTE), puppet.now);
    assert_eq!(puppet.agent.state(), State::Checking);
    puppet.answer_all_for(seconds(1));
    assert_eq!(puppet.agent.state(), State::Completed);
}

#[test]
fn checks_do_not_begin_before_the_peers_credentials() {
    let mut puppet = Puppet::alone(Config { role: Role::Controlling, ..Config::default() });
    puppet.agent.add_remote_candidate(candidate("host", 5, REMOTE), puppet.now);
    assert_eq!(puppet.agent.state(), State::New);
    puppet.millis(5000);
    assert!(puppet.take().is_empty());
    puppet.meet();
    assert_eq!(puppet.agent.state(), State::Checking);
    puppet.millis(0);
    assert_eq!(puppet.take_requests().len(), 1);
    assert!(puppet.now > Instant::START);
}

#[test]
fn priorities_and_foundations_follow_the_rules() {
    let mut puppet = Puppet::alone(config(Role::Controlling));
    let servers = ["192.0.2.1:3478", "192.0.2.2:3478"].map(|it| address(it).ip());
    let add = |puppet: &mut Puppet, port: u16, server| {
        let at = address(&format!("198.51.100.7:{port}"));
        let local = LocalCandidate::reflexive(1, at, address(BASE), server);
        puppet.agent.add_local_candidate(local, puppet.now).unwrap()
    };
    let host = puppet.agent.local_candidates().next().unwrap().clone();
    let first = add(&mut puppet, 1, servers[0]);
    let second = add(&mut puppet, 2, servers[0]);
    let third = add(&mut puppet, 3, servers[1]);
    assert_eq!(first.foundation, second.foundation);
    assert_ne!(first.foundation, third.foundation, "another server");
    assert_ne!(first.foundation, host.foundation, "another type");
    let mut all = [host.priority, first.priority, second.priority, third.priority].to_vec();
    all.dedup();
    assert_eq!(all.len(), 4, "unique");
}
