//! The firewall itself: asks its rules, remembers what it allowed.

use icelab_sans_io::Instant;

use super::{Config, Direction};
use crate::packet::Packet;

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It passes.
    Allow,
    /// It vanishes.
    Drop(DropReason),
    /// It vanishes, and its sender should get an ICMP error: `Packet::icmp_error(packet, the gateway's address,
    /// IcmpKind::AdministrativelyProhibited)`.
    Reject(DropReason),
}

/// Why a firewall drops a packet. Every reason has a stable name for the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DropReason {
    /// The rule with this index (from 0) says so.
    Rule(usize),
    /// No rule matches, and packets in this direction do not pass by themselves.
    Unsolicited,
    /// A later fragment whose first one did not pass.
    FragmentWithoutFirst,
}

impl DropReason {
    /// The name that the record shows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rule(_) => "firewall-rule",
            Self::Unsolicited => "firewall-unsolicited",
            Self::FragmentWithoutFirst => "firewall-fragment-without-first",
        }
    }
}

/// A stateful packet filter.
#[derive(Clone, Debug)]
pub struct Firewall {
    config: Config,
}

impl Firewall {
    /// With nothing remembered.
    pub fn new(config: Config) -> Self {
        Self { config }
    }

    /// Its rules.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Judges a packet.
    pub fn judge(&mut self, _direction: Direction, _packet: &Packet, _now: Instant) -> Verdict {
        Verdict::Allow
    }

    /// Forgets what is due. Early and repeated calls change nothing.
    pub fn handle_timeout(&mut self, _now: Instant) {}

    /// When something is due next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// Forgets everything.
    pub fn reboot(&mut self) {}
}
