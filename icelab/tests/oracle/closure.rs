//! Which path is possible: everything that the two peers can ever send is sent until nothing new comes of it.
//!
//! Only definitions are used. A NAT's mapping is the same for all remote endpoints, for those of one address, or for
//! one alone; its filter lets in anyone, addresses that were written to, or endpoints that were written to (RFC 4787
//! sections 4.1 and 5). A check works if its request arrives, its answer arrives, and the answer comes from where the
//! request went (RFC 8445 section 7.2.5.2.1). Each side checks every address of the other that it was told or has
//! seen in a request. Nothing expires, and ports never collide.

use std::collections::{BTreeMap, BTreeSet};

use super::network::{Dependence, Gateway, Network};

/// The kind of path between two peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Path {
    Direct,
    Relayed,
    None,
}

/// The best path that the definitions allow.
pub(crate) fn best_path(network: &Network) -> Path {
    let mut world = World::of(network);
    if world.connects() {
        Path::Direct
    } else if network.has_relay {
        Path::Relayed
    } else {
        Path::None
    }
}

/// A transport address: whose interface, and which port there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Address {
    /// The place where the interface is: 0 is the internet, else the inside of a gateway.
    place: usize,
    /// The interface, by a number of its own.
    interface: usize,
    port: usize,
}

/// A gateway with its tables.
struct Box_ {
    gateway: Gateway,
    /// The place that it is in.
    parent: usize,
    /// Its interface there.
    interface: usize,
    /// The outside port of each mapping.
    ports: BTreeMap<(Address, Option<usize>, Option<usize>), usize>,
    /// Whose the outside ports are.
    owners: Vec<Address>,
    /// To whom packets went, by outside port.
    written: Vec<BTreeSet<Address>>,
}

/// Everything: the gateway of place `n` (from 1) is `boxes[n - 1]`.
struct World {
    boxes: Vec<Box_>,
    /// The peers' sockets.
    peers: [Address; 2],
    servers: Vec<Address>,
    interfaces: usize,
}

impl World {
    fn of(network: &Network) -> Self {
        let nobody = Address { place: 0, interface: 0, port: 0 };
        let mut world =
            Self { boxes: Vec::new(), peers: [nobody; 2], servers: Vec::new(), interfaces: 0 };
        let common = world.nest(0, &network.shared);
        for side in 0..2 {
            let place = world.nest(common, &network.own[side]);
            world.peers[side] = world.socket(place);
        }
        let servers = if network.has_relay { 2 } else { 1 };
        world.servers = (0..servers).map(|_| world.socket(0)).collect();
        world
    }

    /// Puts these gateways, nearest to the peers first, into a place; the place inside all of them.
    fn nest(&mut self, mut place: usize, gateways: &[Gateway]) -> usize {
        for gateway in gateways.iter().rev() {
            self.interfaces += 1;
            self.boxes.push(Box_ {
                gateway: gateway.clone(),
                parent: place,
                interface: self.interfaces,
                ports: BTreeMap::new(),
                owners: Vec::new(),
                written: Vec::new(),
            });
            place = self.boxes.len();
        }
        place
    }

    fn socket(&mut self, place: usize) -> Address {
        self.interfaces += 1;
        Address { place, interface: self.interfaces, port: 0 }
    }

    /// Whether some check works, once all that can be sent was sent.
    fn connects(&mut self) -> bool {
        let mut known = [BTreeSet::new(), BTreeSet::new()];
        for side in 0..2 {
            let own = self.peers[side];
            let told = &mut known[1 - side];
            told.insert(own);
            for server in self.servers.clone() {
                let seen = self.send(own, server).expect("servers are on the internet");
                told.insert(seen.1);
            }
        }
        for _ in 0..ROUNDS {
            let before = (known.clone(), self.written());
            for side in 0..2 {
                for remote in known[side].clone() {
                    if self.check(side, remote, &mut known[1 - side]) {
                        return true;
                    }
                }
            }
            if before == (known.clone(), self.written()) {
                return false;
            }
        }
        false
    }

