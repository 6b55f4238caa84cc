//! Two layers over a lossy, delayed, reordering link, driven until they are quiet.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::time::Duration;

use crate::instant::Instant;
use crate::protocol::{Deadline, Output, Protocol};
use crate::rng::Rng;

/// One end of a [`Pair`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The first layer.
    A,
    /// The second layer.
    Z,
}

/// How a link treats packets. The default delivers each once, in order, after no time at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkModel {
    /// How long every packet takes.
    pub delay: Duration,
    /// How much longer it may take at most, at random. Jitter alone reorders nothing.
    pub jitter: Duration,
    /// How many packets in a billion are lost.
    pub loss_ppb: u32,
    /// How many packets in a billion arrive twice.
    pub duplicate_ppb: u32,
    /// How many packets in a billion may overtake those before them.
    pub reorder_ppb: u32,
}

impl LinkModel {
    /// A link that only delays.
    #[must_use]
    pub fn delayed(delay: Duration) -> Self {
        Self { delay, ..Self::default() }
    }

    /// The worst link that a layer is expected to work over: 20 % loss, 10 % duplicates, 20 %
    /// out of order, with `delay` and as much jitter.
    #[must_use]
    pub const fn terrible(delay: Duration) -> Self {
        Self {
            delay,
            jitter: delay,
            loss_ppb: 200_000_000,
            duplicate_ppb: 100_000_000,
            reorder_ppb: 200_000_000,
        }
    }
}

/// What a [`Pair::filter`] says of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passing {
    /// It goes on to the link.
    Pass,
    /// It is lost.
    Lost,
}

type Filter<P> = Box<dyn FnMut(Side, &P, Instant) -> Passing>;

/// Two layers that talk to each other over a [`LinkModel`] each way.
///
/// Time starts at [`Instant::START`] and jumps from event to event. Everything random comes from
/// the seed, so the [log](Self::log) of two runs with the same seed is the same.
pub struct Pair<A: Protocol, Z: Protocol<Input = A::Packet, Packet = A::Input>> {
    /// The first layer. After a command to it, call [`settle`](Self::settle) or a `drive`.
    pub a: A,
    /// The second layer.
    pub z: Z,
    now: Instant,
    rng: Rng,
    to_a: Direction<A::Input>,
    to_z: Direction<A::Packet>,
    sequence: u64,
    filter: Option<Filter<A::Packet>>,
    events_a: Vec<A::Event>,
    events_z: Vec<Z::Event>,
    log: String,
    needless_calls: bool,
    lateness: Duration,
}

struct Direction<P> {
    model: LinkModel,
    in_flight: BTreeMap<(Instant, u64), P>,
    last_arrival: Instant,
}

