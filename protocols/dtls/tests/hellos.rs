//! Hellos: cookies, retries, limits, hellos in pieces, and what nobody knows.

use std::time::Duration;

use icelab_crypto::Fingerprint;
use icelab_dtls::wire::client_hello::ClientHello;
use icelab_dtls::wire::extension::key_share::{self, KeyShare};
use icelab_dtls::wire::extension::{ExtensionType, supported_groups, supported_versions};
use icelab_dtls::wire::handshake::{Fragment, HandshakeType};
use icelab_dtls::wire::hello_verify_request::HelloVerifyRequest;
use icelab_dtls::wire::server_hello::ServerHello;
use icelab_dtls::wire::version::ProtocolVersion;
use icelab_dtls::{
    AddressCheck, AlertDescription, CipherSuite, CloseReason, Config, Discard, Dtls, Event,
    NamedGroup, Version,
};
use icelab_sans_io::testing::{LinkModel, Side};
use icelab_sans_io::{Instant, Protocol, Rng};

use crate::ends::{
    VERSIONS, apart, closed, configs, configs_of, connect, connected, drain, pair, plain_message,
    plain_messages, plain_record, plain_records, tap,
};

const LINK: Duration = Duration::from_millis(10);

/// The kinds of the messages without protection that `side` sent.
pub(crate) fn kinds(packets: &[(Side, Vec<u8>)], side: Side) -> Vec<HandshakeType> {
    packets
        .iter()
        .filter(|(from, _)| *from == side)
        .flat_map(|(_, packet)| plain_messages(packet))
        .map(|(kind, _, _)| kind)
        .collect()
}

// A -> ClientHello                  Z
// A <- HelloVerifyRequest           Z
// A -> ClientHello (cookie)         Z
// A <- ServerHello ..               Z
/// RFC 6347 section 4.2.1.
#[test]
fn a_server_of_1_2_asks_for_its_cookie_first() {
    let mut configs = configs_of(Version::V1_2, 1);
    configs.1.address = AddressCheck::Cookie;
    let mut pair = pair(configs, LinkModel::delayed(LINK), 1);
    let packets = tap(&mut pair);
    connect(&mut pair).unwrap_or_else(|| panic!("no connection:\n{}", pair.log()));
    let packets = packets.borrow();
    let client = kinds(&packets, Side::A);
    assert_eq!(client[..2], [HandshakeType::CLIENT_HELLO; 2]);
    let server = kinds(&packets, Side::Z);
    assert_eq!(server[..2], [HandshakeType::HELLO_VERIFY_REQUEST, HandshakeType::SERVER_HELLO]);
    let hellos: Vec<ClientHello> = packets
        .iter()
        .flat_map(|(_, packet)| plain_messages(packet))
        .filter(|(kind, _, _)| *kind == HandshakeType::CLIENT_HELLO)
        .map(|(_, _, body)| ClientHello::decode(&body).unwrap())
        .collect();
    assert!(hellos[0].cookie.is_empty() && !hellos[1].cookie.is_empty());
    // All but the cookie is the same.
    assert_eq!(ClientHello { cookie: Vec::new(), ..hellos[1].clone() }, hellos[0]);
}

/// RFC 6347 section 4.2.1: a wrong cookie is treated as none; the request has the hello's number of
/// the record.
#[test]
fn a_wrong_cookie_is_answered_with_the_right_one() {
    let (client, mut server) = configs_of(Version::V1_2, 1);
    server.address = AddressCheck::Cookie;
    let mut server = Dtls::new(server, Rng::from_u64(9));
    let mut client = Dtls::new(client, Rng::from_u64(8));
    client.start(Instant::START);
    let (hello, _) = drain(&mut client);
    let (_, _, body) = plain_messages(&hello[0]).remove(0);
    let mut hello = ClientHello::decode(&body).unwrap();
    hello.cookie = b"stale".to_vec();
    // The message is the client's second, in the record of number 7.
    let record = plain_message(HandshakeType::CLIENT_HELLO, 7, |body| hello.encode(body));
    server.handle_input(record, Instant::START);
    let (answers, _) = drain(&mut server);
    assert_eq!(server.discards().count(Discard::Cookie), 1);
    let (kind, sequence, body) = plain_messages(&answers[0]).remove(0);
    assert_eq!((kind, sequence), (HandshakeType::HELLO_VERIFY_REQUEST, 7));
    assert_eq!(answers[0][5..11], [0, 0, 0, 0, 0, 7]);
    hello.cookie = HelloVerifyRequest::decode(&body).unwrap().cookie;
    let record = plain_message(HandshakeType::CLIENT_HELLO, 8, |body| hello.encode(body));
    server.handle_input(record, Instant::START);
    let (answers, _) = drain(&mut server);
    assert_eq!(plain_messages(&answers[0])[0].0, HandshakeType::SERVER_HELLO);
    assert_eq!(answers[0][5..11], [0, 0, 0, 0, 0, 8]);
}

