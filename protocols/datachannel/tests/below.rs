//! What channels need of the association below them.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use icelab_datachannel::{OpenError, Priority, Properties, Reliability};
use icelab_sans_io::Instant;
use icelab_sans_io::testing::{LinkModel, Passing, Side};

use icelab_sctp::StreamId;

use crate::ends::{
    apart, ask_reset, binary, closed, configs, connect, connected, drive, good, messages, open,
    open_message, opened, raw, raw_of, reset, resets, say, text,
};

#[test]
fn a_long_message_after_a_short_one_goes_at_full_speed() {
    let mut ends = good();
    // OPEN and ACK are short, and alone.
    let (a, z) = open(&mut ends, Properties::labelled("x"));
    drive(&mut ends);
    ends.a.send(a, binary(&[7; 200_000]), ends.now()).unwrap();
    // 20 ms there and back; slow start takes five round trips for 200 packets.
    ends.drive_for(Duration::from_millis(400));
    assert_eq!(messages(&ends.events_z(), z), [binary(&[7; 200_000])]);
}

#[test]
fn messages_that_last_long_enough_all_arrive_over_a_good_link() {
    let mut ends = good();
    let properties = Properties {
        reliability: Reliability::Lifetime(Duration::from_millis(300)),
        ..Properties::labelled("x")
    };
    let (a, z) = open(&mut ends, properties);
    for _ in 0..10 {
        ends.a.send(a, binary(&[7; 20_000]), ends.now()).unwrap();
        drive(&mut ends);
    }
    assert_eq!(messages(&ends.events_z(), z).len(), 10);
}

/// RFC 8831 section 6.4, RFC 8260 section 3.6.
#[test]
fn channels_share_the_path_by_their_priorities() {
    for interleaving in [false, true] {
        let (mut client, mut server) = configs();
        client.sctp.extensions.interleaving = interleaving;
        server.sctp.extensions.interleaving = interleaving;
        let link = LinkModel::delayed(Duration::from_millis(20));
        let mut ends = connected((client, server), link, 1);
        let of = |label: &str, priority| Properties { priority, ..Properties::labelled(label) };
        let now = ends.now();
        let normal = ends.a.open(of("normal", Priority::NORMAL), now).unwrap();
        let extra = ends.a.open(of("extra", Priority::EXTRA_HIGH), now).unwrap();
        ends.drive_for(Duration::from_secs(1));
        let handles: Vec<_> = opened(&ends.events_z()).iter().map(|(id, _)| *id).collect();
        // More than can be under way at once waits on both.
        for _ in 0..400 {
            let now = ends.now();
            ends.a.send(normal, binary(&[0; 16_384]), now).unwrap();
            ends.a.send(extra, binary(&[1; 16_384]), now).unwrap();
        }
        let mut counts = [0, 0];
        let limit = ends.now() + Duration::from_secs(60);
        while counts[0] + counts[1] < 300 {
            ends.drive_for(Duration::from_millis(5));
            assert!(ends.now() < limit, "{counts:?}");
            let events = ends.events_z();
            for (count, handle) in counts.iter_mut().zip(&handles) {
                *count += messages(&events, *handle).len();
            }
        }
        let tenths = counts[1] * 10 / counts[0].max(1);
        assert!((30..=50).contains(&tenths), "four times as much, but {counts:?}");
    }
}

#[test]
fn a_lost_message_holds_up_no_other_channel() {
    let mut ends = connected(configs(), LinkModel::delayed(Duration::from_millis(50)), 1);
    let now = ends.now();
    let first = ends.a.open(Properties::labelled("first"), now).unwrap();
    let second = ends.a.open(Properties::labelled("second"), now).unwrap();
    ends.drive_for(Duration::from_secs(2));
    let handles: Vec<_> = opened(&ends.events_z()).iter().map(|(id, _)| *id).collect();
    // A /lost/ -> the first channel's message -> Z
    let is_lost = Cell::new(false);
    ends.filter(move |side, _, _| {
        let passing = side == Side::Z || is_lost.replace(true);
        if passing { Passing::Pass } else { Passing::Lost }
    });
    ends.a.send(first, text("late"), ends.now()).unwrap();
    ends.settle();
    ends.a.send(second, text("in time"), ends.now()).unwrap();
    ends.drive_for(Duration::from_millis(60));
    let events = ends.events_z();
    assert_eq!(messages(&events, handles[1]), [text("in time")]);
    assert!(messages(&events, handles[0]).is_empty());
    ends.drive_for(Duration::from_secs(5));
    assert_eq!(messages(&ends.events_z(), handles[0]), [text("late")]);
}

