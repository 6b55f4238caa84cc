//! Which chunks have arrived: all up to the cumulative TSN, and ranges beyond it.

use std::collections::VecDeque;

use crate::packet::Tsn;
use crate::packet::chunk::GapBlock;
use crate::tx::LongTsn;

/// Which chunks have arrived.
#[derive(Clone, Debug)]
pub(crate) struct Tsns {
    cumulative: LongTsn,
    /// Both ends belong to a range; ranges do not touch.
    ranges: VecDeque<(LongTsn, LongTsn)>,
    duplicates: Vec<Tsn>,
}

/// What a TSN is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// It is the one after the cumulative TSN, and there are no gaps.
    InOrder,
    /// It is new, and there are gaps, or were.
    OutOfOrder,
    /// It has arrived before.
    Duplicate,
    /// There is no room to remember it.
    NoRoom,
}

impl Tsns {
    pub(crate) const fn new(cumulative: LongTsn) -> Self {
        Self { cumulative, ranges: VecDeque::new(), duplicates: Vec::new() }
    }

    pub(crate) const fn cumulative(&self) -> LongTsn {
        self.cumulative
    }

    pub(crate) fn has_gaps(&self) -> bool {
        !self.ranges.is_empty()
    }

    /// The highest that has arrived.
    pub(crate) fn highest(&self) -> LongTsn {
        self.ranges.back().map_or(self.cumulative, |(_, end)| *end)
    }

    pub(crate) fn contains(&self, tsn: LongTsn) -> bool {
        tsn <= self.cumulative || {
            let after = self.ranges.partition_point(|(start, _)| *start <= tsn);
            after
                .checked_sub(1)
                .and_then(|index| self.ranges.get(index))
                .is_some_and(|(_, end)| tsn <= *end)
        }
    }

    /// What the TSN would be, if it arrived.
    pub(crate) fn judge(&self, tsn: LongTsn) -> Arrival {
        if self.contains(tsn) {
            Arrival::Duplicate
        } else if tsn > self.cumulative + FARTHEST
            || (self.ranges.len() >= MOST_RANGES && !self.touches(tsn))
        {
            Arrival::NoRoom
        } else if tsn == self.cumulative + 1 && self.ranges.is_empty() {
            Arrival::InOrder
        } else {
            Arrival::OutOfOrder
        }
    }

    fn touches(&self, tsn: LongTsn) -> bool {
        tsn == self.cumulative + 1 || self.contains(tsn - 1) || self.contains(tsn + 1)
    }

    /// A TSN arrives that has not before.
    pub(crate) fn insert(&mut self, tsn: LongTsn) {
        if tsn == self.cumulative + 1 {
            self.cumulative = tsn;
            self.join();
            return;
        }
        let index = self.ranges.partition_point(|(start, _)| *start <= tsn);
        let before = index.checked_sub(1);
        let extends = before
            .and_then(|before| self.ranges.get_mut(before))
            .filter(|(_, end)| *end + 1 == tsn);
        if let Some((_, end)) = extends {
            *end = tsn;
            let end = *end;
            if let Some((start, next_end)) = self.ranges.get(index).copied()
                && start == end + 1
            {
                self.ranges.remove(index);
                if let Some((_, end)) = before.and_then(|before| self.ranges.get_mut(before)) {
                    *end = next_end;
                }
            }
            return;
        }
        match self.ranges.get_mut(index) {
            Some((start, _)) if *start == tsn + 1 => *start = tsn,
            _ => self.ranges.insert(index, (tsn, tsn)),
        }
    }

    /// All up to here count as arrived (RFC 3758 section 3.6).
    pub(crate) fn forward(&mut self, to: LongTsn) {
        self.cumulative = self.cumulative.max(to);
        self.join();
    }

    /// Ranges that the cumulative TSN has reached belong to it.
    fn join(&mut self) {
        while let Some((start, end)) = self.ranges.front().copied()
            && start <= self.cumulative + 1
        {
            self.cumulative = self.cumulative.max(end);
            self.ranges.pop_front();
        }
    }

    /// It has arrived again; the next SACK says so, as often as there is room for.
    pub(crate) fn note_duplicate(&mut self, tsn: Tsn) {
        if self.duplicates.len() < MOST_DUPLICATES {
            self.duplicates.push(tsn);
        }
    }

