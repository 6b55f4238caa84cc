//! Two ends with data channels; or one, whose peer says what it likes.

use std::time::Duration;

use bytes::Bytes;
use icelab_datachannel::wire::dcep::Dcep;
use icelab_datachannel::wire::ppid::Ppid;
use icelab_datachannel::{
    ChannelId, Closure, Config, DataChannels, Event, Kind, Message, Properties, Role,
};
use icelab_sans_io::testing::{LinkModel, Pair};
use icelab_sans_io::{Instant, Protocol, Rng};
use icelab_sctp::{Association, Received, Reliability};

/// Two ends, a client and a server of DTLS.
pub(crate) type Ends = Pair<DataChannels, DataChannels>;

/// An end, and an association that says what it likes.
pub(crate) type Raw = Pair<DataChannels, Association>;

/// A client's and a server's configuration.
pub(crate) fn configs() -> (Config, Config) {
    let config =
        |role| Config { role: Some(role), peer_longest_message: usize::MAX, ..Config::default() };
    (config(Role::Client), config(Role::Server))
}

/// The association's configuration where its peer is told nothing of data channels.
pub(crate) fn raw_config() -> icelab_sctp::Config {
    Config::default().sctp
}

/// Two ends that have said nothing yet.
pub(crate) fn apart(configs: (Config, Config), model: LinkModel, seed: u64) -> Ends {
    let rng = Rng::from_u64(seed);
    let a = DataChannels::new(configs.0, rng.fork("a", 0));
    let z = DataChannels::new(configs.1, rng.fork("z", 0));
    Pair::new(a, z, model, seed)
}

/// Lets both ends connect, and drives them until they are.
pub(crate) fn connect(ends: &mut Ends) {
    ends.a.connect(ends.now());
    ends.z.connect(ends.now());
    let limit = ends.now() + Duration::from_secs(300);
    let is_connected = |end: &DataChannels| end.association().is_connected();
    ends.drive_while(limit, |ends| !(is_connected(&ends.a) && is_connected(&ends.z)));
    assert!(is_connected(&ends.a) && is_connected(&ends.z), "no association:\n{}", ends.log());
}

/// Two ends of `configs` that are connected, and have told so.
pub(crate) fn connected(configs: (Config, Config), model: LinkModel, seed: u64) -> Ends {
    let mut ends = apart(configs, model, seed);
    connect(&mut ends);
    assert_eq!(ends.events_a(), [Event::Connected]);
    assert_eq!(ends.events_z(), [Event::Connected]);
    ends
}

/// Two ends that are connected over a good link.
pub(crate) fn good() -> Ends {
    connected(configs(), LinkModel::delayed(Duration::from_millis(10)), 1)
}

/// An end that is a server, connected over a good link to a client that says what it likes.
pub(crate) fn raw() -> Raw {
    raw_with(configs().1)
}

/// An end of `config`, connected over a good link to a peer that says what it likes.
pub(crate) fn raw_with(config: Config) -> Raw {
    let rng = Rng::from_u64(7);
    let a = DataChannels::new(config, rng.fork("a", 0));
    let z = Association::new(raw_config(), rng.fork("z", 0));
    let mut raw = Pair::new(a, z, LinkModel::delayed(Duration::from_millis(10)), 7);
    raw.z.connect(raw.now());
    raw.drive_for(Duration::from_secs(1));
    assert_eq!(raw.events_a(), [Event::Connected]);
    raw.events_z();
    raw
}

/// Opens a channel from A to Z, and drives until Z has it. Gives both handles.
pub(crate) fn open(ends: &mut Ends, properties: Properties) -> (ChannelId, ChannelId) {
    let a = ends.a.open(properties, ends.now()).expect("room for a channel");
    drive(ends);
    assert_eq!(ends.events_a(), [Event::Open { channel: a }]);
    let z = opened(&ends.events_z())[0].0;
    (a, z)
}

/// Drives for long enough that all is done on a good link.
pub(crate) fn drive<A, Z>(pair: &mut Pair<A, Z>)
where
    A: Protocol<Input = Vec<u8>, Packet = Vec<u8>>,
    Z: Protocol<Input = Vec<u8>, Packet = Vec<u8>>,
{
    pair.drive_for(Duration::from_secs(2));
}

/// The channels that the peer has opened, with what it said of them.
pub(crate) fn opened(events: &[Event]) -> Vec<(ChannelId, &Properties)> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Opened { channel, properties } => Some((*channel, properties)),
            _ => None,
        })
        .collect()
}

/// The messages of a channel, as they came.
pub(crate) fn messages(events: &[Event], of: ChannelId) -> Vec<Message> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Message { channel, kind, payload } if *channel == of => {
                let bytes = payload.clone().into_bytes();
                Some(match kind {
                    Kind::Text => text(core::str::from_utf8(&bytes).expect("UTF-8")),
                    Kind::Binary => Message::Binary(bytes),
                })
            }
            _ => None,
        })
        .collect()
}

/// The events, but those that tell that little waits to be sent.
pub(crate) fn but_low(mut events: Vec<Event>) -> Vec<Event> {
    events.retain(|event| !matches!(event, Event::BufferedAmountLow { .. }));
    events
}

/// Which channels were closed, and why.
pub(crate) fn closed(events: &[Event]) -> Vec<(ChannelId, Closure)> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Closed { channel, closure } => Some((*channel, closure.clone())),
            _ => None,
        })
        .collect()
}

/// A text message.
pub(crate) fn text(text: &str) -> Message {
    Message::Text(text.to_owned())
}

/// A message of bytes.
pub(crate) fn binary(bytes: &[u8]) -> Message {
    Message::Binary(Bytes::copy_from_slice(bytes))
}

/// A message of the establishment protocol, ordered and reliable.
pub(crate) fn dcep(stream: u16, message: &Dcep) -> icelab_sctp::Message {
    sctp(stream, Ppid::Dcep.number(), &message.encode())
}

/// OPEN with these properties.
pub(crate) fn open_message(stream: u16, properties: Properties) -> icelab_sctp::Message {
    dcep(stream, &Dcep::Open(properties))
}

/// A message of SCTP, ordered and reliable.
pub(crate) fn sctp(stream: u16, ppid: u32, payload: &[u8]) -> icelab_sctp::Message {
    icelab_sctp::Message {
        stream,
        ppid,
        payload: Bytes::copy_from_slice(payload),
        is_unordered: false,
        reliability: Reliability::Full,
    }
}

/// All that an association can hand over.
pub(crate) fn received(association: &mut Association, now: Instant) -> Vec<Received> {
    core::iter::from_fn(|| association.receive(now)).collect()
}

/// The streams that the peer of an association has reset.
pub(crate) fn resets(events: &[icelab_sctp::Event]) -> Vec<u16> {
    events
        .iter()
        .filter_map(|event| match event {
            icelab_sctp::Event::PeerReset { streams } => Some(streams.clone()),
            _ => None,
        })
        .flatten()
        .collect()
}
