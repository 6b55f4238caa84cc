//! Keys for media (RFC 5764): who offers which profiles, and what of the keys belongs to whom.

use std::time::Duration;

use icelab_dtls::wire::alert::AlertDescription;
use icelab_dtls::wire::client_hello::ClientHello;
use icelab_dtls::wire::extension::use_srtp::UseSrtp;
use icelab_dtls::wire::extension::{ExtensionType, Extensions};
use icelab_dtls::wire::handshake::HandshakeType;
use icelab_dtls::wire::server_hello::ServerHello;
use icelab_dtls::{CloseReason, Config, Dtls, Event, SrtpProfile, Version};
use icelab_sans_io::testing::LinkModel;
use icelab_sans_io::{Instant, Protocol, Rng};

use crate::ends::{
    VERSIONS, configs_of, connected, drain, pair, plain_message, plain_messages, tap,
};
use crate::negotiation::spoilt_hello;

/// RFC 5764 section 4.1: a client that wants media says which profiles it likes best, and no key
/// identifier; another says nothing.
#[test]
fn the_client_offers_its_profiles_where_it_wants_media() {
    let profiles = vec![SrtpProfile::AES128_CM_SHA1_32, SrtpProfile::AEAD_AES_256_GCM];
    for version in VERSIONS {
        let mut config = configs_of(version, 1).0;
        config.srtp_profiles = profiles.clone();
        let offer = hello(&config);
        let offer = offer.extensions.get(ExtensionType::USE_SRTP).unwrap();
        let expected = UseSrtp { profiles: profiles.clone(), mki: Vec::new() };
        assert_eq!(UseSrtp::decode(offer), Ok(expected));
        config.srtp_profiles.clear();
        assert!(!hello(&config).extensions.has(ExtensionType::USE_SRTP));
    }
}

/// RFC 5764 sections 4.1.1 and 4.1.3: the server's answer is one profile, which the client named, and no
/// key identifier, whatever the client would like to use as one; to nothing it answers nothing.
#[test]
fn the_server_answers_with_one_of_the_clients_profiles() {
    let (client, mut server) = configs_of(Version::V1_2, 1);
    server.srtp_profiles = vec![SrtpProfile::AEAD_AES_256_GCM, SrtpProfile::AES128_CM_SHA1_80];
    let answer = |profiles: Option<Vec<SrtpProfile>>, mki: &[u8]| {
        let mut hello = hello(&client);
        hello.extensions.remove(ExtensionType::USE_SRTP);
        if let Some(profiles) = profiles {
            let offer = UseSrtp { profiles, mki: mki.to_vec() };
            hello.extensions.add(ExtensionType::USE_SRTP, |body| offer.encode(body));
        }
        let mut server = Dtls::new(server.clone(), Rng::from_u64(9));
        let record = plain_message(HandshakeType::CLIENT_HELLO, 0, |body| hello.encode(body));
        server.handle_input(record, Instant::START);
        let (_, _, body) = plain_messages(&drain(&mut server).0[0]).remove(0);
        let answer: Extensions = ServerHello::decode(&body).unwrap().extensions;
        answer.get(ExtensionType::USE_SRTP).map(|body| UseSrtp::decode(body).unwrap())
    };
    let only = |profile| Some(UseSrtp { profiles: vec![profile], mki: Vec::new() });
    let (cm, gcm) = (SrtpProfile::AES128_CM_SHA1_80, SrtpProfile::AEAD_AES_256_GCM);
    for mki in [&b""[..], b"key 1"] {
        assert_eq!(answer(Some(vec![cm, gcm]), mki), only(gcm));
        assert_eq!(answer(Some(vec![SrtpProfile::AEAD_AES_128_GCM, cm]), mki), only(cm));
        assert_eq!(answer(Some(vec![SrtpProfile::AEAD_AES_128_GCM]), mki), None);
    }
    assert_eq!(answer(None, b""), None);
}

/// RFC 5764 sections 4.1.1 and 4.1.3: the client ends the handshake where the server answers with a
/// profile that it did not name, with several, or with a key identifier.
#[test]
fn an_answer_that_is_not_one_of_the_offered_profiles_ends_the_handshake() {
    let refused = Some(CloseReason::Failed(AlertDescription::ILLEGAL_PARAMETER));
    let cases: [(&[SrtpProfile], &[u8], _); 5] = [
        (&[SrtpProfile::AEAD_AES_128_GCM], b"", None),
        (&[SrtpProfile::AES128_CM_SHA1_32], b"", refused),
        (&[SrtpProfile::AEAD_AES_128_GCM, SrtpProfile::AEAD_AES_256_GCM], b"", refused),
        (&[], b"", Some(CloseReason::Failed(AlertDescription::DECODE_ERROR))),
        (&[SrtpProfile::AEAD_AES_128_GCM], b"key 1", refused),
    ];
    for (profiles, mki, expected) in cases {
        let answer = UseSrtp { profiles: profiles.to_vec(), mki: mki.to_vec() };
        let reason = spoilt_hello(Version::V1_2, |hello| {
            hello.extensions.remove(ExtensionType::USE_SRTP);
            hello.extensions.add(ExtensionType::USE_SRTP, |body| answer.encode(body));
        });
        assert_eq!(reason, expected, "{answer:?}");
    }
}

