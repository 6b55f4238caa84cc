//! ICE restarts (RFC 8445 section 9), also where both sides begin one.

use core::time::Duration;

use icelab_ice as ice;
use icelab_peer::{Discard, Event, Signal, Trickle};

use crate::switchboard::Switchboard;

const ENOUGH: Duration = Duration::from_secs(5);

fn connected(trickle: Trickle) -> Switchboard {
    let mut board = Switchboard::new(&["198.51.100.1"], &["198.51.100.2"], |_, config| {
        config.trickle = trickle;
    });
    board.call(ENOUGH);
    assert!(board.talks());
    board
}

fn ufrags(board: &Switchboard) -> [String; 2] {
    [&board.alice, &board.bob].map(|peer| peer.agent().local_credentials().ufrag().to_owned())
}

#[test]
fn a_restart_takes_new_credentials_sockets_and_candidates_on_both_sides() {
    for trickle in [Trickle::Full, Trickle::Off] {
        let mut board = connected(trickle);
        let (before, base) = (ufrags(&board), board.alice.selected_pair().unwrap().base);
        board.alice.restart_ice(board.now);
        board.run(ENOUGH);
        let after = ufrags(&board);
        assert!(before[0] != after[0] && before[1] != after[1]);
        assert_ne!(board.alice.selected_pair().unwrap().base, base);
        assert!(board.talks());
    }
}

#[test]
fn what_the_old_session_held_is_given_back_once_the_new_one_works() {
    let mut board = connected(Trickle::Full);
    board.alice.restart_ice(board.now);
    board.run(ENOUGH);
    assert_eq!(board.turn.allocations(), 2);
    assert_eq!([board.ends[0].sockets.len(), board.ends[1].sockets.len()], [1, 1]);
}

#[test]
fn data_flows_over_the_old_pair_during_a_restart() {
    let mut board = connected(Trickle::Full);
    board.alice.restart_ice(board.now);
    for _ in 0..20 {
        assert!(board.talks(), "{}", board.now);
    }
}

#[test]
fn a_restart_before_the_answer_waits_for_it() {
    let mut board = Switchboard::new(&["198.51.100.1"], &["198.51.100.2"], |_, config| {
        config.trickle = Trickle::Full;
    });
    board.call(Duration::from_millis(1));
    let before = board.alice.agent().local_credentials().ufrag().to_owned();
    board.alice.restart_ice(board.now);
    assert_eq!(board.alice.agent().local_credentials().ufrag(), before, "not yet");
    board.run(ENOUGH);
    assert_ne!(board.alice.agent().local_credentials().ufrag(), before);
    assert!(board.talks());
}

#[test]
fn the_answerer_may_restart_too() {
    let mut board = connected(Trickle::Full);
    let before = ufrags(&board);
    board.bob.restart_ice(board.now);
    board.run(ENOUGH);
    assert!(ufrags(&board).iter().zip(&before).all(|(after, before)| after != before));
    assert!(board.talks());
}

#[test]
fn two_restarts_that_cross_become_one() {
    for trickle in [Trickle::Full, Trickle::Off] {
        let mut board = connected(trickle);
        let offers = |board: &Switchboard| {
            board.signals.iter().filter(|(_, s)| matches!(s, Signal::Answer(_))).count()
        };
        let before = offers(&board);
        board.alice.restart_ice(board.now);
        board.bob.restart_ice(board.now);
        board.run(ENOUGH);
        assert_eq!(board.alice.discards().count(Discard::Glare), 1);
        assert_eq!(offers(&board), before + 1);
        assert_eq!(board.alice.state(), ice::State::Completed);
        assert!(board.talks());
        assert_eq!(board.turn.allocations(), 2);
    }
}

#[test]
fn a_restart_during_a_restart_counts_and_the_first_leaves_nothing_behind() {
    let mut board = connected(Trickle::Full);
    board.alice.restart_ice(board.now);
    board.run(Duration::from_millis(70));
    board.alice.restart_ice(board.now);
    board.run(ENOUGH);
    assert!(board.talks());
    assert_eq!(board.turn.allocations(), 2);
    assert_eq!(board.ends[0].sockets.len(), 1);
}

#[test]
fn a_restart_while_the_first_gathering_is_under_way_works() {
    for trickle in [Trickle::Full, Trickle::Off] {
        let mut board = Switchboard::new(&["198.51.100.1"], &["198.51.100.2"], |_, config| {
            config.trickle = trickle;
        });
        board.call(Duration::from_millis(55));
        board.alice.restart_ice(board.now);
        board.run(ENOUGH);
        assert!(board.talks());
    }
}

#[test]
fn a_restart_of_a_side_that_is_about_to_answer_follows_its_answer() {
    let mut board = Switchboard::new(&["198.51.100.1"], &["198.51.100.2"], |_, config| {
        config.trickle = Trickle::Off;
    });
    board.call(Duration::from_millis(130));
    assert_eq!(board.signals.len(), 1, "bob gathers");
    board.bob.restart_ice(board.now);
    board.run(ENOUGH);
    let order: Vec<_> = board.signals.iter().map(|(from, s)| (*from, s.name())).collect();
    assert_eq!(order, [(0, "offer"), (1, "answer"), (1, "offer"), (0, "answer")]);
    assert!(board.talks());
}

#[test]
fn the_answerer_asks_and_the_offerer_restarts() {
    let mut board = connected(Trickle::Full);
    let before = ufrags(&board);
    board.bob.request_restart();
    board.run(ENOUGH);
    assert!(ufrags(&board).iter().zip(&before).all(|(after, before)| after != before));
    assert!(board.talks());
}

#[test]
fn a_restart_brings_back_a_call_whose_path_has_gone() {
    let mut board = connected(Trickle::Full);
    board.is_direct = false;
    board.run(Duration::from_secs(20));
    board.alice.restart_ice(board.now);
    board.run(ENOUGH);
    assert!(board.talks());
    assert!(board.selected().contains(&Some(ice::CandidateKind::Relayed)));
}

#[test]
fn signals_of_another_session_change_nothing() {
    let mut board = connected(Trickle::Full);
    let stale = Signal::EndOfCandidates { ufrag: "stale".to_owned() };
    board.alice.handle_signal(stale, board.now);
    assert_eq!(board.alice.discards().count(Discard::OtherCredentials), 1);
    let Some((_, Signal::Answer(answer))) =
        board.signals.iter().find(|(_, s)| matches!(s, Signal::Answer(_))).cloned()
    else {
        panic!("no answer");
    };
    board.alice.handle_signal(Signal::Answer(answer), board.now);
    assert_eq!(board.alice.discards().count(Discard::UnexpectedAnswer), 1);
    assert!(board.talks());
    assert!(!board.events(0).any(|event| matches!(event, Event::Closed)));
}
