//! Data channels over a call (RFC 8831, RFC 8261).

use core::time::Duration;

use icelab_datachannel::{
    self as datachannel, ChannelId, CloseReason, Message, Properties,
    SendError as ChannelSendError, StreamId,
};
use icelab_ice as ice;
use icelab_peer::{Config, Event, OpenChannelError, SendError, Signal};
use icelab_sans_io::net::{IcmpError, IcmpKind, Notice};
use icelab_sans_io::{Instant, Protocol};

use crate::switchboard::Switchboard;

const ENOUGH: Duration = Duration::from_secs(5);

fn board(adjust: impl Fn(usize, &mut Config)) -> Switchboard {
    Switchboard::new(&["198.51.100.1"], &["198.51.100.2"], |number, config| {
        config.channels = Some(datachannel::Config::default());
        adjust(number, config);
    })
}

/// Alice's channel, asked for before there is a call.
fn open(board: &mut Switchboard) -> ChannelId {
    board.alice.open_channel(Properties::labelled("chat"), Instant::START).unwrap()
}

fn text(text: &str) -> Message {
    Message::Text(text.to_owned())
}

/// What a side heard of its channels.
fn heard(board: &Switchboard, number: usize) -> impl Iterator<Item = &datachannel::Event> {
    board
        .events(number)
        .filter_map(|event| if let Event::Channels(event) = event { Some(event) } else { None })
}

/// The messages that a side got.
fn messages(board: &Switchboard, number: usize) -> Vec<Vec<u8>> {
    let got = heard(board, number).filter_map(|event| {
        if let datachannel::Event::Message { payload, .. } = event {
            Some(payload.clone().into_bytes().to_vec())
        } else {
            None
        }
    });
    got.collect()
}

/// When a side's association was there.
fn connected_at(board: &Switchboard, number: usize) -> Option<Instant> {
    let mut events = board.ends[number].events.iter();
    let found =
        events.find(|(_, event)| matches!(event, Event::Channels(datachannel::Event::Connected)));
    found.map(|(at, _)| *at)
}

#[test]
fn a_channel_that_was_asked_for_before_the_call_carries_messages_both_ways() {
    let mut board = board(|_, _| {});
    let alices = open(&mut board);
    board.call(ENOUGH);
    let opened = heard(&board, 1).find_map(|event| {
        let datachannel::Event::Opened { channel, properties } = event else { return None };
        Some((*channel, properties.label.clone()))
    });
    let (bobs, label) = opened.unwrap();
    assert_eq!(label, "chat");
    let now = board.now;
    board.alice.send_on(alices, text("from alice"), now).unwrap();
    board.bob.send_on(bobs, text("from bob"), now).unwrap();
    board.run(Duration::from_millis(100));
    assert_eq!(messages(&board, 0), [b"from bob"]);
    assert_eq!(messages(&board, 1), [b"from alice"]);
    assert_eq!(board.alice.buffered_amount(alices), 0);
}

/// RFC 8832 section 6: the DTLS client has the even streams; the answerer is it (RFC 8842 section 5.3).
#[test]
fn the_roles_in_the_handshake_say_whose_the_even_streams_are() {
    let mut board = board(|_, _| {});
    let alices = open(&mut board);
    board.call(ENOUGH);
    let now = board.now;
    let bobs = board.bob.open_channel(Properties::labelled("back"), now).unwrap();
    let stream = |peer: &icelab_peer::Peer, channel| peer.channels().unwrap().stream(channel);
    assert_eq!(stream(&board.alice, alices), Some(StreamId(1)));
    assert_eq!(stream(&board.bob, bobs), Some(StreamId(0)));
}

#[test]
fn negotiated_channels_meet_on_their_stream() {
    let mut board = board(|_, _| {});
    let properties = Properties::labelled("agreed");
    let on = StreamId(7);
    let alices =
        board.alice.open_negotiated_channel(on, properties.clone(), Instant::START).unwrap();
    board.bob.open_negotiated_channel(on, properties, Instant::START).unwrap();
    board.call(ENOUGH);
    let now = board.now;
    board.alice.send_on(alices, text("hello"), now).unwrap();
    board.run(Duration::from_millis(100));
    assert_eq!(messages(&board, 1), [b"hello"]);
}

