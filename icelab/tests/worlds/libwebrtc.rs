//! libwebrtc's NAT matrix, the 49 cells that need UDP alone (`p2p_transport_channel_unittest.cc`).

use super::stage::{Home, letters, patient_call, preset, run};

fn homes() -> [Home; 7] {
    let symmetric = || preset("symmetric");
    let cone = || preset("full_cone");
    [
        Home::Open,
        Home::Nat(cone()),
        Home::Nat(preset("restricted")),
        Home::Nat(preset("port_restricted")),
        Home::Nat(symmetric()),
        Home::Double(cone(), cone()),
        Home::Double(symmetric(), cone()),
    ]
}

/// The controlling side's and then the controlled side's local candidate: L host, S server-reflexive,
/// P peer-reflexive, R relayed. Rows control.
const CELLS: [[&str; 7]; 7] = [
    ["LL", "LS", "LS", "LS", "LP", "LS", "LP"],
    ["SL", "SS", "SS", "SS", "SP", "SS", "SP"],
    ["SL", "SS", "SS", "SS", "SP", "SS", "SP"],
    ["SL", "SS", "SS", "SS", "RP", "SS", "RP"],
    ["PL", "PS", "PS", "PR", "PR", "PS", "PR"],
    ["SL", "SS", "SS", "SS", "SP", "SS", "SP"],
    ["PL", "PS", "PS", "PR", "PR", "PS", "PR"],
];

#[test]
fn all_49_cells_give_the_types_that_libwebrtc_gives() {
    let homes = homes();
    let mut wrong = Vec::new();
    for (row, controlling) in homes.iter().enumerate() {
        for (column, controlled) in homes.iter().enumerate() {
            let outcome = run(controlling, controlled, patient_call());
            let (got, wanted) = (letters(&outcome), CELLS[row][column]);
            // Which side relays is a tie-break of priorities; both must agree on mirrored pairs.
            let is_relay = wanted.contains('R');
            let mirrored: String = wanted.chars().rev().collect();
            if got != wanted && !(is_relay && got == mirrored) {
                wrong.push(format!("row {row} column {column}: {got}, not {wanted}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
}
