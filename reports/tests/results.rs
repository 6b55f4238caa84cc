//! The results file: its shape, joining shards, comparing two.

use icelab_reports::results::{
    CandidateType, Change, Comparison, Group, MergeError, ReadError, Results, Shard, Verdict, merge,
};

use crate::sample::{broken, carrying, case, connected, failed};

/// The example of the promise to users, word for word.
const PROMISED: &str = r#"
{ "format": 1, "icelab": "0.1.0",
  "cases": [ {
    "file": "scenarios/nat/two-homes.yaml", "case": {"a": "symmetric"}, "seed": 7, "runtime": "native",
    "verdict": "passed",
    "path": "direct", "connected_ms": 312.4,
    "phases_ms": { "gathered": 61.0, "ice": 205.2, "secure": 312.4, "open": 388.0 },
    "selected": { "alice": {"type": "srflx", "transport": "udp", "address": "203.0.113.1:40000"}, "bob": {} },
    "failures": [ {"expect": "path", "wanted": "direct", "got": "relayed", "at_ms": 30000.0} ],
    "data": {}, "media": {}, "record_hash": "…", "simulated_ms": 30000.0, "wall_ms": 3.1 } ] }
"#;

#[test]
fn the_promised_example_is_read_and_written_with_the_same_keys_in_the_same_order() {
    let results = Results::read(PROMISED).unwrap();
    let squeeze = |text: &str| text.split_whitespace().collect::<String>();
    assert_eq!(squeeze(&results.write()), squeeze(PROMISED));
}

#[test]
fn a_written_file_reads_back_as_it_was() {
    let relay = CandidateType::Relay;
    let results = Results::new(vec![
        connected(case("a.yaml", &[("left", "open"), ("a", "x")]), relay, relay, 312_417),
        failed(case("b.yaml", &[])),
        broken(case("c.yaml", &[]), "no route"),
    ]);
    let text = results.write();
    assert_eq!(Results::read(&text).unwrap(), results);
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("results_file", text);
    });
}

