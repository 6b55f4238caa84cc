//! Hellos that are said again: cookies, and retries for another share.

use std::time::Duration;

use icelab_dtls::wire::client_hello::ClientHello;
use icelab_dtls::wire::extension::{ExtensionType, cookie, key_share};
use icelab_dtls::wire::handshake::HandshakeType;
use icelab_dtls::wire::hello_verify_request::HelloVerifyRequest;
use icelab_dtls::wire::version::ProtocolVersion;
use icelab_dtls::{AddressCheck, AlertDescription, CloseReason, Dtls, NamedGroup, Version};
use icelab_sans_io::testing::{LinkModel, Side};
use icelab_sans_io::{Instant, Protocol, Rng};

use crate::ends::{
    VERSIONS, apart, carry, closed, configs, configs_of, connect, drain, pair, plain_message,
    plain_messages, tap,
};
use crate::hellos::kinds;

const LINK: Duration = Duration::from_millis(10);

// A -> ClientHello                    Z
// A <- HelloRetryRequest (cookie)     Z   (Z loses its memory)
// A -> ClientHello (cookie)           Z'
// A <- illegal_parameter              Z'
/// RFC 9147 section 5.1: a cookie that this server never gave is invalid, too; the client then begins
/// from scratch. Going on would make keys that the client does not have.
#[test]
fn a_cookie_that_nobody_gave_ends_the_handshake() {
    let illegal = AlertDescription::ILLEGAL_PARAMETER;
    for address in [AddressCheck::Known, AddressCheck::Cookie, AddressCheck::Limit] {
        let (client, mut server) = configs_of(Version::V1_3, 1);
        server.address = AddressCheck::Cookie;
        let mut old = Dtls::new(server.clone(), Rng::from_u64(9));
        server.address = address;
        let mut new = Dtls::new(server, Rng::from_u64(10));
        let mut client = Dtls::new(client, Rng::from_u64(8));
        client.start(Instant::START);
        carry(&mut client, &mut old, Instant::START);
        carry(&mut old, &mut client, Instant::START);
        carry(&mut client, &mut new, Instant::START);
        let (_, events) = carry(&mut new, &mut client, Instant::START);
        assert_eq!(closed(&events), Some(CloseReason::Failed(illegal)), "{address:?}");
        assert_eq!(closed(&drain(&mut client).1), Some(CloseReason::Alert(illegal)));
    }
}

/// RFC 9147 section 5.1: nor is one valid where only another share was asked for.
#[test]
fn a_cookie_that_was_not_asked_for_ends_the_handshake() {
    let (client, mut server) = configs_of(Version::V1_3, 1);
    server.groups = vec![NamedGroup::P384];
    let (mut client, mut server) = apart((client, server));
    carry(&mut client, &mut server, Instant::START);
    carry(&mut server, &mut client, Instant::START);
    let (kind, sequence, body) = plain_messages(&drain(&mut client).0[0]).remove(0);
    let mut hello = ClientHello::decode(&body).unwrap();
    hello.extensions.add(ExtensionType::COOKIE, |body| {
        cookie::encode(b"cookie", body);
    });
    server.handle_input(plain_message(kind, sequence, |body| hello.encode(body)), Instant::START);
    let reason = closed(&drain(&mut server).1);
    assert_eq!(reason, Some(CloseReason::Failed(AlertDescription::ILLEGAL_PARAMETER)));
}

/// RFC 9147 sections 5.1 and 5.3: the fields of old versions say nothing: version 1.2, no session, no
/// cookie, in the first hello and in the next. RFC 8446 section 4.1.2: the second is the first but for
/// the cookie and the share that were asked for.
#[test]
fn a_hello_after_a_retry_is_the_first_one_with_what_was_asked_for() {
    for newest_only in [false, true] {
        let mut configs = configs(1);
        if newest_only {
            configs.0.versions = (Version::V1_3, Version::V1_3);
        }
        configs.1.address = AddressCheck::Cookie;
        configs.1.groups = vec![NamedGroup::P384];
        let mut pair = pair(configs, LinkModel::delayed(LINK), 1);
        let packets = tap(&mut pair);
        connect(&mut pair).unwrap();
        let hellos = hellos(&packets.borrow());
        assert_eq!(hellos.len(), 2);
        for hello in &hellos {
            assert_eq!(hello.version, ProtocolVersion::DTLS_1_2);
            assert!(hello.session_id.is_empty() && hello.cookie.is_empty());
            assert_eq!(hello.compression_methods, [0]);
        }
        let [mut first, mut second] = [hellos[0].clone(), hellos[1].clone()];
        assert!(!first.extensions.has(ExtensionType::COOKIE));
        let share = second.extensions.get(ExtensionType::KEY_SHARE).unwrap();
        let shares = key_share::decode_offer(share).unwrap();
        assert!(shares.len() == 1 && shares[0].group == NamedGroup::P384);
        first.extensions.remove(ExtensionType::KEY_SHARE);
        for kind in [ExtensionType::KEY_SHARE, ExtensionType::COOKIE] {
            assert!(second.extensions.has(kind));
            second.extensions.remove(kind);
        }
        assert_eq!(first, second);
    }
}

