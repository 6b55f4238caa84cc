//! How long handshakes take over bad links.

use std::time::Duration;

use icelab_dtls::{Dtls, Version};
use icelab_sans_io::testing::LinkModel;
use icelab_sans_io::{Instant, Protocol, Rng};

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

/// Both ends ready, at a round trip of 200 ms: nobody fails, and one loss costs one wait, which is
/// little longer than the round trip.
#[test]
fn handshakes_survive_loss_and_a_single_one_costs_little() {
    for (loss, p95) in [(0, 300), (5, 560), (10, 560)] {
        let times = times(Version::V1_3, loss, 200);
        let slow = times[times.len() * 95 / 100];
        assert!(slow <= p95, "1.3 at {loss} %: p95 {slow} ms");
    }
    for (loss, p95) in [(0, 400), (5, 700), (10, 900)] {
        let times = times(Version::V1_2, loss, 200);
        let slow = times[times.len() * 95 / 100];
        assert!(slow <= p95, "1.2 at {loss} %: p95 {slow} ms");
    }
}

#[test]
fn every_handshake_ends_well_where_a_quarter_is_lost() {
    for version in [Version::V1_2, Version::V1_3] {
        let times = times(version, 25, 200);
        assert!(times[199] < 20_000, "{version}: {} ms", times[199]);
    }
}

/// RFC 9147 section 5.8.2: the wait is to fit the path. What is learnt late helps a flight that is
/// already under way.
#[test]
fn a_round_trip_that_is_learnt_later_shortens_a_wait_that_is_running() {
    let (mut config, _) = configs(1);
    config.retransmission.rtt = Some(Duration::from_secs(2));
    let mut client = Dtls::new(config, Rng::from_u64(1));
    client.start(Instant::START);
    let due = |client: &Dtls| client.poll_timeout().map(|deadline| deadline.at.since_start());
    assert_eq!(due(&client), Some(Duration::from_millis(2255)));
    let now = Instant::from_millis(100);
    client.hint_round_trip(Duration::from_millis(200), now);
    assert_eq!(due(&client), Some(Duration::from_millis(330)));
    // Nothing makes it longer.
    client.hint_round_trip(Duration::from_secs(1), now);
    assert_eq!(due(&client), Some(Duration::from_millis(330)));
    // After a repetition the wait is twice that.
    client.hint_round_trip(Duration::from_millis(200), now);
    let now = Instant::from_millis(330);
    client.handle_timeout(now);
    assert_eq!(due(&client), Some(Duration::from_millis(330 + 460)));
}
