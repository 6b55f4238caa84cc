//! Streams are used again, but not too early (RFC 8831 section 6.7).

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use icelab_datachannel::wire::ppid::Ppid;
use icelab_datachannel::{
    ChannelId, Closure, Config, Discard, Event, Kind, OpenError, Properties, ReadyState,
};
use icelab_sans_io::Rng;
use icelab_sans_io::testing::{LinkModel, Passing, Side};
use icelab_sctp::StreamId;

use crate::ends::{
    Ends, Raw, binary, closed, configs, connected, drive, messages, open_message, opened, raw,
    raw_with, reset, resets, say, sctp, text,
};

/// Two ends with this many streams each way.
fn narrow(streams: u16, link: LinkModel, seed: u64) -> Ends {
    let (mut client, mut server) = configs();
    client.sctp.streams = (streams, streams);
    server.sctp.streams = (streams, streams);
    connected((client, server), link, seed)
}

#[test]
fn a_stream_is_free_once_both_directions_are_reset() {
    let mut ends = narrow(2, LinkModel::delayed(Duration::from_millis(50)), 1);
    let first = ends.a.open(Properties::labelled("first"), ends.now()).unwrap();
    ends.drive_for(Duration::from_secs(1));
    ends.a.close(first, ends.now());
    while ends.a.ready_state(first) != ReadyState::Closed {
        let again = ends.a.open(Properties::labelled("too early"), ends.now());
        assert_eq!(again, Err(OpenError::NoStreamLeft), "at {}", ends.now());
        ends.drive_for(Duration::from_millis(1));
    }
    let second = ends.a.open(Properties::labelled("second"), ends.now()).unwrap();
    assert_eq!(ends.a.stream(second), Some(StreamId(0)));
    ends.a.send(second, text("to the second"), ends.now()).unwrap();
    ends.drive_for(Duration::from_secs(1));
    let events = ends.events_z();
    let labels: Vec<_> = opened(&events).iter().map(|(_, it)| it.label.clone()).collect();
    assert_eq!(labels, ["first", "second"]);
    let handle = opened(&events)[1].0;
    assert_eq!(messages(&events, handle), [text("to the second")]);
}

#[test]
fn a_peer_that_never_resets_keeps_the_stream() {
    let mut raw = raw();
    let channel = raw.a.open_negotiated(StreamId(4), Properties::default(), raw.now()).unwrap();
    raw.a.close(channel, raw.now());
    raw.drive_for(Duration::from_secs(600));
    assert_eq!(resets(&raw.events_z()), [4]);
    let again = raw.a.open_negotiated(StreamId(4), Properties::default(), raw.now());
    assert_eq!(again, Err(OpenError::StreamInUse(StreamId(4))));
}

