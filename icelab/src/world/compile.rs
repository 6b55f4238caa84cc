//! From the plan of a case to a world.

use icelab_sim::topology::Attachment;
use icelab_sim::{GatewayConfig, HostConfig, Level, Network};

use super::world::World;
use crate::scenario::plan::{Behind, Gateway, Interface, Plan};

impl World {
    /// The world of one case of a scenario file, which keeps this much of its record.
    #[must_use]
    pub fn from_plan(plan: &Plan, level: Level) -> Self {
        let mut network = Network::new();
        for gateway in &plan.gateways {
            network.gateway(&gateway.name, gateway_config(gateway));
        }
        let mut world = Self::new(network, plan.seed);
        world.limit(plan.limit).record(level).call(plan.call.clone());
        for server in &plan.servers {
            let host = HostConfig { attachments: vec![attachment(&server.interface)] };
            world.server(&server.name, host, server.stun.clone(), server.turn.clone());
        }
        for peer in &plan.peers {
            let attachments = peer.interfaces.iter().map(attachment).collect();
            world.peer_with(&peer.name, HostConfig { attachments }, peer.ice);
        }
        for event in &plan.events {
            world.at(event.at, event.action.clone());
        }
        for expectation in &plan.expectations {
            world.expect(expectation.clone());
        }
        world
    }
}

fn gateway_config(gateway: &Gateway) -> GatewayConfig {
    GatewayConfig {
        behind: behind_name(&gateway.behind).to_owned(),
        link: gateway.link.clone(),
        families: gateway.families,
        nat: gateway.nat.clone(),
        firewall: gateway.firewall.clone(),
        inside_v4: gateway.inside_v4,
        inside_v6: gateway.inside_v6,
        outside: gateway.outside.clone(),
    }
}

fn attachment(interface: &Interface) -> Attachment {
    Attachment {
        behind: behind_name(&interface.behind).to_owned(),
        link: interface.link.clone(),
        families: interface.families,
        address_v4: interface.address_v4,
        address_v6: interface.address_v6,
    }
}

/// The name by which the network knows it.
pub(super) fn behind_name(behind: &Behind) -> &str {
    match behind {
        Behind::Internet => Network::INTERNET,
        Behind::Gateway(name) => name,
    }
}
