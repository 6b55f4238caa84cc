//! Datagrams that are lost, repeated, late, disordered, and small.

use std::time::Duration;

use icelab_dtls::{AddressCheck, Config, Dtls, Event, NamedGroup, Version};
use icelab_sans_io::testing::{LinkModel, Pair, Passing, Side};
use icelab_sans_io::{Instant, Protocol, Rng};

use crate::ends::{
    VERSIONS, apart, carry, configs_of, connect, data, drain, lose, pair, plain_record,
    plain_records, tap,
};

const DELAY: Duration = Duration::from_millis(50);

/// Configurations that make every kind of handshake, each with a name.
fn kinds() -> Vec<(&'static str, (Config, Config))> {
    let mut kinds = Vec::new();
    for version in VERSIONS {
        let plain = configs_of(version, 1);
        let mut small = plain.clone();
        small.0.mtu = 400;
        small.1.mtu = 400;
        let mut cookie = plain.clone();
        cookie.1.address = AddressCheck::Cookie;
        let mut limited = plain.clone();
        limited.1.address = AddressCheck::Limit;
        let name = |what| Box::leak(format!("{version} {what}").into_boxed_str()) as &str;
        kinds.extend([
            (name("plain"), plain),
            (name("small"), small),
            (name("cookie"), cookie),
            (name("limited"), limited),
        ]);
    }
    kinds
}

/// Runs a handshake, and data both ways, and says how long it took.
fn talk(
    name: &str,
    configs: (Config, Config),
    is_lost: impl FnMut(Side, usize) -> bool + 'static,
) -> Duration {
    let mut pair = pair(configs, LinkModel::delayed(DELAY), 1);
    lose(&mut pair, is_lost);
    let took = connect(&mut pair).unwrap_or_else(|| panic!("{name}:\n{}", pair.log()));
    pair.filter(|_, _, _| Passing::Pass);
    let now = pair.now();
    pair.a.send(b"ping", now).expect("connected");
    pair.z.send(b"pong", now).expect("connected");
    pair.drive_for(Duration::from_secs(5));
    assert_eq!(data(&pair.events_z()), [b"ping"], "{name}");
    assert_eq!(data(&pair.events_a()), [b"pong"], "{name}");
    assert!(pair.drive(pair.now() + Duration::from_secs(600)), "{name}: it becomes quiet");
    took
}

/// RFC 6347 section 4.2.4, RFC 9147 section 5.8.1.
#[test]
fn any_one_datagram_may_be_lost() {
    for (name, configs) in kinds() {
        for side in [Side::A, Side::Z] {
            for lost in 0..8 {
                let is_lost = move |from, number| (from, number) == (side, lost);
                let took = talk(&format!("{name} {side:?} {lost}"), configs.clone(), is_lost);
                assert!(took < Duration::from_millis(2500), "{name} {side:?} {lost}: {took:?}");
            }
        }
    }
}

/// The same sections.
#[test]
fn any_two_datagrams_may_be_lost() {
    for version in VERSIONS {
        let configs = configs_of(version, 1);
        let places = || [Side::A, Side::Z].into_iter().flat_map(|s| (0..5).map(move |n| (s, n)));
        for first in places() {
            for second in places().filter(|second| *second > first) {
                let is_lost = move |from, number| [first, second].contains(&(from, number));
                talk(&format!("{version} {first:?} {second:?}"), configs.clone(), is_lost);
            }
        }
    }
}

/// RFC 6347 section 4.2.2, RFC 9147 section 5.2: what was taken before is discarded, what comes early
/// waits.
#[test]
fn every_datagram_may_come_twice_or_late() {
    for (name, configs) in kinds() {
        let link = LinkModel { duplicate_ppb: 1_000_000_000, ..LinkModel::delayed(DELAY) };
        let mut twice = pair(configs.clone(), link, 1);
        connect(&mut twice).unwrap_or_else(|| panic!("{name} twice:\n{}", twice.log()));
        let link = LinkModel {
            jitter: 10 * DELAY,
            reorder_ppb: 1_000_000_000,
            ..LinkModel::delayed(DELAY)
        };
        for seed in 0..10 {
            let mut late = pair(configs.clone(), link, seed);
            connect(&mut late).unwrap_or_else(|| panic!("{name} {seed}:\n{}", late.log()));
        }
    }
}

