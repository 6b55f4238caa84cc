//! What a simulation says about its network, and what is done to it.

use std::net::IpAddr;

use icelab_sans_io::Protocol;
use icelab_sans_io::net::{Interface, Notice, Request};

use super::native::Simulation;
use crate::fabric::{Awaited, DropRuleId, Matcher};
use crate::link::LinkChange;
use crate::record::{Name, Value};
use crate::topology::{Attachment, BuildError, Direction, LinkId, NodeId, NodeKind};

impl<G: Protocol<Input = Notice, Packet = Request>> Simulation<G> {
    /// The node of this name.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<NodeId> {
        self.fabric.node(name)
    }

    /// The name of a node.
    #[must_use]
    pub fn name(&self, node: NodeId) -> &Name {
        self.fabric.name(node)
    }

    /// What a node is.
    #[must_use]
    pub fn kind(&self, node: NodeId) -> NodeKind {
        self.fabric.kind(node)
    }

    /// The interfaces of a node that are there, with their addresses; of a gateway the one outside, then `inside`.
    #[must_use]
    pub fn interfaces(&self, node: NodeId) -> Vec<Interface> {
        self.fabric.interfaces(node)
    }

    /// The node's first address towards the internet, IPv4 before IPv6.
    #[must_use]
    pub fn address(&self, node: NodeId) -> Option<IpAddr> {
        self.fabric.address(node)
    }

    /// The node's addresses towards the internet, on interfaces that are there.
    #[must_use]
    pub fn addresses(&self, node: NodeId) -> Vec<IpAddr> {
        self.fabric.addresses(node)
    }

    /// The link by which `owner` reaches `towards`, or its first one where nothing is said.
    #[must_use]
    pub fn link(&self, owner: NodeId, towards: Option<NodeId>) -> Option<LinkId> {
        self.fabric.link(owner, towards)
    }

    /// Cuts the link between two neighbours, without a word to anybody; `false` when they are no neighbours.
    pub fn cut(&mut self, a: NodeId, b: NodeId) -> bool {
        self.fabric.cut(a, b)
    }

    /// Makes a cut link work again, and brings an unplugged interface back; `false` when they are no neighbours.
    pub fn heal(&mut self, a: NodeId, b: NodeId) -> bool {
        self.fabric.heal(a, b)
    }

    /// Takes away a host's interface; its guest is told. `false` when it has none there.
    pub fn unplug(&mut self, host: NodeId, from: NodeId) -> bool {
        self.fabric.unplug(host, from)
    }

    /// Gives a host one more interface; its guest is told.
    ///
    /// # Errors
    /// As for a host that is declared so.
    pub fn plug(&mut self, host: NodeId, attachment: &Attachment) -> Result<LinkId, BuildError> {
        self.fabric.plug(host, attachment)
    }

    /// A gateway loses all its state; `false` when it is none.
    pub fn reboot(&mut self, gateway: NodeId) -> bool {
        self.fabric.reboot(gateway)
    }

    /// A gateway gets other outside addresses: these, or where there are none the next free ones.
    ///
    /// # Errors
    /// When an address is taken or outside the range there, or none is free.
    pub fn rebind(&mut self, gateway: NodeId, outside: &[IpAddr]) -> Result<(), BuildError> {
        self.fabric.rebind(gateway, outside)
    }

    /// Changes settings of one direction of a link.
    pub fn set_link(&mut self, link: LinkId, direction: Direction, change: &LinkChange) {
        self.fabric.set_link(link, direction, change);
    }

    /// Drops those packets that match and have these numbers, counted from 1 from now on, and no others. 0 counts as 1.
    pub fn drop_each(
        &mut self,
        matcher: Matcher,
        ordinals: impl IntoIterator<Item = u32>,
    ) -> DropRuleId {
        self.fabric.drop_each(matcher, ordinals)
    }

    /// Drops the packet of this number only; see [`drop_each`](Self::drop_each).
    pub fn drop_nth(&mut self, matcher: Matcher, nth: u32) -> DropRuleId {
        self.drop_each(matcher, [nth])
    }

    /// What a rule still waits for; `None` once it has dropped all that it is for.
    #[must_use]
    pub fn awaited(&self, rule: DropRuleId) -> Option<Awaited> {
        self.fabric.awaited(rule)
    }

    /// Writes a protocol's own words into the record.
    pub fn note(
        &mut self,
        node: NodeId,
        name: &'static str,
        fields: impl AsRef<[(&'static str, Value)]>,
    ) {
        self.fabric.note(node, name, fields);
    }
}
