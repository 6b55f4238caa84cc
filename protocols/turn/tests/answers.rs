//! The client against a server that answers by hand, and not always sensibly.

use core::time::Duration;

use icelab_sans_io::net::Datagram;
use icelab_sans_io::{Instant, Output, Protocol};
use icelab_stun::attribute::{
    ChannelNumber, Data, ErrorCode, Family, Lifetime, Nonce, Realm, XorMappedAddress,
    XorPeerAddress, XorRelayedAddress,
};
use icelab_stun::{Class, Message, MessageBuilder, Method, TransactionId};
use icelab_turn::client::{
    AllocateError, Client, ClientConfig, CloseReason, Discard, Event, Families, RequestFailure,
};

use crate::harness::{CLIENT, PEER, PEER_V6, SERVER, address, client, client_config};

const NOW: Instant = Instant::START;
const RELAYED: &str = "192.0.2.15:50000";

/// What the client has sent and told since the last time.
fn take(client: &mut Client) -> (Vec<Vec<u8>>, Vec<Event>) {
    let (mut packets, mut events) = (Vec::new(), Vec::new());
    while let Some(output) = client.poll_output() {
        match output {
            Output::Packet(datagram) => packets.push(datagram.payload),
            Output::Event(event) => events.push(event),
        }
    }
    (packets, events)
}

fn deliver(client: &mut Client, payload: Vec<u8>, now: Instant) {
    let datagram = Datagram::new(address(SERVER), address(CLIENT), payload);
    client.handle_input(datagram, now);
}

/// Answers the one request that the client has sent.
fn answer(
    client: &mut Client,
    class: Class,
    describe: impl Fn(MessageBuilder) -> MessageBuilder,
    now: Instant,
) -> Method {
    let (packets, _) = take(client);
    let [request] = packets.as_slice() else { panic!("{} packets", packets.len()) };
    let request = Message::parse(request).unwrap();
    assert_eq!(request.class(), Class::Request);
    let answer = MessageBuilder::new(class, request.method(), request.transaction_id());
    deliver(client, describe(answer).finish(), now);
    request.method()
}

/// A server that wants no credentials is as good as any.
fn grant(message: MessageBuilder) -> MessageBuilder {
    message
        .add(&XorRelayedAddress(address(RELAYED)))
        .add(&XorMappedAddress(address(CLIENT)))
        .add(&Lifetime(600))
}

fn asking(config: ClientConfig) -> Client {
    let mut client = client(config);
    client.allocate(NOW).unwrap();
    client
}

fn allocated() -> Client {
    let mut client = asking(client_config());
    assert_eq!(answer(&mut client, Class::Success, grant, NOW), Method::ALLOCATE);
    assert!(client.is_open());
    take(&mut client);
    client
}

#[test]
fn an_answer_that_makes_no_sense_is_given_back() {
    let relayed = XorRelayedAddress(address(RELAYED));
    let mapped = XorMappedAddress(address(CLIENT));
    let answers: [&dyn Fn(MessageBuilder) -> MessageBuilder; 5] = [
        &|message| message.add(&mapped).add(&Lifetime(600)),
        &|message| message.add(&relayed).add(&Lifetime(600)),
        &|message| message.add(&relayed).add(&mapped),
        &|message| message.add(&relayed).add(&mapped).add(&Lifetime(0)),
        &|message| grant(message).add(&relayed),
    ];
    for strange in answers {
        let mut client = asking(client_config());
        answer(&mut client, Class::Success, strange, NOW);
        assert_eq!(answer(&mut client, Class::Success, |message| message, NOW), Method::REFRESH);
        let closed = Event::Closed { reason: CloseReason::StrangeAnswer };
        assert_eq!(take(&mut client).1, [closed]);
    }
}

#[test]
fn an_address_of_a_family_that_nobody_asked_for_is_given_back() {
    let mut config = client_config();
    config.families = Families::One(Family::V6);
    let mut client = asking(config);
    answer(&mut client, Class::Success, grant, NOW);
    let (packets, _) = take(&mut client);
    let request = Message::parse(&packets[0]).unwrap();
    assert_eq!(request.method(), Method::REFRESH);
    assert_eq!(request.get(), Some(Ok(Lifetime(0))));
}

#[test]
fn an_answer_with_an_unknown_attribute_is_a_failure() {
    let mut client = asking(client_config());
    answer(&mut client, Class::Success, |message| grant(message).raw(0x7001, &[]), NOW);
    assert!(client.is_closed());
    let mut client = asking(client_config());
    answer(&mut client, Class::Success, |message| grant(message).raw(0xF001, &[]), NOW);
    assert!(client.is_open());
}

#[test]
fn an_error_without_a_code_is_no_answer() {
    let mut client = asking(client_config());
    answer(&mut client, Class::Error, |message| message, NOW);
    assert_eq!(client.discards().count(Discard::Malformed), 1);
    assert!(client.poll_timeout().is_some());
}

#[test]
fn a_challenge_without_a_nonce_is_the_end() {
    let mut client = asking(client_config());
    let error = |message: MessageBuilder| {
        message.add(&ErrorCode::UNAUTHENTICATED).add(&Realm("example.org"))
    };
    answer(&mut client, Class::Error, error, NOW);
    assert!(client.is_closed());
}

#[test]
fn a_server_whose_nonces_are_always_stale_is_given_up() {
    let mut client = asking(client_config());
    let nonce = |error: ErrorCode<'static>| {
        move |message: MessageBuilder| {
            message.add(&error).add(&Realm("example.org")).add(&Nonce("abc"))
        }
    };
    answer(&mut client, Class::Error, nonce(ErrorCode::UNAUTHENTICATED), NOW);
    let mut asked = 0;
    while !client.is_closed() {
        answer(&mut client, Class::Error, nonce(ErrorCode::STALE_NONCE), NOW);
        asked += 1;
        assert!(asked < 10);
    }
    assert!(asked > 1);
}

