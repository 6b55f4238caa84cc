//! How long handshakes take over bad links.

use std::time::Duration;

use icelab_dtls::Version;
use icelab_sans_io::testing::LinkModel;

use crate::ends::{configs, connect, only, pair};

/// Times of `runs` handshakes, sorted, in milliseconds.
fn times(version: Version, loss_percent: u32, runs: u64) -> Vec<u128> {
    let model = LinkModel {
        delay: Duration::from_millis(100),
        loss_ppb: loss_percent * 10_000_000,
        ..LinkModel::default()
    };
    let mut times: Vec<u128> = (0..runs)
        .map(|seed| {
            let mut configs = configs(1);
            for config in [&mut configs.0, &mut configs.1] {
                only(version, config);
                config.retransmission.rtt = Some(Duration::from_millis(200));
            }
            let mut pair = pair(configs, model, seed);
            connect(&mut pair)
                .unwrap_or_else(|| panic!("seed {seed} failed:\n{}", pair.log()))
                .as_millis()
        })
        .collect();
    times.sort_unstable();
    times
}

#[test]
fn handshakes_survive_loss() {
    for version in [Version::V1_2, Version::V1_3] {
        for loss in [0, 5, 10, 25] {
            let times = times(version, loss, 200);
            let at = |share: usize| times[(times.len() - 1) * share / 100];
            println!("{version} {loss} %: p50 {} p95 {} max {}", at(50), at(95), at(100));
        }
    }
}
