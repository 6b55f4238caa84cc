//! Two ends that know each other's fingerprints.

use std::time::Duration;

use icelab_crypto::{Hash, Identity, KeyKind, Validity};
use icelab_dtls::{Config, Connected, Dtls, Event, Role, Version};
use icelab_sans_io::testing::{LinkModel, Pair};
use icelab_sans_io::{Instant, Rng};

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
