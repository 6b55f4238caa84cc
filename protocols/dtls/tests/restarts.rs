//! A client that begins anew (RFC 6347 section 4.2.8, RFC 9147 section 5.11).

use std::time::Duration;

use icelab_dtls::{AddressCheck, Dtls, Event, Version};
use icelab_sans_io::{Instant, Protocol, Rng};

use crate::ends::{VERSIONS, closed, configs_of, connected, cut, data, drain, epoch_of, open};

/// Carries everything between two ends until both are silent; gives the server's events.
fn talk(client: &mut Dtls, server: &mut Dtls, now: Instant) -> Vec<Event> {
    let mut events = Vec::new();
    for round in 0..12 {
        let now = now + Duration::from_millis(100) * round;
        client.handle_timeout(now);
        server.handle_timeout(now);
        for packet in drain(client).0 {
            server.handle_input(packet, now);
        }
        let (packets, new) = drain(server);
        events.extend(new);
        for packet in packets {
            client.handle_input(packet, now);
        }
    }
    events
}

// A  <-> Z      connected
// A' -> ClientHello          Z
// A' <- ServerHello ..       Z
// A' -> .. Finished          Z     the old association is over
#[test]
fn a_client_that_has_lost_its_memory_connects_again() {
    for version in VERSIONS {
        for address in [AddressCheck::Known, AddressCheck::Cookie, AddressCheck::Limit] {
            let mut configs = configs_of(version, 1);
            configs.1.address = address;
            let mut pair = open(configs.clone());
            let now = pair.now();
            let mut again = Dtls::new(configs.0, Rng::from_u64(77));
            again.start(now);
            let events = talk(&mut again, &mut pair.z, now);
            assert!(again.is_connected(), "{version} {address:?}");
            connected(&events);
            assert_eq!(closed(&events), None);
            again.send(b"it is me", now).unwrap();
            assert_eq!(data(&talk(&mut again, &mut pair.z, now)), [b"it is me"]);
            pair.z.send(b"welcome back", now).unwrap();
            for packet in drain(&mut pair.z).0 {
                again.handle_input(packet, now);
            }
            assert_eq!(data(&drain(&mut again).1), [b"welcome back"]);
            // What the old life sends is worth nothing any more.
            pair.a.send(b"ghost", now).unwrap();
            let events = talk(&mut pair.a, &mut pair.z, now);
            assert!(data(&events).is_empty());
        }
    }
}

/// A forged hello must not destroy what works.
#[test]
fn a_strangers_hello_destroys_nothing() {
    for version in VERSIONS {
        let configs = configs_of(version, 1);
        let mut pair = open(configs.clone());
        for seed in 0..3 {
            let now = pair.now();
            let mut stranger = Dtls::new(configs.0.clone(), Rng::from_u64(100 + seed));
            stranger.start(now);
            for packet in drain(&mut stranger).0 {
                pair.z.handle_input(packet, now);
            }
            // What the server answers goes to the client that it knows, who has no use for it.
            pair.drive_for(Duration::from_secs(3));
            let now = pair.now();
            pair.a.send(b"ping", now).unwrap();
            pair.z.send(b"pong", now).unwrap();
            pair.drive_for(Duration::from_secs(1));
            assert_eq!(data(&pair.events_z()), [b"ping"], "{version}");
            assert_eq!(data(&pair.events_a()), [b"pong"], "{version}");
        }
        // The stranger's handshake is given up, the connection is not.
        assert!(pair.drive(pair.now() + Duration::from_secs(36_000)));
        assert!(pair.z.is_connected() && pair.a.is_connected());
    }
}

// A1 -> ClientHello  Z
// A2 -> ClientHello  Z
// A3 -> ..           Z
/// RFC 9147 section 5.1: three times what came goes out, however many clients seem to have sent it.
#[test]
fn many_hellos_from_one_address_bring_no_more_than_three_times_their_bytes() {
    for version in VERSIONS {
        for address in [AddressCheck::Cookie, AddressCheck::Limit] {
            let (client, mut server) = configs_of(version, 1);
            server.address = address;
            let mut server = Dtls::new(server, Rng::from_u64(9));
            let (mut came, mut went) = (0, 0);
            for seed in 0..20 {
                let now = Instant::START + Duration::from_millis(700) * seed;
                let mut stranger = Dtls::new(client.clone(), Rng::from_u64(seed.into()));
                stranger.start(now);
                for packet in drain(&mut stranger).0 {
                    came += packet.len();
                    server.handle_input(packet, now);
                }
                server.handle_timeout(now);
                went += drain(&mut server).0.iter().map(Vec::len).sum::<usize>();
                assert!(went <= 3 * came, "{version} {address:?}: {went} for {came}");
            }
            assert!(went > 0);
        }
    }
}

