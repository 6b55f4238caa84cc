//! Two homes, two servers, and what a run of them comes to.

use core::time::Duration;

use icelab::scenario::plan::{Call, CandidateKind, Path, Turn};
use icelab::{Outcome, World};
use icelab_sim::nat::{self, Preset};
use icelab_sim::{GatewayConfig, HostConfig, Network};
use indexmap::IndexMap;

/// What stands between a peer and the internet.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a handful of them, once per test")]
pub(crate) enum Home {
    /// Nothing.
    Open,
    /// A NAT.
    Nat(nat::Config),
    /// A NAT behind another one: the outer one last.
    Double(nat::Config, nat::Config),
}

/// A NAT by the name that scenarios use.
pub(crate) fn preset(name: &str) -> nat::Config {
    Preset::named(name).unwrap_or_else(|| panic!("no preset {name}")).config()
}

/// A TURN server's settings, as the defaults of scenario files give them.
pub(crate) fn turn() -> Turn {
    Turn {
        transports: Vec::new(),
        users: IndexMap::from([("user".to_owned(), "secret".to_owned())]),
        realm: "icelab".to_owned(),
        quota: None,
        lifetime: None,
        nonce_lifetime: None,
    }
}

/// Alice and bob at home, a STUN and a TURN server on the internet, no call yet.
pub(crate) fn homes(alice: &Home, bob: &Home, seed: u64) -> World {
    let mut network = Network::new();
    let mut hosts = Vec::new();
    for (home, name) in [(alice, "home_a"), (bob, "home_b")] {
        let behind = match home {
            Home::Open => Network::INTERNET.to_owned(),
            Home::Nat(nat) => {
                network.gateway(name, GatewayConfig::nat(nat.clone()));
                name.to_owned()
            }
            Home::Double(inner, outer) => {
                let outer_name = format!("{name}_outer");
                let mut carrier = GatewayConfig::nat(outer.clone());
                let (address, length) = GatewayConfig::CARRIER;
                carrier.inside_v4 = icelab_sim::packet::Prefix::new(address.into(), length);
                network.gateway(&outer_name, carrier);
                network.gateway(name, GatewayConfig::nat(inner.clone()).behind(&outer_name));
                name.to_owned()
            }
        };
        hosts.push(HostConfig::behind(&behind));
    }
    let mut world = World::new(network, seed);
    world.stun_server("stun", HostConfig::behind(Network::INTERNET));
    world.turn_server("turn", HostConfig::behind(Network::INTERNET), turn());
    let bob = hosts.pop().unwrap();
    world.peer("alice", hosts.pop().unwrap());
    world.peer("bob", bob);
    world
}

/// A call in which both sides ask both servers.
pub(crate) fn call() -> Call {
    World::call_between("alice", "bob", &["stun", "turn"])
}

/// The same, without trickle.
pub(crate) fn patient_call() -> Call {
    Call { trickle: false, ..call() }
}

/// Runs a call between two homes.
pub(crate) fn run(alice: &Home, bob: &Home, call: Call) -> Outcome {
    let mut world = homes(alice, bob, 1);
    world.call(call);
    world.run().unwrap()
}

/// The kinds of both selected candidates, as one letter each.
pub(crate) fn letters(outcome: &Outcome) -> String {
    let letter = |name: &str| match outcome.selected[name].map(|selected| selected.what.kind) {
        Some(CandidateKind::Host) => 'L',
        Some(CandidateKind::ServerReflexive) => 'S',
        Some(CandidateKind::PeerReflexive) => 'P',
        Some(CandidateKind::Relayed) => 'R',
        None => '-',
    };
    [letter("alice"), letter("bob")].iter().collect()
}

/// Checks what nearly every test wants to know.
pub(crate) fn assert_path(outcome: &Outcome, path: Path) {
    assert_eq!(outcome.path, path, "{} {:?}", letters(outcome), outcome.selected);
    assert_eq!(outcome.failures, []);
    if path != Path::None {
        assert!(outcome.connected.is_some_and(|after| after < Duration::from_secs(10)));
    }
}
