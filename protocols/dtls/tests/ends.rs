//! Two ends that know each other's fingerprints.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use icelab_crypto::{Hash, Identity, KeyKind, Validity};
use icelab_dtls::wire::handshake::{Fragment, HandshakeType};
use icelab_dtls::{CloseReason, Config, Connected, Dtls, Event, Role, Version};
use icelab_sans_io::testing::{LinkModel, Pair, Passing, Side};
use icelab_sans_io::{Instant, Output, Protocol, Rng};
use icelab_wire::{Reader, Writer};

/// An identity out of a seed.
pub(crate) fn identity(seed: u64) -> Identity {
    let mut rng = Rng::from_u64(seed).fork("identity", 0);
    Identity::self_signed(KeyKind::P256, Validity::ALWAYS, &mut rng).expect("a P-256 key")
}

/// A client's and a server's configuration; each expects the other.
pub(crate) fn configs(seed: u64) -> (Config, Config) {
    let (client, server) = (identity(2 * seed), identity(2 * seed + 1));
    let expected = |identity: &Identity| vec![identity.certificate.fingerprint(Hash::Sha256)];
    let mut a = Config::new(Role::Client, client.clone());
    let mut z = Config::new(Role::Server, server.clone());
    a.fingerprints = expected(&server);
    z.fingerprints = expected(&client);
    (a, z)
}

/// Both versions' bounds set to one.
pub(crate) fn only(version: Version, config: &mut Config) {
    config.versions = (version, version);
}

/// Two ends of `configs`, the client started.
pub(crate) fn pair(configs: (Config, Config), model: LinkModel, seed: u64) -> Pair<Dtls, Dtls> {
    let rng = Rng::from_u64(seed);
    let mut client = Dtls::new(configs.0, rng.fork("client", 0));
    let server = Dtls::new(configs.1, rng.fork("server", 0));
    client.start(Instant::START);
    Pair::new(client, server, model, seed)
}

/// Runs until both ends are connected, and says when they were.
pub(crate) fn connect(pair: &mut Pair<Dtls, Dtls>) -> Option<Duration> {
    let limit = Instant::START + Duration::from_secs(120);
    pair.drive_while(limit, |pair| !(pair.a.is_connected() && pair.z.is_connected()));
    (pair.a.is_connected() && pair.z.is_connected()).then(|| pair.now() - Instant::START)
}

/// What the events say was agreed on.
pub(crate) fn connected(events: &[Event]) -> &Connected {
    events
        .iter()
        .find_map(|event| if let Event::Connected(it) = event { Some(it) } else { None })
        .unwrap_or_else(|| panic!("not connected: {events:?}"))
}

/// The application data among the events.
pub(crate) fn data(events: &[Event]) -> Vec<&[u8]> {
    events
        .iter()
        .filter_map(|event| if let Event::Data(it) = event { Some(it.as_slice()) } else { None })
        .collect()
}

/// Both versions.
pub(crate) const VERSIONS: [Version; 2] = [Version::V1_2, Version::V1_3];

/// `configs`, both of `version` only.
pub(crate) fn configs_of(version: Version, seed: u64) -> (Config, Config) {
    let mut configs = configs(seed);
    only(version, &mut configs.0);
    only(version, &mut configs.1);
    configs
}

/// Why an end is closed, if it is.
pub(crate) fn closed(events: &[Event]) -> Option<CloseReason> {
    events.iter().find_map(|event| match event {
        Event::Closed { reason } => Some(*reason),
        _ => None,
    })
}

/// Two ends of `configs` that are connected, over a link that does nothing but delay.
pub(crate) fn open(configs: (Config, Config)) -> Pair<Dtls, Dtls> {
    let mut pair = pair(configs, LinkModel::delayed(Duration::from_millis(10)), 1);
    connect(&mut pair).unwrap_or_else(|| panic!("no connection:\n{}", pair.log()));
    pair.drive_for(Duration::from_secs(1));
    pair.events_a();
    pair.events_z();
    pair
}

/// Loses the packets that `is_lost` names by sender and number; counts all from 0 for each side.
pub(crate) fn lose(
    pair: &mut Pair<Dtls, Dtls>,
    mut is_lost: impl FnMut(Side, usize) -> bool + 'static,
) {
    let mut sent = [0, 0];
    pair.filter(move |side, _: &Vec<u8>, _| {
        let count = &mut sent[usize::from(side == Side::Z)];
        *count += 1;
        if is_lost(side, *count - 1) { Passing::Lost } else { Passing::Pass }
    });
}

/// Copies of packets, with their senders.
pub(crate) type Copies = Rc<RefCell<Vec<(Side, Vec<u8>)>>>;

