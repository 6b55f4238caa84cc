//! The heap, the clock that it moves, and links.

use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use icelab_sans_io::net::{IcmpKind, Notice};
use icelab_sans_io::{Instant, Rng};

use super::event::{Event, Kind};
use super::gateway::Gateway;
use super::parcel::{Parcel, Parcels, flow_of, hash_of};
use super::rule::DropRule;
use crate::host::{Limiter, Stack};
use crate::link::{Act, Admission, Discipline, Oversize, Pipe, Waiting};
use crate::packet::Packet;
use crate::record::{Level, PacketId, Record, Spot};
use crate::topology::{BuildError, Direction, LinkId, Network, NodeId, NodeKind, Topology};

/// A network at work, without guests.
///
/// Give it requests, then repeat: take [`poll_notice`](Self::poll_notice) until it is empty, and
/// [`handle_next`](Self::handle_next) when the time of [`poll_timeout`](Self::poll_timeout) has come. Its clock is the time of
/// its latest event, or what [`advance_to`](Self::advance_to) says.
#[derive(Debug)]
pub struct Fabric {
    pub(super) now: Instant,
    heap: BinaryHeap<Event>,
    sequence: u64,
    handled: u64,
    pub(super) topology: Topology,
    pub(super) pipes: Vec<[Pipe; 2]>,
    pub(super) nodes: Vec<Node>,
    pub(super) parcels: Parcels,
    packets: u64,
    /// What links dropped, by reason.
    drops: BTreeMap<(LinkId, Direction, &'static str), u64>,
    pub(super) notices: VecDeque<(NodeId, Notice)>,
    pub(super) rules: Vec<DropRule>,
    pub(super) rules_made: u64,
    pub(super) rng: Rng,
    pub(super) record: Record,
    /// Lists that are used again and again.
    spare: Vec<Vec<Act>>,
}

/// What a node does at work.
#[derive(Debug)]
pub(super) enum Node {
    Router(Limiter),
    Gateway(Box<Gateway>),
    Host(Box<Host>),
}

/// A host's stack while it runs, and how often it did.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) stack: Option<Stack>,
    pub(super) boots: u32,
}

impl Fabric {
    /// How many packets may be on their way or wait at once, unless [`limit`](Self::limit) says otherwise.
    pub const MOST_PACKETS: usize = 1 << 20;
    /// How many bytes they may have.
    pub const MOST_BYTES: usize = 1 << 30;

    /// Builds a network and its record, which keeps what the level says.
    ///
    /// # Errors
    /// When the network cannot be built as it is declared.
    pub fn new(network: &Network, rng: &Rng, level: Level) -> Result<Self, BuildError> {
        let topology = Topology::build(network)?;
        let mut fabric = Self {
            now: Instant::START,
            heap: BinaryHeap::new(),
            sequence: 0,
            handled: 0,
            pipes: Vec::new(),
            nodes: Vec::new(),
            parcels: Parcels::new(Self::MOST_PACKETS, Self::MOST_BYTES),
            packets: 0,
            drops: BTreeMap::new(),
            notices: VecDeque::new(),
            rules: Vec::new(),
            rules_made: 0,
            rng: rng.clone(),
            record: Record::new(level, topology.names(), Record::MEMORY),
            spare: Vec::new(),
            topology,
        };
        for (node, site) in fabric.topology.sites() {
            fabric.nodes.push(match site.kind {
                NodeKind::Host => Node::Host(Box::new(Host { stack: None, boots: 0 })),
                NodeKind::Router => Node::Router(Limiter::new()),
                NodeKind::Gateway => {
                    let rng = rng.fork("gateway", node.index() as u64);
                    Node::Gateway(Box::new(Gateway::new(site, rng)))
                }
            });
        }
        let links = fabric.topology.cables().count();
        for link in 0..links {
            fabric.lay(LinkId(u32::try_from(link).expect("petgraph counts edges in 32 bits")));
        }
        Ok(fabric)
    }

    /// The time of the latest event.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// How many events were handled.
    #[must_use]
    pub fn handled(&self) -> u64 {
        self.handled
    }

    /// How many packets there were in all, copies and fragments counted.
    #[must_use]
    pub fn packets_sent(&self) -> u64 {
        self.packets
    }

    /// How many packets are on their way or wait.
    #[must_use]
    pub fn packets_on_their_way(&self) -> usize {
        self.parcels.count()
    }

    /// How many packets a link has dropped in this direction for this reason, in the record's words (`loss`, `queue-full`).
    #[must_use]
    pub fn dropped(&self, link: LinkId, direction: Direction, reason: &'static str) -> u64 {
        self.drops.get(&(link, direction, reason)).copied().unwrap_or(0)
    }

