//! The library against the oracle: the whole RFC 4787 grid, and random networks.

use proptest::prelude::{ProptestConfig, any};
use proptest::test_runner::TestCaseError;

use super::closure::best_path;
use super::network::{Dependence, Gateway, Network, networks};
use super::scenario::compare;

/// The nine behaviours: three mappings by three filterings.
pub(crate) fn behaviours() -> impl Iterator<Item = Gateway> {
    Dependence::ALL.into_iter().flat_map(|mapping| {
        Dependence::ALL.into_iter().map(move |filtering| Gateway::new(mapping, filtering))
    })
}

#[test]
fn every_cell_of_the_rfc_4787_grid_takes_the_path_that_the_oracle_gives() {
    let sides: Vec<_> = [None].into_iter().chain(behaviours().map(Some)).collect();
    let mut wrong = Vec::new();
    for one in &sides {
        for other in &sides {
            let network = Network::pair(one.clone(), other.clone());
            wrong.extend(compare(&network, best_path(&network), 1).err());
        }
    }
    assert!(wrong.is_empty(), "{} of 100 cells: {}", wrong.len(), wrong.join("\n"));
}

proptest::proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_random_network_takes_the_best_path_that_the_oracle_gives(
        network in networks(),
        seed in any::<u32>(),
    ) {
        compare(&network, best_path(&network), seed.into()).map_err(TestCaseError::fail)?;
    }
}
