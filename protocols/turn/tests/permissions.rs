//! Permissions: by address, for five minutes, kept.

use core::time::Duration;

use icelab_sans_io::net::Datagram;
use icelab_sans_io::testing::{LinkModel, Passing, Side};
use icelab_sans_io::{Instant, Protocol};
use icelab_stun::attribute::XorPeerAddress;
use icelab_stun::{Class, Message, Method};
use icelab_turn::client::{Event, PermitError, RequestFailure, SendError};
use icelab_turn::server::ServerDiscard;

use crate::harness::{
    Caller, Host, PEER, PEER_V6, address, client, client_config, open, open_pair, pair, received,
    server_config,
};

#[test]
fn a_permission_counts_for_every_port_of_an_address() {
    let mut pair = open_pair(LinkModel::default());
    pair.a.permit(address(PEER).ip(), pair.now()).unwrap();
    pair.drive_for(Duration::from_millis(1));
    let now = pair.now();
    for port in [1, 40_000, 65_535] {
        let mut peer = address(PEER);
        peer.set_port(port);
        pair.z.peer_sends(peer, &port.to_be_bytes(), now);
    }
    pair.z.peer_sends(address("203.0.113.10:40000"), b"stranger", now);
    pair.drive_for(Duration::from_millis(1));
    assert_eq!(received(&pair.events_a()), [[0, 1], [0x9C, 0x40], [0xFF, 0xFF]]);
    assert_eq!(pair.z.host.server.discards().count(ServerDiscard::NoPermission), 1);
}

#[test]
fn data_waits_for_the_permission_and_goes_out_in_order() {
    let mut pair = open_pair(LinkModel::delayed(Duration::from_millis(50)));
    pair.z.echoes = false;
    for number in 0..64_u8 {
        pair.a.send(address(PEER), [number], pair.now()).unwrap();
    }
    let sent = pair.a.send(address(PEER), [64], pair.now());
    assert_eq!(sent, Err(SendError::QueueFull));
    pair.drive_for(Duration::from_millis(200));
    let delivered: Vec<u8> = pair.z.delivered.iter().map(|datagram| datagram.payload[0]).collect();
    assert_eq!(delivered, (0..64).collect::<Vec<_>>());
}

#[test]
fn a_permission_ends_after_five_minutes_on_the_server() {
    let mut host = Host::new(server_config());
    let mut caller = Caller::new(1000);
    let relayed = caller.allocate(&mut host, |message| message).relayed()[0];
    let peer = XorPeerAddress(address(PEER));
    let permit = Method::CREATE_PERMISSION;
    caller.ask(&mut host, permit, Instant::START, |message| message.add(&peer));
    for (second, passes) in [(0, true), (299, true), (300, false)] {
        host.to_clients.clear();
        host.datagram(address(PEER), relayed, b"x", Instant::from_secs(second));
        assert_eq!(host.to_clients.len(), usize::from(passes), "after {second} s");
    }
    let later = Instant::from_secs(301);
    caller.ask(&mut host, permit, later, |message| message.add(&peer));
    host.to_clients.clear();
    host.datagram(address(PEER), relayed, b"x", later);
    assert_eq!(host.to_clients.len(), 1);
}

#[test]
fn each_of_several_permissions_is_refreshed_by_its_own_request() {
    let mut pair = open_pair(LinkModel::default());
    let peers = [1_u8, 2, 3].map(|last| address(&format!("203.0.113.{last}:9")));
    for (number, peer) in peers.iter().enumerate() {
        pair.drive_for(Duration::from_secs(30 * number as u64));
        pair.a.permit(peer.ip(), pair.now()).unwrap();
    }
    for _ in 0..10 {
        pair.drive_for(Duration::from_secs(100));
        let now = pair.now();
        for peer in peers {
            pair.z.peer_sends(peer, b"x", now);
        }
        pair.drive_for(Duration::from_millis(1));
        assert_eq!(received(&pair.events_a()).len(), 3, "at {now}");
    }
}

#[test]
fn a_nonce_that_several_requests_find_stale_is_told_once() {
    let mut config = server_config();
    config.nonce_lifetime = Duration::from_secs(60);
    let mut pair = pair(client_config(), config, LinkModel::delayed(Duration::from_millis(20)));
    pair.a.allocate(Instant::START).unwrap();
    open(&mut pair);
    for minute in 1..4 {
        pair.drive(Instant::from_secs(minute * 100));
        pair.events_a();
        for last in 1..=3 {
            let peer = address(&format!("203.0.113.{}:1", minute * 10 + last));
            pair.a.permit(peer.ip(), pair.now()).unwrap();
        }
        pair.drive_for(Duration::from_secs(1));
        let events = pair.events_a();
        let told = events.iter().filter(|event| **event == Event::NonceChanged).count();
        assert_eq!(told, 1, "{events:?}");
        assert_eq!(events.len(), 4, "{events:?}");
    }
}

