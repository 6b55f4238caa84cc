//! From declarations to a graph with addresses and routes.

use std::collections::VecDeque;
use std::net::IpAddr;

use petgraph::Direction::Outgoing;
use petgraph::graph::{DiGraph, NodeIndex};

use super::address::{Blocks, CORE, Realm};
use super::config::{Attachment, Families, GatewayConfig};
use super::error::BuildError;
use super::network::{Body, Network};
use super::node::{LinkId, NodeId};
use super::site::{Cable, Inside, Site, Uplink};
use crate::nat;
use crate::packet::Prefix;
use crate::record::Name;

/// A built network: sites, and cables from each site towards the internet.
#[derive(Clone, Debug)]
pub(crate) struct Topology {
    pub(super) graph: DiGraph<Site, Cable>,
    blocks: [Blocks; 3],
}

/// What an interface asks for.
struct Wish {
    node: NodeId,
    behind: NodeId,
    families: Families,
    fixed: Vec<IpAddr>,
    /// How many IPv4 addresses, where none is fixed.
    count_v4: usize,
    is_gateway: bool,
}

impl Topology {
    pub(crate) fn build(network: &Network) -> Result<Self, BuildError> {
        let mut topology = Self {
            graph: DiGraph::new(),
            blocks: [Blocks::public_v4(), Blocks::private_v4(), Blocks::v6()],
        };
        topology.add_sites(network)?;
        let wishes = topology.wishes(network)?;
        topology.refuse_cycles()?;
        for (_, site) in topology.gateways() {
            for (block, range) in [(0, site.inside_v4), (1, site.inside_v4), (2, site.inside_v6)] {
                if let (Some(blocks), Some(range)) = (topology.blocks.get_mut(block), range) {
                    blocks.reserve(range);
                }
            }
        }
        topology.assign(&wishes)?;
        topology.compute_routes()?;
        Ok(topology)
    }

    fn add_sites(&mut self, network: &Network) -> Result<(), BuildError> {
        for (index, node) in network.nodes.iter().enumerate() {
            if network.nodes.iter().take(index).any(|earlier| earlier.name == node.name) {
                return Err(BuildError::NameTaken { name: node.name.clone() });
            }
            let id = NodeId(u32::try_from(index).expect("counted when declared"));
            let mut inside = Inside::default();
            if id == NodeId::INTERNET {
                inside.realm = Realm::internet();
                inside.addresses = CORE.to_vec();
            }
            self.graph.add_node(Site {
                name: Name::new(&node.name),
                kind: network.kind(id).expect("declared"),
                interfaces: Vec::new(),
                inside,
                gateway: match &node.body {
                    Body::Gateway(gateway) => Some(gateway.clone()),
                    Body::Internet | Body::Host(_) => None,
                },
            });
        }
        Ok(())
    }

    /// Adds every cable, and says what is wished for at its lower end.
    fn wishes(&mut self, network: &Network) -> Result<Vec<Wish>, BuildError> {
        let mut wishes = Vec::new();
        for (index, declared) in network.nodes.iter().enumerate() {
            let node = NodeId(u32::try_from(index).expect("counted when declared"));
            match &declared.body {
                Body::Internet => {}
                Body::Gateway(gateway) => {
                    let behind = resolve(network, &declared.name, &gateway.behind)?;
                    self.add_cable(node, behind, &gateway.link);
                    let children = children(network, &declared.name);
                    wishes.push(gateway_wish(node, behind, gateway, children));
                }
                Body::Host(host) => {
                    if host.attachments.is_empty() {
                        return Err(BuildError::NoInterface { node: declared.name.clone() });
                    }
                    for attachment in &host.attachments {
                        let behind = resolve(network, &declared.name, &attachment.behind)?;
                        self.add_cable(node, behind, &attachment.link);
                        wishes.push(host_wish(node, behind, attachment));
                    }
                }
            }
        }
        Ok(wishes)
    }

    pub(super) fn add_cable(
        &mut self,
        owner: NodeId,
        towards: NodeId,
        config: &crate::link::LinkConfig,
    ) {
        let cable = Cable { owner, towards, config: config.clone() };
        let edge = self.graph.add_edge(index_of(owner), index_of(towards), cable);
        let link = LinkId(u32::try_from(edge.index()).expect("petgraph counts edges in 32 bits"));
        let uplink = Uplink { link, behind: towards, addresses: Vec::new(), is_plugged: true };
        self.site_mut(owner).interfaces.push(uplink);
    }

    fn refuse_cycles(&self) -> Result<(), BuildError> {
        let Err(cycle) = petgraph::algo::toposort(&self.graph, None) else { return Ok(()) };
        // Only gateways can be in a cycle, and a gateway is behind one node.
        let start = cycle.node_id();
        let mut nodes = vec![self.graph[start].name.to_string()];
        let mut at = start;
        while let Some(next) = self.graph.neighbors_directed(at, Outgoing).next() {
            nodes.push(self.graph[next].name.to_string());
            at = next;
            if next == start || nodes.len() > self.graph.node_count() {
                break;
            }
        }
        Err(BuildError::Cycle { nodes })
    }

