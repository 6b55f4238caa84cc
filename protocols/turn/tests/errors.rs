//! Every error code, from the server and in the client.

use core::time::Duration;

use icelab_sans_io::Instant;
use icelab_sans_io::net::Refusal;
use icelab_sans_io::testing::{LinkModel, Passing};
use icelab_stun::attribute::{
    AdditionalAddressFamily, AddressErrorCode, AlternateServer, ChannelNumber, DontFragment,
    EvenPort, Family, Lifetime, RequestedAddressFamily, RequestedTransport, ReservationToken,
    UnknownAttributes, XorPeerAddress, kind,
};
use icelab_stun::credentials::{LongTermClient, PasswordAlgorithm};
use icelab_stun::{Class, MessageBuilder, Method, TransactionId};
use icelab_turn::client::{CloseReason, Event, RequestFailure, SendError};
use icelab_turn::server::{AddressRange, Users};

use crate::harness::{
    CLIENT, Caller, Host, PEER, PEER_V6, SERVER, address, client_config, open_pair, pair,
    server_config,
};

const NOW: Instant = Instant::START;

fn host() -> Host {
    Host::new(server_config())
}

/// Why the client gives up.
fn closed(events: &[Event]) -> Option<CloseReason> {
    events.iter().find_map(|event| match event {
        Event::Closed { reason } => Some(*reason),
        _ => None,
    })
}

#[test]
fn code_300_sends_the_client_to_another_server() {
    let mut config = server_config();
    let other = "[2001:db8::99]:3478";
    config.alternate = vec![address(other), address("192.0.2.99:3478")];
    let answer = Caller::new(1000).allocate(&mut Host::new(config.clone()), |message| message);
    assert_eq!(answer.code(), 300);
    let servers: Vec<_> =
        answer.message().all::<AlternateServer>().map(|server| server.unwrap().0).collect();
    assert_eq!(servers, [address("192.0.2.99:3478"), address(other)]);

    let server = address("192.0.2.99:3478");
    let mut pair = pair(client_config(), config, LinkModel::default());
    pair.filter(
        move |_, datagram, _| {
            if datagram.destination == server { Passing::Lost } else { Passing::Pass }
        },
    );
    pair.a.allocate(NOW).unwrap();
    pair.drive(Instant::from_millis(100));
    assert!(pair.events_a().contains(&Event::Redirected { server }));
    assert_eq!(pair.a.server(), server);
}

#[test]
fn servers_that_point_at_each_other_are_left_alone() {
    let mut config = server_config();
    config.alternate = vec![address(SERVER)];
    let mut pair = pair(client_config(), config, LinkModel::default());
    pair.a.allocate(NOW).unwrap();
    pair.drive(Instant::from_millis(100));
    assert_eq!(closed(&pair.events_a()), Some(CloseReason::RedirectedInCircles));
}

#[test]
fn code_400_answers_what_contradicts_itself() {
    let mut host = host();
    let mut caller = Caller::new(1000);
    let no_transport = caller.ask(&mut host, Method::ALLOCATE, NOW, |message| message);
    assert_eq!(no_transport.code(), 400);
    let (v4, v6) = (Family::V4, Family::V6);
    let token = ReservationToken([1; 8]);
    let pair = EvenPort { reserve: true };
    let contradictions: [&dyn Fn(MessageBuilder) -> MessageBuilder; 8] = [
        &|message| message.add(&token).add(&pair),
        &|message| message.add(&token).add(&RequestedAddressFamily(v4)),
        &|message| message.add(&token).add(&AdditionalAddressFamily(v6)),
        &|message| message.add(&RequestedAddressFamily(v4)).add(&AdditionalAddressFamily(v6)),
        &|message| message.add(&RequestedAddressFamily(v4)).add(&RequestedAddressFamily(v6)),
        &|message| message.add(&AdditionalAddressFamily(v4)),
        &|message| message.add(&AdditionalAddressFamily(v6)).add(&pair),
        &|message| message.raw(kind::EVEN_PORT, &[]),
    ];
    for (number, contradiction) in contradictions.iter().enumerate() {
        let answer = caller.allocate(&mut host, contradiction);
        assert_eq!(answer.code(), 400, "contradiction {number}");
    }
    assert_eq!(host.server.allocations(), 0);
}

