//! Channels end (RFC 8831 section 6.7), and the association with them (section 6.2).

use std::time::Duration;

use icelab_datachannel::{
    CloseReason, Closure, Config, DataChannels, Discard, Event, OpenError, Properties, ReadyState,
    Role, SendError,
};
use icelab_sans_io::testing::LinkModel;
use icelab_sans_io::{Instant, Rng};
use icelab_sctp::StreamId;

use crate::ends::{
    apart, ask_reset, binary, but_low, closed, configs, connect, connected, drive, good, messages,
    open, open_message, opened, raw, reset, resets, say, text,
};

use crate::rewriting::Habit;

#[test]
fn a_channel_that_one_side_closes_is_closed_on_both() {
    let mut ends = good();
    let (a, z) = open(&mut ends, Properties::labelled("x"));
    ends.a.send(a, text("last words"), ends.now()).unwrap();
    ends.a.close(a, ends.now());
    assert_eq!(ends.a.ready_state(a), ReadyState::Closing);
    // A -> reset -> Z
    // A <- reset <- Z
    drive(&mut ends);
    let events = but_low(ends.events_a());
    assert_eq!(events, [Event::Closed { channel: a, closure: Closure::Local }]);
    let events = ends.events_z();
    assert_eq!(messages(&events, z), [text("last words")]);
    let (closing, end) = (Event::Closing { channel: z }, (z, Closure::Peer));
    assert!(events.contains(&closing));
    assert_eq!(closed(&events), [end]);
    assert_eq!(ends.a.ready_state(a), ReadyState::Closed);
    assert_eq!(ends.a.channels().count() + ends.z.channels().count(), 0);
    assert_eq!((ends.a.stream(a), ends.a.properties(a)), (None, None));
}

#[test]
fn closing_resets_the_outgoing_stream_and_nothing_else() {
    let mut raw = raw();
    let channel = raw.a.open(Properties::labelled("x"), raw.now()).unwrap();
    drive(&mut raw);
    raw.events_z();
    raw.a.close(channel, raw.now());
    drive(&mut raw);
    let asked = |events: &[icelab_sctp::Event]| {
        events.iter().any(|it| matches!(it, icelab_sctp::Event::ResetAsked { .. }))
    };
    let events = raw.events_z();
    assert_eq!(resets(&events), [1]);
    assert!(!asked(&events), "the peer is not told to do the same, it does");
    assert_eq!(raw.a.ready_state(channel), ReadyState::Closing, "until it has");
    reset(&mut raw, 1);
    drive(&mut raw);
    assert_eq!(raw.a.ready_state(channel), ReadyState::Closed);
}

#[test]
fn both_sides_may_close_at_once() {
    let mut ends = good();
    let (a, z) = open(&mut ends, Properties::labelled("x"));
    let now = ends.now();
    ends.a.close(a, now);
    ends.z.close(z, now);
    ends.a.close(a, now);
    drive(&mut ends);
    assert_eq!(ends.events_a(), [Event::Closed { channel: a, closure: Closure::Local }]);
    assert_eq!(ends.events_z(), [Event::Closed { channel: z, closure: Closure::Local }]);
}

#[test]
fn what_was_sent_before_is_delivered_and_what_comes_after_is_not() {
    for seed in 0..5 {
        let link = LinkModel::terrible(Duration::from_millis(50));
        let mut ends = connected(configs(), link, seed);
        let a = ends.a.open(Properties::labelled("x"), ends.now()).unwrap();
        ends.drive_for(Duration::from_secs(60));
        let z = opened(&ends.events_z())[0].0;
        let now = ends.now();
        for number in 0..50 {
            ends.a.send(a, binary(&[number; 3000]), now).unwrap();
            ends.z.send(z, binary(&[number; 3000]), now).unwrap();
        }
        ends.events_a();
        ends.a.close(a, now);
        ends.drive_for(Duration::from_secs(300));
        let expected: Vec<_> = (0..50).map(|number| binary(&[number; 3000])).collect();
        let (events_a, events_z) = (but_low(ends.events_a()), ends.events_z());
        assert_eq!(messages(&events_z, z), expected, "seed {seed}");
        assert_eq!(closed(&events_z), [(z, Closure::Peer)]);
        assert_eq!(events_a, [Event::Closed { channel: a, closure: Closure::Local }]);
        assert_eq!(ends.a.discards().count(Discard::Closing), 50);
    }
}

