//! The native loop.

use std::marker::PhantomData;
use std::net::IpAddr;

use icelab_sans_io::net::{Interface, Notice, Request};
use icelab_sans_io::{Instant, Protocol, Rng};

use super::matcher::Matcher;
use super::step::{EndlessWork, Step};
use crate::link::LinkChange;
use crate::record::{Level, Name, NetworkEvent, Value};
use crate::topology::{Attachment, BuildError, Direction, LinkId, Network, NodeId};

/// A network whose hosts have guests, all driven by one simulated clock.
pub struct Simulation<G: Protocol<Input = Notice, Packet = Request>> {
    guests: PhantomData<G>,
}

#[expect(unused_variables, clippy::todo, reason = "being written")]
#[expect(missing_docs, reason = "being written")]
impl<G: Protocol<Input = Notice, Packet = Request>> Simulation<G> {
    pub fn new(network: &Network, rng: &Rng, level: Level) -> Result<Self, BuildError> {
        todo!()
    }

    // getters
    pub fn now(&self) -> Instant {
        todo!()
    }
    pub fn node(&self, name: &str) -> Option<NodeId> {
        todo!()
    }
    pub fn name(&self, node: NodeId) -> &Name {
        todo!()
    }
    /// A host's interfaces with their addresses (a gateway: outside first, then inside).
    pub fn interfaces(&self, node: NodeId) -> Vec<Interface> {
        todo!()
    }
    /// The first address of the node (v4 first); for a gateway its outside one.
    pub fn address(&self, node: NodeId) -> Option<IpAddr> {
        todo!()
    }
    /// The node that has the address, on the public internet.
    pub fn guest(&self, node: NodeId) -> Option<&G> {
        todo!()
    }
    /// How often the host was started.
    pub fn boots(&self, node: NodeId) -> u32 {
        todo!()
    }
    /// The link by which `owner` reaches `towards`, or its first one.
    pub fn link(&self, owner: NodeId, towards: Option<NodeId>) -> Option<LinkId> {
        todo!()
    }

    // guests
    /// Starts the host with this guest (boots += 1; guest hears `InterfacesChanged` first). Replaces a running one.
    pub fn place(&mut self, node: NodeId, guest: G) {
        todo!()
    }
    /// Guest and sockets are gone; packets to the host are dropped.
    pub fn crash(&mut self, node: NodeId) -> Option<G> {
        todo!()
    }
    /// Gives a command to a guest, then settles it.
    pub fn with_guest<R>(&mut self, node: NodeId, command: impl FnOnce(&mut G, Instant) -> R) -> Option<R> {
        todo!()
    }

    // time
    pub fn schedule(&mut self, at: Instant, token: u64) {
        todo!()
    }
    pub fn step(&mut self, until: Instant) -> Result<Step<G::Event>, EndlessWork> {
        todo!()
    }

    // network events
    /// Cuts the link between two neighbours, silently; `false` when they are not neighbours.
    pub fn cut(&mut self, a: NodeId, b: NodeId) -> bool {
        todo!()
    }
    pub fn heal(&mut self, a: NodeId, b: NodeId) -> bool {
        todo!()
    }
    /// Removes the host's interface behind `from`; the guest hears `InterfacesChanged`. `heal` brings it back.
    pub fn unplug(&mut self, host: NodeId, from: NodeId) -> bool {
        todo!()
    }
    /// Gives the host a further interface.
    pub fn plug(&mut self, host: NodeId, attachment: &Attachment) -> Result<(), BuildError> {
        todo!()
    }
    /// The gateway forgets its mappings and connections.
    pub fn reboot(&mut self, gateway: NodeId) -> bool {
        todo!()
    }
    /// The gateway gets other outside addresses: the given ones, or the next free ones.
    pub fn rebind(&mut self, gateway: NodeId, outside: &[IpAddr]) -> Result<(), BuildError> {
        todo!()
    }
    pub fn set_link(&mut self, link: LinkId, direction: Direction, change: &LinkChange) {
        todo!()
    }
    /// Drops the `nth` (from 1) packet from now on that matches, and no other.
    pub fn drop_nth(&mut self, matcher: Matcher, nth: u32) {
        todo!()
    }

    // record
    pub fn note(&mut self, node: NodeId, name: &'static str, fields: Vec<(&'static str, Value)>) {
        todo!()
    }
    pub fn record(&self) -> &crate::record::Record {
        todo!()
    }
    pub fn into_record(self) -> crate::record::Record {
        todo!()
    }
    #[expect(dead_code)]
    fn event(&mut self, event: NetworkEvent) {}
}
