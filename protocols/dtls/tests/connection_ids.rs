//! Connection ids in both versions (RFC 9146, RFC 9147 section 9).

use std::time::Duration;

use icelab_dtls::{Config, ConnectionIdError, Discard, Event, SendError, Version};
use icelab_sans_io::Protocol;
use icelab_sans_io::testing::Side;

use crate::ends::{VERSIONS, configs_of, data, drain, open, tap};

/// What an end wants to be called.
type Id = Option<&'static [u8]>;

fn with_ids(version: Version, client: Option<&[u8]>, server: Option<&[u8]>) -> (Config, Config) {
    let mut configs = configs_of(version, 1);
    configs.0.connection_id = client.map(<[u8]>::to_vec);
    configs.1.connection_id = server.map(<[u8]>::to_vec);
    configs
}

/// Where the id lies in a protected record.
fn id_of(packet: &[u8], length: usize) -> Option<&[u8]> {
    match packet[0] {
        25 => Some(&packet[11..11 + length]),
        first if first >> 5 == 1 && first & 0x10 != 0 => Some(&packet[1..=length]),
        _ => None,
    }
}

#[test]
fn each_end_puts_the_others_id_into_its_records() {
    for version in VERSIONS {
        let cases: [(Id, Id); 5] = [
            (Some(b"client"), Some(b"server's")),
            (Some(b"client"), Some(b"")),
            (Some(b""), Some(b"server's")),
            (Some(b""), Some(b"")),
            (Some(b"client"), None),
        ];
        for (client, server) in cases {
            let mut pair = open(with_ids(version, client, server));
            let packets = tap(&mut pair);
            let now = pair.now();
            pair.a.send(b"ping", now).unwrap();
            pair.z.send(b"pong", now).unwrap();
            pair.drive_for(Duration::from_secs(1));
            assert_eq!(data(&pair.events_z()), [b"ping"]);
            assert_eq!(data(&pair.events_a()), [b"pong"]);
            // An extension that only one end knows does nothing.
            let agreed = |id: Option<&'static [u8]>| {
                id.filter(|id| !id.is_empty() && client.is_some() && server.is_some())
            };
            let fixed = |id: Option<&[u8]>| match id {
                Some(b"client") => Some(&b"client"[..]),
                Some(b"server's") => Some(&b"server's"[..]),
                _ => None,
            };
            for (side, packet) in packets.borrow().iter() {
                let wanted = agreed(fixed(if *side == Side::A { server } else { client }));
                assert_eq!(id_of(packet, wanted.map_or(0, <[u8]>::len)), wanted, "{version}");
            }
        }
    }
}

/// RFC 9147 section 9.1, RFC 9146 section 3: records with a wrong id, or none, or one too many.
#[test]
fn a_record_without_the_right_id_is_dropped() {
    for version in VERSIONS {
        let mut pair = open(with_ids(version, Some(b"client"), Some(b"server's")));
        let mut without = open(configs_of(version, 1));
        let now = pair.now();
        pair.a.send(b"data", now).unwrap();
        without.a.send(b"data", now).unwrap();
        let (with_id, _) = drain(&mut pair.a);
        let (bare, _) = drain(&mut without.a);
        let mut wrong = with_id[0].clone();
        wrong[12] ^= 1;
        if version == Version::V1_3 {
            wrong = with_id[0].clone();
            wrong[1] ^= 1;
        }
        pair.z.handle_input(wrong, now);
        pair.z.handle_input(bare[0].clone(), now);
        without.z.handle_input(with_id[0].clone(), now);
        assert!(drain(&mut pair.z).1.is_empty());
        assert!(drain(&mut without.z).1.is_empty());
        assert_eq!(pair.z.discards().count(Discard::Malformed), 2, "{version}");
        assert_eq!(without.z.discards().count(Discard::Malformed), 1, "{version}");
        pair.z.handle_input(with_id[0].clone(), now);
        assert_eq!(data(&drain(&mut pair.z).1), [b"data"]);
    }
}