/// RFC 6347 section 4.2.3, RFC 9147 section 5.5: messages in pieces. In 1.2 keys are made while
/// messages without protection are still to come.
#[test]
fn datagrams_may_be_as_short_as_256_bytes() {
    for version in VERSIONS {
        for mtu in [256, 300, 548, 900, 1200, 1500] {
            let mut configs = configs_of(version, 1);
            configs.0.mtu = mtu;
            configs.1.mtu = mtu;
            let mut pair = pair(configs, LinkModel::delayed(DELAY), 1);
            let packets = tap(&mut pair);
            connect(&mut pair).unwrap_or_else(|| panic!("{version} {mtu}:\n{}", pair.log()));
            let longest = packets.borrow().iter().map(|(_, packet)| packet.len()).max();
            assert!(longest <= Some(mtu), "{version} {mtu}: {longest:?}");
            let repeats = pair.events_a().into_iter().chain(pair.events_z());
            let repeats = repeats.filter(|event| matches!(event, Event::Retransmitted(_)));
            assert_eq!(repeats.count(), 0, "{version} {mtu}");
        }
    }
}

/// RFC 6347 section 4.1.1.1, RFC 9147 section 4.4: where repetitions find no answer, datagrams become
/// smaller.
#[test]
fn a_path_that_swallows_long_datagrams_is_passed_with_short_ones() {
    for version in VERSIONS {
        let mut pair = pair(configs_of(version, 1), LinkModel::delayed(DELAY), 1);
        pair.filter(
            |_, packet: &Vec<u8>, _| {
                if packet.len() > 600 { Passing::Lost } else { Passing::Pass }
            },
        );
        let took = connect(&mut pair).unwrap_or_else(|| panic!("{version}:\n{}", pair.log()));
        assert!(took < Duration::from_secs(10), "{version}: {took:?}");
    }
}

#[test]
fn a_terrible_link_is_survived_with_and_without_a_hint() {
    for version in VERSIONS {
        for delay in [30, 2000] {
            let delay = Duration::from_millis(delay);
            for hint in [None, Some(3 * delay)] {
                for seed in 0..8 {
                    let mut configs = configs_of(version, 1);
                    configs.0.retransmission.rtt = hint;
                    configs.1.retransmission.rtt = hint;
                    let mut pair = pair(configs, LinkModel::terrible(delay), seed);
                    let limit = Instant::START + Duration::from_secs(900);
                    let is_done =
                        |pair: &Pair<Dtls, Dtls>| pair.a.is_connected() && pair.z.is_connected();
                    pair.drive_while(limit, |pair| !is_done(pair));
                    assert!(is_done(&pair), "{version} {delay:?} {seed}:\n{}", pair.log());
                }
            }
        }
    }
}

// A -> ClientKeyExchange .. {Finished}   Z
// A /lost/ <- {Finished}                 Z
// A -> ClientKeyExchange .. {Finished}   Z
// A <- {Finished}                        Z
/// RFC 6347 section 4.2.4: the last flight has no timer; it is repeated when the peer repeats itself.
#[test]
fn a_server_of_1_2_repeats_its_finished_as_often_as_the_client_asks() {
    let mut pair = pair(configs_of(Version::V1_2, 1), LinkModel::delayed(DELAY), 1);
    let mut lost = 0;
    pair.filter(move |side, packet: &Vec<u8>, _| {
        let is_last = side == Side::Z && packet[0] == 20;
        lost += u32::from(is_last);
        if is_last && lost <= 3 { Passing::Lost } else { Passing::Pass }
    });
    connect(&mut pair).unwrap_or_else(|| panic!("no connection:\n{}", pair.log()));
}

// A -> {Certificate .. Finished}   Z
// A /lost/ <- [ACK]                Z
// A -> {Certificate .. Finished}   Z
// A <- [ACK]                       Z
/// RFC 9147 section 5.8.1: the server answers a repeated last flight with its ACK again.
#[test]
fn a_server_of_1_3_acknowledges_a_repeated_last_flight_again() {
    let mut pair = pair(configs_of(Version::V1_3, 1), LinkModel::delayed(DELAY), 1);
    // The first is its flight.
    lose(&mut pair, |side, number| side == Side::Z && [1, 2].contains(&number));
    connect(&mut pair).unwrap();
    pair.events_a();
    pair.drive_for(Duration::from_secs(20));
    let repeats = pair.events_a();
    let repeats = repeats.iter().filter(|event| matches!(event, Event::Retransmitted(_))).count();
    assert!((1..=3).contains(&repeats), "{repeats}");
    assert!(pair.a.is_connected());
}