// A -> ClientHello             Z
// A <- HelloVerifyRequest      Z   (Z loses its memory)
// A -> ClientHello (cookie)    Z'
// A <- HelloVerifyRequest      Z'
// A -> ClientHello (cookie')   Z'
/// RFC 6347 section 4.2.1: clients answer a second HelloVerifyRequest.
#[test]
fn a_client_brings_another_cookie_where_the_servers_key_has_changed() {
    let (client, mut server) = configs_of(Version::V1_2, 1);
    server.address = AddressCheck::Cookie;
    let mut client = Dtls::new(client, Rng::from_u64(8));
    client.start(Instant::START);
    let mut old = Dtls::new(server.clone(), Rng::from_u64(9));
    for packet in drain(&mut client).0 {
        old.handle_input(packet, Instant::START);
    }
    for packet in drain(&mut old).0 {
        client.handle_input(packet, Instant::START);
    }
    let mut new = Dtls::new(server, Rng::from_u64(10));
    for _ in 0..6 {
        for packet in drain(&mut client).0 {
            new.handle_input(packet, Instant::START);
        }
        for packet in drain(&mut new).0 {
            client.handle_input(packet, Instant::START);
        }
    }
    assert!(client.is_connected() && new.is_connected());
}

#[test]
fn a_client_leaves_a_server_that_never_has_enough_of_cookies() {
    let (config, _) = configs_of(Version::V1_2, 1);
    let mut client = Dtls::new(config, Rng::from_u64(8));
    client.start(Instant::START);
    for sequence in 0..9 {
        let request = HelloVerifyRequest {
            version: ProtocolVersion::DTLS_1_0,
            cookie: vec![u8::try_from(sequence).unwrap()],
        };
        client.handle_input(
            plain_message(HandshakeType::HELLO_VERIFY_REQUEST, sequence, |body| {
                request.encode(body);
            }),
            Instant::START,
        );
    }
    let reason = closed(&drain(&mut client).1);
    assert_eq!(reason, Some(CloseReason::Failed(AlertDescription::UNEXPECTED_MESSAGE)));
}

/// RFC 8446 section 4.1.4, RFC 9147 section 5.1: for a cookie, for a group, and for both.
#[test]
fn a_server_of_1_3_asks_for_a_cookie_a_group_or_both() {
    for (cookie, group) in [(true, false), (false, true), (true, true)] {
        let mut configs = configs(1);
        if cookie {
            configs.1.address = AddressCheck::Cookie;
        }
        if group {
            configs.1.groups = vec![NamedGroup::P384];
        }
        let mut pair = pair(configs, LinkModel::delayed(LINK), 1);
        let packets = tap(&mut pair);
        connect(&mut pair).unwrap_or_else(|| panic!("no connection:\n{}", pair.log()));
        let hellos: Vec<ServerHello> = packets
            .borrow()
            .iter()
            .flat_map(|(_, packet)| plain_messages(packet))
            .filter(|(kind, _, _)| *kind == HandshakeType::SERVER_HELLO)
            .map(|(_, _, body)| ServerHello::decode(&body).unwrap())
            .collect();
        assert!(hellos[0].is_retry() && !hellos[1].is_retry());
        assert_eq!(hellos[0].extensions.has(ExtensionType::COOKIE), cookie);
        assert_eq!(hellos[0].extensions.has(ExtensionType::KEY_SHARE), group);
        let expected = if group { NamedGroup::P384 } else { NamedGroup::X25519 };
        assert_eq!(connected(&pair.events_a()).group, expected);
        assert_eq!(connected(&pair.events_z()).group, expected);
    }
}

/// RFC 9147 section 5.1: an invalid cookie ends the handshake with `illegal_parameter`.
#[test]
fn a_wrong_cookie_of_1_3_ends_the_handshake() {
    let (client, mut server) = configs_of(Version::V1_3, 1);
    server.address = AddressCheck::Cookie;
    let mut client = Dtls::new(client, Rng::from_u64(8));
    client.start(Instant::START);
    let mut old = Dtls::new(server.clone(), Rng::from_u64(9));
    let (hello, _) = drain(&mut client);
    let mut new = Dtls::new(server, Rng::from_u64(10));
    old.handle_input(hello[0].clone(), Instant::START);
    new.handle_input(hello[0].clone(), Instant::START);
    drain(&mut new);
    for packet in drain(&mut old).0 {
        client.handle_input(packet, Instant::START);
    }
    for packet in drain(&mut client).0 {
        new.handle_input(packet, Instant::START);
    }
    let (packets, events) = drain(&mut new);
    let illegal = AlertDescription::ILLEGAL_PARAMETER;
    assert_eq!(closed(&events), Some(CloseReason::Failed(illegal)));
    client.handle_input(packets[0].clone(), Instant::START);
    assert_eq!(closed(&drain(&mut client).1), Some(CloseReason::Alert(illegal)));
}

