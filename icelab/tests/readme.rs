//! What the README shows is so.

use std::fs;
use std::path::Path;
use std::process::Command;

use icelab::scenario::grammar::call::Call;
use icelab::scenario::grammar::data::{Carried, Channel, Send};
use icelab::scenario::grammar::event::Event;
use icelab::scenario::grammar::expect::{Expect, Soon};
use icelab::scenario::grammar::file::File;
use icelab::scenario::grammar::firewall::Rule;
use icelab::scenario::grammar::link::DirectionFields;
use icelab::scenario::grammar::node::{Gateway, Peer, Server};

const README: &str = include_str!("../../README.md");

/// The blocks of YAML in the README.
fn blocks() -> Vec<&'static str> {
    README.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn every_example_is_a_scenario_that_comes_out_as_it_expects() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    assert!(blocks().len() >= 2);
    for (index, block) in blocks().into_iter().enumerate() {
        let file = format!("example-{index}.yaml");
        fs::write(folder.join(&file), block).unwrap();
        let icelab = Command::new(env!("CARGO_BIN_EXE_icelab"))
            .args(["run", &file])
            .current_dir(&folder)
            .output()
            .unwrap();
        let [stdout, stderr] =
            [icelab.stdout, icelab.stderr].map(|out| String::from_utf8(out).unwrap());
        assert!(icelab.status.success(), "{stdout}{stderr}{block}");
        assert_eq!(stderr, "", "no warnings either");
    }
}

#[test]
fn every_key_of_the_grammar_but_those_of_nats_is_shown() {
    let words: Vec<&str> =
        README.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')).collect();
    let keys = [
        File::KEYS,
        Gateway::KEYS,
        Server::KEYS,
        Call::KEYS,
        Event::KEYS,
        Expect::KEYS,
        Soon::KEYS,
        Channel::KEYS,
        Send::KEYS,
        Carried::KEYS,
        Rule::KEYS,
        DirectionFields::KEYS,
    ];
    let peer = Peer::KEYS.iter().filter(|key| **key != "stack");
    for key in keys.into_iter().flatten().chain(peer) {
        assert!(words.contains(key), "`{key}` is not in the README");
    }
}