    pub(crate) fn take_duplicates(&mut self) -> Vec<Tsn> {
        core::mem::take(&mut self.duplicates)
    }

    /// The ranges beyond the cumulative TSN as a SACK shows them.
    pub(crate) fn gaps(&self) -> impl Iterator<Item = GapBlock> + '_ {
        let offset = |tsn: LongTsn| u16::try_from(tsn - self.cumulative).ok();
        self.ranges.iter().map_while(move |(start, end)| {
            let start = offset(*start)?;
            Some(GapBlock { start, end: offset(*end).unwrap_or(u16::MAX) })
        })
    }
}

/// What a gap block can name (RFC 9260 section 3.3.4).
const FARTHEST: LongTsn = u16::MAX as LongTsn;
/// How many ranges are remembered: more than a SACK can show.
const MOST_RANGES: usize = 4096;
/// How many duplicates a SACK reports at most.
const MOST_DUPLICATES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn with(tsns: &[LongTsn]) -> Tsns {
        let mut all = Tsns::new(10);
        for tsn in tsns {
            assert_ne!(all.judge(*tsn), Arrival::Duplicate, "{tsn}");
            all.insert(*tsn);
        }
        all
    }

    fn gaps(tsns: &Tsns) -> Vec<(u16, u16)> {
        tsns.gaps().map(|gap| (gap.start, gap.end)).collect()
    }

    #[test]
    fn ranges_grow_and_join() {
        let mut tsns = with(&[13, 15, 17]);
        assert_eq!(gaps(&tsns), [(3, 3), (5, 5), (7, 7)]);
        tsns.insert(16);
        assert_eq!(gaps(&tsns), [(3, 3), (5, 7)]);
        tsns.insert(12);
        assert_eq!(gaps(&tsns), [(2, 3), (5, 7)]);
        tsns.insert(11);
        assert_eq!((tsns.cumulative(), gaps(&tsns)), (13, vec![(2, 4)]));
        tsns.insert(14);
        assert_eq!((tsns.cumulative(), tsns.has_gaps()), (17, false));
    }

    #[test]
    fn what_arrived_before_is_a_duplicate() {
        let tsns = with(&[11, 13, 14]);
        for tsn in [5, 11, 13, 14] {
            assert_eq!(tsns.judge(tsn), Arrival::Duplicate, "{tsn}");
        }
        assert_eq!(tsns.judge(12), Arrival::OutOfOrder);
        assert_eq!(with(&[]).judge(11), Arrival::InOrder);
    }

    #[test]
    fn forward_takes_what_it_reaches() {
        let mut tsns = with(&[13, 14, 17]);
        tsns.forward(12);
        assert_eq!((tsns.cumulative(), gaps(&tsns)), (14, vec![(3, 3)]));
        tsns.forward(9);
        assert_eq!(tsns.cumulative(), 14);
    }

    #[test]
    fn ranges_are_bounded() {
        let mut tsns = Tsns::new(0);
        for number in 0..MOST_RANGES as LongTsn {
            tsns.insert(2 + 2 * number);
        }
        assert_eq!(tsns.judge(2 * MOST_RANGES as LongTsn + 4), Arrival::NoRoom);
        assert_eq!(tsns.judge(2 * MOST_RANGES as LongTsn + 1), Arrival::OutOfOrder);
        assert_eq!(tsns.judge(1), Arrival::OutOfOrder);
        assert_eq!(Tsns::new(0).judge(65_536), Arrival::NoRoom);
    }

    #[test]
    fn any_order_gives_the_same() {
        let mut rng = icelab_sans_io::Rng::from_u64(1);
        for _ in 0..200 {
            let mut all: Vec<LongTsn> = (11..60).filter(|_| rng.chance_ppb(600_000_000)).collect();
            let expected = with(&all);
            for index in (1..all.len()).rev() {
                all.swap(index, rng.below(index as u64 + 1) as usize);
            }
            let shuffled = with(&all);
            assert_eq!(expected.cumulative(), shuffled.cumulative());
            assert_eq!(gaps(&expected), gaps(&shuffled));
        }
    }
}
