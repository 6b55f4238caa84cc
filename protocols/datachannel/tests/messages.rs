//! What messages are (RFC 8831 section 6.6).

use bytes::Bytes;
use icelab_datachannel::wire::ppid::Ppid;
use icelab_datachannel::{
    ChannelId, Closure, Config, Discard, Event, Kind, Message, Properties, Reliability, SendError,
};

use crate::ends::{
    Raw, binary, closed, configs, connected, drive, good, messages, open, open_message, opened,
    raw, raw_with, reset, resets, say, sctp, text,
};

/// The raw peer opens a channel on stream 0.
fn open_raw(raw: &mut Raw, properties: Properties) -> ChannelId {
    say(raw, open_message(0, properties));
    drive(raw);
    let channel = opened(&raw.events_a())[0].0;
    raw.z.received();
    channel
}

#[test]
fn each_message_is_one_of_sctp_and_says_what_it_is() {
    let mut raw = raw();
    let channel = open_raw(&mut raw, Properties::labelled("x"));
    let now = raw.now();
    for message in [text("ä"), text(""), binary(&[7, 8]), binary(&[])] {
        raw.a.send(channel, message, now).unwrap();
    }
    drive(&mut raw);
    let sent: Vec<_> = raw
        .z
        .received()
        .into_iter()
        .map(|it| (it.ppid.0, it.payload.into_bytes().to_vec()))
        .collect();
    let expected = [(51, "ä".as_bytes().to_vec()), (56, vec![0]), (53, vec![7, 8]), (57, vec![0])];
    assert_eq!(sent, expected);
}

#[test]
fn an_empty_message_is_empty_whatever_stands_for_it() {
    let mut raw = raw();
    let channel = open_raw(&mut raw, Properties::labelled("x"));
    for (ppid, payload) in [(56, &b"\0"[..]), (57, b"\0"), (56, b"not empty"), (57, &[9; 5000])] {
        say(&mut raw, sctp(0, ppid, payload));
    }
    drive(&mut raw);
    let expected = [text(""), binary(&[]), text(""), binary(&[])];
    assert_eq!(messages(&raw.events_a(), channel), expected);
}

#[test]
fn a_long_message_under_the_number_of_an_empty_one_is_empty() {
    let (_, mut config) = configs();
    config.sctp.partial_delivery = 2000;
    let mut raw = raw_with(config);
    let channel = open_raw(&mut raw, Properties::labelled("x"));
    say(&mut raw, sctp(0, 57, &[9; 50_000]));
    say(&mut raw, sctp(0, 51, b"after"));
    drive(&mut raw);
    assert_eq!(messages(&raw.events_a(), channel), [binary(&[]), text("after")]);
}

#[test]
fn text_that_is_no_utf_8_is_mended() {
    let mut raw = raw();
    let channel = open_raw(&mut raw, Properties::labelled("x"));
    for payload in [&b"a\xFFb"[..], b"\xF0\x9D\x84", "𝄞 fine".as_bytes()] {
        say(&mut raw, sctp(0, 51, payload));
    }
    say(&mut raw, sctp(0, 53, b"a\xFFb"));
    drive(&mut raw);
    let expected = [text("a\u{FFFD}b"), text("\u{FFFD}"), text("𝄞 fine"), binary(b"a\xFFb")];
    assert_eq!(messages(&raw.events_a(), channel), expected);
    assert_eq!(raw.a.discards().count(Discard::NotUtf8), 2);
}

#[test]
fn a_long_text_is_whole_utf_8_wherever_packets_cut_it() {
    let mut ends = good();
    let (a, z) = open(&mut ends, Properties::labelled("x"));
    let long = text(&"a𝄞ä€".repeat(20_000));
    ends.a.send(a, long.clone(), ends.now()).unwrap();
    drive(&mut ends);
    assert_eq!(messages(&ends.events_z(), z), [long]);
    assert_eq!(ends.z.discards().count(Discard::NotUtf8), 0);
}

#[test]
fn fragments_of_the_deprecated_kind_are_put_together() {
    let mut raw = raw();
    let channel = open_raw(&mut raw, Properties::labelled("x"));
    for (ppid, payload) in [
        (54, "one ".as_bytes()),
        (54, "tw\u{F6}".as_bytes().split_last().unwrap().1),
        (51, b"\xB6 three"),
        (53, b"alone"),
        (52, b"a"),
        (53, b"b"),
    ] {
        say(&mut raw, sctp(0, ppid, payload));
    }
    drive(&mut raw);
    let expected = [text("one tw\u{F6} three"), binary(b"alone"), binary(b"ab")];
    assert_eq!(messages(&raw.events_a(), channel), expected);
}

#[test]
fn fragments_that_do_not_belong_together_close_the_channel() {
    for second in [51, 54, 57, 50] {
        let mut raw = raw();
        let channel = open_raw(&mut raw, Properties::labelled("x"));
        for ppid in [52, second] {
            say(&mut raw, sctp(0, ppid, b"x"));
        }
        drive(&mut raw);
        assert_eq!(raw.events_a(), [Event::Closing { channel }], "52 and {second}");
        assert_eq!(raw.a.discards().count(Discard::MixedFragments), 1);
        assert_eq!(resets(&raw.events_z()), [0]);
    }
}

