//! Which packets a drop rule means.

use crate::packet::Protocol;
use crate::topology::NodeId;

/// Packets as they leave the host that sent them, before anything is done to them. What is `None` matches everything.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Matcher {
    /// Sent by this host.
    pub from: Option<NodeId>,
    /// For an address of this host, gateway included: its own, or (behind NATs) the outside one of a gateway it is behind.
    pub to: Option<NodeId>,
    /// Of this protocol.
    pub protocol: Option<Protocol>,
    /// From this port.
    pub source_port: Option<u16>,
    /// To this port.
    pub destination_port: Option<u16>,
    /// With any of these in what the transport carries, each of which is all of its patterns; whatever it carries
    /// where there is none.
    pub payload: Vec<Vec<Pattern>>,
}

impl Matcher {
    /// Whether what the transport carries is what this matcher means.
    pub fn takes_payload(&self, payload: &[u8]) -> bool {
        let is_met = |patterns: &Vec<Pattern>| patterns.iter().all(|pattern| pattern.is_in(payload));
        self.payload.is_empty() || self.payload.iter().any(is_met)
    }
}

/// Bytes at a place in a payload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pattern {
    /// Where.
    pub place: PatternPlace,
    /// Which bits count, one byte of mask for each byte; all of them where the mask is shorter.
    pub mask: Vec<u8>,
    /// Their values.
    pub bytes: Vec<u8>,
}

/// Where in a payload a pattern stands, counted from its first byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PatternPlace {
    /// Exactly there.
    At(usize),
    /// There, or any whole number of steps later.
    Every {
        /// The first place.
        from: usize,
        /// The step; 0 counts as 1.
        step: usize,
    },
}

impl Pattern {
    fn is_in(&self, payload: &[u8]) -> bool {
        match self.place {
            PatternPlace::At(offset) => self.is_at(payload, offset),
            PatternPlace::Every { from, step } => {
                (from..payload.len()).step_by(step.max(1)).any(|offset| self.is_at(payload, offset))
            }
        }
    }

    fn is_at(&self, payload: &[u8], offset: usize) -> bool {
        let Some(there) = payload.get(offset..).and_then(|rest| rest.get(..self.bytes.len())) else {
            return false;
        };
        let masks = self.mask.iter().copied().chain(std::iter::repeat(0xFF));
        there.iter().zip(&self.bytes).zip(masks).all(|((there, byte), mask)| (there ^ byte) & mask == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(place: PatternPlace, mask: &[u8], bytes: &[u8]) -> Pattern {
        Pattern { place, mask: mask.to_vec(), bytes: bytes.to_vec() }
    }

    #[test]
    fn a_pattern_stands_where_it_says() {
        let exact = pattern(PatternPlace::At(1), &[], &[2, 3]);
        assert!(exact.is_in(&[1, 2, 3]));
        assert!(!exact.is_in(&[2, 3, 1]) && !exact.is_in(&[1, 2]));
        let masked = pattern(PatternPlace::At(0), &[0x80], &[0x80, 7]);
        assert!(masked.is_in(&[0xFF, 7]) && !masked.is_in(&[0x7F, 7]) && !masked.is_in(&[0xFF, 8]));
        let stepping = pattern(PatternPlace::Every { from: 1, step: 2 }, &[], &[9]);
        assert!(stepping.is_in(&[0, 0, 0, 9]) && !stepping.is_in(&[9, 0, 9, 0]));
    }

    #[test]
    fn one_of_several_alternatives_is_enough_and_needs_all_of_its_patterns() {
        let at = |offset, byte| pattern(PatternPlace::At(offset), &[], &[byte]);
        let payload = vec![vec![at(0, 1), at(1, 2)], vec![at(0, 5)]];
        let matcher = Matcher { payload, ..Matcher::default() };
        assert!(matcher.takes_payload(&[1, 2]) && matcher.takes_payload(&[5]));
        assert!(!matcher.takes_payload(&[1, 3]));
        assert!(Matcher::default().takes_payload(&[]));
    }
}
