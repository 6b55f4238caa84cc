//! Two agents find each other.

use std::time::Duration;

use icelab_ice::State;

use crate::network::{ADDRESS, CONE, NatKind, Network, PORT, SYMMETRIC};

/// libwebrtc's table (its `p2p_transport_channel_unittest.cc`), UDP: rows control.
const NATS: [(&str, &[NatKind]); 7] = [
    ("open", &[]),
    ("cone", &[CONE]),
    ("address", &[ADDRESS]),
    ("port", &[PORT]),
    ("symmetric", &[SYMMETRIC]),
    ("two cones", &[CONE, CONE]),
    ("symmetric in cone", &[SYMMETRIC, CONE]),
];

const SELECTED: [[&str; 7]; 7] = [
    ["LL", "LS", "LS", "LS", "LP", "LS", "LP"],
    ["SL", "SS", "SS", "SS", "SP", "SS", "SP"],
    ["SL", "SS", "SS", "SS", "SP", "SS", "SP"],
    ["SL", "SS", "SS", "SS", "RP", "SS", "RP"],
    ["PL", "PS", "PS", "PR", "PR", "PS", "PR"],
    ["SL", "SS", "SS", "SS", "SP", "SS", "SP"],
    ["PL", "PS", "PS", "PR", "PR", "PS", "PR"],
];

#[test]
fn every_nat_against_every_nat_selects_what_libwebrtc_does() {
    for (row, (name_a, kinds_a)) in NATS.iter().enumerate() {
        for (column, (name_b, kinds_b)) in NATS.iter().enumerate() {
            let mut network = Network::new([kinds_a, kinds_b], 7);
            network.call();
            network.run_until(State::Completed, Duration::from_secs(5));
            network.assert_mirrored();
            assert_eq!(
                network.kinds(),
                SELECTED[row][column],
                "{name_a} to {name_b}:\n{}",
                network.log
            );
        }
    }
}