#[test]
fn code_400_answers_permissions_and_channels_that_lack_something() {
    let mut host = host();
    let mut caller = Caller::new(1000);
    assert_eq!(caller.allocate(&mut host, |message| message).code(), 0);
    let peer = XorPeerAddress(address(PEER));
    let mut ask = |method, describe: &dyn Fn(MessageBuilder) -> MessageBuilder| {
        caller.ask(&mut host, method, NOW, describe).code()
    };
    assert_eq!(ask(Method::CREATE_PERMISSION, &|message| message), 400);
    let broken = |message: MessageBuilder| message.raw(kind::XOR_PEER_ADDRESS, &[0, 9, 0, 0]);
    assert_eq!(ask(Method::CREATE_PERMISSION, &|message| broken(message.add(&peer))), 400);
    assert_eq!(ask(Method::CHANNEL_BIND, &|message| message.add(&peer)), 400);
    assert_eq!(ask(Method::CHANNEL_BIND, &|message| message.add(&ChannelNumber(0x4000))), 400);
    for number in [0x3FFF, 0x5000, 0x7FFF] {
        let number = ChannelNumber(number);
        assert_eq!(ask(Method::CHANNEL_BIND, &|message| message.add(&number).add(&peer)), 400);
    }
}

#[test]
fn code_401_challenges_and_refuses_wrong_credentials() {
    let mut host = host();
    for (username, password) in [("alice", "wrong"), ("mallory", "open sesame")] {
        let mut caller = Caller::named(1000, username, password);
        assert_eq!(caller.allocate(&mut host, |message| message).code(), 401);
    }
    let mut config = client_config();
    config.password = "wrong".into();
    let mut pair = pair(config, server_config(), LinkModel::default());
    pair.a.allocate(NOW).unwrap();
    pair.drive(Instant::from_millis(100));
    assert_eq!(closed(&pair.events_a()), Some(CloseReason::CredentialsRefused));
}

#[test]
fn code_403_answers_denied_peers_and_the_client_says_so_to_who_sends() {
    let mut config = server_config();
    config.peers.denied.push(AddressRange::new(address(PEER).ip(), 24));
    let mut pair = pair(client_config(), config, LinkModel::default());
    pair.a.allocate(NOW).unwrap();
    crate::harness::open(&mut pair);
    for text in [PEER, "127.0.0.1:80"] {
        let peer = address(text);
        pair.a.send(peer, b"x".as_slice(), pair.now()).unwrap();
        pair.drive_for(Duration::from_millis(10));
        let reason = RequestFailure::Refused { code: 403 };
        let failed = Event::PermissionFailed { peer: peer.ip(), reason };
        assert!(pair.events_a().contains(&failed));
        let sent = pair.a.send(peer, b"x".as_slice(), pair.now());
        assert_eq!(sent, Err(SendError::PeerRefused { code: 403 }));
        pair.a.bind_channel(peer, pair.now()).unwrap();
        pair.drive_for(Duration::from_millis(10));
        let is_refused = |event: &Event| {
            matches!(
                event,
                Event::ChannelFailed { reason: RequestFailure::Refused { code: 403 }, .. }
            )
        };
        assert!(pair.events_a().iter().any(is_refused));
    }
    assert!(pair.z.delivered.is_empty());
}

#[test]
fn code_420_names_what_is_unknown() {
    let mut host = host();
    let mut caller = Caller::new(1000);
    let answer = caller.allocate(&mut host, |message| message.raw(0x7ABC, &[]).raw(0xFABC, &[]));
    assert_eq!(answer.code(), 420);
    assert_eq!(answer.get(), Some(UnknownAttributes(vec![0x7ABC])));
}

