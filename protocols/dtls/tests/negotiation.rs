//! What both ends can and cannot agree on, and the alerts that tell it.

use std::time::Duration;

use icelab_crypto::Hash;
use icelab_dtls::wire::extension::{
    ExtensionType, Extensions, key_share, renegotiation_info, supported_versions, use_srtp,
};
use icelab_dtls::wire::handshake::HandshakeType;
use icelab_dtls::wire::server_hello::ServerHello;
use icelab_dtls::wire::version::ProtocolVersion;
use icelab_dtls::{
    AlertDescription, CipherSuite, CloseReason, Config, Dtls, Event, NamedGroup, SendError,
    SrtpProfile, Version,
};
use icelab_sans_io::testing::LinkModel;
use icelab_sans_io::{Instant, Protocol, Rng};

use crate::ends::{
    VERSIONS, apart, carry, closed, configs, configs_of, connect, connected, drain, only, pair,
    plain_message, plain_messages,
};

const LINK: Duration = Duration::from_millis(10);

/// Runs two ends that cannot agree; says what each was told.
fn fall_out(configs: (Config, Config)) -> (Option<CloseReason>, Option<CloseReason>) {
    let mut pair = pair(configs, LinkModel::delayed(LINK), 1);
    pair.drive_for(Duration::from_secs(3));
    let (a, z) = (pair.events_a(), pair.events_z());
    // What is over is over: no timer outlives it, and it is told once.
    assert!(pair.a.poll_timeout().is_none() && pair.z.poll_timeout().is_none());
    for events in [&a, &z] {
        let ends = events.iter().filter(|event| matches!(event, Event::Closed { .. }));
        assert_eq!(ends.count(), 1, "{events:?}");
    }
    let is_quiet = |event: &Event| !matches!(event, Event::Data(_) | Event::Connected(_));
    assert!(z.iter().all(is_quiet), "{z:?}");
    (closed(&a), closed(&z))
}

fn told(description: AlertDescription) -> Option<CloseReason> {
    Some(CloseReason::Alert(description))
}

fn failed(description: AlertDescription) -> Option<CloseReason> {
    Some(CloseReason::Failed(description))
}

/// RFC 8446 section 4.1.1 and RFC 5246 section 7.4.1.3.
#[test]
fn without_a_common_suite_both_ends_know_of_a_handshake_failure() {
    for version in VERSIONS {
        let mut configs = configs_of(version, 1);
        configs.0.cipher_suites =
            vec![CipherSuite::AES_128_GCM, CipherSuite::ECDHE_ECDSA_AES_128_GCM];
        configs.1.cipher_suites =
            vec![CipherSuite::AES_256_GCM, CipherSuite::ECDHE_ECDSA_AES_256_GCM];
        let failure = AlertDescription::HANDSHAKE_FAILURE;
        assert_eq!(fall_out(configs), (told(failure), failed(failure)), "{version}");
    }
}

#[test]
fn without_a_common_group_both_ends_know_of_a_handshake_failure() {
    for version in VERSIONS {
        let mut configs = configs_of(version, 1);
        configs.0.groups = vec![NamedGroup::X25519];
        configs.1.groups = vec![NamedGroup::P384];
        let failure = AlertDescription::HANDSHAKE_FAILURE;
        assert_eq!(fall_out(configs), (told(failure), failed(failure)), "{version}");
    }
}

/// RFC 8446 section 4.2.1, RFC 5246 appendix E.1.
#[test]
fn without_a_common_version_both_ends_know_of_it() {
    for (client, server) in [(Version::V1_2, Version::V1_3), (Version::V1_3, Version::V1_2)] {
        let mut configs = configs(1);
        only(client, &mut configs.0);
        only(server, &mut configs.1);
        let version = AlertDescription::PROTOCOL_VERSION;
        assert_eq!(fall_out(configs), (told(version), failed(version)), "{client} {server}");
    }
}

/// A suite of 1.2 names the kind of the server's key (RFC 8422 section 2).
#[test]
fn a_suite_for_another_kind_of_key_is_not_chosen() {
    let mut configs = configs_of(Version::V1_2, 1);
    configs.0.cipher_suites = vec![CipherSuite::ECDHE_RSA_AES_128_GCM];
    let failure = AlertDescription::HANDSHAKE_FAILURE;
    assert_eq!(fall_out(configs), (told(failure), failed(failure)));
}

