//! The check list: forming, pruning, order and states of pairs (RFC 8445 section 6.1.2, RFC 8838
//! sections 10 to 12).
//!
//! An agent is for one data stream, so its check list set has one list, whose components share it.

use core::cmp::Reverse;
use core::net::SocketAddr;
use std::collections::VecDeque;

use crate::event::CheckPurpose;
use crate::foundation::Foundation;
use crate::pair::{Pair, PairId, Phase};
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
            renewed: 0,
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
        let is_unchecked = matches!(pair.progress, Phase::Frozen | Phase::Waiting);
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
        let is_failed = |pair: &Pair| matches!(pair.progress, Phase::Failed(_)) && !pair.is_barred;
        let is_lower = |pair: &Pair| {
            matches!(pair.progress, Phase::Frozen | Phase::Waiting) && pair.priority < priority
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
    fn state_of_newcomer(&self, new: &NewPair, foundation: usize) -> Phase {
        let mut column = self.pairs.iter().filter(|pair| pair.foundation == foundation);
        let rank = (new.component, Reverse(new.priority));
        let is_topmost = column.clone().all(|pair| rank < (pair.component, Reverse(pair.priority)));
        let has_succeeded = column.any(|pair| matches!(pair.progress, Phase::Succeeded(_)));
        if is_topmost || has_succeeded { Phase::Waiting } else { Phase::Frozen }
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
            if !matches!(pair.progress, Phase::Frozen | Phase::Waiting) {
                continue;
            }
            let is_first = !seen.contains(&pair.foundation);
            if is_first {
                seen.push(pair.foundation);
            }
            let is_triggered = self.triggered.contains(&Trigger::Check(pair.id));
            pair.progress = if is_first || is_triggered { Phase::Waiting } else { Phase::Frozen };
        }
    }

    /// Puts the pairs in order again: highest priority, then lowest component, first.
    pub(crate) fn sort(&mut self) {
        self.pairs.sort_by_key(|pair| (Reverse(pair.priority), pair.component, pair.id));
    }

    /// Forgets all numbers of foundations. Whoever calls this gives every pair a new one.
    pub(crate) fn forget_foundations(&mut self) {
        self.foundations.clear();
    }

    /// How many foundations have a number.
    #[cfg(test)]
    pub(crate) fn foundation_count(&self) -> usize {
        self.foundations.len()
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
            if pair.foundation == foundation && pair.progress == Phase::Frozen {
                pair.progress = Phase::Waiting;
            }
        }
    }

    /// Puts a pair at the end of the triggered-check queue, unless it is in it.
    pub(crate) fn trigger(&mut self, entry: Trigger) {
        if let Trigger::Check(id) = entry
            && let Some(pair) = self.get_mut(id)
        {
            pair.progress = Phase::Waiting;
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
        // A pair that leaves the list leaves the queue, too.
        match self.triggered.pop_front() {
            Some(Trigger::Check(id)) => return Some(Turn::Check(id, CheckPurpose::Triggered)),
            Some(Trigger::Nominate(path)) => return Some(Turn::Nominate(path)),
            None => {}
        }
        if !self.pairs.iter().any(|pair| pair.progress == Phase::Waiting) {
            self.thaw();
        }
        let mut pairs = self.pairs.iter();
        let waiting = pairs.find(|pair| pair.progress == Phase::Waiting)?;
        Some(Turn::Check(waiting.id, CheckPurpose::Ordinary))
    }

    /// Step 2: where no pair of a foundation waits or is in progress, its first frozen one waits.
    fn thaw(&mut self) {
        for index in 0..self.pairs.len() {
            let thaws = self.pairs.get(index).is_some_and(|pair| self.may_thaw(pair));
            if let Some(pair) = self.pairs.get_mut(index).filter(|_| thaws) {
                pair.progress = Phase::Waiting;
            }
        }
    }

    fn may_thaw(&self, frozen: &Pair) -> bool {
        let is_active = |pair: &Pair| {
            pair.foundation == frozen.foundation
                && matches!(pair.progress, Phase::Waiting | Phase::InProgress(_))
        };
        frozen.progress == Phase::Frozen && !self.pairs.iter().any(is_active)
    }

    /// Whether [`take_turn`](Self::take_turn) would find something.
    pub(crate) fn has_work(&self) -> bool {
        !self.triggered.is_empty()
            || self.pairs.iter().any(|pair| pair.progress == Phase::Waiting)
            || self.pairs.iter().any(|pair| self.may_thaw(pair))
    }

    /// How many pairs are waiting or in progress.
    pub(crate) fn active(&self) -> usize {
        let is_active =
            |pair: &&Pair| matches!(pair.progress, Phase::Waiting | Phase::InProgress(_));
        self.pairs.iter().filter(is_active).count()
    }
}

