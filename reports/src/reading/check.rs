//! Connectivity checks, each with what became of the packet that carried it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use icelab_sans_io::Instant;
use icelab_sim::packet::Flow;
use icelab_sim::record::{Name, PacketId, Place, Word};

use crate::reading::record::{End, Journey, Reading};
use crate::scene::Scene;

/// One request of a connectivity check.
#[derive(Debug, Clone)]
pub(crate) struct Check {
    pub(crate) at: Instant,
    pub(crate) peer: Name,
    /// The base that it leaves from; a relayed address for a relayed candidate.
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    pub(crate) nominating: bool,
    /// The packet that the peer itself sent, where the record shows it.
    pub(crate) packet: Option<PacketId>,
    pub(crate) fate: Fate,
    /// When its answer came, and as whom the other side saw the sender.
    pub(crate) answer: Option<(Instant, SocketAddr)>,
    /// What became of an answer that did not come.
    pub(crate) answer_fate: Option<Fate>,
}

/// What became of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It went no further.
    Dropped { at: Instant, place: Place, reason: Word, flow: Flow },
    /// A relay got it and passed nothing on: its client had not permitted the sender.
    NotPermitted { server: Name },
    /// A relay got it from an address to which it lends nothing.
    Unrecognised { server: Name, seen: SocketAddr },
    /// A relay was to send it, and did not (yet) have leave to.
    HeldBack,
    /// The other side got it.
    Arrived { at: Instant, node: Name, flow: Flow },
    /// Somebody got it for whom it was not meant.
    Strayed { node: Name },
    /// The record does not say.
    Unknown,
}

impl Fate {
    /// Whether a reader would call both the same: times aside.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Dropped { place, reason, .. },
                Self::Dropped { place: other_place, reason: other_reason, .. },
            ) => place == other_place && reason == other_reason,
            (Self::Arrived { node, .. }, Self::Arrived { node: other_node, .. }) => {
                node == other_node
            }
            _ => self == other,
        }
    }
}

impl Check {
    /// Whether `next` is the same check again, with the same result.
    pub(crate) fn is_repeated_by(&self, next: &Self) -> bool {
        let answer_fates = match (&self.answer_fate, &next.answer_fate) {
            (Some(one), Some(other)) => one.is_like(other),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        self.nominating == next.nominating
            && self.answer.map(|(_, mapped)| mapped) == next.answer.map(|(_, mapped)| mapped)
            && self.fate.is_like(&next.fate)
            && answer_fates
    }
}

/// All checks of a run, in the order of sending.
pub(crate) fn checks(reading: &Reading, scene: &Scene) -> Vec<Check> {
    let mut tracker = Tracker::new(reading, scene);
    let mut checks: Vec<Check> = Vec::new();
    for note in &reading.notes {
        let (Some(local), Some(remote)) = (note.address("local"), note.address("remote")) else {
            continue;
        };
        match &*note.name {
            "ice.check.sent" => {
                let (packet, fate) = tracker.fate(&note.node, note.at, local, remote);
                checks.push(Check {
                    at: note.at,
                    peer: note.node.clone(),
                    local,
                    remote,
                    nominating: note.is("nominating"),
                    packet,
                    fate,
                    answer: None,
                    answer_fate: None,
                });
            }
            "ice.check.succeeded" => {
                let mapped = note.address("mapped").unwrap_or(local);
                let is_unanswered = |check: &Check| {
                    check.peer == note.node
                        && (check.local, check.remote) == (local, remote)
                        && check.answer.is_none()
                        && matches!(check.fate, Fate::Arrived { .. })
                };
                // The request whose answer came at that very time; a later one may be on its way.
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
            _ => {}
        }
    }
    for check in &mut checks {
        check.answer_fate = tracker.answer_fate(check);
    }
    checks
}

/// Checks of one pair that followed each other with the same result.
pub(crate) fn runs(checks: &[Check]) -> Vec<Vec<&Check>> {
    let mut latest = BTreeMap::<(&Name, SocketAddr, SocketAddr), usize>::new();
    let mut runs: Vec<Vec<&Check>> = Vec::new();
    for check in checks {
        let pair = (&check.peer, check.local, check.remote);
        let run = latest.get(&pair).and_then(|&index| runs.get_mut(index));
        match run {
            Some(run) if run.last().is_some_and(|last| last.is_repeated_by(check)) => {
                run.push(check);
            }
            Some(_) | None => {
                latest.insert(pair, runs.len());
                runs.push(vec![check]);
            }
        }
    }
    runs
}

/// Follows packets, through relays too.
struct Tracker<'a> {
    reading: &'a Reading,
    scene: &'a Scene,
    /// Packets that already stand for a check.
    used: BTreeSet<PacketId>,
    /// The client's address, as the server sees it, of each relayed address.
    clients: BTreeMap<SocketAddr, SocketAddr>,
    /// The address to which the client of each relayed address sends.
    servers: BTreeMap<SocketAddr, SocketAddr>,
}

impl<'a> Tracker<'a> {
    fn new(reading: &'a Reading, scene: &'a Scene) -> Self {
        let (mut clients, mut servers) = (BTreeMap::new(), BTreeMap::new());
        for note in reading.notes.iter() {
            match &*note.name {
                "turn.allocated" => {
                    for relayed in note.addresses("relayed") {
                        clients.extend(note.address("mapped").map(|mapped| (relayed, mapped)));
                        servers.extend(note.address("server").map(|server| (relayed, server)));
                    }
                }
                "gather.candidate" if note.text("kind") == "relay" => {
                    if let (Some(relayed), Some(server)) =
                        (note.address("address"), note.address("server"))
                    {
                        servers.insert(relayed, server);
                    }
                }
                _ => {}
            }
        }
        Self { reading, scene, used: BTreeSet::new(), clients, servers }
    }

