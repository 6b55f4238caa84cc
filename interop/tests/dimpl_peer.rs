//! dimpl over DTLS 1.3 and 1.2, both roles, in simulated time over a link that may lose packets.

use std::collections::VecDeque;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use dimpl::crypto::rust_crypto;
use icelab_crypto::Hash;
use icelab_dtls::{Config, Dtls, Event, Role, Version};
use icelab_sans_io::{Instant, Output, Protocol, Rng};

use crate::openssl::{certificate, identity};

const DELAY: Duration = Duration::from_millis(50);
const STEP: Duration = Duration::from_millis(5);

/// Their key and certificate, of OpenSSL's making.
fn theirs() -> dimpl::DtlsCertificate {
    let (path, _) = certificate("ec");
    let der = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).arg("-in").arg(&path).output();
        output.expect("openssl is installed by interop/run").stdout
    };
    dimpl::DtlsCertificate {
        certificate: der(&["x509", "-outform", "DER"]),
        private_key: der(&["pkcs8", "-topk8", "-nocrypt", "-outform", "DER"]),
    }
}

/// What the other side has said so far.
#[derive(Default)]
struct Theirs {
    is_connected: bool,
    data: Vec<Vec<u8>>,
    keying_material: Vec<u8>,
    peer: Vec<u8>,
}

/// One handshake and data both ways, with `loss` percent of the packets lost each way.
fn talk(role: Role, version: Version, loss: u64, seed: u64) {
    let certificate = theirs();
    let identity = identity(seed);
    let mut config = Config::new(role, identity.clone());
    config.fingerprints =
        vec![icelab_crypto::Fingerprint::of(Hash::Sha256, &certificate.certificate)];
    config.retransmission.rtt = Some(2 * DELAY);
    let mut ours = Dtls::new(config, Rng::from_u64(seed));

    let their_config = dimpl::Config::builder()
        .with_crypto_provider(rust_crypto::default_provider())
        .dangerously_set_rng_seed(seed)
        .build()
        .expect("a configuration");
    let origin = Clock::now();
    let new = match version {
        Version::V1_2 => dimpl::Dtls::new_12,
        Version::V1_3 => dimpl::Dtls::new_13,
    };
    let mut other = new(Arc::new(their_config), certificate, origin);
    other.set_active(role == Role::Server);

    let mut rng = Rng::from_u64(seed).fork("link", 0);
    let mut to_us: VecDeque<(Instant, Vec<u8>)> = VecDeque::new();
    let mut to_them: VecDeque<(Instant, Vec<u8>)> = VecDeque::new();
    let mut seen = Theirs::default();
    let mut events = Vec::new();
    let mut now = Instant::START;
    let mut has_sent = false;
    ours.start(now);
    other.handle_timeout(origin).expect("a beginning");
    let is_done = |seen: &Theirs, events: &[Event]| {
        seen.data.contains(&b"from icelab".to_vec())
            && events.iter().any(|event| matches!(event, Event::Data(it) if it == b"from dimpl"))
    };
    while !is_done(&seen, &events) {
        assert!(now < Instant::START + Duration::from_secs(60), "seed {seed}: {events:?}");
        let deadline;
        loop {
            let mut buffer = vec![0; 4096];
            match other.poll_output(&mut buffer) {
                dimpl::Output::Packet(packet) => {
                    if rng.below(100) >= loss {
                        to_us.push_back((now + DELAY, packet.to_vec()));
                    }
                }
                dimpl::Output::Timeout(at) => {
                    deadline = at;
                    break;
                }
                dimpl::Output::Connected => seen.is_connected = true,
                dimpl::Output::PeerCert(der) => seen.peer = der.to_vec(),
                dimpl::Output::KeyingMaterial(material, _) => {
                    seen.keying_material = material.as_ref().to_vec();
                }
                dimpl::Output::ApplicationData(data) => seen.data.push(data.to_vec()),
                _ => {}
            }
        }
        while let Some(output) = ours.poll_output() {
            match output {
                Output::Packet(packet) => {
                    if rng.below(100) >= loss {
                        to_them.push_back((now + DELAY, packet));
                    }
                }
                Output::Event(event) => events.push(event),
            }
        }
        if ours.is_connected() && seen.is_connected && !has_sent {
            has_sent = true;
        }
        if has_sent {
            // Data are not repeated by anybody: they are sent until they have arrived.
            ours.send(b"from icelab", now).expect("connected");
            other.send_application_data(b"from dimpl").expect("connected");
        }
        now += STEP;
        while to_us.front().is_some_and(|(at, _)| *at <= now) {
            let (_, packet) = to_us.pop_front().expect("just seen");
            ours.handle_input(packet, now);
        }
        while to_them.front().is_some_and(|(at, _)| *at <= now) {
            let (_, packet) = to_them.pop_front().expect("just seen");
            other.handle_packet(&packet).expect("dimpl understands us");
        }
        if ours.poll_timeout().is_some_and(|deadline| deadline.at <= now) {
            ours.handle_timeout(now);
        }
        let their_now = origin + (now - Instant::START);
        if deadline <= their_now {
            other.handle_timeout(their_now).expect("dimpl goes on");
        }
    }
    let connected = events
        .iter()
        .find_map(|event| if let Event::Connected(it) = event { Some(it) } else { None })
        .expect("data came");
    assert_eq!(connected.version, version);
    assert_eq!(seen.peer, identity.certificate.der());
    let profile = connected.srtp.as_ref().expect("both want media").profile;
    let (key, salt) = profile.key_lengths().expect("a known profile");
    let mut material = vec![0; 2 * (key + salt)];
    ours.export(b"EXTRACTOR-dtls_srtp", None, &mut material).expect("connected");
    assert_eq!(seen.keying_material, material);
}

#[test]
fn dtls_1_3_both_roles() {
    talk(Role::Client, Version::V1_3, 0, 1);
    talk(Role::Server, Version::V1_3, 0, 2);
}

#[test]
fn dtls_1_2_both_roles() {
    talk(Role::Client, Version::V1_2, 0, 3);
    talk(Role::Server, Version::V1_2, 0, 4);
}

#[test]
fn dtls_1_3_over_a_link_that_loses_a_fifth() {
    for seed in 10..30 {
        talk(Role::Client, Version::V1_3, 20, seed);
        talk(Role::Server, Version::V1_3, 20, seed);
    }
}

#[test]
fn dtls_1_2_over_a_link_that_loses_a_fifth() {
    for seed in 30..50 {
        talk(Role::Client, Version::V1_2, 20, seed);
        talk(Role::Server, Version::V1_2, 20, seed);
    }
}
