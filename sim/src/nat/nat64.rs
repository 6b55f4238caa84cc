//! IPv4 addresses inside IPv6 addresses (RFC 6052 section 2.2).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::packet::Prefix;

/// The IPv6 address that stands for an IPv4 one under a prefix.
pub(super) fn embed(prefix: Prefix, address: IpAddr) -> Option<IpAddr> {
    let (IpAddr::V6(base), IpAddr::V4(v4)) = (prefix.address(), address) else {
        return None;
    };
    let mut octets = base.octets();
    for (place, byte) in places(prefix.length())?.zip(v4.octets()) {
        *octets.get_mut(place)? = byte;
    }
    Some(Ipv6Addr::from(octets).into())
}

/// The IPv4 address that an IPv6 address under a prefix stands for.
pub(super) fn extract(prefix: Prefix, address: IpAddr) -> Option<IpAddr> {
    let IpAddr::V6(v6) = address else {
        return None;
    };
    if !prefix.contains(address) {
        return None;
    }
    let octets = v6.octets();
    let mut v4 = [0; 4];
    for (slot, place) in v4.iter_mut().zip(places(prefix.length())?) {
        *slot = *octets.get(place)?;
    }
    Some(Ipv4Addr::from(v4).into())
}

/// Which octets hold the IPv4 address: octet 8 is always zero.
fn places(length: u8) -> Option<impl Iterator<Item = usize>> {
    let first = matches!(length, 32 | 40 | 48 | 56 | 64 | 96).then_some(usize::from(length / 8))?;
    Some((first..16).filter(move |place| first == 12 || *place != 8).take(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6052 section 2.4, table 2.
    const EXAMPLES: [(&str, &str); 7] = [
        ("2001:db8::/32", "2001:db8:c000:221::"),
        ("2001:db8:100::/40", "2001:db8:1c0:2:21::"),
        ("2001:db8:122::/48", "2001:db8:122:c000:2:2100::"),
        ("2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::"),
        ("2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100::"),
        ("2001:db8:122:344::/96", "2001:db8:122:344::192.0.2.33"),
        ("64:ff9b::/96", "64:ff9b::192.0.2.33"),
    ];

    #[test]
    fn the_examples_of_rfc_6052_come_out_both_ways() {
        let v4: IpAddr = "192.0.2.33".parse().unwrap();
        for (prefix, embedded) in EXAMPLES {
            let (prefix, embedded) = (prefix.parse().unwrap(), embedded.parse().unwrap());
            assert_eq!(embed(prefix, v4), Some(embedded), "{prefix}");
            assert_eq!(extract(prefix, embedded), Some(v4), "{prefix}");
        }
    }

    #[test]
    fn an_address_outside_the_prefix_stands_for_nothing() {
        let prefix = "64:ff9b::/96".parse().unwrap();
        assert_eq!(extract(prefix, "2001:db8::1".parse().unwrap()), None);
        assert_eq!(extract(prefix, "192.0.2.1".parse().unwrap()), None);
        assert_eq!(embed(prefix, "2001:db8::1".parse().unwrap()), None);
        assert_eq!(embed("2001:db8::/33".parse().unwrap(), "192.0.2.1".parse().unwrap()), None);
    }
}
