//! What is selected, when, and what stays beside it (RFC 8445 sections 8.1 and 8.3.1).

use std::net::SocketAddr;
use std::time::Duration;

use icelab_ice::{Config, Event, Nomination, Role, State};
use icelab_stun::Message;
use icelab_stun::attribute::Nomination as Rank;

use crate::network::config;
use crate::nomination::ranked;
use crate::puppet::{OTHER, Puppet, REMOTE, address, candidate, nominates};

const THIRD: &str = "203.0.113.22:8000";
const FOURTH: &str = "203.0.113.23:8001";
const FIFTH: &str = "203.0.113.24:8002";
const SIXTH: &str = "203.0.113.25:8003";

const HOST: u32 = 2_130_706_431;
const REFLEXIVE: u32 = 1_694_498_815;
const RELAYED: u32 = 16_777_215;

/// An agent that knows the peer's credentials and these candidates; more may follow.
fn met(config: Config, remotes: &[(&str, u32, &str)]) -> Puppet {
    let mut puppet = Puppet::alone(config);
    for (kind, priority, at) in remotes {
        puppet.agent.add_remote_candidate(candidate(kind, *priority, at), puppet.now);
    }
    puppet.trust();
    puppet
}

/// The same, with all candidates known.
fn informed(config: Config, remotes: &[(&str, u32, &str)]) -> Puppet {
    let mut puppet = met(config, remotes);
    puppet.agent.end_of_local_candidates(puppet.now);
    puppet.agent.end_of_remote_candidates(puppet.now);
    puppet
}

/// Answers what goes to these addresses, and nothing else, for so long; returns all requests.
fn answer_only(
    puppet: &mut Puppet,
    to: &[&str],
    millis: u64,
) -> Vec<icelab_sans_io::net::Datagram> {
    let to: Vec<SocketAddr> = to.iter().map(|at| address(at)).collect();
    let mut all = Vec::new();
    for _ in 0..millis / 5 {
        for request in puppet.take_requests() {
            if to.contains(&request.destination) {
                puppet.answer(&request);
            }
            all.push(request);
        }
        puppet.millis(5);
    }
    all
}

fn selected(puppet: &Puppet) -> Option<String> {
    puppet.agent.selected_pair(1).map(|pair| pair.destination.to_string())
}

fn pairs(puppet: &Puppet) -> Vec<String> {
    puppet.agent.pairs().map(|pair| pair.remote.to_string()).collect()
}

fn nominate(puppet: &mut Puppet, from: &str) {
    let request = puppet.request(true);
    puppet.deliver(from, request);
}

/// RFC 8838 section 13: after a nomination nothing is paired any more; a peer that renominates has
/// more to come.
#[test]
fn after_a_nomination_candidates_are_paired_only_where_another_may_follow() {
    for (rank, expected) in [(Some(1), 2), (None, 1)] {
        let strict = Config { standby: 0, ..Config::default() };
        let mut puppet = met(strict, &[("host", HOST, REMOTE)]);
        let request = match rank {
            Some(rank) => ranked(&mut puppet, rank),
            None => puppet.request(true),
        };
        puppet.deliver(REMOTE, request);
        puppet.answer_all_for(Duration::from_millis(300));
        assert_eq!(selected(&puppet).as_deref(), Some(REMOTE));
        puppet.agent.add_remote_candidate(candidate("host", HOST - 1, OTHER), puppet.now);
        assert_eq!(puppet.agent.pairs().count(), expected, "{rank:?}");
    }
}

/// draft-thatcher-ice-renomination: each nomination outranks those before it; what was answered is
/// not said again.
#[test]
fn a_renominating_agent_ranks_its_nominations_and_sends_no_more_than_it_needs() {
    let config = Config { nomination: Nomination::Renomination, ..config(Role::Controlling) };
    let mut puppet = met(config, &[("host", HOST, REMOTE), ("relay", RELAYED, OTHER)]);
    let mut requests = answer_only(&mut puppet, &[OTHER], 400);
    assert_eq!(selected(&puppet).as_deref(), Some(OTHER));
    requests.extend(answer_only(&mut puppet, &[OTHER, REMOTE], 2000));
    assert_eq!(selected(&puppet).as_deref(), Some(REMOTE));
    let ranks: Vec<(String, u32)> = requests
        .iter()
        .filter(|request| nominates(request))
        .map(|request| {
            let message = Message::parse(&request.payload).unwrap();
            let Some(Ok(Rank(rank))) = message.get::<Rank>() else { panic!("no rank") };
            (request.destination.to_string(), rank)
        })
        .collect();
    assert_eq!(ranks, [(OTHER.to_owned(), 1), (REMOTE.to_owned(), 2)]);
    puppet.agent.add_remote_candidate(candidate("host", HOST - 1, THIRD), puppet.now);
    assert!(pairs(&puppet).contains(&THIRD.to_owned()), "a better one may still come");
}