#[test]
fn descriptions_tell_how_long_a_message_may_be() {
    let mut board = board(|number, config| {
        if number == 1 {
            config.channels.as_mut().unwrap().longest_message = 10;
        }
    });
    let channel = open(&mut board);
    board.call(ENOUGH);
    let told = board.signals.iter().filter_map(|(_, signal)| {
        if let Signal::Offer(it) | Signal::Answer(it) = signal { it.longest_message } else { None }
    });
    assert_eq!(told.collect::<Vec<_>>(), [256 << 20, 10]);
    let now = board.now;
    let sent = board.alice.send_on(channel, text("eleven char"), now);
    assert_eq!(sent, Err(ChannelSendError::TooLong { length: 11, limit: 10 }));
    assert_eq!(board.alice.send_on(channel, text("ten charac"), now), Ok(()));
}

#[test]
fn a_side_without_channels_says_so_and_nothing_is_asked_of_it() {
    let mut board = board(|number, config| {
        if number == 1 {
            config.channels = None;
        }
    });
    open(&mut board);
    board.call(ENOUGH);
    assert!(board.alice.is_secure() && board.bob.is_secure());
    assert_eq!(heard(&board, 0).count(), 0);
    assert!(!board.events(1).any(|event| matches!(event, Event::Data { .. })));
    let now = board.now;
    assert_eq!(
        board.bob.open_channel(Properties::default(), now),
        Err(OpenChannelError::NoChannels)
    );
    // What bob says in records of his own is no packet of SCTP.
    board.bob.send(b"hello", now).unwrap();
    board.run(ENOUGH);
    assert_eq!(board.alice.discards().count(icelab_peer::Discard::NoProtocol), 1);
    assert_eq!(board.alice.send(b"hello", now), Err(SendError::HasChannels));
}

/// rtc#225: a first timeout of 3 s, though ICE knows that a round trip takes 20 ms.
#[test]
fn the_first_packets_when_lost_are_sent_again_after_what_ice_has_measured() {
    let mut board = board(|_, _| {});
    open(&mut board);
    board.call(Duration::ZERO);
    while !board.alice.is_secure() || !board.bob.is_secure() {
        board.run(Duration::from_millis(1));
    }
    board.lost_handshakes = 4;
    let secure = board.now;
    board.run(ENOUGH);
    assert_eq!(board.lost_handshakes, 0);
    let late = [0, 1].map(|number| connected_at(&board, number).unwrap() - secure);
    assert!(late.iter().all(|late| *late < Duration::from_millis(400)), "{late:?}");
}

/// Restarts keep the dead pair until there is another: SCTP must not wait for it, or its waits grow to a minute.
#[test]
fn restarts_that_come_to_nothing_let_no_timer_run_either() {
    let mut board = board(|_, _| {});
    let channel = open(&mut board);
    board.call(ENOUGH);
    board.is_direct = false;
    board.turn_is_silent = true;
    let now = board.now;
    board.alice.send_on(channel, text("patience"), now).unwrap();
    for _ in 0..60 {
        board.run(Duration::from_secs(7));
        let now = board.now;
        board.alice.restart_ice(now);
    }
    let timeouts = board.alice.channels().unwrap().association().stats().timeouts;
    assert!(timeouts <= 4, "as many as there are before ICE notices: {timeouts}");
    board.is_direct = true;
    board.turn_is_silent = false;
    board.run(Duration::from_secs(1));
    let now = board.now;
    board.alice.restart_ice(now);
    board.run(Duration::from_secs(2));
    assert!(!heard(&board, 0).any(|event| matches!(event, datachannel::Event::Ended { .. })));
    assert_eq!(messages(&board, 1), [b"patience"]);
}

#[test]
fn without_a_pair_nothing_times_out_and_what_was_sent_arrives_once_there_is_one() {
    let mut board = board(|_, _| {});
    let channel = open(&mut board);
    board.call(ENOUGH);
    board.is_direct = false;
    board.turn_is_silent = true;
    let now = board.now;
    board.alice.send_on(channel, text("patience"), now).unwrap();
    board.run(Duration::from_secs(1_200));
    assert!(board.alice.agent().sending_pair(1).is_none());
    assert_eq!(messages(&board, 1), [b""; 0]);
    board.is_direct = true;
    board.turn_is_silent = false;
    let now = board.now;
    board.alice.restart_ice(now);
    board.run(Duration::from_secs(1));
    assert_eq!(messages(&board, 1), [b"patience"]);
}