/// RFC 8446 section 4.1.4: a second HelloRetryRequest, and one that changes nothing.
#[test]
fn a_client_is_asked_again_only_once_and_only_for_something() {
    let retry = |sequence, with_cookie: bool| {
        plain_message(HandshakeType::SERVER_HELLO, sequence, |body| {
            let mut extensions = icelab_dtls::wire::extension::Extensions::new();
            extensions.add(ExtensionType::SUPPORTED_VERSIONS, |body| {
                supported_versions::encode_choice(ProtocolVersion::DTLS_1_3, body);
            });
            if with_cookie {
                extensions.add(ExtensionType::COOKIE, |body| {
                    icelab_dtls::wire::extension::cookie::encode(b"cookie", body);
                });
            }
            ServerHello {
                version: ProtocolVersion::DTLS_1_2,
                random: ServerHello::RETRY,
                session_id: Vec::new(),
                cipher_suite: CipherSuite::AES_128_GCM,
                extensions,
            }
            .encode(body);
        })
    };
    let start = || {
        let mut client = Dtls::new(configs(1).0, Rng::from_u64(8));
        client.start(Instant::START);
        client
    };
    let mut client = start();
    client.handle_input(retry(0, false), Instant::START);
    let reason = closed(&drain(&mut client).1);
    assert_eq!(reason, Some(CloseReason::Failed(AlertDescription::ILLEGAL_PARAMETER)));
    let mut client = start();
    client.handle_input(retry(0, true), Instant::START);
    assert_eq!(closed(&drain(&mut client).1), None);
    client.handle_input(retry(1, true), Instant::START);
    let reason = closed(&drain(&mut client).1);
    assert_eq!(reason, Some(CloseReason::Failed(AlertDescription::UNEXPECTED_MESSAGE)));
}

/// RFC 9147 section 5.1: at most three times the bytes that came, as long as the client has not shown
/// that it hears; and a window that is closed burns no tries.
#[test]
fn a_server_never_sends_more_than_three_times_what_came() {
    for version in VERSIONS {
        let (client, mut server) = configs_of(version, 1);
        server.address = AddressCheck::Limit;
        server.retransmission.tries = 3;
        let mut client = Dtls::new(client, Rng::from_u64(8));
        let mut server = Dtls::new(server, Rng::from_u64(9));
        let mut now = Instant::START;
        client.start(now);
        let (mut came, mut went) = (0, 0);
        // The client repeats its hello, and hears nothing.
        for _ in 0..6 {
            for packet in drain(&mut client).0 {
                came += packet.len();
                server.handle_input(packet, now);
            }
            // The server has all the time of the world.
            for _ in 0..50 {
                if let Some(deadline) = server.poll_timeout() {
                    server.handle_timeout(deadline.at.max(now));
                }
                let (packets, events) = drain(&mut server);
                assert_eq!(closed(&events), None, "{version}: tries were burnt");
                went += packets.iter().map(Vec::len).sum::<usize>();
                assert!(went <= 3 * came, "{version}: {went} for {came}");
            }
            now = client.poll_timeout().expect("it repeats itself").at;
            client.handle_timeout(now);
        }
        assert!(went > 0);
    }
}

#[test]
fn a_limited_server_connects_as_soon_as_the_window_lets_it() {
    for version in VERSIONS {
        let mut configs = configs_of(version, 1);
        configs.1.address = AddressCheck::Limit;
        let mut pair = pair(configs, LinkModel::delayed(LINK), 1);
        let took = connect(&mut pair).unwrap_or_else(|| panic!("{version}:\n{}", pair.log()));
        assert!(took < Duration::from_secs(2), "{version}: {took:?}");
    }
}

