//! What a NAT decides, and what it tells the record.

use std::net::SocketAddr;

use icelab_sans_io::Instant;

use super::State;
use crate::packet::{Flow, Packet, Protocol};

/// What becomes of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was translated and goes on, by its (perhaps new) destination.
    Forward,
    /// It came from the inside, was translated twice, and goes back to the inside.
    Hairpin,
    /// It is for the gateway itself.
    Local,
    /// It is a fragment of which the NAT keeps a copy until the first fragment tells where it belongs: this one goes
    /// no further. See [`Nat::poll_released`](super::Nat::poll_released).
    Held(Ticket),
    /// It vanishes.
    Drop(DropReason),
    /// It vanishes, and its sender is told.
    Reject {
        /// Why.
        reason: DropReason,
        /// The ICMP error to send.
        reply: Packet,
    },
}

/// Tells one fragment that a NAT keeps from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub(super) u64);

/// A fragment that the NAT keeps no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    /// As in its [`Verdict::Held`].
    pub ticket: Ticket,
    /// As it goes on.
    pub packet: Packet,
    /// What becomes of it.
    pub verdict: Verdict,
}

/// Why a NAT drops a packet. Every reason has a stable name for the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DropReason {
    /// From the outside, and no mapping has that outside endpoint.
    NoMapping,
    /// From the outside, and the filter does not know the sender.
    Filtered,
    /// From the inside to an outside address of the NAT, which does no hairpinning.
    HairpinRefused,
    /// All ports of the outside address (or of the subscriber's blocks) are taken.
    NoPortLeft,
    /// All outside addresses are taken.
    NoAddressLeft,
    /// The NAT holds as many mappings as it can.
    TableFull,
    /// The inside address has as many mappings as it may have.
    QuotaReached,
    /// Neither UDP nor TCP nor ICMP.
    UnsupportedProtocol,
    /// ICMP that is neither a query nor an error about a mapping's traffic.
    UnsupportedIcmp,
    /// An ICMP error about a packet that no mapping stands for (RFC 5508, REQ-4 and REQ-5).
    IcmpAboutNothing,
    /// An ICMP error with a wrong checksum (RFC 5508, REQ-3).
    IcmpChecksum,
    /// A fragment, and the NAT takes none.
    FragmentRefused,
    /// A later fragment whose first one did not pass.
    FragmentWithoutFirst,
    /// Too many fragments wait for their first one.
    TooManyFragments,
    /// Its addresses are not those of this side: of another IP version, or outside the prefix.
    WrongAddress,
    /// It has no counterpart in the other IP version (RFC 6145).
    Untranslatable,
}

impl DropReason {
    /// The name that the record shows.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoMapping => "nat-no-mapping",
            Self::Filtered => "nat-filtered",
            Self::HairpinRefused => "nat-hairpin-refused",
            Self::NoPortLeft => "nat-no-port-left",
            Self::NoAddressLeft => "nat-no-address-left",
            Self::TableFull => "nat-table-full",
            Self::QuotaReached => "nat-quota-reached",
            Self::UnsupportedProtocol => "nat-unsupported-protocol",
            Self::UnsupportedIcmp => "nat-unsupported-icmp",
            Self::IcmpAboutNothing => "nat-icmp-about-nothing",
            Self::IcmpChecksum => "nat-icmp-checksum",
            Self::FragmentRefused => "nat-fragment-refused",
            Self::FragmentWithoutFirst => "nat-fragment-without-first",
            Self::TooManyFragments => "nat-too-many-fragments",
            Self::WrongAddress => "nat-wrong-address",
            Self::Untranslatable => "nat-untranslatable",
        }
    }
}

/// One thing that happened in a NAT, for the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// A mapping was made.
    Made(Entry),
    /// A mapping lives on: its state changed, or its first deadline passed and it had been refreshed in the meantime. Not
    /// noted for every packet.
    Refreshed(Entry),
    /// A mapping is gone.
    Expired {
        /// UDP, TCP or ICMP.
        protocol: Protocol,
        /// The inside endpoint.
        inside: SocketAddr,
        /// The outside endpoint.
        outside: SocketAddr,
        /// Why.
        why: Ending,
    },
    /// The outside endpoint that a mapping would have had is taken; it gets another.
    Collision {
        /// UDP, TCP or ICMP.
        protocol: Protocol,
        /// The inside endpoint.
        inside: SocketAddr,
        /// What it would have had.
        wanted: SocketAddr,
        /// Where its packet goes.
        remote: SocketAddr,
        /// Whether an unsolicited inbound packet took it ([`Unsolicited::Track`](super::Unsolicited::Track)).
        is_by_unsolicited: bool,
    },
    /// An unsolicited inbound packet was taken for a connection of the gateway's own.
    Tracked {
        /// UDP, TCP or ICMP.
        protocol: Protocol,
        /// The outside endpoint that it was sent to.
        outside: SocketAddr,
        /// Who sent it.
        remote: SocketAddr,
    },
    /// A packet was translated.
    Translated {
        /// As it came.
        from: Flow,
        /// As it goes on.
        to: Flow,
    },
    /// A packet was dropped.
    Dropped {
        /// As it came, where it has ports.
        flow: Option<Flow>,
        /// Why.
        reason: DropReason,
    },
}

impl Note {
    /// The name that the record shows.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Made(_) => "nat.mapping.made",
            Self::Refreshed(_) => "nat.mapping.refreshed",
            Self::Expired { .. } => "nat.mapping.expired",
            Self::Collision { .. } => "nat.collision",
            Self::Tracked { .. } => "nat.tracked",
            Self::Translated { .. } => "nat.translated",
            Self::Dropped { .. } => "nat.dropped",
        }
    }
}

/// A mapping, as the record shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// UDP, TCP or ICMP.
    pub protocol: Protocol,
    /// The inside endpoint; an ICMP identifier stands for a port.
    pub inside: SocketAddr,
    /// The outside endpoint.
    pub outside: SocketAddr,
    /// The remote endpoint that the mapping is for: none where mapping is endpoint-independent, with port 0 where
    /// it is address-dependent.
    pub remote: Option<SocketAddr>,
    /// How far the conversation has come.
    pub state: State,
    /// When it ends, as things stand; `None` for a mapping that stays.
    pub expires: Option<Instant>,
}

/// Why a mapping is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Nothing refreshed it, or its lifetime is over.
    Timeout,
    /// It gave way to another.
    Evicted,
    /// The NAT started anew.
    Reboot,
    /// The NAT's outside address changed.
    Rebind,
}

impl Ending {
    /// The name that the record shows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Evicted => "evicted",
            Self::Reboot => "reboot",
            Self::Rebind => "rebind",
        }
    }
}