/// RFC 8122 section 6.2: a wrong certificate is refused in either role; the other end is told, and
/// neither releases anything.
#[test]
fn a_certificate_with_another_fingerprint_is_refused() {
    let other = crate::ends::identity(99).certificate.fingerprint(Hash::Sha256);
    let bad = told(AlertDescription::BAD_CERTIFICATE);
    for version in VERSIONS {
        let mut configs = configs_of(version, 1);
        configs.0.fingerprints = vec![other.clone()];
        assert_eq!(fall_out(configs), (Some(CloseReason::Fingerprint), bad), "{version}");
        let mut configs = configs_of(version, 1);
        configs.1.fingerprints = vec![other.clone()];
        let mut pair = pair(configs, LinkModel::delayed(LINK), 1);
        pair.drive_for(Duration::from_secs(3));
        assert_eq!(closed(&pair.events_z()), Some(CloseReason::Fingerprint), "{version}");
        assert_eq!(closed(&pair.events_a()), bad, "{version}");
    }
}

/// RFC 8827 section 6.5: nothing is released and nothing can be sent before the certificate is held
/// against its fingerprint, whenever that comes.
#[test]
fn fingerprints_may_come_late_and_nothing_is_released_before() {
    for version in VERSIONS {
        for right in [true, false] {
            let mut configs = configs_of(version, 1);
            let expected = if right {
                std::mem::take(&mut configs.1.fingerprints)
            } else {
                configs.1.fingerprints.clear();
                vec![crate::ends::identity(99).certificate.fingerprint(Hash::Sha256)]
            };
            let mut pair = pair(configs, LinkModel::delayed(LINK), 1);
            pair.drive_for(Duration::from_secs(1));
            let now = pair.now();
            pair.a.send(b"secret", now).expect("the client knows whom it talks to");
            pair.drive_for(Duration::from_secs(1));
            assert!(pair.events_z().is_empty());
            assert_eq!(pair.z.send(b"no", now), Err(SendError::NotConnected));
            assert!(pair.z.export(b"label", None, &mut [0; 8]).is_err());
            pair.z.expect_fingerprints(expected);
            pair.drive_for(Duration::from_secs(1));
            let events = pair.events_z();
            if right {
                connected(&events);
                assert_eq!(crate::ends::data(&events), [b"secret"]);
            } else {
                assert!(crate::ends::data(&events).is_empty());
                assert_eq!(closed(&events), Some(CloseReason::Fingerprint));
                let bad = told(AlertDescription::BAD_CERTIFICATE);
                assert_eq!(closed(&pair.events_a()), bad);
            }
        }
    }
}

/// The same where they come while the handshake is under way, after the certificate was taken.
#[test]
fn fingerprints_that_come_in_mid_handshake_are_held_against_the_certificate() {
    for version in VERSIONS {
        let mut configs = configs_of(version, 1);
        configs.0.fingerprints.clear();
        configs.1.fingerprints.clear();
        // Small datagrams: the certificate comes well before the end.
        configs.0.mtu = 256;
        configs.1.mtu = 256;
        let wrong = vec![crate::ends::identity(99).certificate.fingerprint(Hash::Sha256)];
        for step in 0..40 {
            let mut client = Dtls::new(configs.0.clone(), Rng::from_u64(8));
            let mut server = Dtls::new(configs.1.clone(), Rng::from_u64(9));
            client.start(Instant::START);
            let mut steps = 0;
            let mut events = Vec::new();
            for _ in 0..4 {
                for packet in drain(&mut client).0 {
                    if steps == step {
                        server.expect_fingerprints(wrong.clone());
                    }
                    steps += 1;
                    server.handle_input(packet, Instant::START);
                }
                let (packets, new) = drain(&mut server);
                events.extend(new);
                for packet in packets {
                    client.handle_input(packet, Instant::START);
                }
            }
            let is_connected = events.iter().any(|event| matches!(event, Event::Connected(_)));
            assert!(!is_connected, "{version} {step}");
        }
    }
}