/// What Chromium 156 sends: two key shares, the first of them of a kind that a peer may not know,
/// 1413 bytes, so that it takes two datagrams; and GREASE (RFC 8701) in every list.
fn chromium_hello(client: &mut Dtls) -> Vec<u8> {
    client.start(Instant::START);
    let (packets, _) = drain(client);
    let (_, _, body) = plain_messages(&packets[0]).remove(0);
    let mut hello = ClientHello::decode(&body).unwrap();
    let share = hello.extensions.get(ExtensionType::KEY_SHARE).unwrap();
    let mut shares = key_share::decode_offer(share).unwrap();
    shares.insert(0, KeyShare { group: NamedGroup(0x11EC), public: vec![0x5A; 1216] });
    shares.insert(0, KeyShare { group: NamedGroup(0x8A8A), public: vec![0] });
    hello.cipher_suites.insert(0, CipherSuite(0x1A1A));
    for kind in [ExtensionType::KEY_SHARE, ExtensionType::SUPPORTED_GROUPS] {
        hello.extensions.remove(kind);
    }
    hello.extensions.remove(ExtensionType::SUPPORTED_VERSIONS);
    hello.extensions.add(ExtensionType(0x2A2A), |_| {});
    hello.extensions.add(ExtensionType::KEY_SHARE, |body| key_share::encode_offer(&shares, body));
    hello.extensions.add(ExtensionType::SUPPORTED_GROUPS, |body| {
        let groups = [0x8A8A, 0x11EC, 0x001D, 0x0017, 0x0018].map(NamedGroup);
        supported_groups::encode(&groups, body);
    });
    hello.extensions.add(ExtensionType::SUPPORTED_VERSIONS, |body| {
        let grease = ProtocolVersion(0xBABA);
        let versions = [grease, ProtocolVersion::DTLS_1_3, ProtocolVersion::DTLS_1_2];
        supported_versions::encode_offer(&versions, body);
    });
    // session_ticket, status_request, ALPN-like and padding: nobody here knows them.
    for kind in [35, 5, 16, 21] {
        hello.extensions.add(ExtensionType(kind), |body| body.zeros(7));
    }
    hello.extensions.add(ExtensionType(0x3A3A), |body| body.u8(0));
    let mut writer = icelab_wire::Writer::new();
    hello.encode(&mut writer);
    writer.into_vec()
}

/// A message in fragments of at most `size` bytes, each in a datagram of its own.
fn in_pieces(body: &[u8], size: usize) -> Vec<Vec<u8>> {
    let length = u32::try_from(body.len()).unwrap();
    body.chunks(size)
        .enumerate()
        .map(|(place, bytes)| {
            let offset = u32::try_from(place * size).unwrap();
            let fragment =
                Fragment { kind: HandshakeType::CLIENT_HELLO, length, sequence: 0, offset, bytes };
            let mut writer = icelab_wire::Writer::new();
            fragment.encode(&mut writer);
            plain_record(22, u32::try_from(place).unwrap(), writer.as_slice())
        })
        .collect()
}

fn server_without_post_quantum() -> Dtls {
    let (_, mut server) = configs(1);
    server.groups = vec![NamedGroup::X25519, NamedGroup::P256];
    Dtls::new(server, Rng::from_u64(9))
}

#[test]
fn a_hello_like_chromiums_in_two_datagrams_is_answered_in_either_order() {
    for swapped in [false, true] {
        let mut client = Dtls::new(configs(1).0, Rng::from_u64(8));
        let body = chromium_hello(&mut client);
        assert!(body.len() > 1400);
        let mut pieces = in_pieces(&body, 1100);
        assert_eq!(pieces.len(), 2);
        if swapped {
            pieces.swap(0, 1);
        }
        let mut server = server_without_post_quantum();
        server.handle_input(pieces[0].clone(), Instant::START);
        // Nobody knows yet whether the client knows what an ACK is.
        assert_eq!(drain(&mut server).0, Vec::<Vec<u8>>::new());
        server.handle_input(pieces[1].clone(), Instant::START);
        let (packets, _) = drain(&mut server);
        let (kind, _, body) = plain_messages(&packets[0]).remove(0);
        assert_eq!(kind, HandshakeType::SERVER_HELLO);
        let hello = ServerHello::decode(&body).unwrap();
        assert!(!hello.is_retry(), "there is a share that it knows");
        assert_eq!(server.version(), Some(Version::V1_3));
    }
}

