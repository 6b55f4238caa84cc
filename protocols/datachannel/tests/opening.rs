//! Channels begin (RFC 8832 section 6, RFC 8831 section 6.5).

use std::time::Duration;

use icelab_datachannel::wire::dcep::Dcep;
use icelab_datachannel::{
    Closure, Config, Discard, Event, OpenError, Priority, Properties, ReadyState, Reliability,
    Role, SendError,
};
use icelab_sans_io::Instant;
use icelab_sans_io::testing::LinkModel;
use icelab_sctp::StreamId;

use crate::ends::{
    apart, binary, closed, configs, connect, dcep, drive, good, messages, open, open_message,
    opened, raw, raw_with, reset, resets, say, sctp, text,
};

const NOW: Instant = Instant::START;

#[test]
fn both_sides_know_the_same_of_a_channel() {
    let mut ends = good();
    let properties = Properties {
        label: "chat".into(),
        protocol: "soap".into(),
        is_ordered: false,
        reliability: Reliability::Retransmissions(4),
        priority: Priority::HIGH,
    };
    let a = ends.a.open(properties.clone(), ends.now()).unwrap();
    // A -> OPEN -> Z
    // A <- ACK <- Z
    drive(&mut ends);
    assert_eq!(ends.events_a(), [Event::Open { channel: a }]);
    let events = ends.events_z();
    let [(z, told)] = opened(&events)[..] else { panic!("{events:?}") };
    assert_eq!(told, &properties);
    assert_eq!(ends.a.properties(a), Some(&properties));
    assert_eq!(ends.z.properties(z), Some(&properties));
    assert_eq!((ends.a.stream(a), ends.z.stream(z)), (Some(StreamId(0)), Some(StreamId(0))));
    assert_eq!(ends.a.ready_state(a), ReadyState::Open);
    assert_eq!(ends.z.ready_state(z), ReadyState::Open);
    assert_eq!(ends.a.channels().collect::<Vec<_>>(), [a]);
}

#[test]
fn a_client_opens_even_streams_and_a_server_odd_ones() {
    let mut ends = good();
    for count in 0..3 {
        let now = ends.now();
        let a = ends.a.open(Properties::labelled("x"), now).unwrap();
        let z = ends.z.open(Properties::labelled("x"), now).unwrap();
        assert_eq!(ends.a.stream(a), Some(StreamId(2 * count)));
        assert_eq!(ends.z.stream(z), Some(StreamId(2 * count + 1)));
    }
    drive(&mut ends);
    assert_eq!(opened(&ends.events_a()).len(), 3, "the labels may be equal");
    assert_eq!(opened(&ends.events_z()).len(), 3);
    assert_eq!(ends.a.discards().iter().count() + ends.z.discards().iter().count(), 0);
}

#[test]
fn channels_made_before_the_association_and_the_role_open_in_their_order() {
    let (mut client, mut server) = configs();
    (client.role, server.role) = (None, None);
    let mut ends = apart((client, server), LinkModel::delayed(Duration::from_millis(10)), 1);
    let first = ends.a.open(Properties::labelled("first"), NOW).unwrap();
    let fixed = ends.a.open_negotiated(StreamId(0), Properties::labelled("fixed"), NOW).unwrap();
    let second = ends.a.open(Properties::labelled("second"), NOW).unwrap();
    assert_eq!(ends.a.ready_state(first), ReadyState::Connecting);
    assert_eq!((ends.a.stream(first), ends.a.stream(fixed)), (None, Some(StreamId(0))));
    assert_eq!(ends.a.send(first, text("no"), NOW), Err(SendError::NotOpen));

    ends.a.set_role(Role::Client, NOW);
    assert_eq!(
        (ends.a.stream(first), ends.a.stream(second)),
        (Some(StreamId(2)), Some(StreamId(4))),
        "0 is taken"
    );
    ends.a.set_role(Role::Server, NOW);
    ends.z.set_role(Role::Server, NOW);
    connect(&mut ends);
    drive(&mut ends);
    let open = |channel| Event::Open { channel };
    assert_eq!(ends.events_a(), [Event::Connected, open(first), open(fixed), open(second)]);
    let events = ends.events_z();
    let labels: Vec<_> = opened(&events).iter().map(|(_, it)| it.label.clone()).collect();
    assert_eq!(labels, ["first", "second"], "nothing is said of the third");
}

