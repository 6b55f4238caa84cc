//! The laboratory seen from outside: scenarios, the command line, worlds, and what must hold of them.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot go on fails, in its helpers too"
)]

mod accepted;
mod cases;
mod command;
mod data;
mod discovery;
mod meaning;
mod oracle;
mod readme;
mod refusal;
mod requirements;
mod robustness;
mod sense;
mod shipped;
mod structure;
mod worlds;

use icelab::scenario::load::Scenario;
use icelab::scenario::plan::Plan;
use icelab::scenario::text::source::Source;

/// Reads a scenario that has no faults.
fn read(text: &str) -> Scenario {
    match Scenario::read(Source::new("test.yaml", text)) {
        Ok(scenario) => scenario,
        Err(refusal) => panic!("{refusal}"),
    }
}

/// The plan of a scenario's only case.
fn plan(text: &str) -> Plan {
    let mut cases = read(text).cases;
    assert_eq!(cases.len(), 1);
    cases.remove(0).plan
}

/// Every message about a scenario that has faults.
fn refused(text: &str) -> Vec<String> {
    match Scenario::read(Source::new("test.yaml", text)) {
        Ok(_) => panic!("accepted: {text}"),
        Err(refusal) => refusal.lines(),
    }
}
