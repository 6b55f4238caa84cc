//! Which ports are bound, being bound, or held for later (RFC 8656 section 7.2).

use core::net::{IpAddr, SocketAddr};
use core::ops::RangeInclusive;
use std::collections::{BTreeMap, BTreeSet};

use icelab_sans_io::Rng;
use icelab_stun::attribute::{Family, ReservationToken};

use super::allocation::FiveTuple;

/// The ports of the relayed addresses.
#[derive(Debug)]
pub(super) struct Ports {
    range: RangeInclusive<u16>,
    /// Every address that is bound, or being bound.
    taken: BTreeSet<SocketAddr>,
    /// Those being bound, and for whom.
    binding: BTreeMap<SocketAddr, (FiveTuple, Family)>,
    /// Those held for later.
    reserved: BTreeMap<ReservationToken, SocketAddr>,
}

/// What a port must be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PortWish {
    Any,
    Even,
    /// Even, and the next one is wanted too.
    Pair,
}

impl Ports {
    pub(super) const fn new(range: RangeInclusive<u16>) -> Self {
        Self { range, taken: BTreeSet::new(), binding: BTreeMap::new(), reserved: BTreeMap::new() }
    }

    /// Whether `address` is one of them, as far as the server knows.
    pub(super) fn is_ours(&self, address: SocketAddr) -> bool {
        self.taken.contains(&address)
    }

    /// A free port: the first one that serves from a random one on (RFC 6056 section 3.3.1, which
    /// RFC 8656 section 7.2 recommends).
    pub(super) fn choose(&self, ip: IpAddr, wish: PortWish, rng: &mut Rng) -> Option<SocketAddr> {
        let (first, last) = (*self.range.start(), *self.range.end());
        if first > last {
            return None;
        }
        let start = u16::try_from(rng.range(first.into()..=last.into()))
            .expect("between two 16-bit numbers");
        let is_free = |port: u16| !self.taken.contains(&SocketAddr::new(ip, port));
        let serves = |port: &u16| {
            is_free(*port)
                && match wish {
                    PortWish::Any => true,
                    PortWish::Even => port.is_multiple_of(2),
                    PortWish::Pair => {
                        port.is_multiple_of(2) && *port < last && is_free(port.saturating_add(1))
                    }
                }
        };
        let port = (start..=last).chain(first..start).find(serves)?;
        Some(SocketAddr::new(ip, port))
    }

    /// `address` is being bound.
    pub(super) fn begin(&mut self, address: SocketAddr, five_tuple: FiveTuple, family: Family) {
        self.taken.insert(address);
        self.binding.insert(address, (five_tuple, family));
    }

    /// `address` is bound, or not: for whom it was to be.
    pub(super) fn settle(&mut self, address: SocketAddr) -> Option<(FiveTuple, Family)> {
        self.binding.remove(&address)
    }

    /// `address` is not bound any more.
    pub(super) fn release(&mut self, address: SocketAddr) {
        self.taken.remove(&address);
        self.binding.remove(&address);
    }

    /// Holds a bound address for whoever brings `token`.
    pub(super) fn reserve(&mut self, token: ReservationToken, address: SocketAddr) {
        self.reserved.insert(token, address);
    }

    pub(super) fn reservations(&self) -> usize {
        self.reserved.len()
    }

    /// The address that is held under `token`, which is no more.
    pub(super) fn redeem(&mut self, token: ReservationToken) -> Option<SocketAddr> {
        self.reserved.remove(&token)
    }

    /// Nobody came for the address: it is to be closed.
    pub(super) fn end_reservation(&mut self, token: ReservationToken) -> Option<SocketAddr> {
        let address = self.reserved.remove(&token)?;
        self.taken.remove(&address);
        Some(address)
    }
}

#[cfg(test)]
mod tests {
    use core::net::Ipv4Addr;

    use super::*;

    const IP: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 15));

    fn take(ports: &mut Ports, port: u16) {
        let five_tuple = FiveTuple::udp(SocketAddr::new(IP, 1), SocketAddr::new(IP, 2));
        ports.begin(SocketAddr::new(IP, port), five_tuple, Family::V4);
    }

    #[test]
    fn every_port_of_the_range_is_found_and_then_none() {
        let mut ports = Ports::new(50_000..=50_009);
        let mut rng = Rng::from_u64(1);
        let mut found = BTreeSet::new();
        while let Some(address) = ports.choose(IP, PortWish::Any, &mut rng) {
            take(&mut ports, address.port());
            found.insert(address.port());
        }
        assert_eq!(found.into_iter().collect::<Vec<_>>(), (50_000..=50_009).collect::<Vec<_>>());
    }

    #[test]
    fn a_pair_is_even_and_its_next_is_free() {
        let mut ports = Ports::new(50_001..=50_007);
        for port in [50_003, 50_004] {
            take(&mut ports, port);
        }
        let mut rng = Rng::from_u64(2);
        for _ in 0..20 {
            let address = ports.choose(IP, PortWish::Pair, &mut rng).unwrap();
            assert_eq!(address.port(), 50_006);
        }
        take(&mut ports, 50_007);
        assert_eq!(ports.choose(IP, PortWish::Pair, &mut rng), None);
        assert!(ports.choose(IP, PortWish::Even, &mut rng).is_some());
    }
}
