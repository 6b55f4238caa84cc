//! The stage of a case: who stands where, for `explain` and for timelines.

use icelab_reports::scene::{Actor, Place, Role, Scene};
use icelab_sans_io::Rng;
use icelab_sim::firewall::{self, Action};
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
    }
}

/// What a firewall does, as far as a few words say it.
fn firewall_words(firewall: &firewall::Config) -> String {
    let word = |action: Action| match action {
        Action::Allow => "allows",
        Action::Drop => "drops",
        Action::Reject => "rejects",
    };
    let rules = match firewall.rules.len() {
        0 => String::new(),
        1 => "one rule; otherwise ".to_owned(),
        many => format!("{many} rules; otherwise "),
    };
    let answers = if firewall.is_stateful { " except answers" } else { "" };
    format!(
        "{rules}{} what goes out, {} what comes in{answers}",
        word(firewall.otherwise_out),
        word(firewall.otherwise_in)
    )
}
