//! Records: their headers, numbers and places in datagrams, and what is no record.

use std::time::Duration;

use icelab_dtls::wire::handshake::HandshakeType;
use icelab_dtls::{CipherSuite, CloseReason, Discard, Dtls, Event, NamedGroup, Version};
use icelab_sans_io::testing::{LinkModel, Pair, Side};
use icelab_sans_io::{Instant, Protocol};

use crate::ends::{
    VERSIONS, apart, carry, closed, configs_of, connect, cut, data, drain, epoch_of, open, pair,
    plain_record, tap,
};

/// What end A sends as data, one datagram each.
fn sent(pair: &mut Pair<Dtls, Dtls>, all: &[&[u8]]) -> Vec<Vec<u8>> {
    let now = pair.now();
    for one in all {
        pair.a.send(one, now).unwrap();
    }
    drain(&mut pair.a).0
}

/// RFC 6347 section 4.1.1, RFC 9147 sections 4 and 4.3: a datagram begins with a record, no record
/// spans two, and all but the last have a length; in plain ones the version is that of 1.2.
#[test]
fn every_datagram_is_a_row_of_whole_records() {
    for version in VERSIONS {
        for mtu in [256, 700, 1500] {
            let mut configs = configs_of(version, 1);
            configs.0.mtu = mtu;
            configs.1.mtu = mtu;
            configs.0.groups.insert(0, NamedGroup::X25519_MLKEM768);
            let mut pair = pair(configs, LinkModel::delayed(Duration::from_millis(10)), 1);
            let packets = tap(&mut pair);
            connect(&mut pair).unwrap_or_else(|| panic!("no connection:\n{}", pair.log()));
            let now = pair.now();
            pair.a.send(b"data", now).unwrap();
            pair.z.update_keys(true, now);
            pair.a.close(now);
            pair.drive_for(Duration::from_secs(1));
            let mut most = 0;
            for (_, packet) in packets.borrow().iter() {
                let records = cut(packet);
                most = most.max(records.len());
                for record in records.iter().filter(|record| record[0] >> 5 != 1) {
                    assert_eq!(record[1..3], [0xFE, 0xFD], "{version}");
                }
            }
            assert!(mtu < 700 || most > 1, "some hold several: {version} {mtu}");
        }
    }
}

/// RFC 9147 section 4: `legacy_record_version` is ignored for all purposes, and so are the records'
/// versions of a 1.2 that is not agreed on yet.
#[test]
fn the_version_of_a_record_without_protection_is_ignored() {
    for version in VERSIONS {
        for number in [[0xFE, 0xFF], [3, 3], [0, 0], [0xFF, 0xFF]] {
            let (mut client, mut server) = apart(configs_of(version, 1));
            let renumber = |mut packet: Vec<u8>| {
                let mut at = 0;
                for length in cut(&packet.clone()).into_iter().map(<[u8]>::len) {
                    if packet[at] >> 5 != 1 && epoch_of(&packet[at..]) == 0 {
                        packet[at + 1..at + 3].copy_from_slice(&number);
                    }
                    at += length;
                }
                packet
            };
            for _ in 0..4 {
                for packet in drain(&mut client).0 {
                    server.handle_input(renumber(packet), Instant::START);
                }
                for packet in drain(&mut server).0 {
                    client.handle_input(renumber(packet), Instant::START);
                }
            }
            assert!(client.is_connected() && server.is_connected(), "{version} {number:?}");
        }
    }
}

/// RFC 6347 section 4.1.2.1: the version is among what 1.2's records protect.
#[test]
fn a_protected_record_of_1_2_with_another_version_is_dropped() {
    let mut pair = open(configs_of(Version::V1_2, 1));
    let packets = sent(&mut pair, &[b"data"]);
    let now = pair.now();
    let mut other = packets[0].clone();
    other[2] = 0xFF;
    pair.z.handle_input(other, now);
    assert_eq!(pair.z.discards().count(Discard::Version), 1);
    pair.z.handle_input(packets[0].clone(), now);
    assert_eq!(data(&drain(&mut pair.z).1), [b"data"]);
}

