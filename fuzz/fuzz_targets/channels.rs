//! Two ends with data channels over a link that the input rules, which also has them open, negotiate, use
//! and close channels, stop and go on reading, end, abort and begin anew.
//!
//! Whatever happens,
//! 1. no call panics, or brings about more than a bounded number of outputs; a deadline that was handled
//!    gives way to a later one;
//! 2. a channel's events come in the order of its life, and nothing comes after the end.
//!
//! Where the link lost, repeated, reordered, delayed, damaged and replayed, but neither end was told what
//! its peer did not say,
//! 3. a channel comes to the peer once at most, and as it was made;
//! 4. each message comes once at most, whole, on its channel; in order where the channel keeps it;
//! 5. once the link has been good for long enough, a channel that nobody has closed is open at both ends, no
//!    channel is still closing, and all reliable messages have come but those to an end that closed its
//!    channel: or neither end is connected.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use icelab_datachannel::{
    ChannelId, Closure, Config, DataChannels, Delivery, Event, Message, Part, Payload, Priority,
    Properties, ReadyState, Reliability, Role, StreamId,
};
use icelab_sans_io::Rng;

use crate::associations::{configs, rules};
use crate::input::Input;
use crate::ledger::{Ledger, NUMBER};
use crate::link::Link;

/// A run: what the first bytes of the input set up, ruled by the others.
pub fn channels(data: &[u8]) {
    let mut input = Input::new(data);
    let mut lab = Lab::new(&mut input);
    for _ in 0..MOST_ACTS {
        if input.is_empty() {
            break;
        }
        if let Some(command) = lab.link.act(&mut input) {
            lab.command(command, &mut input);
        }
        lab.listen();
    }
    lab.finish();
}

/// A channel, as one end knows it.
struct Channel {
    /// What its messages are counted under: the same at both ends.
    lane: u64,
    properties: Properties,
    /// Whether OPEN told the peer of it, or will.
    is_announced: bool,
    /// Parts that have come of messages.
    begun: BTreeMap<u64, Vec<u8>>,
    life: Life,
    /// Whether this end closed it: what comes on it is dropped.
    is_closed_here: bool,
}

/// How far a channel has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Life {
    Connecting,
    Open,
    Closing,
    Closed,
}

/// What is known of an end.
#[derive(Default)]
struct Known {
    is_paused: bool,
    has_ended: bool,
    channels: BTreeMap<ChannelId, Channel>,
    /// The lanes that closed here, or came to nothing: what comes on them does not matter.
    deaf: BTreeSet<u64>,
}

struct Lab {
    configs: [Config; 2],
    link: Link<DataChannels>,
    known: [Known; 2],
    /// What each end has sent.
    sent: [Ledger; 2],
    next_lane: u64,
    /// How often an end has begun anew.
    lives: u64,
}

impl Lab {
    fn new(input: &mut Input<'_>) -> Self {
        let mut sctp = configs(input);
        let (rules, begins) = rules(input, &sctp);
        let options = input.u8();
        for config in &mut sctp {
            // A channel's stream has both directions, and a DCEP message must fit into the buffer.
            config.streams = if options & 1 == 0 { (64, 64) } else { (6, 6) };
        }
        let [a, z] = sctp;
        let mut configs = [(a, Role::Client), (z, Role::Server)].map(|(sctp, role)| Config {
            sctp,
            role: Some(role),
            longest_message: 1 << 20,
            peer_longest_message: 1 << 20,
            channels: if options & 2 == 0 { 64 } else { 4 },
            unfinished: if options & 4 == 0 { 1 << 22 } else { 10_000 },
            names: if options & 8 == 0 { 4096 } else { 32 },
            delivery: if options & 16 == 0 { Delivery::Whole } else { Delivery::Parts },
        });
        if options & 32 != 0 {
            configs[usize::from(options >> 6 & 1)].role = None;
        }
        let ends = [0, 1].map(|index| DataChannels::new(configs[index].clone(), rng(index, 0)));
        let link = Link::new(ends, rules);
        let (known, sent) = Default::default();
        let mut lab = Self { configs, link, known, sent, next_lane: 0, lives: 0 };
        for (index, begins) in begins.into_iter().enumerate() {
            if begins {
                lab.link.ends[index].connect(lab.link.now);
                lab.link.drain(index);
            }
        }
        lab
    }

