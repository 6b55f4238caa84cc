//! The story that `explain` tells.

use icelab_reports::scene::{Actor, Place, Role, Scene};
use icelab_reports::story::Story;
use icelab_sim::nat::{Behaviour, Config, Ports};

use crate::record::{SYMMETRIC, entries};

fn actor(name: &str, role: Role, behind: &str, address: &str) -> Actor {
    let addresses = vec![address.parse().expect("an address")];
    Actor {
        name: name.to_owned(),
        role,
        places: vec![Place { behind: behind.to_owned(), addresses }],
    }
}

fn symmetric() -> Role {
    let nat = Config {
        mapping: Behaviour::AddressAndPortDependent,
        filtering: Behaviour::AddressAndPortDependent,
        ports: Ports::Random,
        ..Config::default()
    };
    Role::Gateway {
        preset: Some("symmetric".to_owned()),
        nat: Some(Box::new(nat)),
        firewall: None,
        rules: Vec::new(),
    }
}

pub(crate) fn scene() -> Scene {
    Scene {
        title: "scenarios/nat/symmetric.yaml".to_owned(),
        asks: Some("Do two homes behind symmetric NATs need a relay?".to_owned()),
        seed: 1,
        actors: vec![
            actor("alice", Role::Peer, "home_a", "192.168.1.2"),
            actor("home_a", symmetric(), "internet", "203.0.113.1"),
            actor("bob", Role::Peer, "home_b", "192.168.1.2"),
            actor("home_b", symmetric(), "internet", "203.0.113.9"),
            actor("turn", Role::Server { stun: true, turn: true }, "internet", "198.51.100.1"),
        ],
    }
}

fn assert_snapshot(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true
    }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn two_symmetric_nats_tell_why_the_relay_won() {
    let story = Story::new(scene(), entries(SYMMETRIC)).to_string();
    assert_snapshot("story_symmetric", &story);
    assert!(story.lines().all(|line| line.chars().count() <= 110), "{story}");
}

#[test]
fn a_run_without_a_pair_tells_why_none_works() {
    let record = entries(SYMMETRIC);
    let early = record.into_iter().filter(|entry| entry.at.as_nanos() < 610_000_000);
    assert_snapshot("story_unconnected", &Story::new(scene(), early).to_string());
}

#[test]
fn an_empty_record_is_a_short_story() {
    let story = Story::new(scene(), Vec::new()).to_string();
    assert!(story.contains("No check was ever sent."), "{story}");
    assert!(story.contains("alice and bob never connected in 0.0 ms"), "{story}");
}

/// The symmetric record up to `end`, in seconds, whose call does not become secure.
fn insecure(end: &str) -> String {
    let kept = SYMMETRIC.lines().filter(|line| !line.contains("call.connected") && *line < end);
    let handshake = [
        "0.652000000 note bob dtls.started role \"client\"",
        "0.653000000 note bob dtls.closed reason \"nothing was heard\"",
    ];
    let record: Vec<&str> = kept.chain(handshake).collect();
    Story::new(scene(), entries(&record.join("\n"))).to_string().replace('\n', " ")
}

#[test]
fn a_call_that_is_not_secure_is_not_told_as_connected() {
    let story = insecure("9").replace("   ", " ").replace("  ", " ");
    let told =
        "alice and bob found a pair that works, but the call was not secure when the run ended at";
    assert!(story.contains(told), "{story}");
    assert!(story.contains("; bob: nothing was heard."), "{story}");
    assert!(!story.contains("are connected"), "{story}");
}

/// The handshake may fail before ICE has chosen among the pairs that work.
#[test]
fn a_pair_that_was_answered_is_not_told_as_one_that_does_not_work() {
    let story = insecure("0.66");
    assert!(story.contains("No pair was chosen (best pair first)"), "{story}");
    assert!(!story.contains("Why no pair works"), "{story}");
}
