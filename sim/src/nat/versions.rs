//! Translation that changes the IP version or the prefix: NAT64 (RFC 6146) and NPTv6 (RFC 6296).

use std::net::{IpAddr, SocketAddr};

use icelab_sans_io::Instant;

use super::errors::about;
use super::gateway::{Nat, Outcome, Passage, translatable};
use super::nat64::{embed, extract};
use super::{DropReason, Hairpin, Kind};
use crate::packet::{Flow, Icmp, Packet, Prefix, QuotedEnds};

impl Nat {
    /// NAT64: whether a packet stays IPv6, since its destination stands for no IPv4 address.
    pub(super) fn is_native(&self, packet: &Packet) -> bool {
        match self.config.kind {
            Kind::Nat64 { prefix } => {
                packet.destination().is_ipv6() && extract(prefix, packet.destination()).is_none()
            }
            Kind::None | Kind::Napt | Kind::OneToOne | Kind::Nptv6 { .. } => false,
        }
    }

    /// RFC 6146 section 3.5, from the IPv6 side.
    pub(super) fn six_to_four(
        &mut self,
        packet: &mut Packet,
        prefix: Prefix,
        now: Instant,
    ) -> Outcome {
        if packet.source().is_ipv4() {
            return Err(DropReason::WrongAddress);
        }
        let Some(remote) = extract(prefix, packet.destination()) else {
            return Ok(Passage::Forward);
        };
        if packet.is_icmp_error() {
            return self.error_six_to_four(packet, prefix, remote);
        }
        let flow = translatable(packet)?;
        if matches!(packet.icmp(), Some(Icmp::EchoReply { .. })) {
            return Err(DropReason::UnsupportedIcmp);
        }
        let flow = Flow { destination: SocketAddr::new(remote, flow.destination.port()), ..flow };
        if self.pool.contains(remote) {
            return self.hairpin_of_six(packet, prefix, flow, now);
        }
        let (table, mut context) = self.parts();
        let outside = table.outbound(flow, &mut context, now)?;
        replace(packet, outside, flow.destination, None)
    }

    /// RFC 6146 section 3.8.
    fn hairpin_of_six(
        &mut self,
        packet: &mut Packet,
        prefix: Prefix,
        flow: Flow,
        now: Instant,
    ) -> Outcome {
        if matches!(packet.icmp(), Some(Icmp::EchoRequest { .. })) {
            return Ok(Passage::Local);
        }
        if self.config.hairpin == Hairpin::None {
            return Err(DropReason::HairpinRefused);
        }
        let (table, mut context) = self.parts();
        let outside = table.outbound(flow, &mut context, now)?;
        let seen = Flow { source: outside, ..flow };
        let inside = table.inbound(seen, &mut context, now)?;
        packet.set_source(embedded(prefix, outside)?);
        packet.set_destination(inside);
        Ok(Passage::Hairpin)
    }

    /// RFC 6146 section 3.5, from the IPv4 side.
    pub(super) fn four_to_six(
        &mut self,
        packet: &mut Packet,
        prefix: Prefix,
        now: Instant,
    ) -> Outcome {
        if packet.destination().is_ipv6() {
            return Ok(Passage::Forward);
        }
        if !self.pool.contains(packet.destination()) {
            return Err(DropReason::WrongAddress);
        }
        if packet.is_icmp_error() {
            return self.error_four_to_six(packet, prefix);
        }
        let flow = translatable(packet)?;
        if matches!(packet.icmp(), Some(Icmp::EchoRequest { .. })) {
            return Ok(Passage::Local);
        }
        let (table, mut context) = self.parts();
        let inside = table.inbound(flow, &mut context, now)?;
        replace(packet, embedded(prefix, flow.source)?, inside, None)
    }

    /// From the outside, about a packet that went from six to four.
    fn error_four_to_six(&self, packet: &mut Packet, prefix: Prefix) -> Outcome {
        let about = about(packet)?;
        let inside = self
            .table
            .inside_of(about.reversed(), &self.config)
            .ok_or(DropReason::IcmpAboutNothing)?;
        let quoted =
            QuotedEnds { source: inside, destination: embedded(prefix, about.destination)? };
        let source = embedded(prefix, SocketAddr::new(packet.source(), 0))?;
        replace(packet, source, inside, Some(quoted))
    }

    /// From the inside, about a packet that went from four to six.
    fn error_six_to_four(&self, packet: &mut Packet, prefix: Prefix, to: IpAddr) -> Outcome {
        let about = about(packet)?;
        let remote = extract(prefix, about.source.ip()).ok_or(DropReason::IcmpAboutNothing)?;
        let remote = SocketAddr::new(remote, about.source.port());
        let flow =
            Flow { protocol: about.protocol, source: about.destination, destination: remote };
        let outside =
            self.table.outside_of(flow, &self.config).ok_or(DropReason::IcmpAboutNothing)?;
        let quoted = QuotedEnds { source: remote, destination: outside };
        replace(packet, outside, SocketAddr::new(to, 0), Some(quoted))
    }

    /// RFC 6296 section 3.2; towards an outside address of its own, both ways at once (section 4.3).
    pub(super) fn prefix_outbound(&self, packet: &mut Packet) -> Outcome {
        let prefixes = self.prefixes.ok_or(DropReason::WrongAddress)?;
        let source = prefixes.to_outside(packet.source()).ok_or(DropReason::WrongAddress)?;
        if let Some(Icmp::Error(error)) = packet.icmp()
            && let Some(target) = prefixes.to_outside(error.target)
        {
            let port = error.about.map_or(0, |about| about.destination.port());
            packet.set_quoted_destination(SocketAddr::new(target, port));
        }
        packet.set_source_address(source);
        if !prefixes.is_outside(packet.destination()) {
            return Ok(Passage::Forward);
        }
        self.prefix_inbound(packet).map(|_| Passage::Hairpin)
    }

    /// RFC 6296 section 3.3.
    pub(super) fn prefix_inbound(&self, packet: &mut Packet) -> Outcome {
        let prefixes = self.prefixes.ok_or(DropReason::WrongAddress)?;
        let destination = prefixes.to_inside(packet.destination());
        let destination = destination.ok_or(DropReason::WrongAddress)?;
        if let Some(Icmp::Error(error)) = packet.icmp()
            && let Some(sender) = prefixes.to_inside(error.sender)
        {
            let port = error.about.map_or(0, |about| about.source.port());
            packet.set_quoted_source(SocketAddr::new(sender, port));
        }
        packet.set_destination_address(destination);
        Ok(Passage::Forward)
    }
}

fn embedded(prefix: Prefix, endpoint: SocketAddr) -> Result<SocketAddr, DropReason> {
    let address = embed(prefix, endpoint.ip()).ok_or(DropReason::WrongAddress)?;
    Ok(SocketAddr::new(address, endpoint.port()))
}

fn replace(
    packet: &mut Packet,
    source: SocketAddr,
    destination: SocketAddr,
    quoted: Option<QuotedEnds>,
) -> Outcome {
    *packet =
        packet.in_other_version(source, destination, quoted).ok_or(DropReason::Untranslatable)?;
    Ok(Passage::Forward)
}
