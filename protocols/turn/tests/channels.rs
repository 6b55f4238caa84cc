//! Channels: bound once data flows, kept, and not reused too soon.

use core::net::SocketAddr;
use core::time::Duration;

use icelab_sans_io::testing::{LinkModel, Pair, Passing, Side};
use icelab_sans_io::{Instant, Protocol};
use icelab_stun::attribute::{ChannelNumber as Number, XorPeerAddress};
use icelab_stun::{Class, Message, MessageBuilder, Method};
use icelab_turn::client::{BindError, ChannelPolicy, Client, CloseReason, Event, RequestFailure};
use icelab_turn::server::ServerDiscard;
use icelab_turn::wire::{ChannelData, ChannelNumber};

use crate::harness::{
    Caller, Host, Lab, PEER, PEER_V6, address, client_config, open, open_pair, pair, received,
    server_config,
};

fn bound(events: &[Event]) -> Vec<(SocketAddr, ChannelNumber)> {
    let binding = |event: &Event| match event {
        Event::ChannelBound { peer, number } => Some((*peer, *number)),
        _ => None,
    };
    events.iter().filter_map(binding).collect()
}

fn loses(pair: &mut Pair<Client, Lab>, lost: Side, method: Method) {
    pair.filter(move |side, datagram, _| {
        let found = Message::parse(&datagram.payload).map(|message| message.method());
        if side == lost && found == Ok(method) { Passing::Lost } else { Passing::Pass }
    });
}

#[test]
fn the_first_data_goes_by_indication_and_the_next_on_a_channel() {
    // A -> CreatePermission -> Z, A <- success <- Z
    // A -> Send, ChannelBind -> Z, A <- Data or ChannelData, success <- Z
    // A -> ChannelData -> Z, A <- ChannelData <- Z
    let mut pair = open_pair(LinkModel::default());
    let peer = address(PEER);
    pair.a.send(peer, b"one".as_slice(), pair.now()).unwrap();
    pair.drive_for(Duration::from_secs(1));
    let events = pair.events_a();
    assert_eq!(bound(&events), [(peer, ChannelNumber::FIRST)]);
    assert_eq!(received(&events), [b"one"]);
    assert_eq!(pair.a.channel(peer, pair.now()), Some(ChannelNumber::FIRST));

    // From now on no STUN message is needed for data.
    pair.filter(|_, datagram, _| {
        assert!(ChannelData::decode(&datagram.payload).is_ok());
        Passing::Pass
    });
    pair.a.send(peer, b"two".as_slice(), pair.now()).unwrap();
    pair.drive_for(Duration::from_secs(1));
    assert_eq!(received(&pair.events_a()), [b"two"]);
    // RFC 8656 section 12.6: no data is data.
    pair.a.send(peer, b"".as_slice(), pair.now()).unwrap();
    pair.drive_for(Duration::from_secs(1));
    assert_eq!(received(&pair.events_a()), [b""]);
}

#[test]
fn stun_messages_bind_no_channel() {
    let mut pair = open_pair(LinkModel::default());
    let id = icelab_stun::TransactionId([4; 12]);
    let check = MessageBuilder::new(Class::Request, Method::BINDING, id).finish();
    for _ in 0..2 {
        pair.a.send(address(PEER), check.clone(), pair.now()).unwrap();
        pair.drive_for(Duration::from_secs(1));
    }
    let events = pair.events_a();
    assert_eq!(received(&events), [check.clone(), check]);
    assert_eq!(bound(&events), []);
}

#[test]
fn without_the_policy_channels_are_bound_only_on_request() {
    let mut config = client_config();
    config.channels = ChannelPolicy::OnRequest;
    let mut pair = pair(config, server_config(), LinkModel::default());
    pair.a.allocate(Instant::START).unwrap();
    open(&mut pair);
    let peer = address(PEER);
    pair.a.send(peer, b"x".as_slice(), pair.now()).unwrap();
    pair.drive_for(Duration::from_secs(1));
    assert_eq!(bound(&pair.events_a()), []);
    pair.a.bind_channel(peer, pair.now()).unwrap();
    pair.a.bind_channel(peer, pair.now()).unwrap();
    pair.drive_for(Duration::from_secs(1));
    assert_eq!(bound(&pair.events_a()), [(peer, ChannelNumber::FIRST)]);
    let wrong = pair.a.bind_channel(address(PEER_V6), pair.now());
    assert_eq!(wrong, Err(BindError::WrongFamily));
}

#[test]
fn data_on_a_channel_is_taken_before_the_answer_to_its_request() {
    let mut pair = open_pair(LinkModel::default());
    loses(&mut pair, Side::Z, Method::CHANNEL_BIND);
    pair.a.send(address(PEER), b"x".as_slice(), pair.now()).unwrap();
    pair.drive_for(Duration::from_secs(1));
    let now = pair.now();
    pair.z.peer_sends(address(PEER), b"early", now);
    pair.drive_for(Duration::from_millis(1));
    let events = pair.events_a();
    assert_eq!(bound(&events), []);
    assert_eq!(received(&events), [b"x".as_slice(), b"early"]);
}

#[test]
fn a_channel_whose_server_is_silent_goes_on_by_indications() {
    let mut pair = open_pair(LinkModel::default());
    loses(&mut pair, Side::A, Method::CHANNEL_BIND);
    let peer = address(PEER);
    pair.a.send(peer, b"x".as_slice(), pair.now()).unwrap();
    pair.drive_for(Duration::from_secs(45));
    let reason = RequestFailure::TimedOut;
    let failed = Event::ChannelFailed { peer, number: ChannelNumber::FIRST, reason };
    assert!(pair.events_a().contains(&failed));
    // The next data tries the same number again.
    pair.filter(|_, _, _| Passing::Pass);
    pair.a.send(peer, b"y".as_slice(), pair.now()).unwrap();
    pair.drive_for(Duration::from_secs(1));
    let events = pair.events_a();
    assert_eq!(received(&events), [b"y"]);
    assert_eq!(bound(&events), [(peer, ChannelNumber::FIRST)]);
}

