//! Gateways: outermost first, without circles, each with the range of its inside.

use std::net::{IpAddr, Ipv4Addr};

use icelab_sim::nat;
use icelab_sim::packet::Prefix;
use icelab_sim::topology::Families;

use super::Context;
use super::address::{Ip, Realm, is_private, is_usable, prefix};
use super::{firewall, nat as nat_terms};
use crate::scenario::grammar::nat::Nat;
use crate::scenario::grammar::node::Gateway as Term;
use crate::scenario::plan::{Behind, Gateway};
use crate::scenario::text::decode::{At, Definition, NameOr, Named, OneOrMany};
use crate::scenario::text::fault::Fault;

impl Context<'_> {
    /// The gateways of a file, outermost first.
    pub(super) fn gateways(&mut self, terms: Option<&Named<Term>>) -> Vec<Gateway> {
        let mut waiting: Vec<(&Definition<Term>, Behind)> = Vec::new();
        for definition in terms.iter().flat_map(|terms| &terms.0) {
            let behind = match &definition.value.behind {
                Some(name) => self.names.behind(name, self.faults).unwrap_or_default(),
                None => Behind::Internet,
            };
            waiting.push((definition, behind));
        }
        let mut gateways: Vec<Gateway> = Vec::new();
        while !waiting.is_empty() {
            let before = waiting.len();
            let mut later = Vec::new();
            for (definition, behind) in waiting {
                let is_ready = match &behind {
                    Behind::Internet => true,
                    Behind::Gateway(name) => gateways.iter().any(|known| &known.name == name),
                };
                if is_ready {
                    let gateway = self.gateway(definition, behind, &gateways);
                    gateways.push(gateway);
                } else {
                    later.push((definition, behind));
                }
            }
            if later.len() == before {
                self.circle(&later);
                break;
            }
            waiting = later;
        }
        gateways
    }

    /// Tells of the gateways that only lead to each other.
    fn circle(&mut self, waiting: &[(&Definition<Term>, Behind)]) {
        let Some(&(mut at, _)) = waiting.first() else { return };
        let mut way: Vec<&str> = Vec::new();
        while !way.contains(&at.name.as_str()) {
            way.push(&at.name);
            let next = waiting.iter().find(|(definition, _)| definition.name == at.name).and_then(
                |(_, behind)| match behind {
                    Behind::Gateway(name) => waiting.iter().find(|(d, _)| &d.name == name),
                    Behind::Internet => None,
                },
            );
            match next {
                Some((definition, _)) => at = definition,
                None => break,
            }
        }
        let start = way.iter().position(|name| *name == at.name).unwrap_or(0);
        let mut circle: Vec<&str> = way.split_off(start);
        circle.push(&at.name);
        let span = at.value.behind.as_ref().map_or(at.name_span, |behind| behind.span);
        let message = format!("a circle of `behind`: {}", circle.join(" -> "));
        self.faults.push(
            Fault::new(span, message)
                .label("never reaches the internet")
                .help("one of them must be `behind: internet`, which is the default"),
        );
    }

    fn gateway(
        &mut self,
        definition: &Definition<Term>,
        behind: Behind,
        outer: &[Gateway],
    ) -> Gateway {
        let term = &definition.value;
        let nat = term.nat.as_ref().and_then(|nat| nat_terms::resolve(nat, self.faults));
        let firewall = term.firewall.as_ref().and_then(|term| firewall::resolve(term, self.faults));
        let realm = self.realms.get(&behind);
        let ip = Ip::read(term.ip.as_ref(), self.faults);
        for address in &ip.addresses {
            self.faults.push(
                Fault::new(address.span, "a gateway has addresses on two sides")
                    .help("write `outside:` for its addresses, `inside:` for its range; `ip:` takes v4 and v6"),
            );
        }
        let is_nat64 = nat.as_ref().is_some_and(|nat| matches!(nat.kind, nat::Kind::Nat64 { .. }));
        let families = match ip.families {
            Some(families) => families,
            None if is_nat64 => Families::BOTH,
            None => realm.default_families,
        };
        if !is_nat64 {
            self.check_families(families, realm.families, &behind, ip.span, &definition.name);
        }
        let (mut inside_v4, inside_v6) = self.inside(term, &behind);
        if let (Some(unused), Some(inside)) =
            (inside_v6.filter(|_| !families.v6), term.inside.as_ref())
        {
            let message = format!("`{}` has no IPv6, so `{unused}` is nobody's", definition.name);
            self.faults.push(
                Fault::new(inside.span, message).help("add v6 to its `ip:`, as in `ip: [v4, v6]`"),
            );
        }
        if inside_v4.is_none() && nat.is_some() {
            inside_v4 = self.default_inside(term.nat.as_ref(), &behind, outer);
        }
        self.check_private(term, nat.is_some(), &behind, outer);
        let outside = self.outside(term.outside.as_ref(), &behind, &definition.name);
        self.check_own_address(term, &outside, &behind);
        let default_families = if is_nat64 { Families::V6 } else { families };
        let inside = Realm { families, default_families, inside_v4, inside_v6 };
        self.realms.add(&definition.name, inside);
        Gateway {
            name: definition.name.clone(),
            link: self.links.resolve(term.link.as_ref(), self.faults),
            behind,
            nat,
            nat_preset: term.nat.as_ref().and_then(|nat| preset(&nat.value)),
            firewall,
            firewall_preset: term.firewall.as_ref().and_then(|firewall| preset(&firewall.value)),
            inside_v4,
            inside_v6,
            outside,
            families,
        }
    }

    fn inside(&mut self, term: &Term, behind: &Behind) -> (Option<Prefix>, Option<Prefix>) {
        let (mut v4, mut v6) = (None, None);
        for range in term.inside.iter().flat_map(|inside| &inside.value.0) {
            let Some(prefix) = prefix(range, self.faults) else { continue };
            let is_v4 = prefix.address().is_ipv4();
            let (slot, longest) = if is_v4 { (&mut v4, 30) } else { (&mut v6, 126) };
            if !range.value.contains('/') {
                let message = format!("`{}` is an address, not a range", range.value);
                self.faults.push(Fault::new(range.span, message).help("as in `192.168.1.0/24`"));
                continue;
            }
            if prefix.length() > longest {
                self.faults.push(
                    Fault::new(
                        range.span,
                        format!("`{prefix}` has no room for a gateway and a node"),
                    )
                    .help(format!("the longest prefix is /{longest}")),
                );
            }
            // The special ranges of IPv4 are /8s and wider, but for link-local addresses.
            if !is_usable(prefix.address()) || (is_v4 && prefix.length() < 8) {
                self.faults.push(
                    Fault::new(
                        range.span,
                        format!("nodes cannot have all addresses of `{prefix}`"),
                    )
                    .help("write a private range, such as 192.168.1.0/24 or 10.0.0.0/8"),
                );
                continue;
            }
            if slot.replace(prefix).is_some() {
                self.faults.push(Fault::new(range.span, "a second range of the same IP version"));
            }
            let is_nat = term.nat.is_some();
            let outer = self.realms.get(behind).range_of(prefix.address());
            if let (false, Some(outer)) = (is_nat, outer)
                && outer.covers(prefix)
                && outer.length() == prefix.length()
            {
                self.faults.push(
                    Fault::new(range.span, format!("`{prefix}` is on both sides of this gateway"))
                        .help("without a `nat`, the ranges on its two sides must differ"),
                );
            }
        }
        (v4, v6)
    }

    /// Tells of a range that holds one of the gateway's own addresses outside.
    fn check_own_address(&mut self, term: &Term, outside: &[IpAddr], behind: &Behind) {
        for range in term.inside.iter().flat_map(|inside| &inside.value.0) {
            let Ok(prefix) = range.value.parse::<Prefix>() else { continue };
            let Some(own) = outside.iter().find(|own| prefix.contains(**own)) else { continue };
            let message = format!("`{prefix}` holds {own}, the gateway's own address outside");
            let help = match behind {
                Behind::Internet => "write a private range, such as 192.168.1.0/24".to_owned(),
                Behind::Gateway(outer) => format!("write a range apart from that of `{outer}`"),
            };
            self.faults.push(Fault::new(range.span, message).help(help));
        }
    }

    /// Tells of a private range that no NAT on the way to the internet translates.
    fn check_private(&mut self, term: &Term, is_nat: bool, behind: &Behind, outer: &[Gateway]) {
        let mut at = behind;
        let mut is_translated = is_nat;
        while let Behind::Gateway(name) = at
            && let Some(gateway) = outer.iter().find(|gateway| &gateway.name == name)
        {
            is_translated |= gateway.nat.is_some();
            at = &gateway.behind;
        }
        for range in term.inside.iter().flat_map(|inside| &inside.value.0) {
            let prefix =
                range.value.parse::<Prefix>().ok().filter(|prefix| prefix.address().is_ipv4());
            if let Some(prefix) = prefix.filter(|it| is_private(it.address()) && !is_translated) {
                self.faults.push(
                    Fault::new(
                        range.span,
                        format!("`{prefix}` is private, and no NAT is on the way to the internet"),
                    )
                    .help("give the gateway a `nat:`, or a public range such as 192.0.2.0/28"),
                );
            }
        }
    }

    /// The range behind a NAT that does not say: 192.168.1.0/24, or the first after it that no gateway around uses;
    /// 100.64.0.0/10 behind a carrier's NAT (RFC 6598).
    fn default_inside(
        &self,
        nat: Option<&At<Nat>>,
        behind: &Behind,
        outer: &[Gateway],
    ) -> Option<Prefix> {
        if let Some(At { value: NameOr::Name(name), .. }) = nat
            && name.starts_with("cgn")
        {
            return Prefix::new(Ipv4Addr::new(100, 64, 0, 0).into(), 10);
        }
        let mut around = Vec::new();
        let mut at = behind;
        while let Behind::Gateway(name) = at
            && let Some(gateway) = outer.iter().find(|gateway| &gateway.name == name)
        {
            around.extend(gateway.inside_v4);
            at = &gateway.behind;
        }
        (1..=254)
            .filter_map(|third| Prefix::new(Ipv4Addr::new(192, 168, third, 0).into(), 24))
            .find(|range| !around.iter().any(|used| used.covers(*range) || range.covers(*used)))
    }

    fn outside(
        &mut self,
        terms: Option<&At<OneOrMany<String>>>,
        behind: &Behind,
        name: &str,
    ) -> Vec<IpAddr> {
        let mut outside = Vec::new();
        for term in terms.iter().flat_map(|terms| &terms.value.0) {
            let Some(value) = super::address::address(term, self.faults) else { continue };
            let address = At { value, span: term.span };
            self.realms.take(&address, behind, name, self.faults);
            outside.push(value);
        }
        outside
    }
}

/// The name of the preset, where it is one.
fn preset<T>(term: &NameOr<T>) -> Option<String> {
    match term {
        NameOr::Name(name) => Some(name.clone()),
        NameOr::Given(_) => None,
    }
}
