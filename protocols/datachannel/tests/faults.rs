//! Peers that break the rules.

use std::time::Duration;

use icelab_datachannel::wire::dcep::Dcep;
use icelab_datachannel::wire::ppid::Ppid;
use icelab_datachannel::{
    Closure, Config, Discard, Event, Properties, ReadyState, Reliability, Role,
};
use icelab_sans_io::testing::LinkModel;
use icelab_sans_io::{Protocol as _, Rng};
use icelab_sctp::StreamId;

use crate::ends::{
    Raw, apart, closed, configs, connect, drive, good, messages, open, open_message, opened, raw,
    raw_with, reset, resets, say, sctp, text,
};

/// How many messages of the establishment protocol have come to the peer.
fn dcep_at_peer(raw: &mut Raw) -> usize {
    raw.z.received().iter().filter(|it| it.ppid == Ppid::Dcep.number()).count()
}

#[test]
fn data_on_a_stream_that_is_no_channel_close_it() {
    let mut raw = raw();
    say(&mut raw, sctp(6, 51, b"hello?"));
    say(&mut raw, sctp(6, 51, b"hello?"));
    drive(&mut raw);
    assert_eq!(raw.events_a(), [], "the application is not told");
    assert_eq!(raw.a.discards().count(Discard::NoChannel), 1);
    assert_eq!(raw.a.discards().count(Discard::Closing), 1);
    assert_eq!(resets(&raw.events_z()), [6]);
    assert_eq!(raw.a.channels().count(), 0);
}

#[test]
fn a_stream_that_was_refused_may_become_a_channel() {
    for resets_it in [true, false] {
        let mut raw = raw();
        say(&mut raw, sctp(6, 51, b"hello?"));
        drive(&mut raw);
        // A -> reset -> Z; then Z, whether it had anything to reset or not, opens a channel.
        if resets_it {
            reset(&mut raw, 6);
            drive(&mut raw);
        }
        say(&mut raw, open_message(6, Properties::labelled("x")));
        say(&mut raw, sctp(6, 51, b"hello"));
        drive(&mut raw);
        let events = raw.events_a();
        let [(channel, _)] = opened(&events)[..] else { panic!("{events:?}") };
        assert_eq!(messages(&events, channel), [text("hello")]);
        assert_eq!(dcep_at_peer(&mut raw), 1, "ACK");
    }
}

#[test]
fn an_open_on_a_stream_in_use_closes_its_channel_and_is_not_answered() {
    let mut raw = raw();
    say(&mut raw, open_message(0, Properties::labelled("x")));
    drive(&mut raw);
    let channel = opened(&raw.events_a())[0].0;
    let agreed =
        raw.a.open_negotiated(StreamId(8), Properties::labelled("agreed"), raw.now()).unwrap();
    for stream in [0, 8] {
        say(&mut raw, open_message(stream, Properties::labelled("again")));
        reset(&mut raw, stream);
    }
    drive(&mut raw);
    let fault = Closure::Fault(Discard::StreamInUse);
    let mut closed = closed(&raw.events_a());
    closed.sort_by_key(|(channel, _)| *channel);
    assert_eq!(closed, [(channel, fault.clone()), (agreed, fault)]);
    assert_eq!(dcep_at_peer(&mut raw), 1, "the first ACK");
    let mut resets = resets(&raw.events_z());
    resets.sort_unstable();
    assert_eq!(resets, [0, 8]);
}

#[test]
fn an_open_on_a_stream_of_this_sides_is_refused() {
    let mut raw = raw();
    say(&mut raw, open_message(3, Properties::labelled("x")));
    drive(&mut raw);
    assert_eq!(raw.events_a(), []);
    assert_eq!(raw.a.discards().count(Discard::WrongParity), 1);
    assert_eq!(dcep_at_peer(&mut raw), 0);
    assert_eq!(resets(&raw.events_z()), [3]);
    let now = raw.now();
    let own = [(); 2].map(|()| raw.a.open(Properties::default(), now).unwrap());
    let streams = own.map(|channel| raw.a.stream(channel).unwrap().0);
    assert_eq!(streams, [1, 5], "the stream is not used before it is reset");
}

