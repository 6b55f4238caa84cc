//! Streams that are reset while messages wait to be read (RFC 6525 section 5.2.2).

use std::time::Duration;

use icelab_sans_io::testing::LinkModel;
use icelab_sans_io::{Instant, Output, Protocol};
use icelab_sctp::{Config, Event, SendError, StreamId};

use crate::ends::{connected, ends_with, message, millis, payloads, read};

/// What is done while it reads, or that it reads, may tell of the reset before the message behind it.
#[test]
fn what_follows_a_reset_waits_until_the_reset_was_heard() {
    for sends_meanwhile in [false, true] {
        // So small that reading one message is worth telling the peer.
        let small = Config {
            receive_buffer: if sends_meanwhile { 5 << 20 } else { 2000 },
            ..Config::default()
        };
        let mut pair = ends_with(Config::default(), small, LinkModel::default(), 1);
        pair.a.connect(Instant::START);
        pair.drive_for(Duration::from_secs(1));
        // A -> DATA(900 bytes) -> Z
        // A -> RE-CONFIG(stream 0) -> Z
        // A -> DATA(of the new stream 0) -> Z
        let now = pair.now();
        let before = "before".repeat(150);
        pair.a.send(message(0, before.clone()), now).unwrap();
        pair.a.reset_streams(&[StreamId(0)], now).unwrap();
        pair.drive_for(Duration::from_secs(1));
        let now = pair.now();
        pair.a.send(message(0, "after"), now).unwrap();
        pair.drive_for(Duration::from_secs(1));
        assert!(pair.events_a().contains(&Event::StreamsReset { streams: vec![StreamId(0)] }));
        assert!(pair.events_z().contains(&Event::Readable));
        // Z reads up to the reset, hears of it, and reads on.
        let now = pair.now();
        let first = pair.z.receive(now);
        if sends_meanwhile {
            pair.z.send(message(0, "answer"), now).unwrap();
        }
        let rest = read(&mut pair.z, now);
        assert_eq!(payloads(first.into_iter().chain(rest).collect()), [before]);
        let heard: Vec<_> = std::iter::from_fn(|| pair.z.poll_output())
            .filter_map(|output| match output {
                Output::Event(event) => Some(event),
                Output::Packet(_) => None,
            })
            .filter(|event| !matches!(event, Event::BufferedAmountLow { .. }))
            .collect();
        assert_eq!(heard, [Event::PeerReset { streams: vec![StreamId(0)] }, Event::Readable]);
        assert_eq!(payloads(read(&mut pair.z, now)), ["after"]);
    }
}

/// What is sent between the two would belong to a stream that begins anew under it.
#[test]
fn a_stream_that_is_to_be_reset_once_more_takes_no_messages_in_between() {
    let mut pair = connected(LinkModel::delayed(millis(25)), 1);
    let stream = StreamId(0);
    let now = pair.now();
    pair.a.send(message(0, "before"), now).unwrap();
    // A -> RE-CONFIG(stream 0) -> Z
    pair.a.reset_streams(&[stream], now).unwrap();
    pair.drive_for(millis(10));
    let now = pair.now();
    pair.a.reset_streams(&[stream], now).unwrap();
    // A <- RE-CONFIG(performed) <- Z, and the second one leaves.
    pair.drive_for(millis(50));
    let done = Event::StreamsReset { streams: vec![stream] };
    assert!(pair.events_a().contains(&done));
    let now = pair.now();
    assert_eq!(pair.a.send(message(0, "between"), now), Err(SendError::Resetting { stream }));
    pair.drive_for(Duration::from_secs(1));
    assert!(pair.events_a().contains(&done));
    let now = pair.now();
    pair.a.send(message(0, "after"), now).unwrap();
    pair.a.send(message(0, "and on"), now).unwrap();
    pair.drive_for(Duration::from_secs(1));
    let now = pair.now();
    let mut all = payloads(read(&mut pair.z, now));
    while pair.z.poll_output().is_some() {
        all.extend(payloads(read(&mut pair.z, now)));
    }
    assert_eq!(all, ["before", "after", "and on"]);
}

/// Each answers with a request of its own, and may not make one while the other is on its way: one of them
/// gives way.
#[test]
fn ends_that_ask_each_other_for_a_reset_at_once_both_get_it() {
    for seed in 1..=8 {
        both_ask(1, Duration::from_secs(2), seed);
    }
}

/// An end that has much to ask does not send the peer away for it: both would wait for the other for ever.
#[test]
fn ends_that_both_ask_for_many_resets_get_them_all() {
    for seed in 1..=8 {
        both_ask(40, Duration::from_secs(20), seed);
    }
}

fn both_ask(times: usize, time: Duration, seed: u64) {
    let mut pair = connected(LinkModel::delayed(millis(25)), seed);
    let stream = StreamId(3);
    let now = pair.now();
    // A -> RE-CONFIG(reset yours) -> Z
    // A <- RE-CONFIG(reset yours) <- Z
    for _ in 0..times {
        pair.a.ask_reset(&[stream], now).unwrap();
        pair.z.ask_reset(&[stream], now).unwrap();
    }
    pair.drive_for(time);
    for events in [pair.events_a(), pair.events_z()] {
        let count = |event: Event| events.iter().filter(|one| **one == event).count();
        let streams = || vec![stream];
        assert_eq!(count(Event::ResetAsked { streams: streams() }), times);
        assert_eq!(count(Event::StreamsReset { streams: streams() }), times);
        assert_eq!(count(Event::PeerReset { streams: streams() }), times);
        assert_eq!(count(Event::ResetRefused { streams: streams() }), 0);
    }
    assert!(pair.a.is_at_rest() && pair.z.is_at_rest());
}

/// One request names 256 streams, so that a packet has room for it.
#[test]
fn an_end_asks_for_any_number_of_streams_to_be_reset() {
    let mut pair = connected(LinkModel::delayed(millis(25)), 1);
    let streams: Vec<_> = (0..1000).map(StreamId).collect();
    pair.a.ask_reset(&streams, pair.now()).unwrap();
    pair.drive_for(Duration::from_secs(2));
    let reset: Vec<_> = pair
        .events_a()
        .iter()
        .filter_map(|event| match event {
            Event::PeerReset { streams } => Some(streams.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(reset.iter().map(Vec::len).collect::<Vec<_>>(), [256, 256, 256, 232]);
    assert_eq!(reset.concat(), streams);
    assert!(pair.a.is_at_rest() && pair.z.is_at_rest());
}

#[test]
fn streams_are_reset_where_packets_are_short() {
    let short = Config { mtu: 400, largest_mtu: 400, ..Config::default() };
    let mut pair = ends_with(short.clone(), short, LinkModel::default(), 1);
    pair.a.connect(Instant::START);
    pair.drive_for(Duration::from_secs(1));
    let streams: Vec<_> = (0..600).map(StreamId).collect();
    let now = pair.now();
    pair.a.reset_streams(&streams, now).unwrap();
    pair.a.ask_reset(&streams, now).unwrap();
    pair.drive_for(Duration::from_secs(5));
    let (mut own, mut peers) = (0, 0);
    for event in pair.events_a() {
        match event {
            Event::StreamsReset { streams } => own += streams.len(),
            Event::PeerReset { streams } => peers += streams.len(),
            _ => {}
        }
    }
    assert_eq!((own, peers), (600, 600));
}
