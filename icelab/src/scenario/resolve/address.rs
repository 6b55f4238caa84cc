//! Addresses and ranges: readable, of the right kind, and each given out once.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use icelab_sim::packet::Prefix;
use icelab_sim::topology::Families;

use crate::scenario::plan::Behind;
use crate::scenario::text::decode::{At, OneOrMany};
use crate::scenario::text::fault::{Fault, Faults};
use crate::scenario::text::source::Span;

/// What lies behind each gateway, and on the internet.
#[derive(Default)]
pub(super) struct Realms {
    realms: BTreeMap<Behind, Realm>,
    taken: BTreeMap<(Behind, IpAddr), String>,
}

/// What a node finds on the internet side of its cable.
#[derive(Clone, Copy, Debug)]
pub(super) struct Realm {
    /// The families that are routed there.
    pub(super) families: Families,
    /// The families of a node that does not say.
    pub(super) default_families: Families,
    /// The IPv4 range, where it is known.
    pub(super) inside_v4: Option<Prefix>,
    /// The IPv6 range, where it is known.
    pub(super) inside_v6: Option<Prefix>,
}

impl Realm {
    /// The internet: both families, IPv4 for those who do not say.
    const INTERNET: Self = Self {
        families: Families::BOTH,
        default_families: Families::V4,
        inside_v4: None,
        inside_v6: None,
    };

    /// The range of the family of an address.
    pub(super) fn range_of(&self, address: IpAddr) -> Option<Prefix> {
        if address.is_ipv4() { self.inside_v4 } else { self.inside_v6 }
    }
}

impl Realms {
    /// The inside of a gateway, once that is known.
    pub(super) fn add(&mut self, gateway: &str, realm: Realm) {
        self.realms.insert(Behind::Gateway(gateway.to_owned()), realm);
    }

    /// What lies there; that of the internet for a gateway that is wrong itself.
    pub(super) fn get(&self, behind: &Behind) -> Realm {
        self.realms.get(behind).copied().unwrap_or(Realm::INTERNET)
    }

    /// Gives an address there to a node, and tells what speaks against it.
    pub(super) fn take(
        &mut self,
        address: &At<IpAddr>,
        behind: &Behind,
        owner: &str,
        faults: &mut Faults,
    ) {
        let ip = address.value;
        let fault = |message: String| Fault::new(address.span, message);
        match behind {
            Behind::Internet if is_private(ip) => faults.push(
                fault(format!("{ip} is a private address, which the internet does not route"))
                    .help("give a public one such as 203.0.113.7, or put the node `behind:` a gateway"),
            ),
            Behind::Internet => {}
            Behind::Gateway(gateway) => match self.get(behind).range_of(ip) {
                Some(range) if range.contains(ip) => {}
                Some(range) => faults.push(
                    fault(format!("{ip} is outside the range {range} of `{gateway}`"))
                        .label(format!("should be within {range}"))
                        .help(format!("or give `{gateway}` another range with `inside:`")),
                ),
                None => faults.push(
                    fault(format!("`{gateway}` has no range that could hold {ip}"))
                        .help(format!("write the range first, with `inside:` of `{gateway}`")),
                ),
            },
        }
        if let Some(other) = self.taken.insert((behind.clone(), ip), owner.to_owned()) {
            faults.push(fault(format!("{ip} is `{other}`'s address already")));
        }
    }
}

/// IP versions and addresses, as `ip:` mixes them.
pub(super) struct Ip {
    /// The versions, where some are written.
    pub(super) families: Option<Families>,
    /// The addresses.
    pub(super) addresses: Vec<At<IpAddr>>,
    /// Where all that stands.
    pub(super) span: Span,
}

impl Ip {
    /// Reads `ip:`.
    pub(super) fn read(terms: Option<&At<OneOrMany<String>>>, faults: &mut Faults) -> Self {
        let mut ip = Self {
            families: None,
            addresses: Vec::new(),
            span: terms.map_or(Span::default(), |terms| terms.span),
        };
        let mut families = Families { v4: false, v6: false };
        for term in terms.iter().flat_map(|terms| &terms.value.0) {
            match term.value.as_str() {
                "v4" => families.v4 = true,
                "v6" => families.v6 = true,
                _ => {
                    if let Some(address) = address(term, faults) {
                        families.v4 |= address.is_ipv4();
                        families.v6 |= address.is_ipv6();
                        ip.addresses.push(At { value: address, span: term.span });
                    }
                }
            }
        }
        if families.v4 || families.v6 {
            ip.families = Some(families);
        }
        ip
    }
}

/// An address that a node can have.
pub(super) fn address(term: &At<String>, faults: &mut Faults) -> Option<IpAddr> {
    let fault = |message: String| Fault::new(term.span, message);
    let Ok(address) = term.value.parse::<IpAddr>() else {
        let fault = fault(format!("`{}` is no IP address", term.value));
        let is_with_port = term.value.parse::<SocketAddr>().is_ok();
        faults.push(if is_with_port {
            fault.help("this is an address with a port; nodes have an address only")
        } else if term.value.contains('/') {
            fault.help("this is a range; an address has no `/`")
        } else if term.value.starts_with(['v', 'V', 'i']) {
            fault.one_of(&term.value, &["v4", "v6"])
        } else {
            fault.help("as in `203.0.113.7` or `\"2001:db8::7\"`")
        });
        return None;
    };
    let is_usable = is_usable(address);
    if !is_usable {
        faults.push(fault(format!("{address} cannot be the address of a node")));
    }
    is_usable.then_some(address)
}

/// Whether a node can have an address (RFC 6890).
pub(super) fn is_usable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            !(v4.is_unspecified()
                || v4.is_loopback()
                || v4.is_multicast()
                || v4.is_broadcast()
                || v4.is_link_local()
                || v4.octets().first() == Some(&0)
                || v4.octets().first().is_some_and(|first| *first >= 240))
        }
        IpAddr::V6(v6) => {
            !(v6.is_unspecified()
                || v6.is_loopback()
                || v6.is_multicast()
                || v6.is_unicast_link_local()
                || v6.to_ipv4_mapped().is_some())
        }
    }
}

/// A range of addresses.
pub(super) fn prefix(term: &At<String>, faults: &mut Faults) -> Option<Prefix> {
    let fault = Fault::new(term.span, format!("`{}` is no range of addresses", term.value));
    let Ok(prefix) = term.value.parse::<Prefix>() else {
        faults.push(fault.help("as in `192.168.1.0/24` or `\"2001:db8:1::/64\"`"));
        return None;
    };
    let written = term.value.split('/').next().and_then(|text| text.parse::<IpAddr>().ok());
    if written.is_some_and(|written| written != prefix.address()) {
        faults.push(fault.help(format!("the range that holds it is `{prefix}`")));
        return None;
    }
    Some(prefix)
}

/// Whether an address is for inside use only (RFC 1918, RFC 6598, RFC 4193).
pub(super) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || matches!(v4.octets(), [100, 64..=127, ..]),
        IpAddr::V6(v6) => v6.is_unique_local(),
    }
}