/// What a client makes of a ServerHello that `change` has spoilt.
pub(crate) fn spoilt_hello(
    version: Version,
    change: impl FnOnce(&mut ServerHello),
) -> Option<CloseReason> {
    let mut configs = configs(1);
    only(version, &mut configs.1);
    let mut client = Dtls::new(configs.0, Rng::from_u64(8));
    let mut server = Dtls::new(configs.1, Rng::from_u64(9));
    client.start(Instant::START);
    for packet in drain(&mut client).0 {
        server.handle_input(packet, Instant::START);
    }
    let (packets, _) = drain(&mut server);
    let (kind, sequence, body) = plain_messages(&packets[0]).remove(0);
    assert_eq!(kind, HandshakeType::SERVER_HELLO);
    let mut hello = ServerHello::decode(&body).unwrap();
    change(&mut hello);
    let record = plain_message(kind, sequence, |body| hello.encode(body));
    client.handle_input(record, Instant::START);
    let (packets, events) = drain(&mut client);
    let reason = closed(&events);
    // The server hears of it, though it has keys already that the client has not.
    for packet in packets {
        server.handle_input(packet, Instant::START);
    }
    if let Some(CloseReason::Failed(description)) = reason {
        assert_eq!(closed(&drain(&mut server).1), told(description));
    }
    reason
}

/// RFC 8446 section 4.1.3: somebody made the server believe that the client does not speak 1.3.
#[test]
fn a_forced_downgrade_is_noticed() {
    let illegal = failed(AlertDescription::ILLEGAL_PARAMETER);
    assert_eq!(spoilt_hello(Version::V1_2, |_| {}), None);
    for mark in [ServerHello::DOWNGRADE, ServerHello::DOWNGRADE_1_1] {
        let reason = spoilt_hello(Version::V1_2, |hello| hello.random[24..].copy_from_slice(&mark));
        assert_eq!(reason, illegal);
    }
}

/// A server that speaks 1.3 and is made to choose 1.2 says so in its random.
#[test]
fn a_server_marks_its_hello_where_it_could_do_better() {
    for (versions, is_marked) in
        [((Version::V1_2, Version::V1_3), true), ((Version::V1_2, Version::V1_2), false)]
    {
        let mut configs = configs(1);
        only(Version::V1_2, &mut configs.0);
        configs.1.versions = versions;
        let mut client = Dtls::new(configs.0, Rng::from_u64(8));
        let mut server = Dtls::new(configs.1, Rng::from_u64(9));
        client.start(Instant::START);
        for packet in drain(&mut client).0 {
            server.handle_input(packet, Instant::START);
        }
        let (_, _, body) = plain_messages(&drain(&mut server).0[0]).remove(0);
        let hello = ServerHello::decode(&body).unwrap();
        assert_eq!(hello.random.ends_with(&ServerHello::DOWNGRADE), is_marked);
    }
}