#[test]
fn a_renomination_of_the_selected_pair_is_told_as_one() {
    let mut puppet = met(Config::default(), &[("host", HOST, REMOTE)]);
    for rank in [1, 2, 2] {
        let request = ranked(&mut puppet, rank);
        puppet.deliver(REMOTE, request);
        puppet.answer_all_for(Duration::from_millis(100));
    }
    assert_eq!(puppet.count(|it| matches!(it, Event::Nominated { .. })), 2);
    assert_eq!(puppet.count(|it| matches!(it, Event::Selected { .. })), 1);
}

/// Section 8.3.1.
#[test]
fn for_three_seconds_after_the_nomination_checks_from_elsewhere_trigger_checks_and_then_no_more() {
    let mut puppet = Puppet::controlled();
    puppet.connect();
    let request = puppet.request(false);
    puppet.deliver(OTHER, request);
    let check = puppet.next_request();
    assert_eq!(check.destination, address(OTHER));
    puppet.answer(&check);
    puppet.millis(2500);
    puppet.take();
    let request = puppet.request(false);
    puppet.deliver(THIRD, request);
    puppet.millis(300);
    let packets = puppet.take();
    assert_eq!(packets.len(), 1, "the answer: {packets:?}");
    assert_eq!(packets[0].destination, address(THIRD));
}

#[test]
fn while_either_side_may_have_more_candidates_the_nomination_waits_for_them() {
    for is_local_ended in [true, false] {
        let mut puppet = met(config(Role::Controlling), &[("host", HOST, REMOTE)]);
        if is_local_ended {
            puppet.agent.end_of_local_candidates(puppet.now);
        } else {
            puppet.agent.end_of_remote_candidates(puppet.now);
        }
        let check = puppet.next_request();
        puppet.answer(&check);
        let before = puppet.now;
        assert!(nominates(&puppet.next_request()));
        let waited = (puppet.now - before).as_millis();
        assert!((450..=560).contains(&waited), "{waited} ms");
    }
}

#[test]
fn a_pair_that_is_no_better_is_not_waited_for() {
    let remotes = [("host", HOST, REMOTE), ("host", HOST, OTHER)];
    let mut puppet = informed(config(Role::Controlling), &remotes);
    let check = puppet.next_request();
    puppet.answer(&check);
    let next = puppet.next_request();
    assert!(nominates(&next), "before the check of the other, which is as good");
    assert_eq!(next.destination, check.destination);
}

/// Section 8.1.1: the controlling agent nominates, and no other.
#[test]
fn the_nomination_of_an_agent_that_became_controlled_counts_for_nothing() {
    let mut puppet = Puppet::controlling();
    let check = puppet.next_request();
    puppet.answer(&check);
    let nomination = puppet.next_request();
    assert!(nominates(&nomination));
    let request = puppet.request_as(Role::Controlling, u64::MAX, false);
    puppet.deliver(REMOTE, request);
    assert_eq!(puppet.agent.role(), Role::Controlled);
    puppet.millis(2000);
    assert!(puppet.take_requests().iter().all(|it| !nominates(it)), "it is not sent again");
    puppet.answer(&nomination);
    assert_eq!((selected(&puppet), puppet.agent.state()), (None, State::Connected));
    nominate(&mut puppet, REMOTE);
    assert_eq!(selected(&puppet).as_deref(), Some(REMOTE));
}

/// `ex_ice`#76: where there is nothing else to nominate, there is no hurry.
#[test]
fn the_nomination_of_the_only_valid_pair_is_not_given_up() {
    let mut puppet = Puppet::controlling();
    let check = puppet.next_request();
    puppet.answer(&check);
    let nomination = puppet.next_request();
    puppet.millis(20_000);
    assert_eq!(puppet.agent.state(), State::Connected);
    puppet.answer(&nomination);
    assert_eq!(puppet.agent.state(), State::Completed);
}

#[test]
fn of_several_nominated_pairs_that_live_the_latest_replaces_one_that_died() {
    let remotes = [("host", HOST, REMOTE), ("srflx", REFLEXIVE, OTHER), ("relay", RELAYED, THIRD)];
    let mut puppet = informed(Config::default(), &remotes);
    puppet.answer_all_for(Duration::from_millis(300));
    for from in [THIRD, OTHER, REMOTE] {
        nominate(&mut puppet, from);
        assert_eq!(selected(&puppet).as_deref(), Some(from), "each is better");
    }
    answer_only(&mut puppet, &[OTHER, THIRD], 12_000);
    assert_eq!(selected(&puppet).as_deref(), Some(OTHER));
}

#[test]
fn a_controlling_agent_falls_back_as_often_as_it_must() {
    let remotes = [("host", HOST, REMOTE), ("srflx", REFLEXIVE, OTHER)];
    let mut puppet = met(config(Role::Controlling), &remotes);
    puppet.answer_all_for(Duration::from_secs(1));
    assert_eq!(selected(&puppet).as_deref(), Some(REMOTE));
    for living in [OTHER, REMOTE, OTHER, REMOTE] {
        answer_only(&mut puppet, &[living], 12_000);
        assert_eq!(selected(&puppet).as_deref(), Some(living));
        puppet.answer_all_for(Duration::from_secs(12));
        assert_eq!(selected(&puppet).as_deref(), Some(living), "it has no reason to go back");
        assert_eq!(puppet.agent.state(), State::Completed);
    }
}

