//! Two associations over a link that the input rules, which also has them send messages of every kind,
//! reset and add streams, stop and go on reading, end, abort and begin anew.
//!
//! Whatever happens,
//! 1. no call panics, or brings about more than a bounded number of outputs; a deadline that was handled
//!    gives way to a later one;
//! 2. what waits to be sent, and what waits to be read, stays within what the configuration allows;
//! 3. parts of messages come as parts of messages do, and nothing but what can be read comes after the end.
//!
//! Where the link lost, repeated, reordered, delayed, damaged and replayed, but neither end was told what
//! its peer did not say,
//! 4. each message comes once at most, whole, where it was sent; ordered ones in order, and none on the
//!    wrong side of its stream's reset;
//! 5. an end that was agreed on comes after all reliable messages;
//! 6. once the link has been good for long enough, all reliable messages have come and every reset is over,
//!    or neither end is connected.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use icelab_sans_io::Rng;
use icelab_sctp::{
    Association, CloseReason, Config, Congestion, Event, Extensions, Message, Part, Ppid, Received,
    Reliability, Rto, Scheduling, StreamId,
};

use crate::input::Input;
use crate::ledger::{Ledger, NUMBER};
use crate::link::{Link, Rules};

/// A run: what the first bytes of the input set up, ruled by the others.
pub fn associations(data: &[u8]) {
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
        lab.check_buffers();
    }
    lab.finish();
}

/// Two ends' configuration, of seven bytes. They differ in their extensions only.
pub fn configs(input: &mut Input<'_>) -> [Config; 2] {
    let [extensions, first, second, third] = [input.u8(), input.u8(), input.u8(), input.u8()];
    let [mtu, fourth, streams] = [input.u8(), input.u8(), input.u8()];
    let mtu = 200 + 5 * usize::from(mtu);
    let config = Config {
        mtu,
        largest_mtu: if first & 1 == 0 { mtu } else { mtu + 200 },
        streams: (1 + u16::from(streams & 15), 1 + u16::from(streams >> 4)),
        receive_buffer: 1500 << (second & 7),
        reordering_buffer: 1500 << (second >> 3 & 7),
        send_buffer: 1000 << (third & 7),
        partial_delivery: 100 << (third >> 3 & 7),
        rto: Rto {
            initial: Duration::from_millis(500),
            min: Duration::from_millis(if first & 2 == 0 { 400 } else { 20 }),
            max: Duration::from_secs(2),
        },
        rtt_hint: (first & 4 != 0).then_some(Duration::from_millis(10)),
        sack_delay: Duration::from_millis(if first & 8 == 0 { 200 } else { 0 }),
        heartbeat: Some(Duration::from_secs(if fourth & 1 == 0 { 5 } else { 1 })),
        max_retransmissions: if fourth & 2 == 0 { 10 } else { 3 },
        max_init_retransmissions: if fourth & 4 == 0 { 8 } else { 2 },
        cookie_life: Duration::from_secs(if fourth & 8 == 0 { 60 } else { 1 }),
        scheduling: match first >> 4 & 7 {
            0 => Scheduling::FirstComeFirstServed,
            1 => Scheduling::RoundRobin,
            2 => Scheduling::RoundRobinPerPacket,
            3 => Scheduling::Priority,
            4 => Scheduling::FairCapacity,
            _ => Scheduling::WeightedFair,
        },
        congestion: match second >> 6 {
            0 => Congestion::Reno,
            1 => Congestion::Cubic,
            _ => Congestion::Path,
        },
        ..Config::default()
    };
    [extensions, extensions >> 4].map(|bits| Config {
        extensions: Extensions {
            partial_reliability: bits & 1 == 0,
            stream_reset: bits & 2 == 0,
            interleaving: bits & 4 == 0,
            zero_checksum: bits & 8 == 0,
        },
        ..config.clone()
    })
}

/// What the link does, and who begins.
pub fn rules(input: &mut Input<'_>, configs: &[Config; 2]) -> (Rules, [bool; 2]) {
    let byte = input.u8();
    let takes_zero_checksums = configs.iter().any(|config| config.extensions.zero_checksum);
    let begins = match byte >> 1 & 3 {
        0 => [true, false],
        1 => [false, true],
        _ => [true, true],
    };
    (Rules { is_fair: byte & 1 == 0, takes_zero_checksums }, begins)
}

/// What is known of an end.
#[derive(Default)]
struct Known {
    is_paused: bool,
    was_connected: bool,
    closed: Option<CloseReason>,
    /// What has come of messages that come in parts, by stream and whether they are unordered.
    begun: BTreeMap<(StreamId, bool), Vec<u8>>,
    /// Its streams that are being reset.
    resetting: BTreeSet<StreamId>,
    /// How often its streams were reset, as it has heard,
    resets: BTreeMap<StreamId, usize>,
    /// and its peer's.
    peer_resets: BTreeMap<StreamId, usize>,
    longest_sent: usize,
}

