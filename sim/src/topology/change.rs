//! What changes while a network runs, and what is asked about it.

use std::net::IpAddr;

use petgraph::graph::EdgeIndex;

use super::build::{Topology, host_wish_addresses};
use super::config::Attachment;
use super::error::BuildError;
use super::node::{LinkId, NodeId, NodeKind};
use super::site::{Cable, Site, Uplink};
use crate::record::Name;

impl Topology {
    pub(crate) fn node(&self, name: &str) -> Option<NodeId> {
        self.sites().find_map(|(node, site)| (site.name == *name).then_some(node))
    }

    pub(crate) fn sites(&self) -> impl Iterator<Item = (NodeId, &Site)> {
        (0..).map(NodeId).zip(self.graph.node_weights())
    }

    pub(crate) fn names(&self) -> Vec<Name> {
        self.graph.node_weights().map(|site| site.name.clone()).collect()
    }

    pub(crate) fn cables(&self) -> impl Iterator<Item = &Cable> {
        self.graph.edge_weights()
    }

    pub(crate) fn cable(&self, link: LinkId) -> Option<&Cable> {
        self.graph.edge_weight(EdgeIndex::new(link.index()))
    }

    /// The link by which `owner` reaches `towards`; its latest one, where it had several.
    pub(crate) fn link(&self, owner: NodeId, towards: Option<NodeId>) -> Option<LinkId> {
        let site = self.graph.node_weight(super::build::index_of(owner))?;
        let mut uplinks = site.interfaces.iter();
        let is_meant = |uplink: &&Uplink| towards.is_none_or(|towards| uplink.behind == towards);
        match towards {
            Some(_) => uplinks.rfind(is_meant).map(|uplink| uplink.link),
            None => uplinks.next().map(|uplink| uplink.link),
        }
    }

    /// The link between two neighbours, whichever of them is nearer to the internet.
    pub(crate) fn between(&self, a: NodeId, b: NodeId) -> Option<LinkId> {
        self.link(a, Some(b)).or_else(|| self.link(b, Some(a)))
    }

    /// Takes a host's interface away or brings it back; `false` when there is no such interface, or no change.
    pub(crate) fn set_plugged(&mut self, host: NodeId, behind: NodeId, is_plugged: bool) -> bool {
        let Some(link) = self.link(host, Some(behind)) else { return false };
        let site = self.site_mut(host);
        let mut uplinks = site.interfaces.iter_mut();
        let Some(uplink) = uplinks.find(|uplink| uplink.link == link) else { return false };
        if site.kind != NodeKind::Host || uplink.is_plugged == is_plugged {
            return false;
        }
        uplink.is_plugged = is_plugged;
        self.compute_routes().expect("interfaces of hosts announce no ranges");
        true
    }

    /// Gives a host one more interface, behind a node of this network.
    pub(crate) fn plug(&mut self, host: NodeId, new: &Attachment) -> Result<LinkId, BuildError> {
        let name = self.site(host).name.to_string();
        let behind = self.node(&new.behind).ok_or_else(|| BuildError::UnknownNode {
            node: name.clone(),
            behind: new.behind.clone(),
        })?;
        if self.site(behind).kind == NodeKind::Host {
            return Err(BuildError::BehindHost { node: name, behind: new.behind.clone() });
        }
        let mut addresses = host_wish_addresses(new);
        for address in &addresses {
            self.reserve_for(host, behind, *address)?;
        }
        for (is_v4, is_wished) in [(true, new.families.v4), (false, new.families.v6)] {
            let is_fixed = addresses.iter().any(|address| address.is_ipv4() == is_v4);
            if is_wished && !is_fixed {
                addresses.push(self.assign_one(host, behind, is_v4, false)?);
            }
        }
        addresses.sort_by_key(IpAddr::is_ipv6);
        self.add_cable(host, behind, &new.link);
        if let Some(uplink) = self.site_mut(host).interfaces.last_mut() {
            uplink.addresses = addresses;
        }
        self.compute_routes()?;
        self.link(host, Some(behind)).ok_or(BuildError::NoInterface { node: name })
    }

    /// Gives a gateway other outside addresses: these, or the next free ones of the same families.
    pub(crate) fn rebind(
        &mut self,
        gateway: NodeId,
        outside: &[IpAddr],
    ) -> Result<Vec<IpAddr>, BuildError> {
        let site = self.site(gateway);
        let (name, uplink) = (site.name.to_string(), site.interfaces.first().cloned());
        let Some(uplink) = uplink.filter(|_| site.kind != NodeKind::Host) else {
            return Err(BuildError::NoInterface { node: name });
        };
        let mut addresses = outside.to_vec();
        for address in outside {
            self.reserve_for(gateway, uplink.behind, *address)?;
        }
        if outside.is_empty() {
            for old in &uplink.addresses {
                addresses.push(self.assign_one(gateway, uplink.behind, old.is_ipv4(), true)?);
            }
        }
        addresses.sort_by_key(IpAddr::is_ipv6);
        for old in uplink.addresses.iter().filter(|old| !addresses.contains(old)) {
            self.site_mut(uplink.behind).inside.realm.release(*old);
        }
        if let Some(uplink) = self.site_mut(gateway).interfaces.first_mut() {
            uplink.addresses.clone_from(&addresses);
        }
        self.compute_routes()?;
        Ok(addresses)
    }

    /// Whether packets for the address reach this node: its own addresses, and those of the gateways that it is behind.
    pub(crate) fn is_reached_at(&self, node: NodeId, address: IpAddr) -> bool {
        let site = self.site(node);
        site.has(address)
            || site.interfaces.iter().any(|uplink| {
                uplink.behind != NodeId::INTERNET && self.is_reached_at(uplink.behind, address)
            })
    }
}
