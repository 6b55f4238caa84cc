//! Whom clients may not reach (RFC 8656 sections 10.2, 11.2, 12.2 and 21.1.5).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whom clients may not reach: 403 to their requests, silence to their data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerPolicy {
    /// These addresses.
    pub denied: Vec<AddressRange>,
    /// Whether the server's own addresses are denied too. Two clients of one server, each of which
    /// knows only the other's relayed address, cannot talk then.
    pub denies_own: bool,
}

impl PeerPolicy {
    /// Everyone may be reached.
    #[must_use]
    pub const fn open() -> Self {
        Self { denied: Vec::new(), denies_own: false }
    }

    /// Whether `peer` may be reached from a server with the addresses `own`.
    pub(crate) fn allows(&self, peer: IpAddr, mut own: impl Iterator<Item = IpAddr>) -> bool {
        let is_own = self.denies_own && own.any(|address| address == peer);
        !is_own && self.denied.iter().all(|range| !range.contains(peer))
    }
}

/// Denies what is never another host: loopback, unspecified and multicast addresses, and IPv4
/// addresses in the clothes of IPv6.
impl Default for PeerPolicy {
    fn default() -> Self {
        let v4 = |a, b, c, d, length| AddressRange::new(Ipv4Addr::new(a, b, c, d).into(), length);
        let v6 = |first, length| {
            AddressRange::new(Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, 0).into(), length)
        };
        let mapped = Ipv6Addr::new(0, 0, 0, 0, 0, 0xFFFF, 0, 0);
        let denied = vec![
            v4(0, 0, 0, 0, 8),
            v4(127, 0, 0, 0, 8),
            v4(224, 0, 0, 0, 4),
            v4(255, 255, 255, 255, 32),
            AddressRange::new(Ipv6Addr::UNSPECIFIED.into(), 128),
            AddressRange::new(Ipv6Addr::LOCALHOST.into(), 128),
            AddressRange::new(mapped.into(), 96),
            v6(0xFF00, 8),
        ];
        Self { denied, denies_own: false }
    }
}

/// All addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    address: IpAddr,
    length: u8,
}

impl AddressRange {
    /// The addresses whose first `length` bits are those of `address`; a length beyond the
    /// address's own means all of its bits.
    #[must_use]
    pub const fn new(address: IpAddr, length: u8) -> Self {
        Self { address, length }
    }

    /// Whether `address` is one of them.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let length = u32::from(self.length);
        match (self.address, address) {
            (IpAddr::V4(range), IpAddr::V4(address)) => {
                let differing = range.to_bits() ^ address.to_bits();
                differing.leading_zeros() >= length.min(32)
            }
            (IpAddr::V6(range), IpAddr::V6(address)) => {
                let differing = range.to_bits() ^ address.to_bits();
                differing.leading_zeros() >= length.min(128)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_what_shares_its_bits() {
        let range = AddressRange::new("192.168.0.0".parse().unwrap(), 16);
        assert!(range.contains("192.168.255.1".parse().unwrap()));
        assert!(!range.contains("192.169.0.1".parse().unwrap()));
        assert!(!range.contains("::ffff:192.168.0.1".parse().unwrap()));
        let everything = AddressRange::new(Ipv6Addr::UNSPECIFIED.into(), 0);
        assert!(everything.contains("2001:db8::1".parse().unwrap()));
    }

    #[test]
    fn by_default_this_host_and_multicast_are_denied() {
        let policy = PeerPolicy::default();
        let own: IpAddr = "192.0.2.15".parse().unwrap();
        let allows = |text: &str| policy.allows(text.parse().unwrap(), [own].into_iter());
        for denied in
            ["127.0.0.1", "0.0.0.0", "239.1.2.3", "255.255.255.255", "::1", "::", "ff02::1"]
        {
            assert!(!allows(denied), "{denied}");
        }
        assert!(!allows("::ffff:127.0.0.1"));
        for allowed in ["192.0.2.1", "10.0.0.1", "2001:db8::1", "192.0.2.15"] {
            assert!(allows(allowed), "{allowed}");
        }
        let strict = PeerPolicy { denies_own: true, ..policy };
        assert!(!strict.allows(own, [own].into_iter()));
    }
}