struct Lab {
    configs: [Config; 2],
    link: Link<Association>,
    known: [Known; 2],
    /// What each end has sent.
    sent: [Ledger; 2],
    /// How often an end has begun anew.
    lives: u64,
    /// Whether the ends have agreed to end: what was sent has come, or waits to be read.
    is_orderly: bool,
}

impl Lab {
    fn new(input: &mut Input<'_>) -> Self {
        let configs = configs(input);
        let (rules, begins) = rules(input, &configs);
        let ends = [0, 1].map(|index| Association::new(configs[index].clone(), rng(index, 0)));
        let mut lab = Self {
            configs,
            link: Link::new(ends, rules),
            known: Default::default(),
            sent: Default::default(),
            lives: 0,
            is_orderly: false,
        };
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
        let end = &mut self.link.ends[index];
        match command >> 1 {
            0 => {
                let streams = streams(input.u8());
                if end.reset_streams(&streams, now).is_ok() {
                    self.known[index].resetting.extend(streams);
                }
            }
            1 => drop(end.ask_reset(&streams(input.u8()), now)),
            2 => {
                let counts = input.u8();
                let _ = end.add_streams((counts & 15).into(), (counts >> 4).into(), now);
            }
            3 | 4 => self.known[index].is_paused = true,
            5 => {
                self.known[index].is_paused = false;
                self.read(index, usize::MAX);
            }
            6 => self.read(index, 1),
            7 => end.shutdown(now),
            8 => end.abort(now),
            9 => end.connect(now),
            10 => end.set_mtu(150 + 5 * usize::from(input.u8()), now),
            11 => end.set_priority(StreamId(input.u8().into()), input.u16()),
            12 => {
                let stream = StreamId(input.u8().into());
                end.set_buffered_amount_low_threshold(stream, input.u8().into());
            }
            13 if input.u8() == 0 => self.begin_anew(index),
            14 => drop((end.stats(), end.discards().iter().count())),
            _ => self.send(index, input),
        }
        self.link.drain(index);
    }

    fn send(&mut self, index: usize, input: &mut Input<'_>) {
        let [stream, kind, length] = [input.u8(), input.u8(), input.u8()];
        if self.sent[index].len() >= MOST_MESSAGES {
            return;
        }
        let length = match length {
            0..128 => NUMBER + usize::from(length),
            _ => NUMBER + 64 * usize::from(length - 120),
        };
        let stream = StreamId((stream & 15).into());
        let is_unordered = kind & 1 != 0;
        let reliability = match kind >> 1 & 3 {
            0 | 1 => Reliability::Full,
            2 => Reliability::Retransmissions((kind >> 3 & 3).into()),
            _ => Reliability::Lifetime(Duration::from_millis(u64::from(kind >> 3) * 20)),
        };
        let payload = self.sent[index].next(length);
        let message =
            Message { stream, ppid: Ppid(51), payload: payload.into(), is_unordered, reliability };
        if self.link.ends[index].send(message, self.link.now).is_ok() {
            let known = &mut self.known[index];
            known.longest_sent = known.longest_sent.max(length);
            let epoch = known.resets.get(&stream).copied().unwrap_or_default();
            let is_reliable = reliability == Reliability::Full;
            self.sent[index].send(length, stream.0.into(), !is_unordered, is_reliable, epoch);
        }
    }

    /// An end forgets everything, and asks again.
    fn begin_anew(&mut self, index: usize) {
        self.link.is_hostile = true;
        self.known[index] = Known::default();
        self.lives += 1;
        let mut end = Association::new(self.configs[index].clone(), rng(index, self.lives));
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
        let known = &mut self.known[index];
        let is_about_reading = matches!(event, Event::Readable | Event::PeerReset { .. });
        assert!(known.closed.is_none() || is_about_reading, "{event:?} after the end");
        match event {
            Event::Connected { outgoing, incoming } => {
                assert!(!known.was_connected && outgoing > 0 && incoming > 0);
                known.was_connected = true;
                self.sent[index].give_up_beyond(outgoing.into());
            }
            Event::Restarted => {
                assert!(self.link.is_hostile, "nobody began anew");
                *known = Known { is_paused: known.is_paused, ..Known::default() };
            }
            Event::Readable if known.is_paused => {}
            Event::Readable => self.read(index, usize::MAX),
            Event::StreamsReset { streams } => {
                for stream in streams {
                    *known.resets.entry(stream).or_default() += 1;
                    known.resetting.remove(&stream);
                }
            }
            Event::PeerReset { streams } => {
                for stream in &streams {
                    *known.peer_resets.entry(*stream).or_default() += 1;
                }
                self.check_reset(index, &streams);
            }
            Event::Closed { reason } => {
                self.is_orderly |= reason == CloseReason::Shutdown && known.was_connected;
                known.closed = Some(reason);
            }
            Event::PeerError { cause, .. } => assert!(self.link.is_hostile, "cause {cause}"),
            // They may be the peer's, too.
            Event::ResetRefused { streams } => {
                known.resetting.retain(|stream| !streams.contains(stream));
            }
            Event::ResetAsked { streams } => known.resetting.extend(streams),
            Event::BufferedAmountLow { .. }
            | Event::GivenUp { .. }
            | Event::StreamsAdded { .. }
            | Event::PeerShutdown => {}
        }
    }