#[test]
fn channels_wait_for_the_role_where_the_association_is_first() {
    let (client, server) = configs();
    let mut ends = apart(
        (Config { role: None, ..client }, server),
        LinkModel::delayed(Duration::from_millis(10)),
        1,
    );
    let channel = ends.a.open(Properties::labelled("late"), NOW).unwrap();
    connect(&mut ends);
    drive(&mut ends);
    assert_eq!(ends.events_a(), [Event::Connected]);
    assert_eq!(ends.a.ready_state(channel), ReadyState::Connecting);
    ends.a.set_role(Role::Client, ends.now());
    assert_eq!(ends.a.ready_state(channel), ReadyState::Open);
    drive(&mut ends);
    assert_eq!(ends.events_a(), [Event::Open { channel }]);
    assert_eq!(opened(&ends.events_z()).len(), 1);
}

#[test]
fn data_may_be_sent_before_the_ack_and_keep_their_order_until_then() {
    let mut raw = raw();
    let properties = Properties { is_ordered: false, ..Properties::labelled("x") };
    let channel = raw.a.open(properties, raw.now()).unwrap();
    raw.a.send(channel, text("at once"), raw.now()).unwrap();
    drive(&mut raw);
    let sent: Vec<_> = raw.z.received().iter().map(|it| (it.ppid.0, it.is_unordered)).collect();
    assert_eq!(sent, [(50, false), (51, false)], "OPEN and the message behind it");

    // A <- ACK <- Z
    say(&mut raw, dcep(1, &Dcep::Ack));
    drive(&mut raw);
    raw.a.send(channel, text("later"), raw.now()).unwrap();
    drive(&mut raw);
    let sent: Vec<_> = raw.z.received().iter().map(|it| (it.ppid.0, it.is_unordered)).collect();
    assert_eq!(sent, [(51, true)]);
}

#[test]
fn any_message_says_that_the_peer_has_the_channel() {
    let mut raw = raw();
    let properties = Properties { is_ordered: false, ..Properties::labelled("x") };
    let channel = raw.a.open(properties, raw.now()).unwrap();
    drive(&mut raw);
    // A <- a message without order, which was faster than ACK <- Z
    let message = icelab_sctp::Message { is_unordered: true, ..sctp(1, 51, b"fast") };
    say(&mut raw, message);
    drive(&mut raw);
    assert_eq!(messages(&raw.events_a(), channel), [text("fast")]);
    raw.a.send(channel, text("without order"), raw.now()).unwrap();
    // A <- ACK <- Z
    say(&mut raw, dcep(1, &Dcep::Ack));
    drive(&mut raw);
    assert!(raw.z.received()[1].is_unordered);
    assert_eq!(raw.a.discards().iter().count(), 0, "that ACK was due");
}

#[test]
fn a_second_ack_is_counted_and_changes_nothing() {
    let mut raw = raw();
    let channel = raw.a.open(Properties::labelled("x"), raw.now()).unwrap();
    for _ in 0..2 {
        say(&mut raw, dcep(1, &Dcep::Ack));
    }
    // And one where no channel is.
    say(&mut raw, dcep(9, &Dcep::Ack));
    drive(&mut raw);
    assert_eq!(raw.a.discards().count(Discard::UnexpectedAck), 2);
    assert_eq!(raw.a.ready_state(channel), ReadyState::Open);
    assert!(resets(&raw.events_z()).is_empty());
}

#[test]
fn the_establishment_protocol_goes_in_order_and_reliably_on_the_channels_stream() {
    let mut raw = raw();
    let properties = Properties {
        is_ordered: false,
        reliability: Reliability::Retransmissions(0),
        ..Properties::labelled("x")
    };
    raw.a.open(properties.clone(), raw.now()).unwrap();
    // A <- OPEN <- Z
    say(&mut raw, open_message(6, properties));
    drive(&mut raw);
    let sent: Vec<_> =
        raw.z.received().iter().map(|it| (it.stream.0, it.ppid.0, it.is_unordered)).collect();
    assert_eq!(sent, [(1, 50, false), (6, 50, false)]);
}

