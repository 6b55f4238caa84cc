//! The network stack of a host: which socket a packet is for.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use icelab_sans_io::net::{Datagram, IcmpError, IcmpKind, Notice, Refusal};
use icelab_sans_io::{Instant, Rng};

use super::limiter::Limiter;
use crate::packet::{Icmp, Packet, Protocol, Reassembly, Unbuildable};

/// Sockets and what the kernel knows beside them. A crash loses all of it.
#[derive(Debug)]
pub(crate) struct Stack {
    sockets: BTreeSet<SocketAddr>,
    /// From where free ports are drawn.
    ports: Rng,
    reassembly: Reassembly,
    pub(crate) limiter: Limiter,
    /// What "too big" errors said about the ways to these addresses (RFC 8201 section 4).
    path_mtus: BTreeMap<IpAddr, u16>,
    identification: u32,
}

/// What comes of a packet at its host.
#[derive(Debug)]
pub(crate) enum Received {
    /// For the guest.
    Notice(Notice),
    /// Answered by the kernel.
    Reply(Packet),
    /// Taken by the kernel.
    Taken,
    /// A fragment that waits for others.
    Waits,
    /// Nobody wants it.
    Drop(&'static str),
    /// Nobody listens there.
    NoSocket(Packet),
}

impl Stack {
    pub(crate) fn new(mut rng: Rng) -> Self {
        Self {
            sockets: BTreeSet::new(),
            identification: rng.next_u32(),
            ports: rng,
            reassembly: Reassembly::new(),
            limiter: Limiter::new(),
            path_mtus: BTreeMap::new(),
        }
    }

    /// Opens a UDP socket; `is_own` says which addresses the host has.
    pub(crate) fn bind(
        &mut self,
        local: SocketAddr,
        is_own: impl Fn(IpAddr) -> bool,
    ) -> Result<SocketAddr, Refusal> {
        if !local.ip().is_unspecified() && !local.ip().is_loopback() && !is_own(local.ip()) {
            return Err(Refusal::NoSuchAddress);
        }
        let local = if local.port() == 0 { self.free(local)? } else { local };
        if !self.is_free(local) {
            return Err(Refusal::AddressInUse);
        }
        self.sockets.insert(local);
        Ok(local)
    }

    pub(crate) fn close(&mut self, local: SocketAddr) {
        self.sockets.remove(&local);
    }

    /// Whether a datagram may leave from here: from a socket of this very address, or of every address.
    pub(crate) fn is_bound(&self, local: SocketAddr) -> bool {
        self.socket(local).is_some()
    }

    /// The packets that carry a datagram; `own_mtu` is the first link's.
    ///
    /// # Errors
    /// Where no packet can carry it: what its sender is told.
    pub(crate) fn pack(
        &mut self,
        datagram: &Datagram,
        own_mtu: u16,
    ) -> Result<Vec<Packet>, IcmpKind> {
        let mut packet =
            Packet::from_datagram(datagram).map_err(|unbuildable| match unbuildable {
                Unbuildable::MixedVersions => IcmpKind::NetworkUnreachable,
                Unbuildable::TooLong => IcmpKind::TooBig { mtu: u16::MAX },
            })?;
        self.identification = self.identification.wrapping_add(1);
        if packet.dont_fragment() && packet.source().is_ipv4() {
            return Ok(vec![packet]);
        }
        let [.., high, low] = self.identification.to_be_bytes();
        packet.set_identification(u16::from_be_bytes([high, low]));
        if datagram.dont_fragment {
            return Ok(vec![packet]);
        }
        let known = match packet.destination() {
            IpAddr::V4(_) => None,
            remote @ IpAddr::V6(_) => self.path_mtus.get(&remote).copied(),
        };
        let mtu = usize::from(known.unwrap_or(own_mtu).min(own_mtu));
        let fragments = packet.fragments_at_source(mtu, self.identification);
        fragments.map_err(|_| IcmpKind::TooBig { mtu: own_mtu })
    }

    /// Takes a packet that is addressed to this host.
    pub(crate) fn receive(&mut self, packet: Packet, now: Instant) -> Received {
        let packet = match packet.fragment() {
            None => packet,
            Some(_) => match self.reassembly.push(packet, now) {
                Ok(Some(whole)) => whole,
                Ok(None) => return Received::Waits,
                Err(reason) => return Received::Drop(reason.name()),
            },
        };
        match packet.protocol() {
            Protocol::Udp => self.receive_udp(packet),
            Protocol::Icmp if !packet.has_valid_checksum() => Received::Drop("checksum"),
            Protocol::Icmp => self.receive_icmp(&packet),
            Protocol::Tcp | Protocol::Other(_) => Received::Drop("no-protocol"),
        }
    }

    fn receive_udp(&self, packet: Packet) -> Received {
        let Some(datagram) = packet.to_datagram() else { return Received::Drop("checksum") };
        match self.socket(datagram.destination) {
            Some(_) => Received::Notice(Notice::Datagram(datagram)),
            None => Received::NoSocket(packet),
        }
    }