/// What is wrong with a hello of which version, how to make it so, and what comes of it.
type Case<H> = (&'static str, Version, fn(&mut H), Option<CloseReason>);

/// Another body for an extension.
fn replace(
    extensions: &mut Extensions,
    kind: ExtensionType,
    body: impl FnOnce(&mut icelab_wire::Writer),
) {
    extensions.remove(kind);
    extensions.add(kind, body);
}

/// RFC 8446 sections 4.2, 4.2.1, 4.2.8 and 9.2: each with its alert.
#[test]
fn a_hello_that_no_server_may_send_is_answered_with_its_alert() {
    let illegal = failed(AlertDescription::ILLEGAL_PARAMETER);
    let unsupported = failed(AlertDescription::UNSUPPORTED_EXTENSION);
    let cases: [Case<ServerHello>; 11] = [
        (
            "a suite that was not offered",
            Version::V1_3,
            |h| h.cipher_suite = CipherSuite(0x1304),
            illegal,
        ),
        (
            "a suite of another version",
            Version::V1_3,
            |h| h.cipher_suite = CipherSuite::ECDHE_ECDSA_AES_128_GCM,
            illegal,
        ),
        (
            "a suite of another version",
            Version::V1_2,
            |h| h.cipher_suite = CipherSuite::AES_128_GCM,
            illegal,
        ),
        ("a session", Version::V1_3, |h| h.session_id = vec![1], illegal),
        (
            "no share",
            Version::V1_3,
            |h| h.extensions.remove(ExtensionType::KEY_SHARE),
            failed(AlertDescription::MISSING_EXTENSION),
        ),
        (
            "a share of a group without a share",
            Version::V1_3,
            |h| {
                let share = key_share::KeyShare { group: NamedGroup::P384, public: vec![4; 97] };
                replace(&mut h.extensions, ExtensionType::KEY_SHARE, |body| share.encode(body));
            },
            illegal,
        ),
        (
            "an old version in the new place",
            Version::V1_3,
            |h| {
                replace(&mut h.extensions, ExtensionType::SUPPORTED_VERSIONS, |body| {
                    supported_versions::encode_choice(ProtocolVersion::DTLS_1_2, body);
                });
            },
            illegal,
        ),
        (
            "1.0",
            Version::V1_2,
            |h| h.version = ProtocolVersion::DTLS_1_0,
            failed(AlertDescription::PROTOCOL_VERSION),
        ),
        (
            "an answer to nothing",
            Version::V1_3,
            |h| h.extensions.add(ExtensionType(16), |_| {}),
            unsupported,
        ),
        (
            "an answer to nothing",
            Version::V1_2,
            |h| h.extensions.add(ExtensionType(16), |_| {}),
            unsupported,
        ),
        (
            "an answer in the wrong message",
            Version::V1_3,
            |h| {
                let profiles = vec![SrtpProfile::AEAD_AES_128_GCM];
                let answer = use_srtp::UseSrtp { profiles, mki: Vec::new() };
                h.extensions.add(ExtensionType::USE_SRTP, |body| answer.encode(body));
            },
            illegal,
        ),
    ];
    for (name, version, change, expected) in cases {
        assert_eq!(spoilt_hello(version, change), expected, "{name} {version}");
    }
}

/// RFC 5746 section 3.4: in a first handshake the extension is empty.
#[test]
fn renegotiation_info_that_is_not_empty_ends_a_first_handshake() {
    let reason = spoilt_hello(Version::V1_2, |hello| {
        assert_eq!(
            renegotiation_info::decode(
                hello.extensions.get(ExtensionType::RENEGOTIATION_INFO).unwrap()
            ),
            Ok(Vec::new())
        );
        hello.extensions.remove(ExtensionType::RENEGOTIATION_INFO);
        hello.extensions.add(ExtensionType::RENEGOTIATION_INFO, |body| {
            body.vector8(|body| body.bytes(b"bound"));
        });
    });
    assert_eq!(reason, failed(AlertDescription::HANDSHAKE_FAILURE));
}

/// What a server makes of a ClientHello that `change` has spoilt.
fn spoilt_offer(
    version: Version,
    change: impl FnOnce(&mut icelab_dtls::wire::client_hello::ClientHello),
) -> Option<CloseReason> {
    let configs = configs_of(version, 1);
    let mut client = Dtls::new(configs.0, Rng::from_u64(8));
    let mut server = Dtls::new(configs.1, Rng::from_u64(9));
    client.start(Instant::START);
    let (packets, _) = drain(&mut client);
    let (kind, sequence, body) = plain_messages(&packets[0]).remove(0);
    let mut hello = icelab_dtls::wire::client_hello::ClientHello::decode(&body).unwrap();
    change(&mut hello);
    let record = plain_message(kind, sequence, |body| hello.encode(body));
    server.handle_input(record, Instant::START);
    let (packets, events) = drain(&mut server);
    let reason = closed(&events);
    if let Some(CloseReason::Failed(description)) = reason {
        for packet in packets {
            client.handle_input(packet, Instant::START);
        }
        assert_eq!(closed(&drain(&mut client).1), told(description));
    }
    reason
}

/// RFC 8446 section 9.2, RFC 9147 section 5.3, RFC 5746 section 3.6, RFC 8422 section 5.1.
#[test]
fn a_hello_that_no_client_may_send_is_answered_with_its_alert() {
    use icelab_dtls::wire::client_hello::ClientHello;
    let missing = failed(AlertDescription::MISSING_EXTENSION);
    let illegal = failed(AlertDescription::ILLEGAL_PARAMETER);
    let failure = failed(AlertDescription::HANDSHAKE_FAILURE);
    let cases: [Case<ClientHello>; 9] = [
        ("nothing", Version::V1_3, |_| {}, None),
        ("no shares", Version::V1_3, |h| h.extensions.remove(ExtensionType::KEY_SHARE), missing),
        (
            "no groups",
            Version::V1_3,
            |h| h.extensions.remove(ExtensionType::SUPPORTED_GROUPS),
            missing,
        ),
        (
            "no schemes",
            Version::V1_3,
            |h| h.extensions.remove(ExtensionType::SIGNATURE_ALGORITHMS),
            missing,
        ),
        ("a cookie of 1.2", Version::V1_3, |h| h.cookie = vec![1], illegal),
        ("compression", Version::V1_3, |h| h.compression_methods = vec![1, 0], illegal),
        ("nothing but compression", Version::V1_2, |h| h.compression_methods = vec![1], illegal),
        (
            "no schemes",
            Version::V1_2,
            |h| h.extensions.remove(ExtensionType::SIGNATURE_ALGORITHMS),
            failure,
        ),
        (
            "another handshake",
            Version::V1_2,
            |h| {
                replace(&mut h.extensions, ExtensionType::RENEGOTIATION_INFO, |body| {
                    body.vector8(|body| body.bytes(b"bound"));
                });
            },
            failure,
        ),
    ];
    for (name, version, change, expected) in cases {
        assert_eq!(spoilt_offer(version, change), expected, "{name} {version}");
    }
}

/// RFC 7627 section 5.2: where the client does not know the extension, the older way is gone.
#[test]
fn a_hello_without_extended_master_secret_is_answered_without_it() {
    let mut configs = configs_of(Version::V1_2, 1);
    configs.1.srtp_profiles.clear();
    let mut client = Dtls::new(configs.0, Rng::from_u64(8));
    let mut server = Dtls::new(configs.1, Rng::from_u64(9));
    client.start(Instant::START);
    let (_, _, body) = plain_messages(&drain(&mut client).0[0]).remove(0);
    let mut hello = icelab_dtls::wire::client_hello::ClientHello::decode(&body).unwrap();
    let all: Vec<_> = hello.extensions.iter().map(|it| it.kind).collect();
    for kind in all {
        // The least that a client of 1.2 says.
        if kind != ExtensionType::SIGNATURE_ALGORITHMS {
            hello.extensions.remove(kind);
        }
    }
    let record = plain_message(HandshakeType::CLIENT_HELLO, 0, |body| hello.encode(body));
    server.handle_input(record, Instant::START);
    let (_, _, body) = plain_messages(&drain(&mut server).0[0]).remove(0);
    assert_eq!(ServerHello::decode(&body).unwrap().extensions, Extensions::new());
}

/// RFC 5764 section 4.1.1: without a common profile there are no keys for media, and the rest goes
/// on.
#[test]
fn without_a_common_profile_there_are_no_keys_for_media() {
    for version in VERSIONS {
        for (client, server) in [
            (vec![SrtpProfile::AEAD_AES_128_GCM], vec![SrtpProfile::AEAD_AES_256_GCM]),
            (vec![SrtpProfile::AEAD_AES_128_GCM], Vec::new()),
            (Vec::new(), vec![SrtpProfile::AEAD_AES_256_GCM]),
        ] {
            let mut configs = configs_of(version, 1);
            configs.0.srtp_profiles = client;
            configs.1.srtp_profiles = server;
            let mut pair = pair(configs, LinkModel::delayed(LINK), 1);
            connect(&mut pair).unwrap_or_else(|| panic!("{version}:\n{}", pair.log()));
            assert!(connected(&pair.events_a()).srtp.is_none());
            assert!(connected(&pair.events_z()).srtp.is_none());
        }
    }
}

/// Every suite and group that is spoken, in both versions.
#[test]
fn every_suite_and_group_works() {
    for version in VERSIONS {
        for suite in [
            CipherSuite::AES_128_GCM,
            CipherSuite::AES_256_GCM,
            CipherSuite::CHACHA20_POLY1305,
            CipherSuite::ECDHE_ECDSA_AES_128_GCM,
            CipherSuite::ECDHE_ECDSA_AES_256_GCM,
            CipherSuite::ECDHE_ECDSA_CHACHA20_POLY1305,
        ] {
            if suite.parameters().map(|parameters| parameters.version()) != Some(version) {
                continue;
            }
            for group in [NamedGroup::X25519, NamedGroup::P256, NamedGroup::P384] {
                let mut configs = configs_of(version, 1);
                for config in [&mut configs.0, &mut configs.1] {
                    config.cipher_suites = vec![suite];
                    config.groups = vec![group];
                }
                let mut pair = pair(configs, LinkModel::delayed(LINK), 1);
                connect(&mut pair).unwrap_or_else(|| panic!("{suite:?} {group:?}"));
                let events = pair.events_a();
                let agreed = connected(&events);
                assert_eq!((agreed.cipher_suite, agreed.group), (suite, group));
            }
        }
    }
}

/// RFC 9147 section 5.10: the alert is told again where the peer goes on without it.
#[test]
fn a_lost_alert_is_told_again() {
    for version in VERSIONS {
        let mut configs = configs_of(version, 1);
        configs.1.groups = vec![NamedGroup::P384];
        configs.0.groups = vec![NamedGroup::X25519];
        let mut pair = pair(configs, LinkModel::delayed(LINK), 1);
        crate::ends::lose(&mut pair, |side, number| {
            side == icelab_sans_io::testing::Side::Z && number < 2
        });
        pair.drive_for(Duration::from_secs(5));
        let failure = AlertDescription::HANDSHAKE_FAILURE;
        assert_eq!(closed(&pair.events_a()), told(failure), "{version}");
    }
}

/// What a server of `server` answers to a client's hello that `change` has spoilt on the way, and what
/// comes of it at both ends: the client's reason first.
fn meddled(
    configs: (Config, Config),
    change: impl FnOnce(&mut icelab_dtls::wire::client_hello::ClientHello),
) -> (ServerHello, Option<CloseReason>, Option<CloseReason>) {
    let (mut client, mut server) = apart(configs);
    let (kind, sequence, body) = plain_messages(&drain(&mut client).0[0]).remove(0);
    let mut hello = icelab_dtls::wire::client_hello::ClientHello::decode(&body).unwrap();
    change(&mut hello);
    let record = plain_message(kind, sequence, |body| hello.encode(body));
    server.handle_input(record, Instant::START);
    let mut reasons = (None, None);
    let mut first = None;
    for _ in 0..3 {
        let (packets, events) = carry(&mut server, &mut client, Instant::START);
        reasons.1 = reasons.1.or(closed(&events));
        let hello = packets.iter().flat_map(|packet| plain_messages(packet)).next();
        first = first.or(hello.map(|(_, _, body)| ServerHello::decode(&body).unwrap()));
        let (_, events) = carry(&mut client, &mut server, Instant::START);
        reasons.0 = reasons.0.or(closed(&events));
    }
    (first.unwrap(), reasons.0, reasons.1)
}

/// RFC 8446 section 4.1.3, RFC 9147 section 5.3: who takes the newer version out of a hello on its way is
/// given away by the server's random.
#[test]
fn a_hello_that_has_lost_its_versions_on_the_way_is_noticed() {
    let (hello, client, server) =
        meddled(configs(1), |hello| hello.extensions.remove(ExtensionType::SUPPORTED_VERSIONS));
    assert!(hello.random.ends_with(&ServerHello::DOWNGRADE));
    let illegal = AlertDescription::ILLEGAL_PARAMETER;
    assert_eq!((client, server), (failed(illegal), told(illegal)));
}

/// RFC 7627 section 5.2: the extension is offered and answered; who takes it out on its way is noticed by
/// the signature over the transcript.
#[test]
fn the_extended_master_secret_cannot_be_taken_out_of_a_hello() {
    let kind = ExtensionType::EXTENDED_MASTER_SECRET;
    let (hello, client, server) = meddled(configs_of(Version::V1_2, 1), |hello| {
        assert_eq!(hello.extensions.get(kind), Some(&[][..]));
    });
    assert_eq!(hello.extensions.get(kind), Some(&[][..]));
    assert_eq!((client, server), (None, None));
    let (hello, client, server) =
        meddled(configs_of(Version::V1_2, 1), |hello| hello.extensions.remove(kind));
    assert!(!hello.extensions.has(kind));
    let error = AlertDescription::DECRYPT_ERROR;
    assert_eq!((client, server), (told(error), failed(error)));
}