#[test]
fn a_refresh_that_grants_nothing_is_the_end() {
    let mut client = allocated();
    let due = client.poll_timeout().unwrap();
    assert_eq!((due.at, due.timer), (Instant::from_secs(540), "turn.refresh"));
    client.handle_timeout(due.at);
    answer(&mut client, Class::Success, |message| message.add(&Lifetime(0)), due.at);
    assert_eq!(take(&mut client).1, [Event::Closed { reason: CloseReason::AllocationLost }]);
}

#[test]
fn what_a_server_grants_counts_from_when_it_was_asked() {
    let mut client = allocated();
    let asked = Instant::from_secs(540);
    client.handle_timeout(asked);
    let answered = asked + Duration::from_secs(20);
    answer(&mut client, Class::Success, |message| message.add(&Lifetime(100)), answered);
    // A minute before the end would be 40 s after the request; half-way is later.
    assert_eq!(client.poll_timeout().unwrap().at, asked + Duration::from_secs(50));
}

#[test]
fn a_refused_refresh_is_the_end() {
    for (error, reason) in [
        (ErrorCode::FORBIDDEN, CloseReason::Refused { code: 403 }),
        (ErrorCode::ALLOCATION_MISMATCH, CloseReason::AllocationLost),
        (ErrorCode::WRONG_CREDENTIALS, CloseReason::CredentialsRefused),
    ] {
        let mut client = allocated();
        let due = Instant::from_secs(540);
        client.handle_timeout(due);
        answer(&mut client, Class::Error, |message| message.add(&error), due);
        assert_eq!(take(&mut client).1, [Event::Closed { reason }]);
        assert_eq!(client.poll_timeout(), None);
    }
}

#[test]
fn a_refused_permission_can_be_asked_for_again() {
    let mut client = allocated();
    let peer = address(PEER).ip();
    client.permit(peer, NOW).unwrap();
    answer(&mut client, Class::Error, |message| message.add(&ErrorCode::FORBIDDEN), NOW);
    let reason = RequestFailure::Refused { code: 403 };
    assert_eq!(take(&mut client).1, [Event::PermissionFailed { peer, reason }]);
    client.permit(peer, NOW).unwrap();
    answer(&mut client, Class::Success, |message| message, NOW);
    assert_eq!(take(&mut client).1, [Event::PermissionGranted { peer }]);
    // Nothing more is asked while it is there.
    client.permit(peer, NOW).unwrap();
    assert_eq!(take(&mut client), (vec![], vec![]));
}

#[test]
fn a_channel_lets_its_peer_in_by_itself() {
    let mut client = allocated();
    let peer = address(PEER);
    client.bind_channel(peer, NOW).unwrap();
    let (packets, _) = take(&mut client);
    let [_, bind] = packets.as_slice() else { panic!("{} packets", packets.len()) };
    let bind = Message::parse(bind).unwrap();
    assert_eq!(bind.get(), Some(Ok(ChannelNumber(0x4000))));
    // The answer to CreatePermission is lost, the one to ChannelBind is not.
    let success = MessageBuilder::new(Class::Success, bind.method(), bind.transaction_id());
    deliver(&mut client, success.finish(), NOW);
    assert!(client.is_permitted(peer.ip(), NOW));
    assert!(!client.is_permitted(peer.ip(), Instant::from_secs(300)));
    assert_eq!(
        client.channel(peer, Instant::from_secs(599)).map(|number| number.get()),
        Some(0x4000)
    );
    assert_eq!(client.channel(peer, Instant::from_secs(600)), None);
}

#[test]
fn data_indications_that_are_not_right_are_dropped() {
    let mut client = allocated();
    client.permit(address(PEER).ip(), NOW).unwrap();
    answer(&mut client, Class::Success, |message| message, NOW);
    take(&mut client);
    let data = || MessageBuilder::new(Class::Indication, Method::DATA, TransactionId([6; 12]));
    let peer = |text| XorPeerAddress(address(text));
    for (message, reason) in [
        (data().add(&Data(b"x")), Discard::Malformed),
        (data().add(&peer(PEER)), Discard::Malformed),
        (data().add(&peer("203.0.113.8:1")).add(&Data(b"x")), Discard::NoPermission),
        (data().add(&peer(PEER_V6)).add(&Data(b"x")), Discard::NoPermission),
        (data().add(&peer(PEER)).add(&Data(b"x")).raw(0x7002, &[]), Discard::UnknownAttribute),
    ] {
        let before = client.discards().count(reason);
        deliver(&mut client, message.finish(), NOW);
        assert_eq!(client.discards().count(reason), before + 1, "{reason:?}");
        assert_eq!(take(&mut client).1, []);
    }
    deliver(&mut client, data().add(&peer(PEER)).add(&Data(b"x")).finish(), NOW);
    assert_eq!(take(&mut client).1.len(), 1);
    let request = MessageBuilder::new(Class::Request, Method::BINDING, TransactionId([1; 12]));
    deliver(&mut client, request.finish(), NOW);
    assert_eq!(client.discards().count(Discard::Unexpected), 1);
}

#[test]
fn credentials_that_are_no_texts_are_refused_at_once() {
    let mut config = client_config();
    config.username = "\u{7}".into();
    assert_eq!(client(config).allocate(NOW), Err(AllocateError::NoCredentials));
}
