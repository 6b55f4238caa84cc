//! Timers: how long an end waits, what starts, stops and changes its waits, and what it then says
//! (RFC 6347 section 4.2.4, RFC 9147 sections 5.8 and 7).

use std::time::Duration;

use icelab_dtls::wire::handshake::HandshakeType;
use icelab_dtls::{CloseReason, Config, Dtls, Event, Version};
use icelab_sans_io::{Instant, Protocol};

use crate::ends::{
    VERSIONS, apart, carry, closed, configs_of, cut, drain, epoch_of, open, plain_messages,
    plain_record,
};

const RETRANSMIT: &str = "dtls.retransmit";
const HOUR: Duration = Duration::from_secs(3600);
/// Twice the longest life of a segment (RFC 9293 section 3.4.2).
const FOUR_MINUTES: Duration = Duration::from_secs(240);

/// How long `end` waits from `now` before it repeats its flight, if it does.
fn wait(end: &Dtls, now: Instant) -> Option<Duration> {
    let deadline = end.poll_timeout()?;
    (deadline.timer == RETRANSMIT).then(|| deadline.at - now)
}

/// Lets the next timer of `end` fire; gives when, and what it then says.
fn fire(end: &mut Dtls) -> (Instant, Vec<Vec<u8>>, Vec<Event>) {
    let at = end.poll_timeout().expect("a timer").at;
    end.handle_timeout(at);
    let (packets, events) = drain(end);
    (at, packets, events)
}

fn hinted(version: Version, rtt: Duration) -> (Config, Config) {
    let mut configs = configs_of(version, 1);
    configs.0.retransmission.rtt = Some(rtt);
    configs.1.retransmission.rtt = Some(rtt);
    configs
}

/// RFC 6347 section 4.2.4.1, RFC 9147 section 5.8.2: no wait of any flight is shorter than the first one
/// that was configured, which is longer than the round trip where that is known.
#[test]
fn no_wait_is_shorter_than_the_first_one_that_was_configured() {
    let rtt = Duration::from_millis(300);
    for version in VERSIONS {
        let (mut client, mut server) = apart(hinted(version, rtt));
        let mut now = Instant::START;
        let mut waits = Vec::new();
        for _ in 0..4 {
            waits.extend(wait(&client, now));
            carry(&mut client, &mut server, now);
            waits.extend(wait(&server, now));
            // The answer comes much faster than the hint says.
            now += Duration::from_millis(1);
            carry(&mut server, &mut client, now);
        }
        assert!(client.is_connected() && server.is_connected());
        assert!(waits.len() >= 3, "{version}: {waits:?}");
        assert!(waits.iter().all(|wait| *wait > rtt && *wait <= 2 * rtt), "{version}: {waits:?}");
    }
}

/// The same sections: a wait that has grown stays as long until a flight needs no repetition; then the
/// next one is measured.
#[test]
fn a_wait_that_has_grown_is_kept_until_a_flight_needs_no_repetition() {
    for version in VERSIONS {
        let (mut client, mut server) = apart(configs_of(version, 1));
        let (mut now, ..) = fire(&mut client);
        for _ in 0..3 {
            (now, ..) = fire(&mut client);
        }
        // 400, 800, 1600 and 3200 ms have passed in vain.
        assert_eq!(wait(&client, now), Some(Duration::from_millis(6400)));
        drain(&mut client);
        client.handle_timeout(client.poll_timeout().unwrap().at);
        now += Duration::from_millis(6400);
        let grown = Duration::from_millis(12_800);
        carry(&mut client, &mut server, now);
        assert_eq!(wait(&server, now), Some(Duration::from_millis(400)), "it has lost nothing");
        now += Duration::from_millis(200);
        carry(&mut server, &mut client, now);
        assert_eq!(wait(&client, now), Some(grown), "{version}");
        now += Duration::from_millis(200);
        carry(&mut client, &mut server, now);
        now += Duration::from_millis(200);
        carry(&mut server, &mut client, now);
        assert!(client.is_connected() && server.is_connected());
        if version == Version::V1_3 {
            // That flight took 400 ms and no repetition: the next wait is one and a half times that.
            client.update_keys(false, now);
            assert_eq!(wait(&client, now), Some(Duration::from_millis(600)));
        }
    }
}

