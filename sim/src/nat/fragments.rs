//! Later fragments follow the first one (RFC 4787 section 11, REQ-14).

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use icelab_sans_io::{Instant, Timers};

use super::{DropReason, Fragments, Ticket};
use crate::packet::{Packet, Protocol};

/// What became of first fragments, and later ones that came before them.
#[derive(Clone, Debug)]
pub(super) struct FragmentTable {
    policy: Fragments,
    entries: BTreeMap<Key, Fate>,
    timers: Timers<Key>,
    waiting: usize,
    tickets: u64,
    released: VecDeque<Freed>,
}

/// A fragment that waits no longer.
#[derive(Clone, Debug)]
pub(super) struct Freed {
    pub(super) ticket: Ticket,
    pub(super) packet: Packet,
    pub(super) route: Result<Route, DropReason>,
}

/// Which side a packet comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Inside,
    Outside,
}

/// Where the fragments of a packet go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) is_hairpin: bool,
}

/// What makes fragments belong together, as they arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    side: Side,
    source: IpAddr,
    destination: IpAddr,
    protocol: Protocol,
    identification: u32,
}

#[derive(Clone, Debug)]
enum Fate {
    /// The first fragment was judged.
    Judged(Result<Route, DropReason>),
    /// These wait for it.
    Waiting(Vec<(Ticket, Packet)>),
}

/// What becomes of a later fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Later {
    Goes(Route),
    Waits(Ticket),
}

impl FragmentTable {
    pub(super) fn new(policy: Fragments) -> Self {
        Self {
            policy,
            entries: BTreeMap::new(),
            timers: Timers::new(),
            waiting: 0,
            tickets: 0,
            released: VecDeque::new(),
        }
    }

    pub(super) fn key(side: Side, packet: &Packet) -> Option<Key> {
        Some(Key {
            side,
            source: packet.source(),
            destination: packet.destination(),
            protocol: packet.protocol(),
            identification: packet.fragment()?.identification,
        })
    }

    /// Whether fragments are taken at all.
    pub(super) fn check(&self) -> Result<(), DropReason> {
        match self.policy {
            Fragments::Drop => Err(DropReason::FragmentRefused),
            Fragments::InOrder | Fragments::OutOfOrder => Ok(()),
        }
    }

    /// The first fragment was judged: who waited for it may go.
    pub(super) fn judged(&mut self, key: Key, route: Result<Route, DropReason>, now: Instant) {
        if !self.entries.contains_key(&key) {
            self.make_room();
        }
        let before = self.entries.insert(key, Fate::Judged(route));
        self.timers.set(key, now + TIMEOUT);
        self.free(before, route);
    }

    /// A later fragment: it goes where the first one went, or waits for it.
    pub(super) fn later(
        &mut self,
        key: Key,
        packet: &Packet,
        now: Instant,
    ) -> Result<Later, DropReason> {
        let ticket = Ticket(self.tickets);
        match self.entries.get_mut(&key) {
            Some(Fate::Judged(Ok(route))) => return Ok(Later::Goes(*route)),
            Some(Fate::Judged(Err(_))) => return Err(DropReason::FragmentWithoutFirst),
            Some(Fate::Waiting(_)) | None if self.policy != Fragments::OutOfOrder => {
                return Err(DropReason::FragmentWithoutFirst);
            }
            Some(Fate::Waiting(_)) | None if self.waiting >= MOST_WAITING => {
                return Err(DropReason::TooManyFragments);
            }
            Some(Fate::Waiting(packets)) => packets.push((ticket, packet.clone())),
            None => {
                self.make_room();
                self.entries.insert(key, Fate::Waiting(vec![(ticket, packet.clone())]));
                self.timers.set(key, now + TIMEOUT);
            }
        }
        self.tickets += 1;
        self.waiting += 1;
        Ok(Later::Waits(ticket))
    }

    /// A fragment that waited, and where it goes.
    pub(super) fn pop_released(&mut self) -> Option<Freed> {
        self.released.pop_front()
    }

    /// Nothing is known any more of first fragments, and those that wait for one are released to be dropped.
    pub(super) fn forget(&mut self) {
        while let Some(key) = self.timers.next().map(|(_, key)| *key) {
            self.end(&key);
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        while let Some((_, key)) = self.timers.pop_due(now) {
            self.end(&key);
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next().map(|(at, _)| at)
    }

    fn make_room(&mut self) {
        if self.entries.len() >= MOST_ENTRIES
            && let Some(key) = self.timers.next().map(|(_, key)| *key)
        {
            self.end(&key);
        }
    }

    /// The first fragment never came: those that wait are released to be dropped.
    fn end(&mut self, key: &Key) {
        self.timers.cancel(key);
        let before = self.entries.remove(key);
        self.free(before, Err(DropReason::FragmentWithoutFirst));
    }

    /// Those that waited so far take this route.
    fn free(&mut self, before: Option<Fate>, route: Result<Route, DropReason>) {
        if let Some(Fate::Waiting(packets)) = before {
            self.waiting -= packets.len();
            let freed = packets.into_iter().map(|(ticket, packet)| Freed { ticket, packet, route });
            self.released.extend(freed);
        }
    }
}

/// How long fragments of one packet may be apart.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How many fragmented packets are known at once; the oldest gives way.
const MOST_ENTRIES: usize = 1024;
/// How many fragments may wait in all.
const MOST_WAITING: usize = 256;
