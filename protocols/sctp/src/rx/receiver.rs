//! The receiving side of an association: chunks in, messages out, and what to acknowledge when.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use icelab_sans_io::Instant;

use crate::config::Config;
use crate::message::Received;
use crate::packet::chunk::{Data, ForwardTsn, Fragment, IData, IForwardTsn};
use crate::packet::{PacketWriter, Ppid, StreamId, Tsn};
use crate::rx::held::{Arrived, Hold, Number};
use crate::rx::inbound::{Inbound, Partial, Place};
use crate::rx::pieces::{Amount, Piece};
use crate::rx::tsns::{Arrival, Tsns};
use crate::tx::{LongTsn, lengthen};

/// The receiving side of an association.
#[derive(Debug)]
pub(crate) struct Receiver {
    tsns: Tsns,
    streams: BTreeMap<StreamId, Inbound>,
    /// How many streams the peer may send on.
    stream_count: u16,
    ready: VecDeque<Ready>,
    scratch: Vec<Received>,
    /// The streams with unordered messages in parts, which name no number (DATA).
    unnumbered: BTreeSet<StreamId>,
    /// A reset that waits for the data before it.
    hold: Option<Hold>,
    /// What waits to be read,
    unread: Amount,
    /// and what waits to be put together or for its turn.
    waiting: Amount,
    /// How much waited when parts of it were handed over for want of room.
    waited: Amount,
    limit: usize,
    reordering_limit: usize,
    partial: Partial,
    sack_delay: Duration,
    owed: Owed,
    /// Whether any data has arrived: the first is acknowledged at once (RFC 9260 section 5.1).
    has_begun: bool,
    /// What the last SACK said of the window.
    told_window: usize,
}

/// What waits to be read, in order.
#[derive(Debug)]
enum Ready {
    Message(Received),
    /// The peer reset these streams; none named: all.
    Reset(Vec<StreamId>),
}

/// Which acknowledgement is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owed {
    Nothing,
    /// One packet with data has not been acknowledged.
    Later(Instant),
    Now,
}

/// What became of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is kept, or was handed over.
    Yes,
    /// It had arrived before.
    Duplicate,
    /// There was no room; it is not acknowledged.
    NoRoom,
    /// It is acknowledged, and thrown away: there is no such stream (RFC 9260 section 6.5).
    NoSuchStream,
    /// It is acknowledged, and thrown away: it belongs to a message that is over.
    Stale,
}

impl Receiver {
    pub(crate) fn new(config: &Config, initial: LongTsn, stream_count: u16) -> Self {
        let begin = config.partial_delivery.min(config.receive_buffer / 2).max(1);
        Self {
            tsns: Tsns::new(initial - 1),
            streams: BTreeMap::new(),
            stream_count,
            ready: VecDeque::new(),
            scratch: Vec::new(),
            unnumbered: BTreeSet::new(),
            hold: None,
            unread: Amount::default(),
            waiting: Amount::default(),
            waited: Amount::default(),
            limit: config.receive_buffer,
            reordering_limit: config.reordering_buffer,
            partial: Partial { begin, go_on: begin.min(GO_ON) },
            sack_delay: config.sack_delay.min(LONGEST_DELAY),
            owed: Owed::Nothing,
            has_begun: false,
            told_window: config.receive_buffer,
        }
    }

    pub(crate) const fn cumulative(&self) -> LongTsn {
        self.tsns.cumulative()
    }

    pub(crate) const fn stream_count(&self) -> u16 {
        self.stream_count
    }

    pub(crate) const fn add_streams(&mut self, count: u16) {
        self.stream_count += count;
    }

    /// The receiver window: what there is room for. Small chunks cost more than their bytes.
    pub(crate) fn window(&self) -> usize {
        let beyond = self
            .waiting
            .cost()
            .saturating_sub(2 * self.reordering_limit)
            .max(self.waiting.bytes.saturating_sub(self.reordering_limit));
        let unread = self.unread.bytes.max(self.unread.cost() / 2);
        self.limit.saturating_sub(unread + beyond)
    }

    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// The reset that is next, after what was read.
    pub(crate) fn take_reset(&mut self) -> Option<Vec<StreamId>> {
        match self.ready.pop_front()? {
            Ready::Reset(streams) => Some(streams),
            message @ Ready::Message(_) => {
                self.ready.push_front(message);
                None
            }
        }
    }

