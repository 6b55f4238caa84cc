//! The native loop: from one event to the next, with no time in between.
//!
//! 1. What hosts are told goes to their guests, one notice at a time.
//! 2. A guest that was touched is settled: it is polled until it has nothing more, and what it asks for goes to the fabric.
//! 3. When nobody is told anything, the clock jumps to the next event. Of events at one time, packets come
//!    first, then guests' deadlines in the order of their nodes, then scheduled tokens in the order of their scheduling.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use icelab_sans_io::net::{Notice, Request};
use icelab_sans_io::{Instant, Output, Protocol, Rng};

use super::step::{EndlessWork, Limits, Step};
use crate::fabric::Fabric;
use crate::record::{Level, Record};
use crate::topology::{BuildError, Network, NodeId, NodeKind};

/// A network whose hosts have guests, all driven by one simulated clock.
///
/// Commands: [`place`](Self::place), [`crash`](Self::crash), [`with_guest`](Self::with_guest), [`schedule`](Self::schedule), and everything that
/// is done to the network. [`step`](Self::step) runs it.
#[derive(Debug)]
pub struct Simulation<G: Protocol<Input = Notice, Packet = Request>> {
    pub(super) fabric: Fabric,
    now: Instant,
    guests: Vec<Option<Guest<G>>>,
    /// The guests' deadlines, so that no guest is asked that was not touched.
    deadlines: BTreeSet<(Instant, NodeId)>,
    tokens: BTreeMap<(Instant, u64), u64>,
    tokens_scheduled: u64,
    events: VecDeque<Step<G::Event>>,
    limits: Limits,
    work: Work,
}

#[derive(Debug)]
struct Guest<G> {
    guest: G,
    deadline: Option<Instant>,
}

/// How much was done at one instant.
#[derive(Debug, Default)]
struct Work {
    at: Instant,
    calls: u32,
    outputs: u32,
    bytes: u64,
    timer: Option<(NodeId, u32)>,
    endless: Option<EndlessWork>,
}

impl<G: Protocol<Input = Notice, Packet = Request>> Simulation<G> {
    /// Builds a network; no host runs yet.
    ///
    /// # Errors
    /// When the network cannot be built as it is declared.
    pub fn new(network: &Network, rng: &Rng, level: Level) -> Result<Self, BuildError> {
        let fabric = Fabric::new(network, rng, level)?;
        let guests = fabric.nodes().map(|_| None).collect();
        Ok(Self {
            fabric,
            now: Instant::START,
            guests,
            deadlines: BTreeSet::new(),
            tokens: BTreeMap::new(),
            tokens_scheduled: 0,
            events: VecDeque::new(),
            limits: Limits::default(),
            work: Work::default(),
        })
    }

    /// Sets how much is too much.
    pub fn limit(&mut self, limits: Limits) {
        self.fabric.limit(limits.packets_on_their_way, limits.bytes_on_their_way);
        self.limits = limits;
    }

    /// The simulated time.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The network without its guests.
    #[must_use]
    pub fn fabric(&self) -> &Fabric {
        &self.fabric
    }

    /// What happened so far.
    #[must_use]
    pub fn record(&self) -> &Record {
        self.fabric.record()
    }

    /// What happened, when nothing more will.
    #[must_use]
    pub fn into_record(self) -> Record {
        self.fabric.into_record()
    }

    /// A host's guest, while it runs.
    #[must_use]
    pub fn guest(&self, node: NodeId) -> Option<&G> {
        self.guests.get(node.index())?.as_ref().map(|guest| &guest.guest)
    }

    /// How often a host was started.
    #[must_use]
    pub fn boots(&self, node: NodeId) -> u32 {
        self.fabric.boots(node)
    }

    /// Starts a host with this guest, in place of the one that ran there. The first thing that it hears is its interfaces.
    /// Only hosts run guests; elsewhere nothing happens.
    pub fn place(&mut self, node: NodeId, guest: G) {
        if self.fabric.kind(node) != NodeKind::Host {
            return;
        }
        self.crash(node);
        self.fabric.boot(node);
        if let Some(place) = self.guests.get_mut(node.index()) {
            *place = Some(Guest { guest, deadline: None });
        }
        self.tell_guests();
    }

    /// Takes a host's guest away, with its sockets; packets to it are lost until it is placed again.
    pub fn crash(&mut self, node: NodeId) -> Option<G> {
        let gone = self.guests.get_mut(node.index())?.take()?;
        if let Some(at) = gone.deadline {
            self.deadlines.remove(&(at, node));
        }
        self.fabric.crash(node);
        Some(gone.guest)
    }

    /// Gives a command to a guest, and lets everything settle; `None` when the host does not run.
    pub fn with_guest<R>(
        &mut self,
        node: NodeId,
        command: impl FnOnce(&mut G, Instant) -> R,
    ) -> Option<R> {
        let now = self.now;
        let guest = self.guests.get_mut(node.index())?.as_mut()?;
        let result = command(&mut guest.guest, now);
        self.settle(node);
        self.tell_guests();
        Some(result)
    }

