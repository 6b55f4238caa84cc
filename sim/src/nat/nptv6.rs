//! IPv6 prefix translation that leaves checksums as they are (RFC 6296).

use std::net::{IpAddr, Ipv6Addr};

use crate::packet::Prefix;

/// Exchanges an inside and an outside prefix.
#[derive(Clone, Copy, Debug)]
pub(super) struct PrefixMap {
    inside: Prefix,
    outside: Prefix,
    /// The longer of the two lengths (RFC 6296 section 3.1).
    length: u8,
}

impl PrefixMap {
    pub(super) fn new(inside: Prefix, outside: Prefix) -> Self {
        Self { inside, outside, length: inside.length().max(outside.length()) }
    }

    /// What the outside sees of an inside address; `None` if it is none, or cannot be adjusted.
    pub(super) fn to_outside(self, address: IpAddr) -> Option<IpAddr> {
        self.exchange(address, self.inside, self.outside)
    }

    /// The inside address that the outside sees so.
    pub(super) fn to_inside(self, address: IpAddr) -> Option<IpAddr> {
        self.exchange(address, self.outside, self.inside)
    }

    pub(super) fn is_outside(self, address: IpAddr) -> bool {
        self.outside.contains(address)
    }

    fn exchange(self, address: IpAddr, from: Prefix, to: Prefix) -> Option<IpAddr> {
        let (IpAddr::V6(old), IpAddr::V6(to_prefix)) = (address, to.address()) else {
            return None;
        };
        if !from.contains(address) || self.length > 64 {
            return None;
        }
        let mask = u128::MAX.checked_shl(128 - u32::from(self.length)).unwrap_or(0);
        let mut new = Ipv6Addr::from(to_prefix.to_bits() & mask | old.to_bits() & !mask).segments();
        // Both ways are the same sum: what the prefix gains, another word loses (section 3.1).
        let gain = sum(&new).wrapping_sub_ones(sum(&old.segments()));
        let word = new.iter_mut().enumerate().skip(3).find(|(index, word)| {
            // Section 3.4: the subnet word; section 3.5: the first word of the interface identifier that is not all ones.
            if self.length <= 48 { *index == 3 } else { *index >= 4 && **word != 0xffff }
        });
        let (_, word) = word?;
        let adjusted = Ones(*word).wrapping_sub_ones(gain);
        *word = if adjusted.0 == 0xffff { 0 } else { adjusted.0 };
        Some(Ipv6Addr::from(new).into())
    }
}

/// A number in ones' complement.
#[derive(Clone, Copy)]
struct Ones(u16);

impl Ones {
    fn wrapping_sub_ones(self, other: Self) -> Self {
        let sum = u32::from(self.0) + u32::from(!other.0);
        Self(u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap_or(u16::MAX))
    }
}

fn sum(words: &[u16; 8]) -> Ones {
    let mut sum: u32 = words.iter().map(|word| u32::from(*word)).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    Ones(u16::try_from(sum).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(inside: &str, outside: &str) -> PrefixMap {
        PrefixMap::new(inside.parse().unwrap(), outside.parse().unwrap())
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_example_of_rfc_6296_section_3_6_comes_out() {
        let map = map("fd01:203:405::/48", "2001:db8:1::/48");
        let outside = map.to_outside(address("fd01:203:405:1::1234"));
        assert_eq!(outside, Some(address("2001:db8:1:d550::1234")));
        assert_eq!(map.to_inside(outside.unwrap()), Some(address("fd01:203:405:1::1234")));
    }

    #[test]
    fn a_longer_prefix_adjusts_the_interface_identifier() {
        let map = map("fd00:1:2:3::/64", "2001:db8:9:8::/64");
        for inside in ["fd00:1:2:3::1", "fd00:1:2:3:ffff::1", "fd00:1:2:3:ffff:ffff:0:1"] {
            let outside = map.to_outside(address(inside)).unwrap();
            assert!(map.is_outside(outside));
            assert_eq!(map.to_inside(outside), Some(address(inside)), "{inside} {outside}");
        }
        assert_eq!(map.to_outside(address("fd00:1:2:3:ffff:ffff:ffff:ffff")), None);
    }

    #[test]
    fn addresses_of_neither_prefix_are_refused() {
        let map = map("fd01:203:405::/48", "2001:db8:1::/48");
        assert_eq!(map.to_outside(address("fd01:203:406::1")), None);
        assert_eq!(map.to_inside(address("2001:db8:2::1")), None);
        assert_eq!(map.to_outside(address("192.0.2.1")), None);
    }
}
