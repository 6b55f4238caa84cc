//! RFC 4787's behaviours on both sides: three mappings times three filterings each, and no NAT.

use icelab_sim::nat::{Behaviour, Config};

use super::stage::{Home, call, run};

const BEHAVIOURS: [Behaviour; 3] = [
    Behaviour::EndpointIndependent,
    Behaviour::AddressDependent,
    Behaviour::AddressAndPortDependent,
];

/// A side: no NAT, or one with a mapping and a filtering.
type Side = Option<(Behaviour, Behaviour)>;

fn home(side: Side) -> Home {
    match side {
        None => Home::Open,
        Some((mapping, filtering)) => Home::Nat(Config { mapping, filtering, ..Config::default() }),
    }
}

#[test]
fn the_hundred_cells_take_the_class_that_the_behaviours_imply() {
    let mut sides: Vec<Side> = vec![None];
    for mapping in BEHAVIOURS {
        sides.extend(BEHAVIOURS.map(|filtering| Some((mapping, filtering))));
    }
    let mut wrong = Vec::new();
    for left in &sides {
        for right in &sides {
            let outcome = run(&home(*left), &home(*right), call());
            let wanted = closure::class(*left, *right);
            if outcome.path != wanted {
                wrong.push(format!("{left:?} and {right:?}: {:?}, not {wanted:?}", outcome.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
}

/// What is possible, worked out from the behaviours alone: the checks of both sides are sent to every
/// address known so far until nothing new is learned.
mod closure {
    use std::collections::BTreeSet;

    use icelab::scenario::plan::Path;
    use icelab_sim::nat::Behaviour;

    use super::Side;

    /// Addresses are pairs of a host and a port. Host 0 and 1 are the two sides' outside addresses,
    /// host 2 the STUN server; a port names the mapping's key.
    type Address = (usize, u64);

    /// One side: its NAT's mappings with what each has sent to.
    #[derive(Clone)]
    struct Nat {
        number: usize,
        side: Side,
        mappings: Vec<(MappingKey, Vec<Address>)>,
    }

    type MappingKey = (Option<usize>, Option<u64>);

    impl Nat {
        fn new(number: usize, side: Side) -> Self {
            Self { number, side, mappings: Vec::new() }
        }

        /// The outside address from which a packet to `to` leaves.
        fn send(&mut self, to: Address) -> Address {
            let key = match self.side.map(|(mapping, _)| mapping) {
                None | Some(Behaviour::EndpointIndependent) => (None, None),
                Some(Behaviour::AddressDependent) => (Some(to.0), None),
                Some(Behaviour::AddressAndPortDependent) => (Some(to.0), Some(to.1)),
            };
            let known = self.mappings.iter().position(|(known, _)| *known == key);
            let place = known.unwrap_or_else(|| {
                self.mappings.push((key, Vec::new()));
                self.mappings.len() - 1
            });
            self.mappings[place].1.push(to);
            (self.number, place as u64)
        }

        /// Whether a packet from `from` to the outside address `to` gets in.
        fn lets_in(&self, from: Address, to: Address) -> bool {
            let Ok(place) = usize::try_from(to.1) else { return false };
            let Some((_, sent)) = self.mappings.get(place) else { return false };
            match self.side.map(|(_, filtering)| filtering) {
                None | Some(Behaviour::EndpointIndependent) => true,
                Some(Behaviour::AddressDependent) => sent.iter().any(|known| known.0 == from.0),
                Some(Behaviour::AddressAndPortDependent) => sent.contains(&from),
            }
        }
    }

    pub(super) fn class(left: Side, right: Side) -> Path {
        let mut nats = [Nat::new(0, left), Nat::new(1, right)];
        let stun: Address = (2, 0);
        // What each side knows of the other: first what STUN told.
        let told = [nats[0].send(stun), nats[1].send(stun)];
        let mut known = [BTreeSet::from([told[1]]), BTreeSet::from([told[0]])];
        for _ in 0..8 {
            for me in 0..2 {
                let other = 1 - me;
                for to in known[me].clone() {
                    let from = nats[me].send(to);
                    if nats[other].lets_in(from, to) {
                        // The other side learns a peer-reflexive candidate, and answers from where it
                        // was asked: that answer must leave from `to` and be let in.
                        known[other].insert(from);
                        let answer = nats[other].send(from);
                        if answer == to && nats[me].lets_in(answer, from) {
                            return Path::Direct;
                        }
                    }
                }
            }
        }
        Path::Relayed
    }
}
