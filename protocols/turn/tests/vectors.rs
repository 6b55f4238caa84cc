//! The detailed example of RFC 8656 section 20, its messages put together by hand.

use icelab_sans_io::net::Notice;
use icelab_sans_io::{Instant, Output, Protocol};
use icelab_stun::attribute::{
    ChannelNumber, DontFragment, ErrorCode, Lifetime, Nonce, PasswordAlgorithms, Realm,
    RequestedTransport, Software, XorMappedAddress, XorPeerAddress,
};
use icelab_stun::credentials::PasswordAlgorithm;
use icelab_stun::{Class, Message, MessageBuilder, Method, TransactionId};
use icelab_turn::server::Users;

use crate::harness::{Caller, Host, SERVER, address, client, client_config, server_config};

const NOW: Instant = Instant::START;

/// Bytes out of hexadecimal digits; all else is layout.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .map(|digit| u8::try_from(digit).unwrap())
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// Figure 12, the first message, with the attributes in the order in which this client puts them.
const FIRST_ALLOCATE: &str = "
    0003 0034 2112A442 A56250D3 F17ABE67 9422DE85
    8022 001C 4578616D 706C6520 636C6965 6E742C20 76657273 696F6E20 312E3033
    0019 0004 11000000
    000D 0004 00000E10
    001A 0000";

/// Figure 14, the first message: to 192.0.2.150:32102, DONT-FRAGMENT, \"ping!\".
const SEND: &str = "
    0016 001C 2112A442 1278E9AC A2711637 EF7D3328
    0012 0008 0001 5C74 E112A6D4
    001A 0000
    0013 0005 70696E67 21000000";

/// Figure 14, the second message, in answer to that.
const DATA: &str = "
    0017 0018 2112A442 8231AE8F 9242DA9F F287FEFF
    0012 0008 0001 5C74 E112A6D4
    0013 0005 706F6E67 21000000";

/// Figure 15, the attributes of the first message: channel 0x4000 and 192.0.2.210:49191.
const CHANNEL_BIND: &str = "
    000C 0004 4000 0000
    0012 0008 0001 E135 E112A690";

/// Figure 16: three bytes on channel 0x4000.
const CHANNEL_DATA: &str = "4000 0003 616263";

/// The example's server: it grants 20 minutes at most, and relays on 192.0.2.15:50000.
fn example() -> (Host, Caller) {
    let mut config = server_config();
    config.realm = "example.com".into();
    config.users = Users::one("George", "a password that the RFC keeps to itself");
    config.software = Some("Example server, version 1.17".into());
    config.algorithms = vec![PasswordAlgorithm::Md5, PasswordAlgorithm::Sha256];
    config.maximum_lifetime = core::time::Duration::from_secs(1200);
    config.ports = 50_000..=50_000;
    let mut caller = Caller::named(7000, "George", "a password that the RFC keeps to itself");
    caller.address = address("192.0.2.1:7000");
    (Host::new(config), caller)
}

/// Figure 12, to its end.
fn allocated() -> (Host, Caller) {
    let (mut host, mut caller) = example();
    let answer = caller.ask(&mut host, Method::ALLOCATE, NOW, |message| {
        message
            .add(&Software("Example client 1.03"))
            .add(&Lifetime(3600))
            .add(&RequestedTransport::UDP)
            .add(&DontFragment)
    });
    assert_eq!(answer.code(), 0);
    assert_eq!(answer.get(), Some(Software("Example server, version 1.17")));
    assert_eq!(answer.get(), Some(Lifetime(1200)));
    assert_eq!(answer.relayed(), [address("192.0.2.15:50000")]);
    assert_eq!(answer.get(), Some(XorMappedAddress(caller.address)));
    (host, caller)
}

