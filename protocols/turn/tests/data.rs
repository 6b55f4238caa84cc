//! What happens to data and its header on the way, and to ICMP errors.

use core::time::Duration;

use icelab_sans_io::net::{Datagram, Ecn, IcmpError, IcmpKind, Notice};
use icelab_sans_io::testing::LinkModel;
use icelab_sans_io::{Instant, Protocol};
use icelab_stun::attribute::{ChannelNumber as Number, Data, DontFragment, Icmp, XorPeerAddress};
use icelab_stun::{Class, Message, MessageBuilder, Method, TransactionId};
use icelab_turn::client::{Event, Families, SendError};
use icelab_turn::server::ServerDiscard;
use icelab_turn::wire::ChannelData;

use crate::harness::{
    Caller, Host, PEER, PEER_V6, SERVER, address, client_config, open, open_pair, pair, received,
    server_config,
};

fn send_indication(peer: &str, data: &[u8]) -> MessageBuilder {
    MessageBuilder::new(Class::Indication, Method::SEND, TransactionId([2; 12]))
        .add(&XorPeerAddress(address(peer)))
        .add(&Data(data))
}

#[test]
fn congestion_notification_passes_both_ways() {
    let mut pair = open_pair(LinkModel::default());
    let mut datagram = Datagram::new(pair.a.local(), address(PEER), vec![1]);
    datagram.ecn = Ecn::Ect0;
    for _ in 0..2 {
        // First by indication, then on a channel.
        pair.a.relay(datagram.clone(), pair.now()).unwrap();
        pair.drive_for(Duration::from_secs(1));
        assert_eq!(pair.z.delivered.last().unwrap().ecn, Ecn::Ect0);
        let relayed = pair.a.relayed().next().unwrap();
        let mut marked = Datagram::new(address(PEER), relayed, vec![2]);
        marked.ecn = Ecn::Ce;
        let now = pair.now();
        pair.z.host.notice(Notice::Datagram(marked), now);
        pair.z.settle(now);
        pair.drive_for(Duration::from_millis(1));
        let is_marked = |event: &Event| matches!(event, Event::Data { ecn: Ecn::Ce, .. });
        assert!(pair.events_a().iter().any(is_marked));
    }
}

#[test]
fn dont_fragment_is_asked_for_by_attribute_or_copied_from_the_header() {
    let mut config = client_config();
    config.dont_fragment = true;
    config.families = Families::Both;
    let mut pair = pair(config, server_config(), LinkModel::default());
    pair.a.allocate(Instant::START).unwrap();
    open(&mut pair);
    for (peer, stays_whole) in [(PEER, true), (PEER, false), (PEER_V6, true)] {
        for _ in 0..2 {
            let mut datagram = Datagram::new(pair.a.local(), address(peer), vec![1]);
            datagram.dont_fragment = stays_whole;
            pair.a.relay(datagram, pair.now()).unwrap();
            pair.drive_for(Duration::from_secs(1));
            // RFC 8656 section 13: the attribute means nothing where IPv6 is involved.
            let expected = stays_whole && peer == PEER;
            assert_eq!(pair.z.delivered.last().unwrap().dont_fragment, expected);
        }
    }
    // ChannelData has no attribute: the carrier's own bit is copied (RFC 8656 section 14).
    let number = pair.a.channel(address(PEER), pair.now()).unwrap();
    let payload = ChannelData { number, data: b"x" }.encode().unwrap();
    let mut carrier = Datagram::new(pair.a.local(), address(SERVER), payload);
    carrier.dont_fragment = true;
    let now = pair.now();
    pair.z.handle_input(carrier, now);
    assert!(pair.z.delivered.last().unwrap().dont_fragment);
}

#[test]
fn icmp_errors_reach_who_sent_the_data() {
    let mut config = client_config();
    config.families = Families::Both;
    let mut pair = pair(config, server_config(), LinkModel::default());
    pair.a.allocate(Instant::START).unwrap();
    open(&mut pair);
    let relayed: Vec<_> = pair.a.relayed().collect();
    for peer in [PEER, PEER_V6] {
        pair.a.send(address(peer), b"x".as_slice(), pair.now()).unwrap();
    }
    pair.drive_for(Duration::from_secs(1));
    pair.events_a();
    let cases = [
        (PEER, IcmpKind::PortUnreachable, 3, 3, 0),
        (PEER, IcmpKind::HostUnreachable, 3, 1, 0),
        (PEER, IcmpKind::NetworkUnreachable, 3, 0, 0),
        (PEER, IcmpKind::AdministrativelyProhibited, 3, 13, 0),
        (PEER, IcmpKind::TimeExceeded, 11, 0, 0),
        (PEER, IcmpKind::TooBig { mtu: 1280 }, 3, 4, 1280),
        (PEER_V6, IcmpKind::PortUnreachable, 1, 4, 0),
        (PEER_V6, IcmpKind::HostUnreachable, 1, 3, 0),
        (PEER_V6, IcmpKind::NetworkUnreachable, 1, 0, 0),
        (PEER_V6, IcmpKind::AdministrativelyProhibited, 1, 1, 0),
        (PEER_V6, IcmpKind::TimeExceeded, 3, 0, 0),
        (PEER_V6, IcmpKind::TooBig { mtu: 1400 }, 2, 0, 1400),
    ];
    for (text, happened, kind, code, data) in cases {
        let peer = address(text);
        let local = if peer.is_ipv4() { relayed[0] } else { relayed[1] };
        // Whoever reports it needs no permission (RFC 8656 section 11.5).
        let from = address(if peer.is_ipv4() { "10.9.8.7:0" } else { "[2001:db8::7]:0" }).ip();
        let error = IcmpError { local, remote: peer, from, kind: happened };
        let now = pair.now();
        pair.z.host.notice(Notice::Icmp(error), now);
        pair.z.settle(now);
        pair.drive_for(Duration::from_millis(1));
        assert_eq!(pair.events_a(), [Event::Icmp { relayed: local, peer, kind, code, data }]);
    }
    for (local, remote) in [(relayed[0], "203.0.113.77:1"), (address(SERVER), PEER)] {
        let remote = address(remote);
        let kind = IcmpKind::PortUnreachable;
        let now = pair.now();
        pair.z.host.notice(Notice::Icmp(IcmpError { local, remote, from: remote.ip(), kind }), now);
    }
    assert_eq!(pair.z.host.server.discards().count(ServerDiscard::UselessIcmp), 2);
}

