//! From the plan of a case to a world.

use icelab_sim::{HostConfig, Level, Network};

use super::world::World;
use crate::scenario::plan::{Behind, Interface, Plan};

impl World {
    /// The world of one case of a scenario file, which keeps this much of its record.
    #[must_use]
    pub fn from_plan(plan: &Plan, level: Level) -> Self {
        let mut network = Network::new();
        for gateway in &plan.gateways {
            network.gateway(&gateway.name, gateway.config());
        }
        let mut world = Self::new(network, plan.seed);
        world.limit(plan.limit).record(level).call(plan.call.clone());
        for server in &plan.servers {
            let host = HostConfig { attachments: vec![server.interface.attachment()] };
            world.server(&server.name, host, server.stun.clone(), server.turn.clone());
        }
        for peer in &plan.peers {
            let attachments = peer.interfaces.iter().map(Interface::attachment).collect();
            let host = HostConfig { attachments };
            world.peer_with(&peer.name, host, peer.ice, peer.handshake.clone());
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

/// The name by which the network knows it.
pub(super) fn behind_name(behind: &Behind) -> &str {
    behind.name()
}
