//! What the events of a plan do.

use icelab_sim::NodeId;
use icelab_sim::topology::Direction;

use super::compile::behind_name;
use super::drop_rule::matcher;
use super::end::Which;
use super::error::WorldError;
use super::link_note;
use super::run::Run;
use crate::scenario::plan::{Action, Cable, DropRule};

impl Run {
    /// Lets an event happen.
    pub(super) fn fire(&mut self, action: &Action) -> Result<(), WorldError> {
        match action {
            Action::Reboot { gateway } => {
                let node = self.gateway(gateway)?;
                if !self.simulation.reboot(node) {
                    return Err(unknown_gateway(gateway));
                }
            }
            Action::Rebind { gateway } => {
                let node = self.gateway(gateway)?;
                self.simulation.rebind(node, &[])?;
            }
            Action::Cut(cable) => {
                let (a, b) = self.cable(cable)?;
                let done = self.simulation.cut(a, b);
                found(done, cable)?;
            }
            Action::Heal(cable) => {
                let (a, b) = self.cable(cable)?;
                let done = self.simulation.heal(a, b);
                found(done, cable)?;
            }
            Action::Set { cable, up, down } => {
                let (owner, towards) = self.cable(cable)?;
                let link = self.simulation.link(owner, Some(towards));
                let link = link.ok_or_else(|| no_cable(cable))?;
                self.simulation.set_link(link, Direction::Up, up);
                self.simulation.set_link(link, Direction::Down, down);
                let note = link_note::fields(behind_name(&cable.towards), up, down);
                self.simulation.note(owner, "link.set", note);
            }
            Action::Drop(rule) => self.drop_packets(rule)?,
            Action::RestartIce { peer } => {
                let which = self.which(peer)?;
                self.command(which, icelab_peer::Peer::restart_ice);
            }
            Action::Pause { peer } => {
                let which = self.which(peer)?;
                self.note(which, "data.paused", Vec::new());
                self.command(which, |peer, _| peer.pause_channels());
            }
            Action::Resume { peer } => {
                let which = self.which(peer)?;
                self.note(which, "data.resumed", Vec::new());
                self.command(which, icelab_peer::Peer::resume_channels);
            }
            Action::Close { peer } => {
                let which = self.which(peer)?;
                self.is_closed = true;
                self.command(which, icelab_peer::Peer::close);
            }
        }
        Ok(())
    }

    fn drop_packets(&mut self, rule: &DropRule) -> Result<(), WorldError> {
        let from = rule.from.as_deref().map(|name| self.node(name)).transpose()?;
        let to = rule.to.as_deref().map(|name| self.node(name)).transpose()?;
        let ordinals = rule.nth.iter().map(|nth| u32::try_from(*nth).unwrap_or(u32::MAX));
        let id = self.simulation.drop_each(matcher(rule.packet, from, to), ordinals);
        if rule.must_come {
            self.drops.expect(id, rule);
        }
        Ok(())
    }

    fn cable(&self, cable: &Cable) -> Result<(NodeId, NodeId), WorldError> {
        Ok((self.node(&cable.node)?, self.node(behind_name(&cable.towards))?))
    }

    fn node(&self, name: &str) -> Result<NodeId, WorldError> {
        let node = self.simulation.node(name);
        node.ok_or_else(|| WorldError::Unknown { what: "node", name: name.to_owned() })
    }

    fn gateway(&self, name: &str) -> Result<NodeId, WorldError> {
        self.simulation.node(name).ok_or_else(|| unknown_gateway(name))
    }

    fn which(&self, name: &str) -> Result<Which, WorldError> {
        let is_named = |which: &Which| self.end(*which).is_some_and(|end| end.name == name);
        let found = Which::BOTH.into_iter().find(is_named);
        found.ok_or_else(|| WorldError::Unknown { what: "peer in the call", name: name.to_owned() })
    }
}

fn unknown_gateway(name: &str) -> WorldError {
    WorldError::Unknown { what: "gateway", name: name.to_owned() }
}

fn found(done: bool, cable: &Cable) -> Result<(), WorldError> {
    if done { Ok(()) } else { Err(no_cable(cable)) }
}

fn no_cable(cable: &Cable) -> WorldError {
    let b = behind_name(&cable.towards).to_owned();
    WorldError::NoCable { a: cable.node.clone(), b }
}