    /// The lowest bit says which end, the five others what it does.
    fn command(&mut self, command: u8, input: &mut Input<'_>) {
        let index = usize::from(command & 1);
        let now = self.link.now;
        match command >> 1 {
            0..=3 => self.open(index, input),
            4 => self.negotiate(input),
            5 | 6 => self.close(index, input),
            7 | 8 => {
                self.known[index].is_paused = true;
                self.link.ends[index].pause();
            }
            9 | 10 => {
                self.known[index].is_paused = false;
                self.link.ends[index].resume(now);
            }
            11 => self.link.ends[index].shutdown(now),
            12 => self.link.ends[index].abort(now),
            13 => self.link.ends[index].set_mtu(150 + 5 * usize::from(input.u8()), now),
            14 => self.tune(index, input),
            15 if input.u8() == 0 => self.begin_anew(index),
            16 => self.link.ends[index].connect(now),
            17 => self.set_role(index),
            _ => self.send(index, input),
        }
        self.link.drain(index);
    }

    fn properties(&mut self, input: &mut Input<'_>) -> Properties {
        let kind = input.u8();
        let lane = self.next_lane;
        self.next_lane += 1;
        Properties {
            label: lane.to_string(),
            protocol: "x".repeat((kind >> 6).into()),
            is_ordered: kind & 1 == 0,
            reliability: match kind >> 1 & 3 {
                0 | 1 => Reliability::Full,
                2 => Reliability::Retransmissions((kind >> 3 & 3).into()),
                _ => Reliability::Lifetime(Duration::from_millis(u64::from(kind >> 3) * 20)),
            },
            priority: Priority(u16::from(kind >> 3) << 6),
        }
    }

    fn open(&mut self, index: usize, input: &mut Input<'_>) {
        let lane = self.next_lane;
        let properties = self.properties(input);
        let opened = self.link.ends[index].open(properties.clone(), self.link.now);
        if let Ok(channel) = opened {
            let before = self.add(index, channel, lane, properties, true);
            assert!(before.is_none(), "no two channels have the same handle");
        }
    }

    /// Both ends make the same channel. Where only one can, because the other has one of its own on the
    /// stream, each takes the other's for something else.
    fn negotiate(&mut self, input: &mut Input<'_>) {
        let stream = StreamId((input.u8() & 15).into());
        let lane = self.next_lane;
        let properties = self.properties(input);
        let mut made = 0;
        for index in [0, 1] {
            let end = &mut self.link.ends[index];
            let opened = end.open_negotiated(stream, properties.clone(), self.link.now);
            self.link.drain(index);
            if let Ok(channel) = opened {
                made += 1;
                self.add(index, channel, lane, properties.clone(), false);
            }
        }
        self.link.is_hostile |= made == 1;
    }

    fn add(
        &mut self,
        index: usize,
        channel: ChannelId,
        lane: u64,
        properties: Properties,
        is_announced: bool,
    ) -> Option<Channel> {
        let life = Life::Connecting;
        let begun = BTreeMap::new();
        let new = Channel { lane, properties, is_announced, begun, life, is_closed_here: false };
        self.known[index].channels.insert(channel, new)
    }

    /// Any channel that an end has, or had.
    fn any(&self, index: usize, input: &mut Input<'_>) -> Option<ChannelId> {
        let channels = &self.known[index].channels;
        channels.keys().nth(input.below(channels.len())).copied()
    }

    fn close(&mut self, index: usize, input: &mut Input<'_>) {
        let Some(channel) = self.any(index, input) else { return };
        self.link.ends[index].close(channel, self.link.now);
        let known = &mut self.known[index];
        if let Some(it) = known.channels.get_mut(&channel)
            && it.life < Life::Closing
        {
            it.life = Life::Closing;
            it.is_closed_here = true;
            known.deaf.insert(it.lane);
        }
    }

    fn tune(&mut self, index: usize, input: &mut Input<'_>) {
        let Some(channel) = self.any(index, input) else { return };
        let end = &mut self.link.ends[index];
        let how = input.u8();
        let delivery = if how & 1 == 0 { Delivery::Whole } else { Delivery::Parts };
        end.set_delivery(channel, delivery);
        end.set_buffered_amount_low_threshold(channel, how.into());
        let _ = (end.ready_state(channel), end.properties(channel), end.stream(channel));
        let _ = (end.discards().iter().count(), end.channels().count());
    }

    fn set_role(&mut self, index: usize) {
        let role = if index == 0 { Role::Client } else { Role::Server };
        self.link.ends[index].set_role(role, self.link.now);
        self.link.drain(index);
    }

