//! Two agents behind NATs of every kind find each other, on the pair they should.

use std::time::Duration;

use icelab_ice::State;

use crate::network::{ADDRESS, CONE, NatKind, Network, PORT, SYMMETRIC};

/// libwebrtc's table (its `p2p_transport_channel_unittest.cc`), UDP: rows control. A letter each for
/// the controlling and the controlled side's local candidate: L host, S server-reflexive, P
/// peer-reflexive, R relayed.
const SELECTED: [[&str; 7]; 7] = [
    ["LL", "LS", "LS", "LS", "LP", "LS", "LP"],
    ["SL", "SS", "SS", "SS", "SP", "SS", "SP"],
    ["SL", "SS", "SS", "SS", "SP", "SS", "SP"],
    ["SL", "SS", "SS", "SS", "RP", "SS", "RP"],
    ["PL", "PS", "PS", "PR", "PR", "PS", "PR"],
    ["SL", "SS", "SS", "SS", "SP", "SS", "SP"],
    ["PL", "PS", "PS", "PR", "PR", "PS", "PR"],
];

const NATS: [(&str, &[NatKind]); 7] = [
    ("open", &[]),
    ("cone", &[CONE]),
    ("address", &[ADDRESS]),
    ("port", &[PORT]),
    ("symmetric", &[SYMMETRIC]),
    ("two cones", &[CONE, CONE]),
    ("symmetric in cone", &[SYMMETRIC, CONE]),
];

/// Runs all 49 cells, with `call` to begin them.
fn all_cells(mut call: impl FnMut(&mut Network)) {
    for (row, (name_a, kinds_a)) in NATS.iter().enumerate() {
        for (column, (name_b, kinds_b)) in NATS.iter().enumerate() {
            let mut network = Network::new([kinds_a, kinds_b], 7);
            call(&mut network);
            network.run_until(State::Completed, Duration::from_secs(9));
            network.assert_mirrored();
            let expected = SELECTED[row][column];
            assert_eq!(network.kinds(), expected, "{name_a} to {name_b}:\n{}", network.log);
        }
    }
}

#[test]
fn every_nat_against_every_nat_selects_what_libwebrtc_does() {
    all_cells(Network::call);
}

#[test]
fn the_selection_does_not_depend_on_the_delay() {
    for millis in [1, 100, 300] {
        all_cells(|network| {
            network.delay = Duration::from_millis(millis);
            network.jitter = Duration::from_millis(millis / 3);
            network.call();
        });
    }
}

#[test]
fn the_selection_does_not_depend_on_who_begins() {
    for first in [0, 1] {
        for head_start in [20, 150] {
            all_cells(|network| {
                let gathered = [network.gather(0), network.gather(1)];
                network.introduce(first, &gathered[1 - first]);
                network.run_for(Duration::from_millis(head_start));
                network.introduce(1 - first, &gathered[first]);
            });
        }
    }
}