/// RFC 6347 section 4.1.1, RFC 9147 section 4.3: records do not span datagrams.
#[test]
fn a_record_that_goes_on_in_the_next_datagram_is_dropped() {
    for version in VERSIONS {
        let mut pair = open(configs_of(version, 1));
        let packets = sent(&mut pair, &[b"in two halves", b"whole"]);
        let now = pair.now();
        let (one, other) = packets[0].split_at(packets[0].len() - 7);
        for half in [one, other] {
            pair.z.handle_input(half.to_vec(), now);
        }
        pair.z.handle_input(packets[1].clone(), now);
        assert_eq!(data(&drain(&mut pair.z).1), [b"whole"], "{version}");
    }
    // Nor is one without protection taken for what there is of it.
    let (mut client, _) = apart(configs_of(Version::V1_3, 1));
    drain(&mut client);
    let alert = plain_record(21, 0, &[2, 40, 0]);
    client.handle_input(alert[..alert.len() - 1].to_vec(), Instant::START);
    assert_eq!(client.discards().count(Discard::Malformed), 1);
    assert_eq!(closed(&drain(&mut client).1), None);
}

/// RFC 6347 section 4.1.1, RFC 9147 section 4.3.
#[test]
fn the_records_of_a_datagram_stand_each_for_itself() {
    for version in VERSIONS {
        let mut pair = open(configs_of(version, 1));
        let mut packets = sent(&mut pair, &[b"one", b"spoilt", b"three"]);
        *packets[1].last_mut().unwrap() ^= 1;
        packets.insert(1, plain_record(99, 0, b"a stranger's"));
        packets.insert(1, packets[0].clone());
        let now = pair.now();
        pair.z.handle_input(packets.concat(), now);
        let (answers, events) = drain(&mut pair.z);
        assert_eq!(data(&events), [&b"one"[..], b"three"], "{version}");
        assert!(answers.is_empty());
    }
}

/// RFC 9147 section 4.1, figure 5: plain records are ACKs, alerts and handshake messages, what begins
/// with the bits 001 is protected, and nothing else is a record.
#[test]
fn the_first_byte_says_what_a_record_is() {
    let (mut client, mut server) = apart(configs_of(Version::V1_3, 1));
    carry(&mut client, &mut server, Instant::START);
    carry(&mut server, &mut client, Instant::START);
    carry(&mut client, &mut server, Instant::START);
    drain(&mut client);
    drain(&mut server);
    for first in 0..=u8::MAX {
        let before = server.discards().clone();
        let bytes = match first >> 5 {
            1 => vec![first; 60],
            _ => plain_record(first, 9, &[1, 40, 0, 0]),
        };
        server.handle_input(bytes, Instant::START);
        let (packets, events) = drain(&mut server);
        assert!(packets.is_empty() && events.is_empty(), "{first}");
        let reasons = |reason| server.discards().count(reason) - before.count(reason);
        let expected = match first {
            // What it says, the epochs say.
            20 => None,
            21 | 23 | 26 => Some(Discard::Unprotected),
            // Its length goes beyond what follows.
            22 => Some(Discard::Malformed),
            // One with an id or a length has one too many.
            32..=63 => match (first & 0x10 != 0, first & 3, first & 4 != 0) {
                (false, 2 | 3, false) => Some(Discard::Forged),
                (false, 0 | 1, false) => Some(Discard::Epoch),
                _ => Some(Discard::Malformed),
            },
            _ => Some(Discard::Malformed),
        };
        let all: u64 = server.discards().iter().map(|(_, count)| count).sum();
        let all = all - before.iter().map(|(_, count)| count).sum::<u64>();
        assert_eq!(all, u64::from(expected.is_some()), "{first}: {:?}", server.discards());
        assert!(expected.is_none_or(|reason| reasons(reason) == 1), "{first}: {expected:?}");
    }
    assert!(server.is_connected());
}

/// RFC 9147 section 4.1: before there are keys, the three kinds of plain records are taken.
#[test]
fn plain_records_are_hellos_alerts_and_acks() {
    let (mut client, _) = apart(configs_of(Version::V1_3, 1));
    drain(&mut client);
    // An ACK for nothing has the client repeat itself.
    client.handle_input(plain_record(26, 0, &[0, 0]), Instant::START);
    assert_eq!(drain(&mut client).0.len(), 1);
    client.handle_input(plain_record(21, 1, &[2, 40]), Instant::START);
    assert!(matches!(closed(&drain(&mut client).1), Some(CloseReason::Alert(_))));
}

