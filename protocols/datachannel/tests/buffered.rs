//! What waits to be sent, and what waits to be read.

use std::time::Duration;

use icelab_datachannel::{Config, Event, Properties, SendError};
use icelab_sans_io::Instant;
use icelab_sans_io::testing::LinkModel;

use crate::ends::{
    apart, binary, but_low, closed, configs, connect, connected, drive, good, messages, open,
    opened, text,
};

#[test]
fn the_buffered_amount_is_what_was_not_sent_for_the_first_time() {
    let mut ends = good();
    let (a, _) = open(&mut ends, Properties::labelled("x"));
    assert_eq!(ends.a.buffered_amount(a), 0);
    let now = ends.now();
    for _ in 0..10 {
        ends.a.send(a, binary(&[0; 100_000]), now).unwrap();
    }
    let waiting = ends.a.buffered_amount(a);
    assert!((500_000..1_000_000).contains(&waiting), "{waiting} of 1000000 wait");
    let mut before = waiting;
    while before > 0 {
        ends.drive_for(Duration::from_millis(10));
        let waiting = ends.a.buffered_amount(a);
        assert!(waiting <= before, "{waiting} after {before}");
        assert!(ends.now() < Instant::from_secs(60), "{waiting} still wait");
        before = waiting;
    }
}

#[test]
fn what_opens_the_channel_does_not_count() {
    let (client, server) = configs();
    let mut ends = apart((client, server), LinkModel::delayed(Duration::from_millis(10)), 1);
    let label = "x".repeat(60_000);
    let a = ends.a.open(Properties::labelled(label), Instant::START).unwrap();
    assert_eq!(ends.a.buffered_amount(a), 0, "OPEN waits for the association");
    connect(&mut ends);
    ends.a.send(a, text("12345"), ends.now()).unwrap();
    assert!(ends.a.buffered_amount(a) <= 5);
    drive(&mut ends);
    let low = |event: &Event| matches!(event, Event::BufferedAmountLow { .. });
    assert_eq!(ends.events_a().iter().filter(|it| low(it)).count(), 1, "once, for the message");
    assert_eq!(ends.events_z().iter().filter(|it| low(it)).count(), 0, "not for ACK");
}

#[test]
fn low_is_told_once_each_time_the_amount_falls_to_the_threshold() {
    let mut ends = good();
    let (a, _) = open(&mut ends, Properties::labelled("x"));
    ends.a.set_buffered_amount_low_threshold(a, 50_000);
    for _ in 0..2 {
        // Less than the threshold never was above it.
        ends.a.send(a, binary(&[0; 1000]), ends.now()).unwrap();
        drive(&mut ends);
        assert_eq!(ends.events_a(), []);
        for _ in 0..10 {
            ends.a.send(a, binary(&[0; 100_000]), ends.now()).unwrap();
        }
        assert!(ends.a.buffered_amount(a) > 50_000);
        // Those that could leave at once have.
        ends.settle();
        ends.events_a();
        let limit = ends.now() + Duration::from_secs(60);
        ends.drive_while(limit, |ends| ends.a.buffered_amount(a) > 50_000);
        assert_eq!(ends.events_a(), [Event::BufferedAmountLow { channel: a }]);
        drive(&mut ends);
        assert_eq!(ends.events_a(), [], "not again at 0");
    }
}

#[test]
fn a_threshold_set_before_the_channel_has_a_stream_holds() {
    let (client, server) = configs();
    let client = Config { role: None, ..client };
    let mut ends = apart((client, server), LinkModel::delayed(Duration::from_millis(10)), 1);
    let a = ends.a.open(Properties::labelled("x"), Instant::START).unwrap();
    ends.a.set_buffered_amount_low_threshold(a, 300_000);
    ends.a.set_role(icelab_datachannel::Role::Client, Instant::START);
    connect(&mut ends);
    for _ in 0..10 {
        ends.a.send(a, binary(&[0; 100_000]), ends.now()).unwrap();
    }
    ends.events_a();
    let limit = ends.now() + Duration::from_secs(60);
    ends.drive_while(limit, |ends| ends.a.buffered_amount(a) > 300_000);
    assert_eq!(ends.events_a(), [Event::BufferedAmountLow { channel: a }]);
    assert!(ends.a.buffered_amount(a) > 200_000);
}