#[test]
fn a_forgotten_peer_is_let_in_no_longer() {
    let mut pair = open_pair(LinkModel::default());
    pair.a.send(address(PEER), b"x".as_slice(), pair.now()).unwrap();
    pair.drive_for(Duration::from_secs(1));
    pair.a.forget(address(PEER).ip(), pair.now());
    pair.events_a();
    let now = pair.now();
    pair.z.peer_sends(address(PEER), b"y", now);
    pair.drive_for(Duration::from_secs(400));
    assert!(received(&pair.events_a()).is_empty());
    assert!(!pair.a.is_permitted(address(PEER).ip(), pair.now()));
    assert_eq!(pair.z.host.server.discards().count(ServerDiscard::NoPermission), 0);
    let now = pair.now();
    pair.z.peer_sends(address(PEER), b"y", now);
    assert_eq!(pair.z.host.server.discards().count(ServerDiscard::NoPermission), 1);
}

#[test]
fn a_server_that_falls_silent_costs_the_permission_but_not_the_will() {
    let mut pair = open_pair(LinkModel::default());
    pair.a.permit(address(PEER).ip(), pair.now()).unwrap();
    pair.drive_for(Duration::from_secs(1));
    // Only CreatePermission is lost, from 200 s to 400 s.
    pair.filter(|side, datagram, now| {
        let method = Message::parse(&datagram.payload).map(|message| message.method());
        let is_permission = method == Ok(Method::CREATE_PERMISSION);
        let is_dark = (Instant::from_secs(200)..Instant::from_secs(400)).contains(&now);
        if side == Side::A && is_permission && is_dark { Passing::Lost } else { Passing::Pass }
    });
    pair.events_a();
    pair.drive(Instant::from_secs(390));
    let peer = address(PEER).ip();
    let failed = Event::PermissionFailed { peer, reason: RequestFailure::TimedOut };
    let failures = pair.events_a().into_iter().filter(|event| *event == failed).count();
    assert!(failures >= 1);
    pair.drive(Instant::from_secs(450));
    assert!(pair.events_a().contains(&Event::PermissionGranted { peer }));
    assert!(pair.a.is_permitted(peer, pair.now()));
}

#[test]
fn there_are_only_so_many_peers() {
    let mut config = client_config();
    config.limits.permissions = 2;
    let mut pair = pair(config, server_config(), LinkModel::default());
    assert_eq!(pair.a.permit(address(PEER).ip(), Instant::START), Err(PermitError::NotAllocated));
    pair.a.allocate(Instant::START).unwrap();
    open(&mut pair);
    let now = pair.now();
    assert_eq!(pair.a.permit(address(PEER_V6).ip(), now), Err(PermitError::WrongFamily));
    for last in 1..=2 {
        pair.a.permit(address(&format!("203.0.113.{last}:1")).ip(), now).unwrap();
    }
    let third = address("203.0.113.3:1");
    assert_eq!(pair.a.permit(third.ip(), now), Err(PermitError::TooManyPeers));
    assert_eq!(pair.a.send(third, b"x".as_slice(), now), Err(SendError::TooManyPeers));
}

#[test]
fn only_the_server_is_listened_to() {
    let mut client = client(client_config());
    let payload = vec![0; 20];
    let stranger = Datagram::new(address(PEER), client.local(), payload);
    client.handle_input(stranger, Instant::START);
    let discards: Vec<_> = client.discards().iter().collect();
    assert_eq!(discards, [(icelab_turn::client::Discard::NotFromServer, 1)]);
}

#[test]
fn several_peers_are_let_in_by_one_request_or_none_is() {
    let mut host = Host::new(server_config());
    let mut caller = Caller::new(1000);
    let relayed = caller.allocate(&mut host, |message| message).relayed()[0];
    let peer = |text| XorPeerAddress(address(text));
    let permit = Method::CREATE_PERMISSION;
    let now = Instant::START;
    let answer = caller.ask(&mut host, permit, now, |message| {
        message.add(&peer("203.0.113.1:0")).add(&peer("127.0.0.1:0"))
    });
    assert_eq!(answer.code(), 403);
    host.to_clients.clear();
    host.datagram(address("203.0.113.1:5"), relayed, b"x", now);
    assert!(host.to_clients.is_empty());
    let answer = caller.ask(&mut host, permit, now, |message| {
        message.add(&peer("203.0.113.1:0")).add(&peer("203.0.113.2:7"))
    });
    assert_eq!(answer.message().class(), Class::Success);
    host.to_clients.clear();
    for text in ["203.0.113.1:5", "203.0.113.2:6"] {
        host.datagram(address(text), relayed, b"x", now);
    }
    assert_eq!(host.to_clients.len(), 2);
}