// A <- NewConnectionId (spare)       Z
// A -> [ACK]                         Z
// A -> data, under the new id        Z
#[test]
fn spare_ids_are_used_when_the_owner_wishes_so() {
    let mut pair = open(with_ids(Version::V1_3, Some(b""), Some(b"first")));
    let now = pair.now();
    assert!(!pair.a.use_next_connection_id());
    pair.z.give_connection_ids(vec![b"other".to_vec(), b"third one".to_vec()], false, now).unwrap();
    let again = pair.z.give_connection_ids(vec![b"more".to_vec()], false, now);
    assert_eq!(again, Err(ConnectionIdError::Pending));
    pair.drive_for(Duration::from_secs(1));
    let packets = tap(&mut pair);
    for expected in [&b"first"[..], b"other", b"third one"] {
        let now = pair.now();
        pair.a.send(b"data", now).unwrap();
        pair.drive_for(Duration::from_secs(1));
        assert_eq!(data(&pair.events_z()), [b"data"]);
        let packets = packets.borrow();
        assert_eq!(id_of(&packets.last().unwrap().1, expected.len()), Some(expected));
        pair.a.use_next_connection_id();
    }
    let own: Vec<&[u8]> = pair.z.connection_ids().collect();
    assert_eq!(own, [&b"first"[..], b"other", b"third one"]);
}

/// RFC 9147 section 9: `cid_immediate`.
#[test]
fn an_immediate_id_is_used_at_once() {
    let mut pair = open(with_ids(Version::V1_3, Some(b"client"), Some(b"first")));
    let now = pair.now();
    pair.z.give_connection_ids(vec![b"other".to_vec()], true, now).unwrap();
    pair.drive_for(Duration::from_secs(1));
    let packets = tap(&mut pair);
    let now = pair.now();
    pair.a.send(b"data", now).unwrap();
    pair.drive_for(Duration::from_secs(1));
    assert_eq!(data(&pair.events_z()), [b"data"]);
    assert_eq!(id_of(&packets.borrow()[0].1, 5), Some(&b"other"[..]));
}

// A -> RequestConnectionId (3)        Z
// A <- [ACK] NewConnectionId (spare)  Z
// A -> [ACK]                          Z
#[test]
fn ids_that_are_asked_for_are_given() {
    let mut pair = open(with_ids(Version::V1_3, Some(b"client"), Some(b"first")));
    let now = pair.now();
    pair.a.request_connection_ids(3, now).unwrap();
    assert_eq!(pair.a.request_connection_ids(3, now), Err(ConnectionIdError::Pending));
    pair.drive_for(Duration::from_secs(1));
    let events = pair.events_z();
    let Some(Event::ConnectionIds(given)) = events.first() else { panic!("{events:?}") };
    assert_eq!(given.len(), 3);
    let packets = tap(&mut pair);
    for id in given {
        assert!(pair.a.use_next_connection_id());
        let now = pair.now();
        pair.a.send(b"data", now).unwrap();
        pair.drive_for(Duration::from_secs(1));
        assert_eq!(data(&pair.events_z()), [b"data"]);
        assert_eq!(id_of(&packets.borrow().last().unwrap().1, 5), Some(id.as_slice()));
    }
    // There is room for four more, whatever is asked for.
    let now = pair.now();
    pair.a.request_connection_ids(200, now).unwrap();
    pair.drive_for(Duration::from_secs(1));
    let events = pair.events_z();
    assert!(matches!(&events[..], [Event::ConnectionIds(given)] if given.len() == 4), "{events:?}");
}

