//! Entries from their canonical bytes.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use icelab_sans_io::Instant;

use super::encode::tag;
use super::entry::{MappingChange, Name, NetworkEvent, PacketId, PayloadHash, Place, What, Word};
use super::value::Value;
use crate::packet::{Flow, Protocol};
use crate::topology::Direction;

/// Reads entries from the front of some bytes; `None` wherever they are not what was written.
pub(super) struct Decoder<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) names: &'a [Name],
}

impl Decoder<'_> {
    pub(super) fn entry(&mut self) -> Option<(Instant, What)> {
        let tag = self.byte()?;
        let at = Instant::from_nanos(self.number()?);
        let what = match tag {
            tag::SENT => What::Sent {
                packet: self.packet()?,
                node: self.node()?,
                flow: self.flow()?,
                length: self.number()?.try_into().ok()?,
                payload: PayloadHash(self.array()?),
            },
            tag::QUEUED => What::Queued { packet: self.packet()?, place: self.place()? },
            tag::MARKED => What::Marked { packet: self.packet()?, place: self.place()? },
            tag::DROPPED => {
                What::Dropped { packet: self.packet()?, place: self.place()?, reason: self.word()? }
            }
            tag::TRANSLATED => What::Translated {
                packet: self.packet()?,
                gateway: self.node()?,
                from: self.flow()?,
                to: self.flow()?,
            },
            tag::COPIED => {
                What::Copied { packet: self.packet()?, copy: self.packet()?, place: self.place()? }
            }
            tag::DELIVERED => What::Delivered { packet: self.packet()?, node: self.node()? },
            tag::MAPPING => What::Mapping {
                gateway: self.node()?,
                change: self.change()?,
                protocol: self.protocol()?,
                inside: self.address()?,
                outside: self.address()?,
            },
            tag::NOTE => self.note()?,
            tag::DEADLINE => What::Deadline { node: self.node()?, timer: self.word()? },
            other => What::Event(self.event(other)?),
        };
        Some((at, what))
    }

    fn note(&mut self) -> Option<What> {
        let node = self.node()?;
        let name = self.word()?;
        let count = self.number()?;
        let mut fields = Vec::new();
        for _ in 0..count {
            fields.push((self.word()?, self.value()?));
        }
        Some(What::Note { node, name, fields })
    }

    fn event(&mut self, tag: u8) -> Option<NetworkEvent> {
        Some(match tag {
            tag::CUT => NetworkEvent::Cut { a: self.node()?, b: self.node()? },
            tag::HEALED => NetworkEvent::Healed { a: self.node()?, b: self.node()? },
            tag::REBOOTED => NetworkEvent::Rebooted { gateway: self.node()? },
            tag::REBOUND => {
                let gateway = self.node()?;
                let count = self.number()?;
                let outside = (0..count).map(|_| self.ip()).collect::<Option<_>>()?;
                NetworkEvent::Rebound { gateway, outside }
            }
            tag::LINK_SET => NetworkEvent::LinkSet {
                owner: self.node()?,
                towards: self.node()?,
                direction: match self.byte()? {
                    0 => Direction::Up,
                    _ => Direction::Down,
                },
            },
            tag::UNPLUGGED => NetworkEvent::Unplugged { node: self.node()?, from: self.node()? },
            tag::PLUGGED => NetworkEvent::Plugged { node: self.node()?, into: self.node()? },
            tag::CRASHED => NetworkEvent::Crashed { node: self.node()? },
            tag::STARTED => {
                NetworkEvent::Started { node: self.node()?, boot: self.number()?.try_into().ok()? }
            }
            _ => return None,
        })
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(*array)
    }

    fn packet(&mut self) -> Option<PacketId> {
        self.number().map(PacketId)
    }

    fn node(&mut self) -> Option<Name> {
        let index = usize::try_from(self.number()?).ok()?;
        self.names.get(index).cloned()
    }

    fn place(&mut self) -> Option<Place> {
        Some(match self.byte()? {
            0 => Place::Node(self.node()?),
            _ => Place::Link { from: self.node()?, to: self.node()? },
        })
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    fn word(&mut self) -> Option<Word> {
        self.text().map(Cow::Owned)
    }

    fn protocol(&mut self) -> Option<Protocol> {
        Some(match self.byte()? {
            0 => Protocol::Udp,
            1 => Protocol::Tcp,
            2 => Protocol::Icmp,
            _ => Protocol::Other(self.byte()?),
        })
    }

    fn ip(&mut self) -> Option<IpAddr> {
        Some(match self.byte()? {
            4 => IpAddr::from(self.array::<4>()?),
            _ => IpAddr::from(self.array::<16>()?),
        })
    }

    fn address(&mut self) -> Option<SocketAddr> {
        let address = self.ip()?;
        Some(SocketAddr::new(address, u16::from_be_bytes(self.array()?)))
    }

    fn flow(&mut self) -> Option<Flow> {
        Some(Flow {
            protocol: self.protocol()?,
            source: self.address()?,
            destination: self.address()?,
        })
    }

    fn change(&mut self) -> Option<MappingChange> {
        Some(match self.byte()? {
            0 => MappingChange::Made,
            1 => MappingChange::Refreshed,
            _ => MappingChange::Expired,
        })
    }

    fn value(&mut self) -> Option<Value> {
        Some(match self.byte()? {
            0 => Value::Text(self.text()?),
            1 => {
                let zigzag = self.number()?;
                Value::Number((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
            }
            2 => Value::Address(self.address()?),
            3 => Value::Ip(self.ip()?),
            4 => {
                let seconds = self.number()?;
                Value::Duration(Duration::new(seconds, self.number()?.try_into().ok()?))
            }
            _ => Value::Flag(self.byte()? != 0),
        })
    }
}