/// RFC 6347 section 4.2.3, RFC 9147 section 5.5: fragments in any order, overlapping, repeated.
#[test]
fn a_hello_in_overlapping_repeated_and_disordered_pieces_is_put_together() {
    let mut client = Dtls::new(configs(1).0, Rng::from_u64(8));
    let body = chromium_hello(&mut client);
    let mut pieces = in_pieces(&body, 100);
    pieces.extend(in_pieces(&body, 333));
    pieces.extend(in_pieces(&body, 77).into_iter().take(3));
    let mut rng = Rng::from_u64(4);
    for last in (1..pieces.len()).rev() {
        pieces.swap(last, usize::try_from(rng.below(last as u64 + 1)).unwrap());
    }
    let mut server = server_without_post_quantum();
    let mut answers = Vec::new();
    for piece in pieces {
        server.handle_input(piece, Instant::START);
        answers.extend(drain(&mut server).0);
    }
    assert_eq!(plain_messages(&answers[0])[0].0, HandshakeType::SERVER_HELLO);
}

#[test]
fn post_quantum_shares_are_agreed_on_where_both_want_them() {
    let mut configs = configs(1);
    configs.0.groups.insert(0, NamedGroup::X25519_MLKEM768);
    configs.1.groups.insert(0, NamedGroup::X25519_MLKEM768);
    configs.0.key_shares = 2;
    let mut pair = pair(configs, LinkModel::delayed(LINK), 1);
    let packets = tap(&mut pair);
    connect(&mut pair).unwrap_or_else(|| panic!("no connection:\n{}", pair.log()));
    assert_eq!(connected(&pair.events_a()).group, NamedGroup::X25519_MLKEM768);
    let packets = packets.borrow();
    let pieces = packets.iter().take_while(|(side, _)| *side == Side::A).count();
    assert_eq!(pieces, 2, "it does not fit one datagram");
}

/// A datagram that nobody can use changes nothing before the start.
#[test]
fn a_client_hears_nothing_before_it_has_started() {
    let (client, server): (Config, Config) = configs(1);
    let mut early = Dtls::new(client, Rng::from_u64(8));
    early.handle_input(
        plain_message(HandshakeType::SERVER_HELLO, 0, |body| body.zeros(50)),
        Instant::START,
    );
    assert_eq!(early.discards().count(Discard::Unexpected), 1);
    early.start(Instant::START);
    let mut server = Dtls::new(server, Rng::from_u64(9));
    for _ in 0..4 {
        for packet in drain(&mut early).0 {
            server.handle_input(packet, Instant::START);
        }
        for packet in drain(&mut server).0 {
            early.handle_input(packet, Instant::START);
        }
    }
    assert!(early.is_connected());
}

/// RFC 8122 section 5.1: only fingerprints of the strongest hash count.
#[test]
fn a_weaker_fingerprint_does_not_stand_in_for_a_stronger_one() {
    let mut configs = configs(1);
    let right = configs.0.fingerprints[0].clone();
    configs.0.fingerprints.push(Fingerprint::of(icelab_crypto::Hash::Sha384, b"another"));
    assert_eq!(configs.0.fingerprints[0], right);
    let mut pair = pair(configs, LinkModel::delayed(LINK), 1);
    pair.drive_for(Duration::from_secs(5));
    assert_eq!(closed(&pair.events_a()), Some(CloseReason::Fingerprint));
    let told = closed(&pair.events_z());
    assert_eq!(told, Some(CloseReason::Alert(AlertDescription::BAD_CERTIFICATE)));
}

/// RFC 9147 section 5: endpoints send no ChangeCipherSpec in 1.3, and no session id is echoed.
#[test]
fn nothing_of_the_compatibility_mode_is_sent() {
    let mut pair = pair(configs(1), LinkModel::delayed(LINK), 1);
    let packets = tap(&mut pair);
    connect(&mut pair).unwrap();
    for (_, packet) in packets.borrow().iter() {
        assert!(plain_records(packet).iter().all(|(content, _)| *content == 22));
    }
    let events = pair.events_a();
    assert!(!events.iter().any(|event| matches!(event, Event::Retransmitted(_))));
}

/// RFC 9147 section 5: a server does not echo the session id that a client may send, neither in its hello
/// nor in a request for another.
#[test]
fn a_session_id_is_not_echoed() {
    for groups in [vec![NamedGroup::X25519], vec![NamedGroup::P384]] {
        let (client, mut server) = configs(1);
        server.groups = groups;
        let (mut client, mut server) = apart((client, server));
        let (kind, sequence, body) = plain_messages(&drain(&mut client).0[0]).remove(0);
        let mut hello = ClientHello::decode(&body).unwrap();
        hello.session_id = vec![7; 32];
        let record = plain_message(kind, sequence, |body| hello.encode(body));
        server.handle_input(record, Instant::START);
        let (_, _, body) = plain_messages(&drain(&mut server).0[0]).remove(0);
        assert_eq!(server.version(), Some(Version::V1_3));
        assert!(ServerHello::decode(&body).unwrap().session_id.is_empty());
    }
}
