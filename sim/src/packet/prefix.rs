//! A range of addresses written as address and prefix length.

use core::fmt;
use core::str::FromStr;
use std::net::IpAddr;

/// A range of addresses: `192.168.1.0/24`, `2001:db8::/32`. The bits after the prefix are always zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    address: IpAddr,
    length: u8,
}

impl Prefix {
    /// The range that holds `address`; `None` when the family has no such length.
    pub fn new(address: IpAddr, length: u8) -> Option<Self> {
        let address = match address {
            IpAddr::V4(v4) if length <= 32 => {
                IpAddr::V4((v4.to_bits() & leading(u32::MAX, length)).into())
            }
            IpAddr::V6(v6) if length <= 128 => {
                IpAddr::V6((v6.to_bits() & leading_wide(length)).into())
            }
            IpAddr::V4(_) | IpAddr::V6(_) => return None,
        };
        Some(Self { address, length })
    }

    /// The range of one address.
    pub fn host(address: IpAddr) -> Self {
        Self { address, length: if address.is_ipv4() { 32 } else { 128 } }
    }

    /// Every IPv4 address.
    pub const ALL_V4: Self =
        Self { address: IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), length: 0 };

    /// Every IPv6 address.
    pub const ALL_V6: Self =
        Self { address: IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED), length: 0 };

    /// The first address.
    pub fn address(self) -> IpAddr {
        self.address
    }

    /// How many leading bits all addresses share.
    pub fn length(self) -> u8 {
        self.length
    }

    /// Whether `address` lies in the range. Addresses of the other family never do.
    pub fn contains(self, address: IpAddr) -> bool {
        Self::new(address, self.length).is_some_and(|range| range.address == self.address)
    }

    /// Whether all of `other` lies in the range.
    pub fn covers(self, other: Self) -> bool {
        self.length <= other.length && self.contains(other.address)
    }

    /// The `n`th address of the range, the first being 0; `None` past its end.
    pub fn nth(self, n: u128) -> Option<IpAddr> {
        match self.address {
            IpAddr::V4(v4) => {
                let offset = u32::try_from(n).ok()?;
                let address = IpAddr::V4(v4.to_bits().checked_add(offset)?.into());
                self.contains(address).then_some(address)
            }
            IpAddr::V6(v6) => {
                let address = IpAddr::V6(v6.to_bits().checked_add(n)?.into());
                self.contains(address).then_some(address)
            }
        }
    }
}

fn leading(ones: u32, length: u8) -> u32 {
    ones.checked_shl(32 - u32::from(length)).unwrap_or(0)
}

fn leading_wide(length: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0)
}

impl fmt::Display for Prefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.length)
    }
}

/// The text is not `address/length`, or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAPrefix;

impl fmt::Display for NotAPrefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("not a range of addresses such as 192.168.1.0/24")
    }
}

impl core::error::Error for NotAPrefix {}

impl FromStr for Prefix {
    type Err = NotAPrefix;

    fn from_str(text: &str) -> Result<Self, NotAPrefix> {
        match text.split_once('/') {
            Some((address, length)) => Self::new(
                address.parse().map_err(|_| NotAPrefix)?,
                length.parse().map_err(|_| NotAPrefix)?,
            )
            .ok_or(NotAPrefix),
            None => text.parse().map(Self::host).map_err(|_| NotAPrefix),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_its_first_and_last_address_and_no_neighbour() {
        let range: Prefix = "192.168.4.77/22".parse().unwrap();
        assert_eq!(range.to_string(), "192.168.4.0/22");
        for (address, inside) in [
            ("192.168.3.255", false),
            ("192.168.4.0", true),
            ("192.168.7.255", true),
            ("192.168.8.0", false),
            ("::ffff:192.168.4.1", false),
        ] {
            assert_eq!(range.contains(address.parse().unwrap()), inside, "{address}");
        }
    }

    #[test]
    fn the_empty_prefix_holds_its_whole_family() {
        assert!(Prefix::ALL_V4.contains("203.0.113.1".parse().unwrap()));
        assert!(!Prefix::ALL_V4.contains("2001:db8::1".parse().unwrap()));
        assert!(Prefix::ALL_V6.contains("2001:db8::1".parse().unwrap()));
    }

    #[test]
    fn addresses_are_counted_from_the_first() {
        let range: Prefix = "10.0.0.0/30".parse().unwrap();
        assert_eq!(range.nth(3), Some("10.0.0.3".parse().unwrap()));
        assert_eq!(range.nth(4), None);
        let range: Prefix = "2001:db8::/126".parse().unwrap();
        assert_eq!(range.nth(2), Some("2001:db8::2".parse().unwrap()));
        assert_eq!(range.nth(4), None);
    }

    #[test]
    fn a_range_covers_itself_and_its_parts_only() {
        let outer: Prefix = "10.0.0.0/8".parse().unwrap();
        let inner: Prefix = "10.1.0.0/16".parse().unwrap();
        assert!(outer.covers(outer) && outer.covers(inner) && !inner.covers(outer));
    }

    #[test]
    fn text_that_is_no_range_is_refused() {
        for text in ["", "10.0.0.0/33", "2001:db8::/129", "10.0.0/8", "10.0.0.0/", "x/8"] {
            assert_eq!(text.parse::<Prefix>(), Err(NotAPrefix), "{text}");
        }
    }
}