/// One of them alone has something to send, and the association of the other is silent: only ICE can
/// tell it. Its timer has grown by as much as there was time for before ICE noticed the outage.
#[test]
fn who_alone_sends_goes_on_as_soon_as_a_pair_works_again() {
    for (number, phase) in (0..10).flat_map(|phase| [(0, phase), (1, phase)]) {
        let mut board = board(|_, _| {});
        let alices = open(&mut board);
        board.call(ENOUGH + phase * Duration::from_millis(500));
        let opened = heard(&board, 1).find_map(|event| {
            if let datachannel::Event::Opened { channel, .. } = event {
                Some(*channel)
            } else {
                None
            }
        });
        let channel = [alices, opened.unwrap()][number];
        board.is_direct = false;
        board.turn_is_silent = true;
        let now = board.now;
        board.peer(number).send_on(channel, text("at last"), now).unwrap();
        while board.peer(number).state() != ice::State::Disconnected {
            board.run(Duration::from_millis(1));
        }
        board.run(Duration::from_millis(500));
        board.is_direct = true;
        board.turn_is_silent = false;
        while board.peer(number).state() == ice::State::Disconnected {
            board.run(Duration::from_millis(1));
        }
        // 10 ms to each of two relays, and to the other side.
        board.run(Duration::from_millis(30));
        assert_eq!(messages(&board, 1 - number), [b"at last"], "from {number} in phase {phase}");
    }
}

/// All of DTLS is lost, and none of STUN: what a burst of loss that outlasts SCTP's few packets comes to.
#[test]
fn an_answer_to_a_consent_check_ends_the_wait_for_a_timer_that_has_grown() {
    let mut board = board(|_, _| {});
    let channel = open(&mut board);
    board.call(ENOUGH);
    board.lost_handshakes = u32::MAX;
    let now = board.now;
    board.alice.send_on(channel, text("at last"), now).unwrap();
    // Left alone it would leave again after 0.4, 1.2, 2.8, 6, 12.4 and 25.2 s.
    board.run(Duration::from_secs(13));
    board.lost_handshakes = 0;
    assert_eq!(board.alice.state(), ice::State::Completed);
    // RFC 7675 section 5.1: a check every 4 to 6 s, and 10 ms each for it, its answer and the message.
    board.run(Duration::from_millis(6_030));
    assert_eq!(messages(&board, 1), [b"at last"]);
}

/// What a router says of the path limits SCTP's packets as it does DTLS's flights.
#[test]
fn packets_fit_what_dtls_leaves_of_the_path() {
    let mut board = board(|_, _| {});
    let channel = open(&mut board);
    board.call(ENOUGH);
    let mtu = |board: &Switchboard| board.alice.channels().unwrap().association().stats().mtu;
    // 1,200 bytes of datagram, less a header of 5 bytes, the content's type, and the tag.
    let room = board.alice.dtls().unwrap().room();
    assert_eq!((room, mtu(&board)), (1_178, 1_178));
    let pair = board.alice.agent().sending_pair(1).unwrap().clone();
    let from = "192.0.2.77".parse().unwrap();
    let kind = IcmpKind::TooBig { mtu: 700 };
    let error = IcmpError { local: pair.base, remote: pair.destination, from, kind };
    let now = board.now;
    board.alice.handle_input(Notice::Icmp(error), now);
    assert!(mtu(&board) <= 700 - 28 - 22, "{}", mtu(&board));
    board.alice.send_on(channel, Message::Binary(vec![7; 5_000].into()), now).unwrap();
    board.run(ENOUGH);
    assert_eq!(messages(&board, 1), [vec![7; 5_000]]);
}

#[test]
fn who_pauses_gets_nothing_until_it_goes_on() {
    let mut board = board(|_, _| {});
    let channel = open(&mut board);
    board.call(ENOUGH);
    board.bob.pause_channels();
    let now = board.now;
    board.alice.send_on(channel, text("later"), now).unwrap();
    board.run(ENOUGH);
    assert_eq!(messages(&board, 1), [b""; 0]);
    let now = board.now;
    board.bob.resume_channels(now);
    board.run(Duration::ZERO);
    assert_eq!(messages(&board, 1), [b"later"]);
}