#[test]
fn code_420_for_dont_fragment_makes_the_client_ask_without_it() {
    let mut config = server_config();
    config.dont_fragment = false;
    let answer = Caller::new(1000)
        .allocate(&mut Host::new(config.clone()), |message| message.add(&DontFragment));
    assert_eq!(answer.get(), Some(UnknownAttributes(vec![kind::DONT_FRAGMENT])));
    let mut asking = client_config();
    asking.dont_fragment = true;
    let mut pair = pair(asking, config, LinkModel::default());
    pair.a.allocate(NOW).unwrap();
    crate::harness::open(&mut pair);
}

#[test]
fn code_437_answers_a_second_allocation_and_requests_without_one() {
    let mut host = host();
    let mut caller = Caller::new(1000);
    assert_eq!(caller.refresh(&mut host, 600, NOW).code(), 437);
    assert_eq!(caller.allocate(&mut host, |message| message).code(), 0);
    assert_eq!(caller.allocate(&mut host, |message| message).code(), 437);
    assert_eq!(host.server.allocations(), 1);
}

#[test]
fn code_437_to_allocate_tells_the_application_to_take_another_port() {
    let mut pair = pair(client_config(), server_config(), LinkModel::default());
    let mut caller = Caller::new(address(CLIENT).port());
    assert_eq!(caller.allocate(&mut pair.z.host, |message| message).code(), 0);
    pair.a.allocate(NOW).unwrap();
    pair.drive(Instant::from_millis(100));
    assert_eq!(closed(&pair.events_a()), Some(CloseReason::AddressTaken));
}

#[test]
fn code_437_to_anything_else_is_the_end() {
    let mut pair = open_pair(LinkModel::default());
    pair.z.host = host();
    pair.a.permit(address(PEER).ip(), pair.now()).unwrap();
    pair.drive_for(Duration::from_secs(1));
    assert_eq!(closed(&pair.events_a()), Some(CloseReason::AllocationLost));
    assert!(pair.a.is_closed());
}

#[test]
fn code_438_asks_for_another_nonce() {
    let mut config = server_config();
    config.nonce_lifetime = Duration::from_secs(60);
    let mut host = Host::new(config);
    let mut caller = Caller::new(1000);
    assert_eq!(caller.allocate(&mut host, |message| message).code(), 0);
    // The stale request itself, as a copy of the one that succeeded.
    let later = Instant::from_secs(61);
    let stale = caller.send(&mut host, &caller.last_request, later).unwrap();
    assert_eq!(stale.code(), 438);
    assert_eq!(caller.refresh(&mut host, 600, later).code(), 0);
}

#[test]
fn code_440_answers_a_family_that_is_not_relayed() {
    let mut config = server_config();
    config.relay_v6 = None;
    let mut host = Host::new(config);
    let mut caller = Caller::new(1000);
    let v6 = RequestedAddressFamily(Family::V6);
    assert_eq!(caller.allocate(&mut host, |message| message.add(&v6)).code(), 440);
    // RFC 8656 section 7.2, step 9: one of two is a success.
    let both = AdditionalAddressFamily(Family::V6);
    let answer = caller.allocate(&mut host, |message| message.add(&both));
    assert_eq!((answer.code(), answer.relayed().len()), (0, 1));
    let refused = answer.get::<AddressErrorCode<'_>>().unwrap();
    assert_eq!((refused.family, refused.code), (Family::V6, 440));

    let mut config = server_config();
    config.relay_v4 = None;
    let mut pair = pair(client_config(), config, LinkModel::default());
    pair.a.allocate(NOW).unwrap();
    pair.drive(Instant::from_millis(100));
    assert_eq!(closed(&pair.events_a()), Some(CloseReason::Refused { code: 440 }));
}