impl<T, A, Z> Pair<A, Z>
where
    T: Clone + Debug,
    A: Protocol<Input = T, Packet = T>,
    Z: Protocol<Input = T, Packet = T>,
{
    /// Joins two layers by a link with `model` each way.
    #[must_use]
    pub fn new(a: A, z: Z, model: LinkModel, seed: u64) -> Self {
        let direction =
            || Direction { model, in_flight: BTreeMap::new(), last_arrival: Instant::START };
        Self {
            a,
            z,
            now: Instant::START,
            rng: Rng::from_u64(seed).fork("pair", 0),
            to_a: direction(),
            to_z: direction(),
            sequence: 0,
            filter: None,
            events_a: Vec::new(),
            events_z: Vec::new(),
            log: String::new(),
            needless_calls: false,
            lateness: Duration::ZERO,
        }
    }

    /// The time.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// What happened, a line each: what was sent and lost, and every event.
    #[must_use]
    pub fn log(&self) -> &str {
        &self.log
    }

    /// Changes how the link treats packets sent from now on, both ways.
    pub const fn set_link(&mut self, model: LinkModel) {
        self.to_a.model = model;
        self.to_z.model = model;
    }

    /// Asks `filter` of each packet, with the side that sent it, before the link sees it.
    pub fn filter(&mut self, filter: impl FnMut(Side, &T, Instant) -> Passing + 'static) {
        self.filter = Some(Box::new(filter));
    }

    /// From now on calls `handle_timeout` at every step, due or not, twice.
    pub const fn call_needlessly(&mut self) {
        self.needless_calls = true;
    }

    /// From now on fires every deadline so much too late.
    pub const fn be_late(&mut self, lateness: Duration) {
        self.lateness = lateness;
    }

    /// Takes the events of the first layer since the last call.
    pub fn events_a(&mut self) -> Vec<A::Event> {
        std::mem::take(&mut self.events_a)
    }

    /// Takes the events of the second layer since the last call.
    pub fn events_z(&mut self) -> Vec<Z::Event> {
        std::mem::take(&mut self.events_z)
    }

    /// Puts all that the layers have finished on the link. No time passes.
    pub fn settle(&mut self) {
        loop {
            let mut moved = false;
            while let Some(output) = self.a.poll_output() {
                moved = true;
                match output {
                    Output::Packet(packet) => self.send(Side::A, packet),
                    Output::Event(event) => {
                        self.note(Side::A, &event);
                        self.events_a.push(event);
                    }
                }
            }
            while let Some(output) = self.z.poll_output() {
                moved = true;
                match output {
                    Output::Packet(packet) => self.send(Side::Z, packet),
                    Output::Event(event) => {
                        self.note(Side::Z, &event);
                        self.events_z.push(event);
                    }
                }
            }
            if !moved {
                return;
            }
        }
    }

    /// Runs until nothing is in flight and no deadline is set, or until `limit`. Says whether it
    /// became quiet. A layer with a keepalive never does.
    ///
    /// # Panics
    /// Where a layer works endlessly at one instant, with the name of the timer.
    pub fn drive(&mut self, limit: Instant) -> bool {
        self.drive_while(limit, |_| true)
    }

    /// Runs for `duration`, whatever happens.
    ///
    /// # Panics
    /// As [`drive`](Self::drive) does.
    pub fn drive_for(&mut self, duration: Duration) {
        let end = self.now + duration;
        self.drive(end);
        self.now = self.now.max(end);
    }

    /// Runs like [`drive`](Self::drive), but no longer than `wanted` says so after each step.
    ///
    /// # Panics
    /// As [`drive`](Self::drive) does.
    pub fn drive_while(&mut self, limit: Instant, mut wanted: impl FnMut(&Self) -> bool) -> bool {
        self.settle();
        let mut steps_at_once = 0;
        while wanted(self) {
            let Some((next, timer)) = self.next() else {
                return true;
            };
            if next > limit {
                self.now = self.now.max(limit);
                return false;
            }
            steps_at_once = if next > self.now { 0 } else { steps_at_once + 1 };
            assert!(steps_at_once < STEPS_AT_ONCE, "endless work at {next}: timer {timer}");
            self.now = self.now.max(next);
            self.step();
            self.settle();
        }
        false
    }

    fn next(&self) -> Option<(Instant, &'static str)> {
        let late = |deadline: Deadline| (deadline.at + self.lateness, deadline.timer);
        let arrival = |at: Option<Instant>| at.map(|at| (at, "arrival"));
        [
            arrival(self.to_a.next()),
            arrival(self.to_z.next()),
            self.a.poll_timeout().map(late),
            self.z.poll_timeout().map(late),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn step(&mut self) {
        let now = self.now;
        if self.needless_calls {
            for _ in 0..2 {
                self.a.handle_timeout(now);
                self.z.handle_timeout(now);
            }
        }
        if let Some(packet) = self.to_a.arrive(now) {
            self.a.handle_input(packet, now);
        } else if let Some(packet) = self.to_z.arrive(now) {
            self.z.handle_input(packet, now);
        } else {
            let due = |deadline: Option<Deadline>| {
                deadline.is_some_and(|deadline| deadline.at + self.lateness <= now)
            };
            if due(self.a.poll_timeout()) {
                self.a.handle_timeout(now);
            }
            if due(self.z.poll_timeout()) {
                self.z.handle_timeout(now);
            }
        }
        if self.needless_calls {
            self.a.handle_timeout(now);
            self.z.handle_timeout(now);
        }
    }

    fn send(&mut self, from: Side, packet: T) {
        if let Some(filter) = &mut self.filter
            && filter(from, &packet, self.now) == Passing::Lost
        {
            self.line(from, "/lost/", &packet);
            return;
        }
        let model = match from {
            Side::A => self.to_z.model,
            Side::Z => self.to_a.model,
        };
        if self.rng.chance_ppb(model.loss_ppb) {
            self.line(from, "/lost/", &packet);
            return;
        }
        self.line(from, "->", &packet);
        let copies = if self.rng.chance_ppb(model.duplicate_ppb) { 2 } else { 1 };
        for _ in 0..copies {
            let jitter = u64::try_from(model.jitter.as_nanos()).unwrap_or(u64::MAX);
            let delay = model.delay + Duration::from_nanos(self.rng.range(0..=jitter));
            let overtakes = self.rng.chance_ppb(model.reorder_ppb);
            self.sequence += 1;
            let (now, sequence) = (self.now, self.sequence);
            match from {
                Side::A => self.to_z.put(now + delay, overtakes, sequence, packet.clone()),
                Side::Z => self.to_a.put(now + delay, overtakes, sequence, packet.clone()),
            }
        }
    }

    fn note(&mut self, side: Side, event: &impl Debug) {
        self.line(side, "event", event);
    }

    fn line(&mut self, side: Side, what: &str, detail: &impl Debug) {
        writeln!(self.log, "{} {side:?} {what} {detail:?}", self.now)
            .expect("writing to a String cannot fail");
    }
}

impl<P> Direction<P> {
    fn next(&self) -> Option<Instant> {
        self.in_flight.first_key_value().map(|((at, _), _)| *at)
    }

    fn arrive(&mut self, now: Instant) -> Option<P> {
        if self.next()? > now {
            return None;
        }
        self.in_flight.pop_first().map(|(_, packet)| packet)
    }

    fn put(&mut self, at: Instant, overtakes: bool, sequence: u64, packet: P) {
        let at = if overtakes { at } else { at.max(self.last_arrival) };
        self.last_arrival = self.last_arrival.max(at);
        self.in_flight.insert((at, sequence), packet);
    }
}

/// No layer has this much to do without time passing.
const STEPS_AT_ONCE: u32 = 10_000;
