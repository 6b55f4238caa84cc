//! What peers find out before they check, and when they stop looking.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use icelab_ice::CandidateKind;
use icelab_peer::{Event, GatheringFailure, IceServer, Trickle};
use icelab_sans_io::Instant;

use crate::switchboard::{STUN, Switchboard};

fn failures(board: &Switchboard, number: usize) -> Vec<(Option<SocketAddr>, GatheringFailure)> {
    let found = board.events(number).filter_map(|event| {
        let Event::GatheringFailed { server, reason, .. } = event else { return None };
        Some((*server, *reason))
    });
    found.collect()
}

#[test]
fn behind_a_nat_there_are_three_kinds_of_candidate() {
    let mut board = Switchboard::new(&["192.168.1.2"], &["198.51.100.2"], |_, _| {});
    board.ends[0].outside = Some("203.0.113.1".parse().unwrap());
    board.call(Duration::from_secs(1));
    let [host, srflx, relay, relay_v6] = &board.gathered(0)[..] else {
        panic!("{:?}", board.gathered(0));
    };
    assert_eq!(*host, (CandidateKind::Host, "192.168.1.2:50000".parse().unwrap()));
    assert_eq!(*srflx, (CandidateKind::ServerReflexive, "203.0.113.1:50000".parse().unwrap()));
    assert_eq!((relay.0, relay.1.ip()), (CandidateKind::Relayed, "192.0.2.2".parse().unwrap()));
    assert!(relay_v6.1.is_ipv6(), "a host with IPv4 only borrows IPv6 as well");
}

#[test]
fn transactions_are_paced() {
    let mut board = Switchboard::new(&["198.51.100.1"], &["198.51.100.2"], |_, _| {});
    board.call(Duration::from_secs(1));
    // STUN at once, TURN 50 ms later: two round trips of 20 ms, one for the challenge.
    assert_eq!(board.gathered_at(0), Some(Instant::from_millis(90)));
}

#[test]
fn a_server_that_does_not_answer_cannot_hold_up_gathering_for_ever() {
    let nobody: SocketAddr = "192.0.2.99:3478".parse().unwrap();
    let mut board = Switchboard::new(&["198.51.100.1"], &["198.51.100.2"], |number, config| {
        config.trickle = Trickle::Off;
        if number == 0 {
            config.servers.push(IceServer::Stun { addresses: vec![nobody] });
            config.gathering_limit = Duration::from_secs(3);
        }
    });
    board.call(Duration::from_secs(10));
    assert_eq!(board.gathered_at(0), Some(Instant::from_millis(3000)));
    assert_eq!(failures(&board, 0), [(Some(nobody), GatheringFailure::OutOfTime)]);
    assert!(board.talks());
}

#[test]
fn a_turn_server_that_does_not_answer_cannot_hold_up_gathering_for_ever() {
    let mut board = Switchboard::new(&["198.51.100.1"], &["198.51.100.2"], |_, config| {
        config.gathering_limit = Duration::from_secs(3);
    });
    board.turn_is_silent = true;
    board.call(Duration::from_secs(10));
    assert_eq!(board.gathered_at(0), Some(Instant::from_millis(3000)));
    assert!(board.talks());
}

#[test]
fn wrong_turn_credentials_are_told_and_the_call_goes_on_without() {
    let mut board = Switchboard::new(&["198.51.100.1"], &["198.51.100.2"], |_, config| {
        for server in &mut config.servers {
            if let IceServer::Turn { password, .. } = server {
                *password = "wrong".to_owned();
            }
        }
    });
    board.call(Duration::from_secs(5));
    assert!(
        failures(&board, 0).iter().all(|(_, reason)| *reason == GatheringFailure::Refused),
        "{:?}",
        failures(&board, 0)
    );
    assert!(!failures(&board, 0).is_empty());
    assert!(board.talks());
}

