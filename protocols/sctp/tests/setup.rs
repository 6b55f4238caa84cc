//! How an association begins (RFC 9260 sections 3.3.2, 3.3.3, 4, 5.1).

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use icelab_sans_io::testing::{LinkModel, Passing};
use icelab_sans_io::{Instant, Protocol, Rng};
use icelab_sctp::packet::cause::Cause;
use icelab_sctp::packet::chunk::{
    Abort, Chunk, ChunkType, CookieAck, CookieEcho, Init, InitAck, Initiation, OperationError,
    ReConfig, Sack,
};
use icelab_sctp::packet::parameter::{OutgoingReset, Parameter, ParameterType};
use icelab_sctp::packet::{RequestNumber, StreamId, Tsn, VerificationTag};
use icelab_sctp::{
    Association, CloseReason, Config, Discard, Event, Extensions, Message, Reliability, Rto,
    SendError,
};

use crate::by_hand::{ByHand, Sent};
use crate::ends::{connected, ends, message, millis, payloads, read};

const DELAYED: LinkModel = LinkModel {
    delay: Duration::from_millis(50),
    jitter: Duration::ZERO,
    loss_ppb: 0,
    duplicate_ppb: 0,
    reorder_ppb: 0,
};

fn rfc() -> Config {
    Config { rto: Rto::RFC, heartbeat: None, ..Config::default() }
}

