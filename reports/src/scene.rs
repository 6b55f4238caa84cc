//! What is known before the run: who stands behind what.

use std::net::IpAddr;

use icelab_sim::nat;

/// The stage of one run.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    /// The scenario, and the case where there are several.
    pub title: String,
    /// The question that the scenario asks.
    pub asks: Option<String>,
    /// The seed of the run.
    pub seed: u64,
    /// Everyone, in the order in which they are to be introduced.
    pub actors: Vec<Actor>,
}

/// A node of the network.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Its name, as the record has it.
    pub name: String,
    /// What it is there for.
    pub role: Role,
    /// Where it is connected; several for a host with several interfaces.
    pub places: Vec<Place>,
}

/// One interface towards the internet.
#[derive(Debug, Clone)]
pub struct Place {
    /// The next node towards the internet, by name.
    pub behind: String,
    /// The addresses of the interface.
    pub addresses: Vec<IpAddr>,
}

/// What a node is there for.
#[derive(Debug, Clone)]
pub enum Role {
    /// An end of a call.
    Peer,
    /// Something that answers STUN or relays by TURN.
    Server {
        /// It tells clients their mapped address.
        stun: bool,
        /// It lends relayed addresses.
        turn: bool,
    },
    /// Whatever routes.
    Gateway {
        /// What the scenario calls it, such as `symmetric`; none for one that was spelled out.
        preset: Option<String>,
        /// What its NAT does; none where it translates nothing.
        nat: Option<Box<nat::Config>>,
        /// Its firewall in a word or a few; none where it lets everything through.
        firewall: Option<String>,
        /// The rules of its firewall in words, in the order in which they are asked.
        rules: Vec<String>,
    },
}

impl Scene {
    /// The actor of this name.
    pub(crate) fn actor(&self, name: &str) -> Option<&Actor> {
        self.actors.iter().find(|actor| actor.name == name)
    }

    /// Whether this name is a server's.
    pub(crate) fn is_server(&self, name: &str) -> bool {
        self.actor(name).is_some_and(|actor| matches!(actor.role, Role::Server { .. }))
    }

    /// The server that has this address.
    pub(crate) fn server_at(&self, address: IpAddr) -> Option<&Actor> {
        self.actors.iter().find(|actor| {
            matches!(actor.role, Role::Server { .. })
                && actor.places.iter().any(|place| place.addresses.contains(&address))
        })
    }

    /// The NAT of the gateway of this name.
    pub(crate) fn nat(&self, gateway: &str) -> Option<&nat::Config> {
        match &self.actor(gateway)?.role {
            Role::Gateway { nat, .. } => nat.as_deref(),
            Role::Peer | Role::Server { .. } => None,
        }
    }

    /// The rules of the firewall of the gateway of this name.
    pub(crate) fn rules(&self, gateway: &str) -> &[String] {
        match self.actor(gateway).map(|actor| &actor.role) {
            Some(Role::Gateway { rules, .. }) => rules,
            Some(Role::Peer | Role::Server { .. }) | None => &[],
        }
    }

    /// Whether this node has this address.
    pub(crate) fn has_address(&self, name: &str, address: IpAddr) -> bool {
        let places = self.actor(name).into_iter().flat_map(|actor| &actor.places);
        places.into_iter().any(|place| place.addresses.contains(&address))
    }

    /// Whether somebody behind this gateway has this address.
    pub(crate) fn is_inside(&self, gateway: &str, address: IpAddr) -> bool {
        let is_behind = |actor: &&Actor| {
            let mut behind = actor.places.iter().find(|place| place.addresses.contains(&address));
            let mut steps = self.actors.len();
            while let Some(place) = behind
                && steps > 0
            {
                if place.behind == gateway {
                    return true;
                }
                behind = self.actor(&place.behind).and_then(|next| next.places.first());
                steps -= 1;
            }
            false
        };
        self.actors.iter().any(|actor| is_behind(&actor))
    }

    /// The names of the ends of the call, in order.
    pub(crate) fn peers(&self) -> impl Iterator<Item = &str> {
        let is_peer = |actor: &&Actor| matches!(actor.role, Role::Peer);
        self.actors.iter().filter(is_peer).map(|actor| actor.name.as_str())
    }
}
