//! One pass over the record: what became of each packet, what each NAT mapped, what the protocols noted.

use core::time::Duration;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use icelab_sans_io::Instant;
use icelab_sim::packet::Flow;
use icelab_sim::record::{
    Entry, MappingChange, Name, NetworkEvent, PacketId, PayloadHash, Place, Value, What, Word,
};

/// A record, sorted by what the story asks for.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// What became of each packet.
    pub(crate) journeys: BTreeMap<PacketId, Journey>,
    /// The packets of each flow as it was sent, in the order of sending.
    by_flow: BTreeMap<(SocketAddr, SocketAddr), Vec<PacketId>>,
    /// The packets of each node, in the order of sending.
    by_node: BTreeMap<(Name, Instant), Vec<PacketId>>,
    /// What the NATs mapped, in the order of making.
    pub(crate) mappings: Vec<Mapping>,
    /// What the protocols noted, in order.
    pub(crate) notes: Vec<Note>,
    /// What was done to the network, in order.
    pub(crate) events: Vec<Happening>,
    /// When who began ICE anew, in order.
    restarts: Vec<(u64, Instant, Name)>,
    /// The packet that each node got last, as long as what it sends may be because of that.
    arrived: BTreeMap<Name, PacketId>,
    /// The packet that each node got last, and when.
    latest: BTreeMap<Name, (PacketId, Instant)>,
    /// When the last thing happened.
    pub(crate) end: Instant,
}

/// The way of one packet.
#[derive(Debug, Clone)]
pub(crate) struct Journey {
    /// When it was sent.
    pub(crate) sent: Instant,
    /// By whom.
    pub(crate) node: Name,
    /// Its addresses as it was sent.
    pub(crate) first: Flow,
    /// Its addresses as they were last.
    pub(crate) flow: Flow,
    /// What it carried as it was sent.
    pub(crate) payload: PayloadHash,
    /// The packet upon which its sender sent it.
    pub(crate) cause: Option<PacketId>,
    /// Where it ended.
    pub(crate) end: End,
}

/// Where a packet's way ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// Nowhere: the run ended first.
    UnderWay,
    /// It went no further.
    Dropped { at: Instant, place: Place, reason: Word },
    /// It arrived.
    Delivered { at: Instant, node: Name },
}

/// A mapping of a NAT.
#[derive(Debug, Clone)]
pub(crate) struct Mapping {
    pub(crate) gateway: Name,
    pub(crate) made: Instant,
    pub(crate) expired: Option<Instant>,
    pub(crate) inside: SocketAddr,
    pub(crate) outside: SocketAddr,
    /// Whom it was used towards, and since when.
    pub(crate) towards: Vec<(SocketAddr, Instant)>,
    /// How many entries of the gateway's table say this and stand: Linux has one for each connection.
    standing: usize,
}

/// Something that was done to the network.
#[derive(Debug, Clone)]
pub(crate) struct Happening {
    /// Its place in the record.
    pub(crate) order: u64,
    pub(crate) at: Instant,
    pub(crate) what: NetworkEvent,
}

/// What a protocol noted.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    /// Its place in the record.
    pub(crate) order: u64,
    pub(crate) at: Instant,
    pub(crate) node: Name,
    pub(crate) name: Word,
    /// The packet that the node got last at this instant, of which the note may tell.
    pub(crate) upon: Option<PacketId>,
    fields: Vec<(Word, Value)>,
}

impl Note {
    /// A field of any type.
    pub(crate) fn value(&self, field: &str) -> Option<&Value> {
        self.fields.iter().find(|(name, _)| name == field).map(|(_, value)| value)
    }

    /// A field that is an address.
    pub(crate) fn address(&self, field: &str) -> Option<SocketAddr> {
        match self.value(field)? {
            Value::Address(address) => Some(*address),
            Value::Text(text) => text.parse().ok(),
            Value::Number(_) | Value::Ip(_) | Value::Duration(_) | Value::Flag(_) => None,
        }
    }

    /// A field that is an address without a port.
    pub(crate) fn ip(&self, field: &str) -> Option<IpAddr> {
        match self.value(field)? {
            Value::Ip(ip) => Some(*ip),
            Value::Address(address) => Some(address.ip()),
            Value::Text(text) => text.parse().ok(),
            Value::Number(_) | Value::Duration(_) | Value::Flag(_) => None,
        }
    }

    /// All fields of this name that are addresses.
    pub(crate) fn addresses(&self, field: &str) -> impl Iterator<Item = SocketAddr> {
        self.fields.iter().filter(move |(name, _)| name == field).filter_map(|(_, value)| {
            match value {
                Value::Address(address) => Some(*address),
                Value::Text(_)
                | Value::Number(_)
                | Value::Ip(_)
                | Value::Duration(_)
                | Value::Flag(_) => None,
            }
        })
    }

