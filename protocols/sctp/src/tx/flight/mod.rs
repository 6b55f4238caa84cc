//! Chunks that were sent and are not yet acknowledged by the cumulative TSN, in a row by TSN, and what
//! SACKs say of them. TSNs are counted in 64 bits here, so that they never wrap.

mod arrival;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use icelab_sans_io::Instant;

use crate::tx::outbox::{Fragment, Limit};
use crate::tx::rate::Snapshot;

pub(crate) use arrival::News;

/// A TSN that does not wrap: its low 32 bits are on the wire.
pub(crate) type LongTsn = u64;

/// A chunk that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) fragment: Fragment,
    pub(crate) status: Status,
    /// How often it was sent.
    pub(crate) transmissions: u32,
    pub(crate) sent_at: Instant,
    /// The number of its last transmission among all.
    pub(crate) order: u64,
    /// Bytes with header and padding.
    pub(crate) size: usize,
    pub(crate) snapshot: Snapshot,
    /// How many SACKs in a row took back that it has arrived.
    doubts: u8,
}

/// What is known of a chunk that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    InFlight,
    /// To be sent again.
    Lost,
    /// A gap block named it; the peer may still take it back.
    Arrived,
    /// Its message was given up (RFC 3758).
    GivenUp,
}

/// What is to become of a transmission under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    Lost,
    /// Nothing can be said of it now.
    Later,
    /// It may still arrive, and so may all younger ones.
    Enough,
}

/// Chunks that were sent and are not yet acknowledged by the cumulative TSN.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    /// The lowest TSN that is not acknowledged.
    first: LongTsn,
    chunks: VecDeque<Sent>,
    /// What gap blocks named, as ranges with both ends, above the cumulative TSN.
    arrived: Vec<(LongTsn, LongTsn)>,
    spare: Vec<(LongTsn, LongTsn)>,
    lost: BTreeSet<LongTsn>,
    /// TSNs in the order of their transmissions; those that were overtaken by events are passed over.
    by_order: VecDeque<(u64, LongTsn)>,
    next_order: u64,
    /// The TSNs of each message that may be given up.
    limited: BTreeMap<u64, Vec<LongTsn>>,
    in_flight: usize,
    /// Payload bytes that have not arrived, lost ones included.
    outstanding: usize,
    arrived_count: usize,
    /// Up to here all were given up, from the first on.
    forward_to: LongTsn,
}

impl Flight {
    pub(crate) fn new(first: LongTsn) -> Self {
        Self {
            first,
            chunks: VecDeque::new(),
            arrived: Vec::new(),
            spare: Vec::new(),
            lost: BTreeSet::new(),
            by_order: VecDeque::new(),
            next_order: 1,
            limited: BTreeMap::new(),
            in_flight: 0,
            outstanding: 0,
            arrived_count: 0,
            forward_to: first,
        }
    }

    /// The lowest TSN that is not acknowledged.
    pub(crate) const fn first(&self) -> LongTsn {
        self.first
    }