/// Keeps a copy of each packet from now on, with its sender.
pub(crate) fn tap(pair: &mut Pair<Dtls, Dtls>) -> Copies {
    let packets = Rc::new(RefCell::new(Vec::new()));
    let copies = Rc::clone(&packets);
    pair.filter(move |side, packet: &Vec<u8>, _| {
        copies.borrow_mut().push((side, packet.clone()));
        Passing::Pass
    });
    packets
}

/// What an end has to say.
pub(crate) fn drain(end: &mut Dtls) -> (Vec<Vec<u8>>, Vec<Event>) {
    let (mut packets, mut events) = (Vec::new(), Vec::new());
    while let Some(output) = end.poll_output() {
        match output {
            Output::Packet(packet) => packets.push(packet),
            Output::Event(event) => events.push(event),
        }
    }
    (packets, events)
}

/// A record without protection.
pub(crate) fn plain_record(content: u8, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.u8(content);
    writer.u16(0xFEFD);
    writer.u16(0);
    writer.u16(0);
    writer.u32(sequence);
    writer.vector16(|writer| writer.bytes(payload));
    writer.into_vec()
}

/// A handshake message as one fragment in a record without protection.
pub(crate) fn plain_message(
    kind: HandshakeType,
    sequence: u16,
    body: impl FnOnce(&mut Writer),
) -> Vec<u8> {
    let mut bytes = Writer::new();
    body(&mut bytes);
    let bytes = bytes.into_vec();
    let length = u32::try_from(bytes.len()).unwrap();
    let mut writer = Writer::new();
    Fragment { kind, length, sequence, offset: 0, bytes: &bytes }.encode(&mut writer);
    plain_record(22, sequence.into(), writer.as_slice())
}

/// The records without protection in a datagram: content and payload. It ends at a protected one.
pub(crate) fn plain_records(datagram: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut reader = Reader::new(datagram);
    let mut records = Vec::new();
    while !reader.is_empty() {
        let content = reader.u8().unwrap();
        if content >> 5 == 1 {
            break;
        }
        let _version = reader.u16().unwrap();
        let epoch = reader.u16().unwrap();
        reader.take(6).unwrap();
        let payload = reader.vector16().unwrap().to_vec();
        if epoch == 0 {
            records.push((content, payload));
        }
    }
    records
}

/// The handshake messages without protection in a datagram that are whole: kind, number and body.
pub(crate) fn plain_messages(datagram: &[u8]) -> Vec<(HandshakeType, u16, Vec<u8>)> {
    let mut messages = Vec::new();
    for (content, payload) in plain_records(datagram) {
        let mut reader = Reader::new(&payload);
        while content == 22 && !reader.is_empty() {
            let fragment = Fragment::decode(&mut reader).unwrap();
            if fragment.bytes.len() == fragment.length as usize {
                messages.push((fragment.kind, fragment.sequence, fragment.bytes.to_vec()));
            }
        }
    }
    messages
}

/// The records of a datagram whose ends have agreed on no connection id. Nothing may be left, and
/// nothing may be missing (RFC 6347 section 4.1.1, RFC 9147 section 4.3).
pub(crate) fn cut(datagram: &[u8]) -> Vec<&[u8]> {
    let mut reader = Reader::new(datagram);
    let mut records = Vec::new();
    while !reader.is_empty() {
        let start = reader.position();
        let first = reader.u8().unwrap();
        if first >> 5 == 1 {
            assert_eq!(first & 0x1C, 0x0C, "no id, a number of two bytes, and a length");
            reader.take(2).unwrap();
        } else {
            reader.take(10).unwrap();
        }
        reader.vector16().expect("a record lies in one datagram");
        records.push(&datagram[start..reader.position()]);
    }
    records
}

/// The epoch of a record without a connection id, or the low two bits of it in 1.3.
pub(crate) fn epoch_of(record: &[u8]) -> u16 {
    match record[0] {
        first if first >> 5 == 1 => u16::from(first & 3),
        _ => u16::from_be_bytes([record[3], record[4]]),
    }
}

/// Two ends of `configs`, the client started; nothing is carried between them.
pub(crate) fn apart(configs: (Config, Config)) -> (Dtls, Dtls) {
    let mut client = Dtls::new(configs.0, Rng::from_u64(8));
    client.start(Instant::START);
    (client, Dtls::new(configs.1, Rng::from_u64(9)))
}

/// Carries what `from` has to say to `to`; gives the datagrams and the events.
pub(crate) fn carry(from: &mut Dtls, to: &mut Dtls, now: Instant) -> (Vec<Vec<u8>>, Vec<Event>) {
    let (packets, events) = drain(from);
    for packet in &packets {
        to.handle_input(packet.clone(), now);
    }
    (packets, events)
}