    /// Sets how many packets and bytes may be on their way or wait at once; what comes above that is dropped.
    pub fn limit(&mut self, packets: usize, bytes: usize) {
        self.parcels.limit(packets, bytes);
    }

    /// What happened so far.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// What happened, when nothing more will.
    #[must_use]
    pub fn into_record(self) -> Record {
        self.record
    }

    /// When the next event is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.heap.peek().map(|event| event.at)
    }

    /// What a host is told; only to be taken at the time at which it is there.
    pub fn poll_notice(&mut self) -> Option<(NodeId, Notice)> {
        self.notices.pop_front()
    }

    /// Moves the clock up to the next event, at most: time does not go back, and no event is passed over.
    pub fn advance_to(&mut self, now: Instant) {
        let most = self.poll_timeout().unwrap_or(now);
        self.now = self.now.max(now.min(most));
    }

    /// Handles the next event, at its time; `false` when there is none. Only what follows from a request at an earlier time
    /// ([`request_at`](Self::request_at)) has a time before that of the latest event.
    pub fn handle_next(&mut self) -> bool {
        let Some(event) = self.heap.pop() else { return false };
        self.now = event.at;
        self.handled += 1;
        match event.kind {
            Kind::Arrive { link, direction, slot } => {
                if let Some(parcel) = self.parcels.take(slot) {
                    self.arrive(link, direction, parcel);
                }
            }
            Kind::Serve { link, direction } => {
                self.with_pipe(link, direction, |pipe, now, acts| pipe.serve(now, acts));
            }
            Kind::Change { link, direction, index } => {
                self.change_by_schedule(link, direction, index);
            }
            Kind::Gateway { node } => self.gateway_timeout(node, event.at),
            Kind::Loop { node, slot } => {
                if let Some(parcel) = self.parcels.take(slot) {
                    self.deliver(node, parcel);
                }
            }
        }
        true
    }

    /// Plans something.
    pub(super) fn plan(&mut self, at: Instant, kind: Kind) {
        self.heap.push(Event { at, sequence: self.sequence, kind });
        self.sequence += 1;
    }

    /// Sets up both directions of a link of the topology.
    pub(super) fn lay(&mut self, link: LinkId) {
        let Some(cable) = self.topology.cable(link) else { return };
        let config = cable.config.clone();
        let rng = self.rng.fork("link", link.index() as u64);
        for (direction, config) in [(Direction::Up, &config.up), (Direction::Down, &config.down)] {
            for (index, change) in (0..).zip(&config.schedule) {
                self.plan(change.at.max(self.now), Kind::Change { link, direction, index });
            }
        }
        let pipes = [
            Pipe::new(config.up, &rng.fork("up", 0)),
            Pipe::new(config.down, &rng.fork("down", 0)),
        ];
        self.pipes.push(pipes);
    }

    /// The next free packet number.
    pub(super) fn number(&mut self) -> PacketId {
        self.packets += 1;
        PacketId(self.packets)
    }

    /// Numbers a packet that a node sends, and records it.
    pub(super) fn dispatch(&mut self, node: NodeId, packet: Packet) -> Parcel {
        let id = self.number();
        let (flow, length) = (flow_of(&packet), packet.length());
        self.record.sent(self.now, (id, node), flow, length, packet.payload());
        Parcel { id, packet }
    }

    /// Puts a packet before a link.
    pub(super) fn transmit(&mut self, link: LinkId, direction: Direction, parcel: Parcel) {
        let Some(pipe) = self.pipe(link, direction) else { return };
        match pipe.admit(parcel.packet.length()) {
            Admission::Fits if self.parcels.is_full() => {
                self.drop_on(link, direction, parcel.id, "no-room");
            }
            Admission::Fits => {
                let is_fair = matches!(pipe.config().discipline, Discipline::FqCoDel { .. });
                let packet = &parcel.packet;
                let waiting = Waiting {
                    slot: 0,
                    bytes: u32::try_from(packet.length()).unwrap_or(u32::MAX),
                    since: self.now,
                    flow: if is_fair { hash_of(flow_of(packet)) } else { 0 },
                    is_markable: packet.ecn().bits() != 0,
                };
                let slot = self.parcels.insert(parcel);
                let waiting = Waiting { slot, ..waiting };
                self.with_pipe(link, direction, |pipe, now, acts| pipe.offer(waiting, now, acts));
            }
            Admission::Down => self.drop_on(link, direction, parcel.id, "link-down"),
            Admission::TooBig { mtu, oversize } => {
                self.too_big(link, direction, parcel, (mtu, oversize));
            }
        }
    }

    /// Cuts what may be cut; of the rest, its sender is told or not (RFC 791 section 3.2, RFC 1191 section 4).
    fn too_big(
        &mut self,
        link: LinkId,
        direction: Direction,
        parcel: Parcel,
        (mtu, oversize): (u16, Oversize),
    ) {
        let Parcel { id, packet } = parcel;
        if packet.dont_fragment() {
            self.drop_on(link, direction, id, "too-big");
            let (from, _) = self.ends(link, direction);
            match oversize {
                Oversize::TooBig => self.send_error(from, &packet, IcmpKind::TooBig { mtu }),
                Oversize::BlackHole => {}
            }
            return;
        }
        let Ok(fragments) = packet.fragments(usize::from(mtu)) else {
            self.drop_on(link, direction, id, "too-big");
            return;
        };
        for packet in fragments {
            let copy = self.number();
            let spot = self.spot(link, direction);
            self.record.copied(self.now, id, copy, spot);
            self.transmit(link, direction, Parcel { id: copy, packet });
        }
    }

    pub(super) fn pipe(&self, link: LinkId, direction: Direction) -> Option<&Pipe> {
        let [up, down] = self.pipes.get(link.index())?;
        Some(match direction {
            Direction::Up => up,
            Direction::Down => down,
        })
    }

    /// Does something with a pipe, and then what the pipe wants done.
    pub(super) fn with_pipe(
        &mut self,
        link: LinkId,
        direction: Direction,
        work: impl FnOnce(&mut Pipe, Instant, &mut Vec<Act>),
    ) {
        let Some([up, down]) = self.pipes.get_mut(link.index()) else { return };
        let pipe = match direction {
            Direction::Up => up,
            Direction::Down => down,
        };
        let mut acts = self.spare.pop().unwrap_or_default();
        work(pipe, self.now, &mut acts);
        for act in acts.drain(..) {
            self.perform(link, direction, act);
        }
        self.spare.push(acts);
    }

    fn perform(&mut self, link: LinkId, direction: Direction, act: Act) {
        match act {
            Act::Queued(slot) => {
                let spot = self.spot(link, direction);
                if let Some(parcel) = self.parcels.get_mut(slot) {
                    self.record.queued(self.now, parcel.id, spot);
                }
            }
            Act::Mark(slot) => {
                let spot = self.spot(link, direction);
                if let Some(parcel) = self.parcels.get_mut(slot) {
                    parcel.packet.set_ecn(icelab_sans_io::net::Ecn::Ce);
                    self.record.marked(self.now, parcel.id, spot);
                }
            }
            Act::Drop(slot, reason) => {
                if let Some(parcel) = self.parcels.take(slot) {
                    self.drop_on(link, direction, parcel.id, reason);
                }
            }
            Act::ArriveCopy { slot, at } => {
                let Some(parcel) = self.parcels.get_mut(slot).cloned() else { return };
                let copy = self.number();
                let spot = self.spot(link, direction);
                self.record.copied(self.now, parcel.id, copy, spot);
                if self.parcels.is_full() {
                    return self.drop_on(link, direction, copy, "no-room");
                }
                let slot = self.parcels.insert(Parcel { id: copy, ..parcel });
                self.plan(at, Kind::Arrive { link, direction, slot });
            }
            Act::Arrive { slot, at, flipped_bit: None } => {
                self.plan(at, Kind::Arrive { link, direction, slot });
            }
            Act::Arrive { slot, at, flipped_bit: Some(bit) } => {
                let Some(Parcel { id, packet }) = self.parcels.take(slot) else { return };
                match packet.corrupt(bit as usize) {
                    Ok(packet) => {
                        let slot = self.parcels.insert(Parcel { id, packet });
                        self.plan(at, Kind::Arrive { link, direction, slot });
                    }
                    Err(malformed) => self.drop_on(link, direction, id, malformed.name()),
                }
            }
            Act::Call(at) => self.plan(at, Kind::Serve { link, direction }),
        }
    }

    /// Both ends of a link, in the direction in which packets go.
    pub(super) fn ends(&self, link: LinkId, direction: Direction) -> (NodeId, NodeId) {
        let ends = self.topology.cable(link).map(|cable| (cable.owner, cable.towards));
        let (owner, towards) = ends.unwrap_or((NodeId::INTERNET, NodeId::INTERNET));
        match direction {
            Direction::Up => (owner, towards),
            Direction::Down => (towards, owner),
        }
    }

    fn spot(&self, link: LinkId, direction: Direction) -> Spot {
        let (from, to) = self.ends(link, direction);
        Spot::Link { from, to }
    }

    pub(super) fn drop_on(
        &mut self,
        link: LinkId,
        direction: Direction,
        id: PacketId,
        reason: &'static str,
    ) {
        *self.drops.entry((link, direction, reason)).or_default() += 1;
        let spot = self.spot(link, direction);
        self.record.dropped(self.now, id, spot, reason);
    }

    pub(super) fn drop_at(&mut self, node: NodeId, id: PacketId, reason: &str) {
        self.record.dropped(self.now, id, Spot::Node(node), reason);
    }
}
