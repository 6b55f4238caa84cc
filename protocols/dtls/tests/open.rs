//! After the handshake: data, keys that change, alerts, replays, forgeries, the end.

use std::time::Duration;

use icelab_dtls::{
    AlertDescription, CloseReason, Config, Discard, Dtls, Event, ExportError, SendError, Version,
};
use icelab_sans_io::testing::{LinkModel, Pair, Passing, Side};
use icelab_sans_io::{Instant, Protocol, Rng};

use crate::ends::{
    VERSIONS, closed, configs_of, connect, data, drain, lose, open, pair, plain_record, tap,
};

/// The epoch bits of the last packet that `side` sent (RFC 9147 section 4).
fn epoch_bits(packets: &[(Side, Vec<u8>)], side: Side) -> u8 {
    let last = packets.iter().rev().find(|(from, _)| *from == side);
    last.expect("it has sent something").1[0] & 3
}

fn ping(pair: &mut Pair<Dtls, Dtls>) {
    let now = pair.now();
    pair.a.send(b"ping", now).unwrap();
    pair.z.send(b"pong", now).unwrap();
    pair.drive_for(Duration::from_secs(1));
    assert_eq!(data(&pair.events_z()), [b"ping"]);
    assert_eq!(data(&pair.events_a()), [b"pong"]);
}

// A -> KeyUpdate            Z
// A <- [ACK]                Z
// A -> data, epoch 4        Z
/// RFC 9147 section 8: new keys are used once the peer has acknowledged them.
#[test]
fn one_end_changes_its_keys() {
    let mut pair = open(configs_of(Version::V1_3, 1));
    let packets = tap(&mut pair);
    let now = pair.now();
    pair.a.update_keys(false, now);
    pair.a.send(b"old keys", now).unwrap();
    pair.settle();
    assert_eq!(epoch_bits(&packets.borrow(), Side::A), 3);
    pair.drive_for(Duration::from_secs(1));
    assert_eq!(data(&pair.events_z()), [b"old keys"]);
    ping(&mut pair);
    assert_eq!(epoch_bits(&packets.borrow(), Side::A), 4 & 3);
    assert_eq!(epoch_bits(&packets.borrow(), Side::Z), 3);
}

/// RFC 8446 section 4.6.3: on request, both ends do.
#[test]
fn both_ends_change_their_keys_where_one_asks() {
    let mut pair = open(configs_of(Version::V1_3, 1));
    let packets = tap(&mut pair);
    let now = pair.now();
    pair.z.update_keys(true, now);
    pair.drive_for(Duration::from_secs(1));
    ping(&mut pair);
    assert_eq!(epoch_bits(&packets.borrow(), Side::A), 0);
    assert_eq!(epoch_bits(&packets.borrow(), Side::Z), 0);
}

/// RFC 8446 section 4.6.3: wishes that cross make each end answer: two generations.
#[test]
fn wishes_for_new_keys_may_cross() {
    let mut pair = open(configs_of(Version::V1_3, 1));
    let packets = tap(&mut pair);
    let now = pair.now();
    pair.a.update_keys(true, now);
    pair.z.update_keys(true, now);
    pair.drive_for(Duration::from_secs(2));
    ping(&mut pair);
    assert_eq!(epoch_bits(&packets.borrow(), Side::A), 5 & 3);
    assert_eq!(epoch_bits(&packets.borrow(), Side::Z), 5 & 3);
}

// A -> KeyUpdate            Z
// A /lost/ <- [ACK]         Z
// A -> KeyUpdate            Z
// A <- [ACK]                Z
/// RFC 9147 section 8: the old keys serve until the new ones were used; a KeyUpdate is repeated until
/// it is acknowledged, and is obeyed once.
#[test]
fn a_lost_ack_delays_new_keys_and_nothing_else() {
    for lost in [Side::A, Side::Z] {
        let mut pair = open(configs_of(Version::V1_3, 1));
        let now = pair.now();
        pair.a.update_keys(false, now);
        lose(&mut pair, move |side, number| side == lost && number < 2);
        pair.drive_for(Duration::from_millis(300));
        pair.filter(|_, _, _| Passing::Pass);
        let now = pair.now();
        pair.a.send(b"in between", now).unwrap();
        pair.drive_for(Duration::from_secs(10));
        assert_eq!(data(&pair.events_z()), [b"in between"]);
        pair.events_a();
        for _ in 0..6 {
            let now = pair.now();
            pair.a.update_keys(true, now);
            pair.drive_for(Duration::from_secs(1));
            ping(&mut pair);
        }
    }
}