#[test]
fn fragments_are_for_reliable_and_ordered_channels() {
    let unordered = Properties { is_ordered: false, ..Properties::default() };
    let reliability = Reliability::Retransmissions(9);
    let unreliable = Properties { reliability, ..Properties::default() };
    for properties in [unordered, unreliable] {
        let mut raw = raw();
        let channel = open_raw(&mut raw, properties);
        say(&mut raw, sctp(0, 54, b"x"));
        drive(&mut raw);
        assert_eq!(raw.events_a(), [Event::Closing { channel }]);
    }
}

#[test]
fn a_message_of_a_kind_that_is_not_known_closes_the_channel() {
    for ppid in [0, 46, 49, 55, 58, u32::MAX] {
        let mut raw = raw();
        let channel = open_raw(&mut raw, Properties::labelled("x"));
        say(&mut raw, sctp(0, ppid, b"x"));
        reset(&mut raw, 0);
        drive(&mut raw);
        let events = raw.events_a();
        let fault = Closure::Fault(Discard::UnknownPpid);
        assert_eq!(closed(&events), [(channel, fault)], "{ppid}");
        assert!(messages(&events, channel).is_empty());
        assert_eq!(resets(&raw.events_z()), [0]);
    }
}

#[test]
fn a_message_without_order_on_an_ordered_channel_closes_it() {
    let mut raw = raw();
    let channel = open_raw(&mut raw, Properties::labelled("x"));
    let message = icelab_sctp::Message { is_unordered: true, ..sctp(0, 51, b"x") };
    say(&mut raw, message);
    drive(&mut raw);
    assert_eq!(raw.events_a(), [Event::Closing { channel }]);
    assert_eq!(raw.a.discards().count(Discard::IllegalOrder), 1);
}

#[test]
fn a_message_longer_than_the_peer_takes_is_not_sent() {
    let mut ends = good();
    let (a, z) = open(&mut ends, Properties::labelled("x"));
    ends.a.set_peer_longest_message(5);
    let now = ends.now();
    let too_long = SendError::TooLong { length: 6, limit: 5 };
    assert_eq!(ends.a.send(a, text("123456"), now), Err(too_long));
    assert_eq!(ends.a.send(a, text("ääx"), now), Ok(()), "bytes count");
    drive(&mut ends);
    assert_eq!(messages(&ends.events_z(), z), [text("ääx")]);
    assert_eq!(Config::default().peer_longest_message, 65_536, "where the peer says nothing");
}

#[test]
fn a_message_longer_than_was_said_closes_the_channel() {
    let (_, config) = configs();
    for partial_delivery in [100, 1 << 20] {
        let mut config = Config { longest_message: 5000, ..config.clone() };
        config.sctp.partial_delivery = partial_delivery;
        let mut raw = raw_with(config);
        let channel = open_raw(&mut raw, Properties::labelled("x"));
        say(&mut raw, sctp(0, 53, &[1; 5000]));
        say(&mut raw, sctp(0, 53, &[2; 5001]));
        drive(&mut raw);
        let events = raw.events_a();
        assert_eq!(messages(&events, channel), [binary(&[1; 5000])]);
        assert!(events.contains(&Event::Closing { channel }));
        assert_eq!(raw.a.discards().count(Discard::TooLong), 1);
    }
}

#[test]
fn what_is_not_complete_is_bounded() {
    let (mut client, mut server) = configs();
    server.sctp.partial_delivery = 2000;
    server.unfinished = 100_000;
    client.sctp.extensions.interleaving = true;
    let mut ends = connected((client, server), Default::default(), 1);
    let (a, z) = open(&mut ends, Properties::labelled("x"));
    ends.a.send(a, binary(&[1; 80_000]), ends.now()).unwrap();
    drive(&mut ends);
    assert_eq!(messages(&ends.events_z(), z), [binary(&[1; 80_000])], "it is given back");
    ends.a.send(a, binary(&[1; 80_000]), ends.now()).unwrap();
    ends.a.send(a, binary(&[2; 120_000]), ends.now()).unwrap();
    drive(&mut ends);
    let fault = Closure::Fault(Discard::NoRoom);
    assert_eq!(closed(&ends.events_z()), [(z, fault)]);
}

#[test]
fn nothing_is_sent_on_a_channel_that_is_not_open() {
    let mut ends = good();
    let (a, z) = open(&mut ends, Properties::labelled("x"));
    ends.a.close(a, ends.now());
    assert_eq!(ends.a.send(a, text("no"), ends.now()), Err(SendError::NotOpen));
    drive(&mut ends);
    assert_eq!(ends.a.send(a, text("no"), ends.now()), Err(SendError::NotOpen));
    assert_eq!(ends.z.send(z, text("no"), ends.now()), Err(SendError::NotOpen));
}

#[test]
fn the_sender_keeps_the_bytes_it_shares() {
    let mut ends = good();
    let (a, z) = open(&mut ends, Properties::labelled("x"));
    let bytes = Bytes::from(vec![5; 100]);
    ends.a.send(a, Message::Binary(bytes.clone()), ends.now()).unwrap();
    drive(&mut ends);
    assert_eq!(messages(&ends.events_z(), z), [Message::Binary(bytes)]);
}

#[test]
fn kinds_have_their_numbers() {
    assert_eq!(text("x").kind(), Kind::Text);
    assert_eq!(binary(b"x").kind(), Kind::Binary);
    assert_eq!((text("").is_empty(), binary(b"abc").len()), (true, 3));
    assert_eq!(Ppid::Full(Kind::Text).number().0, 51);
}
