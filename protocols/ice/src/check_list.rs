//! The check list: forming, pruning, order and states of pairs (RFC 8445 section 6.1.2, RFC 8838
//! sections 10 to 12).
//!
//! An agent is for one data stream, so its check list set has one list, whose components share it.

use core::cmp::Reverse;
use core::net::SocketAddr;
use std::collections::VecDeque;

use crate::event::CheckPurpose;
use crate::foundation::Foundation;
use crate::pair::{Pair, PairId, Progress};
use crate::path::PathId;

/// Pairs, highest priority first, and what is to be checked out of turn.
#[derive(Clone, Debug, Default)]
pub(crate) struct CheckList {
    pairs: Vec<Pair>,
    triggered: VecDeque<Trigger>,
    foundations: Vec<(Foundation, Foundation)>,
    next_id: u32,
    is_started: bool,
}

/// An entry of the triggered-check queue (section 6.1.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// Check this pair.
    Check(PairId),
    /// Repeat this valid pair's check with USE-CANDIDATE (section 8.1.1).
    Nominate(PathId),
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// A pair's.
    Check(PairId, CheckPurpose),
    /// A nomination's.
    Nominate(PathId),
}

/// A pair to be added.
#[derive(Clone, Debug)]
pub(crate) struct NewPair {
    pub(crate) component: u16,
    pub(crate) local: usize,
    pub(crate) remote: usize,
    pub(crate) base: SocketAddr,
    pub(crate) destination: SocketAddr,
    pub(crate) priority: u64,
    pub(crate) foundation: (Foundation, Foundation),
}

/// What became of a pair to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Insertion {
    Added(PairId),
    /// Another pair has the same base and remote candidate (section 6.1.2.4).
    Redundant(PairId),
    /// The list is full of better ones (section 6.1.2.5).
    Full,
}

impl CheckList {
    pub(crate) fn pairs(&self) -> impl Iterator<Item = &Pair> {
        self.pairs.iter()
    }

    pub(crate) fn pairs_mut(&mut self) -> impl Iterator<Item = &mut Pair> {
        self.pairs.iter_mut()
    }

    pub(crate) fn get(&self, id: PairId) -> Option<&Pair> {
        self.pairs.iter().find(|pair| pair.id == id)
    }

    pub(crate) fn get_mut(&mut self, id: PairId) -> Option<&mut Pair> {
        self.pairs.iter_mut().find(|pair| pair.id == id)
    }

    /// The pair with these addresses.
    pub(crate) fn find(&self, base: SocketAddr, destination: SocketAddr) -> Option<&Pair> {
        let mut pairs = self.pairs.iter();
        pairs.find(|pair| pair.base == base && pair.destination == destination)
    }

    /// Adds a pair, unless it is redundant or the list is full of better ones.
    pub(crate) fn insert(&mut self, new: NewPair, limit: usize) -> Insertion {
        let foundation = self.foundation_number(&new.foundation);
        if let Some(known) = self.find(new.base, new.destination).map(|pair| pair.id) {
            self.merge(known, &new, foundation);
            return Insertion::Redundant(known);
        }
        if self.pairs.len() >= limit && !self.make_room(new.priority) {
            return Insertion::Full;
        }
        let id = PairId(self.next_id);
        self.next_id += 1;
        let progress = self.state_of_newcomer(&new, foundation);
        self.pairs.push(Pair {
            id,
            component: new.component,
            local: new.local,
            remote: new.remote,
            base: new.base,
            destination: new.destination,
            priority: new.priority,
            foundation,
            progress,
            nomination: None,
            requests_sent: 0,
            server_errors: 0,
            is_barred: false,
        });
        self.sort();
        if !self.is_started {
            self.set_initial_states();
        }
        Insertion::Added(id)
    }

    /// Section 6.1.2.4: of two redundant pairs the one with the higher priority stays, but a pair
    /// whose check is in flight or over is left alone (RFC 8838 section 10).
    fn merge(&mut self, known: PairId, new: &NewPair, foundation: usize) {
        let Some(pair) = self.get_mut(known) else {
            return;
        };
        let is_unchecked = matches!(pair.progress, Progress::Frozen | Progress::Waiting);
        if is_unchecked && new.priority > pair.priority {
            pair.local = new.local;
            pair.remote = new.remote;
            pair.priority = new.priority;
            pair.foundation = foundation;
            self.sort();
        }
    }

    /// Section 6.1.2.5 and RFC 8838 section 10: failed pairs make room first, then an unchecked pair
    /// with a lower priority.
    fn make_room(&mut self, priority: u64) -> bool {
        let is_failed =
            |pair: &Pair| matches!(pair.progress, Progress::Failed(_)) && !pair.is_barred;
        let is_lower = |pair: &Pair| {
            matches!(pair.progress, Progress::Frozen | Progress::Waiting)
                && pair.priority < priority
        };
        let victim = self.pairs.iter().rposition(is_failed);
        let victim = victim.or_else(|| self.pairs.iter().rposition(is_lower));
        let Some(victim) = victim else {
            return false;
        };
        let removed = self.pairs.remove(victim);
        self.triggered.retain(|entry| *entry != Trigger::Check(removed.id));
        true
    }

