//! Messages that are given up before all of them has left (RFC 3758 section 3.5).

use std::time::Duration;

use icelab_sans_io::testing::LinkModel;
use icelab_sctp::{Config, Event, Extensions, Message, Reliability, StreamId};

use crate::ends::{ends_with, message, millis, payloads, read};

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
