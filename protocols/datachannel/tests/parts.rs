//! Long messages, in parts and as one.

use std::time::Duration;

use icelab_datachannel::{
    ChannelId, Config, DataChannels, Delivery, Event, Kind, Message, Part, Payload, Properties,
    Reliability,
};
use icelab_sans_io::testing::LinkModel;
use icelab_sans_io::{Instant, Output, Protocol as _, Rng};
use icelab_sctp::StreamId;

use crate::ends::{binary, configs, connected, drive, messages, open, text};

/// A part, as it was told: message, kind, part, bytes.
type Told = (u64, Kind, Part, Vec<u8>);

fn parts(events: &[Event], of: ChannelId) -> Vec<Told> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Part { channel, message, kind, part, payload } if *channel == of => {
                Some((*message, *kind, *part, payload.clone().into_bytes().to_vec()))
            }
            _ => None,
        })
        .collect()
}

/// Ends whose messages of more than 5,000 bytes come in parts.
fn partial(delivery: Delivery) -> (Config, Config) {
    let (client, mut server) = configs();
    server.sctp.partial_delivery = 5000;
    server.delivery = delivery;
    (client, server)
}

/// Bytes of which each says where it stands, nearly.
fn pattern(length: usize) -> Vec<u8> {
    let mut bytes = (0..251).collect::<Vec<u8>>().repeat(length / 251 + 1);
    bytes.truncate(length);
    bytes
}

#[test]
fn a_channel_that_wants_parts_gets_them_as_they_come() {
    let link = LinkModel::delayed(Duration::from_millis(20));
    let mut ends = connected(partial(Delivery::Parts), link, 1);
    let (a, z) = open(&mut ends, Properties::labelled("x"));
    let long = pattern(200_000);
    for message in [binary(&long), text("short"), text(&"long ".repeat(4000))] {
        ends.a.send(a, message, ends.now()).unwrap();
    }
    drive(&mut ends);
    let events = ends.events_z();
    let told = parts(&events, z);
    for (message, kind, bytes) in
        [(0, Kind::Binary, long), (1, Kind::Text, "long ".repeat(4000).into_bytes())]
    {
        let told: Vec<_> = told.iter().filter(|part| part.0 == message).collect();
        let kinds: Vec<_> = told.iter().map(|part| part.2).collect();
        assert!(told.len() > 1 && told.iter().all(|part| part.1 == kind));
        assert_eq!(kinds.first(), Some(&Part::First));
        assert_eq!(kinds.last(), Some(&Part::Last));
        assert!(kinds[1..kinds.len() - 1].iter().all(|part| *part == Part::Middle));
        assert_eq!(told.iter().flat_map(|part| part.3.clone()).collect::<Vec<_>>(), bytes);
    }
    assert_eq!(messages(&events, z), [text("short")], "short ones are whole");
}

#[test]
fn a_channel_that_wants_whole_messages_gets_them() {
    let link = LinkModel::terrible(Duration::from_millis(20));
    let mut ends = connected(partial(Delivery::Whole), link, 4);
    let properties = Properties { is_ordered: false, ..Properties::labelled("x") };
    let a = ends.a.open(properties, ends.now()).unwrap();
    ends.drive_for(Duration::from_secs(60));
    let z = crate::ends::opened(&ends.events_z())[0].0;
    let sent: Vec<_> = (0..5).map(|number| binary(&pattern(20_000 + number))).collect();
    for message in &sent {
        ends.a.send(a, message.clone(), ends.now()).unwrap();
    }
    ends.drive_for(Duration::from_secs(120));
    let mut got = messages(&ends.events_z(), z);
    got.sort_by_key(Message::len);
    assert!(got == sent);
}

#[test]
fn a_channel_may_change_how_it_wants_them() {
    let mut ends = connected(partial(Delivery::Whole), LinkModel::default(), 1);
    let (a, z) = open(&mut ends, Properties::labelled("x"));
    for delivery in [Delivery::Parts, Delivery::Whole] {
        ends.z.set_delivery(z, delivery);
        ends.a.send(a, binary(&pattern(30_000)), ends.now()).unwrap();
        drive(&mut ends);
        let events = ends.events_z();
        let is_whole = delivery == Delivery::Whole;
        assert_eq!(messages(&events, z).len(), usize::from(is_whole));
        assert_eq!(parts(&events, z).is_empty(), is_whole);
    }
}

