//! Firewalls: presets and rules.

use core::ops::RangeInclusive;

use icelab_sim::firewall::{Action, Config, Direction, LooksLike, Rule};
use icelab_sim::packet::{Prefix, Protocol};

use crate::presets;
use crate::scenario::grammar::firewall::{
    DirectionWord, Firewall, LooksLikeWord, ProtocolWord, Rule as RuleTerm,
};
use crate::scenario::grammar::range::Ports;
use crate::scenario::text::decode::{At, NameOr, OneOrMany};
use crate::scenario::text::fault::{Fault, Faults};

/// The firewall that is meant; `None` after telling why not.
pub(super) fn resolve(firewall: &At<Firewall>, faults: &mut Faults) -> Option<Config> {
    match &firewall.value {
        NameOr::Name(name) => {
            let found = presets::firewall(name);
            if found.is_none() {
                faults.push(if presets::LATER.contains(&name.as_str()) {
                    Fault::not_supported_yet(firewall.span, &format!("firewall preset `{name}`"))
                } else {
                    let known = presets::firewall_names();
                    Fault::unknown_word(firewall.span, name, &known, "firewall preset")
                });
            }
            found
        }
        NameOr::Given(rules) => {
            check_reached(rules, faults);
            let rules = rules.iter().filter_map(|term| rule(term, faults)).collect();
            Some(Config { rules, ..Config::default() })
        }
    }
}

/// Tells of rules below one that matches everything.
fn check_reached(rules: &[At<RuleTerm>], faults: &mut Faults) {
    let matches_all = |rule: &At<RuleTerm>| {
        let RuleTerm { allow, drop, reject, direction, from, to, from_port, to_port, looks_like } =
            &rule.value;
        let protocol = allow.as_ref().or(drop.as_ref()).or(reject.as_ref());
        protocol.is_some_and(|protocol| protocol.value == ProtocolWord::Any)
            && direction.is_none()
            && from.is_none()
            && to.is_none()
            && from_port.is_none()
            && to_port.is_none()
            && looks_like.is_none()
    };
    let all = rules.iter().position(matches_all);
    if let Some(never) = all.and_then(|all| rules.get(all + 1)) {
        faults.push(
            Fault::new(never.span, "no packet comes as far as this rule")
                .label("the rule above matches every packet")
                .help("the first rule that matches counts: move this one up, or remove it"),
        );
    }
}

/// Tells of ports where there are none.
fn check_ports(fields: &RuleTerm, protocol: ProtocolWord, faults: &mut Faults) {
    let ports = [&fields.from_port, &fields.to_port].into_iter().flatten();
    for port in ports.filter(|_| protocol == ProtocolWord::Icmp) {
        let fault = Fault::new(port.span, "ICMP has no ports");
        faults.push(fault.help("remove this, or write the rule for `udp` or `tcp`"));
    }
}

fn rule(term: &At<RuleTerm>, faults: &mut Faults) -> Option<Rule> {
    let fields = &term.value;
    let actions = [
        (&fields.allow, Action::Allow),
        (&fields.drop, Action::Drop),
        (&fields.reject, Action::Reject),
    ];
    let mut written = actions.iter().filter_map(|(word, action)| Some((word.as_ref()?, *action)));
    let (Some((protocol, action)), None) = (written.next(), written.next()) else {
        faults.push(
            Fault::new(term.span, "a rule has one of `allow`, `drop` and `reject`")
                .help("as in `- { allow: udp, to_port: 3478 }` or `- { reject: any }`"),
        );
        return None;
    };
    check_ports(fields, protocol.value, faults);
    Some(Rule {
        direction: fields.direction.as_ref().map(|direction| match direction.value {
            DirectionWord::Out => Direction::Out,
            DirectionWord::In => Direction::In,
        }),
        protocol: match protocol.value {
            ProtocolWord::Any => None,
            ProtocolWord::Udp => Some(Protocol::Udp),
            ProtocolWord::Tcp => Some(Protocol::Tcp),
            ProtocolWord::Icmp => Some(Protocol::Icmp),
        },
        from: prefixes(fields.from.as_ref(), faults),
        to: prefixes(fields.to.as_ref(), faults),
        from_port: fields.from_port.as_ref().map(ports),
        to_port: fields.to_port.as_ref().map(ports),
        looks_like: fields.looks_like.as_ref().map(|look| looks_like(look.value)),
        ..Rule::new(action)
    })
}

fn ports(term: &At<Ports>) -> RangeInclusive<u16> {
    term.value.first..=term.value.last
}

fn prefixes(terms: Option<&At<OneOrMany<String>>>, faults: &mut Faults) -> Vec<Prefix> {
    let terms = terms.iter().flat_map(|terms| &terms.value.0);
    terms.filter_map(|term| super::address::prefix(term, faults)).collect()
}

fn looks_like(word: LooksLikeWord) -> LooksLike {
    match word {
        LooksLikeWord::Stun => LooksLike::Stun,
        LooksLikeWord::TurnChannel => LooksLike::TurnChannel,
        LooksLikeWord::Dtls => LooksLike::Dtls,
        LooksLikeWord::Rtp => LooksLike::Rtp,
        LooksLikeWord::Quic => LooksLike::Quic,
        LooksLikeWord::Dns => LooksLike::Dns,
        LooksLikeWord::Tls => LooksLike::Tls,
        LooksLikeWord::Http => LooksLike::Http,
    }
}