#[cfg(test)]
mod tests {
    use icelab_stun::TransactionId;

    use super::*;
    use crate::event::CheckFailure;

    /// Priority, component, foundation and the remote port, which tells pairs apart.
    fn new(priority: u64, component: u16, foundation: &str, port: u16) -> NewPair {
        NewPair {
            component,
            local: 0,
            remote: usize::from(port),
            base: SocketAddr::from(([10, 0, 0, 1], component)),
            destination: SocketAddr::from(([10, 0, 0, 2], port)),
            priority,
            foundation: (foundation.parse().unwrap(), "r".parse().unwrap()),
        }
    }

    fn list(pairs: &[(u64, u16, &str)]) -> CheckList {
        let mut list = CheckList::default();
        for (port, (priority, component, foundation)) in (1..).zip(pairs) {
            list.insert(new(*priority, *component, foundation, port), 100);
        }
        list
    }

    fn states(list: &CheckList) -> Vec<(u16, Phase)> {
        let mut states: Vec<_> =
            list.pairs().map(|pair| (pair.destination.port(), pair.progress)).collect();
        states.sort_by_key(|(port, _)| *port);
        states
    }

    /// Takes a turn and puts the pair in progress, as the agent does.
    fn turn(list: &mut CheckList) -> Option<u16> {
        let Turn::Check(id, _) = list.take_turn()? else {
            return None;
        };
        let pair = list.get_mut(id).unwrap();
        pair.progress = Phase::InProgress(TransactionId([0; 12]));
        Some(pair.destination.port())
    }

    #[test]
    fn pairs_stand_by_priority_then_by_component() {
        let list = list(&[(5, 1, "a"), (9, 1, "b"), (9, 2, "c"), (7, 1, "d")]);
        let order: Vec<u16> = list.pairs().map(|pair| pair.destination.port()).collect();
        assert_eq!(order, [2, 3, 4, 1]);
    }

    /// Section 6.1.2.6.
    #[test]
    fn of_each_foundation_the_lowest_component_then_the_highest_priority_waits() {
        use Phase::{Frozen, Waiting};
        let list = list(&[(9, 2, "a"), (5, 1, "a"), (7, 1, "a"), (1, 2, "b")]);
        assert_eq!(states(&list), [(1, Frozen), (2, Frozen), (3, Waiting), (4, Waiting)]);
    }

    /// RFC 8838 section 12: rule 1, the topmost; rule 2, a succeeded one; rule 3, otherwise.
    #[test]
    fn newcomers_wait_or_freeze_by_rfc_8838s_rules() {
        let mut list = list(&[(5, 1, "a"), (5, 1, "b")]);
        assert_eq!(turn(&mut list), Some(1));
        let state = |list: &mut CheckList, new| {
            let Insertion::Added(id) = list.insert(new, 100) else { panic!() };
            list.get(id).unwrap().progress
        };
        assert_eq!(state(&mut list, new(9, 1, "a", 11)), Phase::Waiting);
        assert_eq!(state(&mut list, new(9, 2, "a", 12)), Phase::Frozen);
        // Section 6.1.2.6 wants exactly one pair of a foundation to wait; an equal one is not topmost.
        assert_eq!(state(&mut list, new(9, 1, "a", 15)), Phase::Frozen);
        assert_eq!(state(&mut list, new(1, 1, "c", 13)), Phase::Waiting);
        let first = list.pairs_mut().find(|pair| pair.destination.port() == 1).unwrap();
        first.progress = Phase::Succeeded(PathId(0));
        assert_eq!(state(&mut list, new(1, 2, "a", 14)), Phase::Waiting);
    }

