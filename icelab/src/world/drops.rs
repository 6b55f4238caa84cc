//! The packets that events drop: a case in which one of them never comes shows nothing.

use icelab_sans_io::Instant;
use icelab_sim::fabric::{Awaited, DropRuleId};

use super::outcome::Failure;
use crate::scenario::plan::{DropRule, PacketKind};

/// The packets that are still to be dropped, and must come for it.
#[derive(Debug)]
pub(super) struct Drops {
    awaited: Vec<Drop>,
}

/// An event's packets.
#[derive(Debug)]
struct Drop {
    id: DropRuleId,
    /// Which kind of packet, from whom to whom.
    what: String,
    /// What was still to come when it was looked at last.
    awaited: Option<Awaited>,
}

impl Drops {
    /// None yet.
    pub(super) const fn new() -> Self {
        Self { awaited: Vec::new() }
    }

    /// Adds an event's packets, all of which must come.
    pub(super) fn expect(&mut self, id: DropRuleId, rule: &DropRule) {
        self.awaited.push(Drop { id, what: what(rule), awaited: None });
    }

    /// Whether a packet is still to come.
    pub(super) const fn are_awaited(&self) -> bool {
        !self.awaited.is_empty()
    }

    /// Looks what is still to come; whether a packet has been dropped since the last time.
    pub(super) fn look(&mut self, awaited: impl Fn(DropRuleId) -> Option<Awaited>) -> bool {
        let mut is_changed = false;
        self.awaited.retain_mut(|drop| {
            let before = drop.awaited;
            drop.awaited = awaited(drop.id);
            let next = |awaited: Option<Awaited>| awaited.map(|awaited| awaited.next);
            is_changed |= before.is_some() && next(before) != next(drop.awaited);
            drop.awaited.is_some()
        });
        is_changed
    }

    /// What never came.
    pub(super) fn failures(&self, now: Instant) -> impl Iterator<Item = Failure> {
        self.awaited.iter().filter_map(move |drop| {
            let Awaited { next, came } = drop.awaited?;
            let wanted = format!("the {} {}", ordinal(next), drop.what);
            let got = format!("it never came; {came} did");
            Some(Failure { expect: "drop".to_owned(), wanted, got, at: now })
        })
    }
}

fn what(rule: &DropRule) -> String {
    let mut what = word(rule.packet).to_owned();
    for (preposition, name) in [("from", &rule.from), ("to", &rule.to)] {
        if let Some(name) = name {
            what.push_str(&format!(" {preposition} {name}"));
        }
    }
    what
}

/// As the grammar writes it.
const fn word(packet: PacketKind) -> &'static str {
    match packet {
        PacketKind::Any => "packet",
        PacketKind::StunRequest => "stun_request",
        PacketKind::StunSuccess => "stun_success",
        PacketKind::StunError => "stun_error",
        PacketKind::Nomination => "nomination",
        PacketKind::PlainRequest => "plain_request",
        PacketKind::TurnRequest => "turn_request",
        PacketKind::TurnResponse => "turn_response",
        PacketKind::DtlsHandshake => "dtls_handshake",
        PacketKind::Data => "data packet",
    }
}

fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_they_are_said() {
        let said = [1, 2, 3, 4, 11, 12, 13, 21, 101, 112].map(ordinal);
        assert_eq!(
            said,
            ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "101st", "112th"]
        );
    }
}
