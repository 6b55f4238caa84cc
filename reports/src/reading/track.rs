//! All checks of a run, each followed with the packets that carried it and its answer.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use icelab_sans_io::Instant;
use icelab_sim::packet::Flow;
use icelab_sim::record::{Name, PacketId};

use crate::reading::check::{Check, Fate};
use crate::reading::record::{End, Journey, Note, Reading};
use crate::reading::relay::Relays;
use crate::scene::Scene;

/// All checks of a run, in the order of sending.
pub(crate) fn checks(reading: &Reading, scene: &Scene) -> Vec<Check> {
    let mut tracker = Tracker::new(reading, scene);
    let mut checks: Vec<Check> = Vec::new();
    for note in &reading.notes {
        match &*note.name {
            "ice.check.sent" => {
                let Some(mut check) = Check::noted(note, reading) else { continue };
                (check.packet, check.fate) = tracker.fate(&check);
                checks.push(check);
            }
            "ice.check.succeeded" => answer(&mut checks, note, &tracker),
            _ => {}
        }
    }
    for check in &mut checks {
        check.answer_fate = tracker.answer_fate(check);
        check.refusal = refusal(check, reading);
    }
    checks
}

/// Credits an answer to its request: the one whose answer came at that very time, as a later one may be on its way.
fn answer(checks: &mut [Check], note: &Note, tracker: &Tracker<'_>) {
    let (Some(local), Some(remote)) = (note.address("local"), note.address("remote")) else {
        return;
    };
    let mapped = note.address("mapped").unwrap_or(local);
    let is_unanswered = |check: &Check| {
        check.peer == note.node
            && (check.local, check.remote) == (local, remote)
            && check.answer.is_none()
            && matches!(check.fate, Fate::Arrived { .. })
    };
    let is_it = |check: &Check| {
        is_unanswered(check)
            && matches!(
                tracker.answer_fate(check),
                Some(Fate::Arrived { at, .. }) if at == note.at
            )
    };
    let exact = checks.iter().rposition(is_it);
    let place = exact.or_else(|| checks.iter().rposition(is_unanswered));
    if let Some(check) = place.and_then(|place| checks.get_mut(place)) {
        check.answer = Some((note.at, mapped));
    }
}

/// The error that the other side noted when the check arrived.
fn refusal(check: &Check, reading: &Reading) -> Option<i64> {
    let Fate::Arrived { at, node, flow, .. } = &check.fate else { return None };
    let mut refusals = reading.notes.iter().filter(|note| note.name == "ice.check.refused");
    let is_it = |note: &&Note| {
        note.node == *node && note.at == *at && note.address("remote") == Some(flow.source)
    };
    refusals.find(is_it)?.number("code")
}

/// Follows packets, through relays too.
struct Tracker<'a> {
    reading: &'a Reading,
    scene: &'a Scene,
    relays: Relays,
    /// Packets that already stand for a check.
    used: BTreeSet<PacketId>,
    /// When who sends a request from where to where.
    requests: BTreeSet<(Name, SocketAddr, SocketAddr, Instant)>,
}

impl<'a> Tracker<'a> {
    fn new(reading: &'a Reading, scene: &'a Scene) -> Self {
        let sent = reading.notes.iter().filter(|note| note.name == "ice.check.sent");
        let requests = sent.filter_map(|note| {
            Some((note.node.clone(), note.address("local")?, note.address("remote")?, note.at))
        });
        let requests = requests.collect();
        Self { reading, scene, relays: Relays::of(reading), used: BTreeSet::new(), requests }
    }

    /// The packet that the peer of a check sent, and what became of it.
    fn fate(&mut self, check: &Check) -> (Option<PacketId>, Fate) {
        let is_it = |journey: &Journey| {
            journey.sent == check.at && journey.node == check.peer && check.is_carried_by(journey)
        };
        if let Some(packet) = self.take(self.reading.packets(check.local, check.remote), is_it) {
            return (Some(packet), self.follow(packet, &check.peer));
        }
        if self.scene.server_at(check.local.ip()).is_some() {
            return self.relayed(check);
        }
        (None, Fate::Unknown)
    }

    /// The server's own packet, which carries what the check carried, and the client's, upon which it was sent.
    fn relayed(&mut self, check: &Check) -> (Option<PacketId>, Fate) {
        let reading = self.reading;
        let sent = |journey: &Journey| {
            let client = journey.cause.and_then(|client| reading.journeys.get(&client))?;
            (client.node == check.peer && check.is_carried_by(journey)).then_some(client.sent)
        };
        let packets = reading.packets(check.local, check.remote);
        let at_once = self.take(packets, |journey| sent(journey) == Some(check.at));
        let requests = core::mem::take(&mut self.requests);
        let is_anothers =
            |at: Instant| requests.contains(&(check.peer.clone(), check.local, check.remote, at));
        // The client kept it until it had leave to send there.
        let later = |journey: &Journey| {
            sent(journey).is_some_and(|sent| sent > check.at && !is_anothers(sent))
        };
        let packet = at_once.or_else(|| self.take(packets, later));
        self.requests = requests;
        if let Some(packet) = packet {
            let client = reading.journeys.get(&packet).and_then(|journey| journey.cause);
            self.used.extend(client);
            return (client, self.follow(packet, &check.peer));
        }
        self.not_relayed(check)
    }