#[test]
fn figure_12_begins_with_a_challenge() {
    let (mut host, caller) = example();
    let answer = caller.send(&mut host, &hex(FIRST_ALLOCATE), NOW).unwrap();
    let message = answer.message();
    assert_eq!((message.class(), message.method()), (Class::Error, Method::ALLOCATE));
    assert_eq!(message.transaction_id().0.as_slice(), hex("A56250D3 F17ABE67 9422DE85"));
    assert_eq!(message.get().unwrap(), Ok(ErrorCode::UNAUTHENTICATED));
    assert_eq!(message.get().unwrap(), Ok(Realm("example.com")));
    assert_eq!(message.get().unwrap(), Ok(Software("Example server, version 1.17")));
    let Nonce(nonce) = message.get().unwrap().unwrap();
    // "starts with the "nonce cookie" with the STUN Security Feature "Password algorithm" bit set"
    assert!(nonce.starts_with("obMatJos2gAAA"));
    let algorithms = message.get::<PasswordAlgorithms<'_>>().unwrap().unwrap().0;
    let known: Vec<_> = algorithms.iter().filter_map(|algorithm| algorithm.known()).collect();
    assert_eq!(known, [PasswordAlgorithm::Md5, PasswordAlgorithm::Sha256]);
}

#[test]
fn figure_12_is_what_the_client_says() {
    let mut config = client_config();
    config.software = Some("Example client, version 1.03".into());
    config.lifetime = Some(core::time::Duration::from_secs(3600));
    config.dont_fragment = true;
    let mut client = client(config);
    client.allocate(NOW).unwrap();
    let Some(Output::Packet(datagram)) = client.poll_output() else { panic!("no request") };
    let mut expected = hex(FIRST_ALLOCATE);
    let id = Message::parse(&datagram.payload).unwrap().transaction_id();
    expected[8..20].copy_from_slice(&id.0);
    assert_eq!(datagram.payload, expected);
}

#[test]
fn figures_13_and_14_relay_by_indications() {
    let (mut host, mut caller) = allocated();
    let peer = XorPeerAddress(address("192.0.2.150:0"));
    let answer =
        caller.ask(&mut host, Method::CREATE_PERMISSION, NOW, |message| message.add(&peer));
    assert_eq!(answer.code(), 0);
    assert_eq!(answer.get::<Software<'_>>(), None);

    assert!(caller.send(&mut host, &hex(SEND), NOW).is_none());
    let sent = host.to_peers.pop().unwrap();
    assert_eq!(sent.source, address("192.0.2.15:50000"));
    assert_eq!(sent.destination, address("192.0.2.150:32102"));
    assert_eq!(sent.payload, b"ping!");
    assert!(sent.dont_fragment);

    host.datagram(sent.destination, sent.source, b"pong!", NOW);
    let data = host.to_clients.pop().unwrap();
    let mut expected = hex(DATA);
    let id = Message::parse(&data.payload).unwrap().transaction_id();
    expected[8..20].copy_from_slice(&id.0);
    assert_eq!(data.payload, expected);
    assert_eq!((data.source, data.destination), (address(SERVER), caller.address));
}

#[test]
fn figures_15_and_16_relay_on_a_channel() {
    let (mut host, mut caller) = allocated();
    let peer = XorPeerAddress(address("192.0.2.210:49191"));
    let id = TransactionId::random(&mut caller.rng);
    let message = MessageBuilder::new(Class::Request, Method::CHANNEL_BIND, id)
        .add(&ChannelNumber(0x4000))
        .add(&peer);
    assert_eq!(message.finish()[20..], hex(CHANNEL_BIND));
    let answer = caller.ask(&mut host, Method::CHANNEL_BIND, NOW, |message| {
        message.add(&ChannelNumber(0x4000)).add(&peer)
    });
    assert_eq!(answer.code(), 0);

    assert!(caller.send(&mut host, &hex(CHANNEL_DATA), NOW).is_none());
    let sent = host.to_peers.pop().unwrap();
    assert_eq!(sent.destination, address("192.0.2.210:49191"));
    assert_eq!(sent.payload, b"abc");
    let reply = icelab_sans_io::net::Datagram::new(sent.destination, sent.source, b"abc".to_vec());
    host.notice(Notice::Datagram(reply), NOW);
    assert_eq!(host.to_clients.pop().unwrap().payload, hex(CHANNEL_DATA));

    // The figure after it: the binding is refreshed.
    let answer = caller.ask(&mut host, Method::CHANNEL_BIND, NOW, |message| {
        message.add(&ChannelNumber(0x4000)).add(&peer)
    });
    assert_eq!(answer.code(), 0);
}