#[test]
fn a_full_buffer_takes_no_message_and_loses_none() {
    let (mut client, server) = configs();
    client.sctp.send_buffer = 250_000;
    let mut ends = connected((client, server), LinkModel::delayed(Duration::from_millis(50)), 1);
    let (a, z) = open(&mut ends, Properties::labelled("x"));
    let (mut sent, mut arrived) = (0_u8, Vec::new());
    while sent < 100 {
        match ends.a.send(a, binary(&[sent; 50_000]), ends.now()) {
            Ok(()) => sent += 1,
            Err(error) => {
                assert_eq!(error, SendError::BufferFull);
                ends.drive_for(Duration::from_millis(20));
            }
        }
        arrived.extend(messages(&ends.events_z(), z));
    }
    ends.drive_for(Duration::from_secs(60));
    arrived.extend(messages(&ends.events_z(), z));
    let expected: Vec<_> = (0..100).map(|number| binary(&[number; 50_000])).collect();
    assert_eq!(arrived.len(), expected.len());
    assert!(arrived == expected, "in order");
}

#[test]
fn open_and_ack_wait_where_the_buffer_is_full() {
    let (mut client, mut server) = configs();
    client.sctp.send_buffer = 100_000;
    server.sctp.send_buffer = 100_000;
    let mut ends = connected((client, server), LinkModel::delayed(Duration::from_millis(50)), 1);
    let (a, z) = open(&mut ends, Properties::labelled("full"));
    let now = ends.now();
    while ends.a.send(a, binary(&[0; 999]), now).is_ok() {}
    while ends.a.send(a, binary(&[0]), now).is_ok() {}
    while ends.z.send(z, binary(&[0; 999]), now).is_ok() {}
    while ends.z.send(z, binary(&[0]), now).is_ok() {}

    let late = ends.a.open(Properties::labelled("late"), now).unwrap();
    let forgotten = ends.a.open(Properties::labelled("forgotten"), now).unwrap();
    let full = Err(SendError::BufferFull);
    assert_eq!(ends.a.send(late, text("x"), now), full, "not before its OPEN");
    ends.a.close(forgotten, now);
    ends.drive_for(Duration::from_secs(30));
    let events = ends.events_z();
    let labels: Vec<_> = opened(&events).iter().map(|(_, it)| it.label.as_str()).collect();
    assert_eq!(labels, ["late"], "the peer has never heard of the other");
    assert_eq!(closed(&ends.events_a())[0].0, forgotten);
    ends.a.send(late, text("x"), ends.now()).unwrap();
    drive(&mut ends);
    assert_eq!(messages(&ends.events_z(), opened(&events)[0].0), [text("x")]);
}

#[test]
fn a_reader_that_pauses_holds_the_sender_back() {
    let (client, mut server) = configs();
    server.sctp.receive_buffer = 200_000;
    let mut ends = connected((client, server), LinkModel::delayed(Duration::from_millis(10)), 1);
    let (a, z) = open(&mut ends, Properties::labelled("x"));
    ends.z.pause();
    let now = ends.now();
    for number in 0..100 {
        ends.a.send(a, binary(&[number; 10_000]), now).unwrap();
    }
    ends.drive_for(Duration::from_secs(60));
    assert_eq!(ends.events_z(), [], "nothing is read");
    assert!(ends.a.buffered_amount(a) >= 700_000, "{} wait", ends.a.buffered_amount(a));

    ends.z.resume(ends.now());
    ends.drive_for(Duration::from_secs(60));
    let expected: Vec<_> = (0..100).map(|number| binary(&[number; 10_000])).collect();
    assert!(messages(&ends.events_z(), z) == expected);
}

#[test]
fn what_was_sent_before_the_peer_closed_is_read_after_a_pause() {
    let mut ends = good();
    let (a, z) = open(&mut ends, Properties::labelled("x"));
    ends.z.pause();
    ends.a.send(a, text("last words"), ends.now()).unwrap();
    ends.a.close(a, ends.now());
    drive(&mut ends);
    assert_eq!((but_low(ends.events_a()), ends.events_z()), (vec![], vec![]));
    ends.z.resume(ends.now());
    let now = ends.now();
    ends.drive_while(now, |_| true);
    let events = ends.events_z();
    assert_eq!(messages(&events, z), [text("last words")]);
    assert!(events.contains(&Event::Closing { channel: z }));
    drive(&mut ends);
    assert_eq!(closed(&ends.events_a()).len() + closed(&ends.events_z()).len(), 2);
}