#[test]
fn an_open_that_is_not_well_formed_is_refused() {
    let good = Dcep::Open(Properties { protocol: "p".into(), ..Properties::labelled("label") });
    let good = good.encode();
    let with = |place: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[place] = byte;
        bytes
    };
    let mut longer = good.clone();
    longer.push(0);
    let wrong = [
        good[..11].to_vec(),
        good[..good.len() - 1].to_vec(),
        longer,
        with(0, 0),     // an older draft's message
        with(0, 4),     // a type of message that is not known
        with(1, 3),     // a type of channel that is not known
        with(1, 0x7F),  // one that is reserved
        with(9, 6),     // a label that is longer than what is there
        with(9, 4),     // a label that is shorter
        with(12, 0xFF), // a label that is no UTF-8
        vec![3; 140_000],
    ];
    for bytes in wrong {
        let mut raw = raw();
        say(&mut raw, sctp(2, 50, &bytes));
        drive(&mut raw);
        assert_eq!(raw.events_a(), [], "{bytes:?}");
        assert_eq!(raw.a.discards().count(Discard::Malformed), 1, "{bytes:?}");
        assert_eq!(dcep_at_peer(&mut raw), 0);
        assert_eq!(resets(&raw.events_z()), [2], "{bytes:?}");
    }
}

#[test]
fn a_control_message_that_is_not_known_closes_an_open_channel() {
    let mut raw = raw();
    let channel = raw.a.open(Properties::labelled("x"), raw.now()).unwrap();
    say(&mut raw, sctp(1, 50, &[0xFF]));
    drive(&mut raw);
    let events = raw.events_a();
    assert_eq!(events, [Event::Open { channel }, Event::Closing { channel }]);
}

#[test]
fn an_open_without_order_is_refused() {
    let mut raw = raw();
    let message = open_message(2, Properties::labelled("x"));
    let message = icelab_sctp::Message { is_unordered: true, ..message };
    say(&mut raw, message);
    drive(&mut raw);
    assert_eq!(raw.events_a(), []);
    assert_eq!(raw.a.discards().count(Discard::IllegalOrder), 1);
    assert_eq!(resets(&raw.events_z()), [2]);
}

#[test]
fn two_sides_of_one_role_close_the_channels_that_collide() {
    let (client, _) = configs();
    let server = Config { role: Some(Role::Client), ..client.clone() };
    let mut ends = apart((client, server), LinkModel::delayed(Duration::from_millis(10)), 1);
    connect(&mut ends);
    let now = ends.now();
    let a = ends.a.open(Properties::labelled("a"), now).unwrap();
    let z = ends.z.open(Properties::labelled("z"), now).unwrap();
    assert_eq!((ends.a.stream(a), ends.z.stream(z)), (Some(StreamId(0)), Some(StreamId(0))));
    drive(&mut ends);
    let fault = Closure::Fault(Discard::StreamInUse);
    assert_eq!(closed(&ends.events_a()), [(a, fault.clone())]);
    assert_eq!(closed(&ends.events_z()), [(z, fault)]);
    // One that is alone on its stream is no better: the peer may not open it.
    let a = ends.a.open(Properties::labelled("a"), ends.now()).unwrap();
    drive(&mut ends);
    assert_eq!(closed(&ends.events_a()), [(a, Closure::Refused)]);
}

#[test]
fn a_long_open_that_comes_in_parts_is_one() {
    let (_, mut config) = configs();
    config.sctp.partial_delivery = 2000;
    let mut raw = raw_with(config);
    let properties = Properties::labelled("l".repeat(60_000));
    say(&mut raw, open_message(0, properties.clone()));
    say(&mut raw, sctp(0, 51, b"behind it"));
    drive(&mut raw);
    let events = raw.events_a();
    let [(channel, told)] = opened(&events)[..] else { panic!("{events:?}") };
    assert_eq!(told, &properties);
    assert_eq!(messages(&events, channel), [text("behind it")]);
}