    /// The TSN that the next new chunk gets.
    pub(crate) fn next(&self) -> LongTsn {
        self.first + self.chunks.len() as u64
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Bytes under way.
    pub(crate) const fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Payload bytes that have not arrived, as far as is known.
    pub(crate) const fn outstanding(&self) -> usize {
        self.outstanding
    }

    /// How many chunks above the cumulative TSN have arrived.
    pub(crate) const fn arrived_count(&self) -> usize {
        self.arrived_count
    }

    /// The transmission that is next.
    pub(crate) const fn next_order(&self) -> u64 {
        self.next_order
    }

    pub(crate) fn get(&self, tsn: LongTsn) -> Option<&Sent> {
        self.chunks.get(self.index(tsn)?)
    }

    /// Whether a chunk is under way.
    pub(crate) fn is_in_flight(&self, tsn: LongTsn) -> bool {
        self.get(tsn).is_some_and(|sent| sent.status == Status::InFlight)
    }

    fn get_mut(&mut self, tsn: LongTsn) -> Option<&mut Sent> {
        let index = self.index(tsn)?;
        self.chunks.get_mut(index)
    }

    fn index(&self, tsn: LongTsn) -> Option<usize> {
        usize::try_from(tsn.checked_sub(self.first)?).ok()
    }

    /// The lowest TSN that is to be sent again.
    pub(crate) fn first_lost(&self) -> Option<LongTsn> {
        self.lost.first().copied()
    }

    /// How many bytes are to be sent again, or more than `most` of them.
    pub(crate) fn lost_size(&self, most: usize) -> usize {
        let mut size = 0;
        for sent in self.lost.iter().filter_map(|tsn| self.get(*tsn)) {
            size += sent.size;
            if size > most {
                break;
            }
        }
        size
    }

    /// The lowest TSN that is under way or to be sent again, and how often it was sent.
    pub(crate) fn earliest(&mut self) -> Option<(LongTsn, u32)> {
        let from = self.forward_to();
        let skipped = self.index(from)?;
        let (ahead, sent) = self
            .chunks
            .iter()
            .skip(skipped)
            .enumerate()
            .find(|(_, sent)| matches!(sent.status, Status::InFlight | Status::Lost))?;
        Some((from + ahead as LongTsn, sent.transmissions))
    }

    /// The highest TSN under way that may leave again.
    pub(crate) fn last_to_repeat(&self, now: Instant) -> Option<LongTsn> {
        let may_leave = |sent: &Sent| sent.status == Status::InFlight && !sent.is_over(now);
        let back = self.chunks.iter().rev().position(may_leave)?;
        Some(self.next() - 1 - back as u64)
    }

    /// A new chunk leaves.
    pub(crate) fn send(&mut self, fragment: Fragment, size: usize, now: Instant) -> LongTsn {
        let tsn = self.next();
        let order = self.take_order(tsn);
        if fragment.limit != Limit::None {
            self.limited.entry(fragment.message).or_default().push(tsn);
        }
        self.in_flight += size;
        self.outstanding += fragment.payload.len();
        self.chunks.push_back(Sent {
            fragment,
            status: Status::InFlight,
            transmissions: 1,
            sent_at: now,
            order,
            size,
            snapshot: Snapshot::default(),
            doubts: 0,
        });
        tsn
    }

    /// A chunk that never leaves takes its place among those that were given up.
    pub(crate) fn skip(&mut self, fragment: Fragment, now: Instant) {
        let tsn = self.next();
        self.limited.entry(fragment.message).or_default().push(tsn);
        self.chunks.push_back(Sent {
            fragment,
            status: Status::GivenUp,
            transmissions: 0,
            sent_at: now,
            order: 0,
            size: 0,
            snapshot: Snapshot::default(),
            doubts: 0,
        });
    }

    /// A chunk leaves again.
    pub(crate) fn send_again(&mut self, tsn: LongTsn, now: Instant) {
        let order = self.take_order(tsn);
        self.lost.remove(&tsn);
        let Some(sent) = self.get_mut(tsn) else { return };
        let was_lost = sent.status == Status::Lost;
        sent.status = Status::InFlight;
        sent.transmissions += 1;
        sent.sent_at = now;
        sent.order = order;
        let size = sent.size;
        if was_lost {
            self.in_flight += size;
        }
    }

    pub(crate) fn set_snapshot(&mut self, tsn: LongTsn, snapshot: Snapshot) {
        if let Some(sent) = self.get_mut(tsn) {
            sent.snapshot = snapshot;
        }
    }

    fn take_order(&mut self, tsn: LongTsn) -> u64 {
        let order = self.next_order;
        self.next_order += 1;
        self.by_order.push_back((order, tsn));
        order
    }

    /// Judges the transmissions under way, the oldest first, up to the one with this order.
    pub(crate) fn judge_older(
        &mut self,
        order: u64,
        mut judge: impl FnMut(LongTsn, &Sent) -> Judgement,
    ) {
        let mut kept = 0;
        while let Some((at, tsn)) = self.by_order.get(kept).copied()
            && at < order
        {
            let sent =
                self.get(tsn).filter(|sent| sent.order == at && sent.status == Status::InFlight);
            match sent.map(|sent| judge(tsn, sent)) {
                Some(Judgement::Enough) => return,
                Some(Judgement::Later) => kept += 1,
                Some(Judgement::Lost) => {
                    self.by_order.remove(kept);
                    self.lose(tsn);
                }
                // Something else has become of it.
                None => {
                    self.by_order.remove(kept);
                }
            }
        }
    }

    /// The chunk, where it is under way, is to be sent again.
    pub(crate) fn lose(&mut self, tsn: LongTsn) {
        let Some(sent) = self.get_mut(tsn) else { return };
        if sent.status != Status::InFlight {
            return;
        }
        sent.status = Status::Lost;
        let size = sent.size;
        self.in_flight -= size;
        self.lost.insert(tsn);
    }

    /// Lost chunks that were not sent again count as under way again.
    pub(crate) fn revive_lost(&mut self) {
        for tsn in core::mem::take(&mut self.lost) {
            let Some(sent) = self.get_mut(tsn) else { continue };
            sent.status = Status::InFlight;
            let (size, order) = (sent.size, sent.order);
            self.in_flight += size;
            let at = self.by_order.partition_point(|(other, _)| *other < order);
            self.by_order.insert(at, (order, tsn));
        }
    }

    /// All that is under way is taken for lost (RFC 9260 section 6.3.3 E3). Returns its bytes.
    pub(crate) fn lose_all(&mut self) -> usize {
        let mut bytes = 0;
        for (index, sent) in self.chunks.iter_mut().enumerate() {
            if sent.status == Status::InFlight {
                bytes += sent.size;
                sent.status = Status::Lost;
                self.lost.insert(self.first + index as u64);
            }
        }
        self.in_flight = 0;
        self.by_order.clear();
        bytes
    }

    /// Gap blocks are not believed any more: the peer says nothing for so long that it may have thrown
    /// away what it named (RFC 9260 section 6.2).
    pub(crate) fn disbelieve_gaps(&mut self) {
        for (index, sent) in self.chunks.iter_mut().enumerate() {
            if sent.status == Status::Arrived {
                sent.status = Status::Lost;
                self.outstanding += sent.fragment.payload.len();
                self.lost.insert(self.first + index as u64);
            }
        }
        self.arrived.clear();
        self.arrived_count = 0;
    }

    /// The message is given up: no chunk of it is sent again (RFC 3758 section 3.5 A3).
    pub(crate) fn give_up(&mut self, message: u64) {
        for tsn in self.limited.get(&message).cloned().unwrap_or_default() {
            let Some(sent) = self.get_mut(tsn) else { continue };
            let (status, size, payload) = (sent.status, sent.size, sent.fragment.payload.len());
            sent.status = Status::GivenUp;
            match status {
                Status::InFlight => {
                    self.in_flight -= size;
                    self.outstanding -= payload;
                }
                Status::Lost => {
                    self.lost.remove(&tsn);
                    self.outstanding -= payload;
                }
                Status::Arrived => self.arrived_count -= 1,
                Status::GivenUp => {}
            }
        }
    }

    /// The TSN after those that were given up, from the first on in a row (RFC 3758 section 3.5 C2).
    pub(crate) fn forward_to(&mut self) -> LongTsn {
        self.forward_to = self.forward_to.max(self.first);
        while self.get(self.forward_to).is_some_and(|sent| sent.status == Status::GivenUp) {
            self.forward_to += 1;
        }
        self.forward_to
    }

    /// The chunks from the first on that were given up, in a row.
    pub(crate) fn given_up_front(&self) -> impl Iterator<Item = &Sent> {
        self.chunks.iter().take_while(|sent| sent.status == Status::GivenUp)
    }
}

impl Sent {
    /// Whether its message has had its chances: the chunk does not leave again.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.fragment.limit.is_reached(self.transmissions - 1, now)
    }
}
