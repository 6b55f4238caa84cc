//! What SACKs tell of the chunks under way (RFC 9260 section 6.2.1).

use icelab_sans_io::Instant;

use super::{Flight, LongTsn, Sent, Status};
use crate::tx::rate::Snapshot;

/// What a SACK told for the first time.
#[derive(Clone, Debug, Default)]
pub(crate) struct News {
    pub(crate) bytes: usize,
    pub(crate) is_cumulative: bool,
    /// The chunk of those that have arrived that was sent last.
    pub(crate) newest: Option<Newest>,
    /// The lowest of those that were sent once, and the order of its transmission.
    pub(crate) lowest_sent_once: Option<(LongTsn, u64)>,
    /// The highest.
    pub(crate) highest: LongTsn,
    /// Chunks that were taken for lost, and had arrived all the same.
    pub(crate) not_lost: usize,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Newest {
    pub(crate) order: u64,
    pub(crate) sent_at: Instant,
    pub(crate) is_sent_once: bool,
    pub(crate) snapshot: Snapshot,
}

impl Flight {
    /// Reads a SACK: `cumulative` and all before have arrived, so have the `gaps`, ranges with both
    /// ends in ascending order. The caller made sure that nothing is named that was never sent.
    pub(crate) fn acknowledge(
        &mut self,
        cumulative: LongTsn,
        gaps: impl Iterator<Item = (LongTsn, LongTsn)>,
    ) -> News {
        let mut news = News::default();
        while self.first <= cumulative {
            let Some(sent) = self.chunks.pop_front() else { break };
            let tsn = self.first;
            self.first += 1;
            news.is_cumulative = true;
            self.forget_limited(&sent, tsn);
            match sent.status {
                Status::InFlight | Status::Lost => self.book_arrival(tsn, &sent.facts(), &mut news),
                Status::Arrived => self.arrived_count -= 1,
                Status::GivenUp => {}
            }
        }
        self.read_gaps(gaps, &mut news);
        news
    }

    /// Walks along the ranges that had been named before and those that are named now.
    fn read_gaps(&mut self, gaps: impl Iterator<Item = (LongTsn, LongTsn)>, news: &mut News) {
        let (first, next) = (self.first, self.next());
        let before = core::mem::take(&mut self.arrived);
        let mut after = core::mem::take(&mut self.spare);
        after.clear();
        let mut doubted = Vec::new();
        let mut olds = before
            .iter()
            .filter(|(_, end)| *end >= first)
            .map(|(start, end)| ((*start).max(first), *end));
        let mut old = olds.next();
        for (start, end) in gaps {
            let (start, end) = (start.max(first), end.min(next.saturating_sub(1)));
            let mut from = start;
            while from <= end {
                let Some((old_start, old_end)) = old else { break };
                if old_start < from {
                    // Named before, and left out now.
                    let until = old_end.min(from - 1);
                    doubted.push((old_start, until));
                    extend(&mut after, (old_start, until));
                    old = if old_end > until { Some((until + 1, old_end)) } else { olds.next() };
                } else if old_start > end {
                    break;
                } else {
                    for tsn in from..old_start {
                        self.arrive(tsn, news);
                    }
                    let until = old_end.min(end);
                    from = until + 1;
                    old = if old_end > until { Some((until + 1, old_end)) } else { olds.next() };
                }
            }
            for tsn in from..=end {
                self.arrive(tsn, news);
            }
            if start <= end {
                extend(&mut after, (start, end));
            }
        }
        // Beyond the last block of a SACK nothing is taken back: it may have been cut short.
        for range in old.into_iter().chain(olds) {
            extend(&mut after, range);
        }
        self.arrived = after;
        self.spare = before;
        for (start, end) in doubted {
            for tsn in start..=end {
                self.doubt(tsn);
            }
        }
    }

    fn arrive(&mut self, tsn: LongTsn, news: &mut News) {
        let Some(sent) = self.get_mut(tsn) else { return };
        sent.doubts = 0;
        let facts = sent.facts();
        if matches!(facts.status, Status::InFlight | Status::Lost) {
            sent.status = Status::Arrived;
            self.arrived_count += 1;
            self.book_arrival(tsn, &facts, news);
        }
    }

    /// A SACK no longer names what another one had (RFC 9260 section 6.2.1 D v): after three of them
    /// in a row the chunk counts as lost, as one that was never named (section 7.2.4).
    fn doubt(&mut self, tsn: LongTsn) {
        let Some(sent) = self.get_mut(tsn) else { return };
        if sent.status != Status::Arrived {
            return;
        }
        sent.doubts += 1;
        if sent.doubts < DOUBTS {
            return;
        }
        sent.doubts = 0;
        sent.status = Status::Lost;
        self.outstanding += sent.fragment.payload.len();
        self.arrived_count -= 1;
        self.lost.insert(tsn);
        self.arrived = without(&self.arrived, tsn);
    }

    fn book_arrival(&mut self, tsn: LongTsn, facts: &Facts, news: &mut News) {
        self.outstanding -= facts.payload;
        if facts.status == Status::Lost {
            self.lost.remove(&tsn);
            news.not_lost += 1;
        } else {
            self.in_flight -= facts.size;
        }
        news.bytes += facts.size;
        if news.newest.is_none_or(|newest| newest.order < facts.order) {
            news.newest = Some(Newest {
                order: facts.order,
                sent_at: facts.sent_at,
                is_sent_once: facts.transmissions == 1,
                snapshot: facts.snapshot,
            });
        }
        if facts.transmissions == 1 {
            news.lowest_sent_once = news.lowest_sent_once.or(Some((tsn, facts.order)));
        }
        news.highest = news.highest.max(tsn);
    }

    fn forget_limited(&mut self, sent: &Sent, tsn: LongTsn) {
        let message = sent.fragment.message;
        if self.limited.get(&message).is_some_and(|tsns| tsns.last() == Some(&tsn)) {
            self.limited.remove(&message);
        }
    }
}

/// What is booked of a chunk that has arrived.
#[derive(Clone, Copy, Debug)]
struct Facts {
    status: Status,
    transmissions: u32,
    sent_at: Instant,
    order: u64,
    size: usize,
    payload: usize,
    snapshot: Snapshot,
}

impl Sent {
    const fn facts(&self) -> Facts {
        Facts {
            status: self.status,
            transmissions: self.transmissions,
            sent_at: self.sent_at,
            order: self.order,
            size: self.size,
            payload: self.fragment.payload.len(),
            snapshot: self.snapshot,
        }
    }
}

/// Puts a range at the end, joined with the last one where they touch.
fn extend(ranges: &mut Vec<(LongTsn, LongTsn)>, (start, end): (LongTsn, LongTsn)) {
    match ranges.last_mut() {
        Some(last) if start <= last.1 + 1 => last.1 = last.1.max(end),
        _ => ranges.push((start, end)),
    }
}

fn without(ranges: &[(LongTsn, LongTsn)], tsn: LongTsn) -> Vec<(LongTsn, LongTsn)> {
    let mut rest = Vec::with_capacity(ranges.len() + 1);
    for (start, end) in ranges.iter().copied() {
        if tsn < start || tsn > end {
            rest.push((start, end));
            continue;
        }
        if start < tsn {
            rest.push((start, tsn - 1));
        }
        if tsn < end {
            rest.push((tsn + 1, end));
        }
    }
    rest
}

/// As many as missing reports make a chunk lost (RFC 9260 section 7.2.4).
const DOUBTS: u8 = 3;
