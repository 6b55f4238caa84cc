//! The terminal's table of a suite.

use core::time::Duration;

use icelab_reports::results::{
    CandidateType, Case, Failure, Group, Milliseconds, Results, Verdict,
};
use icelab_reports::table::{SuiteTable, explain_command, replay_command};

use crate::sample::{broken, carrying, case, connected, failed};

const NATS: [&str; 4] = ["open", "full_cone", "port_restricted", "symmetric"];

/// A 4x4 matrix whose last row fails where both sides are symmetric.
fn square(file: &str) -> Vec<Case> {
    let (srflx, relay, prflx) = (CandidateType::Srflx, CandidateType::Relay, CandidateType::Prflx);
    let mut cases = Vec::new();
    for (row, a) in NATS.into_iter().enumerate() {
        for (column, b) in NATS.into_iter().enumerate() {
            let at = 200_000 + 1_000 * (row * 4 + column) as u64;
            let empty = case(file, &[("alice", a), ("bob", b)]);
            cases.push(match (row, column) {
                (3, 3) => failed(connected(empty, relay, prflx, at)),
                (2, 3) => empty,
                (3, _) => connected(empty, prflx, srflx, at),
                _ => connected(empty, srflx, srflx, at),
            });
        }
    }
    cases
}

fn suite() -> Results {
    let host = CandidateType::Host;
    let mut cases = square("scenarios/nat/square.yaml");
    cases.push(connected(case("scenarios/first.yaml", &[]), host, host, 43_210));
    for mode in ["regular", "aggressive"] {
        cases.push(connected(
            case("scenarios/ice/modes.yaml", &[("nomination", mode)]),
            host,
            host,
            50_000,
        ));
    }
    cases.push(broken(case("scenarios/bad.yaml", &[]), "no route from alice to the internet"));
    for seed in 1..=5 {
        let mut run = connected(case("scenarios/sweep.yaml", &[]), host, host, 1_000 * seed);
        run.seed = seed;
        cases.push(if seed == 4 { failed(run) } else { run });
    }
    cases.push(case("scenarios/silent.yaml", &[]));
    Results::new(cases)
}

