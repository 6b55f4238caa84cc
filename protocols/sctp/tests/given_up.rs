//! Messages that are given up where the peer might never hear of it (RFC 3758 section 3.5).

use std::cell::Cell;
use std::time::Duration;

use icelab_sans_io::Instant;
use icelab_sans_io::testing::{LinkModel, Passing, Side};
use icelab_sctp::{Config, Event, Extensions, Message, Reliability, StreamId};

use crate::ends::{ends, ends_with, message, millis, payloads, read};

/// All that has left arrives and is acknowledged, and no chunk under way says that there was more.
#[test]
fn what_follows_a_message_that_was_given_up_half_sent_does_not_wait_for_the_rest() {
    for interleaving in [false, true] {
        for is_unordered in [false, true] {
            let config = Config {
                extensions: Extensions { interleaving, ..Extensions::default() },
                ..Config::default()
            };
            let link = LinkModel::delayed(millis(25));
            let mut pair = ends_with(config.clone(), config, link, 1);
            pair.a.connect(pair.now());
            pair.drive_for(Duration::from_secs(1));
            // A -> DATA(the first window of it) -> Z
            // A <- SACK <- Z, after 50 ms
            // A -> FORWARD TSN -> Z
            let now = pair.now();
            let reliability = Reliability::Lifetime(millis(30));
            let long = Message { reliability, is_unordered, ..message(0, vec![1; 100_000]) };
            pair.a.send(long, now).unwrap();
            pair.a.send(message(0, "after"), now).unwrap();
            pair.drive_for(Duration::from_secs(5));
            let now = pair.now();
            assert_eq!(payloads(read(&mut pair.z, now)), ["after"], "{interleaving}");
            let is_given_up =
                |event: &Event| matches!(event, Event::GivenUp { stream: StreamId(0), .. });
            assert_eq!(pair.events_a().iter().filter(|event| is_given_up(event)).count(), 1);
            // And nothing is left of it.
            assert_eq!(pair.z.discards().iter().count(), 0);
            pair.a.shutdown(now);
            pair.drive_for(Duration::from_secs(1));
            assert!(pair.a.is_closed() && pair.z.is_closed());
        }
    }
}

/// FORWARD TSN leaves with a COOKIE ECHO, and is lost with it.
#[test]
fn what_was_given_up_in_setup_is_told_again_with_the_next_cookie() {
    let mut pair = ends(LinkModel::delayed(millis(25)), 1);
    let reliability = Reliability::Retransmissions(0);
    pair.a.send(Message { reliability, ..message(0, vec![1; 100]) }, Instant::START).unwrap();
    let count = Cell::new(0);
    // A -> INIT -> Z, A <- INIT ACK <- Z, A -> COOKIE ECHO, DATA -> lost, A -> COOKIE ECHO, FORWARD TSN -> lost
    pair.filter(move |_, _, _| {
        let number = count.replace(count.get() + 1);
        if (2..4).contains(&number) { Passing::Lost } else { Passing::Pass }
    });
    pair.drive_for(Duration::from_secs(10));
    assert!(pair.a.is_connected() && pair.z.is_connected());
    let now = pair.now();
    pair.a.shutdown(now);
    pair.drive_for(Duration::from_secs(10));
    assert!(pair.a.is_closed() && pair.z.is_closed(), "{}", pair.log());
}

/// More streams than a FORWARD TSN has room to name.
#[test]
fn messages_that_were_given_up_on_very_many_streams_are_told_packet_by_packet() {
    for interleaving in [false, true] {
        let extensions = Extensions { interleaving, ..Extensions::default() };
        let config = Config { extensions, ..Config::default() };
        let mut pair = ends_with(config.clone(), config, LinkModel::delayed(millis(25)), 1);
        pair.a.connect(pair.now());
        pair.drive_for(Duration::from_secs(1));
        let now = pair.now();
        let until = now + millis(100);
        pair.filter(
            move |from, _, at| {
                if from == Side::A && at < until { Passing::Lost } else { Passing::Pass }
            },
        );
        for stream in 0..900 {
            let reliability = Reliability::Retransmissions(0);
            pair.a.send(Message { reliability, ..message(stream, vec![1; 4]) }, now).unwrap();
        }
        pair.drive_for(Duration::from_secs(10));
        let now = pair.now();
        pair.a.send(message(3, "after"), now).unwrap();
        pair.drive_for(Duration::from_secs(5));
        let now = pair.now();
        assert_eq!(
            payloads(read(&mut pair.z, now)).last().map(|last| last.to_vec()),
            Some(b"after".to_vec())
        );
        pair.a.shutdown(now);
        pair.drive_for(Duration::from_secs(5));
        assert!(pair.a.is_closed() && pair.z.is_closed(), "{}", pair.log());
    }
}