/// RFC 6347 section 4.2.4: partial reads cause no timer resets. RFC 9147 section 4.5.2: nor do invalid
/// records.
#[test]
fn pieces_of_a_flight_and_what_is_invalid_change_no_timer() {
    let mut configs = configs_of(Version::V1_2, 1);
    configs.1.mtu = 256;
    let (mut client, mut server) = apart(configs);
    let mut now = Instant::START;
    carry(&mut client, &mut server, now);
    let deadline = client.poll_timeout().unwrap().at;
    let mut flight = drain(&mut server).0;
    assert!(flight.len() > 2);
    let last = flight.pop().unwrap();
    for packet in flight {
        now += Duration::from_millis(20);
        client.handle_input(packet, now);
        client.handle_input(plain_record(99, 7, b"junk"), now);
        client.handle_input(vec![0x2E; 60], now);
        assert_eq!(client.poll_timeout().map(|it| (it.at, it.timer)), Some((deadline, RETRANSMIT)));
    }
    client.handle_input(last, now);
    assert_ne!(client.poll_timeout().unwrap().at, deadline, "its own next flight is under way");
}

/// RFC 6347 section 4.2.4, RFC 9147 section 5.8.1: an end in the FINISHED state repeats nothing of its
/// own accord, and in the end has no timer at all.
#[test]
fn an_end_that_has_finished_repeats_nothing() {
    for version in VERSIONS {
        let mut pair = open(configs_of(version, 1));
        for end in [&mut pair.a, &mut pair.z] {
            while let Some(deadline) = end.poll_timeout() {
                assert_eq!(deadline.timer, "dtls.forget", "{version}");
                end.handle_timeout(deadline.at);
            }
            let (packets, events) = drain(end);
            assert!(packets.is_empty() && events.is_empty());
            assert!(end.is_connected());
        }
    }
}

/// RFC 6347 section 4.2.4, RFC 9147 section 5.8.1: for twice the longest life of a segment, four
/// minutes, the last flight, or the ACK, is sent again where the client repeats its own; and then the
/// old keys are gone.
#[test]
fn the_last_flight_is_sent_again_for_four_minutes() {
    for version in VERSIONS {
        let (mut client, mut server) = apart(configs_of(version, 1));
        let now = Instant::START;
        carry(&mut client, &mut server, now);
        carry(&mut server, &mut client, now);
        carry(&mut client, &mut server, now);
        assert!(server.is_connected());
        // Nothing of the server's last words arrives, however often the client repeats its own.
        let mut answers = Vec::new();
        assert!(!drain(&mut server).0.is_empty());
        let silence = loop {
            let (at, packets, events) = fire(&mut client);
            if at >= now + 3 * FOUR_MINUTES || closed(&events).is_some() {
                break at;
            }
            while let Some(deadline) = server.poll_timeout().filter(|it| it.at <= at) {
                server.handle_timeout(deadline.at);
            }
            for packet in packets {
                server.handle_input(packet, at);
            }
            answers.push((at - now, drain(&mut server).0.len()));
        };
        assert!(silence >= now + FOUR_MINUTES);
        assert!(answers.iter().any(|(at, _)| (FOUR_MINUTES * 3 / 4..FOUR_MINUTES).contains(at)));
        for (at, count) in answers {
            assert_eq!(count > 0, at < FOUR_MINUTES, "{version} {at:?}");
        }
    }
}

