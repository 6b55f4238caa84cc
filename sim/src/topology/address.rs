//! Where addresses that nobody wrote come from.
//!
//! | for | IPv4 | IPv6 |
//! |---|---|---|
//! | hosts on the internet | 198.51.100.1 and on (RFC 5737), then 198.18.0.0/16 (RFC 2544) | 2001:db8::1 and on (RFC 3849) |
//! | gateways on the internet | 203.0.113.1 and on (RFC 5737), then 198.18.0.0/16 | 2001:db8:0:1::1 and on |
//! | behind a NAT | the range inside it, from .2 (192.168.1.0/24 unless given) | the range inside, from ::2 |
//! | behind a firewall or router | a piece of 192.0.2.0/24 (RFC 5737), then of 198.19.0.0/16; inside a NAT, of 10.64.0.0/10 | a /64 of 2001:db8:1000::/36 |

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::node::NodeId;
use crate::packet::Prefix;

/// The addresses of one place: those that are taken, and where the next one comes from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Realm {
    taken: BTreeMap<IpAddr, NodeId>,
    hosts: Pools,
    gateways: Option<Pools>,
}

#[derive(Clone, Debug, Default)]
struct Pools {
    v4: Pool,
    v6: Pool,
}

/// Ranges that are used up one after the other.
#[derive(Clone, Debug, Default)]
struct Pool {
    ranges: Vec<Prefix>,
    range: usize,
    /// The next address to try, counted from the range's first.
    next: u128,
    first: u128,
}

impl Realm {
    /// The internet, in which the core router has two addresses.
    pub(super) fn internet() -> Self {
        let [more, hosts, gateways] =
            [v4([198, 18, 0, 0], 16), v4([198, 51, 100, 0], 24), v4([203, 0, 113, 0], 24)];
        let mut realm = Self {
            taken: BTreeMap::new(),
            hosts: Pools {
                v4: Pool::new(vec![hosts, more], 1),
                v6: Pool::new(vec![v6([0x2001, 0xdb8, 0, 0], 64)], 1),
            },
            gateways: Some(Pools {
                v4: Pool::new(vec![gateways, more], 1),
                v6: Pool::new(vec![v6([0x2001, 0xdb8, 0, 1], 64)], 1),
            }),
        };
        for address in CORE {
            realm.taken.insert(address, NodeId::INTERNET);
        }
        realm
    }

    /// The inside of a gateway, which itself has the first address of each range.
    pub(super) fn inside(gateway: NodeId, ranges: [Option<Prefix>; 2]) -> Self {
        let mut realm = Self::default();
        let [v4, v6] = ranges.map(|range| Pool::new(range.into_iter().collect(), 2));
        realm.hosts = Pools { v4, v6 };
        for range in ranges.into_iter().flatten() {
            realm.taken.extend(range.nth(1).map(|address| (address, gateway)));
        }
        realm
    }

