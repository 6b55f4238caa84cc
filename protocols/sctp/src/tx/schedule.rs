//! Whose turn it is among the streams that have something to send (RFC 8260 section 3).

use std::collections::BTreeSet;

use crate::packet::StreamId;

/// Which of the streams that have something to send is next (RFC 8260 section 3). Without
/// interleaving a message, once begun, is sent to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheduling {
    /// The message that was given first (section 3.1).
    FirstComeFirstServed,
    /// A message, or with interleaving a fragment, of each stream in turn (section 3.2).
    RoundRobin,
    /// A packet of each stream in turn (section 3.3).
    RoundRobinPerPacket,
    /// The stream of the highest priority; among equals in turn (section 3.4).
    Priority,
    /// As many bytes of each stream (section 3.5).
    FairCapacity,
    /// Bytes in proportion to the streams' priorities (section 3.6): RFC 8831 section 6.4.
    #[default]
    WeightedFair,
}

/// Orders streams; the least is next.
type Rank = (u64, u64);

/// A stream's place in the order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    /// RFC 8831 section 6.4: 128 to 1024.
    pub(crate) priority: u16,
    rank: Option<Rank>,
    /// Up to where, in virtual time, the stream has been served.
    served: u64,
}

impl Turn {
    pub(crate) const fn new(priority: u16) -> Self {
        Self { priority, rank: None, served: 0 }
    }
}

/// The streams that have something to send, in order.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    scheduling: Scheduling,
    ready: BTreeSet<(Rank, StreamId)>,
    turns: u64,
    /// Virtual time: where the stream whose turn was last stood when it came.
    clock: u64,
}

impl Schedule {
    pub(crate) const fn new(scheduling: Scheduling) -> Self {
        Self { scheduling, ready: BTreeSet::new(), turns: 0, clock: 0 }
    }

    pub(crate) const fn scheduling(&self) -> Scheduling {
        self.scheduling
    }

    /// The stream whose turn it is.
    pub(crate) fn next(&self) -> Option<StreamId> {
        self.ready.first().map(|(_, stream)| *stream)
    }

    /// The stream has something to send; its oldest message has this number.
    pub(crate) fn enter(&mut self, stream: StreamId, turn: &mut Turn, message: u64) {
        if turn.rank.is_some() {
            return;
        }
        self.turns += 1;
        let rank = match self.scheduling {
            Scheduling::FirstComeFirstServed => (message, 0),
            Scheduling::RoundRobin | Scheduling::RoundRobinPerPacket => (self.turns, 0),
            Scheduling::Priority => (u64::from(u16::MAX - turn.priority), self.turns),
            Scheduling::FairCapacity | Scheduling::WeightedFair => {
                turn.served = turn.served.max(self.clock);
                (turn.served, self.turns)
            }
        };
        turn.rank = Some(rank);
        self.ready.insert((rank, stream));
    }

    /// The stream has nothing to send, or its turn is over.
    pub(crate) fn leave(&mut self, stream: StreamId, turn: &mut Turn) {
        if let Some(rank) = turn.rank.take() {
            self.ready.remove(&(rank, stream));
            if self.is_fair() {
                self.clock = self.clock.max(rank.0);
            }
        }
    }

    const fn is_fair(&self) -> bool {
        matches!(self.scheduling, Scheduling::FairCapacity | Scheduling::WeightedFair)
    }

    /// The stream sent so many bytes.
    pub(crate) fn charge(&mut self, turn: &mut Turn, bytes: usize) {
        let weight = match self.scheduling {
            Scheduling::WeightedFair => u64::from(turn.priority.max(1)),
            Scheduling::FirstComeFirstServed
            | Scheduling::RoundRobin
            | Scheduling::RoundRobinPerPacket
            | Scheduling::Priority
            | Scheduling::FairCapacity => 1 << 8,
        };
        turn.served += ((bytes as u64) << 16) / weight;
    }
}
