//! Chapter: who is where, behind what.

use icelab_sim::nat::{self, Behaviour, FilterState, Hairpin, Kind, Ports};

use crate::scene::{Actor, Role, Scene};
use crate::story::page::Page;

/// Introduces everyone.
pub(crate) fn tell(page: &mut Page, scene: &Scene) {
    page.heading("Who is where");
    for actor in &scene.actors {
        let places = places(actor);
        let text = match &actor.role {
            Role::Peer => places,
            Role::Server { stun, turn } => format!("{places}: {}", services(*stun, *turn)),
            Role::Gateway { preset, nat, firewall, rules } => {
                let called = preset.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default();
                let nat = match nat.as_deref() {
                    Some(nat) => format!("NAT{called}: {}", translation(nat)),
                    None => format!("router{called}: no translation"),
                };
                let firewall = firewall.as_ref().map(|words| guard(words, rules));
                format!("{places}; {nat}{}", firewall.unwrap_or_default())
            }
        };
        page.about(&actor.name, &text);
    }
}

/// What a firewall does, with its rules.
fn guard(words: &str, rules: &[String]) -> String {
    if rules.is_empty() {
        return format!("; firewall: {words}");
    }
    let rules = rules.iter().enumerate().map(|(index, rule)| format!("{}. {rule}", index + 1));
    format!(
        "; firewall rules, the first that fits counts: {}; {words}",
        rules.collect::<Vec<_>>().join(", ")
    )
}

fn places(actor: &Actor) -> String {
    let places = actor.places.iter().map(|place| {
        let addresses: Vec<_> = place.addresses.iter().map(ToString::to_string).collect();
        let behind = match place.behind.as_str() {
            "internet" => "on the internet".to_owned(),
            gateway => format!("behind {gateway}"),
        };
        format!("{} {behind}", addresses.join(" and "))
    });
    places.collect::<Vec<_>>().join(", ")
}

fn services(stun: bool, turn: bool) -> &'static str {
    match (stun, turn) {
        (true, true) => {
            "tells clients the address that it sees them come from (STUN), and lends them addresses of its own (TURN)"
        }
        (true, false) => "tells clients the address that it sees them come from (STUN)",
        (false, true) => "lends clients addresses of its own and relays what comes there (TURN)",
        (false, false) => "serves nothing",
    }
}

/// What a NAT does, in words.
fn translation(nat: &nat::Config) -> String {
    match nat.kind {
        Kind::None => return "translates nothing".to_owned(),
        Kind::OneToOne => {
            return "each inside address has an outside address of its own".to_owned();
        }
        Kind::Napt | Kind::Nat64 { .. } | Kind::Nptv6 { .. } => {}
    }
    let mapping = match nat.mapping {
        Behaviour::EndpointIndependent => "one outside port whoever it is for",
        Behaviour::AddressDependent => "another outside port for each address it is for",
        Behaviour::AddressAndPortDependent => {
            "another outside port for each address and port it is for"
        }
    };
    let filtering = match nat.filtering {
        Behaviour::EndpointIndependent => "then lets in anyone there",
        Behaviour::AddressDependent => "lets in only addresses that were written to",
        Behaviour::AddressAndPortDependent => {
            "lets in only addresses and ports that were written to"
        }
    };
    let ports = match nat.ports {
        Ports::Preserve | Ports::PreserveClass => "port numbers are kept where they are free",
        Ports::PreserveParity => "port numbers stay even or odd",
        Ports::Sequential => "port numbers are given out in order",
        Ports::Random => "port numbers are random",
        Ports::Block { .. } => "each subscriber has a block of port numbers",
        Ports::Overload => "several mappings may share a port number",
    };
    let hairpin = match nat.hairpin {
        Hairpin::None => "",
        Hairpin::InternalSource | Hairpin::ExternalSource => {
            "; insiders reach each other by outside addresses"
        }
    };
    let state = match nat.filter_state {
        FilterState::Mapping => "",
        FilterState::InsideEndpoint => " (by whichever of its ports)",
    };
    format!(
        "{mapping} ({}); {filtering}{state} ({}); {ports}{hairpin}",
        term(nat.mapping, "mapping"),
        term(nat.filtering, "filtering")
    )
}

/// The behaviour in RFC 4787's words.
fn term(behaviour: Behaviour, what: &str) -> String {
    let word = match behaviour {
        Behaviour::EndpointIndependent => "endpoint-independent",
        Behaviour::AddressDependent => "address-dependent",
        Behaviour::AddressAndPortDependent => "address-and-port-dependent",
    };
    format!("{word} {what}")
}