/// RFC 5764 section 4.2: the client's key, the server's key, the client's salt, the server's salt; each
/// end protects with its own and opens with the other's.
#[test]
fn the_keys_are_cut_out_of_the_exported_bytes_in_order() {
    let lengths = [
        (SrtpProfile::AES128_CM_SHA1_80, 16, 14),
        (SrtpProfile::AES128_CM_SHA1_32, 16, 14),
        (SrtpProfile::AEAD_AES_128_GCM, 16, 12),
        (SrtpProfile::AEAD_AES_256_GCM, 32, 12),
    ];
    for (version, (profile, key, salt)) in
        VERSIONS.into_iter().flat_map(|version| lengths.map(|lengths| (version, lengths)))
    {
        let mut configs = configs_of(version, 1);
        configs.0.srtp_profiles = vec![profile];
        configs.1.srtp_profiles = vec![profile];
        let mut pair = pair(configs, LinkModel::delayed(Duration::from_millis(10)), 1);
        pair.drive_for(Duration::from_secs(1));
        let mut block = vec![0; 2 * (key + salt)];
        pair.a.export(b"EXTRACTOR-dtls_srtp", None, &mut block).unwrap();
        let [client, server] = [0, 1].map(|side| {
            let salts = 2 * key;
            let key = block[side * key..(side + 1) * key].to_vec();
            (key, block[salts + side * salt..salts + (side + 1) * salt].to_vec())
        });
        for (events, own, other) in
            [(pair.events_a(), &client, &server), (pair.events_z(), &server, &client)]
        {
            let keys = connected(&events).srtp.as_ref().unwrap();
            assert_eq!(keys.profile, profile);
            let both = [&keys.local, &keys.remote];
            let both = both.map(|it| (it.key.expose().to_vec(), it.salt.expose().to_vec()));
            assert_eq!(both, [own.clone(), other.clone()], "{version} {profile:?}");
        }
    }
}

/// RFC 3711 section 9.1, RFC 5764 section 3: each session has a master key of its own, and each direction
/// in it, though the same two identities agree on it.
#[test]
fn no_two_handshakes_give_the_same_keys() {
    let mut all = Vec::new();
    for version in VERSIONS {
        for seed in 0..4 {
            let model = LinkModel::delayed(Duration::from_millis(10));
            let mut pair = pair(configs_of(version, 1), model, seed);
            pair.drive_for(Duration::from_secs(1));
            let events = pair.events_a();
            let keys = connected(&events).srtp.as_ref().unwrap();
            for it in [&keys.local, &keys.remote] {
                all.extend([it.key.expose().to_vec(), it.salt.expose().to_vec()]);
            }
        }
    }
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
}

/// RFC 5764 section 5.1: keys for media come with the end of the handshake, and not before.
#[test]
fn there_are_no_keys_for_media_before_the_handshake_is_done() {
    for version in VERSIONS {
        let (client, server) = configs_of(version, 1);
        let mut ends = [client, server].map(|config| Dtls::new(config, Rng::from_u64(8)));
        ends[0].start(Instant::START);
        let mut done = [false, false];
        for turn in 0..10 {
            let end = &mut ends[turn % 2];
            let is_done = &mut done[turn % 2];
            let mut block = [0; 60];
            let exported = end.export(b"EXTRACTOR-dtls_srtp", None, &mut block);
            assert_eq!(exported.is_ok(), end.is_connected());
            let (packets, events) = drain(end);
            let has_keys =
                |event: &Event| matches!(event, Event::Connected(it) if it.srtp.is_some());
            assert_eq!(events.iter().any(has_keys), end.is_connected() && !*is_done);
            *is_done = end.is_connected();
            // Who has not had the peer's Finished is not done.
            assert!(!*is_done || turn >= 2, "{version} {turn}");
            for packet in packets {
                ends[(turn + 1) % 2].handle_input(packet, Instant::START);
            }
        }
        assert_eq!(done, [true, true], "{version}");
    }
}

/// RFC 5764 section 4.1: what DTLS sends are datagrams of records, from the first byte to the last; none
/// looks like media (section 5.1.2).
#[test]
fn every_datagram_is_of_records_alone() {
    for version in VERSIONS {
        let configs = configs_of(version, 1);
        let mut pair = pair(configs, LinkModel::delayed(Duration::from_millis(10)), 1);
        let packets = tap(&mut pair);
        pair.drive_for(Duration::from_secs(1));
        let now = pair.now();
        pair.a.send(&[0x80; 50], now).unwrap();
        pair.z.update_keys(true, now);
        pair.drive_for(Duration::from_secs(1));
        pair.a.close(pair.now());
        pair.drive_for(Duration::from_secs(1));
        assert!(packets.borrow().len() > 6);
        for (_, packet) in packets.borrow().iter() {
            let mut rest = packet.as_slice();
            while let Some(first) = rest.first() {
                assert!((20..=63).contains(first), "{version} {first}");
                // RFC 9147 section 4: a protected record of 1.3 says its length where it is not the last.
                let (length, header) = if first >> 5 == 1 {
                    assert_eq!(first & 0b10000, 0, "nobody asked for connection ids");
                    let number = if first & 0b1000 == 0 { 1 } else { 2 };
                    if first & 0b100 == 0 {
                        break;
                    }
                    (&rest[1 + number..3 + number], 3 + number)
                } else {
                    (&rest[11..13], 13)
                };
                let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
                assert!(header + length <= rest.len(), "{version}");
                rest = &rest[header + length..];
            }
        }
    }
}

/// What a client with this configuration says first.
fn hello(config: &Config) -> ClientHello {
    let mut client = Dtls::new(config.clone(), Rng::from_u64(8));
    client.start(Instant::START);
    let datagram = drain(&mut client).0.remove(0);
    let (_, _, body) = plain_messages(&datagram).remove(0);
    ClientHello::decode(&body).unwrap()
}