#[test]
fn long_messages_without_order_are_not_mixed_up() {
    for interleaving in [false, true] {
        let (mut client, mut server) = configs();
        client.sctp.extensions.interleaving = interleaving;
        server.sctp.extensions.interleaving = interleaving;
        server.sctp.partial_delivery = 5000;
        let link = LinkModel::terrible(Duration::from_millis(20));
        let mut ends = connected((client, server), link, 4);
        let properties = Properties { is_ordered: false, ..Properties::labelled("x") };
        let a = ends.a.open(properties, ends.now()).unwrap();
        ends.drive_for(Duration::from_secs(30));
        let z = opened(&ends.events_z())[0].0;
        let sent: Vec<_> = (0..20).map(|number| binary(&[number; 20_000])).collect();
        for message in &sent {
            ends.a.send(a, message.clone(), ends.now()).unwrap();
        }
        ends.drive_for(Duration::from_secs(120));
        let events = ends.events_z();
        assert_eq!(closed(&events), [], "interleaving: {interleaving}");
        let mut got = messages(&events, z);
        got.sort_by_key(|message| format!("{message:?}"));
        let mut sent = sent;
        sent.sort_by_key(|message| format!("{message:?}"));
        assert!(got == sent, "interleaving: {interleaving}");
    }
}

#[test]
fn what_has_arrived_can_be_read_after_the_end() {
    for graceful in [true, false] {
        let mut ends = good();
        let (a, z) = open(&mut ends, Properties::labelled("x"));
        ends.z.pause();
        ends.a.send(a, text("last words"), ends.now()).unwrap();
        drive(&mut ends);
        let now = ends.now();
        if graceful {
            ends.a.shutdown(now);
        } else {
            ends.a.abort(now);
        }
        drive(&mut ends);
        ends.z.resume(ends.now());
        drive(&mut ends);
        assert_eq!(messages(&ends.events_z(), z), [text("last words")], "graceful: {graceful}");
    }
}

/// The peer asks for a reset that this side is about to make: there is one reset, not a second one that
/// meets the stream's next channel.
#[test]
fn a_reset_that_both_sides_want_is_made_once() {
    let mut raw = raw();
    say(&mut raw, open_message(0, Properties::labelled("old")));
    drive(&mut raw);
    let old = opened(&raw.events_a())[0].0;
    let now = raw.now();
    raw.a.send(old, binary(&[0; 300_000]), now).unwrap();
    raw.a.close(old, now);
    ask_reset(&mut raw, 0);
    reset(&mut raw, 0);
    raw.drive_for(Duration::from_secs(60));
    assert_eq!(closed(&raw.events_a()).len(), 1);
    assert_eq!(resets(&raw.events_z()), [0], "once");
}

#[test]
fn streams_that_the_peer_adds_can_be_used() {
    let few = icelab_sctp::Config { streams: (4, 4), ..icelab_sctp::Config::default() };
    let mut raw = raw_of(configs().1, few);
    let now = raw.now();
    let stream = StreamId(5);
    let early = raw.a.open_negotiated(stream, Properties::default(), now);
    assert_eq!(early, Err(OpenError::NoSuchStream(stream)));
    raw.z.association.add_streams(2, 2, now).unwrap();
    drive(&mut raw);
    let now = raw.now();
    let channel = raw.a.open_negotiated(stream, Properties::default(), now).unwrap();
    raw.a.send(channel, text("there"), now).unwrap();
    drive(&mut raw);
    assert_eq!(raw.z.received()[0].stream, stream);
}

#[test]
fn nothing_is_sent_on_streams_that_the_peer_does_not_allow() {
    let (client, mut server) = configs();
    server.sctp.streams = (2, 2);
    let mut ends = apart((client, server), LinkModel::delayed(Duration::from_millis(10)), 1);
    for _ in 0..3 {
        ends.a.open(Properties::labelled("early"), Instant::START).unwrap();
    }
    let streams = Rc::new(Cell::new(0));
    let highest = Rc::clone(&streams);
    ends.filter(move |_, packet, _| {
        highest.set(highest.get().max(highest_stream(packet)));
        Passing::Pass
    });
    connect(&mut ends);
    drive(&mut ends);
    assert_eq!(opened(&ends.events_z()).len(), 1);
    assert_eq!(closed(&ends.events_a()).len(), 2);
    assert_eq!(streams.get(), 0, "the highest stream with data");
}

/// The highest stream that DATA chunks of a packet name (RFC 9260 section 3.3.1).
fn highest_stream(packet: &[u8]) -> u16 {
    let mut highest = 0;
    let mut rest = &packet[12..];
    while let [kind, _, high, low, ..] = *rest {
        let length = usize::from(u16::from_be_bytes([high, low])).max(4);
        if kind == 0 {
            highest = highest.max(u16::from_be_bytes([rest[8], rest[9]]));
        }
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    highest
}