pub(crate) fn assert_snapshot(name: &str, text: &str) {
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn a_suite_reads_as_lines_grids_failures_and_a_count() {
    assert_snapshot("table", &SuiteTable::new(&suite()).to_string());
}

#[test]
fn a_narrow_terminal_folds_the_grid() {
    let results = Results::new(square("scenarios/nat/square.yaml"));
    let stacked = SuiteTable::new(&results).width(80).to_string();
    let lettered = SuiteTable::new(&results).width(60).to_string();
    assert_snapshot("table_folded", &format!("{stacked}\n{lettered}"));
}

#[test]
fn wall_time_stands_on_the_last_line_only_when_it_is_given() {
    let mut results = suite();
    let before = SuiteTable::new(&results).to_string();
    results.cases[0].wall_ms = Milliseconds::from_micros(77_777);
    assert_eq!(SuiteTable::new(&results).to_string(), before);
    let timed = SuiteTable::new(&results).took(Duration::from_millis(1234)).to_string();
    assert!(
        timed.ends_with("26 cases, 23 as expected, 3 not (1 could not be run), in 1.23 s\n"),
        "{timed}"
    );
}

#[test]
fn colours_come_only_when_asked_for_and_change_no_letter() {
    let results = suite();
    let plain = SuiteTable::new(&results).to_string();
    let coloured = SuiteTable::new(&results).coloured(true).to_string();
    assert!(!plain.contains('\x1b') && coloured.contains('\x1b'));
    let stripped =
        coloured.replace("\x1b[32m", "").replace("\x1b[1;31m", "").replace("\x1b[0m", "");
    assert_eq!(stripped, plain);
}

#[test]
fn a_case_is_replayed_by_file_seed_and_variables() {
    let one = case("scenarios/a.yaml", &[("a", "open"), ("b", "full_cone")]);
    assert_eq!(
        replay_command(&one),
        "icelab run scenarios/a.yaml --seed 7 --filter '(a=open b=full_cone)'"
    );
}

/// So many seeds of one case that are all right, from 1.
fn sweep(seeds: u64) -> Vec<Case> {
    let host = CandidateType::Host;
    let runs = (1..=seeds).map(|seed| Case {
        seed,
        ..connected(case("sweep.yaml", &[("a", "open")]), host, host, 1_000 * seed)
    });
    runs.collect()
}

fn late(mut case: Case, got: &str) -> Case {
    case.verdict = Verdict::Failed;
    case.failures.push(Failure {
        expect: "connected".to_owned(),
        wanted: "within 1 ms".to_owned(),
        got: got.to_owned(),
        at_ms: Milliseconds::from_micros(case.seed),
    });
    case
}

#[test]
fn seeds_that_failed_alike_are_told_as_one() {
    let mut cases = sweep(40);
    for seed in [3, 17, 29, 30, 40] {
        cases[seed - 1] = failed(cases[seed - 1].clone());
    }
    cases[4] = late(cases[4].clone(), "connected after 812 ms");
    cases[5] = late(cases[5].clone(), "connected after 12.1 s");
    cases[6] = late(cases[6].clone(), "never connected");
    let text = SuiteTable::new(&Results::new(cases)).to_string();
    let (_, blocks) = text.split_once("\n\n").unwrap();
    assert_eq!(
        blocks,
        "\
✗ sweep.yaml (a=open), seeds 3, 17, 29 and 2 more
    path: wanted direct, got direct (judged at 30000.0 ms)
    again: icelab run sweep.yaml --seed 3 --filter '(a=open)'
    why:   icelab explain sweep.yaml --seed 3 --filter '(a=open)'

✗ sweep.yaml (a=open), seeds 5 and 6
    connected: wanted within 1 ms, got connected after 812 ms and connected after 12.1 s
    again: icelab run sweep.yaml --seed 5 --filter '(a=open)'
    why:   icelab explain sweep.yaml --seed 5 --filter '(a=open)'

✗ sweep.yaml (a=open), seed 7
    connected: wanted within 1 ms, got never connected (judged at 0.0 ms)
    again: icelab run sweep.yaml --seed 7 --filter '(a=open)'
    why:   icelab explain sweep.yaml --seed 7 --filter '(a=open)'

40 cases, 32 as expected, 8 not
"
    );
}

/// The first five of nine seeds, judged as one; the others never connect.
fn grouped() -> Results {
    let mut cases = sweep(5);
    let groups = Group::of(&cases).into_iter().collect();
    cases.extend(sweep(9).into_iter().skip(5).map(|case| Case { connected_ms: None, ..case }));
    Results { groups, ..Results::new(cases) }
}

#[test]
fn a_sweep_that_failed_as_one_is_replayed_as_one_and_no_case_of_it_has_failed() {
    let mut results = grouped();
    results.groups[0].verdict = Verdict::Failed;
    results.groups[0].failures.push(Failure {
        expect: "connected.p95 over 5 seeds".to_owned(),
        wanted: "at most 4 ms".to_owned(),
        got: "5 ms".to_owned(),
        at_ms: Milliseconds::from_micros(9_000),
    });
    assert!(!results.all_as_expected());
    assert_eq!(results.count(Verdict::Passed), 9);
    assert_eq!(Results::read(&results.write()).unwrap(), results);
    let text = SuiteTable::new(&results).again_with(&["--verify"]).to_string();
    let (_, blocks) = text.split_once("\n\n").unwrap();
    assert_eq!(
        blocks,
        "\
✗ sweep.yaml (a=open), seeds 1..5 together
    connected.p95 over 5 seeds: wanted at most 4 ms, got 5 ms (judged at 9.0 ms)
    the slowest is seed 5, connected after 5.0 ms
    again: icelab run sweep.yaml --sweep 1..5 --filter '(a=open)' --verify
    why:   icelab explain sweep.yaml --seed 5 --filter '(a=open)'

9 cases, 9 as expected, 0 not; 1 of 1 sweep not as expected as one
"
    );
    results.cases.truncate(5);
    let text = SuiteTable::new(&results).to_string();
    assert!(text.lines().nth(2).unwrap().contains(" ✗ "), "the row shows it: {text}");
}

#[test]
fn a_sweep_that_is_judged_as_one_shows_what_it_came_to() {
    let mut results = grouped();
    results.cases.truncate(5);
    let text = SuiteTable::new(&results).to_string();
    assert!(text.contains("  p50 3.0 ms, p95 5.0 ms, max 5.0 ms, 100 % connected\n"), "{text}");
    assert!(results.write().contains("\"p95_ms\": 5.0"));
    results.cases[1].connected_ms = None;
    results.groups = Group::of(&results.cases).into_iter().collect();
    let text = SuiteTable::new(&results).to_string();
    assert!(text.contains("  p50 4.0 ms, p95 never, max never, 80 % connected\n"), "{text}");
    assert!(results.write().contains("\"p95_ms\": null"));
    results.groups[0].runs = 3;
    results.groups[0].connected = 2;
    assert_eq!(results.groups[0].share(), "66.6 %");
}

#[test]
fn one_seed_that_is_judged_as_a_sweep_is_no_cell_of_a_grid() {
    let cases = square("square.yaml");
    let mut group = Group::of(&cases[..1]).unwrap();
    group.verdict = Verdict::Failed;
    let text = SuiteTable::new(&Results { groups: vec![group], ..Results::new(cases) }).to_string();
    assert!(text.contains("  alice=open bob=open, 1 run"), "{text}");
}

#[test]
fn a_case_that_could_not_be_run_has_no_story() {
    let results = Results::new(vec![broken(case("a.yaml", &[]), "no route")]);
    let text = SuiteTable::new(&results).to_string();
    assert!(text.contains("    no route\n    again: icelab run a.yaml --seed 7\n\n"), "{text}");
    assert_eq!(explain_command(&results.cases[0]), "icelab explain a.yaml --seed 7");
}

#[test]
fn an_empty_suite_is_one_line() {
    assert_eq!(
        SuiteTable::new(&Results::new(Vec::new())).to_string(),
        "0 cases, 0 as expected, 0 not\n"
    );
}

#[test]
fn the_time_to_reconnect_has_a_column_where_a_case_asks_for_it() {
    let host = CandidateType::Host;
    let ms = |ms: u64| Some(Milliseconds::from_micros(ms * 1_000));
    let again = |file: &str, variables: &[(&str, &str)], again: &[Option<Milliseconds>]| Case {
        reconnected_ms: again.to_vec(),
        ..connected(case(file, variables), host, host, 43_210)
    };
    let mut cases = vec![again("once.yaml", &[], &[ms(812)]), again("not.yaml", &[], &[])];
    cases.push(again("twice.yaml", &[], &[ms(0), None]));
    for (seed, after) in [(1, ms(300)), (2, None), (3, ms(100))] {
        cases.push(Case { seed, ..again("sweep.yaml", &[], &[after]) });
    }
    let results = Results::new(cases);
    assert_eq!(Results::read(&results.write()).unwrap(), results);
    let text = SuiteTable::new(&results).to_string();
    let lines: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split("  ").map(str::trim).filter(|it| !it.is_empty()).collect())
        .collect();
    let ends: Vec<&[&str]> = [0, 2, 3, 4, 5].map(|line| &lines[line][4..]).to_vec();
    assert_eq!(
        ends,
        [
            &["reconnected"][..],
            &["43.2 ms", "812.0 ms"],
            &["43.2 ms"],
            &["43.2 ms", "0.0 ms, never"],
            &["median 43.2 ms", "median 300.0 ms"],
        ],
        "{text}"
    );
    let pairs = [("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")];
    let cells = pairs.map(|(a, b)| again("grid.yaml", &[("a", a), ("b", b)], &[ms(812)]));
    let grid = SuiteTable::new(&Results::new(cells.to_vec())).to_string();
    assert!(grid.contains("connected after, then reconnected after\n"), "{grid}");
    assert!(grid.contains("host-host 43 ms, 812.0 ms"), "{grid}");
}

