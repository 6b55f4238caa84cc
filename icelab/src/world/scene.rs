//! The stage of a case: who stands where, for `explain` and for timelines.

use core::ops::RangeInclusive;

use icelab_reports::scene::{Actor, Place, Role, Scene};
use icelab_sans_io::Rng;
use icelab_sim::firewall::{self, Action, Direction, LooksLike, Rule};
use icelab_sim::packet::Prefix;
use icelab_sim::{Level, Simulation};

use super::error::WorldError;
use super::guest::Guest;
use super::world::World;
use crate::scenario::plan::{Behind, Gateway, Plan};

impl World {
    /// Who stands behind what in this case, with the addresses that a run assigns.
    ///
    /// # Errors
    /// Where the network cannot be built.
    pub fn scene(plan: &Plan) -> Result<Scene, WorldError> {
        let world = Self::from_plan(plan, Level::Hash);
        let root = Rng::from_u64(plan.seed);
        let simulation: Simulation<Guest> =
            Simulation::new(&world.network, &root.fork("network", 0), Level::Hash)?;
        let addresses = |name: &str, behind: &[&Behind]| -> Vec<Place> {
            let node = simulation.node(name);
            let interfaces = node.map(|node| simulation.interfaces(node)).unwrap_or_default();
            let places = behind.iter().zip(interfaces);
            places
                .map(|(behind, interface)| Place {
                    behind: next_node(behind),
                    addresses: interface.addresses,
                })
                .collect()
        };
        let mut actors: Vec<Actor> = Vec::new();
        for peer in &plan.peers {
            let behind: Vec<_> = peer.interfaces.iter().map(|one| &one.behind).collect();
            let places = addresses(&peer.name, &behind);
            actors.push(Actor { name: peer.name.clone(), role: Role::Peer, places });
            for gateway in behind.into_iter().flat_map(|behind| way(plan, behind)) {
                if actors.iter().all(|actor| actor.name != gateway.name) {
                    let (name, role) = (gateway.name.clone(), gateway_role(gateway));
                    let places = addresses(&name, &[&gateway.behind]);
                    actors.push(Actor { name, role, places });
                }
            }
        }
        for server in &plan.servers {
            let places = addresses(&server.name, &[&server.interface.behind]);
            let role = Role::Server { stun: server.stun.is_some(), turn: server.turn.is_some() };
            actors.push(Actor { name: server.name.clone(), role, places });
        }
        Ok(Scene { title: title(plan), asks: plan.asks.clone(), seed: plan.seed, actors })
    }
}

/// The gateways between here and the internet, nearest first.
fn way<'a>(plan: &'a Plan, behind: &Behind) -> Vec<&'a Gateway> {
    let mut way = Vec::new();
    let mut next = behind;
    while let Behind::Gateway(name) = next
        && let Some(gateway) = plan.gateway(name)
        && way.len() < plan.gateways.len()
    {
        way.push(gateway);
        next = &gateway.behind;
    }
    way
}

fn title(plan: &Plan) -> String {
    let label = plan.case_label();
    if label.is_empty() { plan.file.clone() } else { format!("{} ({label})", plan.file) }
}

fn next_node(behind: &Behind) -> String {
    match behind {
        Behind::Internet => "internet".to_owned(),
        Behind::Gateway(name) => name.clone(),
    }
}

fn gateway_role(gateway: &Gateway) -> Role {
    Role::Gateway {
        preset: None,
        nat: gateway.nat.clone().map(Box::new),
        firewall: gateway.firewall.as_ref().map(firewall_words),
        rules: gateway
            .firewall
            .iter()
            .flat_map(|firewall| &firewall.rules)
            .map(rule_words)
            .collect(),
    }
}

/// What a firewall does with what none of its rules is about.
fn firewall_words(firewall: &firewall::Config) -> String {
    let word = |action: Action| match action {
        Action::Allow => "passes",
        Action::Drop => "is dropped",
        Action::Reject => "is refused",
    };
    let rest = if firewall.rules.is_empty() { "what" } else { "what else" };
    let (out, into) = (word(firewall.otherwise_out), word(firewall.otherwise_in));
    let is_closed = firewall.otherwise_in != Action::Allow;
    let answers = if firewall.is_stateful && is_closed { ", but answers pass" } else { "" };
    if out == into {
        return format!("{rest} comes either way {out}{answers}");
    }
    format!("{rest} goes out {out}, {rest} comes in {into}{answers}")
}

/// A rule much as a scenario writes it: `allow udp out to port 53`.
fn rule_words(rule: &Rule) -> String {
    let mut words = vec![match rule.action {
        Action::Allow => "allow".to_owned(),
        Action::Drop => "drop".to_owned(),
        Action::Reject => "reject".to_owned(),
    }];
    words.push(rule.protocol.map_or("any".to_owned(), |protocol| protocol.name().to_owned()));
    words.extend(rule.direction.map(|direction| match direction {
        Direction::Out => "out".to_owned(),
        Direction::In => "in".to_owned(),
    }));
    words.extend(end_words("from", &rule.from, rule.from_port.as_ref()));
    words.extend(end_words("to", &rule.to, rule.to_port.as_ref()));
    words.extend(rule.looks_like.map(|kind| format!("that looks like {}", look_word(kind))));
    words.join(" ")
}

fn end_words(word: &str, ranges: &[Prefix], ports: Option<&RangeInclusive<u16>>) -> Option<String> {
    let ranges: Vec<_> = ranges.iter().map(ToString::to_string).collect();
    let ports = ports.map(|ports| match (ports.start(), ports.end()) {
        (first, last) if first == last => format!("port {first}"),
        (first, last) => format!("ports {first} to {last}"),
    });
    let words: Vec<_> = Some(ranges.join(" or "))
        .filter(|ranges| !ranges.is_empty())
        .into_iter()
        .chain(ports)
        .collect();
    (!words.is_empty()).then(|| format!("{word} {}", words.join(" ")))
}

const fn look_word(kind: LooksLike) -> &'static str {
    match kind {
        LooksLike::Stun => "stun",
        LooksLike::TurnChannel => "turn_channel",
        LooksLike::Dtls => "dtls",
        LooksLike::Rtp => "rtp",
        LooksLike::Quic => "quic",
        LooksLike::Dns => "dns",
        LooksLike::Tls => "tls",
        LooksLike::Http => "http",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use icelab_sim::packet::Protocol;

    #[test]
    fn a_rule_reads_much_as_it_is_written() {
        let any = rule_words(&Rule::new(Action::Drop));
        assert_eq!(any, "drop any");
        let rule = Rule {
            direction: Some(Direction::Out),
            protocol: Some(Protocol::Udp),
            to: vec!["198.51.100.0/24".parse().unwrap()],
            to_port: Some(3478..=3479),
            looks_like: Some(LooksLike::Stun),
            ..Rule::new(Action::Allow)
        };
        let words = rule_words(&rule);
        assert_eq!(
            words,
            "allow udp out to 198.51.100.0/24 ports 3478 to 3479 that looks like stun"
        );
    }

    #[test]
    fn a_firewall_tells_what_becomes_of_the_rest() {
        let stateful = firewall::Config::default();
        let words = firewall_words(&stateful);
        assert_eq!(words, "what goes out passes, what comes in is dropped, but answers pass");
        let open = firewall::Config { otherwise_in: Action::Allow, ..stateful };
        assert_eq!(firewall_words(&open), "what comes either way passes");
    }
}
