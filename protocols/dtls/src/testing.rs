//! What the tests of this crate share.

use icelab_crypto::{Hash, Identity, KeyKind, Validity};
use icelab_sans_io::{Instant, Output, Protocol, Rng};
use icelab_wire::Writer;

use crate::config::{Config, Role};
use crate::dtls::Dtls;
use crate::event::{CloseReason, Event};
use crate::record::content::ContentType;
use crate::wire::handshake::{Fragment, HandshakeType};
use crate::wire::version::Version;

/// The bytes of which `text` is the hexadecimal form.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// Two ends of `version` that are connected, both with `connection_id`.
pub(crate) fn connected(version: Version, connection_id: Option<Vec<u8>>) -> (Dtls, Dtls) {
    let (mut client, mut server) = apart(version, connection_id);
    exchange(&mut client, &mut server, Instant::START);
    assert!(client.is_connected() && server.is_connected());
    (client, server)
}

/// Two ends of `version`, both with `connection_id`, the client started; nothing is carried between
/// them.
pub(crate) fn apart(version: Version, connection_id: Option<Vec<u8>>) -> (Dtls, Dtls) {
    let mut ends = [Role::Client, Role::Server].map(|role| {
        let mut rng = Rng::from_u64(u64::from(role == Role::Server));
        let identity = Identity::self_signed(KeyKind::P256, Validity::ALWAYS, &mut rng).unwrap();
        let own = vec![identity.certificate.fingerprint(Hash::Sha256)];
        let mut config = Config::new(role, identity);
        config.versions = (version, version);
        config.connection_id.clone_from(&connection_id);
        let mut other = Rng::from_u64(u64::from(role == Role::Client));
        let other = Identity::self_signed(KeyKind::P256, Validity::ALWAYS, &mut other).unwrap();
        config.fingerprints = vec![other.certificate.fingerprint(Hash::Sha256)];
        assert_ne!(own, config.fingerprints);
        Dtls::new(config, rng)
    });
    ends[0].start(Instant::START);
    ends.into()
}

/// Carries everything between two ends.
pub(crate) fn exchange(a: &mut Dtls, z: &mut Dtls, now: Instant) {
    for _ in 0..6 {
        for packet in drain(a).0 {
            z.handle_input(packet, now);
        }
        for packet in drain(z).0 {
            a.handle_input(packet, now);
        }
    }
}

/// Has `from` send a record under its newest keys, and `to` hear it. Gives what `to` answers, and
/// what it tells its owner.
pub(crate) fn tell(
    from: &mut Dtls,
    to: &mut Dtls,
    content: ContentType,
    payload: &[u8],
) -> (Vec<Vec<u8>>, Vec<Event>) {
    let epoch = from.core.records.write_epoch();
    from.core.send_record(epoch, content, payload);
    for packet in drain(from).0 {
        to.handle_input(packet, Instant::START);
    }
    drain(to)
}

/// A whole handshake message as one fragment.
pub(crate) fn message(kind: HandshakeType, sequence: u16, body: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    let length = u32::try_from(body.len()).unwrap();
    Fragment { kind, length, sequence, offset: 0, bytes: body }.encode(&mut writer);
    writer.into_vec()
}

/// Why an end is closed, if it is.
pub(crate) fn closed(events: &[Event]) -> Option<CloseReason> {
    events.iter().find_map(
        |event| {
            if let Event::Closed { reason } = event { Some(*reason) } else { None }
        },
    )
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