    fn send(&mut self, index: usize, input: &mut Input<'_>) {
        let channel = self.any(index, input);
        let [kind, length] = [input.u8(), input.u8()];
        let Some(channel) = channel.filter(|_| self.sent[index].len() < MOST_MESSAGES) else {
            return;
        };
        let length = match length {
            0 => 0,
            1..128 => NUMBER + usize::from(length),
            _ => NUMBER + 64 * usize::from(length - 120),
        };
        let payload = if length == 0 { String::new() } else { self.sent[index].next(length) };
        let message = if kind & 1 == 0 {
            Message::Text(payload)
        } else {
            Message::Binary(payload.into_bytes().into())
        };
        if self.link.ends[index].send(channel, message, self.link.now).is_err() {
            return;
        }
        let it = &self.known[index].channels[&channel];
        assert!(it.life <= Life::Open, "a message on a channel that is {:?}", it.life);
        if length == 0 {
            self.sent[index].send_empty();
        } else {
            // Whoever sends on a channel that was negotiated before the peer has it loses it.
            let is_reliable = it.is_announced && it.properties.reliability == Reliability::Full;
            self.sent[index].send(length, it.lane, it.properties.is_ordered, is_reliable, 0);
        }
    }

    /// An end forgets everything, and asks again.
    fn begin_anew(&mut self, index: usize) {
        self.link.is_hostile = true;
        self.known[index] = Known::default();
        self.lives += 1;
        let mut end = DataChannels::new(self.configs[index].clone(), rng(index, self.lives));
        end.connect(self.link.now);
        self.link.ends[index] = end;
    }

    /// Hears what the ends have said.
    fn listen(&mut self) {
        while let Some((index, event)) = self.link.event() {
            self.hear(index, event);
        }
    }

    fn hear(&mut self, index: usize, event: Event) {
        assert!(!self.known[index].has_ended, "{event:?} after the end");
        match event {
            Event::Connected => {}
            Event::Open { channel } => {
                let it = self.known[index].channels.get_mut(&channel).expect("it was made here");
                // It may be closed between what it said and what was heard.
                assert_ne!(it.life, Life::Open);
                it.life = it.life.max(Life::Open);
            }
            Event::Opened { channel, properties } => self.take_opened(index, channel, properties),
            Event::Message { channel, payload, .. } => self.take(index, channel, payload),
            Event::Part { channel, message, part, payload, .. } => {
                let it = self.known[index].channels.get_mut(&channel).expect("it is a channel");
                let Some(whole) = put_together(it, message, part, payload) else { return };
                self.take(index, channel, Payload::from(Bytes::from(whole)));
            }
            Event::Closing { channel } => {
                let it = self.known[index].channels.get_mut(&channel).expect("it is a channel");
                assert!(it.life <= Life::Closing);
                it.life = Life::Closing;
            }
            Event::Closed { channel, closure } => self.take_closed(index, channel, &closure),
            Event::Ended { .. } => {
                self.known[index].has_ended = true;
                let all = self.known[index].channels.values();
                assert!(all.into_iter().all(|it| it.life == Life::Closed));
            }
            Event::BufferedAmountLow { channel } | Event::GivenUp { channel } => {
                let it = &self.known[index].channels[&channel];
                assert_ne!(it.life, Life::Closed, "nothing is heard of a channel that is closed");
            }
        }
    }

    fn take_opened(&mut self, index: usize, channel: ChannelId, properties: Properties) {
        let lane = properties.label.parse().unwrap_or(u64::MAX);
        if !self.link.is_hostile {
            let peer = &self.known[1 - index].channels;
            let made = peer.values().find(|it| it.lane == lane).expect("the peer has made it");
            assert_eq!(made.properties, properties);
            let known = &self.known[index].channels;
            assert!(!known.values().any(|it| it.lane == lane), "it was opened before");
        }
        let before = self.add(index, channel, lane, properties, true);
        assert!(before.is_none(), "no two channels have the same handle");
        let it = self.known[index].channels.get_mut(&channel).expect("it was added");
        it.life = Life::Open;
    }

    fn take(&mut self, index: usize, channel: ChannelId, payload: Payload) {
        let it = &self.known[index].channels[&channel];
        assert!(
            it.life < Life::Closed && !it.is_closed_here,
            "a message on a channel that is closed"
        );
        if self.link.is_hostile {
            return;
        }
        let bytes = payload.into_bytes();
        if bytes.is_empty() {
            self.sent[1 - index].receive_empty();
        } else {
            self.sent[1 - index].receive(it.lane, &bytes);
        }
    }

    fn take_closed(&mut self, index: usize, channel: ChannelId, closure: &Closure) {
        let known = &mut self.known[index];
        let it = known.channels.get_mut(&channel).expect("it is a channel");
        assert_ne!(it.life, Life::Closed, "it was closed before");
        it.life = Life::Closed;
        let lane = it.lane;
        match closure {
            Closure::Peer => {}
            Closure::Restarted => assert!(self.link.is_hostile, "nobody began anew"),
            Closure::Local => known.deaf.extend([lane]),
            // Neither end has it.
            Closure::Refused | Closure::Fault(_) | Closure::NoStream | Closure::Ended(_) => {
                self.known.iter_mut().for_each(|known| known.deaf.extend([lane]));
            }
        }
    }

