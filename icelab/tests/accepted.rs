//! What the shipped scenarios come to, as it was accepted: the table, the hash of every run, and one
//! run as a timeline. `INSTA_UPDATE=always cargo test -p icelab accepted` accepts what is new.

use std::path::{Path, PathBuf};
use std::process::Command;

use icelab::World;
use icelab::suite::files::load_one;
use icelab::suite::run::outcome;
use icelab_reports::results::Results;
use icelab_reports::table::SuiteTable;
use icelab_reports::timeline::Timeline;
use icelab_sim::Level;

#[test]
fn the_shipped_scenarios_come_to_what_was_accepted() {
    let results = run_shipped();
    assert!(results.all_as_expected());
    assert!(results.cases.len() > 250);
    accept("shipped_table", &SuiteTable::new(&results).to_string());
    accept("secure_under_loss", &secure_under_loss(&results));
    let line = |case: &icelab_reports::results::Case| {
        format!("{} {}\n", case.record_hash.clone().unwrap_or_default(), case.title())
    };
    accept("shipped_hashes", &results.cases.iter().map(line).collect::<String>());
}

#[test]
fn a_symmetric_pair_takes_the_course_that_was_accepted() {
    let scenario = load_one(&root().join("scenarios/nat/libwebrtc-udp.yaml")).unwrap();
    let case = scenario.cases.iter().find(|case| case.plan.case_label() == "a=symm b=symm");
    let plan = &case.unwrap().plan;
    let record = outcome(plan, Level::Full).unwrap().record;
    let scene = World::scene(plan).unwrap();
    let timeline = Timeline::new(scene, record.entries().map(Result::unwrap));
    accept("symmetric_timeline", &timeline.to_string());
}

/// How soon calls are secure where packets get lost: half of a hundred seeds, 95 %, all of them.
fn secure_under_loss(results: &Results) -> String {
    let mut text = "connected and secure after ms, round trip 200 ms: p50, p95, max\n".to_owned();
    let groups = results.groups.iter().filter(|group| group.file.contains("scenarios/dtls/"));
    for group in groups {
        let never = "never".to_owned();
        let [p50, p95, max] = [group.p50_ms, group.p95_ms, group.max_ms]
            .map(|time| time.map_or_else(|| never.clone(), |time| format!("{time:.0}")));
        text.push_str(&format!("{}: {p50}, {p95}, {max}\n", group.title()));
    }
    text
}

fn run_shipped() -> Results {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shipped.json");
    let status = Command::new(env!("CARGO_BIN_EXE_icelab"))
        .args(["run", "scenarios", "--json"])
        .arg(&file)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stdout));
    Results::read(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn accept(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => "../../reports/snapshots", prepend_module_to_snapshot => false, omit_expression => true
    }, {
        insta::assert_snapshot!(name, text);
    });
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
