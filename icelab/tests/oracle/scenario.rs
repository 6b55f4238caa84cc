//! A network as a scenario file, and what the library makes of it.

use std::fmt::Write;
use std::path::PathBuf;

use icelab::World;
use icelab::scenario::load::Scenario;
use icelab::scenario::plan;
use icelab::scenario::text::source::Source;
use icelab_sim::Level;

use super::closure::Path;
use super::network::{Dependence, Gateway, Network};

/// The network as the text of a scenario file that expects this path.
pub(crate) fn text(network: &Network, path: Path, seed: u64) -> String {
    let mut text = String::new();
    let mut gateways = String::new();
    let common = nest(&mut gateways, "shared", "internet", &network.shared, SHARED_INSIDE);
    let homes = [("alice", "home_a"), ("bob", "home_b")];
    let mut peers = String::new();
    for ((peer, home), own) in homes.iter().zip(&network.own) {
        let behind = nest(&mut gateways, home, &common, own, OWN_INSIDE);
        writeln!(peers, "  {peer}: {{ behind: {behind} }}").expect("texts take everything");
    }
    let expected = match path {
        Path::Direct => "direct",
        Path::Relayed => "relayed",
        Path::None => "none",
    };
    let mut add = |line: &str| writeln!(text, "{line}").expect("texts take everything");
    add("asks: Does ICE find the way that RFC 4787's words allow?");
    add(&format!("seed: {seed}\nlimit: 30 s\n"));
    if !gateways.is_empty() {
        add(&format!("gateways:\n{gateways}"));
    }
    add("servers:\n  stun: { stun: {} }");
    if network.has_relay {
        add("  turn: { turn: {} }");
    }
    add(&format!("\npeers:\n{peers}\ncall:\n  offerer: alice"));
    add(if network.has_relay { "  ice_servers: [stun, turn]" } else { "  ice_servers: [stun]" });
    add(&format!("\nexpect:\n  path: {expected}"));
    text
}

/// Writes these gateways, nearest to the peers first; the name of the innermost one.
fn nest(
    text: &mut String,
    name: &str,
    outer: &str,
    gateways: &[Gateway],
    inside: &[&str],
) -> String {
    let mut behind = outer.to_owned();
    for (depth, gateway) in gateways.iter().enumerate().rev() {
        let own_name = if depth == 0 { name.to_owned() } else { format!("{name}_{depth}") };
        let Gateway { mapping, filtering, filters_by_endpoint, hairpins, ports } = gateway;
        let (mapping, filtering) = (word(*mapping), word(*filtering));
        let state = if *filters_by_endpoint { "inside_endpoint" } else { "mapping" };
        let hairpin = if *hairpins { "external_source" } else { "none" };
        let inside = inside[depth];
        writeln!(
            text,
            "  {own_name}:\n    behind: {behind}\n    inside: {inside}\n    nat: {{ mapping: {mapping}, \
             filtering: {filtering}, filter_state: {state},\n           hairpin: {hairpin}, ports: {ports} }}"
        )
        .expect("texts take everything");
        behind = own_name;
    }
    behind
}

fn word(dependence: Dependence) -> &'static str {
    match dependence {
        Dependence::Nothing => "endpoint_independent",
        Dependence::Address => "address_dependent",
        Dependence::AddressAndPort => "address_and_port_dependent",
    }
}

/// Inside ranges by depth: ranges of two homes overlap, those of nested gateways do not.
const OWN_INSIDE: &[&str] = &["192.168.1.0/24", "10.64.0.0/16"];
const SHARED_INSIDE: &[&str] = &["100.64.0.0/10"];

/// Runs the one case of a scenario file, to the path that it took.
pub(crate) fn run(text: &str) -> Path {
    let source = Source::new("oracle.yaml".to_owned(), text.to_owned());
    let scenario = match Scenario::read(source) {
        Ok(scenario) => scenario,
        Err(refusal) => panic!("{refusal}\n{text}"),
    };
    let case = scenario.cases.first().expect("a file without a matrix is one case");
    let outcome =
        World::from_plan(&case.plan, Level::Hash).run().expect("the network can be built");
    match outcome.path {
        plan::Path::Direct => Path::Direct,
        plan::Path::Relayed => Path::Relayed,
        plan::Path::None => Path::None,
    }
}

/// Compares the library with the oracle; where they differ, writes the scenario file and says where it is.
pub(crate) fn compare(network: &Network, expected: Path, seed: u64) -> Result<(), String> {
    let text = text(network, expected, seed);
    let found = run(&text);
    if found == expected {
        return Ok(());
    }
    let path = keep(&text);
    Err(format!(
        "ICE finds {found:?} where {expected:?} is possible: `icelab explain {}`\n{text}",
        path.display()
    ))
}

/// Writes a failing case to `target/`, named after what is in it.
fn keep(text: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let sum = text.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let path = folder.join(format!("path-oracle-{sum:08x}.yaml"));
    std::fs::write(&path, text).expect("target/ can be written");
    path
}
