//! Which packets are dropped on purpose.

use std::collections::BTreeSet;

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
    /// With any of these in what the transport carries, each of which is all of its patterns.
    pub payload: Vec<Vec<Pattern>>,
    /// With none of these there.
    pub lacks: Vec<Pattern>,
}

/// Bytes at a place in a payload.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pattern {
    /// Where.
    pub place: Place,
    /// Their values.
    pub bytes: Vec<u8>,
    /// Which bits count, a byte of mask for each byte; where the mask has ended, all of them.
    pub mask: Vec<u8>,
}

/// Where in a payload a pattern stands, counted from the payload's first byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// There.
    At(usize),
    /// There, or any whole number of steps later.
    Every {
        /// The first place.
        from: usize,
        /// The step; 0 counts as 1.
        step: usize,
    },
}

impl Default for Place {
    fn default() -> Self {
        Self::At(0)
    }
}

/// A rule of a network, in the order of their making.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DropRuleId(u64);

/// What a rule still waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Awaited {
    /// The number of the packet that is to be dropped next.
    pub next: u32,
    /// How many that match have come so far.
    pub came: u32,
}

/// A rule with what it still waits for.
#[derive(Clone, Debug)]
pub(super) struct DropRule {
    id: DropRuleId,
    matcher: Matcher,
    /// How many packets have matched.
    came: u32,
    /// The numbers of those that are still to be dropped; 1 is the first one that matched.
    ordinals: BTreeSet<u32>,
}

impl Fabric {
    /// Drops those packets that match and have these numbers, counted from 1 from now on, and no others. 0 counts as 1.
    pub fn drop_each(
        &mut self,
        matcher: Matcher,
        ordinals: impl IntoIterator<Item = u32>,
    ) -> DropRuleId {
        self.rules_made += 1;
        let id = DropRuleId(self.rules_made);
        let ordinals: BTreeSet<u32> = ordinals.into_iter().map(|nth| nth.max(1)).collect();
        if !ordinals.is_empty() {
            self.rules.push(DropRule { id, matcher, came: 0, ordinals });
        }
        id
    }

    /// What a rule still waits for; `None` once it has dropped all that it is for.
    #[must_use]
    pub fn awaited(&self, rule: DropRuleId) -> Option<Awaited> {
        let rule = self.rules.iter().find(|known| known.id == rule)?;
        Some(Awaited { next: *rule.ordinals.first()?, came: rule.came })
    }

    /// Counts a packet for every rule, and records its drop where one says so.
    pub(super) fn is_dropped_by_rule(&mut self, node: NodeId, parcel: &Parcel) -> bool {
        let mut is_dropped = false;
        let topology = &self.topology;
        self.rules.retain_mut(|rule| {
            if !rule.matcher.matches(topology, node, &parcel.packet) {
                return true;
            }
            rule.came = rule.came.saturating_add(1);
            is_dropped |= rule.ordinals.remove(&rule.came);
            !rule.ordinals.is_empty()
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
            && self.takes_payload(packet.payload())
            && self.to.is_none_or(|to| topology.is_reached_at(to, packet.destination()))
    }

    fn takes_payload(&self, payload: &[u8]) -> bool {
        let is_met = |all: &Vec<Pattern>| all.iter().all(|pattern| pattern.matches(payload));
        (self.payload.is_empty() || self.payload.iter().any(is_met))
            && !self.lacks.iter().any(|pattern| pattern.matches(payload))
    }
}

impl Pattern {
    fn matches(&self, payload: &[u8]) -> bool {
        match self.place {
            Place::At(offset) => self.stands_at(payload, offset),
            Place::Every { from, step } => {
                let mut places = (from..payload.len()).step_by(step.max(1));
                places.any(|offset| self.stands_at(payload, offset))
            }
        }
    }

    fn stands_at(&self, payload: &[u8], offset: usize) -> bool {
        let there = offset.checked_add(self.bytes.len());
        let there = there.and_then(|end| payload.get(offset..end));
        there.is_some_and(|there| {
            let masks = self.mask.iter().copied().chain(std::iter::repeat(0xff));
            there
                .iter()
                .zip(&self.bytes)
                .zip(masks)
                .all(|((is, wanted), mask)| is & mask == wanted & mask)
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
            place: Place::At(offset),
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

    #[test]
    fn a_pattern_may_stand_on_any_boundary() {
        let place = Place::Every { from: 1, step: 2 };
        let pattern = Pattern { place, bytes: vec![9], mask: Vec::new() };
        assert!(pattern.matches(&[0, 0, 0, 9]));
        assert!(!pattern.matches(&[9, 0, 9, 0]));
    }

    #[test]
    fn one_of_several_payloads_is_enough_and_needs_all_of_its_patterns() {
        let at = |offset, byte| Pattern {
            place: Place::At(offset),
            bytes: vec![byte],
            mask: Vec::new(),
        };
        let payload = vec![vec![at(0, 1), at(1, 2)], vec![at(0, 5)]];
        let matcher = Matcher { payload, ..Matcher::default() };
        assert!(matcher.takes_payload(&[1, 2]) && matcher.takes_payload(&[5]));
        assert!(!matcher.takes_payload(&[1, 3]));
        assert!(Matcher::default().takes_payload(&[]));
    }

    #[test]
    fn a_payload_with_what_it_must_lack_does_not_match() {
        let at = |offset, byte| Pattern {
            place: Place::At(offset),
            bytes: vec![byte],
            mask: Vec::new(),
        };
        let (payload, lacks) = (vec![vec![at(0, 1)]], vec![at(1, 2), at(1, 3)]);
        let matcher = Matcher { payload, lacks, ..Matcher::default() };
        assert!(matcher.takes_payload(&[1]) && matcher.takes_payload(&[1, 4]));
        assert!(!matcher.takes_payload(&[1, 2]) && !matcher.takes_payload(&[1, 3]));
    }
}
