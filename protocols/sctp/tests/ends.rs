//! Two associations on a link, and what tests ask of them.

use std::time::Duration;

use bytes::Bytes;
use icelab_sans_io::testing::{LinkModel, Pair};
use icelab_sans_io::{Instant, Rng};
use icelab_sctp::{
    Association, Config, Event, Message, Part, Ppid, Received, Reliability, StreamId,
};

pub(crate) type Ends = Pair<Association, Association>;

/// Two ends that have said nothing yet.
pub(crate) fn ends_with(a: Config, z: Config, model: LinkModel, seed: u64) -> Ends {
    let rng = Rng::from_u64(seed);
    let a = Association::new(a, rng.fork("a", 0));
    let z = Association::new(z, rng.fork("z", 0));
    Pair::new(a, z, model, seed)
}

/// Two ends of which the first has sent INIT.
pub(crate) fn ends(model: LinkModel, seed: u64) -> Ends {
    let mut pair = ends_with(Config::default(), Config::default(), model, seed);
    pair.a.connect(Instant::START);
    pair
}

/// Two ends that are connected.
pub(crate) fn connected(model: LinkModel, seed: u64) -> Ends {
    let mut pair = ends(model, seed);
    pair.drive_while(Instant::from_secs(60), |pair| {
        !(pair.a.is_connected() && pair.z.is_connected())
    });
    assert!(pair.a.is_connected() && pair.z.is_connected());
    pair
}

pub(crate) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A reliable, ordered message.
pub(crate) fn message(stream: u16, payload: impl Into<Bytes>) -> Message {
    Message {
        stream: StreamId(stream),
        ppid: Ppid(51),
        payload: payload.into(),
        is_unordered: false,
        reliability: Reliability::Full,
    }
}

/// All that can be read now, parts put together.
pub(crate) fn read(association: &mut Association, now: Instant) -> Vec<Received> {
    std::iter::from_fn(|| association.receive(now)).collect()
}

/// The payloads of whole messages.
pub(crate) fn payloads(received: Vec<Received>) -> Vec<Bytes> {
    received
        .into_iter()
        .map(|received| {
            assert_eq!(received.part, Part::Whole);
            received.payload.into_bytes()
        })
        .collect()
}

pub(crate) fn is_connected_event(event: &Event) -> bool {
    matches!(event, Event::Connected { .. })
}
