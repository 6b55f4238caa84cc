//! Both versions, both roles, over a link that does nothing to them.

use std::time::Duration;

use icelab_dtls::{Config, Version};
use icelab_sans_io::testing::LinkModel;

use crate::ends::{configs, connect, connected, data, only, pair};

const DELAY: Duration = Duration::from_millis(100);

/// Runs a handshake, and data both ways.
fn talk(configs: (Config, Config), version: Version) {
    let mut pair = pair(configs, LinkModel::delayed(DELAY), 1);
    connect(&mut pair).unwrap_or_else(|| panic!("no connection:\n{}", pair.log()));
    let now = pair.now();
    pair.a.send(b"ping", now).expect("connected");
    pair.z.send(b"pong", now).expect("connected");
    pair.drive_for(Duration::from_secs(1));
    let (a, z) = (pair.events_a(), pair.events_z());
    assert_eq!(data(&z), [b"ping"]);
    assert_eq!(data(&a), [b"pong"]);
    let (a, z) = (connected(&a), connected(&z));
    assert_eq!((a.version, z.version), (version, version));
    assert_eq!(a.cipher_suite, z.cipher_suite);
    let (a, z) = (a.srtp.as_ref().expect("keys"), z.srtp.as_ref().expect("keys"));
    assert_eq!(a.local.key.expose(), z.remote.key.expose());
    assert_eq!(a.remote.salt.expose(), z.local.salt.expose());
    assert_ne!(a.local.key.expose(), a.remote.key.expose());
}

#[test]
fn both_ends_agree_on_1_3_where_both_speak_it() {
    talk(configs(1), Version::V1_3);
}

#[test]
fn a_1_2_server_brings_it_down_to_1_2() {
    let mut configs = configs(1);
    only(Version::V1_2, &mut configs.1);
    talk(configs, Version::V1_2);
}

#[test]
fn a_1_2_client_brings_it_down_to_1_2() {
    let mut configs = configs(1);
    only(Version::V1_2, &mut configs.0);
    talk(configs, Version::V1_2);
}
