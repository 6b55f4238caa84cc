//! Two ends of one layer over SCTP, and the link between them, which the input rules: it loses, repeats,
//! reorders, delays, damages, replays and invents packets.

use std::collections::VecDeque;
use std::time::Duration;

use icelab_sans_io::{Instant, Output, Protocol};
use icelab_sctp::packet::{Checksum, Header, PacketWriter, VerificationTag};

use crate::input::Input;
use crate::sctp::{Any, any_value};

/// A layer whose packets are SCTP's.
pub trait Layer: Protocol<Input = Vec<u8>, Packet = Vec<u8>> {}

impl<T: Protocol<Input = Vec<u8>, Packet = Vec<u8>>> Layer for T {}

/// A packet on its way.
#[derive(Clone)]
struct Datagram {
    to: usize,
    bytes: Vec<u8>,
}

/// Two ends and the link between them.
pub struct Link<P: Layer> {
    pub ends: [P; 2],
    pub now: Instant,
    /// What the ends have said, and to whom it was not told yet.
    events: VecDeque<(usize, P::Event)>,
    under_way: Vec<Datagram>,
    /// What was sent last, to be sent again.
    past: VecDeque<Datagram>,
    /// The tag of what was sent last to each end.
    tags: [u32; 2],
    /// Whether an end has been given something that its peer never said.
    pub is_hostile: bool,
    rules: Rules,
}

/// What a link does.
#[derive(Clone, Copy)]
pub struct Rules {
    /// Whether it changes and invents nothing that an end would take for its peer's.
    pub is_fair: bool,
    /// Whether an end takes packets whose checksum says nothing.
    pub takes_zero_checksums: bool,
}

impl<P: Layer> Link<P> {
    pub fn new(ends: [P; 2], rules: Rules) -> Self {
        Self {
            ends,
            now: Instant::START,
            events: VecDeque::new(),
            under_way: Vec::new(),
            past: VecDeque::new(),
            tags: [0; 2],
            is_hostile: false,
            rules,
        }
    }

    /// What an end has said next.
    pub fn event(&mut self) -> Option<(usize, P::Event)> {
        self.events.pop_front()
    }

    /// One byte says what happens next, and to which packet. A quarter of them are left to the ends: for
    /// those it returns what is left of the byte, six bits.
    pub fn act(&mut self, input: &mut Input<'_>) -> Option<u8> {
        let act = input.u8();
        let choice = act >> 4;
        let place = usize::from(choice) % self.under_way.len().max(1);
        let has_any = !self.under_way.is_empty();
        match act & 15 {
            0..=2 if has_any => self.arrive(0),
            3 if has_any => self.arrive(place),
            4 if has_any => self.deliver(self.under_way[place].clone()),
            5 if has_any => drop(self.under_way.remove(place)),
            6 if has_any => self.damage(place, input),
            7 => self.advance(Duration::from_millis(u64::from(choice) * 8)),
            8 => self.advance_to_deadline(),
            9 if !self.past.is_empty() => {
                let place = usize::from(input.u8()) % self.past.len();
                self.deliver(self.past[place].clone());
            }
            10 if self.rules.is_fair => self.advance(Duration::from_secs(u64::from(choice))),
            10 => self.invent(usize::from(choice & 1), input),
            11 => self.arrive_all(),
            12.. => return Some((act & 3) << 4 | choice),
            _ => self.advance(Duration::from_millis(u64::from(choice))),
        }
        // A queue that is full loses what comes last.
        self.under_way.truncate(MOST_UNDER_WAY);
        None
    }

    /// Whether nothing is under way.
    pub fn is_silent(&self) -> bool {
        self.under_way.is_empty()
    }

    /// All that is under way arrives, but not what is sent in answer.
    pub fn arrive_all(&mut self) {
        for datagram in std::mem::take(&mut self.under_way) {
            self.deliver(datagram);
        }
    }

