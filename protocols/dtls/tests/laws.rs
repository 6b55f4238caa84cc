//! The laws of every layer.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use icelab_dtls::{Dtls, Version};
use icelab_sans_io::testing::{LinkModel, Pair, Passing, laws};
use icelab_sans_io::{Instant, Protocol, Rng};

use crate::ends::{configs, only, pair};

const LIMIT: Duration = Duration::from_secs(20);

fn terrible(version: Version) -> Pair<Dtls, Dtls> {
    let mut configs = configs(3);
    only(version, &mut configs.0);
    pair(configs, LinkModel::terrible(Duration::from_millis(60)), 3)
}

#[test]
fn the_same_seed_gives_the_same_log() {
    for version in [Version::V1_2, Version::V1_3] {
        laws::same_seed_same_log(|| terrible(version), LIMIT);
    }
}

#[test]
fn an_early_timeout_is_a_no_op() {
    for version in [Version::V1_2, Version::V1_3] {
        laws::an_early_timeout_is_a_no_op(|| terrible(version), LIMIT);
    }
}

#[test]
fn deadlines_advance_where_nobody_answers() {
    for lateness in [0, 1, 700] {
        let (config, _) = configs(4);
        let mut client = Dtls::new(config, Rng::from_u64(4));
        client.start(Instant::START);
        let lateness = Duration::from_millis(lateness);
        laws::deadlines_advance(&mut client, Duration::from_secs(7200), lateness);
        assert_eq!(client.poll_timeout(), None, "it has given up");
    }
}

#[test]
fn no_bytes_panic() {
    for version in [Version::V1_2, Version::V1_3] {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let mut configs = configs(5);
        only(version, &mut configs.0);
        let mut pair = pair(configs.clone(), LinkModel::default(), 5);
        let copies = Rc::clone(&seen);
        pair.filter(move |_, packet: &Vec<u8>, _| {
            copies.borrow_mut().push(packet.clone());
            Passing::Pass
        });
        pair.drive_for(Duration::from_secs(1));
        let samples = seen.borrow().clone();
        let server = || Dtls::new(configs.1.clone(), Rng::from_u64(5).fork("server", 0));
        laws::no_bytes_panic(server, &samples, 1);
        // A client with the same randomness is in the midst of the same handshake.
        let client = || {
            let mut client = Dtls::new(configs.0.clone(), Rng::from_u64(5).fork("client", 0));
            client.start(Instant::START);
            client
        };
        laws::no_bytes_panic(client, &samples, 1);
    }
}
