//! Which way an address lies: the longest matching prefix (RFC 1812 section 5.2.4.3).

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::node::LinkId;
use crate::packet::Prefix;

/// The ways down from a node that forwards. What matches nothing goes up.
#[derive(Clone, Debug, Default)]
pub(crate) struct RoutingTable {
    v4: Vec<Length>,
    v6: Vec<Length>,
}

/// All prefixes of one length; a table has the longest first.
#[derive(Clone, Debug)]
struct Length {
    bits: u8,
    links: BTreeMap<IpAddr, LinkId>,
}

impl RoutingTable {
    pub(crate) fn clear(&mut self) {
        self.v4.clear();
        self.v6.clear();
    }

    /// Packets for the prefix go down this link. A second way for one prefix replaces the first.
    pub(crate) fn insert(&mut self, prefix: Prefix, link: LinkId) {
        let lengths = if prefix.address().is_ipv4() { &mut self.v4 } else { &mut self.v6 };
        let bits = prefix.length();
        let at = lengths.partition_point(|length| length.bits > bits);
        if lengths.get(at).is_none_or(|length| length.bits != bits) {
            lengths.insert(at, Length { bits, links: BTreeMap::new() });
        }
        if let Some(length) = lengths.get_mut(at) {
            length.links.insert(prefix.address(), link);
        }
    }

    /// The link down which the address lies.
    pub(crate) fn find(&self, address: IpAddr) -> Option<LinkId> {
        let lengths = if address.is_ipv4() { &self.v4 } else { &self.v6 };
        lengths.iter().find_map(|length| {
            let prefix = Prefix::new(address, length.bits)?;
            length.links.get(&prefix.address()).copied()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn the_longest_match_is_what_looking_at_every_route_finds(
            routes in prop::collection::vec((any::<u32>(), 0u8..=32), 0..40),
            asked in any::<u32>(),
            near in any::<prop::sample::Index>(),
            flip in 0u32..32,
        ) {
            let mut table = RoutingTable::default();
            let mut listed: Vec<(Prefix, LinkId)> = Vec::new();
            for (index, (bits, length)) in routes.iter().enumerate() {
                let prefix = Prefix::new(Ipv4Addr::from_bits(*bits).into(), *length).unwrap();
                let link = LinkId(index as u32);
                table.insert(prefix, link);
                listed.retain(|(known, _)| *known != prefix);
                listed.push((prefix, link));
            }
            let mut questions = vec![asked];
            if !routes.is_empty() {
                questions.push(near.get(&routes).0 ^ (1 << flip));
            }
            for question in questions {
                let address = IpAddr::from(Ipv4Addr::from_bits(question));
                let naive = listed
                    .iter()
                    .filter(|(prefix, _)| prefix.contains(address))
                    .max_by_key(|(prefix, _)| prefix.length())
                    .map(|(_, link)| *link);
                prop_assert_eq!(table.find(address), naive);
            }
        }
    }

    #[test]
    fn the_families_do_not_mix() {
        let mut table = RoutingTable::default();
        table.insert(Prefix::ALL_V4, LinkId(4));
        table.insert("2001:db8::/32".parse().unwrap(), LinkId(6));
        assert_eq!(table.find("192.0.2.1".parse().unwrap()), Some(LinkId(4)));
        assert_eq!(table.find("2001:db8::1".parse().unwrap()), Some(LinkId(6)));
        assert_eq!(table.find("2001:db9::1".parse().unwrap()), None);
        table.clear();
        assert_eq!(table.find("192.0.2.1".parse().unwrap()), None);
    }
}
