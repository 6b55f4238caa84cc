//! The canonical bytes of entries, over which the hash is taken and from which they are read back.
//!
//! An entry is a tag, its time, and its fields; whole numbers are LEB128, nodes are numbers in the table of
//! names, texts have their length before them.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use icelab_sans_io::Instant;

use super::entry::{MappingChange, PacketId, PayloadHash};
use super::value::Value;
use crate::packet::{Flow, Protocol};
use crate::topology::{Direction, NodeId};

/// What an entry begins with.
pub(super) mod tag {
    pub(crate) const SENT: u8 = 1;
    pub(crate) const QUEUED: u8 = 2;
    pub(crate) const MARKED: u8 = 3;
    pub(crate) const DROPPED: u8 = 4;
    pub(crate) const TRANSLATED: u8 = 5;
    pub(crate) const COPIED: u8 = 6;
    pub(crate) const DELIVERED: u8 = 7;
    pub(crate) const MAPPING: u8 = 8;
    pub(crate) const NOTE: u8 = 9;
    pub(crate) const DEADLINE: u8 = 10;
    pub(crate) const CUT: u8 = 11;
    pub(crate) const HEALED: u8 = 12;
    pub(crate) const REBOOTED: u8 = 13;
    pub(crate) const REBOUND: u8 = 14;
    pub(crate) const LINK_SET: u8 = 15;
    pub(crate) const UNPLUGGED: u8 = 16;
    pub(crate) const PLUGGED: u8 = 17;
    pub(crate) const CRASHED: u8 = 18;
    pub(crate) const STARTED: u8 = 19;
}

/// Where something happened, by number.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spot {
    Node(NodeId),
    Link { from: NodeId, to: NodeId },
}

/// A network event, by number.
#[derive(Clone, Debug)]
pub(crate) enum Event<'a> {
    Cut(NodeId, NodeId),
    Healed(NodeId, NodeId),
    Rebooted(NodeId),
    Rebound(NodeId, &'a [IpAddr]),
    LinkSet(NodeId, NodeId, Direction),
    Unplugged(NodeId, NodeId),
    Plugged(NodeId, NodeId),
    Crashed(NodeId),
    Started(NodeId, u32),
}

/// Writes the fields of one entry behind what is there.
pub(super) struct Encoder<'a>(pub(super) &'a mut Vec<u8>);

impl Encoder<'_> {
    pub(super) fn begin(&mut self, tag: u8, at: Instant) -> &mut Self {
        self.0.push(tag);
        self.number(at.as_nanos())
    }

    pub(super) fn byte(&mut self, byte: u8) -> &mut Self {
        self.0.push(byte);
        self
    }

    pub(super) fn number(&mut self, mut number: u64) -> &mut Self {
        while number >= 0x80 {
            self.0.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.0.push(number.to_le_bytes()[0]);
        self
    }

    pub(super) fn packet(&mut self, packet: PacketId) -> &mut Self {
        self.number(packet.0)
    }

    pub(super) fn node(&mut self, node: NodeId) -> &mut Self {
        self.number(u64::from(node.0))
    }

    pub(super) fn spot(&mut self, spot: Spot) -> &mut Self {
        match spot {
            Spot::Node(node) => self.byte(0).node(node),
            Spot::Link { from, to } => self.byte(1).node(from).node(to),
        }
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    pub(super) fn hash(&mut self, hash: PayloadHash) -> &mut Self {
        self.0.extend_from_slice(&hash.0);
        self
    }

    pub(super) fn protocol(&mut self, protocol: Protocol) -> &mut Self {
        match protocol {
            Protocol::Udp => self.byte(0),
            Protocol::Tcp => self.byte(1),
            Protocol::Icmp => self.byte(2),
            Protocol::Other(number) => self.byte(3).byte(number),
        }
    }

    pub(super) fn ip(&mut self, address: IpAddr) -> &mut Self {
        match address {
            IpAddr::V4(address) => {
                self.0.push(4);
                self.0.extend_from_slice(&address.octets());
            }
            IpAddr::V6(address) => {
                self.0.push(6);
                self.0.extend_from_slice(&address.octets());
            }
        }
        self
    }

    pub(super) fn address(&mut self, address: SocketAddr) -> &mut Self {
        self.ip(address.ip());
        self.0.extend_from_slice(&address.port().to_be_bytes());
        self
    }

    pub(super) fn flow(&mut self, flow: Flow) -> &mut Self {
        self.protocol(flow.protocol).address(flow.source).address(flow.destination)
    }

    pub(super) fn change(&mut self, change: MappingChange) -> &mut Self {
        self.byte(match change {
            MappingChange::Made => 0,
            MappingChange::Refreshed => 1,
            MappingChange::Expired => 2,
        })
    }

    pub(super) fn duration(&mut self, duration: Duration) -> &mut Self {
        self.number(duration.as_secs()).number(u64::from(duration.subsec_nanos()))
    }

    pub(super) fn value(&mut self, value: &Value) -> &mut Self {
        match value {
            Value::Text(text) => self.byte(0).text(text),
            // Zigzag, so that small negative numbers stay short.
            Value::Number(number) => {
                self.byte(1).number((number.cast_unsigned() << 1) ^ (number >> 63).cast_unsigned())
            }
            Value::Address(address) => self.byte(2).address(*address),
            Value::Ip(address) => self.byte(3).ip(*address),
            Value::Duration(duration) => self.byte(4).duration(*duration),
            Value::Flag(flag) => self.byte(5).byte(u8::from(*flag)),
        }
    }

    pub(super) fn event(&mut self, event: &Event<'_>, at: Instant) -> &mut Self {
        match *event {
            Event::Cut(a, b) => self.begin(tag::CUT, at).node(a).node(b),
            Event::Healed(a, b) => self.begin(tag::HEALED, at).node(a).node(b),
            Event::Rebooted(gateway) => self.begin(tag::REBOOTED, at).node(gateway),
            Event::Rebound(gateway, outside) => {
                self.begin(tag::REBOUND, at).node(gateway).number(outside.len() as u64);
                outside.iter().fold(self, |encoder, address| encoder.ip(*address))
            }
            Event::LinkSet(owner, towards, direction) => {
                self.begin(tag::LINK_SET, at).node(owner).node(towards).byte(match direction {
                    Direction::Up => 0,
                    Direction::Down => 1,
                })
            }
            Event::Unplugged(node, from) => self.begin(tag::UNPLUGGED, at).node(node).node(from),
            Event::Plugged(node, into) => self.begin(tag::PLUGGED, at).node(node).node(into),
            Event::Crashed(node) => self.begin(tag::CRASHED, at).node(node),
            Event::Started(node, boot) => {
                self.begin(tag::STARTED, at).node(node).number(u64::from(boot))
            }
        }
    }
}