    /// Has [`step`](Self::step) stop at a time and hand back the token; a time that has passed counts as now.
    pub fn schedule(&mut self, at: Instant, token: u64) {
        self.tokens.insert((at.max(self.now), self.tokens_scheduled), token);
        self.tokens_scheduled += 1;
    }

    /// Runs until a guest says something, a scheduled time comes, or there is nothing more up to `until`.
    ///
    /// # Errors
    /// When the work at one instant does not end.
    pub fn step(&mut self, until: Instant) -> Result<Step<G::Event>, EndlessWork> {
        loop {
            if let Some(endless) = &self.work.endless {
                return Err(endless.clone());
            }
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            if self.tell_one() {
                continue;
            }
            let packet = self.fabric.poll_timeout();
            let deadline = self.deadlines.first().copied();
            let token = self.tokens.first_key_value().map(|((at, _), _)| *at);
            let times = [packet, deadline.map(|(at, _)| at), token];
            let Some(next) = times.into_iter().flatten().min().filter(|next| *next <= until) else {
                self.advance(until);
                return Ok(Step::Reached);
            };
            self.advance(next);
            if packet == Some(next) {
                self.fabric.handle_next();
                self.count(NodeId::INTERNET);
            } else if let Some((_, node)) = deadline.filter(|(at, _)| *at == next) {
                self.fire(node);
            } else if let Some((_, token)) = self.tokens.pop_first() {
                return Ok(Step::Timer { token, at: self.now });
            }
        }
    }

    fn advance(&mut self, to: Instant) {
        self.now = self.now.max(to);
        self.fabric.advance_to(self.now);
    }

    /// Gives the next notice to its guest; `false` when there is none.
    fn tell_one(&mut self) -> bool {
        let Some((node, notice)) = self.fabric.poll_notice() else { return false };
        let now = self.now;
        if let Some(Some(guest)) = self.guests.get_mut(node.index()) {
            guest.guest.handle_input(notice, now);
            self.count(node);
            self.settle(node);
        }
        true
    }

    fn tell_guests(&mut self) {
        while self.work.endless.is_none() && self.tell_one() {}
    }

    /// A guest's deadline has come.
    fn fire(&mut self, node: NodeId) {
        let now = self.now;
        let Some(Some(guest)) = self.guests.get_mut(node.index()) else { return };
        let timer = guest.guest.poll_timeout().filter(|deadline| deadline.at <= now);
        if let Some(deadline) = timer {
            self.fabric.note_deadline(node, deadline.timer);
            self.count_timer(node, deadline.timer);
        }
        if let Some(Some(guest)) = self.guests.get_mut(node.index()) {
            guest.guest.handle_timeout(now);
        }
        self.settle(node);
    }

    /// Takes all that a guest has to say, and its next deadline.
    fn settle(&mut self, node: NodeId) {
        self.work.begin(self.now);
        let Some(Some(guest)) = self.guests.get_mut(node.index()) else { return };
        while let Some(output) = guest.guest.poll_output() {
            self.work.outputs += 1;
            match output {
                Output::Packet(request) => {
                    self.work.bytes += bytes_of(&request);
                    self.fabric.request(node, request);
                }
                Output::Event(event) => {
                    self.events.push_back(Step::Event { node, at: self.now, event });
                }
            }
            if self.work.outputs > self.limits.outputs || self.work.bytes > self.limits.bytes {
                return self.give_up(node, None);
            }
        }
        let deadline = guest.guest.poll_timeout().map(|deadline| deadline.at.max(self.now));
        if deadline != guest.deadline {
            if let Some(old) = guest.deadline {
                self.deadlines.remove(&(old, node));
            }
            if let Some(new) = deadline {
                self.deadlines.insert((new, node));
            }
            guest.deadline = deadline;
        }
    }

    /// Counts a call at this instant.
    fn count(&mut self, node: NodeId) {
        self.work.begin(self.now);
        self.work.calls += 1;
        if self.work.calls > self.limits.calls {
            self.give_up(node, None);
        }
    }

    /// Counts how often one guest's timers fire at this instant.
    fn count_timer(&mut self, node: NodeId, timer: &'static str) {
        self.count(node);
        let times = match self.work.timer {
            Some((same, times)) if same == node => times + 1,
            Some(_) | None => 1,
        };
        self.work.timer = Some((node, times));
        if times > self.limits.firings {
            self.give_up(node, Some(timer));
        }
    }

    /// Ends the run for work that does not end; what was found first counts.
    fn give_up(&mut self, node: NodeId, timer: Option<&'static str>) {
        let node = self.fabric.name(node).clone();
        self.work.endless.get_or_insert(EndlessWork { node, timer, at: self.now });
    }
}

impl Work {
    /// Counts anew where time has passed.
    fn begin(&mut self, now: Instant) {
        if self.at != now {
            let endless = self.endless.take();
            *self = Self { at: now, endless, ..Self::default() };
        }
    }
}

/// The bytes that a request sends.
fn bytes_of(request: &Request) -> u64 {
    let bytes = match request {
        Request::Send(datagram) => datagram.payload.len(),
        Request::Write { bytes, .. } => bytes.len(),
        Request::Bind { .. }
        | Request::Listen { .. }
        | Request::Connect { .. }
        | Request::Close(_) => 0,
    };
    bytes as u64
}