    /// RFC 8838 section 12's three rules.
    fn state_of_newcomer(&self, new: &NewPair, foundation: usize) -> Progress {
        let mut column = self.pairs.iter().filter(|pair| pair.foundation == foundation);
        let rank = (new.component, Reverse(new.priority));
        let is_topmost = column.clone().all(|pair| rank < (pair.component, Reverse(pair.priority)));
        let has_succeeded = column.any(|pair| matches!(pair.progress, Progress::Succeeded(_)));
        if is_topmost || has_succeeded { Progress::Waiting } else { Progress::Frozen }
    }

    /// Section 6.1.2.6: for each foundation exactly one pair waits, that of the lowest component
    /// and, within it, of the highest priority.
    fn set_initial_states(&mut self) {
        let mut order: Vec<usize> = (0..self.pairs.len()).collect();
        order.sort_by_key(|index| self.pairs.get(*index).map(|pair| pair.component));
        let mut seen = Vec::new();
        for index in order {
            let Some(pair) = self.pairs.get_mut(index) else {
                continue;
            };
            if !matches!(pair.progress, Progress::Frozen | Progress::Waiting) {
                continue;
            }
            let is_first = !seen.contains(&pair.foundation);
            if is_first {
                seen.push(pair.foundation);
            }
            let is_triggered = self.triggered.contains(&Trigger::Check(pair.id));
            pair.progress =
                if is_first || is_triggered { Progress::Waiting } else { Progress::Frozen };
        }
    }

    /// Puts the pairs in order again: highest priority, then lowest component, first.
    pub(crate) fn sort(&mut self) {
        self.pairs.sort_by_key(|pair| (Reverse(pair.priority), pair.component, pair.id));
    }

    /// The number of a foundation.
    pub(crate) fn foundation_number(&mut self, foundation: &(Foundation, Foundation)) -> usize {
        let known = self.foundations.iter().position(|known| known == foundation);
        known.unwrap_or_else(|| {
            self.foundations.push(foundation.clone());
            self.foundations.len() - 1
        })
    }

    /// Section 7.2.5.3.3: every frozen pair of this foundation waits now.
    pub(crate) fn unfreeze(&mut self, foundation: usize) {
        for pair in &mut self.pairs {
            if pair.foundation == foundation && pair.progress == Progress::Frozen {
                pair.progress = Progress::Waiting;
            }
        }
    }

    /// Puts a pair at the end of the triggered-check queue, unless it is in it.
    pub(crate) fn trigger(&mut self, entry: Trigger) {
        if let Trigger::Check(id) = entry
            && let Some(pair) = self.get_mut(id)
        {
            pair.progress = Progress::Waiting;
        }
        if !self.triggered.contains(&entry) {
            self.triggered.push_back(entry);
        }
    }

    /// Takes entries out of the triggered-check queue.
    pub(crate) fn untrigger(&mut self, mut unwanted: impl FnMut(&Trigger) -> bool) {
        self.triggered.retain(|entry| !unwanted(entry));
    }

    /// Removes pairs.
    pub(crate) fn remove(&mut self, mut unwanted: impl FnMut(&Pair) -> bool) {
        let triggered = &mut self.triggered;
        self.pairs.retain(|pair| {
            let is_unwanted = unwanted(pair);
            if is_unwanted {
                triggered.retain(|entry| *entry != Trigger::Check(pair.id));
            }
            !is_unwanted
        });
    }

    /// Section 6.1.4.2: the next check, for which Ta has come.
    pub(crate) fn take_turn(&mut self) -> Option<Turn> {
        self.is_started = true;
        while let Some(entry) = self.triggered.pop_front() {
            match entry {
                Trigger::Check(id) if self.get(id).is_some() => {
                    return Some(Turn::Check(id, CheckPurpose::Triggered));
                }
                Trigger::Check(_) => {}
                Trigger::Nominate(path) => return Some(Turn::Nominate(path)),
            }
        }
        if !self.pairs.iter().any(|pair| pair.progress == Progress::Waiting) {
            self.thaw();
        }
        let mut pairs = self.pairs.iter();
        let waiting = pairs.find(|pair| pair.progress == Progress::Waiting)?;
        Some(Turn::Check(waiting.id, CheckPurpose::Ordinary))
    }

    /// Step 2: where no pair of a foundation waits or is in progress, its first frozen one waits.
    fn thaw(&mut self) {
        for index in 0..self.pairs.len() {
            let thaws = self.pairs.get(index).is_some_and(|pair| self.may_thaw(pair));
            if let Some(pair) = self.pairs.get_mut(index).filter(|_| thaws) {
                pair.progress = Progress::Waiting;
            }
        }
    }

    fn may_thaw(&self, frozen: &Pair) -> bool {
        let is_active = |pair: &Pair| {
            pair.foundation == frozen.foundation
                && matches!(pair.progress, Progress::Waiting | Progress::InProgress(_))
        };
        frozen.progress == Progress::Frozen && !self.pairs.iter().any(is_active)
    }

    /// Whether [`take_turn`](Self::take_turn) would find something.
    pub(crate) fn has_work(&self) -> bool {
        !self.triggered.is_empty()
            || self.pairs.iter().any(|pair| pair.progress == Progress::Waiting)
            || self.pairs.iter().any(|pair| self.may_thaw(pair))
    }

    /// How many pairs are waiting or in progress.
    pub(crate) fn active(&self) -> usize {
        let is_active =
            |pair: &&Pair| matches!(pair.progress, Progress::Waiting | Progress::InProgress(_));
        self.pairs.iter().filter(is_active).count()
    }
}
