//! Connectivity checks, each with what became of the packet that carried it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use icelab_sans_io::Instant;
use icelab_sim::packet::Flow;
use icelab_sim::record::{Name, PacketId, PayloadHash, Place, Word};

use crate::reading::record::{Journey, Note, Reading};
use crate::reading::relay::Leave;

/// One request of a connectivity check.
#[derive(Debug, Clone)]
pub(crate) struct Check {
    /// Its place in the record.
    pub(crate) order: u64,
    pub(crate) at: Instant,
    pub(crate) peer: Name,
    /// How often the peer had begun ICE anew.
    pub(crate) generation: usize,
    /// The base that it leaves from; a relayed address for a relayed candidate.
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    pub(crate) nominating: bool,
    pub(crate) purpose: Purpose,
    /// What its packet carries, where the record tells.
    payload: Option<PayloadHash>,
    /// The packet that the peer itself sent, where the record shows it.
    pub(crate) packet: Option<PacketId>,
    pub(crate) fate: Fate,
    /// When its answer came, and as whom the other side saw the sender.
    pub(crate) answer: Option<(Instant, SocketAddr)>,
    /// What became of an answer that did not come.
    pub(crate) answer_fate: Option<Fate>,
    /// The error with which the other side answered.
    pub(crate) refusal: Option<i64>,
}

/// What a check is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Purpose {
    /// To find out whether a pair works, or to nominate it.
    Pair,
    /// To hear whether the other side still consents to be sent to (RFC 7675).
    Consent,
    /// To keep a pair alive that is not in use.
    Spare,
    /// To find out whether a pair that went silent is dead.
    Silence,
}

/// What became of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It went no further.
    Dropped { at: Instant, place: Place, reason: Word, flow: Flow },
    /// A relay got it and passed nothing on: its client does not let the sender in.
    NotPermitted { server: Name, client: Name, relayed: SocketAddr, sender: IpAddr, leave: Leave },
    /// A relay got it from an address to which it lends nothing.
    Unrecognised { server: Name, seen: SocketAddr, lent_to: Option<SocketAddr> },
    /// It was to go through a relay, which has no leave to send there. `stale` is the address to which the relay was
    /// lent, where no NAT maps it any more.
    HeldBack { stale: Option<SocketAddr> },
    /// The other side got it.
    Arrived { at: Instant, node: Name, flow: Flow, packet: PacketId },
    /// Somebody got it for whom it was not meant.
    Strayed { node: Name },
    /// The record does not say.
    Unknown,
}

impl Purpose {
    /// From the word of a note.
    fn of(word: &str) -> Self {
        match word {
            "consent" => Self::Consent,
            "standby" => Self::Spare,
            "verification" => Self::Silence,
            _ => Self::Pair,
        }
    }
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
    /// The check that a note tells of, as far as the note goes.
    pub(crate) fn noted(note: &Note, reading: &Reading) -> Option<Self> {
        Some(Self {
            order: note.order,
            at: note.at,
            peer: note.node.clone(),
            generation: reading.generation(&note.node, note.order),
            local: note.address("local")?,
            remote: note.address("remote")?,
            nominating: note.is("nominating"),
            purpose: Purpose::of(note.text("purpose")),
            payload: note.text("payload").parse().ok(),
            packet: None,
            fate: Fate::Unknown,
            answer: None,
            answer_fate: None,
            refusal: None,
        })
    }

    /// Whether it asks the other side to use its pair; consent checks of the chosen pair only say so again.
    pub(crate) fn nominates(&self) -> bool {
        self.nominating && self.purpose == Purpose::Pair
    }

    /// Whether `next` is the same check again, with the same result.
    pub(crate) fn is_repeated_by(&self, next: &Self) -> bool {
        let answer_fates = match (&self.answer_fate, &next.answer_fate) {
            (Some(one), Some(other)) => one.is_like(other),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        self.purpose == next.purpose
            && self.nominates() == next.nominates()
            && self.answer.map(|(_, mapped)| mapped) == next.answer.map(|(_, mapped)| mapped)
            && self.fate.is_like(&next.fate)
            && self.refusal == next.refusal
            && answer_fates
    }

    /// Whether a packet carries this request, as far as the record tells.
    pub(crate) fn is_carried_by(&self, journey: &Journey) -> bool {
        self.payload.is_none_or(|payload| payload == journey.payload)
    }
}

/// Checks of one pair, for one purpose, that followed each other with the same result.
pub(crate) fn runs(checks: &[Check]) -> Vec<Vec<&Check>> {
    let mut latest = BTreeMap::<(&Name, SocketAddr, SocketAddr, Purpose), usize>::new();
    let mut runs: Vec<Vec<&Check>> = Vec::new();
    for check in checks {
        let pair = (&check.peer, check.local, check.remote, check.purpose);
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