#[test]
fn code_441_keeps_others_off_an_allocation() {
    let mut host = host();
    host.server.set_users(Users::Listed(
        [("alice".into(), "open sesame".into()), ("mallory".into(), "secret".into())].into(),
    ));
    let mut caller = Caller::new(1000);
    assert_eq!(caller.allocate(&mut host, |message| message).code(), 0);
    let mut mallory = Caller::named(1000, "mallory", "secret");
    assert_eq!(mallory.refresh(&mut host, 0, NOW).code(), 441);
    assert_eq!(host.server.allocations(), 1);
}

#[test]
fn code_441_is_the_end_for_the_client() {
    let mut pair = open_pair(LinkModel::default());
    // The server has started anew, and mallory has the client's address.
    pair.z.host = host();
    pair.z.host.server.set_users(Users::Listed(
        [("alice".into(), "open sesame".into()), ("mallory".into(), "secret".into())].into(),
    ));
    let mut mallory = Caller::named(address(CLIENT).port(), "mallory", "secret");
    assert_eq!(mallory.allocate(&mut pair.z.host, |message| message).code(), 0);
    pair.z.host.to_clients.clear();
    pair.a.permit(address(PEER).ip(), pair.now()).unwrap();
    pair.drive_for(Duration::from_secs(1));
    assert_eq!(closed(&pair.events_a()), Some(CloseReason::CredentialsRefused));
}

#[test]
fn code_442_answers_a_transport_that_is_not_relayed() {
    let mut host = host();
    let mut caller = Caller::new(1000);
    for transport in [RequestedTransport::TCP, RequestedTransport(99)] {
        let answer =
            caller.ask(&mut host, Method::ALLOCATE, NOW, |message| message.add(&transport));
        assert_eq!(answer.code(), 442);
    }
}

#[test]
fn code_443_answers_peers_and_refreshes_of_another_family() {
    let mut host = host();
    let mut caller = Caller::new(1000);
    assert_eq!(caller.allocate(&mut host, |message| message).code(), 0);
    let peer = XorPeerAddress(address(PEER_V6));
    let number = ChannelNumber(0x4000);
    let mut ask = |method, describe: &dyn Fn(MessageBuilder) -> MessageBuilder| {
        caller.ask(&mut host, method, NOW, describe).code()
    };
    assert_eq!(ask(Method::CREATE_PERMISSION, &|message| message.add(&peer)), 443);
    assert_eq!(ask(Method::CHANNEL_BIND, &|message| message.add(&number).add(&peer)), 443);
    let v6 = RequestedAddressFamily(Family::V6);
    assert_eq!(ask(Method::REFRESH, &|message| message.add(&v6)), 443);
    assert_eq!(ask(Method::REFRESH, &|message| message.add(&v6).add(&Lifetime(0))), 443);

    let mut pair = open_pair(LinkModel::default());
    let sent = pair.a.send(address(PEER_V6), b"x".as_slice(), pair.now());
    assert_eq!(sent, Err(SendError::WrongFamily));
}

#[test]
fn code_486_answers_a_user_with_too_many_allocations() {
    let mut config = server_config();
    config.limits.allocations_per_user = 2;
    config.users = Users::Listed(
        [("alice".into(), "open sesame".into()), ("bob".into(), "hat".into())].into(),
    );
    let mut host = Host::new(config.clone());
    for port in [1000, 1001] {
        assert_eq!(Caller::new(port).allocate(&mut host, |message| message).code(), 0);
    }
    let mut third = Caller::new(1002);
    assert_eq!(third.allocate(&mut host, |message| message).code(), 486);
    let mut bob = Caller::named(1003, "bob", "hat");
    assert_eq!(bob.allocate(&mut host, |message| message).code(), 0);
    // One given back makes room.
    let mut first = Caller::new(1000);
    assert_eq!(first.refresh(&mut host, 0, NOW).code(), 0);
    assert_eq!(third.allocate(&mut host, |message| message).code(), 0);

    config.limits.allocations_per_user = 0;
    let mut pair = pair(client_config(), config, LinkModel::default());
    pair.a.allocate(NOW).unwrap();
    pair.drive(Instant::from_millis(100));
    let reason = closed(&pair.events_a()).unwrap();
    assert_eq!(reason, CloseReason::Refused { code: 486 });
    assert_eq!(reason.retry_after(), Some(Duration::from_secs(60)));
}