#[test]
fn of_two_nominated_pairs_that_are_as_good_the_first_stays() {
    let remotes = [("srflx", REFLEXIVE, REMOTE), ("srflx", REFLEXIVE, OTHER)];
    let mut puppet = informed(Config::default(), &remotes);
    puppet.answer_all_for(Duration::from_millis(300));
    for from in [REMOTE, OTHER, REMOTE, OTHER] {
        nominate(&mut puppet, from);
        assert_eq!(selected(&puppet).as_deref(), Some(REMOTE));
    }
}

/// What breaks the selected pair may break all that go the same way.
#[test]
fn the_last_standby_is_a_relay_where_one_is_valid() {
    let config = Config { standby: 2, ..config(Role::Controlling) };
    let remotes = [
        ("host", HOST, REMOTE),
        ("srflx", REFLEXIVE, OTHER),
        ("srflx", REFLEXIVE - 1, THIRD),
        ("relay", RELAYED, FOURTH),
        ("relay", RELAYED - 1, FIFTH),
    ];
    let mut puppet = met(config, &remotes);
    answer_only(&mut puppet, &[REMOTE, OTHER, THIRD, FOURTH], 1200);
    assert_eq!(puppet.agent.state(), State::Completed);
    let valid: Vec<String> =
        puppet.agent.valid_pairs(1).map(|pair| pair.destination.to_string()).collect();
    assert_eq!(valid, [REMOTE, OTHER, FOURTH]);
    assert_eq!(pairs(&puppet), [REMOTE, OTHER, FOURTH], "a relay is enough");
}

#[test]
fn where_no_relay_is_valid_the_best_that_may_become_so_go_on_being_checked() {
    let config = Config { standby: 2, ..config(Role::Controlling) };
    let remotes = [
        ("host", HOST, REMOTE),
        ("srflx", REFLEXIVE, OTHER),
        ("srflx", REFLEXIVE - 1, THIRD),
        ("relay", RELAYED, FOURTH),
        ("relay", RELAYED - 1, FIFTH),
        ("relay", RELAYED - 2, SIXTH),
    ];
    let mut puppet = informed(config, &remotes);
    answer_only(&mut puppet, &[REMOTE], 300);
    assert_eq!(puppet.agent.state(), State::Completed);
    assert_eq!(pairs(&puppet), [REMOTE, FOURTH, FIFTH]);
}

#[test]
fn where_the_selected_pair_is_relayed_no_other_relay_is_wanted() {
    let remotes = [("relay", RELAYED, REMOTE), ("relay", RELAYED - 1, OTHER)];
    let mut puppet = informed(config(Role::Controlling), &remotes);
    answer_only(&mut puppet, &[REMOTE], 300);
    assert_eq!(puppet.agent.state(), State::Completed);
    assert_eq!(pairs(&puppet), [REMOTE]);
}

/// Section 7.3.1.5: the nomination counts once this side's own check has succeeded, whichever pair
/// was selected in the meantime.
#[test]
fn a_nominated_pair_whose_check_is_on_its_way_survives_the_selection_of_another() {
    let strict = Config { standby: 0, ..Config::default() };
    let remotes = [("host", HOST, REMOTE), ("srflx", REFLEXIVE, OTHER)];
    let mut puppet = informed(strict, &remotes);
    nominate(&mut puppet, OTHER);
    nominate(&mut puppet, REMOTE);
    let checks = [puppet.next_request(), puppet.next_request()];
    let to = checks.each_ref().map(|check| check.destination);
    assert_eq!(to, [address(OTHER), address(REMOTE)], "first in, first out");
    puppet.answer(&checks[0]);
    assert_eq!(selected(&puppet).as_deref(), Some(OTHER));
    puppet.answer(&checks[1]);
    assert_eq!(selected(&puppet).as_deref(), Some(REMOTE), "it is the better");
}

/// RFC 5245 section 8.1.2: a check in progress ceases if its pair's priority is lower.
#[test]
fn an_aggressive_agent_goes_on_with_checks_that_are_no_worse_than_the_nominated_pair() {
    let aggressive =
        Config { nomination: Nomination::Aggressive, standby: 0, ..config(Role::Controlling) };
    let remotes = [
        ("host", HOST, REMOTE),
        ("srflx", REFLEXIVE, OTHER),
        ("srflx", REFLEXIVE, THIRD),
        ("srflx", REFLEXIVE - 1, FOURTH),
    ];
    let mut puppet = informed(aggressive, &remotes);
    let checks = [(); 4].map(|()| puppet.next_request());
    puppet.answer(&checks[1]);
    assert_eq!(selected(&puppet).as_deref(), Some(OTHER));
    assert_eq!(pairs(&puppet), [REMOTE, OTHER, THIRD]);
    puppet.answer(&checks[2]);
    assert_eq!(selected(&puppet).as_deref(), Some(OTHER), "the other is as good");
    puppet.answer(&checks[0]);
    assert_eq!(selected(&puppet).as_deref(), Some(REMOTE));
}