    /// A check of one side's: whether it works. The other side learns where it came from.
    fn check(&mut self, side: usize, remote: Address, learned: &mut BTreeSet<Address>) -> bool {
        let (own, other) = (self.peers[side], self.peers[1 - side]);
        let Some((receiver, seen)) = self.send(own, remote) else { return false };
        if receiver != other {
            return false;
        }
        learned.insert(seen);
        self.send(other, seen) == Some((own, remote))
    }

    /// Sends a packet: the socket where it arrives, and the source that it has there.
    fn send(&mut self, source: Address, destination: Address) -> Option<(Address, Address)> {
        let mut place = source.place;
        let mut seen = source;
        while place != destination.place {
            let gateway = self.boxes.get_mut(place.checked_sub(1)?)?;
            let is_for_itself =
                destination.place == gateway.parent && destination.interface == gateway.interface;
            seen = gateway.outbound(seen, destination);
            if is_for_itself {
                if !gateway.gateway.hairpins {
                    return None;
                }
                return self.enter(place, seen, destination);
            }
            place = gateway.parent;
        }
        self.arrive(seen, destination)
    }

    /// Delivers a packet in the place of its destination.
    fn arrive(&self, seen: Address, destination: Address) -> Option<(Address, Address)> {
        let mut sockets = self.peers.iter().chain(&self.servers);
        if let Some(socket) = sockets.find(|socket| **socket == destination) {
            return Some((*socket, seen));
        }
        let is_it = |gateway: &Box_| {
            gateway.parent == destination.place && gateway.interface == destination.interface
        };
        let inside = self.boxes.iter().position(is_it)? + 1;
        self.enter(inside, seen, destination)
    }

    /// Takes a packet through the gateway of this place, from outside.
    fn enter(
        &self,
        inside: usize,
        seen: Address,
        destination: Address,
    ) -> Option<(Address, Address)> {
        let inner = self.boxes.get(inside - 1)?.inbound(seen, destination.port)?;
        self.arrive(seen, inner)
    }

    /// All filters: they only ever grow.
    fn written(&self) -> Vec<Vec<BTreeSet<Address>>> {
        self.boxes.iter().map(|gateway| gateway.written.clone()).collect()
    }
}

impl Box_ {
    /// The source that a packet from inside gets.
    fn outbound(&mut self, source: Address, destination: Address) -> Address {
        let (interface, port) = match self.gateway.mapping {
            Dependence::Nothing => (None, None),
            Dependence::Address => (Some(destination.interface), None),
            Dependence::AddressAndPort => (Some(destination.interface), Some(destination.port)),
        };
        let fresh = self.owners.len();
        let port = *self.ports.entry((source, interface, port)).or_insert(fresh);
        if port == fresh {
            self.owners.push(source);
            self.written.push(BTreeSet::new());
        }
        self.written[port].insert(destination);
        Address { place: self.parent, interface: self.interface, port }
    }

    /// The inside endpoint for which a packet from outside is let in.
    fn inbound(&self, source: Address, port: usize) -> Option<Address> {
        let owner = *self.owners.get(port)?;
        let counts = |other: &usize| {
            *other == port || (self.gateway.filters_by_endpoint && self.owners[*other] == owner)
        };
        let mut written =
            (0..self.owners.len()).filter(counts).flat_map(|port| &self.written[port]);
        let is_let_in = match self.gateway.filtering {
            Dependence::Nothing => true,
            Dependence::Address => written
                .any(|known| (known.place, known.interface) == (source.place, source.interface)),
            Dependence::AddressAndPort => written.any(|known| *known == source),
        };
        is_let_in.then_some(owner)
    }
}

/// After so many rounds nothing but further peer-reflexive addresses of the same kind can appear.
const ROUNDS: usize = 12;