    /// Hands over the oldest message or part. Whether the peer should hear that there is room again.
    pub(crate) fn take(&mut self) -> Option<(Received, bool)> {
        let received = match self.ready.pop_front()? {
            Ready::Message(received) => received,
            reset @ Ready::Reset(_) => {
                self.ready.push_front(reset);
                return None;
            }
        };
        self.unread -= Amount::of(&received.payload);
        let window = self.window();
        // RFC 9260 section 6.2: not for each byte, so that no silly windows arise.
        let quarter = self.limit / 4;
        let is_worth_telling =
            self.told_window < quarter.max(PACKET) && window >= self.told_window + quarter;
        if is_worth_telling {
            self.owed = Owed::Now;
        }
        Some((received, is_worth_telling))
    }

    /// Takes a DATA chunk out of `packet`.
    pub(crate) fn on_data(&mut self, data: &Data<'_>, packet: &Bytes, now: Instant) -> Taken {
        let tsn = lengthen(self.tsns.cumulative(), data.tsn);
        if let Some(taken) = self.judge(tsn, data.tsn, data.payload.len()) {
            return taken;
        }
        self.acknowledge(tsn, data.is_immediate, now);
        if data.stream.0 >= self.stream_count {
            return Taken::NoSuchStream;
        }
        let piece = Piece {
            number: tsn,
            is_first: data.is_beginning,
            is_last: data.is_ending,
            ppid: data.ppid,
            payload: keep(packet, data.payload),
        };
        let (stream, is_unordered) = (data.stream, data.is_unordered);
        self.take_in(Arrived { tsn, stream, number: Number::Ssn(data.ssn.0), is_unordered, piece })
    }

    /// Takes an I-DATA chunk out of `packet` (RFC 8260).
    pub(crate) fn on_i_data(&mut self, data: &IData<'_>, packet: &Bytes, now: Instant) -> Taken {
        let tsn = lengthen(self.tsns.cumulative(), data.tsn);
        if let Some(taken) = self.judge(tsn, data.tsn, data.payload.len()) {
            return taken;
        }
        self.acknowledge(tsn, data.is_immediate, now);
        if data.stream.0 >= self.stream_count {
            return Taken::NoSuchStream;
        }
        let ppid = match data.fragment {
            Fragment::First(ppid) => ppid,
            Fragment::Later(_) => Ppid::default(),
        };
        let piece = Piece {
            number: u64::from(data.fragment.fsn().0),
            is_first: data.fragment.is_first(),
            is_last: data.is_ending,
            ppid,
            payload: keep(packet, data.payload),
        };
        let (stream, is_unordered) = (data.stream, data.is_unordered);
        self.take_in(Arrived { tsn, stream, number: Number::Mid(data.mid.0), is_unordered, piece })
    }

    /// Puts a fragment where it belongs, or holds it.
    fn take_in(&mut self, arrived: Arrived) -> Taken {
        let amount = Amount { bytes: arrived.piece.payload.len(), chunks: 1 };
        if let Some(hold) = self.hold.as_mut().filter(|hold| hold.concerns(&arrived)) {
            hold.chunks.push(arrived);
            self.waiting += amount;
            return Taken::Yes;
        }
        let Arrived { stream, number, is_unordered, piece, .. } = arrived;
        let inbound = self.streams.entry(stream).or_default();
        let number = match number {
            Number::Ssn(_) if is_unordered => Some(0),
            Number::Ssn(ssn) => inbound.lengthen_ssn(ssn),
            Number::Mid(mid) => inbound.lengthen_mid(mid, is_unordered),
        };
        let Some(number) = number else { return Taken::Stale };
        let place = if is_unordered { Place::Unordered(number) } else { Place::Ordered(number) };
        if !inbound.insert(stream, place, piece, self.partial, &mut self.scratch) {
            return Taken::Stale;
        }
        self.waiting += amount;
        if inbound.has_unordered() {
            self.unnumbered.insert(stream);
        }
        self.make_ready();
        if self.window() < PACKET {
            self.make_room();
        }
        Taken::Yes
    }