#[test]
fn a_message_that_is_given_up_halfway_is_void() {
    for delivery in [Delivery::Parts, Delivery::Whole] {
        let link = LinkModel::delayed(Duration::from_millis(20));
        let (mut client, server) = partial(delivery);
        // Which sends as much at once as its window allows.
        client.sctp.congestion = icelab_sctp::Congestion::Reno;
        let mut ends = connected((client, server), link, 1);
        let properties = Properties {
            reliability: Reliability::Lifetime(Duration::from_millis(200)),
            ..Properties::labelled("x")
        };
        let (a, z) = open(&mut ends, properties);
        ends.a.send(a, binary(&pattern(5_000_000)), ends.now()).unwrap();
        ends.drive_for(Duration::from_millis(100));
        // For a while, nothing arrives.
        let link_that_loses = LinkModel { loss_ppb: 1_000_000_000, ..link };
        ends.set_link(link_that_loses);
        ends.drive_for(Duration::from_millis(300));
        ends.set_link(link);
        ends.drive_for(Duration::from_secs(30));
        ends.a.send(a, text("after"), ends.now()).unwrap();
        drive(&mut ends);
        let events = ends.events_z();
        let told = parts(&events, z);
        match delivery {
            Delivery::Parts => {
                assert_eq!(told.first().map(|part| part.2), Some(Part::First));
                assert_eq!(told.last().map(|part| part.2), Some(Part::Void));
            }
            Delivery::Whole => {
                use icelab_datachannel::Discard;
                assert_eq!(ends.z.discards().count(Discard::GivenUp), 1);
            }
        }
        assert_eq!(messages(&events, z), [text("after")], "{delivery:?}");
    }
}

/// Carries packets between two ends at once until neither has any, and hands events over.
fn carry(ends: &mut (DataChannels, DataChannels), now: Instant, mut told: impl FnMut(Event)) {
    loop {
        let mut is_quiet = true;
        while let Some(output) = ends.0.poll_output() {
            is_quiet = false;
            if let Output::Packet(packet) = output {
                ends.1.handle_input(packet, now);
            }
        }
        while let Some(output) = ends.1.poll_output() {
            is_quiet = false;
            match output {
                Output::Packet(packet) => ends.0.handle_input(packet, now),
                Output::Event(event) => told(event),
            }
        }
        if is_quiet {
            return;
        }
    }
}

/// Runs two ends without a network between them until `is_done` says so of an event at the second.
fn run(ends: &mut (DataChannels, DataChannels), mut is_done: impl FnMut(Event) -> bool) {
    let (mut now, mut done) = (Instant::START, false);
    ends.0.handle_timeout(now);
    while !done {
        carry(ends, now, |event| done |= is_done(event));
        let next = [ends.0.poll_timeout(), ends.1.poll_timeout()].into_iter().flatten().min();
        now = now.max(next.expect("work is left").at);
        assert!(now < Instant::from_secs(3600), "no end");
        ends.0.handle_timeout(now);
        ends.1.handle_timeout(now);
    }
}

/// Whether the bytes are those of the pattern from `from` on.
fn is_pattern(payload: &Payload, from: usize) -> bool {
    let expected = pattern(2000);
    let mut at = from % 251;
    payload.pieces().iter().all(|piece| {
        let is_equal = *piece == expected[at..at + piece.len()];
        at = (at + piece.len()) % 251;
        is_equal
    })
}

/// Two ends that are connected, with a channel of the second's on stream 0.
fn far_apart(delivery: Delivery) -> ((DataChannels, DataChannels), ChannelId) {
    let (client, server) = configs();
    let rng = Rng::from_u64(1);
    let now = Instant::START;
    let mut ends =
        (DataChannels::new(client, rng.fork("a", 0)), DataChannels::new(server, rng.fork("z", 0)));
    let a = ends.0.open_negotiated(StreamId(0), Properties::default(), now).unwrap();
    let z = ends.1.open_negotiated(StreamId(0), Properties::default(), now).unwrap();
    ends.1.set_delivery(z, delivery);
    ends.0.connect(now);
    run(&mut ends, |event| matches!(event, Event::Open { .. }));
    (ends, a)
}

#[test]
fn a_message_of_256_mib_arrives_as_one() {
    let (mut ends, a) = far_apart(Delivery::Whole);
    let message = Message::Binary(pattern(256 << 20).into());
    ends.0.send(a, message, Instant::START).unwrap();
    let mut arrived = None;
    run(&mut ends, |event| {
        if let Event::Message { payload, .. } = event {
            arrived = Some(payload);
        }
        arrived.is_some()
    });
    let arrived = arrived.unwrap();
    assert_eq!(arrived.len(), 256 << 20);
    assert!(arrived.pieces().len() > 200_000, "the packets' own bytes, not a copy of them");
    assert!(is_pattern(&arrived, 0));
}

#[test]
fn a_message_of_64_mib_is_streamed() {
    let (mut ends, a) = far_apart(Delivery::Parts);
    let message = Message::Binary(pattern(64 << 20).into());
    ends.0.send(a, message, Instant::START).unwrap();
    let mut length = 0;
    run(&mut ends, |event| {
        let Event::Part { part, payload, .. } = event else { return false };
        assert!(is_pattern(&payload, length));
        assert!(payload.len() < 8 << 20, "{} at once", payload.len());
        length += payload.len();
        part == Part::Last
    });
    assert_eq!(length, 64 << 20);
}