#[test]
fn a_channel_that_one_side_closes_is_closed_on_both() {
    let mut board = board(|_, _| {});
    let channel = open(&mut board);
    board.call(ENOUGH);
    let now = board.now;
    board.alice.send_on(channel, text("last words"), now).unwrap();
    board.alice.close_channel(channel, now);
    board.run(ENOUGH);
    assert_eq!(messages(&board, 1), [b"last words"]);
    let closed = |number| {
        heard(&board, number).any(|event| matches!(event, datachannel::Event::Closed { .. }))
    };
    assert!(closed(0) && closed(1));
}

/// Both applications agree on the stream, and make the next channel once each has heard that the last one is
/// closed; one of ten datagrams is lost.
#[test]
fn a_stream_carries_one_channel_after_another_over_a_call_that_loses_packets() {
    let mut board = board(|_, _| {});
    board.call(ENOUGH);
    board.loss = Some(10);
    let on = StreamId(7);
    for round in 0..50_usize {
        let properties = Properties::labelled(format!("round {round}"));
        let now = board.now;
        let made = [
            board.alice.open_negotiated_channel(on, properties.clone(), now).unwrap(),
            board.bob.open_negotiated_channel(on, properties, now).unwrap(),
        ];
        board.alice.send_on(made[0], text(&format!("from alice {round}")), now).unwrap();
        board.bob.send_on(made[1], text(&format!("from bob {round}")), now).unwrap();
        let before = [0, 1].map(|number| messages(&board, number).len());
        let end = board.now + ENOUGH;
        while [0, 1].map(|number| messages(&board, number).len()) != before.map(|count| count + 1) {
            assert!(board.now < end, "round {round}: the messages come");
            board.run(Duration::from_millis(10));
        }
        // They take turns in closing it.
        let now = board.now;
        let closer = round % 2;
        board.peer(closer).close_channel(made[closer], now);
        let is_closed = |board: &Switchboard, number: usize| {
            heard(board, number).any(|event| {
                matches!(event, datachannel::Event::Closed { channel, .. } if *channel == made[number])
            })
        };
        let end = board.now + ENOUGH;
        while !(is_closed(&board, 0) && is_closed(&board, 1)) {
            assert!(board.now < end, "round {round}: the channel ends");
            board.run(Duration::from_millis(10));
        }
    }
    let from = |name| (0..50).map(move |round| format!("from {name} {round}").into_bytes());
    assert!(messages(&board, 0).into_iter().eq(from("bob")));
    assert!(messages(&board, 1).into_iter().eq(from("alice")));
    for peer in [&board.alice, &board.bob] {
        assert_eq!(peer.channels().unwrap().discards().iter().count(), 0);
    }
}

#[test]
fn the_end_of_a_call_ends_its_channels_on_both_sides() {
    let mut board = board(|_, _| {});
    let channel = open(&mut board);
    board.call(ENOUGH);
    let now = board.now;
    board.alice.close(now);
    board.run(ENOUGH);
    let ended = |number| {
        let mut heard = heard(&board, number);
        heard.find_map(|event| {
            if let datachannel::Event::Ended { reason } = event {
                Some(reason.clone())
            } else {
                None
            }
        })
    };
    assert_eq!(ended(0), Some(CloseReason::Aborted));
    assert!(matches!(ended(1), Some(CloseReason::PeerAborted { .. })), "{:?}", ended(1));
    let now = board.now;
    let late = board.alice.send_on(channel, text("late"), now);
    assert_eq!(late, Err(ChannelSendError::NotOpen));
    assert!(board.alice.poll_timeout().is_none());
}

#[test]
fn an_ice_restart_keeps_the_channels() {
    let mut board = board(|_, _| {});
    let channel = open(&mut board);
    board.call(ENOUGH);
    let now = board.now;
    board.bob.restart_ice(now);
    board.alice.send_on(channel, text("meanwhile"), now).unwrap();
    board.run(ENOUGH);
    assert_eq!(messages(&board, 1), [b"meanwhile"]);
    assert!(!heard(&board, 0).any(|event| matches!(event, datachannel::Event::Ended { .. })));
}

#[test]
fn the_same_seed_makes_the_same_channels() {
    let run = || {
        let mut board = board(|_, _| {});
        let channel = open(&mut board);
        board.call(ENOUGH);
        let now = board.now;
        board.alice.send_on(channel, text("hello"), now).unwrap();
        board.run(Duration::from_secs(60));
        format!("{:?} {:?}", board.ends[0].events, board.ends[1].events)
    };
    assert_eq!(run(), run());
}