    fn gateways(&self) -> Vec<(NodeId, GatewayConfig)> {
        let sites = self.graph.node_weights().zip(0..);
        sites
            .filter_map(|(site, id)| Some((NodeId(id), site.gateway.as_deref()?.clone())))
            .collect()
    }

    /// Gives out addresses from the internet downwards; fixed ones first, then in the order of declaration.
    fn assign(&mut self, wishes: &[Wish]) -> Result<(), BuildError> {
        let mut places = VecDeque::from([NodeId::INTERNET]);
        while let Some(place) = places.pop_front() {
            let here: Vec<&Wish> = wishes.iter().filter(|wish| wish.behind == place).collect();
            for wish in &here {
                self.check_families(wish)?;
                for address in &wish.fixed {
                    self.reserve_for(wish.node, wish.behind, *address)?;
                }
            }
            let mut gateways = Vec::new();
            for wish in here {
                self.fulfil(wish)?;
                if wish.is_gateway {
                    gateways.push(wish.node);
                }
            }
            for gateway in gateways {
                let children = wishes.iter().filter(|wish| wish.behind == gateway).count();
                self.furnish(gateway, children)?;
                places.push_back(gateway);
            }
        }
        Ok(())
    }

    fn check_families(&self, wish: &Wish) -> Result<(), BuildError> {
        let place = self.site(wish.behind);
        for (family, is_wished, range) in [
            ("IPv4", wish.families.v4, place.inside.v4),
            ("IPv6", wish.families.v6, place.inside.v6),
        ] {
            if is_wished && wish.behind != NodeId::INTERNET && range.is_none() {
                return Err(BuildError::NoRoute {
                    node: self.site(wish.node).name.to_string(),
                    behind: place.name.to_string(),
                    family,
                });
            }
        }
        Ok(())
    }

    pub(super) fn reserve_for(
        &mut self,
        node: NodeId,
        behind: NodeId,
        address: IpAddr,
    ) -> Result<(), BuildError> {
        let name = self.site(node).name.to_string();
        let inside = &mut self.site_mut(behind).inside;
        let range = if address.is_ipv4() { inside.v4 } else { inside.v6 };
        if let Some(range) = range.filter(|range| !range.contains(address)) {
            return Err(BuildError::OutsideRange { node: name, address, range });
        }
        inside.realm.reserve(address, node).map_err(|other| {
            let other = self.site(other).name.to_string();
            BuildError::AddressTaken { node: name, other, address }
        })
    }

    fn fulfil(&mut self, wish: &Wish) -> Result<(), BuildError> {
        let mut addresses = wish.fixed.clone();
        for (is_v4, is_wished, count) in
            [(true, wish.families.v4, wish.count_v4), (false, wish.families.v6, 1)]
        {
            let is_fixed = wish.fixed.iter().any(|address| address.is_ipv4() == is_v4);
            if is_wished && !is_fixed {
                for _ in 0..count {
                    addresses.push(self.assign_one(
                        wish.node,
                        wish.behind,
                        is_v4,
                        wish.is_gateway,
                    )?);
                }
            }
        }
        // IPv4 before IPv6, each in its order.
        addresses.sort_by_key(IpAddr::is_ipv6);
        let site = self.site_mut(wish.node);
        let mut open = site.interfaces.iter_mut();
        let open = open.find(|uplink| uplink.behind == wish.behind && uplink.addresses.is_empty());
        if let Some(uplink) = open {
            uplink.addresses = addresses;
        }
        Ok(())
    }

    pub(super) fn assign_one(
        &mut self,
        node: NodeId,
        behind: NodeId,
        is_v4: bool,
        is_gateway: bool,
    ) -> Result<IpAddr, BuildError> {
        let own: Vec<IpAddr> =
            self.site(node).interfaces.iter().flat_map(|uplink| uplink.addresses.clone()).collect();
        loop {
            let assigned = self.site_mut(behind).inside.realm.assign(node, is_gateway, is_v4);
            let address = assigned.map_err(|range| BuildError::RangeExhausted {
                node: self.site(node).name.to_string(),
                range: range.unwrap_or(if is_v4 { Prefix::ALL_V4 } else { Prefix::ALL_V6 }),
            })?;
            // Ranges may overlap, but a host tells its interfaces apart by their addresses.
            if !own.contains(&address) {
                return Ok(address);
            }
        }
    }