    fn receive_icmp(&mut self, packet: &Packet) -> Received {
        match packet.icmp() {
            Some(Icmp::Error(error)) => {
                if let Some(IcmpKind::TooBig { mtu }) = error.kind {
                    self.learn_mtu(error.target, mtu);
                }
                let about = error.about.filter(|about| about.protocol == Protocol::Udp);
                match (about, error.kind) {
                    (Some(about), Some(kind)) if self.is_bound(about.source) => {
                        let (local, remote) = (about.source, about.destination);
                        let from = packet.source();
                        Received::Notice(Notice::Icmp(IcmpError { local, remote, from, kind }))
                    }
                    _ => Received::Taken,
                }
            }
            Some(Icmp::EchoRequest { identifier, sequence }) => {
                let reply = Icmp::EchoReply { identifier, sequence };
                let (from, to) = (packet.destination(), packet.source());
                let reply = Packet::echo(from, to, reply, packet.payload());
                reply.map_or(Received::Drop("too-long"), Received::Reply)
            }
            Some(Icmp::EchoReply { .. } | Icmp::Other { .. }) | None => Received::Taken,
        }
    }

    fn learn_mtu(&mut self, remote: IpAddr, mtu: u16) {
        if self.path_mtus.len() >= MOST_PATHS && !self.path_mtus.contains_key(&remote) {
            self.path_mtus.pop_first();
        }
        // RFC 8200 section 5: no IPv6 link carries less.
        let known = self.path_mtus.entry(remote).or_insert(u16::MAX);
        *known = mtu.max(LEAST_V6_MTU).min(*known);
    }

    /// The socket that has this address, by itself or because it has every address.
    fn socket(&self, local: SocketAddr) -> Option<SocketAddr> {
        [local, any(local)].into_iter().find(|address| self.sockets.contains(address))
    }

    fn is_free(&self, local: SocketAddr) -> bool {
        if !local.ip().is_unspecified() {
            return self.socket(local).is_none();
        }
        let mut sockets = self.sockets.iter();
        !sockets.any(|socket| socket.port() == local.port() && any(*socket) == local)
    }

    /// Draws free ports until one is found, or goes through all of them once it was unlucky for long.
    fn free(&mut self, local: SocketAddr) -> Result<SocketAddr, Refusal> {
        let (first, last) = (*EPHEMERAL.start(), *EPHEMERAL.end());
        let drawn = self.ports.range(u64::from(first)..=u64::from(last));
        let drawn = u16::try_from(drawn).unwrap_or(first);
        let candidates = (drawn..=last).chain(first..drawn);
        candidates
            .map(|port| SocketAddr::new(local.ip(), port))
            .find(|candidate| self.is_free(*candidate))
            .ok_or(Refusal::NoPortLeft)
    }
}

/// The same port at every address.
fn any(local: SocketAddr) -> SocketAddr {
    let unspecified = match local {
        SocketAddr::V4(_) => IpAddr::from([0; 4]),
        SocketAddr::V6(_) => IpAddr::from([0; 16]),
    };
    SocketAddr::new(unspecified, local.port())
}

/// The dynamic ports (RFC 6335 section 6).
const EPHEMERAL: RangeInclusive<u16> = 49152..=65535;
/// How many paths' MTUs a host remembers.
const MOST_PATHS: usize = 64;
const LEAST_V6_MTU: u16 = 1280;

#[cfg(test)]
mod tests {
    use super::*;

    fn stack() -> Stack {
        Stack::new(Rng::from_u64(1))
    }

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_is_given_once_and_again_after_it_was_closed() {
        let mut stack = stack();
        let local = address("10.0.0.2:5000");
        assert_eq!(stack.bind(local, |_| true), Ok(local));
        assert_eq!(stack.bind(local, |_| true), Err(Refusal::AddressInUse));
        let all = address("0.0.0.0:5000");
        assert_eq!(stack.bind(all, |_| true), Err(Refusal::AddressInUse));
        stack.close(local);
        assert_eq!(stack.bind(all, |_| true), Ok(all));
        assert_eq!(stack.bind(local, |_| true), Err(Refusal::AddressInUse));
        assert!(stack.is_bound(local));
        assert_eq!(stack.bind(address("10.0.0.3:1"), |_| false), Err(Refusal::NoSuchAddress));
    }

    #[test]
    fn free_ports_are_dynamic_ones_and_run_out() {
        let mut stack = stack();
        let mut ports = BTreeSet::new();
        while let Ok(local) = stack.bind(address("10.0.0.2:0"), |_| true) {
            assert!(EPHEMERAL.contains(&local.port()));
            ports.insert(local.port());
        }
        assert_eq!(ports.len(), EPHEMERAL.count());
        let refused = stack.bind(address("10.0.0.2:0"), |_| true);
        assert_eq!(refused, Err(Refusal::NoPortLeft));
        assert!(stack.bind(address("10.0.0.3:0"), |_| true).is_ok());
    }

    #[test]
    fn a_larger_ipv6_datagram_leaves_in_pieces_that_fit_what_was_learnt() {
        let (mut stack, far) = (stack(), address("[2001:db8::2]:2"));
        let datagram = Datagram::new(address("[2001:db8::1]:1"), far, vec![7; 1400]);
        assert_eq!(stack.pack(&datagram, 1500).unwrap().len(), 1);
        stack.learn_mtu(far.ip(), 1300);
        let pieces = stack.pack(&datagram, 1500).unwrap();
        assert_eq!(pieces.len(), 2);
        assert!(pieces.iter().all(|piece| piece.length() <= 1300));
        let whole = Datagram { dont_fragment: true, ..datagram };
        assert_eq!(stack.pack(&whole, 1500).unwrap().len(), 1);
    }
}