#[test]
fn many_channels_close_together() {
    let mut ends = good();
    let now = ends.now();
    let all: Vec<_> = (0..3000).map(|_| ends.a.open(Properties::default(), now).unwrap()).collect();
    drive(&mut ends);
    assert_eq!(opened(&ends.events_z()).len(), 3000);
    let now = ends.now();
    for channel in &all {
        ends.a.close(*channel, now);
    }
    ends.drive_for(Duration::from_secs(60));
    assert_eq!(ends.a.channels().count() + ends.z.channels().count(), 0);
    assert_eq!(closed(&ends.events_z()).len(), 3000);
}

#[test]
fn a_channel_may_be_closed_before_the_association_is_there() {
    let (client, server) = configs();
    let client = Config { role: None, ..client };
    let mut ends = apart((client, server), LinkModel::delayed(Duration::from_millis(10)), 1);
    let now = Instant::START;
    let without_stream = ends.a.open(Properties::labelled("no stream"), now).unwrap();
    ends.a.close(without_stream, now);
    ends.settle();
    assert_eq!(closed(&ends.events_a()), [(without_stream, Closure::Local)]);

    ends.a.set_role(Role::Client, now);
    let asked = ends.a.open(Properties::labelled("asked"), now).unwrap();
    ends.a.close(asked, now);
    assert_eq!(ends.a.ready_state(asked), ReadyState::Closing);
    connect(&mut ends);
    drive(&mut ends);
    assert_eq!(closed(&ends.events_a()), [(asked, Closure::Local)]);
    assert_eq!(ends.z.channels().count(), 0, "the peer saw it come and go");
}

#[test]
fn a_request_to_reset_closes_the_channel() {
    let mut raw = raw();
    say(&mut raw, open_message(0, Properties::labelled("x")));
    drive(&mut raw);
    let channel = opened(&raw.events_a())[0].0;
    // A <- reset yours, and here is mine <- Z
    ask_reset(&mut raw, 0);
    drive(&mut raw);
    assert_eq!(raw.events_a(), [Event::Closing { channel }]);
    assert_eq!(resets(&raw.events_z()), [0]);
    reset(&mut raw, 0);
    drive(&mut raw);
    assert_eq!(closed(&raw.events_a()), [(channel, Closure::Peer)]);
}

#[test]
fn a_channel_ends_where_the_peer_cannot_reset_streams_but_its_stream_is_lost() {
    let (mut client, server) = configs();
    client.sctp.extensions.stream_reset = false;
    let mut ends = connected((client, server), LinkModel::default(), 1);
    let now = ends.now();
    let a = ends.a.open_negotiated(StreamId(0), Properties::labelled("x"), now).unwrap();
    ends.a.close(a, now);
    ends.settle();
    assert_eq!(closed(&ends.events_a()), [(a, Closure::Local)]);
    assert_eq!(ends.a.channels().count(), 0);
    let again = ends.a.open_negotiated(StreamId(0), Properties::default(), now);
    assert_eq!(again, Err(OpenError::StreamInUse(StreamId(0))));
}

#[test]
fn shutdown_delivers_everything_and_closes_all_channels() {
    let mut ends = good();
    let (a, z) = open(&mut ends, Properties::labelled("x"));
    let now = ends.now();
    for number in 0..100 {
        ends.a.send(a, binary(&[number; 2000]), now).unwrap();
    }
    ends.a.shutdown(now);
    assert_eq!(ends.a.ready_state(a), ReadyState::Closing);
    assert_eq!(ends.a.send(a, text("no"), now), Err(SendError::NotOpen));
    assert_eq!(ends.a.open(Properties::default(), now), Err(OpenError::Ended));
    drive(&mut ends);
    let ended = Closure::Ended(CloseReason::Shutdown);
    let events_z = ends.events_z();
    assert_eq!(messages(&events_z, z).len(), 100);
    for (events, channel) in [(ends.events_a(), a), (events_z, z)] {
        let mut rest = but_low(events);
        rest.retain(|event| !matches!(event, Event::Message { .. }));
        let expected = [
            Event::Closing { channel },
            Event::Closed { channel, closure: ended.clone() },
            Event::Ended { reason: CloseReason::Shutdown },
        ];
        assert_eq!(rest, expected);
    }
    assert_eq!(ends.a.open(Properties::default(), ends.now()), Err(OpenError::Ended));
}