/// Whether a packet answers a request to reset (RFC 6525 section 4.4).
fn answers_reset(packet: &[u8]) -> bool {
    let mut rest = &packet[12..];
    while let [kind, _, high, low, ..] = *rest {
        let length = usize::from(u16::from_be_bytes([high, low])).max(4);
        if kind == 130 && rest[4..6] == [0, 16] {
            return true;
        }
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    false
}

/// The peer has closed its channel on stream 0, and both directions are reset; but A does not hear of its
/// own until the cell is set.
fn half_closed(mut raw: Raw) -> (Raw, ChannelId, Rc<Cell<bool>>) {
    say(&mut raw, open_message(0, Properties::labelled("old")));
    drive(&mut raw);
    let old = opened(&raw.events_a())[0].0;
    let may_hear = Rc::new(Cell::new(false));
    let hears = Rc::clone(&may_hear);
    raw.filter(move |side, packet, _| match side {
        Side::Z if answers_reset(packet) && !hears.get() => Passing::Lost,
        Side::A | Side::Z => Passing::Pass,
    });
    // A <- reset <- Z
    // A -> reset -> Z
    // A /lost/ <- done <- Z
    reset(&mut raw, 0);
    raw.drive_for(Duration::from_millis(100));
    assert_eq!(raw.events_a(), [Event::Closing { channel: old }]);
    assert_eq!(resets(&raw.events_z()), [0], "for the peer, all is done");
    (raw, old, may_hear)
}

#[test]
fn an_open_that_overtakes_the_end_of_the_old_channel_waits_for_it() {
    let (mut raw, old, may_hear) = half_closed(raw());
    say(&mut raw, open_message(0, Properties::labelled("new")));
    say(&mut raw, sctp(0, 51, b"to the new one"));
    raw.drive_for(Duration::from_millis(100));
    assert_eq!(raw.events_a(), []);
    may_hear.set(true);
    drive(&mut raw);
    let events = raw.events_a();
    assert_eq!(events[0], Event::Closed { channel: old, closure: Closure::Peer });
    let [(new, properties)] = opened(&events)[..] else { panic!("{events:?}") };
    assert_eq!(properties.label, "new");
    assert_eq!(messages(&events, new), [text("to the new one")]);
    assert_eq!(messages(&events, old), []);
    let acks = raw.z.received().iter().filter(|it| it.ppid == Ppid::Dcep.number()).count();
    assert_eq!(acks, 2);
}

#[test]
fn more_than_may_wait_for_the_end_of_the_old_channel_costs_the_new_one() {
    let config = Config { unfinished: 10_000, ..configs().1 };
    let (mut raw, old, may_hear) = half_closed(raw_with(config));
    say(&mut raw, open_message(0, Properties::labelled("new")));
    say(&mut raw, sctp(0, 53, &[0; 20_000]));
    drive(&mut raw);
    may_hear.set(true);
    drive(&mut raw);
    assert_eq!(raw.events_a(), [Event::Closed { channel: old, closure: Closure::Peer }]);
    assert_eq!(raw.a.discards().count(Discard::NoRoom), 1);
    assert_eq!(resets(&raw.events_z()), [0], "it is refused");
    // A <- reset <- Z, and all is well again.
    reset(&mut raw, 0);
    drive(&mut raw);
    say(&mut raw, open_message(0, Properties::labelled("newer")));
    drive(&mut raw);
    assert_eq!(opened(&raw.events_a()).len(), 1);
}

#[test]
fn a_channel_that_comes_and_goes_before_the_end_of_the_old_one_is_seen_after_it() {
    let (mut raw, old, may_hear) = half_closed(raw());
    say(&mut raw, open_message(0, Properties::labelled("new")));
    say(&mut raw, sctp(0, 51, b"all there is"));
    reset(&mut raw, 0);
    raw.drive_for(Duration::from_millis(100));
    assert_eq!(raw.events_a(), []);
    may_hear.set(true);
    raw.drive_for(Duration::from_secs(30));
    let events = raw.events_a();
    let new = opened(&events)[0].0;
    assert_eq!(messages(&events, new), [text("all there is")]);
    assert_eq!(closed(&events), [(old, Closure::Peer), (new, Closure::Peer)]);
    assert_eq!(resets(&raw.events_z()), [0], "and its direction is reset");
    say(&mut raw, open_message(0, Properties::labelled("newer")));
    drive(&mut raw);
    assert_eq!(opened(&raw.events_a()).len(), 1);
}

/// What one side of a busy pair has seen.
#[derive(Default)]
struct Seen {
    labels: BTreeMap<ChannelId, String>,
    messages: BTreeMap<String, Vec<String>>,
    closed: usize,
}

impl Seen {
    fn take(&mut self, events: Vec<Event>) {
        for event in events {
            match event {
                Event::Opened { channel, properties } => {
                    assert!(!self.messages.contains_key(&properties.label), "opened twice");
                    self.messages.insert(properties.label.clone(), Vec::new());
                    self.labels.insert(channel, properties.label);
                }
                Event::Message { channel, kind: Kind::Text, payload } => {
                    let bytes = payload.into_bytes();
                    let message = core::str::from_utf8(&bytes).unwrap().to_owned();
                    self.messages.get_mut(&self.labels[&channel]).unwrap().push(message);
                }
                Event::Closed { channel, closure } => {
                    assert!(
                        matches!(closure, Closure::Local | Closure::Peer | Closure::Refused),
                        "{closure:?}"
                    );
                    self.closed += usize::from(self.labels.contains_key(&channel));
                }
                _ => {}
            }
        }
    }
}

/// Both sides open channels, send and close, all the time, with four streams for each; over links that lose
/// and reorder. No message ever comes on another channel than its own.
#[test]
fn streams_are_used_again_and_again_and_nothing_is_mixed_up() {
    let mut opened = 0;
    for seed in 0..6 {
        let link = LinkModel::terrible(Duration::from_millis(30));
        let mut ends = narrow(8, link, seed);
        let mut rng = Rng::from_u64(seed).fork("busy", 0);
        let (mut seen_a, mut seen_z) = (Seen::default(), Seen::default());
        let mut expected = BTreeMap::<String, Vec<String>>::new();
        let mut own: Vec<(Side, ChannelId, String)> = Vec::new();
        for round in 0..400 {
            let now = ends.now();
            let side = if rng.below(2) == 0 { Side::A } else { Side::Z };
            let end = if side == Side::A { &mut ends.a } else { &mut ends.z };
            let label = format!("{side:?} {round}");
            if let Ok(channel) = end.open(Properties::labelled(label.clone()), now) {
                for number in 0..rng.below(4) {
                    let message = format!("{label}: {number}");
                    end.send(channel, text(&message), now).unwrap();
                    expected.entry(label.clone()).or_default().push(message);
                }
                expected.entry(label.clone()).or_default();
                own.push((side, channel, label));
            }
            if own.len() > 4 || rng.below(3) == 0 {
                let place = usize::try_from(rng.below(own.len() as u64)).unwrap();
                if let Some((side, channel, _)) = own.get(place) {
                    let end = if *side == Side::A { &mut ends.a } else { &mut ends.z };
                    end.close(*channel, now);
                    own.remove(place);
                }
            }
            ends.drive_for(Duration::from_millis(rng.below(400)));
            seen_a.take(ends.events_a());
            seen_z.take(ends.events_z());
        }
        let now = ends.now();
        for (side, channel, _) in &own {
            let end = if *side == Side::A { &mut ends.a } else { &mut ends.z };
            end.close(*channel, now);
        }
        ends.drive_for(Duration::from_secs(300));
        seen_a.take(ends.events_a());
        seen_z.take(ends.events_z());
        assert_eq!(ends.a.channels().count() + ends.z.channels().count(), 0, "seed {seed}");
        assert_eq!(seen_a.closed + seen_z.closed, expected.len());
        opened += expected.len();
        let mut seen = seen_a.messages;
        seen.append(&mut seen_z.messages);
        assert!(seen == expected, "seed {seed}: {seen:?} instead of {expected:?}");
        for end in [&ends.a, &ends.z] {
            assert_eq!(end.discards().iter().count(), 0, "seed {seed}: {:?}", end.discards());
        }
    }
    assert!(opened > 500, "streams were used again: {opened} channels");
}

#[test]
fn the_longest_free_stream_is_the_next_one() {
    let mut ends = narrow(6, LinkModel::delayed(Duration::from_millis(10)), 1);
    let mut order = Vec::new();
    for _ in 0..7 {
        let channel = ends.a.open(Properties::default(), ends.now()).unwrap();
        order.push(ends.a.stream(channel).unwrap().0);
        ends.a.send(channel, binary(&[1]), ends.now()).unwrap();
        ends.drive_for(Duration::from_secs(1));
        ends.a.close(channel, ends.now());
        ends.drive_for(Duration::from_secs(1));
    }
    assert_eq!(order, [0, 2, 4, 0, 2, 4, 0]);
}
