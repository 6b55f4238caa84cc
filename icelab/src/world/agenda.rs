//! What is to happen when: the meaning of the simulation's timer tokens.

use std::collections::BTreeMap;

use super::data::FlowId;
use super::end::Which;

/// Something that is to happen at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// The offerer opens the call.
    Call,
    /// The next signal to this side arrives.
    Deliver {
        /// Who gets it.
        to: Which,
    },
    /// An event of the plan, by its place there.
    Event(usize),
    /// An expectation of the plan is judged, by its place there.
    Judge(usize),
    /// Both sides send their next little messages.
    Probe {
        /// Of which row of messages.
        row: u32,
    },
    /// One side may have something to write on a channel.
    Write(FlowId),
    /// All may have arrived that will.
    Drained,
    /// The call may count as settled.
    Settled {
        /// Which of the times it seemed so.
        epoch: u32,
    },
    /// This side has been disconnected for as long as its application waits.
    Impatient {
        /// Which side.
        side: Which,
        /// Which of the times it was.
        epoch: u32,
    },
}

/// The items by the token with which they were scheduled.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    next: u64,
    items: BTreeMap<u64, Item>,
}

impl Agenda {
    /// Notes an item and gives its token.
    pub(super) fn add(&mut self, item: Item) -> u64 {
        self.next += 1;
        self.items.insert(self.next, item);
        self.next
    }

    /// Takes out the item of a token whose time has come.
    pub(super) fn take(&mut self, token: u64) -> Option<Item> {
        self.items.remove(&token)
    }

    /// Whether an item such as this is still to come.
    pub(super) fn awaits(&self, matches: impl Fn(&Item) -> bool) -> bool {
        self.items.values().any(matches)
    }
}