#[test]
fn an_unknown_format_and_a_broken_file_are_told_apart() {
    let unknown = Results::read(r#"{ "format": 2, "pages": [] }"#).unwrap_err();
    assert!(matches!(unknown, ReadError::Format { found: 2 }));
    let broken = Results::read("{ \"format\": 1,\n \"cases\": }").unwrap_err();
    assert!(broken.to_string().contains("line 2"), "{broken}");
}

fn suite(length: usize) -> Vec<icelab_reports::results::Case> {
    (0..length).map(|index| case(&format!("{index}.yaml"), &[])).collect()
}

/// A part of a suite in which `together` cases, from the second on, must stay together.
fn shard(number: usize, of: usize, length: usize, together: usize) -> Results {
    let shard = Shard::new(number, of).expect("a part that exists");
    let mut hands = vec![1; length];
    if together > 0 {
        hands.splice(1..=together, [together]);
    }
    let takes = shard.takes(hands.iter().copied());
    let takes = takes.into_iter().zip(hands).flat_map(|(is, cases)| vec![is; cases]);
    let dealt = suite(length).into_iter().enumerate().zip(takes);
    let (places, cases) = dealt.filter(|(_, is)| *is).map(|(placed, _)| placed).unzip();
    Results { shard: Some(shard), places, ..Results::new(cases) }
}

#[test]
fn shards_in_any_order_merge_into_the_whole_suite() {
    for (length, together) in [(0, 0), (1, 0), (3, 0), (7, 0), (9, 0), (9, 5), (9, 8), (4, 2)] {
        let whole = Results::new(suite(length));
        let part = |number| shard(number, 3, length, together);
        assert_eq!(merge(vec![part(3), part(1), part(2)]).unwrap(), whole, "{length} {together}");
        let without = |number| Results { places: Vec::new(), ..part(number) };
        if together == 0 {
            let merged = merge(vec![without(3), without(1), without(2)]).unwrap();
            assert_eq!(merged, whole, "files that name no places");
        }
    }
}

#[test]
fn parts_of_different_suites_do_not_merge() {
    let error = merge(vec![shard(1, 2, 9, 0), shard(2, 2, 4, 0)]).unwrap_err();
    assert_eq!(error, MergeError::Suites { number: 6, is_there: false });
    assert!(error.to_string().contains("case number 6 is missing"), "{error}");
    let mut again = shard(2, 2, 4, 0);
    again.places[0] = usize::MAX;
    assert!(matches!(merge(vec![shard(1, 2, 4, 0), again]), Err(MergeError::Suites { .. })));
    let mut twice = shard(2, 2, 4, 0);
    twice.places[0] = 0;
    let error = merge(vec![shard(1, 2, 4, 0), twice]).unwrap_err();
    assert!(error.to_string().contains("case number 1 is there twice"), "{error}");
}

#[test]
fn a_missing_shard_is_named() {
    let missing = Shard::new(2, 3).unwrap();
    assert_eq!(
        merge(vec![shard(1, 3, 9, 0), shard(3, 3, 9, 0)]),
        Err(MergeError::Missing { missing })
    );
}

#[test]
fn groups_come_out_in_the_order_of_their_cases_and_are_compared() {
    let group = |name: &str| Group::of(&[case(name, &[])]).unwrap();
    let part = |number| {
        let part = shard(number, 2, 4, 0);
        let groups = part.cases.iter().map(|case| group(&case.file)).collect();
        Results { groups, ..part }
    };
    let merged = merge(vec![part(2), part(1)]).unwrap();
    let files: Vec<&str> = merged.groups.iter().map(|group| group.file.as_str()).collect();
    assert_eq!(files, ["0.yaml", "1.yaml", "2.yaml", "3.yaml"]);
    let mut later = merged.clone();
    assert!(Comparison::between(&merged, &later).is_empty());
    later.groups.pop();
    later.groups[0].verdict = Verdict::Failed;
    let text = Comparison::between(&merged, &later).to_string();
    assert!(
        text.contains("~ 0.yaml, seeds 7..7 together\n    verdict      passed -> failed"),
        "{text}"
    );
    assert!(text.contains("- 3.yaml, seeds 7..7 together: was passed"), "{text}");
    assert!(Comparison::between(&later, &merged).to_string().contains("+ 3.yaml, seeds 7..7"));
}

#[test]
fn a_shard_that_is_given_twice_is_named() {
    let parts = [1, 1, 2].map(|number| shard(number, 2, 4, 0));
    assert_eq!(merge(parts.to_vec()).unwrap_err().to_string(), "shard 1/2 is given twice");
}

#[test]
fn a_case_that_is_there_twice_is_refused() {
    let twice = vec![Results::new(suite(2)), Results::new(suite(1))];
    let error = merge(twice).unwrap_err();
    assert_eq!(error.to_string(), "0.yaml with seed 7 is there twice");
}

#[test]
fn files_without_shards_are_joined_in_the_order_given() {
    let one = Results::new(vec![case("b.yaml", &[])]);
    let two = Results::new(vec![case("a.yaml", &[])]);
    let files: Vec<_> =
        merge(vec![one, two]).unwrap().cases.into_iter().map(|case| case.file).collect();
    assert_eq!(files, ["b.yaml", "a.yaml"]);
}

#[test]
fn wall_time_alone_is_no_change() {
    let older = Results::new(suite(3));
    let mut newer = older.clone();
    newer.cases[1].wall_ms = icelab_reports::results::Milliseconds::from_micros(9);
    let comparison = Comparison::between(&older, &newer);
    assert!(comparison.is_empty());
    assert_eq!(comparison.unchanged, 3);
}

#[test]
fn a_comparison_names_what_changed_was_added_and_is_gone() {
    let (srflx, relay) = (CandidateType::Srflx, CandidateType::Relay);
    let variables = [("a", "symmetric"), ("b", "open")];
    let older = Results::new(vec![
        connected(case("nat/pair.yaml", &variables), srflx, srflx, 312_400),
        case("gone.yaml", &[]),
        case("same.yaml", &[]),
        case("rerun.yaml", &[]),
    ]);
    let mut rerun = case("rerun.yaml", &[]);
    rerun.record_hash = Some("another".to_owned());
    let newer = Results::new(vec![
        failed(connected(case("nat/pair.yaml", &variables), relay, srflx, 890_000)),
        case("same.yaml", &[]),
        rerun,
        broken(case("new.yaml", &[]), "no route"),
    ]);
    let comparison = Comparison::between(&older, &newer);
    assert!(matches!(comparison.changes[1], Change::OnlyTheRun { .. }));
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("comparison", comparison.to_string());
    });
}

#[test]
fn what_channels_carried_is_written_read_and_compared() {
    let older = Results::new(vec![carrying(case("a.yaml", &[]), 10, 9_600_000)]);
    let text = older.write();
    assert!(text.contains("\"goodput_bits_per_s\": 9600000"), "{text}");
    assert_eq!(Results::read(&text).unwrap(), older);
    let newer = Results::new(vec![carrying(case("a.yaml", &[]), 9, 4_800_000)]);
    let told = Comparison::between(&older, &newer).to_string();
    let change =
        "file: alice 10/10, 1 overtaken, 9.6 Mbit/s -> file: alice 9/10, 1 overtaken, 4.8 Mbit/s";
    assert!(told.contains(change), "{told}");
}