#[test]
fn the_opener_that_gets_a_reset_for_an_answer_knows_that_it_failed() {
    let mut raw = raw();
    let channel = raw.a.open(Properties::labelled("x"), raw.now()).unwrap();
    drive(&mut raw);
    assert_eq!(raw.events_a(), [Event::Open { channel }]);
    // A <- reset of stream 1 <- Z
    reset(&mut raw, 1);
    drive(&mut raw);
    let closure = Closure::Refused;
    assert_eq!(raw.events_a(), [Event::Closing { channel }, Event::Closed { channel, closure }]);
    assert_eq!(resets(&raw.events_z()), [1], "its own direction too");
}

#[test]
fn names_of_65535_bytes_arrive() {
    let mut ends = good();
    let properties =
        Properties { protocol: "p".repeat(65_535), ..Properties::labelled("ä".repeat(32_767)) };
    let (a, z) = open(&mut ends, properties.clone());
    assert_eq!(ends.z.properties(z), Some(&properties));
    ends.a.send(a, text("after"), ends.now()).unwrap();
    drive(&mut ends);
    assert_eq!(messages(&ends.events_z(), z), [text("after")]);
}

#[test]
fn longer_names_are_not_taken() {
    let mut ends = good();
    let long = "x".repeat(65_536);
    let now = ends.now();
    let label = ends.a.open(Properties::labelled(long.clone()), now);
    assert_eq!(label, Err(OpenError::LabelTooLong(65_536)));
    let protocol = Properties { protocol: long, ..Properties::default() };
    let negotiated = ends.a.open_negotiated(StreamId(5), protocol, now);
    assert_eq!(negotiated, Err(OpenError::ProtocolTooLong(65_536)));
    assert_eq!(ends.a.channels().count(), 0);
}

#[test]
fn a_lifetime_is_whole_milliseconds_on_both_sides() {
    for (asked, agreed) in [
        (Duration::from_micros(1_999), Duration::from_millis(1)),
        (Duration::MAX, Duration::from_millis(u32::MAX.into())),
    ] {
        let mut ends = good();
        let lifetime = |lifetime| Properties {
            reliability: Reliability::Lifetime(lifetime),
            ..Properties::default()
        };
        let (a, z) = open(&mut ends, lifetime(asked));
        assert_eq!(ends.a.properties(a), Some(&lifetime(agreed)));
        assert_eq!(ends.z.properties(z), Some(&lifetime(agreed)));
    }
}

#[test]
fn applications_may_agree_on_a_channel_themselves() {
    let mut ends = good();
    let now = ends.now();
    let properties = Properties { is_ordered: false, ..Properties::labelled("agreed") };
    let a = ends.a.open_negotiated(StreamId(9), properties, now).unwrap();
    let z = ends.z.open_negotiated(StreamId(9), Properties::labelled("agreed"), now).unwrap();
    assert_eq!(ends.a.ready_state(a), ReadyState::Open);
    ends.a.send(a, text("unordered at once"), now).unwrap();
    ends.z.send(z, binary(&[1]), now).unwrap();
    drive(&mut ends);
    let (events_a, events_z) = (ends.events_a(), ends.events_z());
    assert_eq!(messages(&events_a, a), [binary(&[1])]);
    assert_eq!(messages(&events_z, z), [text("unordered at once")]);
    assert!(opened(&events_a).is_empty() && opened(&events_z).is_empty());
}

#[test]
fn a_stream_in_use_is_not_taken_again() {
    let mut ends = good();
    let (a, _) = open(&mut ends, Properties::labelled("x"));
    let now = ends.now();
    let mut again = |stream| ends.a.open_negotiated(StreamId(stream), Properties::default(), now);
    assert_eq!(again(0), Err(OpenError::StreamInUse(StreamId(0))));
    assert_eq!(again(u16::MAX), Err(OpenError::NoSuchStream(StreamId(u16::MAX))));
    assert!(again(65_534).is_ok());
    assert_eq!(again(65_534), Err(OpenError::StreamInUse(StreamId(65_534))));
    // Nor while it closes.
    ends.a.close(a, now);
    let again = ends.a.open_negotiated(StreamId(0), Properties::default(), now);
    assert_eq!(again, Err(OpenError::StreamInUse(StreamId(0))));
}

