//! From the nodes of a plan to the simulator's words for them.

use icelab_sim::topology::Attachment;
use icelab_sim::{GatewayConfig, HostConfig, Network};

use super::plan::{Behind, Gateway, Interface, Plan};

impl Plan {
    /// The network of this case, without anybody on its hosts.
    #[must_use]
    pub fn network(&self) -> Network {
        let mut network = Network::new();
        for gateway in &self.gateways {
            network.gateway(&gateway.name, gateway.config());
        }
        for server in &self.servers {
            let attachments = vec![server.interface.attachment()];
            network.host(&server.name, HostConfig { attachments });
        }
        for peer in &self.peers {
            let attachments = peer.interfaces.iter().map(Interface::attachment).collect();
            network.host(&peer.name, HostConfig { attachments });
        }
        network
    }
}

impl Gateway {
    /// The gateway as the simulator builds it.
    #[must_use]
    pub fn config(&self) -> GatewayConfig {
        GatewayConfig {
            behind: self.behind.name().to_owned(),
            link: self.link.clone(),
            families: self.families,
            nat: self.nat.clone(),
            firewall: self.firewall.clone(),
            inside_v4: self.inside_v4,
            inside_v6: self.inside_v6,
            outside: self.outside.clone(),
        }
    }
}

impl Interface {
    /// The interface as the simulator builds it.
    #[must_use]
    pub fn attachment(&self) -> Attachment {
        Attachment {
            behind: self.behind.name().to_owned(),
            link: self.link.clone(),
            families: self.families,
            address_v4: self.address_v4,
            address_v6: self.address_v6,
        }
    }
}

impl Behind {
    /// The name by which the network knows it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Internet => Network::INTERNET,
            Self::Gateway(name) => name,
        }
    }
}
