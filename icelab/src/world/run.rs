//! The run of a world, from step to step, until everything asked for is decided.

use core::time::Duration;

use icelab_datachannel::Message;
use icelab_dtls as dtls;
use icelab_ice as ice;
use icelab_peer::{self as peer, Peer, Signal};
use icelab_sans_io::Instant;
use icelab_sim::{NodeId, Simulation, Step};
use indexmap::IndexMap;

use super::agenda::{Agenda, Item};
use super::data::Channels;
use super::drops::Drops;
use super::end::{End, Security, Which};
use super::error::WorldError;
use super::guest::{Guest, GuestEvent};
use super::judge::{Facts, judge, reconnected};
use super::notes::peer_note;
use super::outcome::{Channel, Failure, Outcome, Selected};
use super::signalling::Post;
use super::traffic::Traffic;
use super::world::World;
use crate::scenario::plan::{self, CandidateKind, Path, Transport};

/// A world that runs.
pub(super) struct Run {
    pub(super) world: World,
    pub(super) simulation: Simulation<Guest>,
    pub(super) agenda: Agenda,
    ends: Option<[End; 2]>,
    post: Option<Post>,
    pub(super) traffic: Traffic,
    pub(super) channels: Channels,
    /// When both sides had a pair that works for the first time.
    pub(super) joined: Option<Instant>,
    /// When both sides were connected, and secure, for the first time.
    pub(super) connected: Option<Instant>,
    /// What their DTLS handshake agreed on.
    agreed: Option<dtls::Connected>,
    /// Whether they are connected now.
    is_connected: bool,
    /// Counts the times that the call seemed settled.
    settled_epoch: u32,
    /// Whether it has seemed so for long enough.
    is_settled: bool,
    /// Whether an application has left the call, so that nobody repairs it.
    pub(super) is_closed: bool,
    /// The packets that are still to be dropped.
    pub(super) drops: Drops,
    /// What each expectation of `reconnected` was judged by.
    reconnections: Vec<Option<Duration>>,
    failures: Vec<Failure>,
}