    /// From now on the link is good, and both ends read.
    fn finish(mut self) {
        let steps = if self.link.is_hostile { FEW_STEPS } else { MOST_STEPS };
        for index in [0, 1] {
            self.known[index].is_paused = false;
            self.set_role(index);
            self.link.ends[index].resume(self.link.now);
            self.link.drain(index);
        }
        self.listen();
        let until = self.link.now + Duration::from_secs(600);
        for _ in 0..steps {
            if self.is_done() || self.link.now > until {
                break;
            }
            if self.link.is_silent() {
                self.link.advance_to_deadline();
            } else {
                self.link.advance(Duration::from_millis(10));
                self.link.arrive_all();
            }
            self.listen();
        }
        if !self.link.is_hostile && !self.is_done() {
            for index in [0, 1] {
                let association = self.link.ends[index].association();
                let states = (association.is_connected(), association.is_closed());
                let missing: Vec<_> = self.missing(index).collect();
                let lives: Vec<_> = self.lives(index).collect();
                let discards: Vec<_> = self.link.ends[index].discards().iter().collect();
                eprintln!("{index}: connected and closed {states:?}, missing {missing:?}");
                eprintln!("{lives:?}, {discards:?}");
            }
            panic!("not all is done at {:?}", self.link.now);
        }
    }

    /// The messages of an end that have to come and have not.
    fn missing(&self, index: usize) -> impl Iterator<Item = usize> {
        let deaf = &self.known[1 - index].deaf;
        let missing = self.sent[index].missing();
        missing.filter(|(_, sent)| !deaf.contains(&sent.lane)).map(|(number, _)| number)
    }

    /// How far each channel has come that the peer was told of.
    fn lives(&self, index: usize) -> impl Iterator<Item = (u64, Life)> {
        let all = self.known[index].channels.values().filter(|it| it.is_announced);
        all.map(|it| (it.lane, it.life))
    }

    /// Whether neither end is connected, or all is done.
    fn is_done(&self) -> bool {
        let [a, z] = self.link.ends.each_ref().map(DataChannels::association);
        if a.is_closed() || z.is_closed() {
            return !a.is_connected() && !z.is_connected();
        }
        let open = |index| -> BTreeSet<u64> {
            self.lives(index)
                .filter(|(_, life)| *life != Life::Closed)
                .map(|(lane, _)| lane)
                .collect()
        };
        a.is_connected()
            && z.is_connected()
            && [0, 1].into_iter().all(|index| self.is_at_rest(index))
            && (!self.can_reset()
                || open(0) == open(1)
                    && [0, 1].into_iter().all(|index| self.missing(index).next().is_none()))
    }

    /// Whether both ends can reset streams: else nobody hears of a channel that the peer has closed, or
    /// would not have.
    fn can_reset(&self) -> bool {
        self.configs.iter().all(|config| config.sctp.extensions.stream_reset)
    }

    /// Whether every channel of an end is open or closed, as it says itself.
    fn is_at_rest(&self, index: usize) -> bool {
        self.known[index].channels.iter().all(|(channel, it)| {
            let state = match it.life {
                Life::Open => ReadyState::Open,
                Life::Closed => ReadyState::Closed,
                Life::Connecting | Life::Closing => return false,
            };
            self.link.ends[index].ready_state(*channel) == state
        })
    }
}

/// Puts the parts of a message together; returns it once it is whole.
fn put_together(it: &mut Channel, message: u64, part: Part, payload: Payload) -> Option<Vec<u8>> {
    let bytes = payload.into_bytes();
    match part {
        Part::Whole => panic!("a whole message is no part"),
        Part::First => {
            let before = it.begun.insert(message, bytes.to_vec());
            assert_eq!(before, None, "no two messages have the same number");
        }
        Part::Middle => it.begun.get_mut(&message).expect("it has begun").extend_from_slice(&bytes),
        Part::Last => {
            let mut whole = it.begun.remove(&message).expect("it has begun");
            whole.extend_from_slice(&bytes);
            return Some(whole);
        }
        Part::Void => drop(it.begun.remove(&message).expect("it has begun")),
    }
    None
}

fn rng(index: usize, life: u64) -> Rng {
    Rng::from_u64(index as u64).fork("life", life)
}

const MOST_ACTS: usize = 400;
const MOST_MESSAGES: usize = 100;
/// How long it takes until all is done, in packets and deadlines.
const MOST_STEPS: usize = 20_000;
const FEW_STEPS: usize = 100;
