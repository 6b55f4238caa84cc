//! Hand-made results that the tests read.

use icelab_reports::results::{
    CandidateType, Case, CaseValue, Channel, Failure, Flow, Milliseconds, Path, Runtime, Selected,
    Transport, Verdict,
};

/// A case of `file` whose variables are given as pairs.
pub(crate) fn case(file: &str, variables: &[(&str, &str)]) -> Case {
    let variables =
        variables.iter().map(|&(name, value)| (name.to_owned(), CaseValue::from(value)));
    let mut case = Case::new(file, variables.collect(), 7, Runtime::Native);
    case.simulated_ms = Milliseconds::from_micros(30_000_000);
    case.wall_ms = Milliseconds::from_micros(3_100);
    case.record_hash = Some("5f2c".to_owned());
    case.path = Some(Path::None);
    case
}

/// The same case, connected over these types of candidates.
pub(crate) fn connected(mut case: Case, alice: CandidateType, bob: CandidateType, at: u64) -> Case {
    let relayed = [alice, bob].contains(&CandidateType::Relay);
    case.path = Some(if relayed { Path::Relayed } else { Path::Direct });
    case.connected_ms = Some(Milliseconds::from_micros(at));
    case.phases_ms.insert("gathered".to_owned(), Milliseconds::from_micros(61_000));
    case.phases_ms.insert("ice".to_owned(), Milliseconds::from_micros(at));
    case.selected.insert("alice".to_owned(), Some(selected(alice, "203.0.113.1:40000")));
    case.selected.insert("bob".to_owned(), Some(selected(bob, "203.0.113.9:4242")));
    case
}

/// The same case, failed because of its path.
pub(crate) fn failed(mut case: Case) -> Case {
    case.verdict = Verdict::Failed;
    case.failures.push(Failure {
        expect: "path".to_owned(),
        wanted: "direct".to_owned(),
        got: case.path.map_or_else(String::new, |path| path.to_string()),
        at_ms: Milliseconds::from_micros(30_000_000),
    });
    case
}

/// The same case, which could not be run.
pub(crate) fn broken(mut case: Case, message: &str) -> Case {
    case.verdict = Verdict::Error;
    case.error = Some(message.to_owned());
    case.path = None;
    case.record_hash = None;
    case
}

/// The same case, with a channel on which alice sent ten messages.
pub(crate) fn carrying(mut case: Case, delivered: u64, goodput: u64) -> Case {
    let flow = Flow {
        sent: 10,
        sent_bytes: 10_240,
        delivered,
        delivered_bytes: delivered * 1_024,
        duplicates: 0,
        broken: 0,
        overtaken: 1,
        given_up: 10 - delivered,
        first_write_ms: Some(Milliseconds::from_micros(500_000)),
        last_delivery_ms: Some(Milliseconds::from_micros(900_000)),
        goodput_bits_per_s: Some(goodput),
    };
    let from = [("alice".to_owned(), flow)].into_iter().collect();
    let open_ms = Some(Milliseconds::from_micros(480_000));
    case.data.insert("file".to_owned(), Channel { open_ms, from });
    case
}

fn selected(kind: CandidateType, address: &str) -> Selected {
    Selected {
        r#type: kind,
        transport: Transport::Udp,
        address: address.parse().expect("an address"),
        base: Some("192.168.1.2:5000".parse().expect("an address")),
    }
}