/// RFC 9147 section 5.2: 1.3 does not ask for cookies by HelloVerifyRequest; and whoever speaks 1.3 only
/// does not obey one.
#[test]
fn no_hello_verify_request_belongs_to_1_3() {
    for dual in [false, true] {
        let mut configs = if dual { configs(1) } else { configs_of(Version::V1_3, 1) };
        configs.1.address = AddressCheck::Cookie;
        let mut pair = pair(configs, LinkModel::delayed(LINK), 1);
        let packets = tap(&mut pair);
        connect(&mut pair).unwrap();
        let server = kinds(&packets.borrow(), Side::Z);
        assert_eq!(server, [HandshakeType::SERVER_HELLO; 2], "a request and a hello");
    }
    let (mut client, _) = apart(configs_of(Version::V1_3, 1));
    let request = HelloVerifyRequest { version: ProtocolVersion::DTLS_1_2, cookie: vec![7] };
    let record = plain_message(HandshakeType::HELLO_VERIFY_REQUEST, 0, |it| request.encode(it));
    client.handle_input(record, Instant::START);
    let reason = closed(&drain(&mut client).1);
    assert_eq!(reason, Some(CloseReason::Failed(AlertDescription::UNEXPECTED_MESSAGE)));
}

/// RFC 6347 section 4.2.1: the version in a HelloVerifyRequest says nothing of the one that will be
/// spoken. RFC 9147 section 5.2: a client of both versions speaks with a server of 1.2.
#[test]
fn the_version_of_a_hello_verify_request_says_nothing() {
    for versions in [(Version::V1_2, Version::V1_2), (Version::V1_2, Version::V1_3)] {
        for number in [0xFEFF, 0xFEFD, 0xFEFC, 0] {
            let (mut client, mut server) = configs_of(Version::V1_2, 1);
            client.versions = versions;
            server.address = AddressCheck::Cookie;
            let (mut client, mut server) = apart((client, server));
            let (hello, _) = carry(&mut client, &mut server, Instant::START);
            let (kind, sequence, body) = plain_messages(&drain(&mut server).0[0]).remove(0);
            let mut request = HelloVerifyRequest::decode(&body).unwrap();
            assert_eq!(request.version, ProtocolVersion::DTLS_1_0);
            request.version = ProtocolVersion(number);
            let record = plain_message(kind, sequence, |body| request.encode(body));
            client.handle_input(record, Instant::START);
            // Every parameter but the cookie stays, and the transcript begins here: else the Finished
            // messages would not fit.
            let (again, _) = carry(&mut client, &mut server, Instant::START);
            let read =
                |packet: &[u8]| ClientHello::decode(&plain_messages(packet).remove(0).2).unwrap();
            let (hello, again) = (read(&hello[0]), read(&again[0]));
            assert_eq!(ClientHello { cookie: Vec::new(), ..again }, hello);
            for _ in 0..2 {
                carry(&mut server, &mut client, Instant::START);
                carry(&mut client, &mut server, Instant::START);
            }
            assert!(client.is_connected() && server.is_connected(), "{versions:?} {number:#x}");
            assert_eq!(client.version(), Some(Version::V1_2));
        }
    }
}

/// RFC 9147 section 11: a cookie belongs to the address that it was given to, which has a server, and a
/// secret, of its own; nobody else can make one.
#[test]
fn a_cookie_is_good_for_nobody_but_whom_it_was_given_to() {
    for version in VERSIONS {
        let (client, mut server) = configs_of(version, 1);
        server.address = AddressCheck::Cookie;
        let mut here = Dtls::new(server.clone(), Rng::from_u64(9));
        let mut there = Dtls::new(server, Rng::from_u64(10));
        let mut client = Dtls::new(client, Rng::from_u64(8));
        client.start(Instant::START);
        for packet in drain(&mut client).0 {
            here.handle_input(packet.clone(), Instant::START);
            there.handle_input(packet, Instant::START);
        }
        drain(&mut there);
        carry(&mut here, &mut client, Instant::START);
        let (packets, _) = drain(&mut client);
        let (kind, sequence, body) = plain_messages(&packets[0]).remove(0);
        // Spoilt in any byte, it is good for nobody.
        let mut spoilt = ClientHello::decode(&body).unwrap();
        match version {
            Version::V1_2 => spoilt.cookie[31] ^= 1,
            Version::V1_3 => {
                let cookie = spoilt.extensions.get(ExtensionType::COOKIE).unwrap();
                let mut token = cookie::decode(cookie).unwrap();
                token[0] ^= 0x80;
                spoilt.extensions.remove(ExtensionType::COOKIE);
                spoilt.extensions.add(ExtensionType::COOKIE, |body| {
                    cookie::encode(&token, body);
                });
            }
        }
        let forged = plain_message(kind, sequence, |body| spoilt.encode(body));
        for (server, hello) in [(&mut there, packets[0].clone()), (&mut here, forged)] {
            server.handle_input(hello, Instant::START);
            let (answers, events) = drain(server);
            match version {
                Version::V1_2 => {
                    let kind = plain_messages(&answers[0]).remove(0).0;
                    assert_eq!(kind, HandshakeType::HELLO_VERIFY_REQUEST);
                }
                Version::V1_3 => {
                    let illegal = AlertDescription::ILLEGAL_PARAMETER;
                    assert_eq!(closed(&events), Some(CloseReason::Failed(illegal)));
                }
            }
        }
    }
}

/// The hellos that the client sent.
fn hellos(packets: &[(Side, Vec<u8>)]) -> Vec<ClientHello> {
    packets
        .iter()
        .flat_map(|(_, packet)| plain_messages(packet))
        .filter(|(kind, _, _)| *kind == HandshakeType::CLIENT_HELLO)
        .map(|(_, _, body)| ClientHello::decode(&body).unwrap())
        .collect()
}