#[test]
fn the_names_of_the_peers_channels_are_bounded() {
    let config = Config { names: 10, ..configs().1 };
    let mut raw = raw_with(config);
    let properties = Properties { protocol: "1234".into(), ..Properties::labelled("123456") };
    say(&mut raw, open_message(0, properties.clone()));
    say(&mut raw, open_message(2, Properties::labelled("1")));
    drive(&mut raw);
    let channel = opened(&raw.events_a())[0].0;
    assert_eq!(raw.a.discards().count(Discard::NoRoom), 1);
    assert_eq!(resets(&raw.events_z()), [2]);
    // What a channel had is given back.
    raw.a.close(channel, raw.now());
    reset(&mut raw, 0);
    drive(&mut raw);
    say(&mut raw, open_message(4, properties));
    drive(&mut raw);
    assert_eq!(opened(&raw.events_a()).len(), 1);
}

#[test]
fn data_on_a_channel_that_closes_are_dropped() {
    let mut ends = good();
    let (a, z) = open(&mut ends, Properties::labelled("x"));
    let now = ends.now();
    ends.a.close(a, now);
    ends.z.send(z, text("too late"), now).unwrap();
    drive(&mut ends);
    assert_eq!(messages(&ends.events_a(), a), []);
    assert_eq!(ends.a.discards().count(Discard::Closing), 1);
}

/// A peer that does what it likes for as long as it likes.
#[test]
fn no_peer_confuses_the_layer() {
    for seed in 0..40 {
        let (_, mut config) = configs();
        config.sctp.partial_delivery = 1500;
        config.channels = 5;
        config.unfinished = 30_000;
        config.longest_message = 9000;
        let mut raw = raw_with(config);
        let mut rng = Rng::from_u64(seed).fork("peer", 0);
        let mut below = |bound: u64| rng.below(bound);
        let mut own = Vec::new();
        for _ in 0..300 {
            let now = raw.now();
            let stream = u16::try_from(below(8)).unwrap();
            match below(12) {
                0..=2 => {
                    let labels = ["x", "y", "a longer one"];
                    let label = labels[usize::try_from(below(3)).unwrap()];
                    let _ = raw
                        .z
                        .association
                        .send(open_message(stream, Properties::labelled(label)), now);
                }
                3..=6 => {
                    let length = usize::try_from(1 + below(10_000)).unwrap();
                    let ppid = u32::try_from(49 + below(10)).unwrap();
                    let message = icelab_sctp::Message {
                        is_unordered: below(2) == 0,
                        reliability: match below(3) {
                            0 => Reliability::Retransmissions(0),
                            _ => Reliability::Full,
                        },
                        ..sctp(stream, ppid, &vec![u8::try_from(below(5)).unwrap(); length])
                    };
                    let _ = raw.z.association.send(message, now);
                }
                7 => drop(raw.z.association.reset_streams(&[StreamId(stream)], now)),
                8 => drop(raw.z.association.ask_reset(&[StreamId(stream)], now)),
                9 => own.extend(raw.a.open(Properties::labelled("own"), now)),
                10 => match (below(3), own.pop()) {
                    (0, _) => raw.a.pause(),
                    (1, _) => raw.a.resume(now),
                    (_, Some(channel)) => raw.a.close(channel, now),
                    (_, None) => {}
                },
                _ => {
                    for channel in &own {
                        let _ = raw.a.send(*channel, text("own"), now);
                    }
                }
            }
            let step = Duration::from_millis(below(60));
            raw.drive_for(step);
            assert!(raw.a.channels().count() <= 5, "seed {seed}");
            for channel in raw.a.channels() {
                assert_ne!(raw.a.ready_state(channel), ReadyState::Closed, "seed {seed}");
            }
            raw.z.received();
        }
        raw.a.abort(raw.now());
        drive(&mut raw);
        let events = raw.events_a();
        assert!(matches!(events.last(), Some(Event::Ended { .. })), "seed {seed}");
        assert_eq!(raw.a.channels().count(), 0);
        // Each channel that was opened is closed, once.
        let mut open: Vec<_> = opened(&events).iter().map(|(channel, _)| *channel).collect();
        open.extend(events.iter().filter_map(|event| match event {
            Event::Open { channel } => Some(*channel),
            _ => None,
        }));
        let mut ended: Vec<_> = closed(&events).iter().map(|(channel, _)| *channel).collect();
        open.sort_unstable();
        ended.sort_unstable();
        assert_eq!(open, ended, "seed {seed}");
        assert_eq!(raw.a.poll_timeout(), None);
    }
}
