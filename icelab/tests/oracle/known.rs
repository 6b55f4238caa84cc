//! The oracle against what is known: a published matrix, and what its authors proved of single behaviours.

use super::closure::{Path, best_path};
use super::network::{Dependence, Gateway, Network};

const CONE: Gateway = Gateway::new(Dependence::Nothing, Dependence::Nothing);
const ADDR: Gateway = Gateway::new(Dependence::Nothing, Dependence::Address);
const PORT: Gateway = Gateway::new(Dependence::Nothing, Dependence::AddressAndPort);
const SYMM: Gateway = Gateway::new(Dependence::AddressAndPort, Dependence::AddressAndPort);

/// The UDP block of libwebrtc's matrix (`p2p_transport_channel_unittest.cc`): the letter is `R` where a side relays.
#[test]
fn the_oracle_gives_the_classes_of_libwebrtcs_matrix() {
    let sides = [
        vec![],
        vec![CONE],
        vec![ADDR],
        vec![PORT],
        vec![SYMM],
        vec![CONE, CONE],
        vec![SYMM, CONE],
    ];
    let matrix = ["DDDDDDD", "DDDDDDD", "DDDDDDD", "DDDDRDR", "DDDRRDR", "DDDDDDD", "DDDRRDR"];
    for (row, line) in matrix.iter().enumerate() {
        for (column, letter) in line.chars().enumerate() {
            let own = [sides[row].clone(), sides[column].clone()];
            let network = Network { shared: Vec::new(), own, has_relay: true };
            let expected = if letter == 'R' { Path::Relayed } else { Path::Direct };
            assert_eq!(best_path(&network), expected, "row {row}, column {column}");
        }
    }
}

#[test]
fn mapping_by_address_and_port_on_both_sides_is_never_direct() {
    for one in Dependence::ALL {
        for other in Dependence::ALL {
            let side = |filtering| Some(Gateway::new(Dependence::AddressAndPort, filtering));
            assert_eq!(best_path(&Network::pair(side(one), side(other))), Path::Relayed);
        }
    }
}

/// Whether the path between two homes changes when filters remember by inside endpoint, not by mapping.
fn depends_on_filter_state(one: &Gateway, other: &Gateway) -> bool {
    let by_endpoint =
        |gateway: &Gateway| Some(Gateway { filters_by_endpoint: true, ..gateway.clone() });
    let by_mapping = Network::pair(Some(one.clone()), Some(other.clone()));
    best_path(&by_mapping) != best_path(&Network::pair(by_endpoint(one), by_endpoint(other)))
}

#[test]
fn three_cells_of_the_grid_depend_on_what_filter_state_belongs_to() {
    let depending: Vec<_> = super::claims::behaviours()
        .flat_map(|one| super::claims::behaviours().map(move |other| (one.clone(), other)))
        .filter(|(one, other)| depends_on_filter_state(one, other))
        .map(|(one, other)| (one.mapping, other.mapping))
        .collect();
    let (address, both) = (Dependence::Address, Dependence::AddressAndPort);
    assert_eq!(depending, [(address, address), (address, both), (both, address)]);
}

#[test]
fn where_one_side_maps_by_nothing_filter_state_does_not_matter() {
    for filtering in Dependence::ALL {
        for other in super::claims::behaviours() {
            assert!(!depends_on_filter_state(
                &Gateway::new(Dependence::Nothing, filtering),
                &other
            ));
        }
    }
}

#[test]
fn peers_behind_one_gateway_are_direct_without_hairpinning_and_homes_behind_one_are_not() {
    let shared = vec![PORT];
    let one_lan = Network { shared: shared.clone(), own: [vec![], vec![]], has_relay: false };
    assert_eq!(best_path(&one_lan), Path::Direct);
    let own = [vec![PORT], vec![PORT]];
    let two_homes = Network { shared, own: own.clone(), has_relay: false };
    assert_eq!(best_path(&two_homes), Path::None);
    let shared = vec![Gateway { hairpins: true, ..PORT }];
    assert_eq!(best_path(&Network { shared, own, has_relay: false }), Path::Direct);
}