    /// All reliable messages from before the reset have come.
    fn check_reset(&self, index: usize, streams: &[StreamId]) {
        if self.link.is_hostile {
            return;
        }
        for (number, missing) in self.sent[1 - index].missing() {
            let stream = StreamId(missing.lane as u16);
            let is_over =
                missing.epoch < self.known[index].peer_resets.get(&stream).copied().unwrap_or(0);
            assert!(
                !streams.contains(&stream) || !is_over,
                "message {number} came not before the reset"
            );
        }
    }

    /// Reads so many messages or parts.
    fn read(&mut self, index: usize, most: usize) {
        let config = &self.configs[index];
        let limit = 4 * (config.receive_buffer + config.reordering_buffer) + MOST_IN_A_PACKET;
        let mut read = 0;
        for _ in 0..most {
            let Some(received) = self.link.ends[index].receive(self.link.now) else { break };
            read += received.payload.len();
            assert!(read <= limit, "more than {limit} bytes waited to be read");
            self.take(index, received);
            // A reset that was told meanwhile is before the next message.
            self.link.drain(index);
            self.listen();
        }
        self.link.drain(index);
    }

    fn take(&mut self, index: usize, received: Received) {
        let Received { stream, is_unordered, part, payload, ppid } = received;
        let begun = &mut self.known[index].begun;
        let lane = (stream, is_unordered);
        let bytes = match part {
            Part::Whole => {
                assert!(is_unordered || !begun.contains_key(&lane), "a message within another");
                payload.into_bytes().to_vec()
            }
            Part::First => {
                let before = begun.insert(lane, payload.into_bytes().to_vec());
                assert_eq!(before, None, "a message within another");
                return;
            }
            Part::Middle | Part::Last => {
                let bytes = begun.get_mut(&lane).expect("it has begun");
                payload.pieces().iter().for_each(|piece| bytes.extend_from_slice(piece));
                if part == Part::Middle {
                    return;
                }
                begun.remove(&lane).expect("it has begun")
            }
            Part::Void => {
                assert!(begun.remove(&lane).is_some(), "nothing has begun");
                return;
            }
        };
        if self.link.is_hostile {
            return;
        }
        let sent = self.sent[1 - index].receive(stream.0.into(), &bytes);
        assert_eq!((sent.is_ordered, ppid), (!is_unordered, Ppid(51)));
        let resets = self.known[index].peer_resets.get(&stream).copied().unwrap_or_default();
        assert_eq!(sent.epoch, resets, "it came on the wrong side of a reset");
    }

    /// What waits to be sent is within the limit, or one long message.
    fn check_buffers(&self) {
        for (index, end) in self.link.ends.iter().enumerate() {
            let waiting: usize = (0..16).map(|stream| end.buffered_amount(StreamId(stream))).sum();
            let limit = self.configs[index].send_buffer.max(self.known[index].longest_sent);
            assert!(waiting <= limit, "{waiting} bytes wait, of {limit}");
            let (stats, config) = (end.stats(), &self.configs[index]);
            assert!(stats.mtu <= config.largest_mtu && stats.rto <= config.rto.max);
        }
    }

    /// From now on the link is good, and both ends read.
    fn finish(mut self) {
        let steps = if self.link.is_hostile { FEW_STEPS } else { MOST_STEPS };
        for index in [0, 1] {
            self.known[index].is_paused = false;
            self.read(index, usize::MAX);
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
        if self.link.is_hostile {
            return;
        }
        if self.is_orderly {
            let missing = self.sent.iter().find_map(|sent| sent.missing().next());
            assert!(missing.is_none(), "a message was lost in an orderly end");
        }
        if !self.is_done() {
            let missing: Vec<_> = self.sent.iter().map(|sent| sent.missing().count()).collect();
            let states = self.link.ends.each_ref().map(|end| (end.is_connected(), end.is_closed()));
            panic!("missing {missing:?}, connected and closed {states:?} at {:?}", self.link.now);
        }
    }

    /// Whether neither end is connected, or all is done.
    fn is_done(&self) -> bool {
        let [a, z] = &self.link.ends;
        if a.is_closed() || z.is_closed() {
            return !a.is_connected() && !z.is_connected();
        }
        a.is_connected()
            && z.is_connected()
            && self.sent.iter().all(|sent| sent.missing().next().is_none())
            && self.known.iter().all(|known| known.resetting.is_empty())
    }
}

/// The streams whose bits are set.
fn streams(bits: u8) -> Vec<StreamId> {
    (0..8).filter(|stream| bits >> stream & 1 != 0).map(StreamId).collect()
}

fn rng(index: usize, life: u64) -> Rng {
    Rng::from_u64(index as u64).fork("life", life)
}

const MOST_ACTS: usize = 400;
const MOST_MESSAGES: usize = 100;
/// A packet that arrives where there was room for one byte.
const MOST_IN_A_PACKET: usize = 2000;
/// How long it takes until all is done, in packets and deadlines.
const MOST_STEPS: usize = 20_000;
const FEW_STEPS: usize = 100;