    /// Takes an address that somebody wrote; `Err` with its owner when it is taken.
    pub(super) fn reserve(&mut self, address: IpAddr, owner: NodeId) -> Result<(), NodeId> {
        match self.taken.insert(address, owner) {
            Some(other) if other != owner => {
                self.taken.insert(address, other);
                Err(other)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The next free address for a host or a gateway; `Err` with the last range when all are taken.
    pub(super) fn assign(
        &mut self,
        owner: NodeId,
        is_gateway: bool,
        is_v4: bool,
    ) -> Result<IpAddr, Option<Prefix>> {
        let pools = match &mut self.gateways {
            Some(gateways) if is_gateway => gateways,
            Some(_) | None => &mut self.hosts,
        };
        let pool = if is_v4 { &mut pools.v4 } else { &mut pools.v6 };
        let address = pool.take(&self.taken)?;
        self.taken.insert(address, owner);
        Ok(address)
    }

    /// Gives an address back.
    pub(super) fn release(&mut self, address: IpAddr) {
        self.taken.remove(&address);
    }
}

impl Pool {
    fn new(ranges: Vec<Prefix>, first: u128) -> Self {
        Self { ranges, range: 0, next: first, first }
    }

    fn take(&mut self, taken: &BTreeMap<IpAddr, NodeId>) -> Result<IpAddr, Option<Prefix>> {
        while let Some(range) = self.ranges.get(self.range) {
            let address = range.nth(self.next);
            self.next += 1;
            match address {
                // The last IPv4 address of a range is for everybody (RFC 919).
                Some(last @ IpAddr::V4(_)) if range.nth(self.next).is_none() => {
                    let _ = last;
                }
                Some(free) if !taken.contains_key(&free) => return Ok(free),
                Some(_) => {}
                None => {
                    self.range += 1;
                    self.next = self.first;
                }
            }
        }
        Err(self.ranges.last().copied())
    }
}

/// Ranges from which pieces are cut for the insides of gateways.
#[derive(Clone, Debug)]
pub(super) struct Blocks {
    ranges: Vec<Prefix>,
    cut: Vec<Prefix>,
}

impl Blocks {
    pub(super) fn public_v4() -> Self {
        Self::new(vec![v4([192, 0, 2, 0], 24), v4([198, 19, 0, 0], 16)])
    }

    pub(super) fn private_v4() -> Self {
        Self::new(vec![v4([10, 64, 0, 0], 10)])
    }

    pub(super) fn v6() -> Self {
        Self::new(vec![v6([0x2001, 0xdb8, 0x1000, 0], 36)])
    }

    fn new(ranges: Vec<Prefix>) -> Self {
        Self { ranges, cut: Vec::new() }
    }

    /// Keeps a range from being cut.
    pub(super) fn reserve(&mut self, range: Prefix) {
        self.cut.push(range);
    }

    /// The first free piece of this length; `Err` with the last range when there is none.
    pub(super) fn cut(&mut self, length: u8) -> Result<Prefix, Prefix> {
        for range in &self.ranges {
            let host_bits = if range.address().is_ipv4() { 32 - length } else { 128 - length };
            let mut start = 0u128;
            while let Some(address) = range.nth(start) {
                let Some(piece) = Prefix::new(address, length) else { break };
                if range.length() > length {
                    break;
                }
                match self.cut.iter().find(|cut| overlap(**cut, piece)) {
                    None => {
                        self.cut.push(piece);
                        return Ok(piece);
                    }
                    Some(_) => start += 1u128 << host_bits,
                }
            }
        }
        Err(self.ranges.last().copied().unwrap_or(Prefix::ALL_V4))
    }
}

/// Whether two ranges share an address.
pub(super) fn overlap(left: Prefix, right: Prefix) -> bool {
    left.covers(right) || right.covers(left)
}

/// The addresses of the internet's core router.
pub(crate) const CORE: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(198, 51, 100, 254)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 1)),
];

fn v4(octets: [u8; 4], length: u8) -> Prefix {
    Prefix::new(octets.into(), length).expect("at most 32 bits")
}

fn v6([a, b, c, d]: [u16; 4], length: u8) -> Prefix {
    Prefix::new(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into(), length).expect("at most 128 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(number: u32) -> NodeId {
        NodeId(number)
    }

    #[test]
    fn hosts_and_gateways_on_the_internet_come_from_different_ranges() {
        let mut realm = Realm::internet();
        assert_eq!(realm.assign(host(1), false, true), Ok([198, 51, 100, 1].into()));
        assert_eq!(realm.assign(host(2), true, true), Ok([203, 0, 113, 1].into()));
        assert_eq!(realm.assign(host(3), false, true), Ok([198, 51, 100, 2].into()));
    }

    #[test]
    fn thousands_of_hosts_go_on_in_the_next_range_without_a_repetition() {
        let mut realm = Realm::internet();
        let mut seen = std::collections::BTreeSet::new();
        for number in 1..5_000 {
            let address = realm.assign(host(number), number % 2 == 0, true).unwrap();
            assert!(seen.insert(address));
            assert!(!address.to_string().ends_with("100.255"));
        }
        assert!(!seen.contains(&CORE[0]));
    }

    #[test]
    fn a_small_range_runs_out_and_a_fixed_address_is_skipped() {
        let range: Prefix = "10.0.0.0/29".parse().unwrap();
        let mut realm = Realm::inside(host(1), [Some(range), None]);
        assert_eq!(realm.reserve([10, 0, 0, 3].into(), host(2)), Ok(()));
        assert_eq!(realm.reserve([10, 0, 0, 3].into(), host(3)), Err(host(2)));
        let assigned: Vec<_> =
            std::iter::from_fn(|| realm.assign(host(4), false, true).ok()).collect();
        let expected: Vec<IpAddr> = [2, 4, 5, 6].map(|last| [10, 0, 0, last].into()).into();
        assert_eq!(assigned, expected);
        assert_eq!(realm.assign(host(5), false, true), Err(Some(range)));
        assert_eq!(realm.assign(host(5), false, false), Err(None));
    }

    #[test]
    fn pieces_do_not_overlap_whatever_their_sizes() {
        let mut blocks = Blocks::public_v4();
        blocks.reserve("192.0.2.0/29".parse().unwrap());
        let pieces: Vec<String> =
            [28, 26, 28, 25, 24].map(|length| blocks.cut(length).unwrap().to_string()).into();
        let expected =
            ["192.0.2.16/28", "192.0.2.64/26", "192.0.2.32/28", "192.0.2.128/25", "198.19.0.0/24"];
        assert_eq!(pieces, expected);
        assert_eq!(Blocks::v6().cut(64).unwrap().to_string(), "2001:db8:1000::/64");
    }
}
