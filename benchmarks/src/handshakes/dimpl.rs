//! dimpl, on both of the libraries it comes with.

use std::sync::Arc;
use std::time::Instant;

use dimpl::certificate::generate_self_signed_certificate;
use dimpl::crypto::{CryptoProvider, Dtls12CipherSuite, Dtls13CipherSuite, aws_lc_rs, rust_crypto};
use dimpl::{Config, Dtls, DtlsCertificate, NamedGroup, Output};
use icelab_dtls::Version;

pub fn on_rust_crypto(version: Version) -> impl FnMut() {
    handshakes(version, rust_crypto::default_provider())
}

pub fn on_aws_lc(version: Version) -> impl FnMut() {
    handshakes(version, aws_lc_rs::default_provider())
}

/// Does a handshake each time it is called.
fn handshakes(version: Version, provider: CryptoProvider) -> impl FnMut() {
    let config = Config::builder()
        .with_crypto_provider(provider)
        .kx_groups(&[NamedGroup::X25519])
        .dtls12_cipher_suites(&[Dtls12CipherSuite::ECDHE_ECDSA_AES128_GCM_SHA256])
        .dtls13_cipher_suites(&[Dtls13CipherSuite::AES_128_GCM_SHA256])
        .use_server_cookie(false)
        .mtu(1200)
        .build()
        .expect("a configuration");
    let config = Arc::new(config);
    let certificate = || generate_self_signed_certificate().expect("a P-256 key");
    let (one, other) = (certificate(), certificate());
    move || connect(&config, version, &one, &other)
}

fn connect(config: &Arc<Config>, version: Version, one: &DtlsCertificate, other: &DtlsCertificate) {
    let now = Instant::now();
    let new = |certificate: &DtlsCertificate, is_client| {
        let new = if version == Version::V1_2 { Dtls::new_12 } else { Dtls::new_13 };
        let mut end = new(config.clone(), certificate.clone(), now);
        end.set_active(is_client);
        end.handle_timeout(now).expect("a beginning");
        End { dtls: end, is_connected: false, has_keys: false }
    };
    let (mut client, mut server) = (new(one, true), new(other, false));
    while client.deliver(&mut server) | server.deliver(&mut client) {}
    for end in [client, server] {
        assert!(end.is_connected && end.has_keys, "a link without loss");
    }
}

struct End {
    dtls: Dtls,
    is_connected: bool,
    has_keys: bool,
}

impl End {
    /// Hands all that this end sends to the other.
    fn deliver(&mut self, to: &mut Self) -> bool {
        let mut is_busy = false;
        let mut buffer = [0; 2048];
        loop {
            match self.dtls.poll_output(&mut buffer) {
                Output::Packet(packet) => {
                    to.dtls.handle_packet(packet).expect("a good packet");
                    is_busy = true;
                }
                Output::Timeout(_) => return is_busy,
                Output::Connected => self.is_connected = true,
                Output::KeyingMaterial(..) => self.has_keys = true,
                _ => {}
            }
        }
    }
}