#[test]
fn what_channels_carried_stands_at_the_end_of_its_line_and_no_case_of_them_is_in_a_grid() {
    let host = CandidateType::Host;
    let mut cases = vec![connected(case("plain.yaml", &[]), host, host, 43_210)];
    for (loss, ordered) in [("0", "true"), ("0", "false"), ("5", "true"), ("5", "false")] {
        let variables = [("loss", loss), ("ordered", ordered)];
        let call = connected(case("data.yaml", &variables), host, host, 43_210);
        cases.push(carrying(call, 9, 9_600_000));
    }
    let table = SuiteTable::new(&Results::new(cases.clone())).to_string();
    assert!(table.lines().next().unwrap().ends_with("data"), "{table}");
    let line = table.lines().find(|line| line.contains("loss=5 ordered=true")).unwrap();
    assert!(line.ends_with("file: alice 9/10, 1 overtaken, 9.6 Mbit/s"), "{table}");
    let runs = (1..=3).map(|seed| {
        let call = connected(case("data.yaml", &[]), host, host, 43_210);
        Case { seed, ..carrying(call, 7 + seed, 1_000_000 * seed) }
    });
    let table = SuiteTable::new(&Results::new(runs.collect())).to_string();
    assert!(table.contains("file: alice 27/30, median 2.0 Mbit/s"), "{table}");
    let without = SuiteTable::new(&Results::new(vec![cases[0].clone()])).to_string();
    assert!(!without.contains("data"), "{without}");
}