    /// Section 6.1.4.2: triggered, then waiting by priority, then thawed.
    #[test]
    fn turns_are_taken_in_the_rfcs_order() {
        let mut list = list(&[(9, 1, "a"), (8, 1, "a"), (7, 1, "b"), (6, 1, "c")]);
        let triggered = list.pairs().last().unwrap().id;
        list.trigger(Trigger::Check(triggered));
        list.trigger(Trigger::Check(triggered));
        assert_eq!([(); 3].map(|()| turn(&mut list)), [Some(4), Some(1), Some(3)]);
        assert!(!list.has_work(), "the frozen one's foundation is in progress");
        assert_eq!(turn(&mut list), None);
        let first = list.pairs_mut().next().unwrap();
        first.progress = Phase::Failed(CheckFailure::TimedOut);
        assert!(list.has_work());
        assert_eq!(turn(&mut list), Some(2));
    }

    /// Section 6.1.4.1: the queue is first in, first out, and only what is no more loses its place.
    #[test]
    fn a_pair_that_leaves_the_list_leaves_the_others_their_places_in_the_queue() {
        let entries = [(9, 1, "a"), (8, 1, "b"), (7, 1, "c")];
        let triggered = |mut list: CheckList| match list.take_turn().unwrap() {
            Turn::Check(id, purpose) => (list.get(id).unwrap().destination.port(), purpose),
            Turn::Nominate(_) => panic!(),
        };
        for (unwanted, next) in [(3, 2), (2, 3)] {
            let mut list = list(&entries);
            for port in [3, 2] {
                let id = list.pairs().find(|pair| pair.destination.port() == port).unwrap().id;
                list.trigger(Trigger::Check(id));
            }
            list.remove(|pair| pair.destination.port() == unwanted);
            assert_eq!(triggered(list), (next, CheckPurpose::Triggered));
        }
        // The one that makes room for a better one.
        let mut list = list(&entries);
        for port in [3, 2] {
            let id = list.pairs().find(|pair| pair.destination.port() == port).unwrap().id;
            list.trigger(Trigger::Check(id));
        }
        assert!(matches!(list.insert(new(10, 1, "d", 4), 3), Insertion::Added(_)));
        assert_eq!(triggered(list), (2, CheckPurpose::Triggered));
    }

    /// Section 6.1.2.4.
    #[test]
    fn of_two_redundant_pairs_the_better_stays() {
        let mut list = list(&[(5, 1, "a")]);
        assert!(matches!(list.insert(new(9, 1, "b", 1), 100), Insertion::Redundant(_)));
        assert!(matches!(list.insert(new(3, 1, "c", 1), 100), Insertion::Redundant(_)));
        let priorities: Vec<u64> = list.pairs().map(|pair| pair.priority).collect();
        assert_eq!(priorities, [9]);
    }

    /// RFC 8838 section 10: a pair whose check is on its way is not touched.
    #[test]
    fn a_pair_in_progress_is_not_replaced_by_a_better_redundant_one() {
        let mut list = list(&[(5, 1, "a")]);
        turn(&mut list);
        list.insert(new(9, 1, "b", 1), 100);
        let pair = list.pairs().next().unwrap();
        assert_eq!(pair.priority, 5);
        assert!(matches!(pair.progress, Phase::InProgress(_)));
    }

    #[test]
    fn a_full_list_drops_failed_pairs_first_then_worse_ones_and_never_better_ones() {
        let mut list = CheckList::default();
        for (port, name) in (1..=3).zip(["a", "b", "c"]) {
            list.insert(new(10 * u64::from(port), 1, name, port), 3);
        }
        assert_eq!(list.insert(new(5, 1, "d", 4), 3), Insertion::Full);
        assert_eq!(list.insert(new(10, 1, "d", 4), 3), Insertion::Full, "no lower priority");
        assert!(matches!(list.insert(new(15, 1, "d", 5), 3), Insertion::Added(_)));
        let best = list.pairs_mut().next().unwrap();
        best.progress = Phase::Failed(CheckFailure::TimedOut);
        assert!(matches!(list.insert(new(1, 1, "d", 6), 3), Insertion::Added(_)));
        let ports: Vec<u16> = list.pairs().map(|pair| pair.destination.port()).collect();
        assert_eq!(ports, [2, 5, 6]);
    }
}
