//! icelab's own.

use icelab_crypto::{Hash, Identity, KeyKind, Validity};
use icelab_dtls::{CipherSuite, Config, Dtls, NamedGroup, Role, Version};
use icelab_sans_io::{Instant, Output, Protocol, Rng};

/// Does a handshake each time it is called.
pub fn handshakes(version: Version) -> impl FnMut() {
    let identity = |index| {
        let mut rng = Rng::from_u64(1).fork("identity", index);
        Identity::self_signed(KeyKind::P256, Validity::ALWAYS, &mut rng).expect("a P-256 key")
    };
    let (one, other) = (identity(0), identity(1));
    let config = |role, own: &Identity, other: &Identity| Config {
        fingerprints: vec![other.certificate.fingerprint(Hash::Sha256)],
        versions: (version, version),
        cipher_suites: vec![CipherSuite::AES_128_GCM, CipherSuite::ECDHE_ECDSA_AES_128_GCM],
        groups: vec![NamedGroup::X25519],
        ..Config::new(role, own.clone())
    };
    let client = config(Role::Client, &one, &other);
    let server = config(Role::Server, &other, &one);
    let mut seed = 0;
    move || {
        seed += 1;
        connect(&client, &server, seed);
    }
}

fn connect(client: &Config, server: &Config, seed: u64) {
    let rng = Rng::from_u64(seed);
    let mut client = Dtls::new(client.clone(), rng.fork("client", 0));
    let mut server = Dtls::new(server.clone(), rng.fork("server", 0));
    client.start(Instant::START);
    while deliver(&mut client, &mut server) | deliver(&mut server, &mut client) {}
    assert!(client.is_connected() && server.is_connected(), "a link without loss");
}

/// Hands all that one end sends to the other.
fn deliver(from: &mut Dtls, to: &mut Dtls) -> bool {
    let mut is_busy = false;
    while let Some(output) = from.poll_output() {
        if let Output::Packet(packet) = output {
            to.handle_input(packet, Instant::START);
            is_busy = true;
        }
    }
    is_busy
}