/// RFC 9147 section 4.5.3: keys that have protected as many records as they may are changed.
#[test]
fn worn_keys_are_changed() {
    let mut configs = configs_of(Version::V1_3, 1);
    configs.0.records_per_key = 20;
    let mut pair = open(configs);
    let packets = tap(&mut pair);
    let mut sent = 0;
    let mut heard = 0;
    for _ in 0..200 {
        let now = pair.now();
        pair.a.send(b"data", now).unwrap();
        sent += 1;
        pair.drive_for(Duration::from_millis(100));
        heard += data(&pair.events_z()).len();
    }
    assert_eq!(heard, sent);
    let packets = packets.borrow();
    for bits in 0..4 {
        let is_used = |(side, packet): &(Side, Vec<u8>)| *side == Side::A && packet[0] & 3 == bits;
        assert!(packets.iter().filter(|it| is_used(it)).count() > 20, "{bits}");
    }
}

/// RFC 9147 sections 4.2.1 and 8: data of old keys that come late are taken, as long as the keys are kept.
#[test]
fn data_under_the_old_keys_may_come_late() {
    let mut pair = open(configs_of(Version::V1_3, 1));
    let now = pair.now();
    pair.a.send(b"late", now).unwrap();
    let (late, _) = drain(&mut pair.a);
    pair.a.update_keys(false, now);
    pair.drive_for(Duration::from_secs(1));
    ping(&mut pair);
    let now = pair.now();
    pair.z.handle_input(late[0].clone(), now);
    assert_eq!(data(&drain(&mut pair.z).1), [b"late"]);
}

/// RFC 6347 section 4.1.2.6, RFC 9147 section 4.5.1.
#[test]
fn a_replayed_record_is_dropped() {
    for version in VERSIONS {
        let mut pair = open(configs_of(version, 1));
        let now = pair.now();
        pair.a.send(b"once", now).unwrap();
        let (packets, _) = drain(&mut pair.a);
        for _ in 0..3 {
            pair.z.handle_input(packets[0].clone(), now);
        }
        assert_eq!(data(&drain(&mut pair.z).1), [b"once"]);
        assert_eq!(pair.z.discards().count(Discard::Replayed), 2);
    }
}

/// RFC 9147 section 4.5.2 and 4.5.3: forged records are dropped and counted, and there is a limit.
#[test]
fn forged_records_are_dropped_and_counted_up_to_a_limit() {
    for version in VERSIONS {
        let mut configs = configs_of(version, 1);
        configs.1.forgeries_per_key = 10;
        let mut pair = open(configs);
        let now = pair.now();
        pair.a.send(b"data", now).unwrap();
        let (packets, _) = drain(&mut pair.a);
        for count in 1..=11_u64 {
            assert_eq!(closed(&drain(&mut pair.z).1), None);
            let mut forged = packets[0].clone();
            *forged.last_mut().unwrap() ^= 1;
            pair.z.handle_input(forged, now);
            assert_eq!(pair.z.discards().count(Discard::Forged), count);
        }
        let bad = AlertDescription::BAD_RECORD_MAC;
        let (packets, events) = drain(&mut pair.z);
        assert_eq!(closed(&events), Some(CloseReason::Failed(bad)));
        // RFC 6347 sections 4.1.2.1 and 4.1.2.7, RFC 9147 section 4.5.2: the alert is fatal. A warning
        // would not end 1.2.
        for packet in packets {
            pair.a.handle_input(packet, now);
        }
        assert_eq!(closed(&drain(&mut pair.a).1), Some(CloseReason::Alert(bad)));
    }
}

/// RFC 9147 section 4.5.3: before the limit is reached, the peer is asked for new keys, under which
/// the count begins again.
#[test]
fn many_forgeries_bring_new_keys() {
    let mut configs = configs_of(Version::V1_3, 1);
    configs.1.forgeries_per_key = 10;
    let mut pair = open(configs);
    for _ in 0..5 {
        let now = pair.now();
        pair.a.send(b"data", now).unwrap();
        let (packets, _) = drain(&mut pair.a);
        for _ in 0..7 {
            let mut forged = packets[0].clone();
            *forged.last_mut().unwrap() ^= 1;
            pair.z.handle_input(forged, now);
        }
        pair.drive_for(Duration::from_secs(1));
    }
    assert!(pair.a.is_connected() && pair.z.is_connected());
}

/// RFC 6347 section 4.1, RFC 8446 section 5.1: at most 2^14 bytes.
#[test]
fn data_are_as_long_as_a_record_may_be() {
    for version in VERSIONS {
        let mut pair = open(configs_of(version, 1));
        let now = pair.now();
        assert_eq!(pair.a.send(&[7; 16_385], now), Err(SendError::TooLong));
        pair.a.send(&[7; 16_384], now).unwrap();
        pair.a.send(b"", now).unwrap();
        pair.drive_for(Duration::from_secs(1));
        let events = pair.events_z();
        assert_eq!(data(&events), [&[7; 16_384][..], b""]);
        let overhead = pair.a.record_overhead();
        pair.a.send(b"12345", now).unwrap();
        assert_eq!(drain(&mut pair.a).0[0].len(), 5 + overhead);
    }
}