    /// Where only the ends of messages would make room, and there is none for them, their beginnings are handed
    /// over (RFC 9260 section 6.9).
    fn make_room(&mut self) {
        if !self.ready.is_empty() || self.tsns.has_gaps() || self.waited == self.waiting {
            return;
        }
        for (stream, inbound) in &mut self.streams {
            inbound.hand_over_parts(*stream, &mut self.scratch);
        }
        self.make_ready();
        self.waited = self.waiting;
    }

    /// Whether the chunk is not to be looked at further.
    fn judge(&mut self, long: LongTsn, tsn: Tsn, length: usize) -> Option<Taken> {
        match self.tsns.judge(long) {
            Arrival::Duplicate => {
                // RFC 9260 section 6.2: at once, where nothing new is in the packet.
                self.tsns.note_duplicate(tsn);
                self.owed = Owed::Now;
                Some(Taken::Duplicate)
            }
            Arrival::NoRoom => Some(Taken::NoRoom),
            Arrival::InOrder | Arrival::OutOfOrder => {
                // What fills a gap is taken in any case: only that can make room.
                let fills = long <= self.tsns.highest() || long == self.tsns.cumulative() + 1;
                let room = if fills && !self.is_flooded() { usize::MAX } else { self.window() };
                if length > room {
                    self.owed = Owed::Now;
                    self.make_room();
                    return Some(Taken::NoRoom);
                }
                None
            }
        }
    }

    /// Whether even gaps are not filled any more: while the application does not read.
    fn is_flooded(&self) -> bool {
        self.unread.cost() + self.waiting.cost() > 4 * (self.limit + self.reordering_limit)
            || (self.window() == 0 && !self.tsns.has_gaps())
    }

    /// Remembers the chunk, and when to acknowledge it (RFC 9260 sections 6.2 and 6.7).
    fn acknowledge(&mut self, tsn: LongTsn, is_immediate: bool, now: Instant) {
        let had_gaps = self.tsns.has_gaps();
        self.tsns.insert(tsn);
        let is_first = !core::mem::replace(&mut self.has_begun, true);
        if is_first || had_gaps || self.tsns.has_gaps() || is_immediate {
            self.owed = Owed::Now;
        } else if self.owed == Owed::Nothing {
            self.owed = Owed::Later(now + self.sack_delay);
        }
    }

    /// A packet with data has been read: the second one is acknowledged at once.
    pub(crate) fn end_packet(&mut self, was_owed: bool) {
        if was_owed && matches!(self.owed, Owed::Later(_)) {
            self.owed = Owed::Now;
        }
    }

    /// Whether a packet waits for its acknowledgement.
    pub(crate) fn is_owing(&self) -> bool {
        self.owed != Owed::Nothing
    }

    pub(crate) fn must_acknowledge(&self) -> bool {
        self.owed == Owed::Now
    }