// A -> {Certificate .. Finished}   Z
// A /lost/ <- [ACK]                Z
// A /lost/ <- KeyUpdate            Z
// A -> {Certificate .. Finished}   Z
// A <- [ACK]                       Z
/// RFC 9147 section 5.8.1: what the server says of its own does not stand in the way of its ACK.
#[test]
fn a_lost_key_update_does_not_stand_in_the_way_of_the_last_ack() {
    let mut configs = configs_of(Version::V1_3, 1);
    // The server will not repeat its KeyUpdate soon.
    configs.1.retransmission.rtt = Some(Duration::from_secs(30));
    configs.0.retransmission.rtt = Some(2 * DELAY);
    let mut pair = pair(configs, LinkModel::delayed(DELAY), 1);
    lose(&mut pair, |side, number| side == Side::Z && [1, 2].contains(&number));
    connect(&mut pair).unwrap();
    let now = pair.now();
    pair.z.update_keys(false, now);
    pair.events_a();
    pair.drive_for(Duration::from_secs(5));
    let repeats = pair.events_a();
    let repeats = repeats.iter().filter(|event| matches!(event, Event::Retransmitted(_))).count();
    assert_eq!(repeats, 1, "{}", pair.log());
}

/// The sizes of what `side` sent, in order.
fn sizes(packets: &[(Side, Vec<u8>)], side: Side) -> Vec<usize> {
    packets.iter().filter(|(from, _)| *from == side).map(|(_, packet)| packet.len()).collect()
}

// A -> ClientHello                                                        Z
// A /lost/ <- ServerHello {EncryptedExtensions ..                         Z
// A <- .. Finished}                                                       Z
// A -> ACK []                                                             Z
// A <- ServerHello {EncryptedExtensions .. Finished}                      Z
/// RFC 9147 section 7.1: an ACK without numbers has the server repeat itself, long before any timer.
#[test]
fn an_empty_ack_prompts_the_server_to_repeat_itself() {
    let mut configs = configs_of(Version::V1_3, 1);
    for config in [&mut configs.0, &mut configs.1] {
        config.mtu = 600;
        config.retransmission.initial = Duration::from_secs(10);
    }
    let mut pair = pair(configs, LinkModel::delayed(DELAY), 1);
    let packets = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let copies = std::rc::Rc::clone(&packets);
    let mut sent = 0;
    pair.filter(move |side, packet: &Vec<u8>, _| {
        copies.borrow_mut().push((side, packet.clone()));
        sent += u32::from(side == Side::Z);
        if side == Side::Z && sent == 1 { Passing::Lost } else { Passing::Pass }
    });
    let took = connect(&mut pair).unwrap_or_else(|| panic!("no connection:\n{}", pair.log()));
    assert!(took < Duration::from_secs(2), "{took:?}:\n{}", pair.log());
    let packets = packets.borrow();
    let ack = packets.iter().flat_map(|(_, packet)| plain_records(packet));
    let ack = ack.filter(|(content, _)| *content == 26).collect::<Vec<_>>();
    assert_eq!(ack, [(26, vec![0, 0])]);
}

/// RFC 9147 section 7.2: after an ACK for some of a flight, the rest goes out, and nothing else.
#[test]
fn an_ack_for_a_part_brings_the_rest_only() {
    let mut configs = configs_of(Version::V1_3, 1);
    for config in [&mut configs.0, &mut configs.1] {
        config.mtu = 400;
        config.retransmission.initial = Duration::from_secs(10);
    }
    let mut pair = pair(configs, LinkModel::delayed(DELAY), 1);
    let packets = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let copies = std::rc::Rc::clone(&packets);
    let mut sent = 0;
    pair.filter(move |side, packet: &Vec<u8>, _| {
        copies.borrow_mut().push((side, packet.clone()));
        sent += u32::from(side == Side::Z);
        if side == Side::Z && sent == 2 { Passing::Lost } else { Passing::Pass }
    });
    let took = connect(&mut pair).unwrap_or_else(|| panic!("no connection:\n{}", pair.log()));
    assert!(took < Duration::from_secs(4), "{took:?}");
    // Its flight, the second half of that again, and the last ACK.
    let sizes = sizes(&packets.borrow(), Side::Z);
    assert_eq!(sizes.len(), 4, "{sizes:?}");
    assert!(sizes[2] <= sizes[1] + 16, "{sizes:?}");
}

// A -> {Certificate ..             Z
// A -> /lost/ .. Finished}         Z
// A <- [ACK]                       Z
/// RFC 9147 section 7.2: any record of the answer acknowledges the whole flight. The server does not
/// repeat it; it says what of the answer has arrived.
#[test]
fn a_piece_of_the_answer_ends_the_repetitions_of_a_flight() {
    let mut configs = configs_of(Version::V1_3, 1);
    configs.0.mtu = 256;
    let (mut client, mut server) = apart(configs);
    let mut now = Instant::START;
    carry(&mut client, &mut server, now);
    let flight = carry(&mut server, &mut client, now).0.iter().map(Vec::len).sum::<usize>();
    let mut answer = drain(&mut client).0;
    assert!(answer.len() > 2, "{}", answer.len());
    server.handle_input(answer.remove(0), now);
    let limit = now + Duration::from_secs(10);
    let mut acks = 0;
    while let Some(deadline) = server.poll_timeout().filter(|deadline| deadline.at < limit) {
        now = deadline.at;
        server.handle_timeout(now);
        let (packets, events) = drain(&mut server);
        assert!(events.is_empty(), "{events:?}");
        for packet in packets {
            acks += 1;
            assert!(packet.len() < flight / 4, "{} of {flight}", packet.len());
        }
    }
    assert!(acks > 0);
    for packet in answer {
        server.handle_input(packet, now);
    }
    assert!(server.is_connected());
}