impl Run {
    pub(super) const fn new(
        world: World,
        simulation: Simulation<Guest>,
        agenda: Agenda,
        ends: Option<[End; 2]>,
        post: Option<Post>,
        traffic: Traffic,
        channels: Channels,
    ) -> Self {
        Self {
            world,
            simulation,
            agenda,
            ends,
            post,
            traffic,
            channels,
            joined: None,
            connected: None,
            agreed: None,
            is_connected: false,
            settled_epoch: 0,
            is_settled: false,
            is_closed: false,
            drops: Drops::new(),
            reconnections: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// Runs to the end, and judges.
    pub(super) fn finish(mut self) -> Result<Outcome, WorldError> {
        let limit = Instant::START + self.world.limit;
        while !self.is_over() {
            match self.simulation.step(limit)? {
                Step::Event { node, event: GuestEvent::Peer(event), at } => {
                    self.handle_peer(node, *event, at);
                }
                Step::Event { event: GuestEvent::Server, .. } => {}
                Step::Timer { token, at } => {
                    if let Some(item) = self.agenda.take(token) {
                        self.handle_item(item, at)?;
                    }
                }
                Step::Reached => break,
            }
            self.look_for_drops();
        }
        self.look_for_drops();
        let now = self.simulation.now();
        for expectation in core::mem::take(&mut self.world.expectations) {
            if expectation.at.is_none() {
                self.judge(&expectation, now);
            }
        }
        self.failures.extend(self.drops.failures(now));
        self.note_carried();
        Ok(self.outcome(now))
    }

    fn outcome(mut self, now: Instant) -> Outcome {
        let phase = |at: Option<Instant>, name| at.map(|at| (name, at.since_start()));
        let gathered = self.ends.as_ref().and_then(|[a, b]| Some(a.gathered?.max(b.gathered?)));
        let mut phases: Vec<_> = [
            phase(gathered, "gathered"),
            phase(self.joined, "ice"),
            phase(self.connected, "secure"),
            phase(self.channels.opened(), "open"),
        ]
        .into_iter()
        .flatten()
        .collect();
        phases.sort_by_key(|(_, at)| *at);
        Outcome {
            path: self.path(),
            connected: self.connected.map(Instant::since_start),
            phases: phases.into_iter().collect(),
            agreed: self.agreed.take().filter(|_| self.connected.is_some()),
            handshake_failures: self.handshake_failures(),
            selected: self.selected(),
            reconnected: self.traffic.latest(now),
            data: self.carried(),
            reconnections: self.reconnections,
            failures: self.failures,
            simulated: now.since_start(),
            record: self.simulation.into_record(),
        }
    }

    /// Whether nothing that is still to come could change the verdict.
    fn is_over(&self) -> bool {
        let awaits_plan = |item: &Item| match item {
            Item::Call | Item::Deliver { .. } | Item::Event(_) | Item::Judge(_) => true,
            Item::Probe { .. }
            | Item::Write(_)
            | Item::Drained
            | Item::Settled { .. }
            | Item::Impatient { .. } => false,
        };
        let is_decided = match &self.ends {
            None => true,
            Some(ends) => self.is_settled || self.is_hopeless(ends),
        };
        is_decided && !self.drops.are_awaited() && !self.agenda.awaits(awaits_plan)
    }

    /// What follows from a packet that was dropped may take its time.
    fn look_for_drops(&mut self) {
        let simulation = &self.simulation;
        if self.drops.look(|rule| simulation.awaited(rule)) {
            self.unsettle();
            self.review(self.simulation.now());
        }
    }

    /// Whether both sides have given up and nobody will try again.
    fn is_hopeless(&self, ends: &[End; 2]) -> bool {
        let is_dead = |end: &End| {
            let is_lost = matches!(end.state, ice::State::Failed | ice::State::Closed);
            is_lost || end.security == Security::Over
        };
        // A handshake that has failed on one side is over for both: nobody begins another.
        let is_broken =
            self.connected.is_none() && ends.iter().any(|end| end.security == Security::Over);
        is_broken || ends.iter().all(|end| is_dead(end) && !end.is_waiting())
    }

    fn handle_item(&mut self, item: Item, now: Instant) -> Result<(), WorldError> {
        match item {
            Item::Call => self.command(Which::Offerer, Peer::call),
            Item::Deliver { to } => self.deliver(to),
            Item::Event(place) => {
                if let Some(event) = self.world.events.get(place).cloned() {
                    self.fire(&event.action)?;
                    let row = self.traffic.begin(now);
                    self.schedule(now, Item::Probe { row });
                    self.unsettle();
                }
            }
            Item::Judge(place) => {
                if let Some(expectation) = self.world.expectations.get(place).cloned() {
                    self.judge(&expectation, now);
                }
            }
            Item::Probe { row } => self.probe(row, now),
            Item::Write(flow) => self.write(flow, now),
            Item::Drained => self.look_whether_drained(now),
            Item::Settled { epoch } => {
                self.is_settled |= epoch == self.settled_epoch && self.seems_settled();
            }
            Item::Impatient { side, epoch } => self.lose_patience(side, epoch, now),
        }
        Ok(())
    }

    fn handle_peer(&mut self, node: NodeId, event: peer::Event, now: Instant) {
        let Some(which) = self.which_end(node) else { return };
        if let Some((name, fields)) = peer_note(&event) {
            self.simulation.note(node, name, fields);
        }
        match event {
            peer::Event::Signal(signal) => self.send_signal(which, signal, now),
            peer::Event::Data { payload } => {
                self.traffic.receive(which, &payload, now);
                self.review(now);
            }
            peer::Event::Channels(event) => self.handle_channels(which, event, now),
            peer::Event::GatheringDone => {
                if let Some(end) = self.end_mut(which) {
                    end.gathered.get_or_insert(now);
                }
            }
            peer::Event::Ice(ice::Event::StateChanged(state)) => {
                self.handle_state(which, state, now);
            }
            peer::Event::Ice(ice::Event::Restarted { .. }) => self.traffic.restart(which),
            peer::Event::Ice(ice::Event::Selected { pair, .. }) => {
                self.traffic.turn(which, now);
                if let Some(end) = self.end_mut(which) {
                    end.selected = Some(selected(&pair));
                }
                self.unsettle();
                self.review(now);
            }
            peer::Event::Dtls(dtls::Event::Connected(agreed)) => {
                self.agreed = Some(agreed);
                self.handle_security(which, Security::Secure, now);
            }
            peer::Event::Dtls(dtls::Event::Closed { reason }) => {
                if let Some(end) = self.end_mut(which)
                    && end.security == Security::Pending
                {
                    end.handshake_failure = Some(reason.to_string());
                }
                self.handle_security(which, Security::Over, now);
            }
            peer::Event::Ice(_)
            | peer::Event::Dtls(_)
            | peer::Event::HandshakeStarted { .. }
            | peer::Event::HandshakeSent { .. }
            | peer::Event::GatheringStarted
            | peer::Event::CandidateGathered { .. }
            | peer::Event::GatheringFailed { .. }
            | peer::Event::Turn { .. }
            | peer::Event::AddressGone(_)
            | peer::Event::Closed => {}
        }
    }

    fn handle_state(&mut self, which: Which, state: ice::State, now: Instant) {
        let Some(end) = self.end_mut(which) else { return };
        end.state = state;
        self.update_connected(now);
        self.update_patience(which, now);
        self.unsettle();
        self.review(now);
    }

    fn handle_security(&mut self, which: Which, security: Security, now: Instant) {
        if let Some(end) = self.end_mut(which) {
            end.security = security;
        }
        self.update_connected(now);
        self.unsettle();
        self.review(now);
    }

    fn update_connected(&mut self, now: Instant) {
        let Some([offerer, answerer]) = &self.ends else { return };
        let (is_connected, node) =
            (offerer.is_connected() && answerer.is_connected(), offerer.node);
        if offerer.has_pair() && answerer.has_pair() {
            self.joined.get_or_insert(now);
        }
        if is_connected != self.is_connected {
            self.is_connected = is_connected;
            let name = if is_connected { "call.connected" } else { "call.disconnected" };
            self.simulation.note(node, name, Vec::new());
        }
        if is_connected {
            self.connected.get_or_insert(now);
        }
    }

    fn send_signal(&mut self, from: Which, signal: Signal, now: Instant) {
        let to = from.other();
        let fields = vec![("to", self.name(to).into()), ("what", signal.name().into())];
        self.note(from, "signal.sent", fields);
        if let Some(post) = &mut self.post {
            let arrives = post.send(to, signal, now);
            self.schedule(arrives, Item::Deliver { to });
        }
    }

    fn deliver(&mut self, to: Which) {
        let Some(signal) = self.post.as_mut().and_then(|post| post.deliver(to)) else { return };
        let fields = vec![("from", self.name(to.other()).into()), ("what", signal.name().into())];
        self.note(to, "signal.received", fields);
        self.command(to, |peer, now| peer.handle_signal(signal, now));
    }

    fn probe(&mut self, row: u32, now: Instant) {
        let Some(message) = self.traffic.next_message(row) else { return };
        for which in Which::BOTH {
            let message = message.clone();
            let channel = self.channels.probe(which);
            // A message that cannot be sent is one that does not arrive.
            self.command(which, |peer, now| match channel {
                Some(channel) => drop(peer.send_on(channel, Message::Binary(message.into()), now)),
                None => drop(peer.send(&message, now)),
            });
        }
        self.schedule(now + Traffic::INTERVAL, Item::Probe { row });
    }

    /// Looks whether the call seems settled since something happened to it.
    pub(super) fn review(&mut self, now: Instant) {
        if !self.is_settled && self.settled_epoch.is_multiple_of(2) && self.seems_settled() {
            self.settled_epoch += 1;
            self.schedule(now + SETTLING, Item::Settled { epoch: self.settled_epoch });
        }
    }

    fn unsettle(&mut self) {
        self.is_settled = false;
        self.settled_epoch += self.settled_epoch % 2;
    }

    fn seems_settled(&self) -> bool {
        let is_settled =
            |end: &End| end.state == ice::State::Completed && end.security == Security::Secure;
        self.traffic.is_quiet()
            && self.channels.is_quiet()
            && self.ends.iter().flatten().all(is_settled)
    }

    fn judge(&mut self, expectation: &plan::Expectation, now: Instant) {
        let selected = self.selected();
        let handshake_failures = self.handshake_failures();
        let data = self.carried();
        let facts = Facts {
            handshake_failures: &handshake_failures,
            now,
            is_connected: self.is_connected,
            connected: self.connected.map(Instant::since_start),
            path: self.path(),
            selected: &selected,
            reconnected: self.traffic.latest(now),
            dtls: self.agreed.as_ref().filter(|_| self.connected.is_some()).map(|it| it.version),
            flows: self.traffic.flows(now),
            data: &data,
        };
        let failures = judge(expectation, &facts);
        if expectation.reconnected.is_some() {
            self.reconnections.push(reconnected(&facts));
        }
        self.failures.extend(failures);
    }

    fn path(&self) -> Path {
        let ends = self.ends.iter().flatten();
        let selected: Option<Vec<Selected>> = ends.map(|end| end.selected).collect();
        match selected.filter(|_| self.connected.is_some()) {
            None => Path::None,
            // Where an answer was lost, the two sides may have settled on different pairs.
            Some(both) if both.iter().any(|one| one.is_relayed) => Path::Relayed,
            Some(_) => Path::Direct,
        }
    }

    fn selected(&self) -> IndexMap<String, Option<Selected>> {
        let ends = self.ends.iter().flatten();
        ends.map(|end| (end.name.clone(), end.selected)).collect()
    }

    /// What the channels have carried so far.
    pub(super) fn carried(&self) -> IndexMap<String, Channel> {
        self.channels.outcome(self.name(Which::Offerer), self.name(Which::Answerer))
    }

    fn handshake_failures(&self) -> IndexMap<String, String> {
        let ends = self.ends.iter().flatten();
        ends.filter_map(|end| Some((end.name.clone(), end.handshake_failure.clone()?))).collect()
    }

    pub(super) fn schedule(&mut self, at: Instant, item: Item) {
        let token = self.agenda.add(item);
        self.simulation.schedule(at, token);
    }

    /// Gives a command to the peer at one end.
    pub(super) fn command(&mut self, which: Which, command: impl FnOnce(&mut Peer, Instant)) {
        let Some(node) = self.end(which).map(|end| end.node) else { return };
        self.simulation.with_guest(node, |guest, now| {
            if let Some(peer) = guest.peer() {
                command(peer, now);
            }
        });
    }

    pub(super) fn note(
        &mut self,
        which: Which,
        name: &'static str,
        fields: Vec<(&'static str, icelab_sim::Value)>,
    ) {
        if let Some(node) = self.end(which).map(|end| end.node) {
            self.simulation.note(node, name, fields);
        }
    }

    pub(super) fn name(&self, which: Which) -> &str {
        self.end(which).map_or("", |end| &end.name)
    }

    pub(super) fn end(&self, which: Which) -> Option<&End> {
        let [offerer, answerer] = self.ends.as_ref()?;
        Some(match which {
            Which::Offerer => offerer,
            Which::Answerer => answerer,
        })
    }

    pub(super) fn end_mut(&mut self, which: Which) -> Option<&mut End> {
        let [offerer, answerer] = self.ends.as_mut()?;
        Some(match which {
            Which::Offerer => offerer,
            Which::Answerer => answerer,
        })
    }

    fn which_end(&self, node: NodeId) -> Option<Which> {
        Which::BOTH.into_iter().find(|which| self.end(*which).is_some_and(|end| end.node == node))
    }
}

/// What results show of a selected pair: this side's candidate, and where it sends from.
fn selected(pair: &ice::SelectedPair) -> Selected {
    let kind = match pair.local.kind {
        ice::CandidateKind::Host => CandidateKind::Host,
        ice::CandidateKind::ServerReflexive => CandidateKind::ServerReflexive,
        ice::CandidateKind::PeerReflexive => CandidateKind::PeerReflexive,
        ice::CandidateKind::Relayed => CandidateKind::Relayed,
    };
    let what = plan::Selected { kind, transport: Transport::Udp };
    let address = pair.local.socket().unwrap_or(pair.base);
    let is_relayed = [pair.local.kind, pair.remote.kind].contains(&ice::CandidateKind::Relayed);
    Selected { what, address, base: pair.base, is_relayed }
}

/// How long nothing may change until a call counts as settled.
const SETTLING: Duration = Duration::from_secs(1);
