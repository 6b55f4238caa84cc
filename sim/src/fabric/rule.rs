//! Which packets are dropped on purpose.

use super::engine::Fabric;
use super::parcel::Parcel;
use crate::packet::{Packet, Protocol};
use crate::topology::{NodeId, Topology};

/// Packets as they leave the host that sends them. What is `None` or empty matches everything.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Matcher {
    /// Sent by this host.
    pub from: Option<NodeId>,
    /// For an address of this node, or of a gateway that it is behind.
    pub to: Option<NodeId>,
    /// Of this protocol.
    pub protocol: Option<Protocol>,
    /// From this port.
    pub source_port: Option<u16>,
    /// To this port.
    pub destination_port: Option<u16>,
    /// With all of these in what the transport carries.
    pub payload: Vec<Pattern>,
}

/// Bytes at a place in a payload.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pattern {
    /// Where, from the payload's first byte.
    pub offset: usize,
    /// Their values.
    pub bytes: Vec<u8>,
    /// Which bits count, a byte of mask for each byte; where the mask has ended, all of them.
    pub mask: Vec<u8>,
}

/// A rule with what it still waits for.
#[derive(Clone, Debug)]
pub(super) struct DropRule {
    matcher: Matcher,
    /// The packet that is dropped; 1 is the next one that matches.
    nth: u32,
}

impl Fabric {
    /// Drops the `nth` packet from now on that matches, counted from 1, and no other.
    pub fn drop_nth(&mut self, matcher: Matcher, nth: u32) {
        self.rules.push(DropRule { matcher, nth: nth.max(1) });
    }

    /// Counts a packet for every rule, and records its drop where one says so.
    pub(super) fn is_dropped_by_rule(&mut self, node: NodeId, parcel: &Parcel) -> bool {
        let mut is_dropped = false;
        let topology = &self.topology;
        self.rules.retain_mut(|rule| {
            if !rule.matcher.matches(topology, node, &parcel.packet) {
                return true;
            }
            rule.nth -= 1;
            is_dropped |= rule.nth == 0;
            rule.nth > 0
        });
        if is_dropped {
            self.drop_at(node, parcel.id, "rule");
        }
        is_dropped
    }
}

impl Matcher {
    fn matches(&self, topology: &Topology, node: NodeId, packet: &Packet) -> bool {
        self.from.is_none_or(|from| from == node)
            && self.protocol.is_none_or(|protocol| protocol == packet.protocol())
            && self.source_port.is_none_or(|port| packet.source_port() == Some(port))
            && self.destination_port.is_none_or(|port| packet.destination_port() == Some(port))
            && self.payload.iter().all(|pattern| pattern.matches(packet.payload()))
            && self.to.is_none_or(|to| topology.is_reached_at(to, packet.destination()))
    }
}

impl Pattern {
    fn matches(&self, payload: &[u8]) -> bool {
        let there = self.offset.checked_add(self.bytes.len());
        let there = there.and_then(|end| payload.get(self.offset..end));
        there.is_some_and(|there| {
            let masks = self.mask.iter().copied().chain(std::iter::repeat(0xff));
            there.iter().zip(&self.bytes).zip(masks).all(|((is, wanted), mask)| is & mask == wanted & mask)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_bits_at_their_place_and_never_past_the_end() {
        let payload = [0x01, 0x01, 0x00, 0x08];
        let pattern = |offset, bytes: &[u8], mask: &[u8]| Pattern {
            offset,
            bytes: bytes.to_vec(),
            mask: mask.to_vec(),
        };
        assert!(pattern(0, &[1, 1], &[]).matches(&payload));
        assert!(pattern(0, &[0x41, 1], &[0x3f]).matches(&payload));
        assert!(!pattern(0, &[0x41, 1], &[]).matches(&payload));
        assert!(pattern(3, &[8], &[]).matches(&payload));
        assert!(!pattern(3, &[8, 0], &[0, 0]).matches(&payload));
        assert!(!pattern(usize::MAX, &[8, 0], &[]).matches(&payload));
    }
}