/// RFC 6347 section 4.2.4, RFC 9147 section 5.8.1: what is repeated is the same messages with the same
/// bytes and numbers, under the same keys, in records of new numbers. RFC 6347 section 4.2.5: 1.2's
/// ChangeCipherSpec goes with its Finished. RFC 9147 sections 4.2.1 and 5.5.
#[test]
fn a_flight_is_repeated_with_the_same_bytes_under_the_same_keys() {
    for version in VERSIONS {
        let (mut client, mut server) = apart(configs_of(version, 1));
        let now = Instant::START;
        let hello = drain(&mut client).0;
        let again = fire(&mut client).1;
        compare(&hello, &again);
        server.handle_input(again[0].clone(), now);
        let flight = drain(&mut server).0;
        let again = fire(&mut server).1;
        compare(&flight, &again);
        for packet in flight {
            client.handle_input(packet, now);
        }
        let last = drain(&mut client).0;
        let again = fire(&mut client).1;
        compare(&last, &again);
        let last = last.concat();
        let kinds: Vec<u8> = cut(&last).into_iter().map(|record| record[0]).collect();
        if version == Version::V1_2 {
            assert_eq!(kinds[kinds.len() - 2..], [20, 22], "{kinds:?}");
        } else {
            // The client has keys of epoch 3 since its Finished.
            client.send(b"data", now).unwrap();
            assert_eq!(epoch_of(&drain(&mut client).0[0]), 3);
            assert!(cut(&last).into_iter().all(|record| epoch_of(record) == 2));
            let later = fire(&mut client).1.concat();
            assert!(cut(&later).into_iter().all(|record| epoch_of(record) == 2));
        }
        for packet in again {
            server.handle_input(packet, now);
        }
        assert!(server.is_connected(), "{version}");
    }
}

/// Whether a repetition says the same, in records of the same epochs and of later numbers.
fn compare(first: &[Vec<u8>], again: &[Vec<u8>]) {
    let (first, again) = (first.concat(), again.concat());
    assert_eq!(plain_messages_of(&first), plain_messages_of(&again));
    let (first, again) = (cut(&first), cut(&again));
    assert_eq!(first.len(), again.len());
    let highest = first.iter().filter(|it| epoch_of(it) == 0).map(|it| number(it)).max();
    for (one, other) in first.into_iter().zip(again) {
        assert_eq!((epoch_of(one), one.len()), (epoch_of(other), other.len()));
        if one[0] >> 5 == 1 {
            assert_ne!(one, other, "a record is never sent twice");
        } else if epoch_of(one) == 0 {
            assert_eq!(one[0], other[0]);
            assert!(Some(number(other)) > highest);
        } else {
            assert!(number(other) > number(one));
        }
    }
}

fn plain_messages_of(flight: &[u8]) -> Vec<(HandshakeType, u16, Vec<u8>)> {
    cut(flight)
        .into_iter()
        .filter(|record| record[0] == 22 && epoch_of(record) == 0)
        .flat_map(plain_messages)
        .collect()
}