    /// A field that is a text; empty where there is none.
    pub(crate) fn text(&self, field: &str) -> &str {
        match self.value(field) {
            Some(Value::Text(text)) => text,
            Some(
                Value::Number(_)
                | Value::Address(_)
                | Value::Ip(_)
                | Value::Duration(_)
                | Value::Flag(_),
            )
            | None => "",
        }
    }

    /// A field that is a number.
    pub(crate) fn number(&self, field: &str) -> Option<i64> {
        match self.value(field)? {
            Value::Number(number) => Some(*number),
            Value::Text(text) => text.parse().ok(),
            Value::Address(_) | Value::Ip(_) | Value::Duration(_) | Value::Flag(_) => None,
        }
    }

    /// A field that is a span of time.
    pub(crate) fn duration(&self, field: &str) -> Option<Duration> {
        match self.value(field)? {
            Value::Duration(duration) => Some(*duration),
            Value::Number(_)
            | Value::Text(_)
            | Value::Address(_)
            | Value::Ip(_)
            | Value::Flag(_) => None,
        }
    }

    /// A field that is a claim; false where there is none.
    pub(crate) fn is(&self, field: &str) -> bool {
        matches!(self.value(field), Some(Value::Flag(true)))
    }
}

impl Reading {
    /// Reads a whole record.
    pub(crate) fn of(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut reading = Self::default();
        for entry in entries {
            reading.end = entry.at;
            reading.add(entry);
        }
        reading
    }

    fn add(&mut self, entry: Entry) {
        let Entry { index: order, at, what } = entry;
        match what {
            What::Sent { packet, node, flow, payload, .. } => {
                self.add_sent(at, (packet, node), flow, payload);
            }
            What::Translated { packet, gateway, from, to } => {
                self.note_use(at, &gateway, from, to);
                if let Some(journey) = self.journeys.get_mut(&packet) {
                    journey.flow = to;
                }
            }
            What::Dropped { packet, place, reason } => {
                self.finish(packet, End::Dropped { at, place, reason });
            }
            What::Delivered { packet, node } => {
                self.arrived.insert(node.clone(), packet);
                self.latest.insert(node.clone(), (packet, at));
                self.finish(packet, End::Delivered { at, node });
            }
            What::Copied { packet, copy, .. } => {
                if let Some(journey) = self.journeys.get(&packet).cloned() {
                    self.journeys.insert(copy, journey);
                }
            }
            What::Mapping { gateway, change, inside, outside, .. } => {
                self.add_mapping(at, gateway, change, inside, outside);
            }
            What::Note { node, name, fields } => {
                self.arrived.remove(&node);
                if name == "ice.restart" {
                    self.restarts.push((order, at, node.clone()));
                }
                let latest = self.latest.get(&node).filter(|(_, then)| *then == at);
                let upon = latest.map(|(packet, _)| *packet);
                self.notes.push(Note { order, at, node, name, upon, fields });
            }
            What::Event(what) => self.events.push(Happening { order, at, what }),
            What::Deadline { node, .. } => {
                self.arrived.remove(&node);
            }
            What::Queued { .. } | What::Marked { .. } => {}
        }
    }

    /// What a node sends at the instant of an arrival, before anything else happens to it, is because of that.
    fn add_sent(
        &mut self,
        at: Instant,
        (packet, node): (PacketId, Name),
        flow: Flow,
        payload: PayloadHash,
    ) {
        self.by_flow.entry((flow.source, flow.destination)).or_default().push(packet);
        self.by_node.entry((node.clone(), at)).or_default().push(packet);
        let cause = self.arrived.get(&node).copied().filter(|arrived| {
            let journey = self.journeys.get(arrived);
            journey.is_some_and(
                |journey| matches!(journey.end, End::Delivered { at: then, .. } if then == at),
            )
        });
        let (first, end) = (flow, End::UnderWay);
        let journey = Journey { sent: at, node, first, flow, payload, cause, end };
        self.journeys.insert(packet, journey);
    }

    /// A copy that arrives makes up for an original that did not.
    fn finish(&mut self, packet: PacketId, end: End) {
        if let Some(journey) = self.journeys.get_mut(&packet)
            && !matches!(journey.end, End::Delivered { .. })
        {
            journey.end = end;
        }
    }

    fn add_mapping(
        &mut self,
        at: Instant,
        gateway: Name,
        change: MappingChange,
        inside: SocketAddr,
        outside: SocketAddr,
    ) {
        match change {
            MappingChange::Made => match self.latest(&gateway, inside, outside) {
                Some(mapping) if mapping.standing > 0 => mapping.standing += 1,
                Some(_) | None => self.mappings.push(Mapping {
                    gateway,
                    made: at,
                    expired: None,
                    inside,
                    outside,
                    towards: Vec::new(),
                    standing: 1,
                }),
            },
            MappingChange::Refreshed => {}
            MappingChange::Expired => {
                if let Some(mapping) = self.latest(&gateway, inside, outside) {
                    mapping.standing = mapping.standing.saturating_sub(1);
                    mapping.expired = Some(at).filter(|_| mapping.standing == 0);
                }
            }
        }
    }

