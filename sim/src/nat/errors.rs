//! ICMP errors through a NAT: the packet that they quote is translated too (RFC 5508 sections 4 and 5).
//!
//! Errors neither refresh nor end a mapping (RFC 4787, REQ-12), and pass whatever the filter (RFC 5508, REQ-4).

use std::net::SocketAddr;

use super::gateway::{Nat, Outcome, Passage};
use super::{DropReason, Hairpin, Kind};
use crate::packet::{Flow, Icmp, Packet};

impl Nat {
    /// An error from the outside about a packet that an inside endpoint sent (RFC 5508, REQ-4).
    pub(super) fn error_inbound(&self, packet: &mut Packet) -> Outcome {
        let about = about(packet)?;
        if packet.destination() != about.source.ip() {
            return Err(DropReason::IcmpAboutNothing);
        }
        let inside = self.inside_of(about.reversed()).ok_or(DropReason::IcmpAboutNothing)?;
        packet.set_quoted_source(inside);
        packet.set_destination_address(inside.ip());
        Ok(Passage::Forward)
    }

    /// An error from the inside about a packet that a remote endpoint sent (RFC 5508, REQ-5). Where a router between the NAT and the
    /// inside endpoint sends it, the outside sees the NAT's own address too.
    pub(super) fn error_outbound(&self, packet: &mut Packet) -> Outcome {
        let about = about(packet)?;
        let outside = self.outside_of(about.reversed()).ok_or(DropReason::IcmpAboutNothing)?;
        packet.set_quoted_destination(outside);
        packet.set_source_address(outside.ip());
        if !self.pool.contains(packet.destination()) {
            return Ok(Passage::Forward);
        }
        if self.config.hairpin == Hairpin::None {
            return Err(DropReason::HairpinRefused);
        }
        self.error_inbound(packet).map(|_| Passage::Hairpin)
    }

    /// The inside endpoint of a flow from the outside, by state or, one to one, by address alone.
    fn inside_of(&self, flow: Flow) -> Option<SocketAddr> {
        let by_state = self.table.inside_of(flow, &self.config);
        let by_address = || {
            let owner = self.pool.owner(flow.destination.ip())?;
            Some(SocketAddr::new(owner, flow.destination.port()))
        };
        match self.config.kind {
            Kind::OneToOne => by_state.or_else(by_address),
            Kind::None | Kind::Napt | Kind::Nat64 { .. } | Kind::Nptv6 { .. } => by_state,
        }
    }

    fn outside_of(&self, flow: Flow) -> Option<SocketAddr> {
        self.table.outside_of(flow, &self.config)
    }
}

/// What an ICMP error is about: a whole one, with a right checksum (RFC 5508, REQ-3).
pub(super) fn about(packet: &Packet) -> Result<Flow, DropReason> {
    if !packet.has_valid_checksum() {
        return Err(DropReason::IcmpChecksum);
    }
    match packet.icmp() {
        Some(Icmp::Error(error)) => error.about.ok_or(DropReason::IcmpAboutNothing),
        Some(Icmp::EchoRequest { .. } | Icmp::EchoReply { .. } | Icmp::Other { .. }) | None => {
            Err(DropReason::IcmpAboutNothing)
        }
    }
}