#[test]
fn icmp_comes_by_data_indication_even_on_a_channel() {
    let mut host = Host::new(server_config());
    let mut caller = Caller::new(1000);
    let local = caller.allocate(&mut host, |message| message).relayed()[0];
    let peer = XorPeerAddress(address(PEER));
    caller.ask(&mut host, Method::CHANNEL_BIND, Instant::START, |message| {
        message.add(&Number(0x4000)).add(&peer)
    });
    host.to_clients.clear();
    let (remote, kind) = (address(PEER), IcmpKind::PortUnreachable);
    let error = IcmpError { local, remote, from: remote.ip(), kind };
    host.notice(Notice::Icmp(error), Instant::START);
    let message = Message::parse(&host.to_clients[0].payload).unwrap();
    assert_eq!((message.class(), message.method()), (Class::Indication, Method::DATA));
    assert_eq!(message.get(), Some(Ok(peer)));
    assert_eq!(message.get(), Some(Ok(Icmp { kind: 3, code: 3, data: 0 })));
    assert_eq!(message.get::<Data<'_>>(), None);
}

#[test]
fn send_indications_that_are_not_right_are_dropped() {
    let mut config = server_config();
    config.dont_fragment = false;
    config.peers.denied.clear();
    let mut host = Host::new(config);
    let mut caller = Caller::new(1000);
    let send = |host: &mut Host, caller: &Caller, bytes: Vec<u8>| {
        assert!(caller.send(host, &bytes, Instant::START).is_none());
        std::mem::take(&mut host.to_peers).len()
    };
    let good = send_indication(PEER, b"x").finish();
    assert_eq!(send(&mut host, &caller, good.clone()), 0);
    assert_eq!(host.server.discards().count(ServerDiscard::NoAllocation), 1);
    caller.allocate(&mut host, |message| message);
    assert_eq!(send(&mut host, &caller, good.clone()), 0);
    assert_eq!(host.server.discards().count(ServerDiscard::NoPermission), 1);
    let peer = XorPeerAddress(address(PEER));
    caller.ask(&mut host, Method::CREATE_PERMISSION, Instant::START, |message| message.add(&peer));
    assert_eq!(send(&mut host, &caller, good), 1);
    let empty = send_indication(PEER, b"").finish();
    assert_eq!(send(&mut host, &caller, empty), 1, "no data is data");

    let bare = || MessageBuilder::new(Class::Indication, Method::SEND, TransactionId([2; 12]));
    for bad in [
        bare().add(&peer).finish(),
        bare().add(&Data(b"x")).finish(),
        bare().raw(0x0012, &[0, 7]).add(&Data(b"x")).finish(),
        send_indication(PEER, b"x").raw(0x7777, &[]).finish(),
        send_indication(PEER, b"x").add(&DontFragment).finish(),
    ] {
        assert_eq!(send(&mut host, &caller, bad), 0);
    }
    assert_eq!(host.server.discards().count(ServerDiscard::BadIndication), 5);
}

#[test]
fn two_clients_of_one_server_reach_each_other_by_their_relayed_addresses() {
    let mut host = Host::new(server_config());
    let (mut one, mut other) = (Caller::new(1000), Caller::new(1001));
    let ours = one.allocate(&mut host, |message| message).relayed()[0];
    let theirs = other.allocate(&mut host, |message| message).relayed()[0];
    let permit = Method::CREATE_PERMISSION;
    for (caller, peer) in [(&mut one, theirs), (&mut other, ours)] {
        let peer = XorPeerAddress(peer);
        let answer = caller.ask(&mut host, permit, Instant::START, |message| message.add(&peer));
        assert_eq!(answer.code(), 0);
    }
    host.to_clients.clear();
    let hello = send_indication(&theirs.to_string(), b"hello").finish();
    host.datagram(one.address, address(SERVER), &hello, Instant::START);
    let arrived = &host.to_clients[0];
    assert_eq!(arrived.destination, other.address);
    let message = Message::parse(&arrived.payload).unwrap();
    assert_eq!(message.get(), Some(Ok(XorPeerAddress(ours))));
    assert_eq!(message.get(), Some(Ok(Data(b"hello"))));
}

#[test]
fn what_fits_into_no_message_is_refused() {
    let mut pair = open_pair(LinkModel::default());
    let now = pair.now();
    let too_long = pair.a.send(address(PEER), vec![0; 65_507], now);
    assert_eq!(too_long, Err(SendError::TooLong));
    let longest = vec![7; 65_443];
    pair.a.send(address(PEER), longest.clone(), now).unwrap();
    pair.drive_for(Duration::from_secs(1));
    assert_eq!(received(&pair.events_a()), [longest]);
    let now = pair.now();
    pair.z.peer_sends(address(PEER), &[0; 65_507], now);
    assert_eq!(pair.z.host.server.discards().count(ServerDiscard::TooLong), 1);
}
