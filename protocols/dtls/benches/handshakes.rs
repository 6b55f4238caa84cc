//! Whole handshakes, both ends on one core, and records of application data.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use icelab_crypto::{Hash, Identity, KeyKind, Validity};
use icelab_dtls::{Config, Dtls, Role, Version};
use icelab_sans_io::{Instant, Output, Protocol, Rng};

/// A client's and a server's configuration, each expecting the other.
fn configs(version: Version) -> (Config, Config) {
    let identity = |index| {
        let mut rng = Rng::from_u64(1).fork("identity", index);
        Identity::self_signed(KeyKind::P256, Validity::ALWAYS, &mut rng).expect("a P-256 key")
    };
    let (client, server) = (identity(0), identity(1));
    let config = |role, own: &Identity, other: &Identity| Config {
        fingerprints: vec![other.certificate.fingerprint(Hash::Sha256)],
        versions: (version, version),
        ..Config::new(role, own.clone())
    };
    (config(Role::Client, &client, &server), config(Role::Server, &server, &client))
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

/// Two ends, connected.
fn connect(configs: &(Config, Config), seed: u64) -> (Dtls, Dtls) {
    let rng = Rng::from_u64(seed);
    let mut client = Dtls::new(configs.0.clone(), rng.fork("client", 0));
    let mut server = Dtls::new(configs.1.clone(), rng.fork("server", 0));
    client.start(Instant::START);
    while deliver(&mut client, &mut server) | deliver(&mut server, &mut client) {}
    assert!(client.is_connected() && server.is_connected(), "a link without loss");
    (client, server)
}

fn handshakes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dtls/handshake, both ends");
    group.sample_size(20).throughput(Throughput::Elements(1));
    for version in [Version::V1_2, Version::V1_3] {
        let configs = configs(version);
        let mut seed = 0;
        group.bench_function(version.to_string(), |bencher| {
            bencher.iter(|| {
                seed += 1;
                connect(&configs, seed)
            });
        });
    }
}

fn data(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dtls/1200 bytes, sent and taken");
    group.throughput(Throughput::Elements(1));
    for version in [Version::V1_2, Version::V1_3] {
        let (mut client, mut server) = connect(&configs(version), 1);
        let payload = [0xA5; 1200];
        group.bench_function(version.to_string(), |bencher| {
            bencher.iter(|| {
                client.send(&payload, Instant::START).expect("connected");
                deliver(&mut client, &mut server);
                while server.poll_output().is_some() {}
            });
        });
    }
}

criterion_group!(benches, handshakes, data);
criterion_main!(benches);