    /// Gives a gateway its ranges inside.
    fn furnish(&mut self, node: NodeId, children: usize) -> Result<(), BuildError> {
        let site = self.site(node);
        let Some(gateway) = site.gateway.as_deref() else { return Ok(()) };
        let (is_hidden, name) = (site.hides(true), site.name.to_string());
        let translation = site.translation();
        let is_v6_only =
            matches!(translation, Some(nat::Kind::Nat64 { .. } | nat::Kind::Nptv6 { .. }));
        let (has_v4, has_v6) = (
            gateway.families.v4 && !is_v6_only,
            gateway.families.v6
                || translation.is_some_and(|kind| matches!(kind, nat::Kind::Nat64 { .. })),
        );
        let (given_v4, given_v6) = (gateway.inside_v4, gateway.inside_v6);
        let home = Prefix::new(GatewayConfig::HOME.0.into(), GatewayConfig::HOME.1);
        let is_public = self.is_public(node);
        let [public, private, v6] = &mut self.blocks;
        let exhausted = |range| BuildError::RangeExhausted { node: name.clone(), range };
        let v4 = match given_v4 {
            _ if !has_v4 => None,
            Some(range) => Some(range),
            None if is_hidden => home,
            None => {
                // The network's own address, the gateway's, everybody's, and some to spare.
                let bits = (children + 8).next_power_of_two().trailing_zeros().clamp(4, 16);
                let length = 32 - u8::try_from(bits).expect("at most 16");
                let blocks = if is_public { public } else { private };
                Some(blocks.cut(length).map_err(&exhausted)?)
            }
        };
        let v6 = match given_v6 {
            _ if !has_v6 => None,
            Some(range) => Some(range),
            None => Some(v6.cut(64).map_err(&exhausted)?),
        };
        let inside = &mut self.site_mut(node).inside;
        inside.realm = Realm::inside(node, [v4, v6]);
        inside.addresses =
            [v4, v6].into_iter().flatten().filter_map(|range| range.nth(1)).collect();
        (inside.v4, inside.v6) = (v4, v6);
        Ok(())
    }

    /// Whether a gateway's outside is the internet's own addressing, with no IPv4 translation above it.
    fn is_public(&self, node: NodeId) -> bool {
        let mut at = node;
        while let Some(uplink) = self.site(at).interfaces.first() {
            at = uplink.behind;
            if self.site(at).hides(true) {
                return false;
            }
        }
        true
    }

    pub(crate) fn site(&self, node: NodeId) -> &Site {
        self.graph.node_weight(index_of(node)).expect("ids come from this network")
    }

    pub(crate) fn site_mut(&mut self, node: NodeId) -> &mut Site {
        self.graph.node_weight_mut(index_of(node)).expect("ids come from this network")
    }
}

pub(super) fn index_of(node: NodeId) -> NodeIndex {
    NodeIndex::new(node.index())
}

fn resolve(network: &Network, node: &str, behind: &str) -> Result<NodeId, BuildError> {
    let id = network.node(behind).ok_or_else(|| BuildError::UnknownNode {
        node: node.to_owned(),
        behind: behind.to_owned(),
    })?;
    match network.nodes.get(id.index()).map(|declared| &declared.body) {
        Some(Body::Host(_)) => {
            Err(BuildError::BehindHost { node: node.to_owned(), behind: behind.to_owned() })
        }
        Some(Body::Internet | Body::Gateway(_)) | None => Ok(id),
    }
}

fn gateway_wish(node: NodeId, behind: NodeId, gateway: &GatewayConfig, children: usize) -> Wish {
    let kind = gateway.nat.as_ref().map(|nat| nat.kind);
    let is_nat64 = matches!(kind, Some(nat::Kind::Nat64 { .. }));
    let families = Families { v4: gateway.families.v4 || is_nat64, v6: gateway.families.v6 };
    Wish {
        node,
        behind,
        families,
        fixed: gateway.outside.clone(),
        // Each host behind a one-to-one NAT has an outside address of its own (RFC 2663 section 4.1.1).
        count_v4: if kind == Some(nat::Kind::OneToOne) { children.max(1) } else { 1 },
        is_gateway: true,
    }
}

pub(super) fn host_wish_addresses(attachment: &Attachment) -> Vec<IpAddr> {
    let v4 = attachment.address_v4.map(IpAddr::V4);
    let v6 = attachment.address_v6.map(IpAddr::V6);
    v4.into_iter().chain(v6).collect()
}

fn host_wish(node: NodeId, behind: NodeId, attachment: &Attachment) -> Wish {
    Wish {
        node,
        behind,
        families: attachment.families,
        fixed: host_wish_addresses(attachment),
        count_v4: 1,
        is_gateway: false,
    }
}

/// How many interfaces are behind the node of this name.
fn children(network: &Network, name: &str) -> usize {
    let count = |body: &Body| match body {
        Body::Internet => 0,
        Body::Gateway(gateway) => usize::from(gateway.behind == name),
        Body::Host(host) => host.attachments.iter().filter(|at| at.behind == name).count(),
    };
    network.nodes.iter().map(|declared| count(&declared.body)).sum()
}