    /// A translation of the source is a use of a mapping towards the destination.
    fn note_use(&mut self, at: Instant, gateway: &Name, from: Flow, to: Flow) {
        if from.source == to.source {
            return;
        }
        if let Some(mapping) = self.latest(gateway, from.source, to.source)
            && mapping.towards.iter().all(|(known, _)| *known != to.destination)
        {
            mapping.towards.push((to.destination, at));
        }
    }

    fn latest(
        &mut self,
        gateway: &Name,
        inside: SocketAddr,
        outside: SocketAddr,
    ) -> Option<&mut Mapping> {
        self.mappings.iter_mut().rev().find(|mapping| {
            mapping.gateway == *gateway && mapping.inside == inside && mapping.outside == outside
        })
    }

    /// The packets that were sent with these addresses, in order.
    pub(crate) fn packets(&self, source: SocketAddr, destination: SocketAddr) -> &[PacketId] {
        self.by_flow.get(&(source, destination)).map_or(&[], Vec::as_slice)
    }

    /// The packets that this node sent at this instant, in order.
    pub(crate) fn packets_of(&self, node: &Name, at: Instant) -> &[PacketId] {
        self.by_node.get(&(node.clone(), at)).map_or(&[], Vec::as_slice)
    }

    /// The packets that their sender sent upon this one.
    pub(crate) fn because_of(&self, packet: PacketId) -> impl Iterator<Item = PacketId> {
        let (at, node) = match self.journeys.get(&packet).map(|journey| &journey.end) {
            Some(End::Delivered { at, node }) => (*at, Some(node)),
            Some(End::UnderWay | End::Dropped { .. }) | None => (Instant::START, None),
        };
        let sent = node.map(|node| self.packets_of(node, at)).unwrap_or_default();
        sent.iter().copied().filter(move |next| {
            self.journeys.get(next).is_some_and(|journey| journey.cause == Some(packet))
        })
    }

    /// How often a node had begun ICE anew before this place in the record.
    pub(crate) fn generation(&self, node: &str, order: u64) -> usize {
        let mine = self.restarts.iter().filter(|(_, _, who)| *who == *node);
        mine.take_while(|(at, _, _)| *at <= order).count()
    }

    /// When the first node began this generation; the first one, 0, began with the run.
    pub(crate) fn restart(&self, generation: usize) -> Option<Instant> {
        let mut restarts = self.restarts.iter();
        let is_first =
            |(order, _, node): &&(u64, Instant, Name)| self.generation(node, *order) == generation;
        restarts.find(is_first).map(|(_, at, _)| *at)
    }

    /// The number of the last generation.
    pub(crate) fn generations(&self) -> usize {
        let restarts = self.restarts.iter();
        restarts.map(|(order, _, node)| self.generation(node, *order)).max().unwrap_or(0)
    }

    /// The mappings of a gateway at this outside address that stood at this time: the filter knows no others.
    pub(crate) fn standing(
        &self,
        gateway: &str,
        outside: SocketAddr,
        at: Instant,
    ) -> impl Iterator<Item = &Mapping> {
        self.mapped_at(gateway, outside, at)
            .filter(move |mapping| mapping.expired.is_none_or(|expired| expired > at))
    }

    /// The latest mapping there that was gone by this time.
    pub(crate) fn forgotten(
        &self,
        gateway: &str,
        outside: SocketAddr,
        at: Instant,
    ) -> Option<(&Mapping, Instant)> {
        let gone = self.mapped_at(gateway, outside, at).filter_map(|mapping| {
            Some((mapping, mapping.expired.filter(|expired| *expired <= at)?))
        });
        gone.max_by_key(|(_, expired)| *expired)
    }

    fn mapped_at(
        &self,
        gateway: &str,
        outside: SocketAddr,
        at: Instant,
    ) -> impl Iterator<Item = &Mapping> {
        self.mappings.iter().filter(move |mapping| {
            mapping.gateway == *gateway && mapping.outside == outside && mapping.made <= at
        })
    }

    /// The gateways that turned `inside` into `outside`, nearest first, with the addresses between them.
    pub(crate) fn mapped_by(&self, inside: SocketAddr, outside: SocketAddr) -> Vec<&Mapping> {
        let mut way = Vec::new();
        let mut address = inside;
        while address != outside && way.len() < DEEPEST {
            let made = self.mappings.iter().filter(|mapping| mapping.inside == address);
            let Some(mapping) =
                made.clone().find(|mapping| mapping.outside == outside).or_else(|| {
                    made.clone().find(|mapping| {
                        self.mappings.iter().any(|next| next.inside == mapping.outside)
                    })
                })
            else {
                return Vec::new();
            };
            way.push(mapping);
            address = mapping.outside;
        }
        way
    }
}

/// How many gateways in a row are followed.
const DEEPEST: usize = 8;
