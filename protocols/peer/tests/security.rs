//! The DTLS connection of a call (RFC 8827, RFC 8842).

use core::time::Duration;

use icelab_crypto::{Fingerprint, Hash};
use icelab_dtls::{self as dtls, NamedGroup};
use icelab_ice as ice;
use icelab_peer::{Config, Discard, Event, SendError, Setup, Signal};
use icelab_sans_io::Protocol;
use icelab_sans_io::net::{Datagram, IcmpError, IcmpKind, Notice};

use crate::switchboard::Switchboard;

const ENOUGH: Duration = Duration::from_secs(5);

fn board(adjust: impl Fn(usize, &mut Config)) -> Switchboard {
    Switchboard::new(&["198.51.100.1"], &["198.51.100.2"], adjust)
}

/// How often a side's handshake began.
fn handshakes(board: &Switchboard, number: usize) -> Vec<dtls::Role> {
    let begun = board.events(number).filter_map(|event| {
        if let Event::HandshakeStarted { role } = event { Some(*role) } else { None }
    });
    begun.collect()
}

fn versions(board: &Switchboard) -> [Option<dtls::Version>; 2] {
    [&board.alice, &board.bob].map(|peer| peer.dtls().and_then(dtls::Dtls::version))
}

/// RFC 8842 section 5.2: an offer leaves it open; section 5.3: an answerer that is free to choose
/// begins.
#[test]
fn the_answerer_begins_and_both_have_the_same_keys() {
    let mut board = board(|_, _| {});
    board.call(ENOUGH);
    assert!(board.alice.is_secure() && board.bob.is_secure());
    assert_eq!(handshakes(&board, 0), [dtls::Role::Server]);
    assert_eq!(handshakes(&board, 1), [dtls::Role::Client]);
    let said = board.signals.iter().filter_map(|(_, signal)| {
        if let Signal::Offer(description) | Signal::Answer(description) = signal {
            Some(description.setup)
        } else {
            None
        }
    });
    assert_eq!(said.collect::<Vec<_>>(), [Setup::Either, Setup::Active]);
    let key = |peer: &icelab_peer::Peer| {
        let mut key = [0; 32];
        peer.dtls().unwrap().export(b"EXPORTER-test", None, &mut key).unwrap();
        key
    };
    assert_eq!(key(&board.alice), key(&board.bob));
    assert!(board.talks());
}

#[test]
fn both_speak_the_newest_version_that_both_know() {
    use dtls::Version::{V1_2, V1_3};
    for (alice, bob, agreed) in [
        ((V1_2, V1_3), (V1_2, V1_3), V1_3),
        ((V1_2, V1_2), (V1_2, V1_3), V1_2),
        ((V1_2, V1_3), (V1_2, V1_2), V1_2),
        ((V1_3, V1_3), (V1_3, V1_3), V1_3),
    ] {
        let mut board = board(|number, config| {
            config.handshake.versions = if number == 0 { alice } else { bob };
        });
        board.call(ENOUGH);
        assert_eq!(versions(&board), [Some(agreed); 2]);
        assert!(board.talks());
    }
}

#[test]
fn where_no_version_is_common_the_call_is_not_secure_and_carries_nothing() {
    let mut board = board(|number, config| {
        let version = [dtls::Version::V1_2, dtls::Version::V1_3][number];
        config.handshake.versions = (version, version);
    });
    board.call(ENOUGH);
    assert!(!board.alice.is_secure() && !board.bob.is_secure());
    assert_eq!(board.alice.send(b"hello", board.now), Err(SendError::NotSecure));
}

/// RFC 8445 section 12.1: data may use a valid pair; with regular nomination that saves a round trip.
#[test]
fn the_handshake_does_not_wait_for_the_nomination() {
    let mut board = board(|_, _| {});
    board.call(ENOUGH);
    for end in &board.ends {
        let at = |wanted: fn(&Event) -> bool| {
            end.events.iter().find(|(_, event)| wanted(event)).map(|(at, _)| *at).unwrap()
        };
        let begun = at(|event| matches!(event, Event::HandshakeStarted { .. }));
        let connected = at(|event| {
            matches!(event, Event::Ice(ice::Event::StateChanged(ice::State::Connected)))
        });
        let selected = at(|event| matches!(event, Event::Ice(ice::Event::Selected { .. })));
        assert_eq!(begun, connected);
        assert!(begun < selected);
    }
}