/// RFC 5246 section 7.2.1, RFC 8446 section 6.1: answered in kind; after it there is nothing.
#[test]
fn a_close_is_answered_and_nothing_follows() {
    for version in VERSIONS {
        let mut pair = open(configs_of(version, 1));
        let now = pair.now();
        pair.a.send(b"last", now).unwrap();
        pair.a.close(now);
        pair.a.close(now);
        pair.drive_for(Duration::from_secs(1));
        let (a, z) = (pair.events_a(), pair.events_z());
        assert_eq!(data(&z), [b"last"]);
        assert_eq!(closed(&a), Some(CloseReason::Local));
        assert_eq!(closed(&z), Some(CloseReason::Remote));
        assert_eq!(a.len(), 1);
        for end in [&mut pair.a, &mut pair.z] {
            assert_eq!(end.send(b"more", now), Err(SendError::Closed));
            assert_eq!(end.export(b"label", None, &mut [0; 8]), Err(ExportError::NotConnected));
            assert_eq!(end.poll_timeout(), None);
        }
    }
}

/// RFC 6347 section 4.2.7, RFC 9147 section 5.10: a close_notify that is lost is said again when the peer
/// goes on.
#[test]
fn a_lost_close_is_said_again() {
    for version in VERSIONS {
        let mut pair = open(configs_of(version, 1));
        lose(&mut pair, |side, number| side == Side::A && number == 0);
        let now = pair.now();
        pair.a.close(now);
        pair.drive_for(Duration::from_secs(1));
        assert_eq!(closed(&pair.events_z()), None);
        for _ in 0..30 {
            let now = pair.now();
            // It ends, too: two ends that are gone say nothing more.
            if pair.z.send(b"are you there?", now).is_err() {
                break;
            }
            pair.drive_for(Duration::from_secs(1));
        }
        assert_eq!(closed(&pair.events_z()), Some(CloseReason::Remote), "{version}");
        assert!(pair.drive(pair.now() + Duration::from_secs(600)));
    }
}

/// RFC 6347 section 4.1.2.7, RFC 9147 section 4.5.2: what is invalid is dropped and the association stays.
/// Anybody can write an alert, an ACK or data without protection.
#[test]
fn what_comes_without_protection_is_ignored_once_there_is_some() {
    for version in VERSIONS {
        let mut pair = open(configs_of(version, 1));
        let now = pair.now();
        for end in [&mut pair.a, &mut pair.z] {
            end.handle_input(plain_record(21, 99, &[2, 40]), now);
            end.handle_input(plain_record(21, 99, &[1, 0]), now);
            end.handle_input(plain_record(23, 99, b"lies"), now);
            end.handle_input(plain_record(26, 99, &[0, 0]), now);
            assert_eq!(end.discards().count(Discard::Unprotected), 4);
        }
        ping(&mut pair);
    }
}

/// RFC 9147 section 7: an ACK has at least the protection of what it acknowledges. A forged one
/// must not have the server believe that its flight has arrived.
#[test]
fn an_ack_without_protection_acknowledges_nothing_that_is_protected() {
    let (client, server) = configs_of(Version::V1_3, 1);
    let mut client = Dtls::new(client, Rng::from_u64(8));
    let mut server = Dtls::new(server, Rng::from_u64(9));
    client.start(Instant::START);
    for packet in drain(&mut client).0 {
        server.handle_input(packet, Instant::START);
    }
    let flight = drain(&mut server).0;
    let mut numbers = Vec::new();
    for epoch in [0_u64, 2] {
        for sequence in 0_u64..8 {
            numbers.extend(epoch.to_be_bytes());
            numbers.extend(sequence.to_be_bytes());
        }
    }
    let mut ack = u16::try_from(numbers.len()).unwrap().to_be_bytes().to_vec();
    ack.extend(numbers);
    server.handle_input(plain_record(26, 5, &ack), Instant::START);
    drain(&mut server);
    let deadline = server.poll_timeout().expect("it repeats its flight");
    server.handle_timeout(deadline.at);
    let again = drain(&mut server).0.iter().map(Vec::len).sum::<usize>();
    assert!(again > flight.iter().map(Vec::len).sum::<usize>() / 2, "{again}");
}

