//! Two ends with data channels; or one, whose peer says what it likes.

use std::time::Duration;

use bytes::Bytes;
use icelab_datachannel::wire::dcep::Dcep;
use icelab_datachannel::wire::ppid::Ppid;
use icelab_datachannel::{
    ChannelId, Closure, Config, DataChannels, Event, Kind, Message, Properties, Role,
};
use icelab_sans_io::testing::{LinkModel, Pair};
use icelab_sans_io::{Deadline, Instant, Output, Protocol, Rng};
use icelab_sctp::{Association, Received, Reliability, StreamId};

use crate::rewriting::{Habit, rewrite};

/// Two ends, a client and a server of DTLS.
pub(crate) type Ends = Pair<DataChannels, DataChannels>;

/// An end, and a peer that says what it likes.
pub(crate) type Raw = Pair<DataChannels, Speaker>;

/// An association that says what it likes, and reads everything.
pub(crate) struct Speaker {
    pub(crate) association: Association,
    /// What it does otherwise than an association.
    pub(crate) habit: Option<Habit>,
    received: Vec<Received>,
}

impl Speaker {
    fn new(config: icelab_sctp::Config, rng: Rng) -> Self {
        let association = Association::new(config, rng);
        Self { association, habit: None, received: Vec::new() }
    }

    fn read(&mut self, now: Instant) {
        self.received.extend(core::iter::from_fn(|| self.association.receive(now)));
    }

    /// What it has received since the last call.
    pub(crate) fn received(&mut self) -> Vec<Received> {
        core::mem::take(&mut self.received)
    }
}

impl Protocol for Speaker {
    type Input = Vec<u8>;
    type Packet = Vec<u8>;
    type Event = icelab_sctp::Event;

    fn handle_input(&mut self, input: Vec<u8>, now: Instant) {
        self.association.handle_input(input, now);
        self.read(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.association.handle_timeout(now);
        self.read(now);
    }

    fn poll_output(&mut self) -> Option<Output<Vec<u8>, icelab_sctp::Event>> {
        Some(match (self.association.poll_output()?, self.habit) {
            (Output::Packet(packet), Some(habit)) => Output::Packet(rewrite(packet, habit)),
            (output, _) => output,
        })
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        self.association.poll_timeout()
    }
}

/// A client's and a server's configuration.
pub(crate) fn configs() -> (Config, Config) {
    let config =
        |role| Config { role: Some(role), peer_longest_message: usize::MAX, ..Config::default() };
    (config(Role::Client), config(Role::Server))
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
    raw_of(config, icelab_sctp::Config::default())
}

/// The same, where the peer has a configuration of its own.
pub(crate) fn raw_of(config: Config, peer: icelab_sctp::Config) -> Raw {
    let rng = Rng::from_u64(7);
    let a = DataChannels::new(config, rng.fork("a", 0));
    let z = Speaker::new(peer, rng.fork("z", 0));
    let mut raw = Pair::new(a, z, LinkModel::delayed(Duration::from_millis(10)), 7);
    raw.z.association.connect(Instant::START);
    raw.drive_for(Duration::from_secs(1));
    assert_eq!(raw.events_a(), [Event::Connected]);
    raw.events_z();
    raw
}

/// The peer says something.
pub(crate) fn say(raw: &mut Raw, message: icelab_sctp::Message) {
    let now = raw.now();
    raw.z.association.send(message, now).expect("room for a message");
}

/// The peer resets its direction of a stream.
pub(crate) fn reset(raw: &mut Raw, stream: u16) {
    let now = raw.now();
    raw.z.association.reset_streams(&[StreamId(stream)], now).expect("an association");
}

/// The peer asks for the other direction to be reset.
pub(crate) fn ask_reset(raw: &mut Raw, stream: u16) {
    let now = raw.now();
    raw.z.association.ask_reset(&[StreamId(stream)], now).expect("an association");
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
    sctp(stream, Ppid::Dcep.number().0, &message.encode())
}

/// OPEN with these properties.
pub(crate) fn open_message(stream: u16, properties: Properties) -> icelab_sctp::Message {
    dcep(stream, &Dcep::Open(properties))
}

/// A message of SCTP, ordered and reliable.
pub(crate) fn sctp(stream: u16, ppid: u32, payload: &[u8]) -> icelab_sctp::Message {
    icelab_sctp::Message {
        stream: StreamId(stream),
        ppid: icelab_sctp::Ppid(ppid),
        payload: Bytes::copy_from_slice(payload),
        is_unordered: false,
        reliability: Reliability::Full,
    }
}

/// The streams that the peer of an association has reset.
pub(crate) fn resets(events: &[icelab_sctp::Event]) -> Vec<u16> {
    events
        .iter()
        .filter_map(|event| match event {
            icelab_sctp::Event::PeerReset { streams } => Some(streams),
            _ => None,
        })
        .flatten()
        .map(|stream| stream.0)
        .collect()
}