    pub(crate) fn acknowledge_now(&mut self) {
        self.owed = Owed::Now;
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        match self.owed {
            Owed::Later(at) => Some(at),
            Owed::Nothing | Owed::Now => None,
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.deadline().is_some_and(|at| at <= now) {
            self.owed = Owed::Now;
        }
    }

    /// Puts a SACK into the packet, where there is room.
    pub(crate) fn push_sack(&mut self, packet: &mut PacketWriter) {
        let window = self.window();
        let duplicates = self.tsns.take_duplicates();
        let pushed = packet.push_sack(
            Tsn(self.tsns.cumulative() as u32),
            u32::try_from(window).unwrap_or(u32::MAX),
            self.tsns.gaps(),
            duplicates,
        );
        if pushed.is_ok() {
            self.told_window = window;
            self.owed = Owed::Nothing;
        }
    }

    /// What came before does not come any more (RFC 3758 section 3.6).
    pub(crate) fn on_forward_tsn(&mut self, forward: &ForwardTsn<'_>) {
        let Some(to) = self.forward(forward.new_cumulative_tsn) else { return };
        let mut thrown = Amount::default();
        for skipped in forward.skipped {
            if skipped.stream.0 >= self.stream_count {
                continue;
            }
            let inbound = self.streams.entry(skipped.stream).or_default();
            if let Some(last) = inbound.lengthen_ssn(skipped.ssn.0) {
                thrown +=
                    inbound.skip_ordered(skipped.stream, last, self.partial, &mut self.scratch);
            }
        }
        let (streams, scratch) = (&mut self.streams, &mut self.scratch);
        self.unnumbered.retain(|stream| {
            let Some(inbound) = streams.get_mut(stream) else { return false };
            thrown += inbound.skip_unnumbered(*stream, to, scratch);
            inbound.has_unordered()
        });
        self.finish_forward(thrown);
    }

    /// The same with interleaving (RFC 8260 section 2.3.1).
    pub(crate) fn on_i_forward_tsn(&mut self, forward: &IForwardTsn<'_>) {
        if self.forward(forward.new_cumulative_tsn).is_none() {
            return;
        }
        let mut thrown = Amount::default();
        for skipped in forward.skipped {
            if skipped.stream.0 >= self.stream_count {
                continue;
            }
            let inbound = self.streams.entry(skipped.stream).or_default();
            let Some(last) = inbound.lengthen_mid(skipped.mid.0, skipped.is_unordered) else {
                continue;
            };
            thrown += if skipped.is_unordered {
                inbound.skip_unordered(skipped.stream, last, &mut self.scratch)
            } else {
                inbound.skip_ordered(skipped.stream, last, self.partial, &mut self.scratch)
            };
        }
        self.finish_forward(thrown);
    }

    /// The association is over: what is complete can still be read.
    pub(crate) fn end(&mut self) {
        self.streams.clear();
        self.unnumbered.clear();
        self.hold = None;
        self.waiting = Amount::default();
    }

    fn forward(&mut self, to: Tsn) -> Option<LongTsn> {
        let to = lengthen(self.tsns.cumulative(), to);
        self.owed = Owed::Now;
        if to <= self.tsns.cumulative() {
            return None;
        }
        self.tsns.forward(to);
        Some(to)
    }

    fn finish_forward(&mut self, thrown: Amount) {
        self.waiting -= thrown;
        self.make_ready();
    }

    fn make_ready(&mut self) {
        for received in self.scratch.drain(..) {
            let amount = Amount::of(&received.payload);
            self.waiting -= amount;
            self.unread += amount;
            self.ready.push_back(Ready::Message(received));
        }
    }

    /// These streams are reset when all data up to `last` has arrived: what comes behind it is held (RFC
    /// 6525 section 5.2.2 E2).
    pub(crate) fn hold(&mut self, last: LongTsn, streams: Vec<StreamId>) {
        let before = self.hold.replace(Hold::new(last, streams));
        self.release(before);
    }

    /// The peer's streams begin at zero (RFC 6525 section 5.2.2); all of them, where none is named.
    pub(crate) fn reset(&mut self, streams: Vec<StreamId>) {
        let mut thrown = Amount::default();
        for (stream, inbound) in &mut self.streams {
            if streams.is_empty() || streams.contains(stream) {
                thrown += inbound.reset(*stream, &mut self.scratch);
            }
        }
        self.finish_forward(thrown);
        self.ready.push_back(Ready::Reset(streams));
        let held = self.hold.take();
        self.release(held);
    }

    fn release(&mut self, held: Option<Hold>) {
        for arrived in held.map(|hold| hold.chunks).unwrap_or_default() {
            self.waiting -= Amount { bytes: arrived.piece.payload.len(), chunks: 1 };
            self.take_in(arrived);
        }
    }
}

/// A piece of the packet that is kept without a copy, unless that would keep a large packet for a few
/// bytes.
fn keep(packet: &Bytes, payload: &[u8]) -> Bytes {
    if payload.len() * 4 < packet.len() {
        Bytes::copy_from_slice(payload)
    } else {
        packet.slice_ref(payload)
    }
}

/// A window of less may keep the peer from sending.
const PACKET: usize = 1500;
/// RFC 9260 section 6.2.
const LONGEST_DELAY: Duration = Duration::from_millis(500);
/// A message that has been begun goes on with so many bytes.
const GO_ON: usize = 64 << 10;
