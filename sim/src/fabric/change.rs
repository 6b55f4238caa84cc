//! What is done to a network while it runs.

use std::net::IpAddr;
use std::time::Duration;

use super::engine::{Fabric, Node};
use crate::link::LinkChange;
use crate::record::{Event, Name, Value};
use crate::topology::{Attachment, BuildError, Direction, LinkId, NodeId, NodeKind};

impl Fabric {
    /// The node of this name.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<NodeId> {
        self.topology.node(name)
    }

    /// The name of a node.
    #[must_use]
    pub fn name(&self, node: NodeId) -> &Name {
        &self.topology.site(node).name
    }

    /// What a node is.
    #[must_use]
    pub fn kind(&self, node: NodeId) -> NodeKind {
        self.topology.site(node).kind
    }

    /// Every node, from the internet on.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.topology.sites().map(|(node, _)| node)
    }

    /// The node's first address towards the internet, IPv4 before IPv6.
    #[must_use]
    pub fn address(&self, node: NodeId) -> Option<IpAddr> {
        self.addresses(node).first().copied()
    }

    /// The node's addresses towards the internet, on interfaces that are there.
    #[must_use]
    pub fn addresses(&self, node: NodeId) -> Vec<IpAddr> {
        self.topology.site(node).outside().collect()
    }

    /// The link by which `owner` reaches `towards`, or its first one where nothing is said.
    #[must_use]
    pub fn link(&self, owner: NodeId, towards: Option<NodeId>) -> Option<LinkId> {
        self.topology.link(owner, towards)
    }

    /// The shortest time in which a packet of each host can cross its own link, scheduled changes counted.
    pub fn least_host_delays(&self) -> impl Iterator<Item = (&Name, Duration)> {
        let cables = self.topology.cables();
        cables.filter(|cable| self.kind(cable.owner) == NodeKind::Host).map(|cable| {
            let up = &cable.config.up;
            let scheduled = up.schedule.iter().filter_map(|change| change.set.delay);
            (self.name(cable.owner), scheduled.fold(up.delay, Duration::min))
        })
    }

    /// Cuts the link between two neighbours, without a word to anybody; `false` when they are no neighbours.
    pub fn cut(&mut self, a: NodeId, b: NodeId) -> bool {
        self.set_between(a, b, false)
    }

    /// Makes a cut link work again, and brings an unplugged interface back; `false` when they are no neighbours.
    pub fn heal(&mut self, a: NodeId, b: NodeId) -> bool {
        for (host, behind) in [(a, b), (b, a)] {
            if self.topology.set_plugged(host, behind, true) {
                self.record.event(self.now, &Event::Plugged(host, behind));
                self.tell_interfaces(host);
            }
        }
        self.set_between(a, b, true)
    }

    fn set_between(&mut self, a: NodeId, b: NodeId, is_up: bool) -> bool {
        let Some(link) = self.topology.between(a, b) else { return false };
        let event = if is_up { Event::Healed(a, b) } else { Event::Cut(a, b) };
        self.record.event(self.now, &event);
        let change = LinkChange { is_up: Some(is_up), ..LinkChange::default() };
        for direction in [Direction::Up, Direction::Down] {
            self.apply(link, direction, &change);
        }
        true
    }

    /// Takes away a host's interface; the host is told. `false` when it has none there.
    pub fn unplug(&mut self, host: NodeId, from: NodeId) -> bool {
        let is_changed = self.topology.set_plugged(host, from, false);
        if is_changed {
            self.record.event(self.now, &Event::Unplugged(host, from));
            self.tell_interfaces(host);
        }
        is_changed
    }

    /// Gives a host one more interface; the host is told.
    ///
    /// # Errors
    /// As for a host that is declared so.
    pub fn plug(&mut self, host: NodeId, attachment: &Attachment) -> Result<LinkId, BuildError> {
        let link = self.topology.plug(host, attachment)?;
        self.lay(link);
        let into = self.topology.cable(link).map_or(NodeId::INTERNET, |cable| cable.towards);
        self.record.event(self.now, &Event::Plugged(host, into));
        self.tell_interfaces(host);
        Ok(link)
    }

    /// A gateway loses all its state; `false` when it is none.
    pub fn reboot(&mut self, gateway: NodeId) -> bool {
        let now = self.now;
        let Some(Node::Gateway(state)) = self.nodes.get_mut(gateway.index()) else { return false };
        state.reboot(now);
        self.record.event(now, &Event::Rebooted(gateway));
        self.settle(gateway);
        true
    }

    /// A gateway gets other outside addresses: these, or where there are none the next free ones.
    ///
    /// # Errors
    /// When an address is taken or outside the range there, or none is free.
    pub fn rebind(&mut self, gateway: NodeId, outside: &[IpAddr]) -> Result<(), BuildError> {
        let outside = self.topology.rebind(gateway, outside)?;
        self.record.event(self.now, &Event::Rebound(gateway, &outside));
        if let Some(Node::Gateway(state)) = self.nodes.get_mut(gateway.index())
            && let Some(nat) = &mut state.nat
        {
            let is_v4 = nat.outside().first().is_none_or(IpAddr::is_ipv4);
            let outside = outside.into_iter().filter(|address| address.is_ipv4() == is_v4);
            nat.rebind(outside.collect(), self.now);
        }
        self.settle(gateway);
        Ok(())
    }

    /// Changes settings of one direction of a link.
    pub fn set_link(&mut self, link: LinkId, direction: Direction, change: &LinkChange) {
        let Some(cable) = self.topology.cable(link) else { return };
        let event = Event::LinkSet(cable.owner, cable.towards, direction);
        self.record.event(self.now, &event);
        self.apply(link, direction, change);
    }

    pub(super) fn change_by_schedule(&mut self, link: LinkId, direction: Direction, index: u32) {
        let Some(cable) = self.topology.cable(link) else { return };
        let config = match direction {
            Direction::Up => &cable.config.up,
            Direction::Down => &cable.config.down,
        };
        if let Some(change) = config.schedule.get(index as usize).map(|change| change.set.clone()) {
            self.set_link(link, direction, &change);
        }
    }

    fn apply(&mut self, link: LinkId, direction: Direction, change: &LinkChange) {
        self.with_pipe(link, direction, |pipe, now, acts| pipe.set(change, now, acts));
    }

    /// Writes a protocol's own words into the record.
    pub fn note(
        &mut self,
        node: NodeId,
        name: &'static str,
        fields: impl AsRef<[(&'static str, Value)]>,
    ) {
        self.record.note(self.now, node, name, fields.as_ref());
    }

    /// Writes into the record that a guest's deadline has come.
    pub fn note_deadline(&mut self, node: NodeId, timer: &'static str) {
        self.record.deadline(self.now, node, timer);
    }
}