#[test]
fn an_abort_closes_all_channels_and_says_so() {
    let mut ends = good();
    let (a, z) = open(&mut ends, Properties::labelled("x"));
    ends.a.abort(ends.now());
    drive(&mut ends);
    let aborted = CloseReason::Aborted;
    assert_eq!(closed(&ends.events_a()), [(a, Closure::Ended(aborted))]);
    let events = ends.events_z();
    let [(closed, Closure::Ended(reason))] = &closed(&events)[..] else { panic!("{events:?}") };
    assert_eq!(*closed, z);
    assert!(matches!(reason, CloseReason::PeerAborted { .. }), "{reason:?}");
    assert_eq!(ends.z.ready_state(z), ReadyState::Closed);
}

#[test]
fn a_peer_that_is_gone_closes_all_channels() {
    let mut ends = good();
    let (a, _) = open(&mut ends, Properties::labelled("x"));
    ends.set_link(LinkModel { loss_ppb: 1_000_000_000, ..LinkModel::default() });
    ends.a.send(a, text("hello?"), ends.now()).unwrap();
    ends.drive_for(Duration::from_secs(3600));
    let ended = Closure::Ended(CloseReason::PeerSilent);
    assert_eq!(closed(&ends.events_a()), [(a, ended)]);
}

#[test]
fn a_peer_that_begins_anew_closes_all_channels_and_has_new_ones() {
    let mut ends = good();
    let (a, _) = open(&mut ends, Properties::labelled("x"));
    ends.a.send(a, text("for the old one"), ends.now()).unwrap();
    ends.z = DataChannels::new(configs().1, Rng::from_u64(99));
    ends.z.connect(ends.now());
    drive(&mut ends);
    assert_eq!(closed(&ends.events_a()), [(a, Closure::Restarted)]);
    assert_eq!(ends.events_z(), [Event::Connected], "and it knows nothing of the old one");
    let (a, z) = open(&mut ends, Properties::labelled("anew"));
    assert_eq!(ends.a.stream(a), Some(StreamId(2)), "streams that were never used come first");
    ends.a.send(a, text("for the new one"), ends.now()).unwrap();
    drive(&mut ends);
    assert_eq!(messages(&ends.events_z(), z), [text("for the new one")]);
}

#[test]
fn a_peer_may_reset_all_its_streams_at_once() {
    let mut raw = raw();
    for stream in [0, 6] {
        say(&mut raw, open_message(stream, Properties::labelled("x")));
    }
    drive(&mut raw);
    let mut channels: Vec<_> = opened(&raw.events_a()).iter().map(|(id, _)| *id).collect();
    channels.push(raw.a.open_negotiated(StreamId(7), Properties::default(), raw.now()).unwrap());
    raw.settle();
    raw.events_a();
    raw.z.habit = Some(Habit::ResetsAll);
    reset(&mut raw, 0);
    drive(&mut raw);
    let expected: Vec<_> = channels.into_iter().map(|id| (id, Closure::Peer)).collect();
    assert_eq!(closed(&raw.events_a()), expected);
    assert_eq!(resets(&raw.events_z()), [0, 6, 7]);
}

#[test]
fn a_channel_ends_where_the_peer_denies_the_reset_but_its_stream_is_lost() {
    let mut raw = raw();
    raw.z.habit = Some(Habit::Denies);
    let channel = raw.a.open(Properties::labelled("x"), raw.now()).unwrap();
    drive(&mut raw);
    raw.a.close(channel, raw.now());
    drive(&mut raw);
    assert_eq!(closed(&raw.events_a()), [(channel, Closure::Local)]);
    assert_eq!((raw.a.channels().count(), raw.a.stream(channel)), (0, None));
    let again = raw.a.open_negotiated(StreamId(1), Properties::default(), raw.now());
    assert_eq!(again, Err(OpenError::StreamInUse(StreamId(1))));
    // Nor may the peer have it, whatever it sends.
    say(&mut raw, open_message(1, Properties::labelled("x")));
    drive(&mut raw);
    assert_eq!(raw.events_a(), []);
    let next = raw.a.open(Properties::labelled("x"), raw.now()).unwrap();
    assert_eq!(raw.a.stream(next), Some(StreamId(3)));
}