/// RFC 9147 section 9: neither message is sent where no id was agreed on in that direction.
#[test]
fn ids_can_only_be_given_and_asked_for_where_there_are_some() {
    let not = Err(ConnectionIdError::NotAgreed);
    let id = || vec![b"id".to_vec()];
    for configs in [
        configs_of(Version::V1_3, 1),
        with_ids(Version::V1_3, Some(b""), Some(b"")),
        with_ids(Version::V1_2, Some(b"client"), Some(b"server")),
    ] {
        let mut pair = open(configs);
        let now = pair.now();
        assert_eq!(pair.a.give_connection_ids(id(), false, now), not);
        assert_eq!(pair.a.request_connection_ids(1, now), not);
    }
    let mut pair = open(with_ids(Version::V1_3, Some(b"client"), Some(b"")));
    let now = pair.now();
    assert_eq!(pair.a.request_connection_ids(1, now), not);
    assert_eq!(pair.a.give_connection_ids(Vec::new(), false, now), Err(ConnectionIdError::Unfit));
    assert_eq!(pair.z.give_connection_ids(id(), false, now), not);
    assert_eq!(pair.z.request_connection_ids(1, now), Ok(()));
    pair.drive_for(Duration::from_secs(1));
    assert!(pair.z.use_next_connection_id());
}

/// RFC 9147 section 4: where a later record of a datagram has an id of another association, the rest of
/// the datagram is dropped; RFC 9146 section 6 drops what is invalid in 1.2.
#[test]
fn a_record_with_another_id_ends_its_datagram() {
    for version in VERSIONS {
        let mut pair = open(with_ids(version, Some(b"client"), Some(b"server's")));
        let now = pair.now();
        for text in [b"one", b"two", b"six"] {
            pair.a.send(text, now).unwrap();
        }
        let mut packets = drain(&mut pair.a).0;
        let place = if version == Version::V1_2 { 12 } else { 2 };
        packets[1][place] ^= 1;
        pair.z.handle_input(packets.concat(), now);
        assert_eq!(data(&drain(&mut pair.z).1), [b"one"], "{version}");
        pair.z.handle_input(packets[2].clone(), now);
        assert_eq!(data(&drain(&mut pair.z).1), [b"six"], "{version}");
    }
}

/// RFC 9146 section 3: in 1.2 a record without an id, under the right keys, is as invalid as one with a
/// wrong one; and the id is among what the record protects.
#[test]
fn the_id_of_a_record_is_protected() {
    for version in VERSIONS {
        let configs = with_ids(version, Some(b""), Some(b"first"));
        let mut pair = open(configs);
        let now = pair.now();
        if version == Version::V1_3 {
            // Both are the receiver's, but the record was made for one of them.
            pair.z.give_connection_ids(vec![b"other".to_vec()], false, now).unwrap();
            pair.drive_for(Duration::from_secs(1));
            let now = pair.now();
            pair.a.send(b"data", now).unwrap();
            let (mut packets, _) = drain(&mut pair.a);
            packets[0][1..6].copy_from_slice(b"other");
            pair.z.handle_input(packets[0].clone(), now);
            assert_eq!(pair.z.discards().count(Discard::Forged), 1);
        } else {
            pair.a.send(b"data", now).unwrap();
            let (packets, _) = drain(&mut pair.a);
            let mut bare = packets[0].clone();
            bare[0] = 23;
            bare.drain(11..16);
            pair.z.handle_input(bare, now);
            assert!(drain(&mut pair.z).1.is_empty());
        }
    }
}

/// RFC 9146 section 5: in 1.2 the content and its type, which both are inside of a record with an id, are
/// at most 2^14 bytes together. RFC 8446 section 5.4: in 1.3 the type comes on top of as many.
#[test]
fn the_type_within_a_record_with_an_id_counts_in_1_2() {
    for (version, most) in [(Version::V1_2, (1 << 14) - 1), (Version::V1_3, 1 << 14)] {
        let mut pair = open(with_ids(version, Some(b""), Some(b"server's")));
        let now = pair.now();
        assert_eq!(pair.a.send(&vec![7; most + 1], now), Err(SendError::TooLong), "{version}");
        pair.a.send(&vec![7; most], now).unwrap();
        // In the other direction there is no id.
        pair.z.send(&[7; 1 << 14], now).unwrap();
        pair.drive_for(Duration::from_secs(1));
        assert_eq!(data(&pair.events_z()), [vec![7; most]], "{version}");
        assert_eq!(data(&pair.events_a()), [vec![7; 1 << 14]], "{version}");
    }
}