#[test]
fn no_stream_is_left_when_all_are_in_use() {
    let (mut client, server) = configs();
    client.sctp.streams = (5, 5);
    let mut ends = apart((client, server), LinkModel::default(), 1);
    let now = NOW;
    let own = [(); 3].map(|()| ends.a.open(Properties::default(), now).unwrap());
    let streams = own.map(|channel| ends.a.stream(channel).unwrap().0);
    assert_eq!(streams, [0, 2, 4]);
    assert_eq!(ends.a.open(Properties::default(), now), Err(OpenError::NoStreamLeft));
}

#[test]
fn a_channel_whose_stream_the_peer_does_not_allow_is_closed() {
    let (client, mut server) = configs();
    server.sctp.streams = (4, 4);
    let mut ends = apart((client, server), LinkModel::delayed(Duration::from_millis(10)), 1);
    let few = ends.a.open(Properties::labelled("few"), NOW).unwrap();
    let many = ends.a.open_negotiated(StreamId(4), Properties::labelled("many"), NOW).unwrap();
    connect(&mut ends);
    drive(&mut ends);
    let events = ends.events_a();
    assert_eq!(closed(&events), [(many, Closure::NoStream)]);
    assert!(events.contains(&Event::Open { channel: few }));
    assert_eq!(opened(&ends.events_z()).len(), 1);
    let negotiated = ends.a.open_negotiated(StreamId(4), Properties::default(), ends.now());
    assert_eq!(negotiated, Err(OpenError::NoSuchStream(StreamId(4))));
}

#[test]
fn channels_that_wait_for_the_role_are_closed_where_no_stream_is_left() {
    let (mut client, _) = configs();
    (client.role, client.sctp.streams) = (None, (3, 3));
    let mut ends = apart((client, configs().1), LinkModel::default(), 1);
    let channels: Vec<_> =
        (0..3).map(|_| ends.a.open(Properties::default(), NOW).unwrap()).collect();
    ends.a.set_role(Role::Client, NOW);
    ends.settle();
    assert_eq!(closed(&ends.events_a()), [(channels[2], Closure::NoStream)]);
}

#[test]
fn there_are_no_more_channels_than_configured_whoever_opens_them() {
    let config = Config { channels: 2, ..configs().1 };
    let mut raw = raw_with(config);
    let now = raw.now();
    let own = raw.a.open(Properties::labelled("own"), now).unwrap();
    for stream in [0, 2] {
        say(&mut raw, open_message(stream, Properties::labelled("theirs")));
    }
    drive(&mut raw);
    assert_eq!(opened(&raw.events_a()).len(), 1);
    assert_eq!(raw.a.discards().count(Discard::TooManyChannels), 1);
    assert_eq!(resets(&raw.events_z()), [2], "the one too many is refused");
    let now = raw.now();
    assert_eq!(raw.a.open(Properties::default(), now), Err(OpenError::TooManyChannels(2)));
    // One that is closed makes room for another.
    raw.a.close(own, now);
    reset(&mut raw, 1);
    drive(&mut raw);
    assert!(raw.a.open(Properties::default(), raw.now()).is_ok());
}

#[test]
fn a_peer_may_open_every_channel_that_there_is() {
    let mut ends = good();
    for number in 0..32_768 {
        let now = ends.now();
        ends.a.open(Properties::default(), now).unwrap();
        if number % 1000 == 0 {
            ends.drive_for(Duration::from_millis(200));
        }
    }
    let now = ends.now();
    assert_eq!(ends.a.open(Properties::default(), now), Err(OpenError::NoStreamLeft));
    ends.drive_for(Duration::from_secs(20));
    assert_eq!(ends.z.channels().count(), 32_768);
    assert_eq!(ends.z.discards().iter().count(), 0);
}

#[test]
fn a_priority_of_zero_does_not_starve_the_channel() {
    assert_eq!(Priority::default(), Priority::NORMAL);
    let weights = [
        Priority::BELOW_NORMAL,
        Priority::NORMAL,
        Priority::HIGH,
        Priority::EXTRA_HIGH,
        Priority(0),
        Priority(7),
    ]
    .map(Priority::weight);
    assert_eq!(weights, [128, 256, 512, 1024, 128, 7]);
}