    /// Why a relay sent nothing on.
    fn not_relayed(&mut self, check: &Check) -> (Option<PacketId>, Fate) {
        let lease = self.relays.lease(check.local).cloned();
        let seen = lease.as_ref().and_then(|lease| lease.seen);
        let held = Fate::HeldBack { stale: seen.filter(|seen| self.is_unmapped(*seen, check.at)) };
        if !self.relays.may_send(check.local, check.remote.ip(), check.order) {
            return (None, held);
        }
        let server = lease.and_then(|lease| lease.server);
        let reading = self.reading;
        let own: Vec<_> = reading.packets_of(&check.peer, check.at).to_vec();
        // What the server answers, or passes on to somebody else, is another packet.
        let is_unheeded = |packet: &PacketId| reading.because_of(*packet).next().is_none();
        let unheeded: Vec<_> = own.into_iter().filter(is_unheeded).collect();
        let packet = self.take(&unheeded, |journey| match server {
            Some(server) => journey.first.destination == server,
            None => journey.first.destination.ip() == check.local.ip(),
        });
        let journey = packet.and_then(|packet| reading.journeys.get(&packet));
        let fate = match journey.map(|journey| (&journey.end, journey.flow)) {
            Some((End::Dropped { at, place, reason }, flow)) => {
                Fate::Dropped { at: *at, place: place.clone(), reason: reason.clone(), flow }
            }
            Some((End::Delivered { node, .. }, flow)) if seen != Some(flow.source) => {
                Fate::Unrecognised { server: node.clone(), seen: flow.source, lent_to: seen }
            }
            Some((End::UnderWay, _)) => Fate::Unknown,
            Some((End::Delivered { .. }, _)) | None => held,
        };
        (packet, fate)
    }

    /// Whether a NAT had this address and has it no more.
    fn is_unmapped(&self, outside: SocketAddr, at: Instant) -> bool {
        let mut mappings = self.reading.mappings.iter().rev();
        let latest = mappings.find(|mapping| mapping.outside == outside && mapping.made <= at);
        latest.and_then(|mapping| mapping.expired).is_some_and(|expired| expired <= at)
    }

    /// The first of these packets that stands for no check yet and fits; from now on it stands for one.
    fn take(&mut self, packets: &[PacketId], fits: impl Fn(&Journey) -> bool) -> Option<PacketId> {
        let packet = packets.iter().copied().find(|packet| {
            !self.used.contains(packet) && self.reading.journeys.get(packet).is_some_and(&fits)
        });
        self.used.extend(packet);
        packet
    }

    /// Where a packet of `sender` ended, with what a relay made of it.
    fn follow(&self, packet: PacketId, sender: &Name) -> Fate {
        let mut packet = packet;
        for _ in 0..MOST_RELAYS {
            let Some(journey) = self.reading.journeys.get(&packet) else { return Fate::Unknown };
            let flow = journey.flow;
            let (at, node) = match &journey.end {
                End::UnderWay => return Fate::Unknown,
                End::Dropped { at, place, reason } => {
                    let (place, reason) = (place.clone(), reason.clone());
                    return Fate::Dropped { at: *at, place, reason, flow };
                }
                End::Delivered { at, node } => (*at, node.clone()),
            };
            if !self.scene.is_server(&node) {
                let is_meant = node != *sender && self.scene.peers().any(|peer| node == *peer);
                return match is_meant {
                    true => Fate::Arrived { at, node, flow, packet },
                    false => Fate::Strayed { node },
                };
            }
            match self.passed_on(packet, flow) {
                Some(next) => packet = next,
                None => return self.not_passed_on(node, at, flow),
            }
        }
        Fate::Unknown
    }

    /// What a relay sent because of a packet that came: to its client, or for its client.
    fn passed_on(&self, packet: PacketId, came: Flow) -> Option<PacketId> {
        let client = self.relays.lease(came.destination).map(|lease| lease.seen);
        self.reading.because_of(packet).find(|next| {
            let Some(journey) = self.reading.journeys.get(next) else { return false };
            match client {
                Some(Some(client)) => journey.first.destination == client,
                Some(None) => true,
                None => self.relays.lease(journey.first.source).is_some(),
            }
        })
    }

    /// Why a relay sent nothing because of a packet that came.
    fn not_passed_on(&self, server: Name, at: Instant, came: Flow) -> Fate {
        let sender = came.source.ip();
        match self.relays.lease(came.destination) {
            Some(lease) => Fate::NotPermitted {
                server,
                client: lease.client.clone(),
                relayed: came.destination,
                sender,
                leave: self.relays.leave(came.destination, sender, at),
            },
            None if self.relays.lent_to(came.source).is_some() => Fate::HeldBack { stale: None },
            None => Fate::Unrecognised { server, seen: came.source, lent_to: None },
        }
    }

    /// What became of the answer to a check that arrived and was not answered.
    fn answer_fate(&self, check: &Check) -> Option<Fate> {
        let Fate::Arrived { node, flow, packet, .. } = &check.fate else { return None };
        if check.answer.is_some() {
            return None;
        }
        let answer = self.reading.because_of(*packet).find(|answer| {
            self.reading.journeys.get(answer).is_some_and(|journey| {
                journey.first.source == flow.destination && journey.first.destination == flow.source
            })
        })?;
        Some(self.follow(answer, node))
    }
}

/// How often a packet may be passed on by relays before following it is given up.
const MOST_RELAYS: usize = 4;