#[test]
fn a_number_and_a_peer_stay_apart_for_five_minutes_after_the_binding() {
    let mut config = client_config();
    config.limits.channels = 1;
    let mut pair = pair(config, server_config(), LinkModel::default());
    pair.a.allocate(Instant::START).unwrap();
    open(&mut pair);
    let (first, second) = (address(PEER), address("203.0.113.77:7"));
    pair.a.bind_channel(first, pair.now()).unwrap();
    pair.drive_for(Duration::from_secs(1));
    pair.a.forget(first.ip(), pair.now());
    // Bound for 600 s, and then 300 s more.
    pair.drive(Instant::from_secs(899));
    assert_eq!(pair.a.bind_channel(second, pair.now()), Err(BindError::NoNumberFree));
    pair.drive(Instant::from_secs(901));
    pair.a.bind_channel(second, pair.now()).unwrap();
    pair.drive_for(Duration::from_secs(1));
    assert_eq!(bound(&pair.events_a()).last(), Some(&(second, ChannelNumber::FIRST.next())));
}

#[test]
fn a_peer_that_comes_back_in_time_gets_its_old_number() {
    let mut pair = open_pair(LinkModel::default());
    let (first, second) = (address(PEER), address("203.0.113.77:7"));
    for peer in [first, second] {
        pair.a.bind_channel(peer, pair.now()).unwrap();
    }
    pair.drive_for(Duration::from_secs(1));
    pair.a.forget(first.ip(), pair.now());
    pair.drive_for(Duration::from_secs(700));
    pair.events_a();
    pair.a.bind_channel(first, pair.now()).unwrap();
    pair.drive_for(Duration::from_secs(1));
    assert_eq!(bound(&pair.events_a()), [(first, ChannelNumber::FIRST)]);
}

#[test]
fn the_server_binds_neither_number_nor_peer_twice() {
    let mut host = Host::new(server_config());
    let mut caller = Caller::new(1000);
    caller.allocate(&mut host, |message| message);
    let mut bind = |number, peer: &str, second| {
        let peer = XorPeerAddress(address(peer));
        let now = Instant::from_secs(second);
        let describe = |message: MessageBuilder| message.add(&Number(number)).add(&peer);
        if second == 599 {
            caller.refresh(&mut host, 600, now);
        }
        caller.ask(&mut host, Method::CHANNEL_BIND, now, describe).code()
    };
    let (one, other) = ("203.0.113.1:1", "203.0.113.1:2");
    assert_eq!(bind(0x4000, one, 0), 0);
    assert_eq!(bind(0x4000, one, 1), 0, "a refresh");
    assert_eq!(bind(0x4000, other, 1), 400);
    assert_eq!(bind(0x4001, one, 1), 400);
    assert_eq!(bind(0x4FFF, other, 1), 0);
    assert_eq!(bind(0x4000, other, 1), 400, "both are bound, to others");
    // The refresh at 1 s ends at 601 s; the server itself asks for no five minutes.
    assert_eq!(bind(0x4001, one, 599), 400);
    assert_eq!(bind(0x4001, one, 600), 400);
    assert_eq!(bind(0x4001, one, 601), 0);
    assert_eq!(bind(0x4000, other, 601), 0);
}

#[test]
fn a_400_to_channel_bind_means_starting_afresh() {
    let mut pair = open_pair(LinkModel::default());
    let mut caller = Caller::new(pair.a.local().port());
    let other = XorPeerAddress(address("203.0.113.77:7"));
    let now = pair.now();
    let number = Number(ChannelNumber::FIRST.get());
    let answer = caller.ask(&mut pair.z.host, Method::CHANNEL_BIND, now, |message| {
        message.add(&number).add(&other)
    });
    assert_eq!(answer.message().class(), Class::Success);
    pair.a.bind_channel(address(PEER), now).unwrap();
    pair.drive_for(Duration::from_secs(1));
    let closed = Event::Closed { reason: CloseReason::ChannelsOutOfStep };
    assert_eq!(pair.events_a().last(), Some(&closed));
    assert!(pair.z.host.relayed().is_empty());
}

#[test]
fn data_on_channels_that_are_not_bound_is_dropped() {
    let mut pair = open_pair(LinkModel::default());
    let stray = ChannelData { number: ChannelNumber::LAST, data: b"x" }.encode().unwrap();
    let (client, server) = (pair.a.local(), pair.a.server());
    let now = pair.now();
    pair.z.host.datagram(client, server, &stray, now);
    assert_eq!(pair.z.host.server.discards().count(ServerDiscard::UnknownChannel), 1);
    pair.z.host.datagram(address("198.51.100.9:9"), server, &stray, now);
    assert_eq!(pair.z.host.server.discards().count(ServerDiscard::NoAllocation), 1);
    pair.z.host.datagram(client, server, &[0x40, 0, 0, 9, 1], now);
    assert_eq!(pair.z.host.server.discards().count(ServerDiscard::Malformed), 1);
    let datagram = icelab_sans_io::net::Datagram::new(server, client, stray);
    pair.a.handle_input(datagram, now);
    assert_eq!(pair.a.discards().count(icelab_turn::client::Discard::UnknownChannel), 1);
    assert!(pair.a.poll_output().is_none());
}