    /// The packet of the check that `peer` sent at this time, and what became of it.
    fn fate(
        &mut self,
        peer: &Name,
        at: Instant,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> (Option<PacketId>, Fate) {
        let of_peer = |journey: &Journey| journey.sent == at && journey.node == *peer;
        if let Some(packet) = self.unused(self.reading.packets(local, remote), of_peer) {
            self.used.insert(packet);
            return (Some(packet), self.follow(packet, peer));
        }
        if self.scene.server_at(local.ip()).is_some() {
            return self.relayed(peer, at, local, remote);
        }
        (None, Fate::Unknown)
    }

    /// The client's packet to its server, then the server's own.
    fn relayed(
        &mut self,
        peer: &Name,
        at: Instant,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> (Option<PacketId>, Fate) {
        let server = self.servers.get(&local).copied();
        let is_to_server = |journey: &Journey| match server {
            Some(server) => journey.first.destination == server,
            None => journey.first.destination.ip() == local.ip(),
        };
        let to_server = self.unused(self.reading.packets_of(peer, at), is_to_server);
        self.used.extend(to_server);
        if let Some(journey) = to_server.and_then(|packet| self.reading.journeys.get(&packet))
            && let End::Dropped { at, place, reason } = &journey.end
        {
            let (place, reason) = (place.clone(), reason.clone());
            return (to_server, Fate::Dropped { at: *at, place, reason, flow: journey.flow });
        }
        let later = |journey: &Journey| journey.sent >= at;
        match self.unused(self.reading.packets(local, remote), later) {
            Some(packet) => {
                self.used.insert(packet);
                (to_server, self.follow(packet, peer))
            }
            None => (to_server, self.not_sent(to_server, local)),
        }
    }

    /// Why a relay did not send what its client's packet asked for.
    fn not_sent(&self, to_server: Option<PacketId>, local: SocketAddr) -> Fate {
        let journey = to_server.and_then(|packet| self.reading.journeys.get(&packet));
        match journey.map(|journey| (&journey.end, journey.flow.source)) {
            Some((End::Delivered { node, .. }, seen))
                if self.clients.get(&local) != Some(&seen) =>
            {
                Fate::Unrecognised { server: node.clone(), seen }
            }
            Some(_) | None => Fate::HeldBack,
        }
    }

    /// The first of these packets that stands for no check yet and fits.
    fn unused(&self, packets: &[PacketId], fits: impl Fn(&Journey) -> bool) -> Option<PacketId> {
        packets.iter().copied().find(|packet| {
            !self.used.contains(packet) && self.reading.journeys.get(packet).is_some_and(&fits)
        })
    }

    /// Where a packet of `sender` ended, with what a relay made of it.
    fn follow(&self, packet: PacketId, sender: &Name) -> Fate {
        let mut packet = packet;
        for _ in 0..MOST_RELAYS {
            let Some(journey) = self.reading.journeys.get(&packet) else { return Fate::Unknown };
            let (at, node) = match &journey.end {
                End::UnderWay => return Fate::Unknown,
                End::Dropped { at, place, reason } => {
                    let (place, reason) = (place.clone(), reason.clone());
                    return Fate::Dropped { at: *at, place, reason, flow: journey.flow };
                }
                End::Delivered { at, node } => (*at, node.clone()),
            };
            if !self.scene.is_server(&node) {
                let is_meant = node != *sender && self.scene.peers().any(|peer| node == *peer);
                return match is_meant {
                    true => Fate::Arrived { at, node, flow: journey.flow },
                    false => Fate::Strayed { node },
                };
            }
            match self.passed_on(&node, at, journey.flow) {
                Some(next) => packet = next,
                None => return Fate::NotPermitted { server: node },
            }
        }
        Fate::Unknown
    }

    /// What a relay sent at once because of a packet that came.
    fn passed_on(&self, server: &Name, at: Instant, came: Flow) -> Option<PacketId> {
        let to_client = self.clients.get(&came.destination);
        let lent: Vec<_> =
            self.clients.iter().filter(|(_, client)| **client == came.source).collect();
        let mut sent = self.reading.packets_of(server, at).iter().copied();
        sent.find(|packet| {
            let Some(journey) = self.reading.journeys.get(packet) else { return false };
            match to_client {
                Some(client) => journey.first.destination == *client,
                None if lent.is_empty() => true,
                None => lent.iter().any(|(relayed, _)| journey.first.source == **relayed),
            }
        })
    }

    /// What became of the answer to a check that arrived and was not answered.
    fn answer_fate(&self, check: &Check) -> Option<Fate> {
        let Fate::Arrived { at, node, flow } = &check.fate else { return None };
        if check.answer.is_some() {
            return None;
        }
        let mut sent = self.reading.packets_of(node, *at).iter().copied();
        let answer = sent.find(|packet| {
            self.reading.journeys.get(packet).is_some_and(|journey| {
                journey.first.source == flow.destination && journey.first.destination == flow.source
            })
        })?;
        Some(self.follow(answer, node))
    }
}

/// How often a packet may be passed on by relays before following it is given up.
const MOST_RELAYS: usize = 4;
