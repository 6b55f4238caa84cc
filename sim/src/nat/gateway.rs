//! The NAT itself: takes packets, asks the tables, rewrites headers.

use std::net::IpAddr;
use std::vec;

use icelab_sans_io::{Instant, Rng};

use super::{Config, Note, Verdict};
use crate::packet::{Packet, Prefix};

/// A network address translator.
///
/// Commands: [`outbound`](Self::outbound), [`inbound`](Self::inbound), [`reboot`](Self::reboot), [`rebind`](Self::rebind).
/// Time: [`handle_timeout`](Self::handle_timeout), [`poll_timeout`](Self::poll_timeout). After each of these, take
/// [`poll_released`](Self::poll_released) until it is empty, and [`take_notes`](Self::take_notes).
#[derive(Clone, Debug)]
pub struct Nat {
    config: Config,
    outside: Vec<IpAddr>,
    inside: Prefix,
    notes: Vec<Note>,
}

impl Nat {
    /// A NAT between the range `inside` and the addresses `outside`.
    pub fn new(config: Config, outside: Vec<IpAddr>, inside: Prefix, _rng: Rng) -> Self {
        Self {
            config,
            outside,
            inside,
            notes: Vec::new(),
        }
    }

    /// How it behaves.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The addresses that the outside sees.
    pub fn outside(&self) -> &[IpAddr] {
        &self.outside
    }

    /// The addresses behind it.
    pub fn inside(&self) -> Prefix {
        self.inside
    }

    /// Translates a packet that comes from the inside.
    pub fn outbound(&mut self, _packet: &mut Packet, _now: Instant) -> Verdict {
        Verdict::Forward
    }

    /// Translates a packet that comes from the outside, addressed to one of the outside addresses.
    pub fn inbound(&mut self, _packet: &mut Packet, _now: Instant) -> Verdict {
        Verdict::Forward
    }

    /// A fragment that waited and may go on now, with what becomes of it.
    pub fn poll_released(&mut self) -> Option<(Packet, Verdict)> {
        None
    }

    /// Ends what is due. Early and repeated calls change nothing; a late call changes nothing either but the time of the notes.
    pub fn handle_timeout(&mut self, _now: Instant) {}

    /// When something is due next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// All state is lost; random ports will be other ones.
    pub fn reboot(&mut self, _now: Instant) {}

    /// The outside addresses change: mappings on addresses that are gone end.
    pub fn rebind(&mut self, outside: Vec<IpAddr>, _now: Instant) {
        self.outside = outside;
    }

    /// What happened since the last call, in order.
    pub fn take_notes(&mut self) -> vec::Drain<'_, Note> {
        self.notes.drain(..)
    }
}