#[test]
fn code_508_answers_when_there_is_no_room() {
    let mut config = server_config();
    config.limits.allocations = 1;
    config.limits.permissions = 1;
    config.limits.channels = 1;
    let mut host = Host::new(config);
    let mut caller = Caller::new(1000);
    assert_eq!(caller.allocate(&mut host, |message| message).code(), 0);
    assert_eq!(Caller::new(1001).allocate(&mut host, |message| message).code(), 508);
    let peer = |last: u8| XorPeerAddress(format!("203.0.113.{last}:40000").parse().unwrap());
    let mut ask = |method, describe: &dyn Fn(MessageBuilder) -> MessageBuilder| {
        caller.ask(&mut host, method, NOW, describe).code()
    };
    let permit = Method::CREATE_PERMISSION;
    assert_eq!(ask(permit, &|message| message.add(&peer(1)).add(&peer(2))), 508);
    assert_eq!(ask(permit, &|message| message.add(&peer(1))), 0);
    assert_eq!(ask(permit, &|message| message.add(&peer(1))), 0);
    assert_eq!(ask(permit, &|message| message.add(&peer(2))), 508);
    let bind =
        |number| move |message: MessageBuilder| message.add(&ChannelNumber(number)).add(&peer(1));
    assert_eq!(ask(Method::CHANNEL_BIND, &bind(0x4000)), 0);
    assert_eq!(ask(Method::CHANNEL_BIND, &bind(0x4000)), 0);
    let other_port = XorPeerAddress(address("203.0.113.1:1"));
    let second = |message: MessageBuilder| message.add(&ChannelNumber(0x4001)).add(&other_port);
    assert_eq!(ask(Method::CHANNEL_BIND, &second), 508);
}

#[test]
fn code_508_answers_when_no_port_can_be_bound() {
    for refusal in [Refusal::AddressInUse, Refusal::NoPortLeft, Refusal::NoSuchAddress] {
        let mut host = host();
        host.refusal = Some(refusal);
        assert_eq!(Caller::new(1000).allocate(&mut host, |message| message).code(), 508);
        assert!(host.relayed().is_empty());
    }
    let token = ReservationToken([9; 8]);
    let answer = Caller::new(1000).allocate(&mut host(), |message| message.add(&token));
    assert_eq!(answer.code(), 508);
}

#[test]
fn a_server_of_rfc_5766_without_algorithms_works_as_well() {
    for algorithms in [vec![], vec![PasswordAlgorithm::Md5], vec![PasswordAlgorithm::Sha256]] {
        let mut config = server_config();
        config.algorithms = algorithms;
        config.username_anonymity = true;
        let mut pair = pair(client_config(), config, LinkModel::default());
        pair.a.allocate(NOW).unwrap();
        crate::harness::open(&mut pair);
    }
}

#[test]
fn requests_without_name_or_with_a_strange_class_are_refused_or_dropped() {
    let mut host = host();
    let caller = Caller::new(1000);
    let id = TransactionId([7; 12]);
    let key = icelab_stun::Key::from_bytes(b"nobody");
    let nameless = MessageBuilder::new(Class::Request, Method::ALLOCATE, id)
        .add(&RequestedTransport::UDP)
        .finish_with(Some(&key), false);
    assert_eq!(caller.send(&mut host, &nameless, NOW).unwrap().code(), 400);
    for class in [Class::Indication, Class::Success, Class::Error] {
        let strange = MessageBuilder::new(class, Method::ALLOCATE, id).finish();
        assert!(caller.send(&mut host, &strange, NOW).is_none());
    }
    let unknown = Method::new(0x123).unwrap();
    let strange = MessageBuilder::new(Class::Request, unknown, id).finish();
    assert!(caller.send(&mut host, &strange, NOW).is_none());
    assert!(LongTermClient::new("", "x").is_err());
}
