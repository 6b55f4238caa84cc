//! How long an entry lives: its state, what refreshed it last, and the timers that end it.

use core::time::Duration;

use icelab_sans_io::{Instant, Timers};

use super::{Refresh, State, Timeouts};
use crate::packet::Protocol;

/// Which way a packet of a conversation goes, seen from who began it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Out,
    Back,
}

/// The age of one entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lifetime {
    made: Instant,
    /// The last packet that refreshed.
    refreshed: Instant,
    state: State,
    /// Added to every time.
    extra: Duration,
    expires: Instant,
    /// For when a timer is set: never later than `expires`, so that refreshing need not touch the timer.
    armed: Instant,
}

impl Lifetime {
    pub(super) fn new(
        protocol: Protocol,
        timeouts: &Timeouts,
        extra: Duration,
        now: Instant,
    ) -> Self {
        let expires = now + timeouts.of(protocol, State::Unreplied) + extra;
        let state = State::Unreplied;
        Self { made: now, refreshed: now, state, extra, expires, armed: expires }
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    pub(super) fn expires(&self) -> Instant {
        self.expires
    }

    pub(super) fn extra(&self) -> Duration {
        self.extra
    }

    fn is_replied(&self) -> bool {
        match self.state {
            State::Unreplied | State::Repeated => false,
            State::Replied | State::Stream => true,
        }
    }

    /// A packet passes; says whether the state changed.
    fn pass(&mut self, protocol: Protocol, terms: &Terms, way: Way, now: Instant) -> bool {
        let before = self.state;
        // As in the Linux kernel, the first answer makes no stream yet, however late it comes.
        self.state = match (self.state, way) {
            (State::Unreplied, Way::Out) if terms.timeouts.udp_repeated.is_some() => {
                State::Repeated
            }
            (State::Unreplied | State::Repeated, Way::Back) => State::Replied,
            (State::Replied, _)
                if terms.timeouts.udp_stream.is_some()
                    && now > self.made + Timeouts::STREAM_AFTER =>
            {
                State::Stream
            }
            (state, _) => state,
        };
        let refreshes = match way {
            Way::Out => terms.refresh.by_outbound(),
            Way::Back => terms.refresh.by_inbound(),
        };
        if refreshes {
            self.refreshed = now;
        }
        self.expires = self.refreshed + terms.timeouts.of(protocol, self.state) + self.extra;
        self.state != before
    }
}

/// What governs lifetimes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) timeouts: Timeouts,
    pub(super) refresh: Refresh,
}

/// The timers of one table, entries with and without an answer apart.
#[derive(Clone, Debug)]
pub(super) struct Expiry<K> {
    unreplied: Timers<K>,
    replied: Timers<K>,
}

impl<K: Ord + Clone> Expiry<K> {
    pub(super) fn new() -> Self {
        Self { unreplied: Timers::new(), replied: Timers::new() }
    }

    fn timers(&mut self, is_replied: bool) -> &mut Timers<K> {
        if is_replied { &mut self.replied } else { &mut self.unreplied }
    }

    pub(super) fn add(&mut self, key: K, lifetime: &mut Lifetime) {
        lifetime.armed = lifetime.expires;
        self.timers(lifetime.is_replied()).set(key, lifetime.armed);
    }

    pub(super) fn remove(&mut self, key: &K, lifetime: &Lifetime) {
        self.timers(lifetime.is_replied()).cancel(key);
    }

    /// A packet of an entry passes; says whether its state changed.
    pub(super) fn pass(
        &mut self,
        key: &K,
        lifetime: &mut Lifetime,
        protocol: Protocol,
        terms: &Terms,
        way: Way,
        now: Instant,
    ) -> bool {
        let was_replied = lifetime.is_replied();
        let changed = lifetime.pass(protocol, terms, way, now);
        if was_replied != lifetime.is_replied() {
            self.timers(was_replied).cancel(key);
            self.add(key.clone(), lifetime);
        } else if lifetime.expires < lifetime.armed {
            self.add(key.clone(), lifetime);
        }
        changed
    }

    /// The next entry whose timer ran out, taken off; it may have been refreshed: ask [`Expiry::is_over`].
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<K> {
        let is_replied = match (self.unreplied.next(), self.replied.next()) {
            (Some((unreplied, _)), Some((replied, _))) => replied < unreplied,
            (None, _) => true,
            (Some(_), None) => false,
        };
        self.timers(is_replied).pop_due(now).map(|(_, key)| key)
    }

    /// Whether an entry that [`Expiry::pop_due`] gave has ended; if it has not, its timer is set anew.
    pub(super) fn is_over(&mut self, key: K, lifetime: &mut Lifetime, now: Instant) -> bool {
        if lifetime.expires <= now {
            return true;
        }
        self.add(key, lifetime);
        false
    }

    /// The entry with the earliest timer among those without an answer, or among all.
    pub(super) fn first(&self, among_all: bool) -> Option<K> {
        let unreplied = self.unreplied.next();
        let replied = if among_all { self.replied.next() } else { None };
        unreplied.into_iter().chain(replied).min_by_key(|(at, _)| *at).map(|(_, key)| key.clone())
    }

    /// Brings the timer of an entry up to what it is; says whether it already was.
    pub(super) fn is_exact(&mut self, key: K, lifetime: &mut Lifetime) -> bool {
        let exact = lifetime.armed == lifetime.expires;
        if !exact {
            self.add(key, lifetime);
        }
        exact
    }

    pub(super) fn next(&self) -> Option<Instant> {
        let unreplied = self.unreplied.next().map(|(at, _)| at);
        let replied = self.replied.next().map(|(at, _)| at);
        unreplied.into_iter().chain(replied).min()
    }
}