#[test]
fn a_turn_server_that_lends_nothing_still_tells_the_mapped_address() {
    let mut board = Switchboard::new(&["192.168.1.2"], &["198.51.100.2"], |_, config| {
        config.servers.remove(0);
        let Some(IceServer::Turn { password, .. }) = config.servers.first_mut() else { panic!() };
        *password = "wrong".to_owned();
    });
    board.ends[0].outside = Some("203.0.113.1".parse().unwrap());
    board.call(Duration::from_secs(1));
    let [_, srflx] = &board.gathered(0)[..] else { panic!("{:?}", board.gathered(0)) };
    assert_eq!(*srflx, (CandidateKind::ServerReflexive, "203.0.113.1:50000".parse().unwrap()));
}

#[test]
fn one_address_that_serves_both_is_asked_for_both() {
    let mut board = Switchboard::new(&["192.168.1.2"], &["198.51.100.2"], |_, config| {
        let Some(IceServer::Turn { addresses, .. }) = config.servers.last() else { panic!() };
        let addresses = addresses.clone();
        config.servers.insert(0, IceServer::Stun { addresses });
    });
    board.ends[0].outside = Some("203.0.113.1".parse().unwrap());
    board.call(Duration::from_secs(1));
    assert_eq!(failures(&board, 0), []);
    let kinds: Vec<_> = board.gathered(0).into_iter().map(|(kind, _)| kind).collect();
    assert!(kinds.contains(&CandidateKind::ServerReflexive));
    assert!(kinds.contains(&CandidateKind::Relayed));
}

#[test]
fn an_address_that_appears_while_gathering_gets_candidates() {
    let mut board = Switchboard::new(&["198.51.100.1"], &["198.51.100.2"], |_, _| {});
    board.call(Duration::from_millis(30));
    board.ends[0].addresses.push("198.51.100.7".parse().unwrap());
    board.tell_interfaces(0);
    board.run(Duration::from_secs(1));
    let found = board.gathered(0);
    assert!(found.iter().any(|(_, address)| address.ip().to_string() == "198.51.100.7"));
}

#[test]
fn an_address_that_goes_takes_its_socket_and_candidates_with_it() {
    let mut board =
        Switchboard::new(&["198.51.100.1", "198.51.100.7"], &["198.51.100.2"], |_, _| {});
    board.call(Duration::from_secs(3));
    assert_eq!(board.alice.selected_pair().unwrap().base.ip().to_string(), "198.51.100.1");
    board.ends[0].addresses.remove(0);
    board.tell_interfaces(0);
    let gone: IpAddr = "198.51.100.1".parse().unwrap();
    assert!(board.events(0).any(|event| matches!(event, Event::AddressGone(ip) if *ip == gone)));
    board.run(Duration::from_secs(1));
    assert!(board.ends[0].sockets.iter().all(|socket| socket.ip() != gone));
    assert!(board.alice.agent().pairs().all(|pair| pair.base.ip() != gone));
    board.alice.restart_ice(board.now);
    board.run(Duration::from_secs(5));
    assert!(board.talks(), "over the other address");
}

#[test]
fn a_peer_without_usable_addresses_has_gathered_at_once() {
    let mut board = Switchboard::new(&["127.0.0.1", "fe80::1"], &["198.51.100.2"], |_, _| {});
    board.call(Duration::from_secs(1));
    assert_eq!(board.gathered_at(0), Some(Instant::START));
    assert_eq!(board.gathered(0), []);
}

#[test]
fn mapped_addresses_of_public_hosts_are_no_candidates_of_their_own() {
    let mut board = Switchboard::new(&["198.51.100.1"], &["198.51.100.2"], |_, config| {
        config.servers = vec![IceServer::Stun { addresses: vec![STUN.parse().unwrap()] }];
    });
    board.call(Duration::from_secs(1));
    assert_eq!(board.gathered(0), [(CandidateKind::Host, "198.51.100.1:50000".parse().unwrap())]);
}