fn init_of(sent: &Sent) -> Initiation<'_> {
    match sent.only() {
        Chunk::Init(init) => init.0,
        Chunk::InitAck(ack) => ack.0,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_init_stands_alone_and_names_no_tag_and_no_address() {
    let config = Config { receive_buffer: 100, streams: (0, 0), ..Config::default() };
    for config in [config, Config::default()] {
        let mut hand = ByHand::closed(config);
        hand.end.connect(hand.now);
        let sent = hand.only();
        let init = init_of(&sent);
        assert_eq!(sent.tag(), VerificationTag(0));
        assert_ne!(init.initiate_tag, VerificationTag(0));
        assert!(init.window >= 1500);
        assert!(init.outbound_streams > 0 && init.inbound_streams > 0);
        assert!(init.parameters.iter().all(|one| is_allowed_over_dtls(&one)));
        hand.end.connect(hand.now);
        hand.nothing();
    }
}

/// RFC 8261 section 6.1.
fn is_allowed_over_dtls(parameter: &Parameter<'_>) -> bool {
    !matches!(
        parameter.kind(),
        ParameterType::IPV4_ADDRESS
            | ParameterType::IPV6_ADDRESS
            | ParameterType::HOST_NAME_ADDRESS
            | ParameterType::SUPPORTED_ADDRESS_TYPES
    )
}

#[test]
fn an_init_is_answered_with_a_cookie_and_nothing_is_kept() {
    let config = Config { receive_buffer: 100, ..Config::default() };
    let mut hand = ByHand::closed(config);
    let before = hand.state();
    for number in 1..=1000 {
        hand.tag = VerificationTag(number);
        hand.say_init(&[Parameter::Ipv4Address([192, 0, 2, 1].into())]);
        let sent = hand.only();
        let ack = init_of(&sent);
        assert!(matches!(sent.only(), Chunk::InitAck(_)));
        assert_eq!(sent.tag(), VerificationTag(number));
        assert_ne!(ack.initiate_tag, VerificationTag(0));
        assert!(ack.window >= 1500);
        assert!(ack.parameters.iter().any(|one| matches!(one, Parameter::StateCookie(_))));
        assert!(ack.parameters.iter().all(|one| is_allowed_over_dtls(&one)));
        hand.pass(millis(10));
    }
    assert_eq!(hand.state(), before);
}

/// RFC 9260 section 3.3.3: the number of outbound streams is no greater than what the INIT accepts.
#[test]
fn an_init_ack_asks_for_no_more_streams_than_the_peer_accepts() {
    for (own, expected) in [(3, 3), (10, 10), (11, 10), (u16::MAX, 10)] {
        let mut hand = ByHand::closed(Config { streams: (own, 7), ..Config::default() });
        hand.say_init(&[]);
        let sent = hand.only();
        let ack = init_of(&sent);
        assert_eq!((ack.outbound_streams, ack.inbound_streams), (expected, 7));
    }
}

#[test]
fn an_end_offers_at_least_what_it_must_and_says_nothing_twice() {
    let config = Config { receive_buffer: 10, streams: (0, 0), ..Config::default() };
    let mut asking = ByHand::closed(config.clone());
    asking.end.connect(asking.now);
    let mut asked = ByHand::closed(config);
    asked.say_init(&[]);
    for sent in [asking.only(), asked.only()] {
        let offer = init_of(&sent);
        assert_eq!((offer.window, offer.outbound_streams, offer.inbound_streams), (1500, 1, 1));
        let mut kinds: Vec<_> = offer.parameters.iter().map(|one| one.kind()).collect();
        kinds.sort_by_key(|kind| kind.0);
        let count = kinds.len();
        kinds.dedup();
        assert_eq!(kinds.len(), count);
        assert!(!kinds.contains(&ParameterType::HOST_NAME_ADDRESS));
    }
}

#[test]
fn each_end_has_as_many_streams_as_both_want() {
    for ((out, inward), (outgoing, incoming)) in [((3, 20), (3, 10)), ((20, 3), (10, 3))] {
        let config = Config { streams: (out, inward), ..Config::default() };
        let up = Event::Connected { outgoing, incoming };

        let mut hand = ByHand::echoed(config.clone());
        hand.say(&[Chunk::CookieAck(CookieAck)]);
        assert_eq!(hand.events(), std::slice::from_ref(&up));
        let now = hand.now;
        assert!(hand.end.send(message(outgoing - 1, "last"), now).is_ok());
        let refused = hand.end.send(message(outgoing, "beyond"), now);
        let (stream, last) = (StreamId(outgoing), StreamId(outgoing - 1));
        assert_eq!(refused, Err(SendError::NoSuchStream { stream, last }));

        let mut hand = ByHand::closed(config);
        let cookie = hand.ask();
        hand.say(&[Chunk::CookieEcho(CookieEcho { cookie: &cookie })]);
        assert_eq!(hand.events(), [up]);
    }
}

/// The range of valid streams is known only once the peer has answered.
#[test]
fn what_waits_for_a_stream_that_the_peer_does_not_accept_is_given_up() {
    let is_data = |chunk: &Chunk<'_>| matches!(chunk, Chunk::Data(_));
    // The end asks.
    let mut hand = ByHand::asked(Config::default());
    let now = hand.now;
    for stream in [9, 10, 500, 9] {
        hand.end.send(message(stream, "early"), now).unwrap();
    }
    hand.say_init_ack(&[]);
    let sent = hand.only();
    let streams: Vec<_> = sent
        .chunks()
        .into_iter()
        .filter(is_data)
        .map(|chunk| if let Chunk::Data(data) = chunk { data.stream.0 } else { unreachable!() })
        .collect();
    assert_eq!(streams, [9, 9]);
    assert_eq!(given_up(&hand.events()), [10, 500]);
    assert_eq!(hand.end.buffered_amount(StreamId(500)), 0);
    // The peer asks.
    let mut hand = ByHand::closed(Config::default());
    let now = hand.now;
    hand.end.send(message(10, "early"), now).unwrap();
    let cookie = hand.ask();
    hand.say(&[Chunk::CookieEcho(CookieEcho { cookie: &cookie })]);
    assert_eq!(hand.kinds(), [[ChunkType::COOKIE_ACK]]);
    assert_eq!(given_up(&hand.events()), [10]);
}

fn given_up(events: &[Event]) -> Vec<u16> {
    let mut streams = Vec::new();
    for event in events {
        if let Event::GivenUp { stream, .. } = event {
            streams.push(stream.0);
        }
    }
    streams
}

/// Until COOKIE ACK has come there is one packet under way: the cookie, and what fits beside it.
#[test]
fn data_leaves_with_the_cookie_and_behind_it() {
    let mut hand = ByHand::asked(Config::default());
    let now = hand.now;
    for _ in 0..5 {
        hand.end.send(message(0, vec![7; 400]), now).unwrap();
    }
    hand.nothing();
    hand.say_init_ack(&[]);
    let sent = hand.only();
    assert_eq!(sent.tag(), hand.tag);
    assert_eq!(sent.kinds()[0], ChunkType::COOKIE_ECHO);
    assert!(sent.kinds()[1..].iter().all(|kind| *kind == ChunkType::DATA));
    assert!(sent.kinds().len() > 1);
    let Chunk::CookieEcho(echo) = sent.chunks()[0] else { panic!() };
    assert_eq!(echo.cookie, b"a cookie");
    let now = hand.now;
    hand.end.send(message(0, "more"), now).unwrap();
    hand.nothing();
    hand.say(&[Chunk::CookieAck(CookieAck)]);
    let kinds: Vec<_> = hand.kinds().concat();
    assert!(!kinds.is_empty() && kinds.iter().all(|kind| *kind == ChunkType::DATA));
}

/// COOKIE ACK is the first chunk of its packet; the data beside the cookie is acknowledged with it.
#[test]
fn a_cookie_with_data_is_answered_at_once_in_one_packet() {
    let mut hand = ByHand::closed(Config::default());
    let now = hand.now;
    hand.end.send(message(0, "welcome"), now).unwrap();
    let cookie = hand.ask();
    let echo = Chunk::CookieEcho(CookieEcho { cookie: &cookie });
    hand.say(&[echo, hand.data(0)]);
    let sent = hand.only();
    let expected = [ChunkType::COOKIE_ACK, ChunkType::SACK, ChunkType::DATA];
    assert_eq!((sent.kinds().as_slice(), sent.tag()), (&expected[..], hand.tag));
    let Chunk::Sack(sack) = sent.chunks()[1] else { panic!() };
    assert_eq!(sack.cumulative_tsn_ack, hand.first);
    let now = hand.now;
    assert_eq!(payloads(read(&mut hand.end, now)), ["data"]);
}

/// RFC 9260 section 5.1: the first DATA chunk, wherever it comes, is acknowledged at once.
#[test]
fn the_first_data_is_acknowledged_at_once_and_later_data_later() {
    for mut hand in [ByHand::connected(rfc()), ByHand::answered(rfc())] {
        hand.say(&[hand.data(0)]);
        assert_eq!(hand.kinds(), [[ChunkType::SACK]]);
        hand.say(&[hand.data(1)]);
        hand.nothing();
        hand.pass(millis(200));
        assert_eq!(hand.kinds(), [[ChunkType::SACK]]);
    }
}

#[test]
fn the_first_tsn_is_the_one_that_was_announced() {
    for mut hand in [ByHand::connected(rfc()), ByHand::answered(rfc())] {
        let now = hand.now;
        hand.end.send(message(0, "first"), now).unwrap();
        let sent = hand.only();
        let Chunk::Data(data) = sent.only() else { panic!("{sent:?}") };
        assert_eq!(data.tsn, hand.end_first);
        // An acknowledgement of what is before it tells nothing, and breaks nothing.
        let before = hand.end_first.previous();
        let sack = Sack { cumulative_tsn_ack: before, window: 100_000, ..Sack::default() };
        hand.say(&[Chunk::Sack(sack)]);
        assert!(hand.end.is_connected());
        hand.say(&[hand.data(0)]);
        let sent = hand.only();
        let Chunk::Sack(sack) = sent.only() else { panic!("{sent:?}") };
        assert_eq!(sack.cumulative_tsn_ack, hand.first);
    }
}

/// RFC 9260 section 4 (2): T1-init.
#[test]
fn an_init_is_repeated_as_it_was_and_given_up_after_eight_times() {
    let mut hand = ByHand::closed(rfc());
    hand.end.connect(hand.now);
    hand.pass(Duration::from_secs(1000));
    let sent = hand.sent();
    assert_eq!(sent.len(), 9);
    assert!(sent.iter().all(|packet| packet.bytes == sent[0].bytes));
    assert_eq!(gaps(&sent), [1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(hand.events(), [Event::Closed { reason: CloseReason::SetupTimeout }]);
    assert!(hand.end.is_closed());
    assert_eq!(hand.end.poll_timeout(), None);
}

/// RFC 9260 section 4 (3): T1-cookie.
#[test]
fn a_cookie_is_repeated_as_it_was_and_given_up_after_eight_times() {
    let mut hand = ByHand::asked(rfc());
    let now = hand.now;
    hand.end.send(message(0, "rides along"), now).unwrap();
    hand.say_init_ack(&[]);
    hand.pass(Duration::from_secs(1000));
    let sent = hand.sent();
    assert_eq!(sent.len(), 9);
    for packet in &sent {
        assert_eq!(packet.kinds(), [ChunkType::COOKIE_ECHO, ChunkType::DATA]);
        assert_eq!(packet.chunks()[0], sent[0].chunks()[0]);
    }
    assert_eq!(gaps(&sent), [1, 2, 4, 8, 16, 32, 60, 60]);
    let closed = Event::Closed { reason: CloseReason::SetupTimeout };
    assert_eq!(hand.events().last(), Some(&closed));
    assert!(hand.end.is_closed());
}

/// The whole seconds between packets.
fn gaps(sent: &[Sent]) -> Vec<u64> {
    sent.windows(2).map(|pair| (pair[1].at - pair[0].at).as_secs()).collect()
}

/// RFC 7496: a message that may be sent once is not sent again with the cookie.
#[test]
fn a_message_that_rode_along_is_not_repeated_beyond_its_limit() {
    let mut hand = ByHand::asked(rfc());
    let now = hand.now;
    let once = Message { reliability: Reliability::Retransmissions(0), ..message(0, "once") };
    hand.end.send(once, now).unwrap();
    hand.say_init_ack(&[Parameter::ForwardTsnSupported]);
    assert_eq!(hand.kinds(), [[ChunkType::COOKIE_ECHO, ChunkType::DATA]]);
    hand.pass(Duration::from_secs(2));
    let again = hand.only();
    assert!(!again.kinds().contains(&ChunkType::DATA), "{:?}", again.kinds());
}

#[test]
fn a_setup_survives_the_loss_of_any_packet() {
    for lost in 0..4 {
        let mut pair = ends(DELAYED, 1);
        pair.a.send(message(0, "hello"), Instant::START).unwrap();
        let count = Rc::new(Cell::new(0));
        // A -> INIT -> Z, A <- INIT ACK <- Z, A -> COOKIE ECHO -> Z, A <- COOKIE ACK <- Z
        pair.filter(move |_, _, _| {
            let number = count.replace(count.get() + 1);
            if number == lost { Passing::Lost } else { Passing::Pass }
        });
        pair.drive_for(Duration::from_secs(3));
        assert!(pair.a.is_connected() && pair.z.is_connected(), "{lost}");
        let now = pair.now();
        assert_eq!(payloads(read(&mut pair.z, now)), ["hello"], "{lost}");
    }
}

#[test]
fn a_setup_succeeds_on_the_worst_link_with_seconds_of_delay() {
    for (seed, delay) in (1..=20).flat_map(|seed| [(seed, 20), (seed, 2000)]) {
        let mut pair = ends(LinkModel::terrible(millis(delay)), seed);
        pair.a.send(message(0, "hello"), Instant::START).unwrap();
        let is_up = pair.drive_while(Instant::from_secs(300), |pair| {
            !(pair.a.is_connected() && pair.z.is_connected())
        });
        assert!(!is_up && pair.z.is_connected(), "seed {seed}, {delay} ms: {}", pair.log());
        pair.drive_for(Duration::from_secs(60));
        let now = pair.now();
        assert_eq!(payloads(read(&mut pair.z, now)), ["hello"], "seed {seed}, {delay} ms");
    }
}

/// RFC 9260 section 3.3.3: the cookie may be longer than a packet.
#[test]
fn a_cookie_longer_than_a_packet_comes_back_whole() {
    let mut hand = ByHand::asked(Config::default());
    let now = hand.now;
    hand.end.send(message(0, "hello"), now).unwrap();
    let cookie = vec![0xC0; 8000];
    let parameters = [Parameter::StateCookie(&cookie)];
    hand.say(&[Chunk::InitAck(InitAck(hand.initiation(&parameters)))]);
    let sent = hand.only();
    let Chunk::CookieEcho(echo) = sent.only() else { panic!("{:?}", sent.kinds()) };
    assert_eq!(echo.cookie, cookie);
    hand.say(&[Chunk::CookieAck(CookieAck)]);
    assert_eq!(hand.kinds(), [[ChunkType::DATA]]);
}

type Spoil = fn(&mut Initiation<'_>);

const NO_TAG: Spoil = |init| init.initiate_tag = VerificationTag(0);
const SMALL_WINDOW: Spoil = |init| init.window = 1499;
const NO_OUTBOUND: Spoil = |init| init.outbound_streams = 0;
const NO_INBOUND: Spoil = |init| init.inbound_streams = 0;

/// RFC 9260 section 3.3.2: refused, and no association is touched.
#[test]
fn an_init_with_a_value_that_is_not_allowed_is_refused_and_changes_nothing() {
    let stages = [ByHand::closed, ByHand::asked, ByHand::echoed, ByHand::connected];
    for stage in stages {
        for spoil in [SMALL_WINDOW, NO_OUTBOUND, NO_INBOUND] {
            let mut hand = stage(rfc());
            hand.sent();
            let before = hand.state_without_discards();
            let mut init = hand.initiation(&[]);
            init.initiate_tag = VerificationTag(0x0B0B_0B0B);
            spoil(&mut init);
            hand.say_with(VerificationTag(0), &[Chunk::Init(Init(init))]);
            let sent = hand.only();
            assert_eq!(sent.tag(), VerificationTag(0x0B0B_0B0B));
            assert_eq!(sent.only(), abort(false, &[Cause::InvalidMandatoryParameter]));
            assert_eq!(hand.state_without_discards(), before);
        }
        let mut hand = stage(rfc());
        hand.sent();
        let before = hand.state_without_discards();
        let mut init = hand.initiation(&[]);
        NO_TAG(&mut init);
        hand.say_with(VerificationTag(0), &[Chunk::Init(Init(init))]);
        hand.nothing();
        assert_eq!(hand.state_without_discards(), before);
    }
}

fn abort<'a>(is_tag_reflected: bool, causes: &'a [Cause<'a>]) -> Chunk<'a> {
    Chunk::Abort(Abort { is_tag_reflected, causes: causes.into() })
}

/// RFC 9260 section 3.3.3.
#[test]
fn an_init_ack_with_a_value_that_is_not_allowed_ends_the_setup() {
    let causes = [Cause::InvalidMandatoryParameter];
    for (spoil, is_tagless) in [(NO_OUTBOUND, false), (NO_INBOUND, false), (NO_TAG, true)] {
        let mut hand = ByHand::asked(rfc());
        let parameters = [Parameter::StateCookie(b"a cookie")];
        let mut ack = hand.initiation(&parameters);
        spoil(&mut ack);
        hand.say(&[Chunk::InitAck(InitAck(ack))]);
        let sent = hand.only();
        assert_eq!(sent.tag(), if is_tagless { hand.end_tag } else { hand.tag });
        assert_eq!(sent.only(), abort(is_tagless, &causes));
        assert_eq!(hand.events(), [Event::Closed { reason: CloseReason::UnusableInitAck }]);
    }
}

/// RFC 9260 section 3.3.3: discarded, and the association goes on being set up.
#[test]
fn an_init_ack_with_a_small_window_is_refused_and_changes_nothing() {
    let mut hand = ByHand::asked(rfc());
    let before = hand.state_without_discards();
    let parameters = [Parameter::StateCookie(b"a cookie")];
    let mut ack = hand.initiation(&parameters);
    SMALL_WINDOW(&mut ack);
    hand.say(&[Chunk::InitAck(InitAck(ack))]);
    let sent = hand.only();
    assert_eq!(sent.tag(), hand.tag);
    assert_eq!(sent.only(), abort(false, &[Cause::InvalidMandatoryParameter]));
    assert_eq!(hand.state_without_discards(), before);
    hand.say_init_ack(&[]);
    assert_eq!(hand.kinds(), [[ChunkType::COOKIE_ECHO]]);
}

#[test]
fn an_init_ack_that_nobody_waits_for_is_ignored_whatever_it_says() {
    for stage in [ByHand::echoed, ByHand::connected, ByHand::answered] {
        for spoil in [NO_TAG, SMALL_WINDOW, NO_OUTBOUND, NO_INBOUND, |_: &mut Initiation<'_>| {}] {
            let mut hand = stage(rfc());
            let before = hand.state_without_discards();
            let parameters = [Parameter::StateCookie(b"another cookie")];
            let mut ack = hand.initiation(&parameters);
            spoil(&mut ack);
            hand.say(&[Chunk::InitAck(InitAck(ack))]);
            hand.nothing();
            assert_eq!(hand.state_without_discards(), before);
        }
    }
}

#[test]
fn an_init_ack_without_a_cookie_ends_the_setup() {
    let mut hand = ByHand::asked(rfc());
    hand.say(&[Chunk::InitAck(InitAck(hand.initiation(&[])))]);
    let sent = hand.only();
    let missing = [ParameterType::STATE_COOKIE];
    let causes = [Cause::MissingMandatoryParameter(missing.as_slice().into())];
    assert_eq!((sent.only(), sent.tag()), (abort(false, &causes), hand.tag));
    assert_eq!(hand.events(), [Event::Closed { reason: CloseReason::UnusableInitAck }]);
}

/// RFC 9260 section 3.3.2.1.4.
#[test]
fn a_name_in_place_of_addresses_is_answered_by_an_abort() {
    let name = Parameter::HostNameAddress(b"host\0");
    for stage in [ByHand::closed, ByHand::asked, ByHand::echoed, ByHand::connected] {
        let mut hand = stage(rfc());
        hand.sent();
        let before = hand.state();
        hand.say_init(&[name]);
        let sent = hand.only();
        assert!(matches!(sent.only(), Chunk::Abort(Abort { is_tag_reflected: false, .. })));
        assert_eq!(sent.tag(), hand.tag);
        assert_eq!(hand.state(), before);
    }
    let mut hand = ByHand::asked(rfc());
    hand.say_init_ack(&[name]);
    let sent = hand.only();
    assert!(matches!(sent.only(), Chunk::Abort(Abort { is_tag_reflected: false, .. })));
    assert_eq!(sent.tag(), hand.tag);
    assert_eq!(hand.events(), [Event::Closed { reason: CloseReason::UnusableInitAck }]);
}

#[test]
fn addresses_and_their_types_are_passed_over() {
    let types = [ParameterType::IPV4_ADDRESS, ParameterType::HOST_NAME_ADDRESS];
    let parameters = [
        Parameter::Ipv4Address([192, 0, 2, 1].into()),
        Parameter::Ipv6Address([0x20; 16].into()),
        Parameter::SupportedAddressTypes(types.as_slice().into()),
    ];
    let mut hand = ByHand::closed(rfc());
    hand.say_init(&parameters);
    assert_eq!(hand.kinds(), [[ChunkType::INIT_ACK]]);
    let mut hand = ByHand::asked(rfc());
    hand.say_init_ack(&parameters[..2]);
    assert_eq!(hand.kinds(), [[ChunkType::COOKIE_ECHO]]);
}

/// An association that was torn down is never taken for the next one.
#[test]
fn no_two_associations_have_the_same_tag() {
    let rng = Rng::from_u64(1);
    let mut tags = Vec::new();
    for number in 0..100 {
        let mut association = Association::new(rfc(), rng.fork("end", number));
        association.connect(Instant::START);
        let Some(icelab_sans_io::Output::Packet(bytes)) = association.poll_output() else {
            panic!("it asks")
        };
        tags.push(init_of(&Sent { at: Instant::START, bytes }).initiate_tag);
    }
    tags.sort_unstable();
    tags.dedup();
    assert_eq!(tags.len(), 100);
    assert!(!tags.contains(&VerificationTag(0)));
}

#[test]
fn data_passes_the_end_of_the_numbers() {
    let mut hand = ByHand::closed(rfc());
    hand.first = Tsn(u32::MAX - 1);
    let cookie = hand.ask();
    hand.say(&[Chunk::CookieEcho(CookieEcho { cookie: &cookie })]);
    hand.sent();
    for number in [3, 2, 0, 1] {
        hand.say(&[hand.data(number)]);
    }
    let sent = hand.sent();
    let Some(Chunk::Sack(sack)) = sent.last().map(Sent::only) else { panic!("{sent:?}") };
    assert_eq!(sack.cumulative_tsn_ack, Tsn(1));
    assert!(sack.gaps.is_empty());
    let now = hand.now;
    assert_eq!(read(&mut hand.end, now).len(), 4);
}

/// RFC 9260 section 5.2.3 and 5.2.5.
#[test]
fn what_comes_twice_in_a_setup_changes_nothing() {
    let mut hand = ByHand::connected(rfc());
    let before = hand.state_without_discards();
    hand.say_init_ack(&[]);
    hand.say(&[Chunk::CookieAck(CookieAck)]);
    hand.nothing();
    assert_eq!(hand.state_without_discards(), before);
    assert_eq!(hand.end.discards().count(Discard::Unexpected), 2);
}

#[test]
fn a_link_that_repeats_everything_makes_one_association() {
    let model = LinkModel { duplicate_ppb: 1_000_000_000, ..DELAYED };
    let mut pair = connected(model, 3);
    pair.drive_for(Duration::from_secs(1));
    let is_up = |events: Vec<Event>| {
        events.iter().filter(|event| matches!(event, Event::Connected { .. })).count()
    };
    assert_eq!((is_up(pair.events_a()), is_up(pair.events_z())), (1, 1));
}

/// A round trip is measured by what was sent once: not by a cookie that was sent again after a second.
#[test]
fn a_cookie_that_was_long_under_way_measures_no_round_trip() {
    let mut hand = ByHand::closed(Config::default());
    let cookie = hand.ask();
    hand.pass(Duration::from_secs(3));
    hand.say(&[Chunk::CookieEcho(CookieEcho { cookie: &cookie })]);
    // It is no measurement, but the next answer gets as much time.
    assert_eq!(hand.end.stats().rto, millis(4500));
    let now = hand.now;
    hand.end.send(message(0, "measures"), now).unwrap();
    hand.pass(millis(100));
    let sack = Sack { cumulative_tsn_ack: hand.end_first, window: 1000, ..Sack::default() };
    hand.say(&[Chunk::Sack(sack)]);
    assert_eq!(hand.end.stats().rto, millis(400));
    let mut hand = ByHand::closed(Config::default());
    let cookie = hand.ask();
    hand.pass(millis(200));
    hand.say(&[Chunk::CookieEcho(CookieEcho { cookie: &cookie })]);
    assert_eq!(hand.end.stats().rto, millis(600));
}

#[test]
fn nothing_of_the_extensions_is_used_that_only_one_end_has() {
    let config = Config { extensions: Extensions::NONE, ..rfc() };
    let mut hand = ByHand::closed(config);
    hand.end.connect(hand.now);
    let sent = hand.only();
    assert_eq!(init_of(&sent).parameters.iter().count(), 0);
}

#[test]
fn an_error_beside_the_cookie_ack_is_told() {
    let mut hand = ByHand::echoed(rfc());
    let causes = [Cause::UnrecognizedParameters(&[0xC0, 1, 0, 4])];
    let error = Chunk::Error(OperationError { causes: causes.as_slice().into() });
    hand.say(&[Chunk::CookieAck(CookieAck), error]);
    let events = hand.events();
    assert!(matches!(events[0], Event::Connected { .. }));
    assert!(matches!(events[1], Event::PeerError { cause: 8, .. }));
}

/// The peer sends it again once the cookie is acknowledged.
#[test]
fn a_request_that_overtakes_the_answer_to_the_cookie_is_ignored() {
    let mut hand = ByHand::asked(rfc());
    let extensions = [ChunkType::RE_CONFIG];
    hand.say_init_ack(&[Parameter::SupportedExtensions(extensions.as_slice().into())]);
    assert_eq!(hand.only().kinds().first(), Some(&ChunkType::COOKIE_ECHO));
    let reset = OutgoingReset {
        request: RequestNumber(hand.first.0),
        response: RequestNumber(hand.end_first.0.wrapping_sub(1)),
        last_assigned_tsn: Tsn(hand.first.0.wrapping_sub(1)),
        streams: [StreamId(0)].as_slice().into(),
    };
    let parameters = [Parameter::OutgoingReset(reset)];
    hand.say(&[Chunk::ReConfig(ReConfig { parameters: parameters.as_slice().into() })]);
    assert_eq!((hand.sent().len(), hand.events().len()), (0, 0));
}