/// RFC 8842 section 5.5: an ICE restart alone makes no new connection.
#[test]
fn an_ice_restart_keeps_the_connection() {
    let mut board = board(|_, _| {});
    board.call(ENOUGH);
    for side in 0..2 {
        let now = board.now;
        board.peer(side).restart_ice(now);
        board.run(ENOUGH);
        assert!(board.talks());
    }
    assert_eq!([handshakes(&board, 0).len(), handshakes(&board, 1).len()], [1, 1]);
}

/// RFC 8827 section 6.5: somebody in the middle has another certificate.
#[test]
fn another_certificate_than_the_signalled_one_ends_it_before_any_data() {
    let mut board = board(|_, _| {});
    board.forge = Some(Fingerprint::of(Hash::Sha256, b"somebody else"));
    board.call(ENOUGH);
    assert!(!board.alice.is_secure() && !board.bob.is_secure());
    let is_refused = |event: &Event| {
        let reason = dtls::CloseReason::Fingerprint;
        matches!(event, Event::Dtls(dtls::Event::Closed { reason: got }) if *got == reason)
    };
    assert!(board.events(0).chain(board.events(1)).any(is_refused));
    assert!(!board.talks());
}

#[test]
fn closing_says_goodbye() {
    let mut board = board(|_, _| {});
    board.call(ENOUGH);
    board.alice.close(board.now);
    board.run(Duration::from_millis(50));
    assert!(!board.bob.is_secure());
    let is_goodbye = |event: &Event| {
        let reason = dtls::CloseReason::Remote;
        matches!(event, Event::Dtls(dtls::Event::Closed { reason: got }) if *got == reason)
    };
    assert!(board.events(1).any(is_goodbye));
}

/// The waits follow ICE's measurement, whatever the default is: a lost first flight costs 50 ms, the
/// least wait, where the round trip takes 20.
#[test]
fn the_handshake_waits_no_longer_than_the_round_trip_needs() {
    let mut board = board(|_, _| {});
    board.lost_handshakes = 1;
    board.call(ENOUGH);
    let sent: Vec<_> = board.ends[1]
        .events
        .iter()
        .filter(|(_, event)| matches!(event, Event::HandshakeSent { .. }))
        .map(|(at, _)| *at)
        .collect();
    let wait = sent[1] - sent[0];
    assert!(wait == Duration::from_millis(50), "{wait:?}");
    assert!(board.talks());
}

/// RFC 8842 section 5.2: whoever offers may be spoken to before the answer has come.
#[test]
fn what_comes_before_the_answer_waits_for_it() {
    let mut board = board(|_, _| {});
    board.signal_delay = Duration::from_millis(300);
    board.call(ENOUGH);
    let at = |number: usize, wanted: fn(&Event) -> bool| {
        let mut events = board.ends[number].events.iter();
        events.find(|(_, event)| wanted(event)).map(|(at, _)| *at).unwrap()
    };
    let begun = |event: &Event| matches!(event, Event::HandshakeStarted { .. });
    let secure = |event: &Event| matches!(event, Event::Dtls(dtls::Event::Connected(_)));
    assert!(at(1, begun) + Duration::from_millis(200) < at(0, begun), "the client began early");
    // The hello is there: alice answers it as soon as she has a pair, and bob's Finished comes back.
    let wait = at(0, secure) - at(0, begun);
    assert!(wait <= Duration::from_millis(21), "{wait:?}");
    assert!(board.talks());
}

/// RFC 8842 section 5.3: an answerer that is told who begins obeys.
#[test]
fn an_offer_may_say_who_begins() {
    for (setup, roles) in [
        (Setup::Active, [dtls::Role::Client, dtls::Role::Server]),
        (Setup::Passive, [dtls::Role::Server, dtls::Role::Client]),
    ] {
        let mut board = board(|_, _| {});
        board.offer_setup = Some(setup);
        board.call(ENOUGH);
        let answered = board.signals.iter().find_map(|(_, signal)| {
            if let Signal::Answer(answer) = signal { Some(answer.setup) } else { None }
        });
        let opposite = if setup == Setup::Active { Setup::Passive } else { Setup::Active };
        assert_eq!(answered, Some(opposite));
        assert_eq!([handshakes(&board, 0), handshakes(&board, 1)], roles.map(|role| vec![role]));
        assert!(board.talks());
    }
}

