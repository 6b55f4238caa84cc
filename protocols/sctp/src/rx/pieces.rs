//! Fragments on their way to being a message, in any order, as runs of neighbours.

use core::ops::{AddAssign, SubAssign};
use std::collections::BTreeMap;

use bytes::Bytes;

use crate::message::Payload;
use crate::packet::Ppid;

/// A fragment that has arrived.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    /// Neighbours have neighbouring numbers: TSNs, or fragment sequence numbers.
    pub(crate) number: u64,
    pub(crate) is_first: bool,
    pub(crate) is_last: bool,
    pub(crate) ppid: Ppid,
    pub(crate) payload: Bytes,
}

/// Fragments in runs of neighbours, by the number of the first one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pieces {
    runs: BTreeMap<u64, Run>,
}

/// Fragments that follow each other.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// The number of the last one.
    end: u64,
    pub(crate) is_first: bool,
    pub(crate) is_last: bool,
    pub(crate) ppid: Ppid,
    pub(crate) payload: Payload,
}

impl Run {
    pub(crate) const fn is_whole(&self) -> bool {
        self.is_first && self.is_last
    }

    /// The number that goes on.
    pub(crate) const fn next(&self) -> u64 {
        self.end + 1
    }
}

impl Pieces {
    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Adds a fragment that is not there yet. Returns the number of the run that it is in now.
    pub(crate) fn insert(&mut self, piece: Piece) -> u64 {
        let number = piece.number;
        let before = self
            .runs
            .range_mut(..number)
            .next_back()
            .filter(|(_, run)| run.end + 1 == number && !run.is_last && !piece.is_first);
        let start = match before {
            Some((start, run)) => {
                run.end = number;
                run.is_last = piece.is_last;
                run.payload.push(piece.payload);
                *start
            }
            None => {
                let run = Run {
                    end: number,
                    is_first: piece.is_first,
                    is_last: piece.is_last,
                    ppid: piece.ppid,
                    payload: piece.payload.into(),
                };
                self.runs.insert(number, run);
                number
            }
        };
        if !piece.is_last && self.runs.get(&(number + 1)).is_some_and(|after| !after.is_first) {
            let after = self.runs.remove(&(number + 1));
            if let (Some(run), Some(after)) = (self.runs.get_mut(&start), after) {
                run.end = after.end;
                run.is_last = after.is_last;
                run.payload.append(after.payload);
            }
        }
        start
    }

    pub(crate) fn get(&self, start: u64) -> Option<&Run> {
        self.runs.get(&start)
    }

    pub(crate) fn take(&mut self, start: u64) -> Option<Run> {
        self.runs.remove(&start)
    }

    /// The numbers of all runs.
    pub(crate) fn starts(&self) -> impl Iterator<Item = u64> {
        self.runs.keys().copied()
    }

    /// The first run, with its number.
    pub(crate) fn first(&self) -> Option<(u64, &Run)> {
        self.runs.first_key_value().map(|(start, run)| (*start, run))
    }

    /// Throws away the runs that begin at or before `last`.
    pub(crate) fn drop_through(&mut self, last: u64) -> Amount {
        let mut thrown = Amount::default();
        while let Some(entry) = self.runs.first_entry()
            && *entry.key() <= last
        {
            thrown += Amount::of(&entry.remove().payload);
        }
        thrown
    }

    /// All that is here.
    pub(crate) fn amount(&self) -> Amount {
        let mut all = Amount::default();
        for run in self.runs.values() {
            all += Amount::of(&run.payload);
        }
        all
    }
}

/// What is held: payload bytes, and the chunks they came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(crate) bytes: usize,
    pub(crate) chunks: usize,
}

impl Amount {
    pub(crate) fn of(payload: &Payload) -> Self {
        Self { bytes: payload.len(), chunks: payload.pieces().len() }
    }

    /// The memory, about.
    pub(crate) const fn cost(self) -> usize {
        self.bytes + self.chunks * CHUNK_COST
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.chunks += other.chunks;
    }
}

impl SubAssign for Amount {
    fn sub_assign(&mut self, other: Self) {
        self.bytes -= other.bytes;
        self.chunks -= other.chunks;
    }
}

/// What a chunk costs beside its bytes.
const CHUNK_COST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(number: u64, is_first: bool, is_last: bool) -> Piece {
        let payload = Bytes::copy_from_slice(&[number as u8]);
        Piece { number, is_first, is_last, ppid: Ppid(1), payload }
    }

    #[test]
    fn fragments_in_any_order_become_one_run() {
        for order in [[5, 6, 7, 8], [8, 7, 6, 5], [6, 8, 5, 7], [7, 5, 8, 6]] {
            let mut pieces = Pieces::default();
            for number in order {
                pieces.insert(piece(number, number == 5, number == 8));
            }
            let run = pieces.take(5).expect("a run");
            assert!(run.is_whole());
            assert_eq!(run.payload.into_bytes(), [5, 6, 7, 8].as_slice());
            assert!(pieces.is_empty());
        }
    }

    #[test]
    fn neighbours_of_two_messages_stay_apart() {
        let mut pieces = Pieces::default();
        pieces.insert(piece(1, true, true));
        pieces.insert(piece(2, true, false));
        pieces.insert(piece(3, false, true));
        pieces.insert(piece(4, true, true));
        assert!([1, 2, 4].iter().all(|start| pieces.get(*start).is_some_and(Run::is_whole)));
    }
}