/// str0m#943: what a timer brings is there as soon as the timer was handled, and the deadline says
/// when that is.
#[test]
fn a_repetition_is_surfaced_the_moment_it_is_due() {
    for hint in [None, Some(Duration::from_millis(160))] {
        let (mut config, _) = configs_of(Version::V1_3, 1);
        config.retransmission.rtt = hint;
        let mut client = Dtls::new(config, Rng::from_u64(8));
        client.start(Instant::START);
        assert_eq!(drain(&mut client).0.len(), 1);
        let deadline = client.poll_timeout().expect("a timer");
        // libdatachannel#1635: a little more than the round trip that ICE has measured; RFC 9147
        // section 5.8.2: 400 ms where nobody has.
        let wait = deadline.at - Instant::START;
        match hint {
            Some(rtt) => assert!(rtt < wait && wait <= rtt * 3 / 2, "{wait:?}"),
            None => assert_eq!(wait, Duration::from_millis(400)),
        }
        client.handle_timeout(deadline.at - Duration::from_millis(1));
        assert_eq!(drain(&mut client).0.len(), 0);
        client.handle_timeout(deadline.at);
        assert_eq!(drain(&mut client).0.len(), 1);
    }
}

/// RFC 6347 section 4.2.4.1, RFC 9147 section 5.8.2: waits double, and there is an end.
#[test]
fn waits_double_and_end() {
    let (mut config, _) = configs_of(Version::V1_3, 1);
    config.retransmission.tries = 6;
    let mut client = Dtls::new(config, Rng::from_u64(8));
    client.start(Instant::START);
    let mut waits = Vec::new();
    let mut now = Instant::START;
    while let Some(deadline) = client.poll_timeout() {
        waits.push((deadline.at - now).as_millis());
        now = deadline.at;
        client.handle_timeout(now);
    }
    assert_eq!(waits, [400, 800, 1600, 3200, 6400, 12_800, 25_600]);
    let events = drain(&mut client).1;
    assert_eq!(crate::ends::closed(&events), Some(icelab_dtls::CloseReason::Timeout));
}

/// RFC 6347 section 4.1.1, RFC 9147 sections 4.1 and 4.3: records of several epochs in one datagram, with a
/// stranger's among them.
#[test]
fn junk_between_records_is_passed_over() {
    for version in VERSIONS {
        let (client, server) = configs_of(version, 1);
        let mut client = Dtls::new(client, Rng::from_u64(8));
        let mut server = Dtls::new(server, Rng::from_u64(9));
        client.start(Instant::START);
        let with_junk = |packets: Vec<Vec<u8>>| {
            let mut all = plain_record(99, 0, b"junk");
            for packet in packets {
                all.extend(packet);
            }
            all
        };
        for _ in 0..4 {
            let packets = drain(&mut client).0;
            if !packets.is_empty() {
                server.handle_input(with_junk(packets), Instant::START);
            }
            let packets = drain(&mut server).0;
            if !packets.is_empty() {
                client.handle_input(with_junk(packets), Instant::START);
            }
        }
        assert!(client.is_connected() && server.is_connected(), "{version}");
    }
}

/// RFC 9147 section 4.4, RFC 6347 section 4.1.1.1: whoever's flight is too large for the path, and
/// whichever side asks the other to repeat itself, smaller pieces come in the end.
#[test]
fn a_path_that_takes_no_large_datagrams_is_found_out() {
    for rtt in [None, Some(2 * DELAY)] {
        for largest in [600, 1000] {
            let (mut client, mut server) = crate::ends::configs(1);
            for config in [&mut client, &mut server] {
                config.groups = vec![NamedGroup::X25519_MLKEM768];
                config.retransmission.rtt = rtt;
            }
            let mut pair = pair((client, server), LinkModel::delayed(DELAY), 1);
            pair.filter(
                move |_, packet: &Vec<u8>, _| {
                    if packet.len() > largest { Passing::Lost } else { Passing::Pass }
                },
            );
            let took = connect(&mut pair).unwrap_or_else(|| panic!("{rtt:?} {largest}"));
            assert!(took < Duration::from_secs(6), "{rtt:?} {largest}: {took:?}");
        }
    }
}