/// RFC 8842 section 4: another certificate means another connection.
#[test]
fn another_fingerprint_begins_another_connection() {
    let mut board = board(|_, _| {});
    board.call(ENOUGH);
    board.forge = Some(Fingerprint::of(Hash::Sha256, b"somebody else"));
    let now = board.now;
    board.alice.restart_ice(now);
    board.run(ENOUGH);
    assert_eq!(handshakes(&board, 0).len(), 2, "alice expects somebody else");
    assert!(!board.alice.is_secure());
}

/// RFC 7983: what is neither STUN nor DTLS is nobody's, as long as there are no media; and nobody can
/// fill the place where the first flight waits.
#[test]
fn what_belongs_to_no_protocol_is_dropped_and_what_is_early_is_bounded() {
    let mut board = board(|_, _| {});
    board.signal_delay = Duration::from_millis(300);
    board.call(Duration::from_millis(450));
    let begun = |number| !handshakes(&board, number).is_empty();
    assert!(begun(1) && !begun(0), "bob has a pair, and alice has no answer");
    let pair = board.bob.agent().sending_pair(1).unwrap().clone();
    let mut tell = |payload: Vec<u8>| {
        let datagram = Datagram::new(pair.base, pair.destination, payload);
        board.alice.handle_input(Notice::Datagram(datagram), board.now);
    };
    for first in [4, 19, 64, 128, 255] {
        tell(vec![first; 40]);
    }
    for _ in 0..40 {
        tell(vec![22; 40]);
    }
    assert_eq!(board.alice.discards().count(Discard::NoProtocol), 5);
    let dropped = board.alice.discards().count(Discard::NotReady);
    assert!((24..40).contains(&dropped), "{dropped}");
    board.run(ENOUGH);
    assert!(board.talks());
}

/// While there is no path, nothing is tried and nothing given up, however long that takes.
#[test]
fn a_handshake_outlives_a_path_that_is_gone_for_minutes() {
    let mut board = board(|_, _| {});
    board.call(Duration::from_millis(62));
    assert!(!board.alice.is_secure() && !handshakes(&board, 1).is_empty());
    board.is_direct = false;
    board.turn_is_silent = true;
    board.run(Duration::from_secs(300));
    assert!(!board.alice.is_secure() && !board.bob.is_secure());
    board.is_direct = true;
    board.turn_is_silent = false;
    let now = board.now;
    board.alice.restart_ice(now);
    board.run(ENOUGH);
    assert!(board.talks());
    assert_eq!([handshakes(&board, 0).len(), handshakes(&board, 1).len()], [1, 1]);
}

/// RFC 9147 section 4.4: what a router says of the path in use counts, and of no other.
#[test]
fn what_is_too_big_for_the_path_is_sent_again_in_smaller_pieces() {
    let mut board = board(|_, config| config.handshake.groups = vec![NamedGroup::X25519_MLKEM768]);
    board.lost_handshakes = 2;
    board.call(Duration::from_millis(64));
    let sent = |board: &Switchboard| -> Vec<usize> {
        let sent = board.events(1).filter_map(|event| {
            if let Event::HandshakeSent { datagram } = event { Some(datagram.len()) } else { None }
        });
        sent.collect()
    };
    assert_eq!(sent(&board).len(), 2, "a hello in two datagrams");
    let pair = board.bob.agent().sending_pair(1).unwrap().clone();
    let tell = |board: &mut Switchboard, remote| {
        let from = "192.0.2.77".parse().unwrap();
        let kind = IcmpKind::TooBig { mtu: 700 };
        let error = IcmpError { local: pair.base, remote, from, kind };
        board.bob.handle_input(Notice::Icmp(error), board.now);
        board.run(Duration::ZERO);
    };
    tell(&mut board, "198.51.100.9:9".parse().unwrap());
    assert_eq!(board.bob.discards().count(Discard::Icmp), 1);
    assert_eq!(sent(&board).len(), 2);
    tell(&mut board, pair.destination);
    let sizes = sent(&board);
    assert!(sizes.len() > 4 && sizes[2..].iter().all(|size| *size <= 672), "{sizes:?}");
    board.run(ENOUGH);
    assert!(board.talks());
}