    /// A packet arrives and is no longer under way.
    fn arrive(&mut self, place: usize) {
        let datagram = self.under_way.remove(place);
        self.deliver(datagram);
    }

    fn deliver(&mut self, datagram: Datagram) {
        self.ends[datagram.to].handle_input(datagram.bytes, self.now);
        self.drain(datagram.to);
    }

    /// A packet is delivered with a changed byte, without its end, without its checksum, or at the wrong end.
    fn damage(&mut self, place: usize, input: &mut Input<'_>) {
        let mut datagram = self.under_way[place].clone();
        let (how, at, value) = (input.u8(), usize::from(input.u16()), input.u8());
        let at = at % datagram.bytes.len();
        match how & 3 {
            0 => datagram.bytes[at] ^= value,
            1 => datagram.bytes.truncate(at),
            2 if !self.rules.is_fair => datagram.to ^= 1,
            _ => {
                datagram.bytes[at] = value;
                datagram.bytes[8..Header::LENGTH].fill(0);
            }
        }
        let is_taken = self.rules.takes_zero_checksums || datagram.to != self.under_way[place].to;
        if !is_taken || !self.rules.is_fair {
            self.is_hostile |= is_taken;
            self.deliver(datagram);
        }
    }

    /// A packet with the right ports, tag and checksum that nobody sent.
    fn invent(&mut self, to: usize, input: &mut Input<'_>) {
        self.is_hostile = true;
        let tag = if input.u8() < 16 { 0 } else { self.tags[to] };
        let header = Header {
            source_port: 5000,
            destination_port: 5000,
            verification_tag: VerificationTag(tag),
        };
        let mut writer = PacketWriter::new(header, 4096);
        for _ in 0..=input.u8() % 4 {
            let [kind, flags] = [input.u8(), input.u8()];
            let value = any_value(input);
            let _ = writer.push(&Any { kind, flags, value: &value });
        }
        self.deliver(Datagram { to, bytes: writer.finish(Checksum::Crc32c) });
    }

    pub fn advance(&mut self, time: Duration) {
        self.now += time;
        for index in [0, 1] {
            let now = self.now;
            let is_due = |end: &P| end.poll_timeout().is_some_and(|deadline| deadline.at <= now);
            if is_due(&self.ends[index]) {
                self.ends[index].handle_timeout(now);
                self.drain(index);
                let deadline = self.ends[index].poll_timeout();
                assert!(!is_due(&self.ends[index]), "{deadline:?} was handled and is not over");
            }
        }
    }

    /// Time passes up to the next deadline; whether there is one.
    pub fn advance_to_deadline(&mut self) {
        let deadlines = self.ends.iter().filter_map(Protocol::poll_timeout);
        if let Some(next) = deadlines.map(|deadline| deadline.at).min() {
            self.advance(next.max(self.now) - self.now);
        }
    }

    /// Takes what an end has to say.
    pub fn drain(&mut self, index: usize) {
        let mut count = 0;
        while let Some(output) = self.ends[index].poll_output() {
            count += 1;
            assert!(count <= MOST_OUTPUTS, "a call has a bounded number of outputs");
            match output {
                Output::Event(event) => self.events.push_back((index, event)),
                Output::Packet(bytes) => {
                    assert!(bytes.len() >= Header::LENGTH && bytes.len() <= usize::from(u16::MAX));
                    if let [_, _, _, _, t0, t1, t2, t3, ..] = bytes[..] {
                        self.tags[1 - index] = u32::from_be_bytes([t0, t1, t2, t3]);
                    }
                    self.under_way.push(Datagram { to: 1 - index, bytes });
                    self.past.extend(self.under_way.last().cloned());
                    if self.past.len() > MOST_PAST {
                        self.past.pop_front();
                    }
                }
            }
        }
    }
}

/// How many outputs one packet or deadline may bring about.
const MOST_OUTPUTS: usize = 4000;
/// How long the link's queue is.
const MOST_UNDER_WAY: usize = 64;
/// How many packets are remembered.
const MOST_PAST: usize = 64;