/// The number of a record that does not hide it.
fn number(record: &[u8]) -> u64 {
    record[5..11].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// RFC 6347 section 4.2.4, RFC 9147 section 5.8.2: in either role there is an end of trying.
#[test]
fn an_end_that_hears_nothing_gives_up() {
    for version in VERSIONS {
        let mut configs = configs_of(version, 1);
        configs.0.retransmission.tries = 3;
        configs.1.retransmission.tries = 3;
        for steps in 1..=3 {
            let (mut client, mut server) = apart(configs.clone());
            let now = Instant::START;
            let mut ends = [&mut client, &mut server];
            for _ in 1..steps {
                let [from, to] = &mut ends;
                carry(from, to, now);
                ends.reverse();
            }
            // What the first of them said now is lost, and so is all the rest.
            let [silent, _] = ends;
            drain(silent);
            let mut repeats = 0;
            let reason = loop {
                let (_, packets, events) = fire(silent);
                if let Some(reason) = closed(&events) {
                    break reason;
                }
                repeats += u32::from(!packets.is_empty());
            };
            assert_eq!((repeats, reason), (3, CloseReason::Timeout), "{version} {steps}");
            assert_eq!(silent.poll_timeout(), None);
        }
    }
}

/// RFC 9147 sections 5.8.1 and 7.2: once everything is acknowledged, nothing is repeated.
#[test]
fn an_ack_for_the_last_flight_ends_its_repetitions() {
    let (mut client, mut server) = apart(configs_of(Version::V1_3, 1));
    let now = Instant::START;
    carry(&mut client, &mut server, now);
    carry(&mut server, &mut client, now);
    // The first repetition is under way as well when the ACK for the first sending comes: a record
    // that was ever sent counts.
    let (first, _) = drain(&mut client);
    assert_eq!(client.poll_timeout().unwrap().timer, RETRANSMIT);
    let (later, ..) = fire(&mut client);
    for packet in first {
        server.handle_input(packet, later);
    }
    assert_eq!(client.poll_timeout().unwrap().timer, RETRANSMIT);
    carry(&mut server, &mut client, later);
    assert_eq!(client.poll_timeout().unwrap().timer, "dtls.forget");
    client.handle_timeout(later + HOUR);
    assert!(drain(&mut client).0.is_empty());
}

// A -> {Certificate ..             Z
// A    and nothing more            Z
/// RFC 9147 sections 5.8.1 and 7.1: a server that lacks the rest of the answer says so, less and less
/// often, and gives up where a flight would have been given up.
#[test]
fn a_server_whose_client_falls_silent_in_its_answer_gives_up() {
    let mut configs = configs_of(Version::V1_3, 1);
    configs.0.mtu = 256;
    configs.1.retransmission.tries = 4;
    let (mut client, mut server) = apart(configs);
    let now = Instant::START;
    carry(&mut client, &mut server, now);
    carry(&mut server, &mut client, now);
    server.handle_input(drain(&mut client).0.remove(0), now);
    let mut waits = Vec::new();
    let mut last = now;
    let reason = loop {
        let (at, packets, events) = fire(&mut server);
        if let Some(reason) = closed(&events) {
            break reason;
        }
        waits.push(((at - last).as_millis(), packets.len()));
        last = at;
    };
    assert_eq!(reason, CloseReason::Timeout);
    assert_eq!(waits.len(), 4);
    assert!(waits.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[1].1 == 1), "{waits:?}");
}

/// RFC 6347 section 4.2.4, RFC 9147 section 5.8.1: an end that repeats its flight since the peer has
/// repeated its own arms its timer anew: the timer and the peer's repetition do not add up. Where the
/// path is known to ICE, what the peer asks for comes twice.
#[test]
fn a_flight_that_was_repeated_for_the_peer_is_not_repeated_at_once_by_the_timer() {
    for version in VERSIONS {
        for (timer_is_first, is_hinted) in
            [(false, false), (true, false), (false, true), (true, true)]
        {
            let mut configs = configs_of(version, 1);
            for config in [&mut configs.0, &mut configs.1] {
                config.retransmission.rtt = is_hinted.then_some(Duration::from_millis(400));
            }
            let (mut client, mut server) = apart(configs);
            carry(&mut client, &mut server, Instant::START);
            let flight = drain(&mut server).0.len();
            let (now, hello, _) = fire(&mut client);
            assert_eq!(wait(&server, now), Some(Duration::ZERO));
            if timer_is_first {
                server.handle_timeout(now);
            }
            for packet in hello {
                server.handle_input(packet, now);
            }
            server.handle_timeout(now);
            let sent = drain(&mut server).0.len();
            let is_doubled = sent > flight && sent <= 4 * flight;
            assert!(
                if is_hinted && !timer_is_first { is_doubled } else { sent == flight },
                "{version} {timer_is_first} {is_hinted}: {sent} of {flight}"
            );
            assert!(wait(&server, now).unwrap() >= Duration::from_millis(400));
        }
    }
}