/// The same where one datagram holds a hello, that hello again, and another one.
#[test]
fn hellos_in_one_datagram_bring_no_more_than_three_times_its_bytes() {
    let (mut client, mut server) = configs_of(Version::V1_3, 1);
    server.address = AddressCheck::Limit;
    client.mtu = 400;
    server.mtu = 546;
    let mut server = Dtls::new(server, Rng::from_u64(9));
    let [first, other] = [1, 2].map(|seed| {
        let mut stranger = Dtls::new(client.clone(), Rng::from_u64(seed));
        stranger.start(Instant::START);
        drain(&mut stranger).0.concat()
    });
    let datagram = [first.as_slice(), &first, &other].concat();
    let came = datagram.len();
    server.handle_input(datagram, Instant::START);
    let went = drain(&mut server).0.iter().map(Vec::len).sum::<usize>();
    assert!(went > 0 && went <= 3 * came, "{went} for {came}");
}

/// A client with another certificate is another client: it gets nowhere, and nothing is lost.
#[test]
fn a_client_with_another_certificate_does_not_take_over() {
    for version in VERSIONS {
        let configs = configs_of(version, 1);
        let mut pair = open(configs.clone());
        let mut other = configs.0.clone();
        other.identity = crate::ends::identity(99);
        let now = pair.now();
        let mut other = Dtls::new(other, Rng::from_u64(77));
        other.start(now);
        let events = talk(&mut other, &mut pair.z, now);
        assert!(events.is_empty(), "{version}: {events:?}");
        pair.a.send(b"ping", now).unwrap();
        pair.drive_for(Duration::from_secs(1));
        assert_eq!(data(&pair.events_z()), [b"ping"], "{version}");
    }
}

/// The same in the midst of the first handshake.
#[test]
fn a_client_may_begin_anew_before_it_was_done() {
    for version in VERSIONS {
        let (client, server) = configs_of(version, 1);
        let now = Instant::START;
        let mut server = Dtls::new(server, Rng::from_u64(9));
        let mut first = Dtls::new(client.clone(), Rng::from_u64(8));
        first.start(now);
        for packet in drain(&mut first).0 {
            server.handle_input(packet, now);
        }
        drain(&mut server);
        let mut second = Dtls::new(client, Rng::from_u64(7));
        second.start(now);
        let events = talk(&mut second, &mut server, now);
        connected(&events);
        assert!(second.is_connected() && server.is_connected(), "{version}");
    }
}

// A  <-> Z      connected
// A' -> ClientHello                          Z
// A' <- ServerHello ..                       Z   a datagram of the new association
// A  <- data                                 Z   and one of the old
/// RFC 9147 section 4: no datagram holds records of two associations.
#[test]
fn no_datagram_holds_records_of_two_associations() {
    for version in VERSIONS {
        let mut pair = open(configs_of(version, 1));
        let now = pair.now();
        let mut again = Dtls::new(configs_of(version, 1).0, Rng::from_u64(77));
        again.start(now);
        let mut packets = Vec::new();
        pair.z.send(b"before", now).unwrap();
        for packet in drain(&mut again).0 {
            pair.z.handle_input(packet, now);
        }
        pair.z.send(b"after", now).unwrap();
        pair.z.update_keys(false, now);
        packets.extend(drain(&mut pair.z).0);
        let is_of_the_old = |record: &&[u8]| match version {
            Version::V1_2 => epoch_of(record) == 1,
            Version::V1_3 => record[0] >> 5 == 1 && epoch_of(record) == 3,
        };
        let mut kinds = [0, 0];
        for packet in &packets {
            let records = cut(packet);
            let old = records.iter().filter(|record| is_of_the_old(record)).count();
            assert!(old == 0 || old == records.len(), "{version}");
            kinds[usize::from(old > 0)] += 1;
        }
        assert!(kinds[0] > 0 && kinds[1] > 1, "{version}: {kinds:?}");
    }
}