/// RFC 6347 sections 4.1.2.1, 4.1.2.6 and 4.1.2.7, RFC 9147 sections 4.5.1 and 4.5.2: what is forged is
/// dropped in silence; whatever number it claims, no window moves and no timer changes.
#[test]
fn a_forged_record_changes_nothing() {
    for version in VERSIONS {
        let mut pair = open(configs_of(version, 1));
        let packets = sent(&mut pair, &[b"one", b"two"]);
        let now = pair.now();
        let deadline = pair.z.poll_timeout().map(|deadline| deadline.at);
        // The numbers of records stand in bytes 5 to 10, or in 1 and 2.
        let places = if version == Version::V1_2 { 5..11 } else { 1..3 };
        for place in places.clone() {
            for mask in [0x01, 0x40, 0xFF] {
                let mut forged = packets[0].clone();
                forged[place] ^= mask;
                pair.z.handle_input(forged, now);
            }
        }
        let mut forged = packets[0].clone();
        *forged.last_mut().unwrap() ^= 0x80;
        pair.z.handle_input(forged, now);
        let (answers, events) = drain(&mut pair.z);
        assert!(answers.is_empty() && events.is_empty(), "{version}");
        let count = 3 * places.len() as u64 + 1;
        let dropped = [Discard::Forged, Discard::Replayed].map(|it| pair.z.discards().count(it));
        assert_eq!(dropped.iter().sum::<u64>(), count, "{version}");
        assert_eq!(pair.z.poll_timeout().map(|deadline| deadline.at), deadline);
        for packet in packets.into_iter().rev() {
            pair.z.handle_input(packet, now);
        }
        assert_eq!(data(&drain(&mut pair.z).1), [b"two", b"one"], "{version}");
    }
}

/// RFC 6347 section 4.1.2.6: a window of 32 at least, and better of 64; RFC 9147 section 4.5.1. What
/// lies left of it may have been seen.
#[test]
fn records_may_come_in_any_order_within_the_window() {
    for version in VERSIONS {
        let mut pair = open(configs_of(version, 1));
        let numbers: Vec<[u8; 1]> = (0..200).map(|number| [number]).collect();
        let numbers: Vec<&[u8]> = numbers.iter().map(<[u8; 1]>::as_slice).collect();
        let packets = sent(&mut pair, &numbers);
        let now = pair.now();
        for twice in packets.iter().rev().chain(&packets) {
            pair.z.handle_input(twice.clone(), now);
        }
        let events = drain(&mut pair.z).1;
        let taken = data(&events);
        assert!(taken.len() >= 64, "{version}: {}", taken.len());
        let expected: Vec<&[u8]> = numbers.into_iter().rev().take(taken.len()).collect();
        assert_eq!(taken, expected, "{version}");
    }
}

/// RFC 6347 section 4.1: what belongs to the old epoch is taken until the handshake is over, though
/// Finished, which is of the new one, came before it, and there are keys.
#[test]
fn records_of_the_old_epoch_are_taken_until_the_handshake_is_over() {
    for version in VERSIONS {
        let (mut client, mut server) = apart(configs_of(version, 1));
        // Every record for itself, the last one first.
        let last_first = |from: &mut Dtls, to: &mut Dtls| {
            let packets = drain(from).0.concat();
            let mut records = cut(&packets);
            let last = records.pop();
            for record in last.into_iter().chain(records) {
                to.handle_input(record.to_vec(), Instant::START);
            }
        };
        for _ in 0..3 {
            last_first(&mut client, &mut server);
            last_first(&mut server, &mut client);
        }
        assert!(client.is_connected() && server.is_connected(), "{version}");
    }
}

/// RFC 9147 section 4.2.3: the numbers of records tell nobody their order.
#[test]
fn the_numbers_of_records_are_hidden() {
    let mut pair = open(configs_of(Version::V1_3, 1));
    let packets = sent(&mut pair, &[b"one", b"two", b"three", b"four"]);
    let numbers: Vec<u16> =
        packets.iter().map(|packet| u16::from_be_bytes([packet[1], packet[2]])).collect();
    let steps = numbers.windows(2).filter(|pair| pair[1] == pair[0].wrapping_add(1));
    assert_eq!(steps.count(), 0, "{numbers:?}");
}