/// RFC 5705, RFC 8446 section 7.5: both ends get the same, by label, context and length.
#[test]
fn both_ends_export_the_same() {
    for version in VERSIONS {
        let mut pair = open(configs_of(version, 1));
        let export = |end: &Dtls, label: &[u8], context: Option<&[u8]>| {
            let mut output = [0; 32];
            end.export(label, context, &mut output).unwrap();
            output
        };
        let mut all = Vec::new();
        for label in [&b"EXPERIMENTAL one"[..], b"EXPERIMENTAL two"] {
            for context in [None, Some(&b""[..]), Some(b"context")] {
                let ours = export(&pair.a, label, context);
                assert_eq!(ours, export(&pair.z, label, context));
                all.push(ours);
            }
        }
        all.sort_unstable();
        all.dedup();
        // In 1.3 no context and an empty one are the same.
        assert_eq!(all.len(), if version == Version::V1_3 { 4 } else { 6 });
        let now = pair.now();
        pair.a.update_keys(true, now);
        let before = export(&pair.a, b"EXPERIMENTAL one", None);
        pair.drive_for(Duration::from_secs(1));
        assert_eq!(export(&pair.z, b"EXPERIMENTAL one", None), before);
    }
}

/// The format of `SSLKEYLOGFILE`: a label, the client's random, a secret, the same at both ends.
#[test]
fn both_ends_write_the_same_key_log() {
    for version in VERSIONS {
        let mut configs = configs_of(version, 1);
        configs.0.key_log = true;
        configs.1.key_log = true;
        let mut pair = pair(configs, LinkModel::default(), 1);
        connect(&mut pair).unwrap();
        pair.drive_for(Duration::from_secs(1));
        let lines = |events: Vec<Event>| {
            let mut lines: Vec<String> = events
                .into_iter()
                .filter_map(|event| match event {
                    Event::KeyLog(line) => Some(line),
                    _ => None,
                })
                .collect();
            lines.sort_unstable();
            lines
        };
        let (a, z) = (lines(pair.events_a()), lines(pair.events_z()));
        assert_eq!(a, z);
        let labels: Vec<&str> = a.iter().map(|line| line.split(' ').next().unwrap()).collect();
        let expected: &[&str] = match version {
            Version::V1_2 => &["CLIENT_RANDOM"],
            Version::V1_3 => &[
                "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
                "CLIENT_TRAFFIC_SECRET_0",
                "EXPORTER_SECRET",
                "SERVER_HANDSHAKE_TRAFFIC_SECRET",
                "SERVER_TRAFFIC_SECRET_0",
            ],
        };
        assert_eq!(labels, expected);
        for line in a {
            let parts: Vec<&str> = line.split(' ').collect();
            let secret = if version == Version::V1_2 { 96 } else { 64 };
            assert_eq!((parts.len(), parts[1].len(), parts[2].len()), (3, 64, secret));
            assert!(parts[1..].iter().all(|part| part.chars().all(|c| c.is_ascii_hexdigit())));
        }
    }
}

/// Without a wish for it, no secret is told.
#[test]
fn there_is_no_key_log_by_default() {
    let mut pair = pair(configs_of(Version::V1_3, 1), LinkModel::default(), 1);
    connect(&mut pair).unwrap();
    let events = pair.events_a().into_iter().chain(pair.events_z());
    assert!(!events.into_iter().any(|event| matches!(event, Event::KeyLog(_))));
}

/// RFC 6347 section 4.1.1, RFC 9147 section 4.3, pion/dtls@4fcce60: the handshake's last messages come together with repetitions of earlier ones.
#[test]
fn finished_may_come_in_one_datagram_with_what_is_old() {
    for version in VERSIONS {
        let (client, server): (Config, Config) = configs_of(version, 1);
        let mut client = Dtls::new(client, Rng::from_u64(8));
        let mut server = Dtls::new(server, Rng::from_u64(9));
        client.start(Instant::START);
        let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
        for _ in 0..4 {
            // Each end says all that it ever said again, in front of what is new.
            to_server.extend(drain(&mut client).0.concat());
            server.handle_input(to_server.clone(), Instant::START);
            to_client.extend(drain(&mut server).0.concat());
            client.handle_input(to_client.clone(), Instant::START);
        }
        assert!(client.is_connected() && server.is_connected(), "{version}");
    }
}

// A -> KeyUpdate            Z
// A <- [ACK]                Z
// A <- KeyUpdate            Z
// A -> [ACK], epoch 4       Z
/// RFC 9147 section 7: after the handshake an ACK is under the newest keys.
#[test]
fn an_ack_goes_out_under_the_newest_keys() {
    let mut pair = open(configs_of(Version::V1_3, 1));
    let now = pair.now();
    pair.a.update_keys(false, now);
    pair.drive_for(Duration::from_secs(1));
    let packets = tap(&mut pair);
    let now = pair.now();
    pair.z.update_keys(false, now);
    pair.drive_for(Duration::from_secs(1));
    let packets = packets.borrow();
    assert_eq!(packets.iter().filter(|(side, _)| *side == Side::A).count(), 1, "an ACK");
    assert_eq!(epoch_bits(&packets, Side::A), 4 & 3);
}