/// RFC 6347 section 4.1.2.2: RC4 must not be used. RFC 9147 section 4.5.3: nor must AES-CCM with tags of
/// eight bytes.
#[test]
fn suites_that_must_not_be_used_are_not_spoken() {
    // TLS_ECDHE_ECDSA_WITH_RC4_128_SHA, TLS_RSA_WITH_RC4_128_SHA, TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8,
    // TLS_AES_128_CCM_8_SHA256.
    for number in [0xC007, 0x0005, 0xC0AE, 0x1305] {
        let suite = CipherSuite(number);
        assert_eq!(suite.parameters(), None);
        for version in VERSIONS {
            // Though somebody wishes so, it is neither offered nor chosen.
            let mut configs = configs_of(version, 1);
            configs.0.cipher_suites.insert(0, suite);
            configs.1.cipher_suites.insert(0, suite);
            let mut pair = pair(configs, LinkModel::delayed(Duration::from_millis(10)), 1);
            connect(&mut pair).unwrap();
            let events = pair.events_a();
            assert_ne!(crate::ends::connected(&events).cipher_suite, suite);
        }
    }
}

/// RFC 9147 section 4.5.3, RFC 8446 section 5.5: the limits of every suite that is spoken are 2^36
/// forgeries and, with AES-GCM, no more than 2^24.5 records.
#[test]
fn the_limits_of_keys_are_those_of_the_suites() {
    let (client, _) = configs_of(Version::V1_3, 1);
    assert_eq!(client.forgeries_per_key, 1 << 36);
    assert!(client.records_per_key <= 23_726_566);
}

/// The pieces of one message that went out: where each begins and what it holds.
type Pieces = Vec<(usize, Vec<u8>)>;

/// Pieces of the client's hello, which is plain, in the order of sending.
fn pieces_of_hello(packets: &[(Side, Vec<u8>)]) -> (usize, Pieces) {
    let mut pieces = Vec::new();
    let mut length = 0;
    for (_, packet) in packets.iter().filter(|(side, _)| *side == Side::A) {
        for record in cut(packet) {
            if record[0] == 22 && record[13] == HandshakeType::CLIENT_HELLO.0 {
                let number = |at: usize| {
                    u32::from_be_bytes([0, record[at], record[at + 1], record[at + 2]]) as usize
                };
                length = number(14);
                pieces.push((number(19), record[25..25 + number(22)].to_vec()));
            }
        }
    }
    (length, pieces)
}

/// RFC 6347 section 4.2.3, RFC 9147 section 5.5: the pieces of a message do not overlap, fit their
/// datagrams, and are the whole of it together.
#[test]
fn the_pieces_of_a_message_are_the_whole_of_it_and_no_byte_comes_twice() {
    for version in VERSIONS {
        for mtu in [100, 256, 333] {
            let mut configs = configs_of(version, 1);
            configs.0.mtu = mtu;
            let (mut client, _) = apart(configs);
            let packets: Vec<_> =
                drain(&mut client).0.into_iter().map(|packet| (Side::A, packet)).collect();
            assert!(packets.iter().all(|(_, packet)| packet.len() <= mtu));
            let (length, pieces) = pieces_of_hello(&packets);
            let mut next = 0;
            for (start, bytes) in &pieces {
                assert_eq!(*start, next);
                assert!(!bytes.is_empty());
                next += bytes.len();
            }
            assert_eq!(next, length);
            assert!(mtu > 100 || pieces.len() > 1, "{version} {mtu}");
        }
    }
}

/// RFC 6347 section 4.1.2.7, RFC 9147 section 4.5.2: what is no record is dropped in silence.
#[test]
fn what_is_no_record_is_dropped_in_silence() {
    for version in VERSIONS {
        let mut pair = open(configs_of(version, 1));
        let now = pair.now();
        for length in 0..40 {
            pair.z.handle_input(vec![0xFE; length], now);
        }
        let (answers, events): (Vec<Vec<u8>>, Vec<Event>) = drain(&mut pair.z);
        assert!(answers.is_empty() && events.is_empty());
    }
}
